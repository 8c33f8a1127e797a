"""The verdict on points from anywhere, by the residuals that the core uses."""

import numpy as np

from lowlift.controllers.optimiser.evaluation import Evaluator
from lowlift.controllers.optimiser.inequalities import Inequalities
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.measures import NumpyMeasures
from lowlift.controllers.optimiser.problem import BatchData
from lowlift.controllers.optimiser.residuals import residuals
from lowlift.controllers.optimiser.result import BatchResult, Outcome
from lowlift.controllers.optimiser.scaling import scaled_data, scaled_multipliers


def judge(rows: Inequalities, evaluator: Evaluator, data: BatchData, point: Iterate, scale: np.ndarray | None = None) -> BatchResult:
    """KKT errors of points with multipliers; their distances are set to those of the inequalities there. ``scale`` ``(B,)`` is that of the
    cost, in which the KKT error is judged; ``None``: one.

    Outcomes are left at ``ITERATIONS``: what a point counts as is for the caller to say.
    """
    scale = np.ones(data.size) if scale is None else scale
    values = evaluator.first(point.x, point.u, point.w, data.p, point.y, point.lam[..., rows.path])
    G = rows.stack(values.values.c, point.u, point.w, point.s, rows.bounds(data))
    point.t = np.maximum(-G, 0.0)
    of = values.scaled(scale)
    found = residuals(rows, scaled_data(data, scale), scaled_multipliers(point, scale), of.values, of.gradient, G)
    cost = NumpyMeasures(rows).merit(data, point, values.values, G).cost
    error = found.error(0.0)
    # What is not finite anywhere is finite nowhere: maxima over several errors hide it.
    error = np.where(np.isfinite(values.gradient).all(axis=(0, 2)) & np.isfinite(G).all(axis=(0, 2)), error, np.inf)
    return BatchResult(
        point=point, outcome=np.full(data.size, Outcome.ITERATIONS), kkt_error=error, infeasibility=found.infeasibility,
        stationarity=found.stationarity / scale, complementarity=found.complementarity(0.0) / scale, objective=cost, cost_scale=scale,
        iterations=np.zeros(data.size, dtype=int), mu=np.full(data.size, np.nan), stage=np.full(data.size, -1),
    )  # fmt: skip
