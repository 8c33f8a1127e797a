"""A commissioning script as it is run: steps, expectations, whether they fit a site; files are read by the module ``commission_file``."""

import dataclasses
import math
from collections.abc import Mapping

from lowlift.hil.fault import Fault, FaultError, check
from lowlift.models.plant import Plant
from lowlift.wire.point import Point, RefusedError
from lowlift.wire.point_list import PointList


class ScriptError(ValueError):
    """A commissioning script that cannot be run; names step and field, and what would be right."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Expectation:
    """What must come of a step; values in site units."""

    point: str
    value: float | None = None
    tolerance: float = 0.0
    below: float | None = None
    above: float | None = None
    within: float = 0.0
    holds: float = 0.0

    def met(self, value: float) -> bool:
        """Whether a value is as wanted."""
        return (
            not math.isnan(value)
            and (self.value is None or abs(value - self.value) <= self.tolerance + 1e-9)
            and (self.below is None or value < self.below)
            and (self.above is None or value > self.above)
        )

    @property
    def band(self) -> tuple[float, float]:
        """Least and largest value that is as wanted."""
        if self.value is not None:
            return self.value - self.tolerance, self.value + self.tolerance
        return -math.inf if self.above is None else self.above, math.inf if self.below is None else self.below

    def text(self, point: Point) -> str:
        """In words."""
        unit = "" if point.unit == "1" else f" {point.unit.replace('degC', '°C')}"
        if point.states and self.value is not None and self.tolerance == 0.0:
            wanted = state(point, self.value)
        elif self.value is not None:
            wanted = f"{self.value:g} ± {self.tolerance:g}{unit}" if self.tolerance else f"{self.value:g}{unit}"
        else:
            bounds = ((self.above, "above"), (self.below, "below"))
            wanted = " and ".join(f"{word} {bound:g}{unit}" for bound, word in bounds if bound is not None)
        when = f" within {self.within:g} s" if self.within else " at once"
        return f"{self.point} {wanted}{when}" + (f", for {self.holds:g} s" if self.holds else "")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """One step, in the order of its fields."""

    name: str
    commands: Mapping[str, float]
    ends: tuple[str, ...]
    begins: tuple[str, ...]
    wait: float
    expects: tuple[Expectation, ...]

    @property
    def longest(self) -> float:
        """Longest time that it takes [s]."""
        return self.wait + max((e.within + e.holds for e in self.expects), default=0.0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Script:
    """A commissioning script."""

    title: str
    about: str
    sample: float | None
    plot: tuple[str, ...]
    faults: tuple[Fault, ...]
    preconditions: tuple[Expectation, ...]
    steps: tuple[Step, ...]
    source: str
    """Where it is from."""
    text: str
    """As it was written."""

    @property
    def watched(self) -> tuple[str, ...]:
        """Points whose course is kept, in order of appearance."""
        expected = [e.point for e in (*self.preconditions, *(e for step in self.steps for e in step.expects))]
        return tuple(dict.fromkeys([*expected, *self.plot]))

    @property
    def longest(self) -> float:
        """Longest time that it takes [s]."""
        return sum(step.longest for step in self.steps)


def state(point: Point, value: float) -> str:
    """Name of a state of a binary or multistate point; the number where there is none."""
    k = round(value) - (1 if len(point.states) > 2 else 0) if math.isfinite(value) else -1
    return f"{value:g} ({point.states[k]})" if 0 <= k < len(point.states) else f"{value:g}"


def check_script(script: Script, points: PointList, plant: Plant) -> None:
    """Whether a script can be run at a site.

    Raises:
        ScriptError: a point is unknown or read-only, a value is refused, or a fault does not fit the plant; names step and field.
    """
    for k, fault in enumerate(script.faults):
        try:
            check(fault, plant, f"{script.source}: fault {k + 1}")
        except FaultError as error:
            raise ScriptError(str(error)) from error
    wanted = [(f"{script.source}: precondition {k + 1}.point", e.point) for k, e in enumerate(script.preconditions)]
    wanted += [(f"{script.source}: plot", name) for name in script.plot]
    for n, step in enumerate(script.steps):
        at = step_at(script.source, n + 1, step.name)
        wanted += [(f"{at}: expect {k + 1}.point", e.point) for k, e in enumerate(step.expects)]
        for name, value in step.commands.items():
            try:
                points[name].accept(value)
            except RefusedError as error:
                raise ScriptError(f"{at}: set: {error}") from error
    for at, name in wanted:
        if name not in points.index:
            raise ScriptError(f"{at} = {name!r}: no such point; {points.hint(name)}")


def step_at(source: str, number: int, name: str) -> str:
    """What a step is called in errors."""
    return f"{source}: step {number} {name!r}"
