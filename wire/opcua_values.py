"""What servers and clients of points over OPC UA agree on: their namespace, and the type of each kind of point."""

from asyncua import ua

from lowlift.wire.point import Kind, Point

NAMESPACE = "urn:lowlift:plant"
"""URI of the namespace that points are in."""
TYPES = {Kind.ANALOG: ua.VariantType.Double, Kind.BINARY: ua.VariantType.Boolean, Kind.MULTISTATE: ua.VariantType.UInt32}


def variant(point: Point, value: float) -> ua.Variant:
    """A value in site units as OPC UA has it."""
    return ua.Variant(native(point, value), TYPES[point.kind])


def native(point: Point, value: float) -> float | bool | int:
    """The same in Python's type."""
    if point.kind is Kind.BINARY:
        return value > 0.5
    return round(value) if point.kind is Kind.MULTISTATE else float(value)
