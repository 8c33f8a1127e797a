"""A point list: the points of one site with their addresses, and looking them up."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence

import numpy as np

from lowlift.data.hints import hint
from lowlift.wire.addresses import Address, WordOrder, assign
from lowlift.wire.point import Point, Refusal, RefusedError


@dataclasses.dataclass(frozen=True)
class PointList:
    """Points and addresses, position by position; values of all points are arrays in this order."""

    site: str
    title: str
    points: tuple[Point, ...]
    addresses: tuple[Address, ...]
    unit_id: int = 1
    """Modbus unit."""
    word_order: WordOrder = WordOrder.HIGH_FIRST
    device_instance: int = 1
    """Of the BACnet device object."""

    def __len__(self) -> int:
        return len(self.points)

    @functools.cached_property
    def index(self) -> Mapping[str, int]:
        """Position by point name."""
        return {p.name: k for k, p in enumerate(self.points)}

    def position(self, name: str) -> int:
        """Position of a point.

        Raises:
            RefusedError: there is no such point; the message lists near names.
        """
        if name not in self.index:
            raise RefusedError(Refusal.UNKNOWN_POINT, f"no point {name!r}; {self.hint(name)}")
        return self.index[name]

    def hint(self, name: str) -> str:
        """Which points were perhaps meant by a name that is none."""
        return hint(name, self.index, where=f"lowlift points {self.site}")

    def __getitem__(self, name: str) -> Point:
        return self.points[self.position(name)]

    def accept(self, values: Mapping[str, float]) -> dict[int, float]:
        """Commands by name, SI, as their points take them: site units by position.

        Raises:
            RefusedError: there is no such point, or it does not take its value.
        """
        wanted: dict[int, float] = {}
        for name, si in values.items():
            position = self.position(name)
            point = self.points[position]
            wanted[position] = point.accept(point.from_si(si) if isinstance(si, int | float) else si)
        return wanted

    @functools.cached_property
    def writable(self) -> np.ndarray:
        """Positions of the commands and modes."""
        return np.flatnonzero([p.writable for p in self.points])

    @functools.cached_property
    def factors(self) -> np.ndarray:
        """Site unit over SI, of every point."""
        return np.array([p.factor for p in self.points])

    @functools.cached_property
    def offsets(self) -> np.ndarray:
        """Subtracted after that."""
        return np.array([p.offset for p in self.points])

    def from_si(self, values: np.ndarray) -> np.ndarray:
        """Values of all points, SI to site units."""
        result: np.ndarray = values * self.factors - self.offsets
        return result

    def to_si(self, values: np.ndarray) -> np.ndarray:
        """Values of all points, site units to SI."""
        result: np.ndarray = (values + self.offsets) / self.factors
        return result


def addressed(site: str, title: str, points: Sequence[Point]) -> PointList:
    """A list with default addresses."""
    return PointList(site=site, title=title, points=tuple(points), addresses=assign(site, points))
