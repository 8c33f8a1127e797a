"""VTIMEZONE of a period, and date-times with and without it (RFC 5545, sections 3.3.5 and 3.6.5)."""

import datetime as dt
import re
from pathlib import Path

import pandas as pd

from lowlift.bms.icalendar_lines import Component
from lowlift.bms.zone_clock import Change, change_at, changes, instant, is_second
from lowlift.sim.schedule_rows import ScheduleError

LOOK_BACK = pd.Timedelta(days=400)
"""A zone that changes its clock at all does so at least once in that time."""
UTC = "UTC"
LOCAL = "%Y%m%dT%H%M%S"


def stamp(at: pd.Timestamp) -> str:
    """UTC form."""
    return at.tz_convert("UTC").strftime(LOCAL) + "Z"


def when(name: str, at: pd.Timestamp, zone: str) -> str:
    """Property with local time and zone; in UTC form where local time would name another instant.

    RFC 5545 takes a local time that happens twice for its first occurrence, so the second can only be stated in UTC.
    """
    return f"{name}:{stamp(at)}" if zone == UTC or is_second(at) else f"{name};TZID={zone}:{at.strftime(LOCAL)}"


def read_when(source: str | Path, what: str, found: tuple[dict[str, str], str] | None, zone: str, clock: dt.tzinfo) -> pd.Timestamp:
    """Instant of a property.

    Raises:
        ScheduleError: absent, of another zone, floating, a date, or skipped by the clock.
    """
    params, value = found or ({}, "")
    local = re.fullmatch(r"\d{8}T\d{6}", value.removesuffix("Z"))
    try:
        if local is None:
            raise ValueError
        naive = dt.datetime.strptime(local[0], LOCAL)
    except ValueError:
        raise ScheduleError(f"{source}: {what} = {value!r}: must be one date-time like 20300704T140000") from None
    if value.endswith("Z"):
        return pd.Timestamp(naive, tz="UTC").tz_convert(clock)
    if params.get("TZID") != zone:
        raise ScheduleError(f"{source}: {what} is in zone {params.get('TZID', 'none')}: must be in {zone} or in UTC")
    try:
        return instant(naive, clock)
    except ScheduleError as error:
        raise ScheduleError(f"{source}: {what}: {error}") from None


def observances(clock: dt.tzinfo, begin: pd.Timestamp, end: pd.Timestamp) -> list[Change]:
    """The last change of the clock before a period and those within it; a standing one if the zone knows none."""
    found = changes(clock, begin - LOOK_BACK, end)
    before = [c for c in found if c.at <= begin]
    return [*before[-1:], *(c for c in found if c.at > begin)] if before else [change_at(clock, begin), *found]


def vtimezone(zone: str, clock: dt.tzinfo, begin: pd.Timestamp, end: pd.Timestamp) -> list[str]:
    """Content lines; none for UTC, which needs no definition."""
    if zone == UTC:
        return []
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone}"]
    for c in observances(clock, begin, end):
        kind = "DAYLIGHT" if c.daylight else "STANDARD"
        onset = "19700101T000000" if c.before == c.after else (c.at + c.before).strftime(LOCAL)
        lines += [f"BEGIN:{kind}", f"DTSTART:{onset}", f"TZOFFSETFROM:{_offset(c.before)}", f"TZOFFSETTO:{_offset(c.after)}"]
        lines += [f"TZNAME:{c.name}", f"END:{kind}"]
    return [*lines, "END:VTIMEZONE"]


def rules(component: Component) -> list[tuple[str, str, str, str]]:
    """Observances of a VTIMEZONE in a form that can be compared: kind, onset, offsets."""
    return sorted(
        (part.name, part.text("DTSTART") or "", part.text("TZOFFSETFROM") or "", part.text("TZOFFSETTO") or "") for part in component.inner
    )


def _offset(delta: pd.Timedelta) -> str:
    seconds = round(delta.total_seconds())
    hours, rest = divmod(abs(seconds), 3600)
    minutes, last = divmod(rest, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02d}{minutes:02d}" + (f"{last:02d}" if last else "")
