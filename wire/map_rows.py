"""Maps of existing sites as CSV, in either of two forms.

The short form has a column ``point`` and any of :data:`COLUMNS`. The long form is what ``lowlift points --format csv`` writes, which has a
column ``name`` instead: its columns of names and addresses (:data:`LONG`) are taken, those of the device (:data:`HEAD`) must be the same in
all rows, and all others describe points, which a map cannot change: a cell that says otherwise is refused, not passed over.
"""

import csv
import io
from collections.abc import Mapping
from typing import Any

from lowlift.data.hints import hint
from lowlift.wire.point_list import PointList
from lowlift.wire.point_table import entry, flat

COLUMNS = {
    "label": ("label",), "table": ("modbus", "table"), "address": ("modbus", "address"), "encoding": ("modbus", "encoding"),
    "scale": ("modbus", "scale"), "object_type": ("bacnet", "object_type"), "instance": ("bacnet", "instance"), "node": ("opcua", "node"),
}  # fmt: skip
"""Columns of the short form and what they are in TOML."""
LONG = {"_".join(keys): keys for keys in COLUMNS.values()}
"""Columns of the long form likewise."""
HEAD = {"modbus_unit_id": "unit_id", "modbus_word_order": "word_order", "bacnet_device_instance": "device_instance"}
"""Columns of the long form that are keys above the points."""
DERIVED = ("modbus_count", "opcua_path")
"""Columns of the long form that follow from others; what they say is not looked at."""
NUMBERS = ("address", "instance", "scale")

Entries = list[tuple[str, dict[str, Any]]]


class RowsError(ValueError):
    """A table is no map; the message names the line."""


def read_rows(text: str, points: PointList) -> tuple[Entries, dict[str, Any]]:
    """Entries by point name, and the keys above them.

    Args:
        text: the table.
        points: whose map it is.

    Raises:
        RowsError: a column that is none, a row of another length, or a cell of the long form that would change a point.
    """
    reader = csv.DictReader(io.StringIO(text))
    names = list(reader.fieldnames or ())
    long = "point" not in names and "name" in names
    key, columns = ("name", LONG) if long else ("point", COLUMNS)
    if key not in names:
        raise RowsError("line 1: has no column 'point', nor 'name' as lowlift points --format csv has it")
    described = flat(entry(points, points.points[0], points.addresses[0])) if long else {}
    allowed = [key, *columns, *described]
    for name in names:
        if name not in allowed:
            raise RowsError(f"line 1: unknown column {name!r}; {hint(name, allowed)}")
    entries: Entries = []
    head: dict[str, Any] = {}
    for row in reader:
        if None in row or None in row.values():
            raise RowsError(f"line {reader.line_num}: has another number of fields than line 1")
        name = row[key].strip()
        try:
            if long:
                _same(name, row, points)
                _above(row, head)
        except RowsError as error:
            raise RowsError(f"line {reader.line_num}: {error}") from None
        entries.append((name, _entry(row, columns)))
    return entries, head


def _entry(row: Mapping[str, str], columns: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for column, keys in columns.items():
        if cell := row.get(column, "").strip():
            target = result if len(keys) == 1 else result.setdefault(keys[0], {})
            target[keys[-1]] = _number(cell) if keys[-1] in NUMBERS else cell
    return result


def _same(name: str, row: Mapping[str, str], points: PointList) -> None:
    """Check that a row describes the point that there is; one that there is not is told of later, with all others."""
    if name not in points.index:
        return
    k = points.index[name]
    for column, value in flat(entry(points, points.points[k], points.addresses[k])).items():
        if column in LONG or column in HEAD or column in DERIVED or column not in row:
            continue
        was, now = "" if value is None else str(value), row[column].strip()
        if now != was.strip() and _number(now) != _number(was):
            raise RowsError(f"{name}: {column} = {now!r}: a map cannot change it from {was!r}")


def _above(row: Mapping[str, str], head: dict[str, Any]) -> None:
    for column, key in HEAD.items():
        if cell := row.get(column, "").strip():
            value = cell if key == "word_order" else _number(cell)
            if head.setdefault(key, value) != value:
                raise RowsError(f"{column} = {value!r}: is {head[key]!r} in a line above, and must be the same in all")


def _number(cell: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            continue
    return cell
