"""What a batch solve returns: points, and the truth about each of them."""

import dataclasses
import enum

import numpy as np

from lowlift.controllers.optimiser.iterate import Iterate


class Outcome(enum.IntEnum):
    """How a problem ended."""

    CONVERGED = 0
    """The KKT error is within the tolerance."""
    REAL_TIME = 1
    """The agreed number of iterations is done; the KKT error says how far the point is."""
    ITERATIONS = 2
    """Out of iterations."""
    STALLED = 3
    """No step leads further although the point is nearly feasible: the KKT error says how far it is."""
    INFEASIBLE = 4
    """No step reduces the infeasibility further: the hard constraints cannot be kept, as far as a local method can tell."""
    SINGULAR = 5
    """The equations of a stage do not determine what they must, its end state first of all; :attr:`BatchResult.stage` says which one."""
    NOT_A_NUMBER = 6
    """The model could not be evaluated."""


@dataclasses.dataclass
class BatchResult:
    """Solutions of a batch; arrays over problems ``(B,)``."""

    point: Iterate
    outcome: np.ndarray
    """Of :class:`Outcome`."""
    kkt_error: np.ndarray
    """The largest of infeasibility, and of stationarity and complementarity times the cost's scale: what the tolerance is compared with."""
    infeasibility: np.ndarray
    """Largest violated row or bound."""
    stationarity: np.ndarray
    """Largest derivative of the Lagrangian, in units of the cost per scaled unit of a variable."""
    complementarity: np.ndarray
    """Largest product of a distance and its multiplier, in units of the cost; less where multipliers are large."""
    objective: np.ndarray
    iterations: np.ndarray
    mu: np.ndarray
    """Barrier parameter at the end, of the scaled cost."""
    cost_scale: np.ndarray
    """By which the objective was multiplied inside; one unless it is far from order one (see :mod:`.scaling`). Objective and multipliers
    are free of it."""
    stage: np.ndarray
    """Number of the stage that is singular, the first one where several are; -1 of all other outcomes."""
    seconds: float = 0.0
    solver: np.ndarray = dataclasses.field(default_factory=lambda: np.empty(0, dtype="<U16"))
    """Name of the solver that answered."""

    @property
    def converged(self) -> np.ndarray:
        """Which problems are solved to the tolerance."""
        result: np.ndarray = self.outcome == Outcome.CONVERGED
        return result

    def ending(self, problem: int) -> str:
        """How a problem ended, in words.

        Args:
            problem: number in the batch.
        """
        ended = Outcome(int(self.outcome[problem]))
        return f"singular in stage {self.stage[problem]}" if ended == Outcome.SINGULAR else ended.name.lower()

    def improve(self, index: np.ndarray, again: "BatchResult") -> None:
        """Take over those of another attempt at some of the problems that are better: converged, or with a smaller KKT error, which must be
        a number. Its time counts whatever it brought.
        """
        with np.errstate(invalid="ignore"):
            better = again.converged | (np.isfinite(again.kkt_error) & ~(again.kkt_error >= self.kkt_error[index]))
        self.seconds += again.seconds
        self.put(index[better], again.take(np.flatnonzero(better)))

    def take(self, index: np.ndarray) -> "BatchResult":
        """Of some problems."""
        some = {name: getattr(self, name)[index] for name in _PER_PROBLEM}
        return BatchResult(point=self.point.take(index), seconds=self.seconds, **some)

    def put(self, index: np.ndarray, other: "BatchResult") -> None:
        """Overwrite some of the problems."""
        self.point.put(index, other.point)
        for name in _PER_PROBLEM:
            getattr(self, name)[index] = getattr(other, name)


_PER_PROBLEM = (
    "outcome", "kkt_error", "infeasibility", "stationarity", "complementarity", "objective", "iterations", "mu", "cost_scale", "stage",
    "solver",
)  # fmt: skip
