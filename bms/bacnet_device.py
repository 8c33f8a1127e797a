"""Write schedules to the Schedule objects of a BACnet/IP device, read them back, and read what a device holds. Needs ``bacpypes3``.

Order of a write
    Everything is read first, so an absent device or object, or a clock that is not the one the schedule was made for, stops the write
    before anything has changed. Then, object by object: exceptions are emptied, so that Schedule_Default (the fallback value) holds while
    the rest is exchanged; default, priority, period and description are written; the new exceptions last. Whoever pulls the cable in
    between leaves a device at its fallback values. At the end everything is read and must be the very same schedule. If the device
    refuses, the objects written so far get back what they held.

The device must have the Schedule objects, named like the points or given by instance, with List_Of_Object_Property_References set by who
commissioned it: what a schedule may act on is not for a client to decide. Exceptions that an operator entered are theirs: an object that
has such exceptions is not written.
"""

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from lowlift.bms.bacnet_model import ScheduleObject, SpecialEvent, TimeValue, objects_of, record_of, single
from lowlift.bms.zone_clock import zone_of
from lowlift.models.plant import SiteRecord
from lowlift.sim.schedule import FORMAT, Schedule, schedule_of
from lowlift.sim.schedule_rows import ScheduleError

CLOCK_TOLERANCE = 120.0
"""Largest error of a device's clock [s]."""
ATTEMPTS = 3
"""Requests without an answer before a device counts as absent; waits double in between."""
MARK = f'{{"format":"{FORMAT}"'
"""How the Description of an object that holds a schedule begins."""
OURS = ("exceptionSchedule", "scheduleDefault", "priorityForWriting", "effectivePeriod", "description")


class BacnetError(RuntimeError):
    """A device is absent, refuses, or holds something else than it should; the message says what it holds now."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Device:
    """A BACnet/IP device and how to reach it."""

    address: str
    """Like ``10.0.0.5`` or ``10.0.0.5:47808``."""
    instance: int
    """Of its Device object."""
    bind: str
    """Own address with the length of its network and, if not 47808, port: ``10.0.0.9/24:47809``."""
    own_instance: int = 4194302
    schedules: Mapping[str, int] | None = None
    """Instances of the Schedule objects by point; found by their names if none."""
    clock: str | None = None
    """Zone of the device's clock; the schedule's if none."""
    timeout: float = 3.0
    """Of one request [s]."""


def write_to_device(
    schedule: Schedule, device: Device, site: SiteRecord, now: pd.Timestamp | None = None, *, approved: bool = False
) -> None:
    """Check a schedule and write it.

    Args:
        schedule: not a simulated one, which is a record.
        device: where to.
        site: names, units, limits and rates must be those of its setpoint table.
        now: present instant; the clock if none.
        approved: it comes from :class:`lowlift.bms.store.ScheduleStore`, so rows may be over that were ahead when it was approved.

    Raises:
        ScheduleError: a row is at fault, or cannot be told to a device; nothing was written.
        BacnetError: the device is absent or refuses, its clock is wrong, or it does not hold what was written.
    """
    if schedule.simulated:
        raise ScheduleError(f"schedule for {schedule.site} is of a simulated period: a record, never written to a plant")
    present = pd.Timestamp.now(tz="UTC") if now is None else now
    as_of = min(present, schedule.valid_from) if approved else present
    schedule.check(as_of, site)
    objects = objects_of(schedule, device.clock)
    zone = zone_of(schedule.timezone if device.clock is None else device.clock)

    async def work(link: "_Link") -> None:
        await link.check_clock(present, zone)
        instances = await link.instances([item.object_name for item in objects])
        before = {name: await link.properties(k) for name, k in instances.items()}
        for name, held in before.items():
            theirs = [e for e in held["exceptionSchedule"] if not str(held["description"]).startswith(MARK)]
            if theirs:
                raise BacnetError(
                    f"{device.address}: schedule {instances[name]} ({name}) has {len(theirs)} exceptions of others; not written"
                )
        done: list[str] = []
        try:
            for item in objects:
                done.append(item.object_name)
                await link.put(instances[item.object_name], _wire(item))
            found = [await link.object(instances[item.object_name], item.object_name) for item in objects]
            if schedule_of(record_of(found, device.address), device.address, site, as_of) != schedule:
                raise BacnetError(f"{device.address}: holds another schedule than was written")
        except (BacnetError, ScheduleError) as error:
            restored = await _restore(link, {name: before[name] for name in done}, instances)
            raise BacnetError(f"{error}; {restored}") from error

    _run(device, work)


def read_from_device(device: Device, site: SiteRecord | None = None, now: pd.Timestamp | None = None) -> Schedule:
    """The schedule that a device holds, checked like a file.

    Raises:
        ScheduleError: it was changed since it was written, or a row is at fault.
        BacnetError: the device is absent, or holds none.
    """

    async def work(link: "_Link") -> list[ScheduleObject]:
        instances = await link.instances(None)
        every = [await link.object(k, name) for name, k in instances.items()]
        return [item for item in every if item.description.startswith(MARK)]

    objects = _run(device, work)
    if not objects:
        raise BacnetError(f"{device.address}: no Schedule object of device {device.instance} holds a schedule of lowlift")
    return schedule_of(record_of(objects, device.address), device.address, site, now)


class _Link:
    """Requests to one device."""

    def __init__(self, app: Any, device: Device) -> None:
        from bacpypes3.pdu import Address

        self.app, self.device, self.address = app, device, Address(device.address)

    async def ask(self, what: str, request: Callable[[], Awaitable[Any]]) -> Any:
        from bacpypes3.apdu import AbortPDU, ErrorRejectAbortNack

        for attempt in range(ATTEMPTS):
            try:
                return await request()
            except AbortPDU as error:
                if attempt == ATTEMPTS - 1:
                    raise BacnetError(f"{self.device.address}: no answer ({what}): {error}") from error
                await asyncio.sleep(self.device.timeout * 2.0**attempt)
            except ErrorRejectAbortNack as error:
                raise BacnetError(f"{self.device.address}: refused ({what}): {error}") from error
        raise AssertionError("unreachable")

    async def read(self, kind: str, instance: int, prop: str) -> Any:
        return await self.ask(f"read {kind} {instance} {prop}", lambda: self.app.read_property(self.address, f"{kind},{instance}", prop))

    async def write(self, instance: int, prop: str, value: Any) -> None:
        await self.ask(
            f"write schedule {instance} {prop}", lambda: self.app.write_property(self.address, f"schedule,{instance}", prop, value)
        )

    async def check_clock(self, now: pd.Timestamp, zone: dt.tzinfo) -> None:
        date, time = [await self.read("device", self.device.instance, prop) for prop in ("localDate", "localTime")]
        shown = dt.datetime(date[0] + 1900, date[1], date[2], time[0], time[1], time[2])
        off = (shown - now.tz_convert(zone).to_pydatetime(warn=False).replace(tzinfo=None)).total_seconds()
        if abs(off) > CLOCK_TOLERANCE:
            raise BacnetError(f"{self.device.address}: its clock shows {shown}, {off:+.0f} s from that of {zone}; nothing was written")

    async def instances(self, points: Sequence[str] | None) -> dict[str, int]:
        if self.device.schedules is not None:
            found = dict(self.device.schedules)
        else:
            every = await self.read("device", self.device.instance, "objectList")
            numbers = [int(k) for kind, k in every if str(kind) == "schedule"]
            found = {str(await self.read("schedule", k, "objectName")): k for k in numbers}
        absent = [p for p in points or () if p not in found]
        if absent:
            raise BacnetError(f"{self.device.address}: device {self.device.instance} has no Schedule object for {', '.join(absent)}")
        return found if points is None else {p: found[p] for p in points}

    async def properties(self, instance: int) -> dict[str, Any]:
        return {prop: await self.read("schedule", instance, prop) for prop in OURS}

    async def put(self, instance: int, values: dict[str, Any]) -> None:
        await self.write(instance, "exceptionSchedule", _events(()))
        for prop in OURS[1:]:
            await self.write(instance, prop, values[prop])
        await self.write(instance, "exceptionSchedule", values["exceptionSchedule"])

    async def object(self, instance: int, name: str) -> ScheduleObject:
        held = await self.properties(instance)
        try:
            begin, end = (_date(d) for d in (held["effectivePeriod"].startDate, held["effectivePeriod"].endDate))
            return ScheduleObject(
                object_name=name,
                description=str(held["description"]),
                effective_period=(begin, end),
                schedule_default=single(float(held["scheduleDefault"].get_value())),
                priority_for_writing=int(held["priorityForWriting"]),
                exception_schedule=tuple(_event(e) for e in held["exceptionSchedule"]),
            )
        except (AttributeError, TypeError, ValueError) as error:
            if str(held["description"]).startswith(MARK):
                raise ScheduleError(f"{self.device.address}: {name}: edited after export, refused: {error}") from error
            blank = (dt.date(1900, 1, 1),) * 2
            return ScheduleObject(object_name=name, description=str(held["description"]), effective_period=blank, schedule_default=0.0,
                                  priority_for_writing=16, exception_schedule=())  # fmt: skip


async def _restore(link: _Link, before: dict[str, dict[str, Any]], instances: Mapping[str, int]) -> str:
    for name, values in before.items():
        try:
            await link.put(instances[name], values)
        except BacnetError as error:
            return f"{name} could not be given back what it held ({error}) and is at its fallback value or the old schedule"
    return "the device holds what it held before"


def _run(device: Device, work: Callable[[_Link], Awaitable[Any]]) -> Any:
    try:
        from bacpypes3.app import Application
        from bacpypes3.local.device import DeviceObject
        from bacpypes3.local.networkport import NetworkPortObject
    except ImportError as error:
        raise BacnetError("BACnet needs the package bacpypes3: pip install 'lowlift[bms]'") from error

    async def run() -> Any:
        me = DeviceObject(objectIdentifier=f"device,{device.own_instance}", objectName="lowlift", vendorIdentifier=999,
                          apduTimeout=round(1000 * device.timeout), numberOfApduRetries=0)  # fmt: skip
        app = Application.from_object_list([me, NetworkPortObject(device.bind, objectIdentifier="network-port,1", objectName="port")])
        try:
            return await work(_Link(app, device))
        finally:
            app.close()
            # The transports close with the next turn of the loop.
            await asyncio.sleep(0)

    return asyncio.run(run())


def _wire(item: ScheduleObject) -> dict[str, Any]:
    from bacpypes3.basetypes import DateRange
    from bacpypes3.primitivedata import CharacterString, Date, Real, Unsigned

    begin, end = (Date(_numbers(d)) for d in item.effective_period)
    return {
        "scheduleDefault": Real(item.schedule_default),
        "priorityForWriting": Unsigned(item.priority_for_writing),
        "effectivePeriod": DateRange(startDate=begin, endDate=end),
        "description": CharacterString(item.description),
        "exceptionSchedule": _events(item.exception_schedule),
    }


def _events(events: Sequence[SpecialEvent]) -> Any:
    from bacpypes3 import basetypes as b
    from bacpypes3.constructeddata import ArrayOf
    from bacpypes3.primitivedata import Date, Null, Real, Time

    listed = [
        b.SpecialEvent(
            period=b.SpecialEventPeriod(calendarEntry=b.CalendarEntry(date=Date(_numbers(e.date)))),
            listOfTimeValues=[
                b.TimeValue(time=Time((t.time.hour, t.time.minute, t.time.second, 0)), value=Null(()) if t.value is None else Real(t.value))
                for t in e.times
            ],
            eventPriority=e.priority,
        )
        for e in events
    ]
    return ArrayOf(b.SpecialEvent)(listed)


def _event(event: Any) -> SpecialEvent:
    times = []
    for t in event.listOfTimeValues:
        value = t.value.get_value()
        hour, minute, second, _ = t.time
        times.append(TimeValue(time=dt.time(hour, minute, second), value=single(float(value)) if isinstance(value, float) else None))
    return SpecialEvent(date=_date(event.period.calendarEntry.date), times=tuple(times), priority=int(event.eventPriority))


def _numbers(date: dt.date) -> tuple[int, int, int, int]:
    return (date.year - 1900, date.month, date.day, date.isoweekday())


def _date(numbers: Any) -> dt.date:
    year, month, day, _ = numbers
    return dt.date(year + 1900, month, day)
