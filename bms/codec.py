"""What the formats of schedules share: sealed records in, sealed records out, and texts that stay on one line."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from lowlift.sim.schedule import Schedule
from lowlift.sim.schedule_rows import TEXTS, TIMES, Row, ScheduleError
from lowlift.sim.schedule_text import read_time

HEAD = ("format", "site", "scenario", "controller", "timezone", "simulated", "created", "checksum")
"""Entries of the head that a format carries; the period follows from the rows."""
NUMBERS = ("value", "low", "high", "rate_per_min", "fallback")
Encode = Callable[[Schedule], str]
Decode = Callable[[str, str | Path], dict[str, Any]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Format:
    """One file format of schedules."""

    name: str
    suffix: str
    """End of the file name."""
    encode: Encode
    """Text of a schedule, unchecked."""
    decode: Decode
    """Sealed record of a text, unchecked; the second argument names its origin in messages."""
    doc: str


def head_of(schedule: Schedule) -> dict[str, Any]:
    """Head entries in plain JSON types."""
    sealed = schedule.sealed()
    return {name: sealed[name] for name in HEAD}


def assembled(source: str | Path, head: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A sealed record from its head and rows, with the period that the rows cover.

    Raises:
        ScheduleError: head entries are missing, or a row's time is none.
    """
    missing = [name for name in HEAD if name not in head]
    if missing:
        raise ScheduleError(f"{source}: no lowlift schedule: its head lacks {', '.join(missing)}")
    span = {}
    for name, pick in zip(TIMES, (min, max), strict=True):
        texts = {read_time(source, f"row {k}: {name}", row.get(name)): row[name] for k, row in enumerate(rows, 1)}
        span[name] = texts[pick(texts)] if texts else ""
    return {**head, **span, "rows": [dict(row) for row in rows]}


def plain(schedule: Schedule, form: str) -> None:
    """Refuse what a text format cannot hold.

    Raises:
        ScheduleError: control characters in a text, or times with fractions of a second; rows are named.
    """
    bad = [f"head: {n} has control characters" for n in ("site", "scenario", "controller", "timezone") if _odd(getattr(schedule, n))]
    for k, row in enumerate(schedule.rows, 1):
        bad += [f"row {k}: {row.point} {name} has control characters" for name in TEXTS if _odd(getattr(row, name))]
        bad += [f"row {k}: {row.point} {n} = {getattr(row, n).isoformat()} has fractions of a second" for n in TIMES if _split(row, n)]
    if bad:
        raise ScheduleError(f"schedule for {schedule.site} cannot be written as {form}: " + "; ".join(bad[:20]))


def _odd(text: str) -> bool:
    return any(not c.isprintable() for c in text)


def _split(row: Row, name: str) -> bool:
    at: pd.Timestamp = getattr(row, name)
    return at.tz_convert("UTC") != at.tz_convert("UTC").floor("s")


def in_order(source: str | Path, numbered: Sequence[tuple[int, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Rows by their numbers, whatever order a calendar or a sorted table keeps them in.

    Raises:
        ScheduleError: a number is missing or there twice.
    """
    numbers = [k for k, _ in numbered]
    twice = sorted({k for k in numbers if numbers.count(k) > 1}) if len(set(numbers)) < len(numbers) else []
    if twice:
        raise ScheduleError(f"{source}: row {twice[0]} is there twice")
    absent = sorted(set(range(1, max(numbers, default=0) + 1)) - set(numbers))
    if absent or min(numbers, default=1) < 1:
        raise ScheduleError(f"{source}: row {absent[0] if absent else min(numbers)} is missing: taken out after export, refused")
    return [row for _, row in sorted(numbered, key=lambda item: item[0])]


def one_of(source: str | Path, what: str, text: Any, read: Callable[[str], Any], wanted: str) -> Any:
    """Read one value.

    Raises:
        ScheduleError: it is not what was wanted.
    """
    try:
        return read(text)
    except (ValueError, TypeError, KeyError):
        raise ScheduleError(f"{source}: {what} = {text!r}: must be {wanted}") from None
