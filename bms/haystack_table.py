"""Schedules as a Project Haystack grid, before it is written as Zinc or JSON: typed cells.

A grid row is a schedule row: ``ts`` to ``end``, ``point``, ``val`` with its unit, limits, ``ratePerMin``, ``fallback``, and ``level``, the
priority as the op ``pointWrite`` knows it. Date-times carry offset and city, so the hour that daylight saving repeats is unambiguous; an
offset that the city does not have at that instant is refused. The head is the grid's meta.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lowlift.bms.codec import HEAD, NUMBERS, assembled, head_of, in_order, plain
from lowlift.bms.zone_clock import zone_of
from lowlift.sim.schedule import Schedule
from lowlift.sim.schedule_rows import CHECK, FIELDS, TEXTS, TIMES, ScheduleError, row_check
from lowlift.sim.schedule_text import read_time

UNITS = {"degC": "°C", "K": "K", "kPa": "kPa", "Pa": "Pa", "L/s": "L/s", "kg/s": "kg/s", "m3/s": "m³/s", "W": "W", "kW": "kW", "1": ""}
"""Symbols of the Haystack unit database for site units."""
COLUMNS = {
    "point": "point", "valid_from": "ts", "valid_to": "end", "value": "val", "low": "low", "high": "high", "rate_per_min": "ratePerMin",
    "fallback": "fallback", "priority": "level", "provenance": "provenance", CHECK: "check",
}  # fmt: skip
ROW = "row"
NAMES = (ROW, *COLUMNS.values())
META = {name: "lowlift" + name.capitalize() for name in HEAD}


@dataclasses.dataclass(frozen=True)
class Number:
    """A number and its Haystack unit; none is an empty text."""

    value: float
    unit: str = ""


@dataclasses.dataclass(frozen=True)
class DateTime:
    """ISO 8601 with offset, and the zone's city."""

    iso: str
    city: str


Cell = str | bool | Number | DateTime


def city(zone: str) -> str:
    """Haystack's name of a zone: the last part of its IANA name.

    >>> city("America/New_York")
    'New_York'
    """
    return zone.rsplit("/", 1)[-1]


def table_of(schedule: Schedule) -> tuple[dict[str, Cell], list[dict[str, Cell]]]:
    """Meta and rows of the grid.

    Raises:
        ScheduleError: unknown zone, or a row that a grid cannot hold.
    """
    plain(schedule, "Haystack grid")
    clock, place = zone_of(schedule.timezone), city(schedule.timezone)
    meta: dict[str, Cell] = {"dis": f"{schedule.site} setpoints"} | {META[name]: value for name, value in head_of(schedule).items()}
    rows: list[dict[str, Cell]] = []
    for k, (row, entry) in enumerate(zip(schedule.rows, schedule.record()["rows"], strict=True), 1):
        if row.unit not in UNITS:
            raise ScheduleError(f"row {k}: {row.point}: unit {row.unit!r} has no symbol in Haystack's unit database")
        cells: dict[str, Cell] = {ROW: Number(k), "point": row.point, "provenance": row.provenance, "check": row_check(entry)}
        cells |= {COLUMNS[name]: DateTime(getattr(row, name).tz_convert(clock).isoformat(), place) for name in TIMES}
        cells |= {COLUMNS[n]: Number(entry[n], "" if n == "rate_per_min" else UNITS[row.unit]) for n in NUMBERS}
        rows.append(cells | {"level": Number(row.priority)})
    return meta, [{name: cells[name] for name in NAMES} for cells in rows]


def record_of(source: str | Path, meta: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Sealed record of a grid.

    Raises:
        ScheduleError: cells missing, of another type or unit, or of another zone.
    """
    head = {name: meta[tag] for name, tag in META.items() if tag in meta}
    zone = head.get("timezone", "UTC")
    if not isinstance(zone, str):
        raise ScheduleError(f"{source}: {META['timezone']} must be a text")
    clock = zone_of(zone)
    numbered = []
    for position, cells in enumerate(rows, 1):
        k = cells.get(ROW)
        if not isinstance(k, Number) or k.value != int(k.value):
            raise ScheduleError(f"{source}: line {position}: has no number of its row")
        numbered.append((int(k.value), _entry(source, f"row {int(k.value)}", cells, zone, clock)))
    return assembled(source, head, in_order(source, numbered))


def _entry(source: str | Path, name: str, cells: Mapping[str, Any], zone: str, clock: Any) -> dict[str, Any]:
    kinds = {**dict.fromkeys(TEXTS, str), CHECK: str, **dict.fromkeys(TIMES, DateTime)}
    for field, column in COLUMNS.items():
        if not isinstance(cells.get(column), kinds.get(field, Number)):
            raise ScheduleError(f"{source}: {name}: {column} = {cells.get(column)!r}: must be a {kinds.get(field, Number).__name__}")
    symbols = {cells[COLUMNS[n]].unit for n in NUMBERS if n != "rate_per_min"}
    units = [unit for unit, symbol in UNITS.items() if symbols == {symbol}]
    if not units or cells["ratePerMin"].unit or cells["level"].unit:
        said = ", ".join(sorted(symbols)) or "none"
        raise ScheduleError(f"{source}: {name} ({cells['point']}): unit {said}: must be one of {', '.join(filter(None, UNITS.values()))}")
    entry: dict[str, Any] = {}
    for field in FIELDS:
        cell: Any = units[0] if field == "unit" else cells[COLUMNS[field]]
        if field in TIMES:
            at = read_time(source, f"{name}: {field}", cell.iso).tz_convert(clock)
            if cell.city != city(zone) or at.isoformat() != cell.iso.replace("Z", "+00:00"):
                raise ScheduleError(f"{source}: {name}: {COLUMNS[field]} = {cell.iso} {cell.city}: {zone} has no such time")
            cell = at.isoformat()
        elif field == "priority":
            cell = int(cell.value) if cell.value == int(cell.value) else cell.value
        entry[field] = cell.value if isinstance(cell, Number) else cell
    return entry | {CHECK: cells["check"]}
