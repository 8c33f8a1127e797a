"""The KKT conditions of a batch, in the problems' own scaled units."""

import dataclasses
from typing import NamedTuple

import numpy as np

from lowlift.controllers.optimiser.evaluation import Values
from lowlift.controllers.optimiser.inequalities import Inequalities
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.problem import BatchData

MULTIPLIERS = 100.0
"""Mean size of multipliers above which dual residuals are taken relative to it."""


@dataclasses.dataclass(frozen=True)
class Residuals:
    """Errors of all problems, ``(B,)``, and the gradient of the slacks."""

    slack_gradient: np.ndarray
    """``(N, B, n_s)``."""
    infeasibility: np.ndarray
    stationarity: np.ndarray
    largest: np.ndarray
    """Largest product ``lam t``."""
    smallest: np.ndarray
    mean: np.ndarray
    """Mean product."""
    size: np.ndarray
    """Scale of multipliers."""

    def complementarity(self, mu: np.ndarray | float) -> np.ndarray:
        """Largest difference of ``lam t`` to the barrier parameter, scaled."""
        result: np.ndarray = np.maximum(np.abs(self.largest - mu), np.abs(self.smallest - mu)) / self.size
        return result

    def error(self, mu: np.ndarray | float) -> np.ndarray:
        """KKT error of the barrier problem; of the problem itself for zero."""
        result: np.ndarray = np.maximum(np.maximum(self.infeasibility, self.stationarity), self.complementarity(mu))
        return result


class LagrangianGradient(NamedTuple):
    """Gradient of the whole Lagrangian, ``(N, B, ·)``."""

    x0: np.ndarray
    """``(B, n_x)``; zero where the initial state is given."""
    u: np.ndarray
    w: np.ndarray
    s: np.ndarray


def lagrangian_gradient(rows: Inequalities, data: BatchData, point: Iterate, gradient: np.ndarray) -> LagrangianGradient:
    """Stages joined: what a state costs at the end of its stage and at the start of the next one.

    Args:
        rows: the inequalities.
        data: the problems.
        point: where.
        gradient: of ``l + y.F + lam.c``, ``(N, B, n_z)``.
    """
    p = rows.problem
    nx, nu = p.nx, p.nu
    gu, gw, gs = rows.pull_back(point.lam)
    along_u = gradient[..., nx : nx + nu] + gu
    along_w = gradient[..., nx + nu :] + gw
    along_w[:-1] += gradient[1:, :, :nx]
    slack = data.slack_linear + 2.0 * data.slack_quadratic * point.s + gs
    initial = np.zeros_like(point.x0)
    if data.arrival is not None:
        initial = gradient[0, :, :nx] + _times(data.arrival, point.x0 - data.x0)
    return LagrangianGradient(initial, along_u, along_w, slack)


def residuals(rows: Inequalities, data: BatchData, point: Iterate, values: Values, gradient: np.ndarray, G: np.ndarray) -> Residuals:
    """KKT residuals.

    Args:
        rows: the inequalities.
        data: the problems.
        point: where.
        values: of the stages there.
        gradient: of ``l + y.F + lam.c``, ``(N, B, n_z)``.
        G: the stack of inequalities there.
    """
    along = lagrangian_gradient(rows, data, point, gradient)
    stationarity = np.maximum.reduce([_largest(along.u), _largest(along.w), _largest(along.s), np.max(np.abs(along.x0), axis=1)])
    r = G + point.t
    infeasibility = np.maximum(_largest(values.F), _largest(r))
    if data.arrival is None:
        infeasibility = np.maximum(infeasibility, np.max(np.abs(point.x0 - data.x0), axis=1))
    n = point.lam.shape[0] * (point.lam.shape[2] + point.y.shape[2])
    mean = (np.abs(point.lam).sum(axis=(0, 2)) + np.abs(point.y).sum(axis=(0, 2))) / n
    products = point.lam * point.t
    if not products.shape[2]:  # nothing is limited: what has no product is complementary
        products = np.zeros((*products.shape[:2], 1))
    return Residuals(along.s, infeasibility, stationarity, products.max(axis=(0, 2)), products.min(axis=(0, 2)),
                     products.mean(axis=(0, 2)), np.maximum(1.0, mean / MULTIPLIERS))  # fmt: skip


def _largest(v: np.ndarray) -> np.ndarray:
    result: np.ndarray = np.max(np.abs(v), axis=(0, 2), initial=0.0)
    return result


def _times(matrix: np.ndarray, vector: np.ndarray) -> np.ndarray:
    result: np.ndarray = (matrix @ vector[..., None])[..., 0]
    return result
