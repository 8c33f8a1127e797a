"""Schedules as iCalendar (RFC 5545), for calendar clients and for controllers that subscribe to calendars.

One VEVENT is one row: what a person sees in the calendar is what the plant is told, event by event, and an operator who deletes an event
is noticed. Start and end are local times with a VTIMEZONE of the period; the second pass of an hour that daylight saving repeats is stated
in UTC, since RFC 5545 (section 3.3.5) reads such a local time as the first pass. The machine reads its numbers from ``X-LOWLIFT-``
properties; summary and description are for people and must say the same. UIDs follow from site, point and start, so a revised schedule
replaces events instead of doubling them. Recurrences are neither written nor accepted.
"""

import uuid
from pathlib import Path
from typing import Any

from lowlift.bms.codec import HEAD, NUMBERS, Format, assembled, head_of, in_order, one_of, plain
from lowlift.bms.icalendar_lines import Component, escaped, folded, parsed
from lowlift.bms.icalendar_zone import UTC, read_when, rules, stamp, vtimezone, when
from lowlift.bms.zone_clock import zone_of
from lowlift.sim.schedule import Schedule
from lowlift.sim.schedule_rows import CHECK, FIELDS, TEXTS, TIMES, Row, ScheduleError, row_check

PRODUCT = "-//lowlift//setpoint schedule//EN"
PREFIX = "X-LOWLIFT-"
FOREIGN = ("RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "DURATION")
"""Properties that would change when a row holds."""
UIDS = uuid.uuid5(uuid.NAMESPACE_URL, "lowlift:schedule")


def encode(schedule: Schedule) -> str:
    """The calendar of a schedule.

    Raises:
        ScheduleError: unknown zone, or a row that the format cannot hold.
    """
    plain(schedule, "iCalendar")
    zone, clock = schedule.timezone, zone_of(schedule.timezone)
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"]
    lines += [f"NAME:{escaped(schedule.site)} setpoints", f"X-WR-CALNAME:{escaped(schedule.site)} setpoints"]
    lines += [f"{_x(name)}:{escaped(_text(value))}" for name, value in head_of(schedule).items()]
    if schedule.rows:
        lines += vtimezone(zone, clock, schedule.valid_from, schedule.valid_to)
    for k, (row, entry) in enumerate(zip(schedule.rows, schedule.record()["rows"], strict=True), 1):
        lines += ["BEGIN:VEVENT", f"UID:{uid(schedule.site, row)}", f"DTSTAMP:{stamp(schedule.created)}"]
        lines += [when("DTSTART", row.valid_from.tz_convert(clock), zone), when("DTEND", row.valid_to.tz_convert(clock), zone)]
        lines += [f"SUMMARY:{escaped(summary(row))}", f"DESCRIPTION:{escaped(description(row))}", "TRANSP:TRANSPARENT"]
        lines += [f"{_x('row')}:{k}"]
        lines += [f"{_x(name)}:{escaped(_text(entry[name]))}" for name in FIELDS if name not in TIMES]
        lines += [f"{_x(CHECK)}:{row_check(entry)}", "END:VEVENT"]
    return folded([*lines, "END:VCALENDAR"])


def uid(site: str, row: Row) -> str:
    """The same for the same site, point and start."""
    return str(uuid.uuid5(UIDS, f"{site}/{row.point}/{stamp(row.valid_from)}"))


def summary(row: Row) -> str:
    """Title of an event."""
    return f"{row.point} = {row.value!r} {row.unit}"


def description(row: Row) -> str:
    """What a person should know besides."""
    bounds = f"limits {row.low!r} to {row.high!r} {row.unit}, at most {row.rate_per_min!r} {row.unit}/min"
    return f"{bounds}; fallback {row.fallback!r} {row.unit}; priority {row.priority}; {row.provenance}"


def decode(text: str, source: str | Path) -> dict[str, Any]:
    """Sealed record of a calendar.

    Raises:
        ScheduleError: no calendar of :func:`encode`, or one whose parts contradict each other.
    """
    calendar = parsed(text, source)
    given = {name: calendar.text(_x(name)) for name in HEAD}
    head: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if "simulated" in head:
        head["simulated"] = one_of(source, "simulated", head["simulated"], {"TRUE": True, "FALSE": False}.__getitem__, "TRUE or FALSE")
    zone = head.get("timezone", UTC)
    clock = zone_of(zone)
    numbered: list[tuple[int, dict[str, Any]]] = []
    events = [part for part in calendar.inner if part.name == "VEVENT"]
    for position, event in enumerate(events, 1):
        k = one_of(source, f"event {position}: {_x('row')}", event.text(_x("row")), int, "the number of a row")
        numbered.append((k, _entry(source, k, event, zone, clock, head.get("site", ""))))
    rows = in_order(source, numbered)
    record = assembled(source, head, rows)
    if rows:
        begin, end = (read_when(source, "period", ({}, _utc(record[name])), zone, clock) for name in TIMES)
        wanted = parsed(folded(["BEGIN:VCALENDAR", *vtimezone(zone, clock, begin, end), "END:VCALENDAR"]), source)
        found = [rules(part) for part in calendar.inner if part.name == "VTIMEZONE"]
        if found != [rules(part) for part in wanted.inner]:
            raise ScheduleError(f"{source}: its VTIMEZONE is not that of {zone}: other calendars would read other times; refused")
    return record


def _entry(source: str | Path, k: int, event: Component, zone: str, clock: Any, site: str) -> dict[str, Any]:
    foreign = [name for name in FOREIGN if name in event.properties]
    if foreign:
        raise ScheduleError(f"{source}: row {k}: {foreign[0]} is not accepted: a row holds once, from DTSTART to DTEND")
    entry: dict[str, Any] = {}
    for name in FIELDS:
        if name in TIMES:
            prop = "DTSTART" if name == TIMES[0] else "DTEND"
            entry[name] = read_when(source, f"row {k}: {prop}", event.raw(prop), zone, clock).isoformat()
            continue
        text = event.text(_x(name))
        if text is None:
            raise ScheduleError(f"{source}: row {k}: must have {_x(name)} once")
        if name in TEXTS:
            entry[name] = text
        else:
            kind, wanted = (float, "a number") if name in NUMBERS else (int, "a whole number")
            entry[name] = one_of(source, f"row {k}: {_x(name)}", text, kind, wanted)
    check = event.text(_x(CHECK))
    if check != row_check(entry):
        raise ScheduleError(f"{source}: row {k} ({entry['point']}): edited after export, refused: its checksum does not belong to it")
    row = Row(**entry | {name: read_when(source, name, ({}, _utc(entry[name])), zone, clock) for name in TIMES})
    for name, text in {"SUMMARY": summary(row), "DESCRIPTION": description(row), "UID": uid(site, row)}.items():
        if event.text(name) != text:
            raise ScheduleError(f"{source}: row {k}: {name} = {event.text(name)!r} does not belong to {row.point} = {row.value!r}; refused")
    return entry | {CHECK: check}


def _utc(iso: str) -> str:
    import pandas as pd

    return stamp(pd.Timestamp(iso))


def _x(name: str) -> str:
    return PREFIX + name.upper().replace("_", "-")


def _text(value: Any) -> str:
    return ("TRUE" if value else "FALSE") if isinstance(value, bool) else repr(value) if isinstance(value, float) else str(value)


ICALENDAR = Format(name="icalendar", suffix=".ics", encode=encode, decode=decode, doc="iCalendar (RFC 5545), one event a row")
