"""Scale of the cost: problems whose costs are far from order one are solved as if they were not.

A barrier parameter, a first multiplier and a tolerance mean something only against the slope of the cost. Where the largest slope of a
stage's cost at the first point is out of the range that they are made for, the whole objective (stages, slacks, arrival) is multiplied by a
factor of its own, as IPOPT does it (``nlp_scaling_method``), up as well as down. Within the range the factor is one and nothing is changed.
Factors are powers of a thousand: a cost in W, kW or MW is one and the same problem then, solved in as many iterations.
"""

import dataclasses

import numpy as np

from lowlift.controllers.optimiser.evaluation import Evaluator
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.problem import BatchData, StageProblem

SMALL, LARGE = 1e-2, 1e3
"""Slopes of the cost that need no scaling. Plans of packaged halls have 0.06 to 7."""
UNIT = 1e3
PROBES = 8
"""Stages that are looked at, first and last among them."""


def cost_scale(problem: StageProblem, evaluator: Evaluator, data: BatchData, start: Iterate) -> np.ndarray:
    """Factor ``(B,)`` of each problem's objective: one for slopes within :data:`SMALL` to :data:`LARGE`, else what makes them about one.

    A first point may be close to the optimum of a smooth cost. Small slopes therefore count only where the cost's second derivatives are
    small as well. Large second derivatives are no reason to scale: powers below two have them at bounds. Where neither says anything there
    is no scale.
    """
    at = np.unique(np.linspace(0, problem.n_stages - 1, PROBES).round().astype(int))
    x0 = data.x0 if data.arrival is None else start.x0
    x = np.where((at == 0)[:, None, None], x0[None], start.w[at - 1])
    none = np.zeros((at.size, data.size, problem.ny + problem.nc))
    found = evaluator.second(x, start.u[at], start.w[at], data.p[at], none[..., : problem.ny], none[..., problem.ny :])
    slope, bend = _largest(found.slope), _largest(found.hessian)
    size = np.where(slope < SMALL, np.maximum(slope, bend), slope)
    far = np.where(slope < SMALL, (size < SMALL) & (size > 0.0), slope > LARGE)
    return np.where(far, UNIT ** -np.round(np.log(np.where(far, size, 1.0)) / np.log(UNIT)), 1.0)


def scaled_data(data: BatchData, factor: np.ndarray) -> BatchData:
    """The same problems with their objectives multiplied, but for the stages' own costs."""
    rows = factor[None, :, None]
    arrival = None if data.arrival is None else data.arrival * factor[:, None, None]
    return dataclasses.replace(data, slack_linear=data.slack_linear * rows, slack_quadratic=data.slack_quadratic * rows, arrival=arrival)


def scaled_multipliers(point: Iterate, factor: np.ndarray) -> Iterate:
    """A point with multipliers of an objective that is multiplied."""
    rows = factor[None, :, None]
    return dataclasses.replace(point, lam=point.lam * rows, y=point.y * rows)


def _largest(v: np.ndarray) -> np.ndarray:
    result: np.ndarray = np.max(np.abs(np.where(np.isfinite(v), v, 0.0)), axis=(0, 2), initial=0.0)
    return result
