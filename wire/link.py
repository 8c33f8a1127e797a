"""A link to a plant over some protocol, as a controller uses it: all points in SI by name, and commands."""

from collections.abc import Mapping
from typing import Protocol, Self

import numpy as np

from lowlift.models.signals import SignalVector
from lowlift.wire.point_list import PointList


class LinkError(ConnectionError):
    """The other side does not answer, or answers nonsense; the next call tries to connect again."""


class Link(Protocol):
    """One connection, used by one thread. Units change in it: SI on this side, site units on the wire."""

    points: PointList

    def connect(self) -> None:
        """Connect; harmless when connected.

        Raises:
            LinkError: nobody answers.
        """

    def close(self) -> None:
        """Let go of the connection; harmless when there is none."""

    def read(self) -> dict[str, float]:
        """All points by name, SI; commands included, as they stand.

        Raises:
            LinkError: no answer, or an incomplete one.
        """

    def write(self, values: Mapping[str, float]) -> None:
        """Write commands, SI.

        All values are checked against the point table before the first is sent.

        Raises:
            RefusedError: a value that the point table forbids, or that the other side has refused.
            LinkError: no answer; some of the values may have arrived.
        """

    def __enter__(self) -> Self:
        """Connected."""

    def __exit__(self, *exception: object) -> None:
        """Closed."""


def readings_of(values: Mapping[str, float], table: SignalVector) -> dict[str, np.ndarray]:
    """What a controller takes as readings, each ``(1, n)``, from what a link has read.

    Args:
        values: points by name, SI.
        table: measurements of the plant.
    """
    return {s.name: np.array([[values[name] for name in s.components()]]) for s in table.signals}


def commands_of(setpoints: np.ndarray, table: SignalVector) -> dict[str, float]:
    """What a link writes, SI by point name, from setpoints ``(1, n_set)`` as a controller decides them.

    Args:
        setpoints: packed.
        table: setpoints of the plant.
    """
    return {f"{name}.cmd": float(value) for name, value in zip(table.names, setpoints[0], strict=True)}
