"""Faults as points: one binary command for each fault of a schedule, ``fault.<name>``, for test rigs that press faults over the wire.

A site has no such points, so that a plant is served without them unless somebody asks. They stand behind all others and move no address.
"""

import dataclasses
from collections.abc import Sequence

from lowlift.hil.fault import Fault, FaultError
from lowlift.wire.addresses import assign
from lowlift.wire.point import Kind, Point, Role
from lowlift.wire.point_list import PointList
from lowlift.wire.points import slug

PREFIX = "fault."


def point_name(fault: Fault) -> str:
    """Name of a fault's point."""
    return PREFIX + slug(fault.title)


def with_fault_points(points: PointList, faults: Sequence[Fault]) -> PointList:
    """The list with a point for each fault behind its own.

    Raises:
        FaultError: two faults would have one point, or the list has addresses of its own, which say nothing about faults.
    """
    added = [
        Point(name=point_name(fault), description=f"fault: {fault.words}", kind=Kind.BINARY, role=Role.COMMAND, unit="1", si_unit="1",
              low=0.0, high=1.0, default=0.0, writable=True, whole=True, states=("off", "on"), signal=point_name(fault))
        for fault in faults
    ]  # fmt: skip
    names = [p.name for p in added]
    for name in names:
        if names.count(name) > 1 or name in points.index:
            raise FaultError(f"point {name!r}: two faults would have it; give them names that differ in letters and digits")
    everything = (*points.points, *added)
    addresses = assign(points.site, everything)
    if addresses[: len(points)] != points.addresses:
        raise FaultError("fault points need the default addresses: serve without a map")
    return dataclasses.replace(points, points=everything, addresses=addresses)


def fault_points(points: PointList, faults: Sequence[Fault]) -> list[tuple[int, Fault]]:
    """Positions of the fault points that a list has, each with its fault."""
    return [(points.index[point_name(fault)], fault) for fault in faults if point_name(fault) in points.index]
