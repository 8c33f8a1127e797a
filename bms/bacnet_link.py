"""Requests to one BACnet/IP device about its Schedule objects: read, write, find, with repeats and time limits. Needs ``bacpypes3``."""

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from lowlift.bms.bacnet_model import ScheduleObject, SpecialEvent, TimeValue, single

CLOCK_TOLERANCE = 120.0
"""Largest error of a device's clock [s]."""
ATTEMPTS = 3
"""Requests without an answer before a device counts as absent; waits double in between."""
OURS = ("exceptionSchedule", "scheduleDefault", "priorityForWriting", "effectivePeriod", "description")
"""Properties that carry a schedule."""


class BacnetError(RuntimeError):
    """A device is absent, refuses, or holds something else than it should; the message says what it holds now."""


class SilentError(BacnetError):
    """No answer, also not to repeated requests."""


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


class Link:
    """Requests to one device.

    Every one raises :class:`BacnetError` where the device refuses, and :class:`SilentError` where it does not answer.
    """

    def __init__(self, app: Any, device: Device) -> None:
        from bacpypes3.pdu import Address

        self.app, self.device, self.address = app, device, Address(device.address)

    async def ask(self, what: str, request: Callable[[], Awaitable[Any]]) -> Any:
        """Make a request, again while nothing comes back; ``what`` names it in messages."""
        from bacpypes3.apdu import AbortPDU, ErrorRejectAbortNack

        for attempt in range(ATTEMPTS):
            try:
                return await request()
            except AbortPDU as error:
                if attempt == ATTEMPTS - 1:
                    raise SilentError(f"{self.device.address}: no answer ({what}): {error}") from error
                await asyncio.sleep(self.device.timeout * 2.0**attempt)
            except ErrorRejectAbortNack as error:
                raise BacnetError(f"{self.device.address}: refused ({what}): {error}") from error
        raise AssertionError("unreachable")

    async def read(self, kind: str, instance: int, prop: str) -> Any:
        """One property of one object."""
        return await self.ask(f"read {kind} {instance} {prop}", lambda: self.app.read_property(self.address, f"{kind},{instance}", prop))

    async def write(self, instance: int, prop: str, value: Any) -> None:
        """One property of a Schedule object."""
        await self.ask(
            f"write schedule {instance} {prop}", lambda: self.app.write_property(self.address, f"schedule,{instance}", prop, value)
        )

    async def check_clock(self, now: pd.Timestamp, zone: dt.tzinfo) -> None:
        """Refuse a device whose clock is not that of a zone."""
        date, time = [await self.read("device", self.device.instance, prop) for prop in ("localDate", "localTime")]
        shown = dt.datetime(date[0] + 1900, date[1], date[2], time[0], time[1], time[2])
        off = (shown - now.tz_convert(zone).to_pydatetime(warn=False).replace(tzinfo=None)).total_seconds()
        if abs(off) > CLOCK_TOLERANCE:
            raise BacnetError(f"{self.device.address}: its clock shows {shown}, {off:+.0f} s from that of {zone}; nothing was written")

    async def instances(self, points: Sequence[str] | None) -> dict[str, int]:
        """Instances of the Schedule objects by name; of all if no points are given."""
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
        """What carries a schedule, in the protocol's own types."""
        return {prop: await self.read("schedule", instance, prop) for prop in OURS}

    async def put(self, instance: int, values: Mapping[str, Any]) -> None:
        """Exchange what an object holds; its fallback value holds meanwhile."""
        await self.write(instance, "exceptionSchedule", _events(()))
        for prop in OURS[1:]:
            await self.write(instance, prop, values[prop])
        await self.write(instance, "exceptionSchedule", values["exceptionSchedule"])


def connected(device: Device, work: Callable[[Link], Awaitable[Any]]) -> Any:
    """Do some work with a link to a device, and let go of it.

    Raises:
        BacnetError: there is no BACnet here, or the work fails.
    """
    try:
        from bacpypes3.app import Application

        from lowlift.wire.bacnet_device import ClientDevice, ClientServices, NetworkPort
    except ImportError as error:
        raise BacnetError("BACnet needs the package bacpypes3: pip install 'lowlift[bms]'") from error

    class Client(ClientServices, Application):  # type: ignore[misc]
        """Others find it and read it, and that is all."""

    async def run() -> Any:
        me = ClientDevice(objectIdentifier=f"device,{device.own_instance}", objectName="lowlift", vendorIdentifier=999,
                          apduTimeout=round(1000 * device.timeout), numberOfApduRetries=0)  # fmt: skip
        app = Client.from_object_list([me, NetworkPort(device.bind, objectIdentifier="network-port,1", objectName="port")])
        try:
            return await work(Link(app, device))
        finally:
            app.close()
            # The transports close with the next turn of the loop.
            await asyncio.sleep(0)

    return asyncio.run(run())


def wire(item: ScheduleObject) -> dict[str, Any]:
    """The properties of an object as the protocol has them."""
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


def event_of(event: Any) -> SpecialEvent:
    """An exception out of the protocol's form."""
    times = []
    for t in event.listOfTimeValues:
        value = t.value.get_value()
        hour, minute, second, _ = t.time
        times.append(TimeValue(time=dt.time(hour, minute, second), value=single(float(value)) if isinstance(value, float) else None))
    return SpecialEvent(date=date_of(event.period.calendarEntry.date), times=tuple(times), priority=int(event.eventPriority))


def _numbers(date: dt.date) -> tuple[int, int, int, int]:
    return (date.year - 1900, date.month, date.day, date.isoweekday())


def date_of(numbers: Any) -> dt.date:
    """A date out of the protocol's form; wildcards are a ValueError."""
    year, month, day, _ = numbers
    return dt.date(year + 1900, month, day)
