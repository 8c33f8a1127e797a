"""A filter line search for a batch: every problem has a filter of its own.

After A. Waechter and L. T. Biegler, "On the implementation of an interior-point filter line-search algorithm for large-scale nonlinear
programming", Mathematical Programming 106 (2006) 25-57, section 2.3; the constants are theirs.
"""

import numpy as np

GAMMA_THETA, GAMMA_PHI = 1e-5, 1e-8
"""Decrease of infeasibility, or of the barrier function per infeasibility, that a trial point must bring."""
SWITCH, S_THETA, S_PHI = 1.0, 1.1, 2.3
"""Switching condition between steps for feasibility and steps for the objective."""
ARMIJO = 1e-8
THETA_HIGH, THETA_LOW = 1e4, 1e-4
"""Largest infeasibility ever accepted and the one below which the objective decides, relative to the first one (at least 1)."""
ALPHA = 0.05
"""Safety factor of the smallest step."""
NOISE = 10.0 * np.finfo(float).eps


class Filters:
    """Filters of ``size`` problems."""

    def __init__(self, theta: np.ndarray) -> None:
        self.high = THETA_HIGH * np.maximum(1.0, theta)
        self.low = THETA_LOW * np.maximum(1.0, theta)
        self.entries = np.empty((theta.size, 0, 2))

    def clear(self, index: np.ndarray) -> None:
        """Forget the entries of some problems: their barrier function is another one now."""
        self.entries[index] = np.inf

    def keep(self, index: np.ndarray) -> None:
        """Problems that stay."""
        self.high, self.low, self.entries = self.high[index], self.low[index], self.entries[index]

    def admits(self, index: np.ndarray, theta: np.ndarray, phi: np.ndarray) -> np.ndarray:
        """Whether trial points of some problems are outside their filters."""
        kept = self.entries[index]
        dominated = (theta[:, None] >= kept[..., 0]) & (phi[:, None] >= kept[..., 1])
        result: np.ndarray = (theta <= self.high[index]) & ~dominated.any(axis=1)
        return result

    def add(self, index: np.ndarray, theta: np.ndarray, phi: np.ndarray) -> None:
        """Forbid what is no better than these points."""
        if index.size == 0:
            return
        free = ~np.isfinite(self.entries[..., 0])
        if self.entries.shape[1] == 0 or not free[index].any(axis=1).all():
            grown = np.full((len(self.entries), 4, 2), np.inf)
            self.entries = np.concatenate([self.entries, grown], axis=1)
            free = ~np.isfinite(self.entries[..., 0])
        slot = np.argmax(free[index], axis=1)
        self.entries[index, slot, 0] = (1.0 - GAMMA_THETA) * theta
        self.entries[index, slot, 1] = phi - GAMMA_PHI * theta

    def aims_at_objective(self, slope: np.ndarray, alpha: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """Switching condition: the step promises more for the barrier function than for feasibility."""
        promise = alpha * np.maximum(-slope, 0.0) ** S_PHI
        result: np.ndarray = (slope < 0.0) & (promise > SWITCH * theta**S_THETA)
        return result

    def accept(self, index: np.ndarray, alpha: np.ndarray, slope: np.ndarray, now: tuple[np.ndarray, np.ndarray],
               trial: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
        """Which trial points are accepted, and which of the accepted ones must enter the filter's corner.

        Args:
            index: the problems.
            alpha: step lengths.
            slope: derivative of the barrier function along the direction.
            now: infeasibility and barrier function here.
            trial: the same at the trial point.
        """
        (theta, phi), (theta_new, phi_new) = now, trial
        noise = NOISE * np.abs(phi)
        finite = np.isfinite(theta_new) & np.isfinite(phi_new)
        objective = self.aims_at_objective(slope, alpha, theta) & (theta <= self.low[index])
        armijo = phi_new - phi - noise <= ARMIJO * alpha * slope
        better = (theta_new <= (1.0 - GAMMA_THETA) * theta) | (phi_new - noise <= phi - GAMMA_PHI * theta)
        accepted = finite & np.where(objective, armijo, better)
        with np.errstate(invalid="ignore"):
            accepted &= self.admits(index, theta_new, phi_new)
        return accepted, accepted & ~(objective & armijo)

    def smallest(self, index: np.ndarray, slope: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """Step length below which no trial point can be accepted any more."""
        with np.errstate(divide="ignore", invalid="ignore"):
            down = slope < 0.0
            by_phi = np.where(down, GAMMA_PHI * theta / -slope, np.inf)
            by_switch = np.where(down & (theta <= self.low[index]), SWITCH * theta**S_THETA / np.maximum(-slope, 1e-300) ** S_PHI, np.inf)
        result: np.ndarray = ALPHA * np.minimum(GAMMA_THETA, np.minimum(by_phi, by_switch))
        return result
