"""Which BACnet objects a point has beside its own, and their names: trend log, schedule, events with the one notification class."""

from collections.abc import Sequence

from lowlift.wire.adapter import ServeError
from lowlift.wire.point import Kind, Point, Role
from lowlift.wire.point_list import PointList

NOTIFICATION_CLASS, NOTIFICATION_CLASS_NAME, NOTIFICATION_CLASS_TEXT = 1, "alarms", "alarms of the plant"
"""Instance and number of the one notification class, its name and description."""
PORT, PORT_NAME = 1, "BACnet/IP"
"""Instance and name of the network port."""


def logged(point: Point) -> bool:
    """Whether a point has a trend log: sensors and meters."""
    return point.kind is Kind.ANALOG and point.role is Role.SENSOR and point.name != "elapsed"


def log_instances(points: Sequence[Point]) -> dict[int, int]:
    """Instance of the trend log of each point that has one, by position of the point."""
    return {k: instance for instance, k in enumerate((k for k, p in enumerate(points) if logged(p)), 1)}


def log_name(label: str) -> str:
    """Name of the trend log of a point."""
    return f"{label}.log"


def log_text(point: Point) -> str:
    """Description of the trend log of a point."""
    return f"{point.description}, logged"


def scheduled(point: Point) -> bool:
    """Whether a point can have a Schedule object: setpoint commands, which have a fallback value."""
    return point.writable and point.kind is Kind.ANALOG and point.fallback is not None


def schedule_instances(points: Sequence[Point]) -> dict[int, int]:
    """Instance of the Schedule object of each point that can have one, by position of the point."""
    return {k: instance for instance, k in enumerate((k for k, p in enumerate(points) if scheduled(p)), 1)}


def schedule_name(point: Point) -> str:
    """Name of the Schedule object of a setpoint command, whatever a map calls the command: that of the setpoint."""
    return point.name.removesuffix(".cmd")


def check_names(points: PointList) -> None:
    """Check that no point is called like a Schedule object.

    Raises:
        ServeError: a map has called one so.
    """
    labels = {a.label: p.name for p, a in zip(points.points, points.addresses, strict=True)}
    for k in schedule_instances(points.points):
        if (name := schedule_name(points.points[k])) in labels:
            raise ServeError(f"bacnet: {name} is the name of a Schedule object, and of the point {labels[name]} in the map")


def reports(point: Point) -> bool:
    """Whether the object of a point reports events."""
    return not point.writable and (point.name.startswith("alarm.") or point.alarm_low is not None or point.alarm_high is not None)
