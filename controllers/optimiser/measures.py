"""What an iteration measures of a point and of a direction, problem by problem: the NumPy path."""

import dataclasses
from typing import Protocol

import numpy as np

from lowlift.controllers.optimiser.evaluation import SecondOrder, Values
from lowlift.controllers.optimiser.inequalities import Bounds, Inequalities
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.problem import BatchData
from lowlift.controllers.optimiser.residuals import Residuals, residuals


@dataclasses.dataclass(frozen=True)
class Merit:
    """What a line search compares, ``(B,)`` each."""

    theta: np.ndarray
    """Sum of all violations of equations."""
    cost: np.ndarray
    """Objective, slacks and arrival included."""
    barrier: np.ndarray
    """Sum of the logarithms of all distances; not a number where one is not positive."""

    def take(self, index: np.ndarray) -> "Merit":
        """Of some problems."""
        return Merit(self.theta[index], self.cost[index], self.barrier[index])

    def phi(self, mu: np.ndarray) -> np.ndarray:
        """Barrier function."""
        result: np.ndarray = self.cost - mu * self.barrier
        return result


class Measures(Protocol):
    """Measures: by NumPy or by a compiled kernel."""

    def stack(self, c: np.ndarray, q: Iterate, bounds: Bounds) -> np.ndarray:
        """All inequalities."""

    def residuals(self, data: BatchData, q: Iterate, second: SecondOrder, G: np.ndarray) -> Residuals:
        """KKT residuals."""

    def reach(self, q: Iterate, d: Iterate, tau: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Longest steps, at most 1, that leave ``1 - tau`` of every distance and of every multiplier."""

    def merit(self, data: BatchData, q: Iterate, values: Values, G: np.ndarray) -> Merit:
        """What the line search compares."""

    def slope(self, data: BatchData, q: Iterate, d: Iterate, second: SecondOrder) -> tuple[np.ndarray, np.ndarray]:
        """Derivatives of the cost and of the barrier term along a direction."""

    def moved(self, q: Iterate, d: Iterate, primal: np.ndarray, dual: np.ndarray) -> Iterate:
        """A step of lengths ``(B,)`` along a direction."""


class NumpyMeasures:
    """Measures in NumPy."""

    def __init__(self, rows: Inequalities) -> None:
        self.rows = rows

    def stack(self, c: np.ndarray, q: Iterate, bounds: Bounds) -> np.ndarray:
        """All inequalities."""
        return self.rows.stack(c, q.u, q.w, q.s, bounds)

    def residuals(self, data: BatchData, q: Iterate, second: SecondOrder, G: np.ndarray) -> Residuals:
        """KKT residuals."""
        return residuals(self.rows, data, q, second.values, second.gradient, G)

    def reach(self, q: Iterate, d: Iterate, tau: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Longest steps."""

        def longest(v: np.ndarray, dv: np.ndarray) -> np.ndarray:
            fastest = np.max(-dv / v, axis=(0, 2), initial=0.0)
            with np.errstate(divide="ignore"):
                result: np.ndarray = np.minimum(1.0, tau / fastest)
            return result

        return longest(q.t, d.t), longest(q.lam, d.lam)

    def merit(self, data: BatchData, q: Iterate, values: Values, G: np.ndarray) -> Merit:
        """What the line search compares."""
        theta = np.abs(values.F).sum(axis=(0, 2)) + np.abs(G + q.t).sum(axis=(0, 2))
        cost = values.cost.sum(axis=0) + ((data.slack_linear + data.slack_quadratic * q.s) * q.s).sum(axis=(0, 2))
        if data.arrival is not None:
            off = q.x0 - data.x0
            cost += 0.5 * (off * (data.arrival @ off[..., None])[..., 0]).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return Merit(theta, cost, np.log(q.t).sum(axis=(0, 2)))

    def slope(self, data: BatchData, q: Iterate, d: Iterate, second: SecondOrder) -> tuple[np.ndarray, np.ndarray]:
        """Derivatives of the cost and of the barrier term along a direction."""
        p = self.rows.problem
        at_x, at_u, at_w = second.slope[..., : p.nx], second.slope[..., p.nx : p.nx + p.nu], second.slope[..., p.nx + p.nu :]
        cost = (at_x * d.x).sum(axis=(0, 2)) + (at_u * d.u).sum(axis=(0, 2)) + (at_w * d.w).sum(axis=(0, 2))
        cost += ((data.slack_linear + 2.0 * data.slack_quadratic * q.s) * d.s).sum(axis=(0, 2))
        if data.arrival is not None:
            cost += ((data.arrival @ (q.x0 - data.x0)[..., None])[..., 0] * d.x0).sum(axis=1)
        return cost, (d.t / q.t).sum(axis=(0, 2))

    def moved(self, q: Iterate, d: Iterate, primal: np.ndarray, dual: np.ndarray) -> Iterate:
        """A step of lengths ``(B,)`` along a direction."""
        return q.moved(d, primal, dual)
