"""A link to a plant over some protocol, as a controller uses it: all points in SI by name, and commands."""

from collections.abc import Collection, Mapping
from typing import Protocol, Self

import numpy as np

from lowlift.models.signals import SignalVector
from lowlift.wire.point_list import PointList


class LinkError(ConnectionError):
    """The other side does not answer, or answers nonsense; the next call tries to connect again."""


class LinkTimeoutError(LinkError):
    """The other side has not answered in time; what was written may have arrived."""


class SetupError(LinkError):
    """What this side has been told cannot be right: an own address, a unit, a certificate, a password. Trying again does not help."""


class UnknownPointError(SetupError):
    """The other side has no such point: another plant, or another map, than the point list says."""


class Link(Protocol):
    """One connection, used by one thread. Units change in it: SI on this side, site units on the wire.

    Connecting again and waiting before it is the caller's: a link that has raised is closed, and :meth:`connect` begins anew.
    """

    points: PointList
    priorities: bool
    """Whether commands have priorities there, so that taking one back leaves those of others standing."""

    @property
    def url(self) -> str:
        """Where the other side is."""

    def connect(self) -> None:
        """Connect; harmless when connected.

        Raises:
            SetupError: it can never come about as it is configured.
            LinkError: nobody answers.
        """

    def close(self) -> None:
        """Let go of the connection; harmless when there is none."""

    def read(self, names: Collection[str] | None = None) -> dict[str, float]:
        """Points by name, SI; commands included, as they stand. A reading that the other side calls bad is not a number.

        Args:
            names: which; all where none are given. Others may come along where that costs nothing.

        Raises:
            LinkTimeoutError: no answer in time.
            UnknownPointError: the other side has no such point.
            LinkError: no connection, or nonsense.
        """

    def write(self, values: Mapping[str, float]) -> None:
        """Write commands, SI.

        All values are checked against the point table before the first is sent.

        Raises:
            RefusedError: a value that the point table forbids, or that the other side has refused.
            LinkError: no answer; some of the values may have arrived.
        """

    def release(self, names: Collection[str]) -> None:
        """Take commands back: BACnet relinquishes its priority; elsewhere their defaults are written.

        Raises:
            RefusedError: the other side refuses.
            LinkError: no answer; some may have been taken back.
        """

    def overridden(self, names: Collection[str]) -> dict[str, int]:
        """Those commands that somebody of a higher priority holds, and that priority; none where there are no priorities.

        Raises:
            LinkError: no answer.
        """

    def own(self, names: Collection[str]) -> dict[str, float]:
        """Those commands that hold a value at our own priority, and that value, SI; none where there are no priorities.

        Raises:
            LinkError: no answer.
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


def defaults_of(points: PointList, names: Collection[str]) -> dict[str, float]:
    """SI values of commands while nobody commands."""
    result = {}
    for name in names:
        point = points[name]
        result[name] = point.to_si(0.0 if point.default is None else point.default)
    return result


class WithoutPriorities:
    """What links have in common where commands have no priorities: nobody stands above them, and to let go is to write the defaults."""

    points: PointList
    priorities = False

    def write(self, values: Mapping[str, float]) -> None:
        """See :meth:`Link.write`."""
        raise NotImplementedError

    def release(self, names: Collection[str]) -> None:
        """Write the defaults.

        Raises:
            RefusedError: the other side refuses.
            LinkError: no answer; some may have been taken back.
        """
        self.write(defaults_of(self.points, names))

    def overridden(self, names: Collection[str]) -> dict[str, int]:
        """Nobody."""
        return {}

    def own(self, names: Collection[str]) -> dict[str, float]:
        """None."""
        return {}
