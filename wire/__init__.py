"""The plant at the wire: points from the signal tables, their addresses in each protocol, protocol servers and clients.

Protocol libraries are imported when an adapter is made, and are installed with ``lowlift[hil]``.
"""

from typing import TYPE_CHECKING

from lowlift.lazy import lazy

if TYPE_CHECKING:
    from lowlift.wire.image import PointImage, Snapshot
    from lowlift.wire.link import Link, LinkError
    from lowlift.wire.point import Kind, Point, Refusal, RefusedError, Role
    from lowlift.wire.point_list import PointList
    from lowlift.wire.points import points_of
    from lowlift.wire.site_map import MapError, apply_map

__all__ = [
    "Kind", "Link", "LinkError", "MapError", "Point", "PointImage", "PointList", "Refusal", "RefusedError", "Role", "Snapshot", "apply_map",
    "points_of",
]  # fmt: skip

_HOME = {
    "PointImage": "image", "Snapshot": "image", "Link": "link", "LinkError": "link", "Kind": "point", "Point": "point", "Refusal": "point",
    "RefusedError": "point", "Role": "point", "PointList": "point_list", "points_of": "points", "MapError": "site_map",
    "apply_map": "site_map",
}  # fmt: skip

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy(__name__, {name: f"{__name__}.{module}" for name, module in _HOME.items()}, __all__)
