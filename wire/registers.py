"""Numbers in Modbus registers, and where in a point list a request lands.

A reading that is no number is NaN in float32; a whole-number encoding has one of its numbers for that, as SunSpec does ("not implemented"):
the lowest of the signed ones (int16 8000 hex), the highest of the unsigned ones (uint16 FFFF hex). Readings hold one step before it.
"""

import bisect
import math
import struct
from collections.abc import Sequence

import numpy as np

from lowlift.wire.addresses import Encoding, ModbusAddress, Table, WordOrder
from lowlift.wire.point import Point
from lowlift.wire.point_list import PointList

FORMATS = {Encoding.FLOAT32: ">f", Encoding.INT16: ">h", Encoding.UINT16: ">H", Encoding.INT32: ">i", Encoding.UINT32: ">I"}
WHOLE = {Encoding.INT16: (-(2**15), 2**15 - 1), Encoding.UINT16: (0, 2**16 - 1), Encoding.INT32: (-(2**31), 2**31 - 1),
         Encoding.UINT32: (0, 2**32 - 1)}  # fmt: skip

ABSENT = {Encoding.INT16: -(2**15), Encoding.UINT16: 2**16 - 1, Encoding.INT32: -(2**31), Encoding.UINT32: 2**32 - 1}
"""Says that there is no number."""


class GapError(LookupError):
    """A request touches cells that no point has, or a part of a number."""


def absent(point: Point, at: ModbusAddress) -> int | None:
    """The number that says that a point has none; none in float32, and for counters that run through it."""
    number = ABSENT.get(at.encoding)
    if number is None or not point.whole or point.low is None or point.high is None:
        return number
    return None if point.low * at.scale <= number <= point.high * at.scale else number


def encode(value: float, at: ModbusAddress, order: WordOrder, nothing: int | None = None) -> list[int]:
    """Registers of a value in site units; whole-number encodings hold at their ends.

    Args:
        value: site units; NaN where there is none.
        at: encoding and scale.
        order: of two words.
        nothing: what says that there is no number, see :func:`absent`; no number is the lowest one where nothing says so.

    >>> encode(21.5, ModbusAddress(table=Table.INPUT, address=0, encoding=Encoding.FLOAT32), WordOrder.HIGH_FIRST)
    [16812, 0]
    >>> encode(21.5, ModbusAddress(table=Table.INPUT, address=0, encoding=Encoding.INT16, scale=10.0), WordOrder.HIGH_FIRST)
    [215]
    """
    if at.encoding is Encoding.FLOAT32:
        data = struct.pack(">f", np.float32(value))
    else:
        low, high = WHOLE[at.encoding]
        number = low if nothing is None else nothing
        if not math.isnan(value):
            number = round(min(max(value * at.scale, low + (nothing == low)), high - (nothing == high)))
        data = struct.pack(FORMATS[at.encoding], number)
    words = [int.from_bytes(data[k : k + 2], "big") for k in range(0, len(data), 2)]
    return words if order is WordOrder.HIGH_FIRST else words[::-1]


def decode(words: Sequence[int], at: ModbusAddress, order: WordOrder, nothing: int | None = None) -> float:
    """Value in site units of a number's registers; NaN where they say ``nothing``.

    >>> decode([16812, 0], ModbusAddress(table=Table.INPUT, address=0, encoding=Encoding.FLOAT32), WordOrder.HIGH_FIRST)
    21.5
    """
    ordered = words if order is WordOrder.HIGH_FIRST else words[::-1]
    data = b"".join(int(w).to_bytes(2, "big") for w in ordered)
    (number,) = struct.unpack(FORMATS[at.encoding], data)
    return math.nan if number == nothing else float(number) / at.scale


class RegisterMap:
    """One Modbus table of a point list."""

    def __init__(self, points: PointList, table: Table) -> None:
        self.order = points.word_order
        entries = sorted((a.modbus.address, k) for k, a in enumerate(points.addresses) if a.modbus.table is table)
        self.starts = [address for address, _ in entries]
        self.positions = [k for _, k in entries]
        self.addresses = [points.addresses[k].modbus for k in self.positions]
        self.absent = [absent(points.points[k], points.addresses[k].modbus) for k in self.positions]

    @property
    def size(self) -> int:
        """First cell after the last point."""
        return self.addresses[-1].end if self.addresses else 0

    def touched(self, address: int, count: int) -> range:
        """Indices of the points that ``count`` cells from ``address`` touch.

        Raises:
            GapError: one of the cells belongs to no point.
        """
        if count < 1:
            raise GapError(f"{count} cells")
        first = bisect.bisect_right(self.starts, address) - 1
        last = bisect.bisect_left(self.starts, address + count)
        expected = address
        for k in range(max(first, 0), last):
            if self.starts[k] > expected or (k == first and self.addresses[k].end <= address):
                break
            expected = self.addresses[k].end
        if first < 0 or expected < address + count:
            raise GapError(f"address {max(expected, address)} has no point")
        return range(first, last)

    def whole(self, address: int, count: int) -> range:
        """The same for a write, which must not cut a number in two.

        Raises:
            GapError: a cell belongs to no point, or the request begins or ends inside a number.
        """
        touched = self.touched(address, count)
        if self.starts[touched[0]] != address or self.addresses[touched[-1]].end != address + count:
            raise GapError(f"registers {address} to {address + count - 1} cut a number in two")
        return touched
