"""Trend logs in BACnet: the last day of every sensor and meter, read by *ReadRange* (ASHRAE 135, 12.25 and 15.8).

All logs share one grid of plant time, so that a fast plant is logged as densely as it lives; a record is stamped with the device's own
clock, which is what clients compare. A plant that is faster than a record a tenth of a second skips records. A reading that is lost is
logged as its last value with the fault flag.
"""

import datetime
import math
from typing import Any

import numpy as np
from bacpypes3.basetypes import DateTime, DeviceObjectPropertyReference, LogRecord, LogRecordLogDatum, ResultFlags
from bacpypes3.constructeddata import ListOf
from bacpypes3.errors import ExecutionError
from bacpypes3.local.object import Object
from bacpypes3.object import TrendLogObject
from bacpypes3.primitivedata import Date, Real, Time, Unsigned

from lowlift.wire.addresses import Address
from lowlift.wire.bacnet_device import Fixed
from lowlift.wire.bacnet_extras import log_name, log_text
from lowlift.wire.point import Point

EVERY = 60.0
"""Plant time between two records [s]."""
SIZE = 1440
"""Records kept: a day of plant time."""
RECORD_BYTES = 24
"""Most that one encoded record takes: date and time 12, real 7, flags 3."""
REPLY_BYTES = 48
"""Most that everything else of a reply takes."""


class TrendBuffer:
    """The last records of several points, in memory that does not grow.

    Args:
        n: points.
        size: records kept.
        every: plant time between two records [s].
    """

    def __init__(self, n: int, *, size: int = SIZE, every: float = EVERY) -> None:
        self.size, self.every = size, every
        self._values = np.zeros((size, n), dtype=np.float32)
        self._faults = np.zeros((size, n), dtype=bool)
        self._stamps = [datetime.datetime.min] * size
        self._cell = -1
        self.total = 0
        """Records ever made: the sequence number of the newest."""

    @property
    def count(self) -> int:
        """Records kept now."""
        return min(self.total, self.size)

    def due(self, t: float) -> bool:
        """Whether plant time ``t`` lies in another cell of the grid than the last record."""
        return math.floor(t / self.every) != self._cell

    def add(self, t: float, stamp: datetime.datetime, values: np.ndarray, faults: np.ndarray) -> None:
        """Make a record of all points.

        Args:
            t: plant time [s].
            stamp: the device's clock.
            values: shape ``(n,)``, site units.
            faults: whether each reading is lost, shape ``(n,)``.
        """
        row = self.total % self.size
        self._values[row], self._faults[row], self._stamps[row] = values, faults, stamp
        self._cell = math.floor(t / self.every)
        self.total += 1

    def record(self, position: int, column: int) -> tuple[datetime.datetime, float, bool]:
        """Stamp, value and fault at a position from 1, the oldest that is kept."""
        row = (self.total - self.count + position - 1) % self.size
        return self._stamps[row], float(self._values[row, column]), bool(self._faults[row, column])

    # The clock may have been set back, so that stamps need not be in order: all are looked at.

    def after(self, stamp: datetime.datetime) -> int:
        """First position whose record is later; one past the newest where there is none."""
        return next((k for k in range(1, self.count + 1) if self.record(k, 0)[0] > stamp), self.count + 1)

    def before(self, stamp: datetime.datetime) -> int:
        """Last position whose record is earlier; 0 where there is none."""
        return next((k for k in range(self.count, 0, -1) if self.record(k, 0)[0] < stamp), 0)


class TrendLog(Fixed, Object, TrendLogObject):  # type: ignore[misc]
    """The log of one point; nobody can write it."""

    def __init__(self, buffer: TrendBuffer, column: int, **properties: Any) -> None:
        self._buffer, self._column = buffer, column
        super().__init__(**properties)

    @property
    def recordCount(self) -> Unsigned:
        """Records kept now."""
        return Unsigned(self._buffer.count)

    @recordCount.setter
    def recordCount(self, value: Any) -> None:
        """Ignored: the library initialises all properties."""

    @property
    def totalRecordCount(self) -> Unsigned:
        """Records ever made."""
        return Unsigned(self._buffer.total % 2**32)

    @totalRecordCount.setter
    def totalRecordCount(self, value: Any) -> None:
        """Ignored likewise."""

    async def read_property(self, attr: Any, index: int | None = None) -> Any:
        """The buffer itself is only read by range."""
        name = attr if isinstance(attr, str) else self._property_identifier_class(attr).attr
        if name == "logBuffer":
            raise ExecutionError(errorClass="property", errorCode="readAccessDenied")
        return await super().read_property(attr, index)

    def select(self, asked: Any, most: int) -> tuple[list[LogRecord], ResultFlags, int | None]:
        """Answer a range.

        Args:
            asked: by position, by sequence number, by time, or none for everything.
            most: records that fit into the answer.

        Returns:
            The records, oldest first; whether they hold the first and the last one of the log and whether more were asked for; the
            sequence number of the first of them, where it was asked by sequence number or time.

        Raises:
            ExecutionError: a count of zero, or a time with a wildcard.
        """
        buffer, numbered = self._buffer, False
        n, dropped = buffer.count, buffer.total - buffer.count
        if asked is None or asked._choice is None:
            first, last = 1, n
        elif asked._choice == "byPosition":
            first, last = span(asked.byPosition.referenceIndex, asked.byPosition.count, n)
        elif asked._choice == "bySequenceNumber":
            first, last = span(asked.bySequenceNumber.referenceSequenceNumber - dropped, asked.bySequenceNumber.count, n)
            numbered = True
        else:
            stamp, count = _moment(asked.byTime.referenceTime), asked.byTime.count
            first, last = span(buffer.after(stamp) if count > 0 else buffer.before(stamp), count, n)
            numbered = True
        end = min(last, first + most - 1)
        records = [_record(*buffer.record(k, self._column)) for k in range(first, end + 1)]
        flags = ResultFlags([int(bool(records) and first == 1), int(bool(records) and end == n), int(end < last)])
        return records, flags, dropped + first if numbered and records else None


def span(reference: int, count: int, n: int) -> tuple[int, int]:
    """Positions from and to, within ``1 .. n``; empty where the reference is not there.

    Raises:
        ExecutionError: a count of zero.
    """
    if count == 0:
        raise ExecutionError(errorClass="services", errorCode="parameterOutOfRange")
    if not 1 <= reference <= n:
        return 1, 0
    return (reference, min(reference + count - 1, n)) if count > 0 else (max(reference + count + 1, 1), reference)


def _moment(asked: Any) -> datetime.datetime:
    (year, month, day, _), (hour, minute, second, hundredth) = asked.date, asked.time
    try:
        return datetime.datetime(1900 + year, month, day, hour, minute, second, hundredth * 10_000)
    except ValueError as error:
        raise ExecutionError(errorClass="services", errorCode="parameterOutOfRange") from error


def _record(stamp: datetime.datetime, value: float, fault: bool) -> LogRecord:
    when = DateTime(
        date=Date((stamp.year - 1900, stamp.month, stamp.day, stamp.isoweekday())),
        time=Time((stamp.hour, stamp.minute, stamp.second, stamp.microsecond // 10_000)),
    )  # fmt: skip
    return LogRecord(timestamp=when, logDatum=LogRecordLogDatum(realValue=Real(value)), statusFlags=[0, int(fault), 0, 0])


def trend_log(buffer: TrendBuffer, column: int, point: Point, at: Address) -> TrendLog:
    """The trend log of a point.

    Args:
        buffer: shared by all logs.
        column: of this one in it; its instance is one higher.
        point: the point.
        at: its address.
    """
    return TrendLog(
        buffer, column,
        objectIdentifier=("trend-log", column + 1), objectName=log_name(at.label), description=log_text(point),
        enable=True, stopWhenFull=False, bufferSize=buffer.size, logBuffer=ListOf(LogRecord)([]), recordCount=0, totalRecordCount=0,
        loggingType="polled", logInterval=round(buffer.every * 100.0), alignIntervals=True, intervalOffset=0,
        logDeviceObjectProperty=DeviceObjectPropertyReference(
            objectIdentifier=(at.bacnet.object_type, at.bacnet.instance), propertyIdentifier="present-value",
        ),
        statusFlags=[0, 0, 0, 0], eventState="normal", reliability="noFaultDetected",
    )  # fmt: skip
