"""Addresses of points: where each one is in Modbus, BACnet and OPC UA. Equal point lists get equal addresses.

- Modbus, unit 1: analog and multistate points are one float32 each, two registers, most significant word first (the order of IEEE 754 in
  the Modbus convention, "ABCD"); readable ones are input registers from 0, writable ones holding registers from 0; binary points are
  discrete inputs or coils from 0. Addresses are those of the protocol, counted from 0: reference numbers 3xxxx and 4xxxx are one higher.
- BACnet: object types by kind; instances count from 1 within each type, in the order of the list.
- OPC UA: string node ids in the server's own namespace, folders by role below an object of the plant's name.
"""

import dataclasses
import enum
from collections.abc import Sequence

from lowlift.wire.point import Kind, Point, Role


class Table(enum.StrEnum):
    """The four tables of Modbus."""

    COIL = "coil"
    DISCRETE = "discrete input"
    HOLDING = "holding register"
    INPUT = "input register"

    @property
    def is_bits(self) -> bool:
        """Whether its cells are bits."""
        return self in (Table.COIL, Table.DISCRETE)


class Encoding(enum.StrEnum):
    """How a number is laid into registers."""

    BIT = "bit"
    FLOAT32 = "float32"
    INT16 = "int16"
    UINT16 = "uint16"
    INT32 = "int32"
    UINT32 = "uint32"

    @property
    def registers(self) -> int:
        """Cells taken."""
        return 2 if self.value.endswith("32") else 1


class WordOrder(enum.StrEnum):
    """Which of two registers comes first."""

    HIGH_FIRST = "high first"
    """Most significant word at the lower address: ABCD."""
    LOW_FIRST = "low first"
    """CDAB."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModbusAddress:
    """Where a point is in Modbus."""

    table: Table
    address: int
    """First cell, counted from 0."""
    encoding: Encoding
    scale: float = 1.0
    """Register over value, for whole-number encodings: 10 sends 21.5 as 215."""

    @property
    def end(self) -> int:
        """First cell after it."""
        return self.address + self.encoding.registers


@dataclasses.dataclass(frozen=True, kw_only=True)
class BacnetAddress:
    """Which BACnet object a point is."""

    object_type: str
    """As in ASHRAE 135, with hyphens."""
    instance: int

    @property
    def text(self) -> str:
        """``analog-input,3``."""
        return f"{self.object_type},{self.instance}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class OpcUaAddress:
    """Which OPC UA variable a point is."""

    node: str
    """Identifier of its string node id; the server's own namespace has its index."""
    path: tuple[str, ...]
    """Browse names below the Objects folder."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Address:
    """One point at the wire."""

    label: str
    """What the site calls it: the object's or variable's name. The point's own name unless a map says otherwise."""
    modbus: ModbusAddress
    bacnet: BacnetAddress
    opcua: OpcUaAddress


OBJECT_TYPES = {
    (Kind.ANALOG, False): "analog-input", (Kind.BINARY, False): "binary-input", (Kind.MULTISTATE, False): "multi-state-input",
    (Kind.ANALOG, True): "analog-value", (Kind.BINARY, True): "binary-value", (Kind.MULTISTATE, True): "multi-state-value",
}  # fmt: skip
"""BACnet object type by kind and whether it can be written; hand values are outputs."""
HAND_TYPES = {Kind.ANALOG: "analog-output", Kind.BINARY: "binary-output"}
FOLDERS = {Role.SENSOR: "Sensors", Role.FEEDBACK: "Feedback", Role.COMMAND: "Commands", Role.MODE: "Modes"}


def object_type(point: Point) -> str:
    """BACnet object type of a point."""
    if point.name.endswith(".hand"):
        return HAND_TYPES[point.kind]
    return OBJECT_TYPES[point.kind, point.writable]


def table_of(point: Point) -> Table:
    """Modbus table of a point."""
    if point.kind is Kind.BINARY:
        return Table.COIL if point.writable else Table.DISCRETE
    return Table.HOLDING if point.writable else Table.INPUT


def assign(site: str, points: Sequence[Point]) -> tuple[Address, ...]:
    """The default address of each point."""
    cells = dict.fromkeys(Table, 0)
    instances: dict[str, int] = {}
    result = []
    for p in points:
        table, kind = table_of(p), object_type(p)
        encoding = Encoding.BIT if table.is_bits else Encoding.FLOAT32
        modbus = ModbusAddress(table=table, address=cells[table], encoding=encoding)
        cells[table] = modbus.end
        instances[kind] = instances.get(kind, 0) + 1
        bacnet = BacnetAddress(object_type=kind, instance=instances[kind])
        opcua = OpcUaAddress(node=f"{site}/{p.name}", path=(site, FOLDERS[p.role], p.name))
        result.append(Address(label=p.name, modbus=modbus, bacnet=bacnet, opcua=opcua))
    return tuple(result)
