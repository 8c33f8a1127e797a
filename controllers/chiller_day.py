"""Chillers of a day by dynamic programming: when each is started and let go, for a controller that knows the loads to come.

What
    Every number of machines that cool, and every machine that is being let go (it cools no more but keeps its condenser water until staging
    has confirmed the stop), is planned for the whole horizon in coarse stages. The cheapest path through the stage costs of these plans,
    under the rules of staging, is the course.

Assumptions
    Stages are long against the plant's time constants, so that a stage costs the same whatever the count was before. The loads are their
    upper bounds within each stage: pumps and fans cannot follow the pauses of a job, so pauses save less than a mean would say.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from lowlift.controllers.chiller_count import KEPT, STARTS_AFTER, Course
from lowlift.controllers.interface import Measurement
from lowlift.controllers.solver import Solution
from lowlift.controllers.staging import CONFIRM_DOWN

STAGE = CONFIRM_DOWN
"""Length of a stage [s]: as long as staging takes to let a machine go."""


class Mode(NamedTuple):
    """What the machines of a stage do."""

    on: int
    cooling: int


def modes(installed: int) -> list[Mode]:
    """All modes: ``k`` machines cool, or ``k`` run of which one is being let go."""
    return [Mode(k, k) for k in range(installed + 1)] + [Mode(k, k - 1) for k in range(1, installed + 1)]


def cheapest_path(costs: dict[Mode, np.ndarray], running: int) -> list[Mode]:
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
    """Follows a path of modes; where it breaks limits, calls one machine more.

    Args:
        stages: stage lengths of the plans that follow it [s].
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

    def plan(self, t: float, running: int, stage_costs: Callable[[Mode], np.ndarray | None]) -> None:
        """Plan anew at time ``t``.

        Args:
            t: now [s].
            running: machines that cool.
            stage_costs: costs of all stages of a mode, or nothing where limits cannot be kept or the mode has no plan.
        """
        costs: dict[Mode, np.ndarray] = {}
        for mode in sorted(modes(self.installed), key=lambda m: (m.cooling, m.on)):
            found = stage_costs(mode)
            if found is not None:
                costs[mode] = found
        self._path = cheapest_path(costs, running) if costs else []
        self._from = t

    def choose(self, measurement: Measurement, solve: Callable[..., Solution]) -> tuple[Solution, Course]:
        """The plan along the path, or with one machine more where that keeps limits better."""
        running = int(np.round(measurement["n_chillers"][0, 0]))
        along = self._course(measurement.t, running)
        found = solve(along)
        if found.violation > KEPT and running < self.installed:
            more = np.where(self._begins < STARTS_AFTER, along.cooling, np.maximum(along.cooling, running + 1.0))
            course = Course(on=np.maximum(along.on, more), cooling=more, called=np.maximum(along.called, running + 1.0))
            helped = solve(course)
            if helped.violation < found.violation - KEPT:
                return helped, course
        return found, along

    def wanted(self, t: float, running: int) -> int:
        """Machines that cool at time ``t``; those that run where there is no path."""
        if not self._path:
            return running
        return self._path[min(max(int((t - self._from) // STAGE), 0), len(self._path) - 1)].cooling

    def _course(self, t: float, running: int) -> Course:
        at = t + self._begins
        wanted = np.array([float(self.wanted(s, running)) for s in at])
        called = np.maximum(wanted, [self.wanted(s + STARTS_AFTER, running) for s in at])
        path = [self._mode(s, running) for s in at]
        on = np.array([float(m.on) for m in path])
        # Staging has the last word: a machine that does not run yet cannot cool, one that still runs takes its water.
        starting = (self._begins < STARTS_AFTER) & (wanted > running)
        cooling = np.where(starting, running, wanted)
        on = np.maximum(np.where(starting, running, on), cooling)
        on[0] = running
        return Course(on=on, cooling=np.minimum(cooling, on), called=called)

    def _mode(self, t: float, running: int) -> Mode:
        if not self._path:
            return Mode(running, running)
        return self._path[min(max(int((t - self._from) // STAGE), 0), len(self._path) - 1)]
