"""A small nonlinear program solved by IPOPT, with a verdict computed here from the solver's own multipliers."""

import dataclasses
import functools
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True)
class Point:
    """Where the solver ended."""

    z: np.ndarray
    cost: float
    kkt_error: float
    """Largest of infeasibility, scaled stationarity and complementarity; infinite where anything is no number."""
    iterations: int


class SteadySolver:
    """``min f(z, p)`` with bounds on ``z`` and ``g(z, p)``.

    Args:
        z: variables, scaled to order one.
        p: parameters.
        f: cost, scaled to order one.
        g: constraints, scaled to order one.
        g_bounds: of the constraints, each of their number.
    """

    def __init__(self, z: Any, p: Any, f: Any, g: Any, g_bounds: tuple[np.ndarray, np.ndarray]) -> None:
        self.z, self.p, self.f, self.g = z, p, f, g
        self.g_bounds = g_bounds

    @functools.cached_property
    def _functions(self) -> tuple[Any, Any]:
        import casadi as ca

        options: dict[str, Any] = {
            "print_time": False, "error_on_fail": False,
            "ipopt": {"print_level": 0, "sb": "yes", "max_iter": 150, "tol": 1e-6, "mu_init": 1e-2},
        }  # fmt: skip
        solver = ca.nlpsol("steady", "ipopt", {"x": self.z, "p": self.p, "f": self.f, "g": self.g}, options)
        lam = ca.SX.sym("lam", self.g.shape[0])
        gradient = ca.gradient(self.f + ca.dot(lam, self.g), self.z)
        return solver, ca.Function("residuals", [self.z, self.p, lam], [self.f, self.g, gradient], {"cse": True})

    def solve(self, p: np.ndarray, guess: np.ndarray, low: np.ndarray, high: np.ndarray) -> Point:
        """Solve from a guess within bounds of the variables."""
        solver, residuals = self._functions
        g_low, g_high = self.g_bounds
        r = solver(x0=np.clip(guess, low, high), p=p, lbx=low, ubx=high, lbg=g_low, ubg=g_high)
        z, lam_z, lam_g = (np.asarray(r[key]).ravel() for key in ("x", "lam_x", "lam_g"))
        cost, g, gradient = (np.asarray(v).ravel() for v in residuals(z, p, lam_g))
        lam, at = np.concatenate([lam_z, lam_g]), np.concatenate([z, g])
        below, above = at - np.concatenate([low, g_low]), np.concatenate([high, g_high]) - at
        size = max(1.0, float(np.abs(lam).mean()))
        # A multiplier belongs to a bound that is met: positive to the upper, negative to the lower one.
        gap = np.where(lam > 0.0, above, below)
        loose = np.minimum(np.abs(lam) / size, np.where(np.isfinite(gap), np.abs(gap), 1.0))
        errors = [float(np.abs(gradient + lam_z).max()) / size, float(-below.min()), float(-above.min()), float(loose.max())]
        error = max(errors) if np.isfinite(errors).all() else np.inf
        return Point(z, float(cost[0]), error, int(solver.stats().get("iter_count", 0)))
