"""Whether a trim chiller should be started or stopped: whole numbers beside a smooth optimal control problem.

The plan is solved with the chillers that run, and now and then with one more and one less. A change must save something worth a start, and
a machine is done without only where the hall would be kept if its load came back to the forecast's upper bound: a job returns in seconds,
a chiller in a quarter of an hour.
"""

from typing import Protocol

import numpy as np

from lowlift.controllers.interface import Measurement
from lowlift.controllers.solver import TOLERANCE, Solution

STARTS_AFTER = 900.0
"""Staging confirms a start before it makes it: a machine that is asked for cools after this long [s]. One that is let go stops cooling at
once, although staging keeps it running for a while: its setpoint is out of reach."""
RECONSIDER = 900.0
"""Time between looks at the other number of chillers, sooner where the plan breaks limits [s]."""
WORTH = 0.01
"""Least saving of a plan's cost for which a chiller is started or stopped [1]."""
KEPT = 0.05
"""Violation over a plan that does not count [K h]."""


class SolveWith(Protocol):
    """Solves the problem of the moment for given chillers on by stage, at the expected load or at its upper bound."""

    def __call__(self, chillers: np.ndarray, *, surge: bool = False) -> Solution:
        """Solve; the plan's slacks tell how limits are kept."""


class ChillerCount:
    """Chooses a number of chillers and remembers what was asked of staging.

    Args:
        stages: stage lengths of the plans [s].
        installed: chillers of the site, zero where it has none.
    """

    def __init__(self, stages: np.ndarray, *, installed: int) -> None:
        self.installed = installed
        self._begins = np.concatenate([[0.0], np.cumsum(stages)[:-1]])
        self.reset()

    def reset(self) -> None:
        """Forget what was asked for."""
        self._considered = -np.inf
        self._wanted: float | None = None

    def choose(self, measurement: Measurement, solve: SolveWith) -> tuple[Solution, np.ndarray]:
        """The better plan and its number of chillers by stage, shape ``(n,)``.

        A change is asked for until staging has made it or it no longer pays.
        """
        if not self.installed:
            none = np.zeros(len(self._begins))
            return solve(none), none
        running = float(np.round(measurement["n_chillers"][0, 0]))
        due = self._wanted is None or measurement.t - self._considered >= RECONSIDER - 1e-6
        if not due and self._wanted is not None and self._wanted != running:
            course = self._course(running, self._wanted)
            pending = solve(course)
            if pending.violation <= KEPT:
                return pending, course
        present = self._course(running, running)
        stay = solve(present)
        if not (due or stay.violation > KEPT):
            return stay, present
        self._considered = measurement.t
        self._wanted, best = running, (stay, present)
        for other in (running - 1.0, running + 1.0):
            if not 0.0 <= other <= self.installed:
                continue
            course = self._course(running, other)
            found = solve(course)
            if found.kkt_error <= TOLERANCE and found.cost < best[0].cost and self._worth(solve, stay, found, present, course):
                self._wanted, best = other, (found, course)
        if self._wanted == running and running < self.installed:
            more = self._course(running, running + 1.0)
            if self._needed(solve, present, more):
                found = solve(more)
                if found.kkt_error <= TOLERANCE:
                    self._wanted, best = running + 1.0, (found, more)
        return best

    def _course(self, running: float, wanted: float) -> np.ndarray:
        """Chillers that cool, by stage, when ``wanted`` is asked for now; plans of a single stage look beyond the start."""
        late = len(self._begins) > 1 and wanted > running
        return np.where(self._begins < (STARTS_AFTER if late else 0.0), running, wanted)

    def _worth(self, solve: SolveWith, stay: Solution, go: Solution, present: np.ndarray, course: np.ndarray) -> bool:
        """Whether a change saves enough, and a machine less is not one too few."""
        return go.cost < (1.0 - WORTH) * stay.cost and not (course[-1] < present[-1] and self._needed(solve, course, present))

    def _needed(self, solve: SolveWith, fewer: np.ndarray, more: np.ndarray) -> bool:
        """Whether limits at the load's upper bound are broken with ``fewer`` and kept better with ``more``."""
        without = solve(fewer, surge=True).violation
        return without > KEPT and without > solve(more, surge=True).violation + KEPT
