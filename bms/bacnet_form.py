"""BACnet Schedule objects in a file: JSON with the names of ASHRAE 135, for integrators who load devices with tools of their own."""

import dataclasses
import datetime as dt
import json
from pathlib import Path
from typing import Any

from lowlift.bms.bacnet_model import ScheduleObject, SpecialEvent, TimeValue, objects_of, record_of
from lowlift.bms.codec import Format
from lowlift.sim.schedule import Schedule
from lowlift.sim.schedule_rows import ScheduleError
from lowlift.sim.schedule_text import parse_json

KIND = "lowlift-bacnet-schedules/1"


def encode(schedule: Schedule) -> str:
    """Text of the objects of a schedule, for a device whose clock is the schedule's."""
    return text_of(objects_of(schedule))


def text_of(objects: tuple[ScheduleObject, ...]) -> str:
    """Text of Schedule objects."""
    listed = [dataclasses.asdict(item) for item in objects]
    return json.dumps({"format": KIND, "objects": listed}, indent=1, default=_iso, ensure_ascii=False) + "\n"


def decode(text: str, source: str | Path) -> dict[str, Any]:
    """Sealed record of such a text.

    Raises:
        ScheduleError: no such text, or objects that do not belong together.
    """
    whole = parse_json(source, text)
    listed = whole.get("objects")
    if whole.get("format") != KIND or not isinstance(listed, list):
        raise ScheduleError(f"{source}: must be {KIND} with a list of objects")
    return record_of([_object(source, k, item) for k, item in enumerate(listed, 1)], source)


def _object(source: str | Path, k: int, item: Any) -> ScheduleObject:
    try:
        events = tuple(
            SpecialEvent(
                date=dt.date.fromisoformat(event["date"]),
                times=tuple(TimeValue(time=dt.time.fromisoformat(t["time"]), value=_number(t["value"])) for t in event["times"]),
                priority=event["priority"],
            )
            for event in item["exception_schedule"]
        )
        begin, end = (dt.date.fromisoformat(text) for text in item["effective_period"])
        default = _number(item["schedule_default"])
        if default is None:
            raise ValueError("schedule_default must be a number")
        return ScheduleObject(
            object_name=str(item["object_name"]),
            description=str(item["description"]),
            effective_period=(begin, end),
            schedule_default=default,
            priority_for_writing=int(item["priority_for_writing"]),
            exception_schedule=events,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ScheduleError(f"{source}: object {k}: not a Schedule object ({error!r})") from error


def _number(value: Any) -> float | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise ValueError(f"value = {value!r}: must be a number or null")
    return None if value is None else float(value)


def _iso(value: Any) -> str:
    text: str = value.isoformat()
    return text


BACNET = Format(name="bacnet", suffix=".bacnet.json", encode=encode, decode=decode, doc="BACnet Schedule objects as JSON")
