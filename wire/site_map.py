"""An existing site's names, instances and registers for a plant's points: ``--map FILE``.

A map is TOML, or CSV with one row a point (:mod:`lowlift.wire.map_rows`), as ``lowlift points PLANT --format csv`` writes it for editing::

    unit_id = 7                      # Modbus unit
    word_order = "low first"
    device_instance = 4001           # BACnet device

    [points."T_supply[1]"]
    label = "CDU01 SupplyTemp"
    modbus = { table = "holding register", address = 100, encoding = "int16", scale = 10 }
    bacnet = { object_type = "analog-input", instance = 12 }
    opcua = { node = "CDU01.SupplyTemp" }

What is not said stays. In a Modbus table, or under a BACnet object type, in which the map has placed a point, the others follow behind the
last one placed, in the order of the list, so that a map of ten points need not name the other hundred; elsewhere nothing moves.
"""

import dataclasses
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lowlift.data.hints import hint
from lowlift.wire.addresses import Address, BacnetAddress, Encoding, ModbusAddress, Table, WordOrder
from lowlift.wire.map_rows import RowsError, read_rows
from lowlift.wire.point import Kind, Point
from lowlift.wire.point_list import PointList
from lowlift.wire.registers import WHOLE

HEAD = {"unit_id": (int, 0, 247), "device_instance": (int, 0, 4_194_302)}
"""Keys above the points: type, least, most."""
SECTIONS = {"modbus": ("table", "address", "encoding", "scale"), "bacnet": ("object_type", "instance"), "opcua": ("node",)}
LAST_CELL, LAST_INSTANCE = 65_535, 4_194_302
NAMED = 20
"""Faults that an error names before it only counts."""
FAMILY = {Kind.ANALOG: "analog", Kind.BINARY: "binary", Kind.MULTISTATE: "multi-state"}


class MapError(ValueError):
    """A map is refused; the message names every point at fault and why."""


class _BadEntryError(ValueError):
    """One entry of a map is at fault."""


def apply_map(points: PointList, path: str | Path) -> PointList:
    """The list with the addresses of a map.

    Raises:
        MapError: unreadable, an unknown point or key, a value of the wrong type or out of range, a table or object type that does not fit
            the point, or two points in one place.
    """
    entries, head = _read(path, points)
    faults: list[str] = []
    placed: dict[int, Address] = {}
    moved: list[tuple[int, str]] = []
    for name, entry in entries:
        if name not in points.index:
            faults.append(f"unknown point {name!r}; {points.hint(name)}")
            continue
        k = points.index[name]
        if k in placed:
            faults.append(f"{name}: named twice")
            continue
        try:
            placed[k] = _address(points.points[k], points.addresses[k], entry)
            moved += [(k, section) for section in ("modbus", "bacnet") if section in entry]
        except _BadEntryError as error:
            faults.append(f"{name}: {error}")
    settings = _head(head, faults)
    result = dataclasses.replace(points, addresses=_settled(points, placed, set(moved)), **settings)
    if not faults:
        faults += collisions(result)
    if faults:
        more = f" (and {len(faults) - NAMED} more)" if len(faults) > NAMED else ""
        raise MapError(f"{path}: map refused: " + "; ".join(faults[:NAMED]) + more)
    return result


def collisions(points: PointList) -> list[str]:
    """Points that are in one place, or beyond the last one, in words; none where the list can be served."""
    result = []
    for table in Table:
        cells = sorted((a.modbus.address, k) for k, a in enumerate(points.addresses) if a.modbus.table is table)
        reached, holder = -1, ""
        for address, k in cells:
            name, end = points.points[k].name, points.addresses[k].modbus.end
            if address < reached:
                result.append(f"{name}: {table.value} {address} is taken by {holder}")
            if end - 1 > LAST_CELL:
                result.append(f"{name}: {table.value} {address} lies beyond {LAST_CELL}")
            if end > reached:
                reached, holder = end, name
    keys: dict[str, Callable[[Address], str]] = {
        "label": lambda a: a.label, "BACnet object": lambda a: a.bacnet.text, "OPC UA node": lambda a: a.opcua.node,
    }  # fmt: skip
    for what, key in keys.items():
        counts = Counter(key(a) for a in points.addresses)
        for value in (v for v, n in counts.items() if n > 1):
            names = [p.name for p, a in zip(points.points, points.addresses, strict=True) if key(a) == value]
            result.append(f"{what} {value!r} is given to {', '.join(names)}")
    return result


def _read(path: str | Path, points: PointList) -> tuple[list[tuple[str, dict[str, Any]]], dict[str, Any]]:
    """Entries by point name, and the keys above them."""
    suffix = Path(path).suffix.lower()
    if suffix not in (".toml", ".csv"):
        raise MapError(f"{path}: maps are .toml or .csv")
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        if suffix == ".csv":
            return read_rows(text, points)
        record = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RowsError) as error:
        raise MapError(f"{path}: {error}") from error
    listed = record.pop("points", {})
    if not isinstance(listed, dict) or not all(isinstance(entry, dict) for entry in listed.values()):
        raise MapError(f'{path}: points must be tables like [points."T_supply[1]"]')
    return list(listed.items()), record


def _head(head: Mapping[str, Any], faults: list[str]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in head.items():
        if key == "word_order" and value in [order.value for order in WordOrder]:
            result[key] = WordOrder(value)
        elif key == "word_order":
            faults.append(f"word_order = {value!r}: must be one of {', '.join(repr(order.value) for order in WordOrder)}")
        elif key not in HEAD:
            faults.append(f"unknown key {key!r}; {hint(key, [*HEAD, 'word_order', 'points'])}")
        else:
            kind, low, high = HEAD[key]
            if type(value) is not kind or not low <= value <= high:
                faults.append(f"{key} = {value!r}: must be a whole number from {low} to {high}")
            else:
                result[key] = value
    return result


def _address(point: Point, now: Address, entry: Mapping[str, Any]) -> Address:
    """The address of one point after its entry."""
    for key, value in entry.items():
        if key != "label" and key not in SECTIONS:
            raise _BadEntryError(f"unknown key {key!r}; {hint(key, ['label', *SECTIONS])}")
        if key in SECTIONS and not isinstance(value, dict):
            raise _BadEntryError(f"{key} must be a table of {', '.join(SECTIONS[key])}")
        for inner in value if key in SECTIONS else ():
            if inner not in SECTIONS[key]:
                raise _BadEntryError(f"unknown key {key}.{inner}; {hint(inner, SECTIONS[key])}")
    label = _text(entry, "label", now.label)
    node = _text(entry.get("opcua", {}), "node", now.opcua.node if "label" not in entry else f"{now.opcua.path[0]}/{label}")
    return Address(
        label=label, modbus=_modbus(point, now.modbus, entry.get("modbus", {})), bacnet=_bacnet(point, now.bacnet, entry.get("bacnet", {})),
        opcua=dataclasses.replace(now.opcua, node=node, path=(*now.opcua.path[:-1], label)),
    )  # fmt: skip


def _modbus(point: Point, now: ModbusAddress, said: Mapping[str, Any]) -> ModbusAddress:
    table = _one_of(Table, said, "table", now.table)
    if table.is_bits != (point.kind is Kind.BINARY):
        raise _BadEntryError(f"a point of kind {point.kind.value} cannot be a {table.value}")
    if point.writable and table in (Table.INPUT, Table.DISCRETE):
        raise _BadEntryError(f"a {point.role.value} must be written, {table.value}s cannot")
    encoding = _one_of(Encoding, said, "encoding", now.encoding)
    if table.is_bits != (encoding is Encoding.BIT):
        raise _BadEntryError(f"a {table.value} cannot hold {encoding.value}")
    scale = said.get("scale", 1.0)
    if isinstance(scale, bool) or not isinstance(scale, int | float) or not 0.0 < scale < float("inf"):
        raise _BadEntryError(f"modbus.scale = {scale!r}: must be a number above 0")
    if encoding in WHOLE:
        low, high = WHOLE[encoding]
        for bound in (point.low, point.high):
            if bound is not None and not low <= bound * scale <= high:
                raise _BadEntryError(f"{bound:g} {point.unit} times modbus.scale = {scale:g} does not fit {encoding.value}")
    elif scale != 1.0:
        raise _BadEntryError(f"modbus.scale = {scale:g}: {encoding.value} is not scaled")
    address = _whole(said, "address", now.address, LAST_CELL)
    return ModbusAddress(table=table, address=address, encoding=encoding, scale=float(scale))


def _bacnet(point: Point, now: BacnetAddress, said: Mapping[str, Any]) -> BacnetAddress:
    kind = _text(said, "object_type", now.object_type)
    allowed = [f"{FAMILY[point.kind]}-{end}" for end in (("output", "value") if point.writable else ("input", "value"))]
    if kind not in allowed:
        raise _BadEntryError(
            f"bacnet.object_type = {kind!r}: a {point.role.value} of kind {point.kind.value} is one of {', '.join(allowed)}"
        )
    return BacnetAddress(object_type=kind, instance=_whole(said, "instance", now.instance, LAST_INSTANCE))


def _text(said: Mapping[str, Any], key: str, now: str) -> str:
    value = said.get(key, now)
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise _BadEntryError(f"{key} = {value!r}: must be a text")
    return value


def _whole(said: Mapping[str, Any], key: str, now: int, most: int) -> int:
    value = said.get(key, now)
    if type(value) is not int or not 0 <= value <= most:
        raise _BadEntryError(f"{key} = {value!r}: must be a whole number from 0 to {most}")
    return value


def _one_of(kind: Any, said: Mapping[str, Any], key: str, now: Any) -> Any:
    value = said.get(key, now.value)
    if value not in [member.value for member in kind]:
        raise _BadEntryError(f"{key} = {value!r}: must be one of {', '.join(member.value for member in kind)}")
    return kind(value)


def _settled(points: PointList, placed: Mapping[int, Address], moved: set[tuple[int, str]]) -> tuple[Address, ...]:
    """All addresses: those placed, and the others behind them where they share a table or an object type."""
    cells: dict[Table, int] = {}
    instances: dict[str, int] = {}
    for k, a in placed.items():
        if (k, "modbus") in moved:
            cells[a.modbus.table] = max(cells.get(a.modbus.table, 0), a.modbus.end)
        if (k, "bacnet") in moved:
            instances[a.bacnet.object_type] = max(instances.get(a.bacnet.object_type, 0), a.bacnet.instance)
    result = []
    for k, default in enumerate(points.addresses):
        a = placed.get(k, default)
        if (k, "modbus") not in moved and (table := a.modbus.table) in cells:
            a = dataclasses.replace(a, modbus=dataclasses.replace(a.modbus, address=cells[table]))
            cells[table] = a.modbus.end
        if (k, "bacnet") not in moved and (kind := a.bacnet.object_type) in instances:
            instances[kind] += 1
            a = dataclasses.replace(a, bacnet=BacnetAddress(object_type=kind, instance=instances[kind]))
        result.append(a)
    return tuple(result)
