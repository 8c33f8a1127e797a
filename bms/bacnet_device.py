"""Write schedules to the Schedule objects of a BACnet/IP device, read them back, and read what a device holds. Needs ``bacpypes3``.

Order of a write
    Everything is read first, so an absent device or object, or a clock that is not the one the schedule was made for, stops the write
    before anything has changed. Then, object by object: exceptions are emptied, so that Schedule_Default (the fallback value) holds while
    the rest is exchanged; default, priority, period and description are written; the new exceptions last. Whoever pulls the cable in
    between leaves a device at its fallback values. At the end everything is read and must be the very same schedule. If the device
    refuses, or who sends interrupts, the objects written so far get back what they held; then they are read, and the error says of each
    that did not take it what it holds now.

The device must have the Schedule objects, named like the points or given by instance, with List_Of_Object_Property_References set by who
commissioned it: what a schedule may act on is not for a client to decide. Exceptions that an operator entered are theirs: an object that
has such exceptions, or of whose own any has been changed, is not written.
"""

import asyncio
import contextlib
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from lowlift.bms.bacnet_link import BacnetError, Device, Link, SilentError, connected, date_of, event_of, wire
from lowlift.bms.bacnet_model import ScheduleObject, check_object, objects_of, record_of, single
from lowlift.bms.zone_clock import zone_of
from lowlift.models.plant import SiteRecord
from lowlift.sim.schedule import FORMAT, Schedule, schedule_of
from lowlift.sim.schedule_rows import ScheduleError

MARK = f'{{"format":"{FORMAT}"'
"""How the Description of an object that holds a schedule begins."""
OLD, NEW = "what it held before", "the new schedule"


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

    async def work(link: Link) -> None:
        await link.check_clock(present, zone)
        instances = await link.instances([item.object_name for item in objects])
        before = {name: await link.properties(k) for name, k in instances.items()}
        for name, held in before.items():
            if why := _of_others(name, held):
                raise BacnetError(f"{device.address}: schedule {instances[name]} ({name}) has {why}; not written")
        done: list[str] = []
        try:
            for item in objects:
                done.append(item.object_name)
                await link.put(instances[item.object_name], wire(item))
            found = [await _read(link, instances[item.object_name], item.object_name) for item in objects]
            if schedule_of(record_of(found, device.address), device.address, site, as_of) != schedule:
                raise BacnetError(f"{device.address}: holds another schedule than was written")
        except (BacnetError, ScheduleError, asyncio.CancelledError) as error:
            tried = [(item, instances[item.object_name], before[item.object_name]) for item in objects if item.object_name in done]
            restored = await _restore(link, tried)
            raise BacnetError(f"{error if str(error) else f'{device.address}: interrupted'}; {restored}") from error

    connected(device, work)


def read_from_device(device: Device, site: SiteRecord | None = None, now: pd.Timestamp | None = None) -> Schedule:
    """The schedule that a device holds, checked like a file.

    Raises:
        ScheduleError: it was changed since it was written, or a row is at fault.
        BacnetError: the device is absent, or holds none.
    """

    async def work(link: Link) -> list[ScheduleObject]:
        instances = await link.instances(None)
        every = [await _read(link, k, name) for name, k in instances.items()]
        return [item for item in every if item.description.startswith(MARK)]

    objects = connected(device, work)
    if not objects:
        raise BacnetError(f"{device.address}: no Schedule object of device {device.instance} holds a schedule of lowlift")
    return schedule_of(record_of(objects, device.address), device.address, site, now)


async def _read(link: Link, instance: int, name: str) -> ScheduleObject:
    try:
        return _object(name, await link.properties(instance))
    except ScheduleError as error:
        raise ScheduleError(f"{link.device.address}: {error}") from error


def _object(name: str, held: Mapping[str, Any]) -> ScheduleObject:
    """What the properties of an object say; of one that holds no schedule of ours, its description."""
    try:
        begin, end = (date_of(d) for d in (held["effectivePeriod"].startDate, held["effectivePeriod"].endDate))
        return ScheduleObject(
            object_name=name,
            description=str(held["description"]),
            effective_period=(begin, end),
            schedule_default=single(float(held["scheduleDefault"].get_value())),
            priority_for_writing=int(held["priorityForWriting"]),
            exception_schedule=tuple(event_of(e) for e in held["exceptionSchedule"]),
        )
    except (AttributeError, TypeError, ValueError) as error:
        if str(held["description"]).startswith(MARK):
            raise ScheduleError(f"{name}: edited after export, refused: {error}") from error
        blank = (dt.date(1900, 1, 1),) * 2
        return ScheduleObject(object_name=name, description=str(held["description"]), effective_period=blank, schedule_default=0.0,
                              priority_for_writing=16, exception_schedule=())  # fmt: skip


def _of_others(name: str, held: Mapping[str, Any]) -> str:
    """Exceptions of an object that are none of ours, in words; empty where there are none."""
    count = len(held["exceptionSchedule"])
    if not count:
        return ""
    if not str(held["description"]).startswith(MARK):
        return f"{count} exceptions of others"
    try:
        check_object(_object(name, held), name)
    except ScheduleError as error:
        return f"exceptions that others have entered or changed ({error}): take them out at the device if nobody needs them"
    return ""


async def _restore(link: Link, tried: Sequence[tuple[ScheduleObject, int, Mapping[str, Any]]]) -> str:
    """Give objects back what they held, the last one written first; say what each holds then."""
    refusals = {}
    for item, instance, before in reversed(tried):
        try:
            await link.put(instance, before)
        except BacnetError as error:
            refusals[item.object_name] = str(error)
            if isinstance(error, SilentError):
                break
    states: dict[str, list[str]] = {}
    silent = False
    for item, instance, before in tried:
        state = "not known"
        try:
            state = state if silent else _state(await link.properties(instance), item, before)
        except BacnetError as error:
            silent = isinstance(error, SilentError)
        states.setdefault(state, []).append(f"{item.object_name} (schedule {instance})")
    back = states.pop(OLD, [])
    if not states:
        return "the device holds what it held before"
    told = [f"{', '.join(names)}: {state}" for state, names in states.items()]
    told += [f"{', '.join(back)}: {OLD}"] * bool(back)
    return "NOT ALL COULD BE TAKEN BACK: " + "; ".join([*told, *refusals.values()])


def _state(held: Mapping[str, Any], item: ScheduleObject, before: Mapping[str, Any]) -> str:
    """What an object holds, in words."""
    with contextlib.suppress(ScheduleError):
        found = _object(item.object_name, held)
        with contextlib.suppress(ScheduleError):
            if found == _object(item.object_name, before):
                return OLD
        if found == item:
            return NEW
    default = held["scheduleDefault"].get_value()
    if not held["exceptionSchedule"]:
        return f"no rows, so that its Schedule_Default of {default} holds"
    return "rows of the new schedule beside other settings, so that it will not be read as one"
