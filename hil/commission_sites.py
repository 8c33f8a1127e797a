"""What a commissioning script is run against: a served plant in process, as fast as it computes, or any site over a link."""

import dataclasses
import math
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from lowlift.hil.fault import Fault
from lowlift.hil.fault_points import PREFIX, point_name
from lowlift.hil.served_plant import ServedPlant
from lowlift.wire.link import Link, LinkError, UnknownPointError
from lowlift.wire.point import Point
from lowlift.wire.point_list import PointList
from lowlift.wire.priorities import LOWEST, Slot

SOURCE = "commissioning"
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

    def put_back(self, name: str, found: float) -> str:
        """Put a command back that has been written, as it was found.

        Args:
            name: of the command.
            found: what it showed before, site units.

        Returns:
            How, in words.

        Raises:
            RefusedError, LinkError: it could not be.
        """

    def begin(self, fault: Fault) -> None:
        """Let a fault begin.

        Raises:
            UnknownPointError: the site has no point for it.
            RefusedError, FaultError: it may not, or cannot, have it.
            LinkError: it does not answer; the fault may have begun.
        """

    def end(self, fault: Fault) -> None:
        """Let a fault end."""

    def advance(self, seconds: float) -> None:
        """Let so much of its time pass."""


class InProcess:
    """A served plant that nobody else steps: time passes as fast as it computes."""

    def __init__(self, served: ServedPlant) -> None:
        self.served = served
        self._own: dict[str, Slot | None] = {}
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
        """Write commands, in the lowest slot; what stood there is kept before it is first written over."""
        image = self.served.image
        for name in values:
            if name in self.points.index and name not in self._own:
                self._own[name] = next((s for s in image.slots(self.points.position(name)) if s.priority == LOWEST), None)
        image.write(values, SOURCE)

    def put_back(self, name: str, found: float) -> str:
        """Put back what stood in the lowest slot, or empty it."""
        held = self._own.get(name)
        if held is None:
            self.served.image.relinquish([name], SOURCE, LOWEST)
            return f"{name}: our priority relinquished"
        self.served.image.write({name: held.value}, held.source)
        return f"{_written_back(self.points[name], held.value)}, which stood at our priority"

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

    Where commands have priorities (BACnet), what stood at ours is kept before it is first written over, and is what a command is put back
    to: others' commands are none of ours. Elsewhere the value that was found is written.

    Args:
        link: connected or not: it is connected at the first look.
        title: where it is.
        poll: real time between two looks [s].
        clock: monotonic time [s].
        wait: waits so many seconds; true ends the wait for more than that.
    """

    def __init__(
        self, link: Link, title: str, *, poll: float = 0.5, clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:  # fmt: skip
        self._link, self.title, self._poll, self._clock, self._wait = link, title, poll, clock, wait
        self._latest: dict[str, float] = {}
        self._own: dict[str, float | None] = {}
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
        try:
            read = self._link.read()
        except UnknownPointError as error:
            pressed = [name for name in self.points.index if name.startswith(PREFIX)]
            if not pressed:
                raise
            raise UnknownPointError(f"{error}; the script's faults are pressed with {', '.join(pressed)}: a served plant has such points "
                                    "with --faults SCRIPT --fault-points, a real site has none") from error  # fmt: skip
        self._latest = {name: self.points[name].from_si(value) for name, value in read.items()}
        if math.isnan(self._latest.get("elapsed", 0.0)):
            raise LinkError(f"{self.title}: its clock, the point 'elapsed', shows no number: the plant has failed")
        return self._latest

    def truth(self) -> Mapping[str, float]:
        """Nobody knows."""
        return {}

    def write(self, values: Mapping[str, float]) -> None:
        """Write commands."""
        new = [name for name in values if name not in self._own]
        if self._link.priorities and new:
            held = self._link.own(new)
            self._own |= {name: held.get(name) for name in new}
        self._link.write({name: self.points[name].to_si(value) for name, value in values.items()})

    def put_back(self, name: str, found: float) -> str:
        """Give our priority back, or what stood there; write what was found where there are no priorities.

        Connects again where the connection is lost.
        """
        point = self.points[name]
        self._link.connect()
        if not self._link.priorities:
            self._link.write({name: point.to_si(found)})
            return _written_back(point, found)
        held = self._own.get(name)
        if held is None:
            self._link.release([name])
            return f"{name}: our priority relinquished"
        self._link.write({name: held})
        return f"{_written_back(point, point.from_si(held))}, which stood at our priority"

    def begin(self, fault: Fault) -> None:
        """Press its point."""
        self.write({self._button(fault): 1.0})

    def end(self, fault: Fault) -> None:
        """Release its point; connects again where the connection is lost."""
        name = self._button(fault)
        self._link.connect()
        if self._link.priorities:
            self._link.release([name])
        else:
            self._link.write({name: 0.0})

    def advance(self, seconds: float) -> None:
        """Wait and look until so much of the site's time has passed, or ``wait`` ends it."""
        if not self._latest:
            self.values()
        before = last = self.now()
        moved = self._clock()
        while True:
            ended = self._wait(self._poll)
            self.values()
            now = self.now()
            if ended or (now - before >= seconds - 1e-9 and now > before):
                return
            if now != last:
                last, moved = now, self._clock()
            elif self._clock() - moved > STANDSTILL:
                raise LinkError(f"{self.title}: plant time has stood still at {now:g} s for {STANDSTILL:g} s")

    def _button(self, fault: Fault) -> str:
        if point_name(fault) not in self.points.index:
            raise UnknownPointError(f"fault {fault.title!r}: the site has no point {point_name(fault)!r} to press it with")
        return point_name(fault)


def _written_back(point: Point, value: float) -> str:
    unit = "" if point.unit == "1" else f" {point.unit.replace('degC', '°C')}"
    return f"{point.name}: {value:g}{unit} written back"
