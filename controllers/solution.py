"""What a plan's optimal control problem came to, and from which KKT error on it may be used."""

import dataclasses

import numpy as np

from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.problem import BatchData
from lowlift.controllers.optimiser.result import BatchResult

TOLERANCE = 1e-3
"""Scaled KKT error up to which a plan stands without another solver being asked, and an optimum at rest counts as one."""
ACCEPTABLE = 5e-2
"""Scaled KKT error up to which a feasible plan may be used, flagged as suboptimal."""


@dataclasses.dataclass(frozen=True)
class Solution:
    """The answer to one problem: a batch of one with what is known about it."""

    data: BatchData
    """The problem."""
    result: BatchResult
    violation: float
    """Limits broken by the plan: its slacks, integrated [K h]."""

    @property
    def point(self) -> Iterate:
        """Plan and multipliers."""
        return self.result.point

    @property
    def kkt_error(self) -> float:
        """The largest of infeasibility, stationarity and complementarity, scaled; infinite where that is no number."""
        error = float(self.result.kkt_error[0])
        return error if np.isfinite(error) else float("inf")

    @property
    def converged(self) -> bool:
        """Whether the solver reached its own tolerance: only then a plan is called optimal."""
        return bool(self.result.converged[0])

    @property
    def gap(self) -> float:
        """Sum of multipliers times distances to limits, over the cost: what the plan may cost too much, were the problem convex."""
        point = self.point
        return float(np.sum(point.lam[:, 0] * point.t[:, 0])) / max(abs(self.cost), 1e-12)

    @property
    def infeasibility(self) -> float:
        """Largest violation of a constraint or bound, scaled units (5 K, or 1 K on path rows)."""
        return float(self.result.infeasibility[0])

    @property
    def cost(self) -> float:
        """Scaled cost."""
        return float(self.result.objective[0])

    @property
    def solver(self) -> str:
        """Who answered."""
        return str(self.result.solver[0])

    @property
    def iterations(self) -> int:
        """Iterations of the answer."""
        return int(self.result.iterations[0])

    @property
    def ending(self) -> str:
        """How the solver ended, in words."""
        return self.result.ending(0)
