"""Values of points in the data types of their BACnet objects: *Real*, *BinaryPV*, *Unsigned*."""

from typing import Any

from bacpypes3.basetypes import BinaryPV
from bacpypes3.primitivedata import Real, Unsigned

from lowlift.wire.point import Kind, Point


def native(point: Point, value: float) -> Any:
    """A value in the type of its object."""
    if point.kind is Kind.BINARY:
        return BinaryPV("active" if value > 0.5 else "inactive")
    if point.kind is Kind.MULTISTATE:
        return Unsigned(max(round(value), 1))
    return Real(value)


def number(point: Point, value: Any) -> float:
    """The value of an object as a number."""
    return float(int(value)) if point.kind is Kind.BINARY else float(value)
