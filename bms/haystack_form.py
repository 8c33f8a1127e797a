"""Haystack grids written as Zinc (Project Haystack 3) and as JSON (Project Haystack 4, "Hayson").

Formats: https://project-haystack.org/doc/docHaystack/Zinc and https://project-haystack.org/doc/docHaystack/Json. Only the scalars that a
schedule needs are read: strings, booleans, numbers with unit, date-times.
"""

import json
import re
from pathlib import Path
from typing import Any

from lowlift.bms.codec import Format
from lowlift.bms.haystack_table import NAMES, Cell, DateTime, Number, record_of, table_of
from lowlift.sim.schedule import Schedule
from lowlift.sim.schedule_rows import ScheduleError
from lowlift.sim.schedule_text import parse_json

VERSION = "3.0"
_SCALAR = re.compile(
    r'(?P<string>"(?:[^"\\\n]|\\.)*")'
    r"|(?P<iso>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))(?: (?P<city>[A-Za-z0-9_+-]+))?"
    r"|(?P<number>-?\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)(?P<unit>[^\s,:\d\"]*)"
    r"|(?P<bool>[TF])(?![A-Za-z])"
)
_TAG = re.compile(r"\s*([a-z][A-Za-z0-9_]*):")
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$"}


def encode_zinc(schedule: Schedule) -> str:
    """Zinc text; see :func:`lowlift.bms.haystack_table.table_of`."""
    meta, rows = table_of(schedule)
    tags = " ".join(f"{name}:{_zinc(value)}" for name, value in meta.items())
    lines = [f'ver:"{VERSION}" {tags}', ",".join(NAMES)]
    return "\n".join([*lines, *(",".join(_zinc(row[name]) for name in NAMES) for row in rows)]) + "\n"


def decode_zinc(text: str, source: str | Path) -> dict[str, Any]:
    """Sealed record of a Zinc text.

    Raises:
        ScheduleError: no such grid.
    """
    lines = text.replace("\r\n", "\n").strip("\n").split("\n")
    if len(lines) < 2 or not lines[0].startswith(f'ver:"{VERSION}"'):
        raise ScheduleError(f'{source}: not Zinc: must begin with ver:"{VERSION}"')
    meta, at = {}, 0
    while at < len(lines[0]):
        tag = _TAG.match(lines[0], at)
        if tag is None:
            raise ScheduleError(f"{source}: not Zinc: cannot read the meta at {lines[0][at : at + 40]!r}")
        meta[tag[1]], at = _read(source, "meta", lines[0], tag.end())
    if tuple(lines[1].split(",")) != NAMES:
        raise ScheduleError(f"{source}: its columns must be {','.join(NAMES)}")
    rows = []
    for k, line in enumerate(lines[2:], 1):
        cells, at = [], 0
        while True:
            cell, at = _read(source, f"line {k}", line, at)
            cells.append(cell)
            if at == len(line):
                break
            if line[at] != ",":
                raise ScheduleError(f"{source}: line {k}: cannot read {line[at : at + 40]!r}")
            at += 1
        if len(cells) != len(NAMES):
            raise ScheduleError(f"{source}: line {k}: has {len(cells)} cells instead of {len(NAMES)}, perhaps half written")
        rows.append(dict(zip(NAMES, cells, strict=True)))
    return record_of(source, meta, rows)


def encode_json(schedule: Schedule) -> str:
    """JSON grid; see :func:`lowlift.bms.haystack_table.table_of`."""
    meta, rows = table_of(schedule)
    grid = {
        "_kind": "grid",
        "meta": {"ver": VERSION} | {name: _hayson(value) for name, value in meta.items()},
        "cols": [{"name": name} for name in NAMES],
        "rows": [{name: _hayson(row[name]) for name in NAMES} for row in rows],
    }
    return json.dumps(grid, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def decode_json(text: str, source: str | Path) -> dict[str, Any]:
    """Sealed record of a JSON grid.

    Raises:
        ScheduleError: no such grid.
    """
    grid = parse_json(source, text)
    meta, rows = grid.get("meta"), grid.get("rows")
    if grid.get("_kind") != "grid" or not isinstance(meta, dict) or not isinstance(rows, list):
        raise ScheduleError(f"{source}: not a Haystack grid in JSON")
    if not all(isinstance(row, dict) for row in rows):
        raise ScheduleError(f"{source}: rows of a Haystack grid must be objects")
    return record_of(source, _cells(source, "meta", meta), [_cells(source, f"line {k}", row) for k, row in enumerate(rows, 1)])


def _zinc(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "T" if cell else "F"
    if isinstance(cell, Number):
        return f"{_plain(cell.value)}{cell.unit}"
    if isinstance(cell, DateTime):
        return f"{cell.iso} {cell.city}"
    return '"' + re.sub(r'["\\$]', r"\\\g<0>", cell) + '"'


def _read(source: str | Path, what: str, line: str, at: int) -> tuple[Cell, int]:
    found = _SCALAR.match(line, at)
    if found is None:
        raise ScheduleError(f"{source}: {what}: cannot read {line[at : at + 40]!r}")
    if found["string"] is not None:
        return _unquoted(source, what, found["string"][1:-1]), found.end()
    if found["iso"] is not None:
        return DateTime(found["iso"], found["city"] or "UTC"), found.end()
    if found["number"] is not None:
        return Number(float(found["number"].replace("_", "")), found["unit"]), found.end()
    return found["bool"] == "T", found.end()


def _unquoted(source: str | Path, what: str, text: str) -> str:
    def plain(found: re.Match[str]) -> str:
        if found[1] is not None:
            return chr(int(found[1], 16))
        if found[2] not in _ESCAPES:
            raise ScheduleError(f"{source}: {what}: unknown escape \\{found[2]}")
        return _ESCAPES[found[2]]

    return re.sub(r"\\(?:u([0-9a-fA-F]{4})|(.))", plain, text)


def _hayson(cell: Cell) -> Any:
    if isinstance(cell, Number):
        value = int(cell.value) if cell.value == int(cell.value) and not cell.unit else cell.value
        return {"_kind": "number", "val": value, "unit": cell.unit} if cell.unit else value
    if isinstance(cell, DateTime):
        return {"_kind": "dateTime", "val": cell.iso, "tz": cell.city}
    return cell


def _cells(source: str | Path, what: str, row: dict[str, Any]) -> dict[str, Cell]:
    return {name: _cell(source, f"{what}: {name}", value) for name, value in row.items()}


def _cell(source: str | Path, what: str, value: Any) -> Cell:
    match value:
        case str() | bool():
            return value
        case int() | float():
            return Number(float(value))
        case {"_kind": "number", "val": int() | float() as number, **rest} if not isinstance(number, bool):
            return Number(float(number), str(rest.get("unit", "")))
        case {"_kind": "dateTime", "val": str() as iso, **rest}:
            return DateTime(iso, str(rest.get("tz", "UTC")))
    raise ScheduleError(f"{source}: {what} = {value!r}: no string, boolean, number or dateTime")


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


ZINC = Format(name="haystack", suffix=".zinc", encode=encode_zinc, decode=decode_zinc, doc="Project Haystack grid, Zinc")
HAYSON = Format(name="haystack-json", suffix=".haystack.json", encode=encode_json, decode=decode_json, doc="Project Haystack grid, JSON")
