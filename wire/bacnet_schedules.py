"""Schedule objects of a served plant (ASHRAE 135, 12.24): one for each setpoint command, so that sending a schedule can be rehearsed.

A Schedule object is called like its setpoint, ``T_supply_set[1]`` for the point ``T_supply_set[1].cmd``, whatever a map calls the point:
that is how :mod:`lowlift.bms.bacnet_device` finds it. Clients write its weekly schedule, exceptions, effective period, default, priority
and description; what it acts on is fixed. It goes by the device's clock, which is the host's wall clock at every speed of the plant, and is
looked at every second. A value is commanded when it changes, at the priority for writing; Null relinquishes what this object has commanded.
Outside the effective period nothing is written, so that the last value stays. Objects begin without a default, commanding nothing, and are
not kept over a restart.

A value that the point does not take is refused where it is written into the schedule: *value-out-of-range*. So are times of no day, dates
and weeks that no calendar has, and ranges of dates with an end that is partly open. A schedule that cannot act all the same is in fault,
with the reliability *unreliable-other*, until it can.
"""

import asyncio
import datetime
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from bacpypes3.basetypes import DailySchedule, DateRange, DeviceObjectPropertyReference, Reliability, SpecialEvent
from bacpypes3.constructeddata import AnyAtomic, ArrayOf
from bacpypes3.errors import ExecutionError
from bacpypes3.local.object import Object
from bacpypes3.object import ScheduleObject
from bacpypes3.primitivedata import Date, Null, Real, Time

from lowlift.wire.bacnet_dates import ANY, is_entry, is_period, is_time, on, within
from lowlift.wire.bacnet_extras import schedule_instances, schedule_name
from lowlift.wire.bacnet_writes import CLIENT, MINIMUM_ON_OFF, PRIORITIES
from lowlift.wire.point import Point, RefusedError
from lowlift.wire.point_list import PointList
from lowlift.wire.priorities import LOWEST

logger = logging.getLogger(__name__)

WRITABLE = ("weeklySchedule", "exceptionSchedule", "effectivePeriod", "scheduleDefault", "priorityForWriting", "description")
EVERY = 1.0
"""Time between two looks at the clock [s]."""
TIMES_MAX = 10_000
"""Values of one weekly schedule, or of all exceptions of an object: anybody may write them."""
EVENTS_MAX = 1000
TEXT_MAX = 400_000
"""Characters of a description: those of a schedule of lowlift with as many rows."""


class SetpointSchedule(Object, ScheduleObject):  # type: ignore[misc]
    """The schedule of one command."""

    _point: Point
    _target: Any
    _commanded: tuple[float, int] | None = None
    """Value and priority that it has commanded and not relinquished."""

    async def write_property(self, attr: Any, value: Any, index: int | None = None, priority: int | None = None) -> None:
        """Take a part of the schedule that the point can follow, and act on it."""
        name = attr if isinstance(attr, str) else self._property_identifier_class(attr).attr
        if name not in WRITABLE:
            raise ExecutionError(errorClass="property", errorCode="writeAccessDenied")
        if index is not None:
            value = self._with(name, index, value)
        self._check(name, value)
        setattr(self, name, value)

    def _with(self, name: str, index: int, value: Any) -> Any:
        """An array with one element replaced."""
        now = list(getattr(self, name))
        if index == 0:
            raise ExecutionError(errorClass="property", errorCode="writeAccessDenied")
        if index > len(now):
            raise ExecutionError(errorClass="property", errorCode="invalidArrayIndex")
        now[index - 1] = value
        return self._elements[name](now)

    def _check(self, name: str, value: Any) -> None:
        if name == "scheduleDefault":
            self._check_value(value)
        elif name == "priorityForWriting" and (value not in PRIORITIES or value == MINIMUM_ON_OFF):
            raise _out_of_range()
        elif name == "effectivePeriod" and not is_period(value):
            raise _out_of_range()
        elif name == "description" and len(value) > TEXT_MAX:
            raise _no_space()
        elif name == "weeklySchedule":
            if len(value) != 7:
                raise ExecutionError(errorClass="property", errorCode="invalidArraySize")
            self._check_times([t for day in value for t in day.daySchedule])
        elif name == "exceptionSchedule":
            if len(value) > EVENTS_MAX:
                raise _no_space()
            if any(event.eventPriority not in PRIORITIES or not _is_period_of_event(event.period) for event in value):
                raise _out_of_range()
            self._check_times([t for event in value for t in event.listOfTimeValues])

    def _check_times(self, times: Sequence[Any]) -> None:
        if len(times) > TIMES_MAX:
            raise _no_space()
        for t in times:
            if not is_time(t.time):
                raise _out_of_range()
            self._check_value(t.value)

    def _check_value(self, said: Any) -> None:
        value = _value(said)
        if value is None:
            return
        try:
            self._point.accept(value)
        except RefusedError as error:
            raise _out_of_range() from error

    def value_at(self, now: datetime.datetime) -> float | None:
        """What the schedule says at a time of the device's clock; none where it leaves the point alone.

        Raises:
            LookupError: outside the effective period.
        """
        date, clock = Date((now.year - 1900, now.month, now.day, now.isoweekday())), Time((now.hour, now.minute, now.second, 0))
        if not within(date, self.effectivePeriod):
            raise LookupError(f"{self.objectName}: {now} is outside the effective period")
        ordered = sorted(self.exceptionSchedule, key=lambda event: int(event.eventPriority))
        today = [event.listOfTimeValues for event in ordered if on(date, event.period.calendarEntry)]
        for times in (*today, self.weeklySchedule[now.weekday()].daySchedule):
            if (found := _latest(times, clock)) is not None:
                return found
        return _value(self.scheduleDefault)

    async def act(self, now: datetime.datetime) -> None:
        """Command what the schedule says, if that is something else than before; a plant that has failed is left alone."""
        if self._target._image.failed:
            return
        try:
            value = self.value_at(now)
        except LookupError:
            return
        wanted, before = None if value is None else (value, int(self.priorityForWriting)), self._commanded
        if wanted == before:
            return
        CLIENT.set(f"schedule {self.objectName}")
        if before is not None and (wanted is None or wanted[1] != before[1]):
            await self._target.write_property("presentValue", Null(()), None, before[1])
        if wanted is not None:
            await self._target.write_property("presentValue", Real(wanted[0]), None, wanted[1])
        self._commanded = wanted
        self.presentValue = AnyAtomic(Null(()) if value is None else Real(value))


class Schedules:
    """The Schedule objects of a device, and what looks at the clock for them. Belongs to the thread of its event loop.

    Args:
        points: of the device.
        made: their objects, position by position.
        clock: of the device.
    """

    def __init__(
        self, points: PointList, made: Sequence[Any], clock: Callable[[], datetime.datetime] = datetime.datetime.now
    ) -> None:  # fmt: skip
        instances = schedule_instances(points.points)
        self.objects = [_schedule(instance, points.points[k], made[k]) for k, instance in instances.items()]
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look at the clock from now on."""
        self._task = asyncio.get_running_loop().create_task(self._go())

    async def stop(self) -> None:
        """Look no more; what has been commanded stays."""
        if self._task is not None:
            self._task.cancel()
            # Whatever it may have died of, the server must be able to close.
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _go(self) -> None:
        while True:
            now = self._clock()
            for one in self.objects:
                await _act(one, now)
            await asyncio.sleep(EVERY)


async def _act(one: SetpointSchedule, now: datetime.datetime) -> None:
    """Let a schedule act; one that cannot is in fault, and keeps no other from it."""
    failed: Exception | None = None
    try:
        await one.act(now)
    except Exception as error:
        failed = error
    was = one.reliability != Reliability.noFaultDetected
    if (failed is not None) != was:
        one.reliability = Reliability.unreliableOther if failed else Reliability.noFaultDetected
        one.statusFlags = [0, int(failed is not None), 0, 0]
        if failed is not None:
            logger.error("bacnet: schedule %s cannot command", one.objectName, exc_info=failed)


def _schedule(instance: int, point: Point, target: Any) -> SetpointSchedule:
    any_day = Date((ANY, ANY, ANY, ANY))
    made = SetpointSchedule(
        objectIdentifier=("schedule", instance), objectName=schedule_name(point), description="", presentValue=AnyAtomic(Null(())),
        effectivePeriod=DateRange(startDate=any_day, endDate=any_day),
        weeklySchedule=ArrayOf(DailySchedule, _length=7)([DailySchedule(daySchedule=[]) for _ in range(7)]),
        exceptionSchedule=ArrayOf(SpecialEvent)([]), scheduleDefault=AnyAtomic(Null(())), priorityForWriting=LOWEST,
        listOfObjectPropertyReferences=[
            DeviceObjectPropertyReference(objectIdentifier=target.objectIdentifier, propertyIdentifier="present-value"),
        ],
        statusFlags=[0, 0, 0, 0], reliability="noFaultDetected", outOfService=False,
    )  # fmt: skip
    made._point, made._target = point, target
    return made


def _value(said: Any) -> float | None:
    """The number in a value of any type; none for Null."""
    try:
        value = said.get_value()
    except (TypeError, ValueError) as error:
        # No atomic value, or a broken one.
        raise ExecutionError(errorClass="property", errorCode="invalidDataType") from error
    if isinstance(value, Null | tuple):
        return None
    if not isinstance(value, Real):
        raise ExecutionError(errorClass="property", errorCode="invalidDataType")
    return float(value)


def _latest(times: Iterable[Any], clock: Any) -> float | None:
    """Value of the latest time that is not later than the clock; none where there is none, or Null."""
    begun = [t for t in times if tuple(t.time) <= tuple(clock)]
    return _value(max(begun, key=lambda t: tuple(t.time)).value) if begun else None


def _is_period_of_event(period: Any) -> bool:
    # There is no Calendar object to refer to.
    return period.calendarEntry is not None and is_entry(period.calendarEntry)


def _out_of_range() -> ExecutionError:
    return ExecutionError(errorClass="property", errorCode="valueOutOfRange")


def _no_space() -> ExecutionError:
    return ExecutionError(errorClass="resources", errorCode="noSpaceToWriteProperty")
