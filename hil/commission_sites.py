"""What a commissioning script is run against: a served plant in process, as fast as it computes, or any site over a link."""

import dataclasses
import math
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from lowlift.hil.fault import Fault
from lowlift.hil.fault_points import point_name
from lowlift.hil.served_plant import ServedPlant
from lowlift.wire.link import Link, LinkError
from lowlift.wire.point_list import PointList

STANDSTILL = 10.0
"""Real time without movement of plant time after which a site counts as stopped [s]."""


class Site(Protocol):
    """A site under test. Values are in site units, by point name."""

    @property
    def points(self) -> PointList:
        """Its points."""

    @property
    def title(self) -> str:
        """What it is, for the report."""

    @property
    def step(self) -> float:
        """Least time between two looks [s]."""

    def now(self) -> float:
        """Its time [s]."""

    def values(self) -> Mapping[str, float]:
        """What all points show.

        Raises:
            LinkError: it does not answer.
        """

    def truth(self) -> Mapping[str, float]:
        """Readings as they really are, where somebody knows; empty elsewhere."""

    def write(self, values: Mapping[str, float]) -> None:
        """Write commands.

        Raises:
            RefusedError, LinkError: see :class:`lowlift.wire.link.Link`.
        """

    def begin(self, fault: Fault) -> None:
        """Let a fault begin.

        Raises:
            LinkError: the site has no point for it, or does not answer.
        """

    def end(self, fault: Fault) -> None:
        """Let a fault end."""

    def advance(self, seconds: float) -> None:
        """Let so much of its time pass."""


class InProcess:
    """A served plant that nobody else steps: time passes as fast as it computes."""

    def __init__(self, served: ServedPlant) -> None:
        self.served = served
        self._readings = served.plant.site.sheet.measurements.names

    @property
    def points(self) -> PointList:
        """Its points."""
        return self.served.image.points

    @property
    def title(self) -> str:
        """Plant and scenario."""
        return f"{self.served.plant.site.name} in process, {self.served.scenario.name}, steps of {self.served.step_size:g} s"

    @property
    def step(self) -> float:
        """Plant step [s]."""
        return self.served.step_size

    def now(self) -> float:
        """Plant time [s]."""
        return self.served.t

    def values(self) -> Mapping[str, float]:
        """As every protocol shows them."""
        return {p.name: float(v) for p, v in zip(self.points.points, self.served.image.values(), strict=True)}

    def truth(self) -> Mapping[str, float]:
        """Readings before the faults of their sensors."""
        return {name: self.points[name].from_si(float(v)) for name, v in zip(self._readings, self.served.true[0], strict=True)}

    def write(self, values: Mapping[str, float]) -> None:
        """Write commands."""
        self.served.image.write(values, "commissioning")

    def begin(self, fault: Fault) -> None:
        """With the next step."""
        self.served.faults.begin(dataclasses.replace(fault, begin=0.0, end=math.inf))

    def end(self, fault: Fault) -> None:
        """With the next step."""
        self.served.faults.end(fault.title)

    def advance(self, seconds: float) -> None:
        """Step."""
        for _ in range(max(1, math.ceil(seconds / self.step - 1e-9))):
            self.served.step()


class OverLink:
    """A site over a protocol; its time is the point ``elapsed`` where it has one, else real time.

    Args:
        link: connected or not: it is connected at the first look.
        title: where it is.
        poll: real time between two looks [s].
        clock: monotonic time [s].
        wait: waits so many seconds.
    """

    def __init__(
        self, link: Link, title: str, *, poll: float = 0.5, clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:  # fmt: skip
        self._link, self.title, self._poll, self._clock, self._wait = link, title, poll, clock, wait
        self._latest: dict[str, float] = {}
        self._connected = False
        self._begin = clock()

    @property
    def points(self) -> PointList:
        """Its points."""
        return self._link.points

    @property
    def step(self) -> float:
        """One look after the other: the site's time between them follows from its pace."""
        return 1e-9

    def now(self) -> float:
        """At the latest look [s]."""
        return self._latest["elapsed"] if "elapsed" in self._latest else self._clock() - self._begin

    def values(self) -> Mapping[str, float]:
        """All points."""
        if not self._connected:
            self._link.connect()
            self._connected = True
        self._latest = {name: self.points[name].from_si(value) for name, value in self._link.read().items()}
        return self._latest

    def truth(self) -> Mapping[str, float]:
        """Nobody knows."""
        return {}

    def write(self, values: Mapping[str, float]) -> None:
        """Write commands."""
        self._link.write({name: self.points[name].to_si(value) for name, value in values.items()})

    def begin(self, fault: Fault) -> None:
        """Press its point."""
        self._press(fault, 1.0)

    def end(self, fault: Fault) -> None:
        """Release its point."""
        self._press(fault, 0.0)

    def advance(self, seconds: float) -> None:
        """Wait and look until so much of the site's time has passed."""
        if not self._latest:
            self.values()
        before = last = self.now()
        moved = self._clock()
        while True:
            self._wait(self._poll)
            self.values()
            now = self.now()
            if now - before >= seconds - 1e-9 and now > before:
                return
            if now != last:
                last, moved = now, self._clock()
            elif self._clock() - moved > STANDSTILL:
                raise LinkError(f"{self.title}: plant time has stood still at {now:g} s for {STANDSTILL:g} s")

    def _press(self, fault: Fault, value: float) -> None:
        if point_name(fault) not in self.points.index:
            raise LinkError(f"fault {fault.title!r}: the site has no point {point_name(fault)!r} to press it with")
        self.write({point_name(fault): value})
