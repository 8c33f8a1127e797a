"""Which chillers run, and when: whole numbers beside a smooth optimal control problem, by dynamic programming over the hours to come.

What
    Every number of machines that cool, and every machine that is being let go (it cools no more but keeps its condenser water until staging
    has confirmed the stop), is planned for the whole horizon in coarse stages. The cheapest path through the stage costs of these plans,
    under the rules of staging, is the course that finer plans follow.

Assumptions
    Stages are long against the plant's time constants, so that a stage costs the same whatever the count was before. The loads are their
    upper bounds: pumps and fans cannot follow the pauses of a job, so pauses save less than a mean would say, and a machine is done without
    only where the hall is kept if its load comes back: a job returns in seconds, a chiller in a quarter of an hour.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol, TypeVar

import numpy as np

from lowlift.controllers.staging import CONFIRM_DOWN

STAGE = CONFIRM_DOWN
"""Length of a stage [s]: as long as staging takes to let a machine go."""
STARTS_AFTER = 900.0
"""Staging confirms a start before it makes it: a machine that is asked for cools after this long [s]. One that is let go stops cooling at
once, although staging keeps it running for a while: its setpoint is out of reach."""
KEPT = 0.05
"""Violation over a plan that does not count [K h]."""


class Mode(NamedTuple):
    """What the machines of a stage do."""

    on: int
    cooling: int


@dataclasses.dataclass(frozen=True)
class Course:
    """Chillers by stage of a plan, arrays ``(n,)``."""

    on: np.ndarray
    """Machines that run and take condenser water."""
    cooling: np.ndarray
    """Machines whose setpoint is in reach."""
    called: np.ndarray
    """Machines that staging is asked for: a start is asked for before it can cool."""


class Planned(Protocol):
    """A plan for a course of chillers."""

    @property
    def violation(self) -> float:
        """Limits broken by the plan [K h]."""


P = TypeVar("P", bound=Planned)


def modes(installed: int) -> list[Mode]:
    """All modes: ``k`` machines cool, or ``k`` run of which one is being let go."""
    return [Mode(k, k) for k in range(installed + 1)] + [Mode(k, k - 1) for k in range(1, installed + 1)]


def held(mode: Mode, n: int) -> Course:
    """The course of ``n`` stages in one mode."""
    cooling = np.full(n, float(mode.cooling))
    return Course(on=np.full(n, float(mode.on)), cooling=cooling, called=cooling)


def cheapest_path(costs: Mapping[Mode, np.ndarray], running: int) -> list[Mode]:
    """The modes of all stages with the least sum of costs.

    From ``k`` machines a stage may have ``k``, any more, or ``k`` with one being let go; after that, ``k - 1`` are left.

    Args:
        costs: stage costs ``(n,)`` of each mode; infinite where a mode has no plan.
        running: machines that cool before the first stage.

    Returns:
        A mode a stage; empty where no path has finite costs.

    >>> off, on, going = Mode(0, 0), Mode(1, 1), Mode(1, 0)
    >>> costs = {off: np.array([1.0, 1.0, 9.0]), on: np.array([2.0, 3.0, 3.0]), going: np.array([2.5, 4.0, 4.0])}
    >>> [mode.cooling for mode in cheapest_path(costs, 1)]
    [0, 0, 1]
    """
    n = len(next(iter(costs.values())))
    best: dict[int, tuple[float, list[Mode]]] = {running: (0.0, [])}
    for k in range(n):
        ahead: dict[int, tuple[float, list[Mode]]] = {}
        for count, (paid, path) in best.items():
            for mode, cost in costs.items():
                letting_go = mode.on > mode.cooling
                if mode.on != count if letting_go else mode.on < count:
                    continue
                total = paid + float(cost[k])
                if np.isfinite(total) and total < ahead.get(mode.cooling, (np.inf, []))[0]:
                    ahead[mode.cooling] = (total, [*path, mode])
        best = ahead
    return min(best.values(), default=(np.inf, []))[1]


class ChillerDay:
    """Follows a path of modes; where a plan along it breaks limits, one machine more is called.

    Args:
        stages: stage lengths of the plans that follow it [s]; a single one is taken to lie beyond all changes.
        installed: chillers of the site.
    """

    def __init__(self, stages: np.ndarray, *, installed: int) -> None:
        self.installed = installed
        self._begins = np.concatenate([[0.0], np.cumsum(stages)[:-1]])
        self.reset()

    def reset(self) -> None:
        """Forget the path."""
        self._path: list[Mode] = []
        self._from = 0.0

    def plan(self, t: float, running: int, costs: Mapping[Mode, np.ndarray]) -> None:
        """Plan anew at time ``t``.

        Args:
            t: now [s].
            running: machines that run.
            costs: costs of all stages of each mode that has a plan.
        """
        # A machine that was let go in the stage that ends now is as good as gone.
        left = min(running, self._mode(t - 1.0, running).cooling)
        self._path = cheapest_path(costs, left) if costs else []
        self._from = t

    def choose(self, t: float, running: int, solve: Callable[[Course], P]) -> tuple[P, Course]:
        """The plan along the path, or with one machine more where that keeps limits better."""
        along = self._course(t, running)
        found = solve(along)
        if found.violation > KEPT and running < self.installed:
            more = np.where(self._late(), along.cooling, np.maximum(along.cooling, running + 1.0))
            course = Course(on=np.maximum(along.on, more), cooling=more, called=np.maximum(along.called, running + 1.0))
            helped = solve(course)
            if helped.violation < found.violation - KEPT:
                return helped, course
        return found, along

    def _late(self) -> np.ndarray:
        """Stages in which a machine that is called now does not cool yet."""
        return (self._begins < STARTS_AFTER) & (len(self._begins) > 1)

    def _course(self, t: float, running: int) -> Course:
        path = [self._mode(t + begin, running) for begin in self._begins]
        soon = [self._mode(t + begin + STARTS_AFTER, running).cooling for begin in self._begins]
        wanted, on = np.array([float(m.cooling) for m in path]), np.array([float(m.on) for m in path])
        called = np.maximum(wanted, soon)
        if len(self._begins) == 1:
            return Course(on=called, cooling=called, called=called)
        # Staging has the last word: a machine that does not run yet cannot cool, one that still runs takes its water.
        starting = self._late() & (wanted > running)
        cooling = np.where(starting, running, wanted)
        on = np.maximum(np.where(starting, running, on), cooling)
        on[0] = running
        return Course(on=on, cooling=np.minimum(cooling, on), called=called)

    def _mode(self, t: float, running: int) -> Mode:
        """Mode of the path at time ``t``; where there is no path, what runs stays."""
        if not self._path:
            return Mode(running, running)
        return self._path[min(max(int((t - self._from) // STAGE), 0), len(self._path) - 1)]
