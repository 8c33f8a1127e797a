"""Schedules as BACnet Schedule objects (ASHRAE 135, clause 12.24), as plain data: what is written to a device and read back.

One point is one Schedule object. Its rows are dated exceptions: a special event for every local date with the values of that day, each from
its local time on; the weekly schedule stays empty. A day that begins within a row repeats its value at 00:00, because a device evaluates
each day from its start. Where rows leave a gap, and after the last, NULL relinquishes to Schedule_Default, which is the fallback value;
it also holds from the first midnight of Effective_Period to the first row. Events have the lowest priority, so that exceptions that an
operator enters win.

Clock
    A device knows local time only. In the hour that daylight saving repeats a Schedule object goes through the same local times twice, so
    a point that changes within that hour, or at the start of its second pass, cannot be told to a device whose clock is changed: such rows
    are refused by name. Either the device's clock is not changed (state its zone, ``UTC`` or ``Etc/GMT-1``, as ``clock``), or the values
    are held over the hour first (:func:`lowlift.bms.daylight.held_over`). Skipped local times never occur.

Description
    What a Schedule object has no property for (unit, limits, rate, provenance, checksums, where rows begin) stands in Description as JSON,
    so that reading gives the very same schedule or a refusal. It takes about 500 characters and 30 more for each row of the point.

Values are single-precision on the wire; a value that changes by that is refused.
"""

import datetime as dt
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lowlift.bms.codec import HEAD, assembled, head_of, in_order, plain
from lowlift.bms.moves import Move, moves
from lowlift.bms.zone_clock import changes, instant, is_ambiguous, zone_of
from lowlift.sim.schedule import Schedule
from lowlift.sim.schedule_rows import CHECK, Row, ScheduleError, overlaps, row_check
from lowlift.sim.schedule_text import parse_json

EVENT_PRIORITY = 16
MIDNIGHT = dt.time(0)
CONSTANT = ("unit", "low", "high", "rate_per_min", "fallback", "priority")
"""Fields of rows that a Schedule object has once."""
KEPT = ("unit", "low", "high", "rate_per_min")
CHECK_DIGITS = 6
"""Hex digits of a row's checksum that Description keeps; the schedule's own is there in full."""


@dataclass(frozen=True, kw_only=True)
class TimeValue:
    """From a local time on, a value; none relinquishes."""

    time: dt.time
    value: float | None


@dataclass(frozen=True, kw_only=True)
class SpecialEvent:
    """Values of one local date."""

    date: dt.date
    times: tuple[TimeValue, ...]
    priority: int = EVENT_PRIORITY


@dataclass(frozen=True, kw_only=True)
class ScheduleObject:
    """Properties of a Schedule object."""

    object_name: str
    description: str
    effective_period: tuple[dt.date, dt.date]
    schedule_default: float
    priority_for_writing: int
    exception_schedule: tuple[SpecialEvent, ...]


def single(value: float) -> float:
    """The shortest decimal of a single-precision number.

    >>> single(150.10000610351562)
    150.1
    """
    return float(str(np.float32(value)))


def objects_of(schedule: Schedule, clock: str | None = None) -> tuple[ScheduleObject, ...]:
    """Schedule objects, one a point.

    Args:
        schedule: the schedule.
        clock: zone of the device's clock; the schedule's if none.

    Raises:
        ScheduleError: rows that a Schedule object cannot hold, by name.
    """
    plain(schedule, "BACnet schedule")
    head = head_of(schedule) | {"clock": schedule.timezone if clock is None else clock, "rows": len(schedule.rows)}
    zone = zone_of(head["clock"])
    bad = [f"{found}; an object has one value at a time" for found in overlaps(schedule.rows)]
    repeated = []
    if schedule.rows:
        around = (schedule.valid_from - pd.Timedelta(days=1), schedule.valid_to + pd.Timedelta(days=1))
        repeated = [c.repeated for c in changes(zone, *around) if c.repeated is not None]
    result = []
    for point, own in moves(schedule.rows).items():
        for move in own:
            name = f"row {move.k}: {point}"
            at = move.at
            inside = [a for a, b in repeated if a < at < b]
            if inside:
                local = inside[0].tz_convert(zone).strftime("%d %b %H:%M")
                does = "begins" if move.begins else "ends"
                bad.append(f"{name} {does} at {at.isoformat()} within the hour that the clock of {head['clock']} repeats from {local}")
            differing = [n for n in CONSTANT if getattr(move.row, n) != getattr(own[0].row, n)]
            if differing and move.begins:
                bad.append(f"{name} has another {differing[0]} than row {own[0].k}; a Schedule object has one")
            numbers = (move.row.value, move.row.fallback)
            bad += [f"{name}: {v!r} is no single-precision number" for v in numbers if single(v) != v and move.begins]
        if not bad:
            result.append(_object(point, own, head, zone, schedule))
    if bad:
        raise ScheduleError(f"schedule for {schedule.site} cannot be told to a BACnet device: " + "; ".join(bad[:20]))
    return tuple(result)


def _object(point: str, own: Sequence[Move], head: dict[str, Any], zone: dt.tzinfo, schedule: Schedule) -> ScheduleObject:
    days: dict[dt.date, list[TimeValue]] = {}
    continued = []
    for move, following in itertools.zip_longest(own, own[1:]):
        local = move.at.tz_convert(zone).to_pydatetime()
        days.setdefault(local.date(), []).append(TimeValue(time=local.time(), value=move.value if move.begins else None))
        if following is None or not move.begins:
            continue
        until, date = following.at.tz_convert(zone).to_pydatetime(), local.date() + dt.timedelta(days=1)
        while date < until.date() or (date == until.date() and until.time() > MIDNIGHT):
            days.setdefault(date, []).append(TimeValue(time=MIDNIGHT, value=move.value))
            continued.append(date.isoformat())
            date += dt.timedelta(days=1)
    begun = [move for move in own if move.begins]
    entries = schedule.record()["rows"]
    provenance = [[text, len(list(group))] for text, group in itertools.groupby(m.row.provenance for m in begun)]
    note = head | {name: getattr(own[0].row, name) for name in KEPT}
    note |= {"numbers": _ranges([m.k for m in begun]), "continued": continued, "provenance": provenance}
    note[CHECK] = "".join(row_check(entries[m.k - 1])[:CHECK_DIGITS] for m in begun)
    dates = sorted(days)
    return ScheduleObject(
        object_name=point,
        description=json.dumps(note, separators=(",", ":"), ensure_ascii=True),
        effective_period=(dates[0], dates[-1]),
        schedule_default=own[0].row.fallback,
        priority_for_writing=own[0].row.priority,
        exception_schedule=tuple(SpecialEvent(date=date, times=tuple(days[date])) for date in dates),
    )


def record_of(objects: Sequence[ScheduleObject], source: str | Path) -> dict[str, Any]:
    """Sealed record of Schedule objects.

    Raises:
        ScheduleError: not those of :func:`objects_of`, incomplete, or changed since.
    """
    if not objects:
        raise ScheduleError(f"{source}: no Schedule objects")
    heads, numbered = [], []
    for item in objects:
        note, own = check_object(item, source)
        heads.append({name: note.get(name) for name in (*HEAD, "clock", "rows")})
        numbered += own
    odd = [item.object_name for item, head in zip(objects, heads, strict=True) if head != heads[0]]
    if odd:
        raise ScheduleError(f"{source}: {odd[0]} belongs to another schedule than {objects[0].object_name}")
    rows = in_order(source, numbered)
    if len(rows) != heads[0]["rows"]:
        raise ScheduleError(f"{source}: row {len(rows) + 1} is missing: {len(rows)} of {heads[0]['rows']} rows found; a point is absent")
    return assembled(source, {name: heads[0][name] for name in HEAD}, rows)


def check_object(item: ScheduleObject, source: str | Path) -> tuple[dict[str, Any], list[tuple[int, dict[str, Any]]]]:
    """Description and numbered rows of one object.

    Raises:
        ScheduleError: not one of :func:`objects_of`, or changed since.
    """
    note = parse_json(f"{source}: {item.object_name}: Description", item.description)
    try:
        return note, _rows(item, note, source)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        if isinstance(error, ScheduleError):
            raise
        raise ScheduleError(f"{source}: {item.object_name}: Description is not that of a schedule ({error!r})") from error


def _rows(item: ScheduleObject, note: dict[str, Any], source: str | Path) -> list[tuple[int, dict[str, Any]]]:
    point, zone, home = item.object_name, zone_of(note["clock"]), zone_of(note["timezone"])
    numbers = [k for first, last in note["numbers"] for k in range(first, last + 1)]
    provenance = [text for text, count in note["provenance"] for _ in range(count)]
    checks = [note[CHECK][i : i + CHECK_DIGITS] for i in range(0, len(note[CHECK]), CHECK_DIGITS)]
    if not numbers or not len(numbers) == len(provenance) == len(checks):
        raise ValueError("numbers, provenance and check differ in length")
    begun: list[tuple[pd.Timestamp, float]] = []
    ends: list[pd.Timestamp] = []
    held: float | None = None
    last = dt.date.min
    for event in item.exception_schedule:
        if event.date <= last or event.priority != EVENT_PRIORITY:
            k = numbers[min(len(begun), len(numbers) - 1)]
            what = "a second exception, or not in order" if event.date <= last else f"must have priority {EVENT_PRIORITY}"
            raise ScheduleError(f"{source}: row {k} ({point}): {event.date}: {what}: two rows would overlap; refused")
        last, earlier = event.date, None
        for t in event.times:
            k = numbers[min(len(begun), len(numbers) - 1)]
            if t.time.tzinfo is not None:
                raise ValueError(f"{event.date} {t.time}: local times have no offset")
            if earlier is not None and t.time <= earlier:
                what = "overlaps the row before: two values at a time, or not in order"
                raise ScheduleError(f"{source}: row {k} ({point}): {event.date} {t.time}: {what}; refused")
            earlier = t.time
            if t.time == MIDNIGHT and event.date.isoformat() in note["continued"]:
                if t.value != held:
                    k = numbers[max(len(begun) - 1, 0)]
                    raise ScheduleError(f"{source}: row {k} ({point}): edited after export, refused: it does not go on at {event.date}")
                continue
            at = _when(f"{source}: row {k}: {point}", dt.datetime.combine(event.date, t.time), zone)
            if held is not None:
                ends.append(at)
            if t.value is not None:
                begun.append((at, t.value))
            held = t.value
    if len(ends) != len(begun) or len(begun) != len(numbers):
        k = numbers[min(len(begun), len(numbers) - 1)]
        raise ScheduleError(f"{source}: row {k} ({point}): edited after export, refused: {len(begun)} of {len(numbers)} rows there")
    dates = [event.date for event in item.exception_schedule]
    if item.effective_period != (dates[0], dates[-1]):
        raise ScheduleError(f"{source}: {point}: Effective_Period must run from the first to the last date of its exceptions")
    result = []
    for k, (begin, value), end, origin, check in zip(numbers, begun, ends, provenance, checks, strict=True):
        row = Row(
            point=point, unit=note["unit"], value=value, valid_from=begin.tz_convert(home), valid_to=end.tz_convert(home), low=note["low"],
            high=note["high"], rate_per_min=note["rate_per_min"], fallback=item.schedule_default, priority=item.priority_for_writing,
            provenance=origin,
        )  # fmt: skip
        entry = {**vars(row), "valid_from": row.valid_from.isoformat(), "valid_to": row.valid_to.isoformat()}
        if row_check(entry)[:CHECK_DIGITS] != check:
            raise ScheduleError(f"{source}: row {k} ({point}): edited after export, refused: its checksum does not belong to it")
        result.append((k, entry | {CHECK: row_check(entry)}))
    return result


def _when(what: str, naive: dt.datetime, zone: dt.tzinfo) -> pd.Timestamp:
    at = instant(naive, zone)
    if is_ambiguous(naive, zone) and is_ambiguous(naive - dt.timedelta(seconds=1), zone):
        raise ScheduleError(f"{what}: {naive.isoformat()} happens twice in {zone}")
    return at


def _ranges(numbers: Sequence[int]) -> list[list[int]]:
    result: list[list[int]] = []
    for k in numbers:
        if result and result[-1][1] == k - 1:
            result[-1][1] = k
        else:
            result.append([k, k])
    return result
