"""All formats, on days when the clock changes, north and south: the same instants come back, unfit rows are refused by name.

BACnet is there twice: for a device whose clock is changed, with values held over the repeated hour, and for one whose clock stays on UTC.
"""

import datetime as dt
import json
import re
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from schedule_cases import MADE, SITE, altered, schedule

from lowlift.bms.bacnet_form import text_of
from lowlift.bms.bacnet_model import objects_of
from lowlift.bms.daylight import held_over
from lowlift.bms.formats import FORMATS
from lowlift.bms.zone_clock import changes, zone_of
from lowlift.sim.schedule import Schedule, schedule_of
from lowlift.sim.schedule_rows import ScheduleError

ON_UTC = "bacnet, clock on UTC"
WAYS = (*FORMATS, ON_UTC)
DAYS = [("Europe/Berlin", "2030-03-31", 23.0), ("Europe/Berlin", "2030-10-27", 25.0), ("Australia/Sydney", "2030-10-06", 23.0),
        ("Australia/Sydney", "2030-04-07", 25.0)]  # fmt: skip
HALF = [("Australia/Lord_Howe", "2030-10-06", 23.5), ("Australia/Lord_Howe", "2030-04-07", 24.5)]
"""A clock that is changed by half an hour."""
POINT = r"T_supply_set\[1\]"


def of_day(way: str, zone: str, day: str, minutes: int = 60) -> tuple[Schedule, int]:
    """An hourly schedule that the format can hold, and the first of its rows after the change of the clock, from zero."""
    made = schedule(zone, day, minutes=minutes)
    made = held_over(made) if way == "bacnet" else made
    (change,) = changes(zone_of(zone), made.valid_from, made.valid_to)
    return made, next(k for k, row in enumerate(made.rows) if row.valid_from >= change.at)


def text(way: str, made: Schedule) -> str:
    return text_of(objects_of(made, "UTC")) if way == ON_UTC else FORMATS[way].encode(made)


def read(way: str, content: str, now: pd.Timestamp = MADE) -> Schedule:
    return schedule_of(FORMATS["bacnet" if way == ON_UTC else way].decode(content, "x"), "x", SITE, now)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("zone", "day", "hours"), DAYS + HALF)
def test_the_same_instants_come_back(way: str, zone: str, day: str, hours: float) -> None:
    made, _ = of_day(way, zone, day, minutes=30)
    back = read(way, text(way, made))
    assert back == made and back.checksum == made.checksum
    begin = dt.datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=zone_of(zone)).astimezone(dt.UTC)
    own = [row for row in back.rows if row.point == "T_supply_set[1]"]
    assert own[0].valid_from == begin and sum((r.valid_to - r.valid_from for r in own), pd.Timedelta(0)) == pd.Timedelta(hours=hours)
    assert [r.valid_from.isoformat() for r in back.rows] == [r.valid_from.isoformat() for r in made.rows]


def out_of_limit(way: str, made: Schedule, j: int) -> tuple[Callable[[], Any], str]:
    bad = altered(made, j, value=99.0)
    return lambda: read(way, text(way, bad)), rf"row {j + 1}: {POINT} = 99 degC: outside 17 to 42"


def overlapping(way: str, made: Schedule, j: int) -> tuple[Callable[[], Any], str]:
    bad = altered(made, j, valid_to=made.rows[j].valid_to + pd.Timedelta(minutes=12))
    begins = re.escape(made.rows[j + 1].valid_from.isoformat())
    return lambda: read(way, text(way, bad)), rf"rows {j + 1} and {j + 2}: {POINT} overlaps from {begins}"


def past(way: str, made: Schedule, j: int) -> tuple[Callable[[], Any], str]:
    ends = made.rows[j].valid_to
    with pytest.raises(ScheduleError) as before:
        read(way, text(way, made), ends - pd.Timedelta(seconds=1))
    assert f"row {j}: " in str(before.value) and f"row {j + 1}: " not in str(before.value)
    return lambda: read(way, text(way, made), ends), rf"row {j + 1}: {POINT} ends {re.escape(ends.isoformat())}, in the past"


def tampered(way: str, made: Schedule, j: int) -> tuple[Callable[[], Any], str]:
    content = text(way, altered(made, j, value=30.77))
    places = [found.start() for found in re.finditer(r"30\.77", content)]
    assert places
    for at in places[1:]:
        with pytest.raises(ScheduleError, match=rf"row {j + 1}\b"):
            read(way, content[:at] + "30.78" + content[at + 5 :])
    return lambda: read(way, content[: places[0]] + "30.78" + content[places[0] + 5 :]), rf"row {j + 1}\b"


@pytest.mark.parametrize("refusal", [out_of_limit, overlapping, past, tampered])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("zone", "day", "hours"), DAYS)
def test_f43_f44_unfit_rows_are_refused_by_name(way: str, zone: str, day: str, hours: float, refusal: Callable[..., Any]) -> None:
    made, j = of_day(way, zone, day)
    act, said = refusal(way, made, j)
    with pytest.raises(ScheduleError, match=said):
        act()


def second_event(objects: list[dict[str, Any]]) -> None:
    events = objects[0]["exception_schedule"]
    events.append(events[-1])


def second_value(objects: list[dict[str, Any]]) -> None:
    times = objects[0]["exception_schedule"][0]["times"]
    times.insert(3, times[2] | {"value": 31.0})


def value_back_in_time(objects: list[dict[str, Any]]) -> None:
    times = objects[0]["exception_schedule"][0]["times"]
    times[3], times[4] = times[4], times[3]


def second_object(objects: list[dict[str, Any]]) -> None:
    objects.append(objects[0])


@pytest.mark.parametrize(("edit", "said"), [
    (second_event, rf"row 24 \({POINT}\): 2030-07-05: a second exception, or not in order: two rows would overlap"),
    (second_value, rf"row 4 \({POINT}\): 2030-07-04 02:00:00: overlaps the row before: two values at a time"),
    (value_back_in_time, rf"row 5 \({POINT}\): 2030-07-04 03:00:00: overlaps the row before: two values at a time, or not in order"),
    (second_object, "row 1 is there twice"),
])  # fmt: skip
def test_bacnet_cannot_hold_an_overlap_and_the_nearest_things_are_refused_by_name(edit: Callable[..., None], said: str) -> None:
    """A Schedule object has one value at a time: two values or two days at once, and two objects of a point, is as near as it gets."""
    whole = json.loads(text("bacnet", schedule(minutes=60)))
    edit(whole["objects"])
    with pytest.raises(ScheduleError, match=said):
        read("bacnet", json.dumps(whole))


def test_a_moved_hour_is_noticed_in_every_format_that_writes_offsets() -> None:
    for zone, day, _ in DAYS:
        made, j = of_day("csv", zone, day)
        at = made.rows[j].valid_from
        offset, wrong = (t.isoformat()[-6:] for t in (at, at - pd.Timedelta(hours=2)))
        assert offset != wrong
        for way in ("csv", "json", "haystack", "haystack-json"):
            content = text(way, made)
            stamp = at.isoformat()
            assert stamp in content
            with pytest.raises(ScheduleError, match=rf"row ({j}|{j + 1})\b"):
                read(way, content.replace(stamp, stamp[:-6] + wrong, 1))
