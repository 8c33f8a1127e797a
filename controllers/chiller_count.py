"""Whether a trim chiller should be started or stopped: whole numbers beside a smooth optimal control problem.

The plan is solved with the chillers that run, and now and then with one more and one less. A change must save something worth a start, and
a machine is done without only where the hall would be kept if its load came back to the forecast's upper bound: a job returns in seconds,
a chiller in a quarter of an hour.
"""

import dataclasses
from typing import Protocol

import numpy as np

from lowlift.controllers.interface import Measurement
from lowlift.controllers.solver import TOLERANCE, Solution
from lowlift.controllers.staging import CONFIRM_DOWN

STARTS_AFTER = 900.0
"""Staging confirms a start before it makes it: a machine that is asked for cools after this long [s]. One that is let go stops cooling at
once, although staging keeps it running for a while: its setpoint is out of reach."""
RECONSIDER = 900.0
"""Time between looks at the other number of chillers, sooner where the plan breaks limits [s]."""
WORTH = 0.01
"""Least saving of a plan's cost for which a chiller is started or stopped [1]."""
KEPT = 0.05
"""Violation over a plan that does not count [K h]."""


@dataclasses.dataclass(frozen=True)
class Course:
    """Chillers by stage of a plan, arrays ``(n,)``."""

    on: np.ndarray
    """Machines that run and take condenser water."""
    cooling: np.ndarray
    """Machines whose setpoint is in reach."""
    called: np.ndarray
    """Machines that staging is asked for: a start is asked for before it can cool."""


class SolveWith(Protocol):
    """Solves the problem of the moment for a course of chillers, at the expected load or at its upper bound."""

    def __call__(self, course: Course, *, surge: bool = False) -> Solution:
        """Solve; the plan's slacks tell how limits are kept."""


class Chooser(Protocol):
    """Decides which course of chillers a plan follows."""

    def reset(self) -> None:
        """Forget what was asked for."""

    def choose(self, measurement: Measurement, solve: SolveWith) -> tuple[Solution, Course]:
        """The plan to be used and its course."""


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
        self._asked = 0.0

    def choose(self, measurement: Measurement, solve: SolveWith) -> tuple[Solution, Course]:
        """The better plan and its course.

        A change is asked for until staging has made it or it no longer pays.
        """
        if not self.installed:
            none = course(self._begins, 0.0, 0.0)
            return solve(none), none
        running = float(np.round(measurement["n_chillers"][0, 0]))
        due = self._wanted is None or measurement.t - self._considered >= RECONSIDER - 1e-6
        waiting = measurement.t - self._asked if self._wanted not in (None, running) else 0.0
        if not due and self._wanted is not None and self._wanted != running:
            asked = course(self._begins, running, self._wanted, waiting)
            pending = solve(asked)
            if pending.violation <= KEPT:
                return pending, asked
        present = course(self._begins, running, running)
        stay = solve(present)
        if not (due or stay.violation > KEPT):
            return stay, present
        self._considered = measurement.t
        before, self._wanted, best = self._wanted, running, (stay, present)
        for other in (running - 1.0, running + 1.0):
            if not 0.0 <= other <= self.installed:
                continue
            asked = course(self._begins, running, other, waiting if other == before else 0.0)
            found = solve(asked)
            if found.kkt_error <= TOLERANCE and found.cost < best[0].cost and self._worth(solve, stay, found, present, asked):
                self._wanted, best = other, (found, asked)
        if self._wanted == running and running < self.installed:
            more = course(self._begins, running, running + 1.0, waiting if running + 1.0 == before else 0.0)
            if self._needed(solve, present, more):
                found = solve(more)
                if found.kkt_error <= TOLERANCE:
                    self._wanted, best = running + 1.0, (found, more)
        if self._wanted != before:
            self._asked = measurement.t
        return best

    def _worth(self, solve: SolveWith, stay: Solution, go: Solution, present: Course, asked: Course) -> bool:
        """Whether a change saves enough, and a machine less is not one too few."""
        fewer = asked.cooling[-1] < present.cooling[-1]
        return go.cost < (1.0 - WORTH) * stay.cost and not (fewer and self._needed(solve, asked, present))

    def _needed(self, solve: SolveWith, fewer: Course, more: Course) -> bool:
        """Whether limits at the load's upper bound are broken with ``fewer`` and kept better with ``more``."""
        without = solve(fewer, surge=True).violation
        return without > KEPT and without > solve(more, surge=True).violation + KEPT


def course(begins: np.ndarray, running: float, wanted: float, waiting: float = 0.0) -> Course:
    """The course when ``wanted`` machines have been asked for ``waiting`` seconds; plans of a single stage look beyond the change.

    >>> course(np.array([0.0, 900.0, 1800.0]), 0.0, 1.0, waiting=300.0).cooling
    array([0., 1., 1.])
    """
    if len(begins) == 1:
        running = wanted
    late = begins < (STARTS_AFTER if wanted > running else CONFIRM_DOWN) - waiting
    late[0] = len(begins) > 1
    on = np.where(late, running, wanted)
    return Course(on=on, cooling=np.minimum(on, wanted), called=np.full(len(begins), wanted))
