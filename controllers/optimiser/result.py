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
    """No regularisation gives the right inertia."""
    NOT_A_NUMBER = 6
    """The model could not be evaluated."""


@dataclasses.dataclass
class BatchResult:
    """Solutions of a batch; arrays over problems ``(B,)``."""

    point: Iterate
    outcome: np.ndarray
    """Of :class:`Outcome`."""
    kkt_error: np.ndarray
    """Scaled: the largest of infeasibility, stationarity and complementarity."""
    infeasibility: np.ndarray
    """Largest violated row or bound."""
    stationarity: np.ndarray
    complementarity: np.ndarray
    objective: np.ndarray
    iterations: np.ndarray
    mu: np.ndarray
    """Barrier parameter at the end."""
    seconds: float = 0.0

    @property
    def converged(self) -> np.ndarray:
        """Which problems are solved to the tolerance."""
        result: np.ndarray = self.outcome == Outcome.CONVERGED
        return result
