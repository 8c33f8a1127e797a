"""Whether the first trim chiller should be started or the last one stopped: whole numbers beside a smooth optimal control problem.

The plan is solved with the chillers that run, and now and then once more with the other number. A change must save something worth a
start, and no machine runs only where the hall would be kept without one if its load came back to the forecast's upper bound: a job
returns in seconds, a chiller in a quarter of an hour.
"""

from typing import Protocol

import numpy as np

from lowlift.controllers.interface import Measurement
from lowlift.controllers.solver import TOLERANCE, Solution

FROZEN = 900.0
"""Staging confirms and holds: a change of the chillers on takes effect in plans after this long [s]."""
RECONSIDER = 900.0
"""Time between looks at the other number of chillers, sooner where the plan breaks limits [s]."""
WORTH = 0.01
"""Least saving of a plan's cost for which the first chiller is started or the last one stopped [1]."""
KEPT = 0.05
"""Violation over a plan that does not count [K h]."""


class SolveWith(Protocol):
    """Solves the problem of the moment for given chillers on by stage, at the expected load or at its upper bound."""

    def __call__(self, chillers: np.ndarray, *, surge: bool = False) -> Solution:
        """Solve; the plan's slacks tell how limits are kept."""


class ChillerCount:
    """Chooses between two numbers of chillers and remembers what was asked of staging.

    Args:
        stages: stage lengths of the plans [s].
        available: whether the site has chillers at all.
    """

    def __init__(self, stages: np.ndarray, *, available: bool) -> None:
        self.available = available
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
        n = len(self._begins)
        if not self.available:
            none = np.zeros(n)
            return solve(none), none
        running = float(measurement["n_chillers"][0, 0])
        other = 1.0 if running < 0.5 else 0.0
        present = np.full(n, running)
        changed = np.where(self._begins < (FROZEN if n > 1 else 0.0), running, other)
        due = self._wanted is None or measurement.t - self._considered >= RECONSIDER - 1e-6
        if running > 1.5:
            self._wanted = running
        elif self._wanted == other and not due:
            return solve(changed), changed
        stay = solve(present)
        if running > 1.5 or not (due or stay.violation > KEPT):
            return stay, present
        self._considered = measurement.t
        go = solve(changed)
        if go.kkt_error > TOLERANCE:
            return stay, present
        on = go.cost < (1.0 - WORTH) * stay.cost if other > running else stay.cost <= go.cost / (1.0 - WORTH)
        if not on:
            without, with_one = (present, changed) if other > running else (changed, present)
            on = solve(without, surge=True).violation > solve(with_one, surge=True).violation + KEPT
        self._wanted = float(on)
        return (stay, present) if self._wanted == running else (go, changed)
