"""Problems for the tests of the optimiser core: small, and of known structure."""

import casadi as ca
import numpy as np

from lowlift.controllers.optimiser.evaluation import NumpyEvaluator
from lowlift.controllers.optimiser.inequalities import Inequalities
from lowlift.controllers.optimiser.interior_point import InteriorPoint
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.kernel import KernelEvaluator, KernelMeasures, KernelNewton
from lowlift.controllers.optimiser.measures import NumpyMeasures
from lowlift.controllers.optimiser.newton import NumpyNewton
from lowlift.controllers.optimiser.problem import BatchData, StageProblem, StageSymbols

NX, NU, N_ROWS, N_PARAMETERS = 3, 2, 4, 4
SLACKS = (0, 0, 1, None)


def _stage(x: ca.SX, u: ca.SX, w: ca.SX, p: ca.SX) -> StageSymbols:
    """Three tanks in a row, heated by the product of a flow and a valve: implicit, bilinear, with a cost that is not convex."""
    flow = 0.2 + u[0]
    f = ca.vertcat(p[0] - flow * (w[0] - w[2]), flow * (w[0] - w[1]) - 0.3 * (w[1] - p[1]), flow * (w[1] - w[2]) - u[1] * (w[2] - p[1]))
    path = ca.vertcat(w[0] - p[2], w[1] + 0.1 * u[0] * u[0] - p[2], w[2] - p[2] + 0.2, u[0] + u[1] - 1.9)
    cost = u[0] ** 3 + 0.5 * u[1] ** 2 + 0.05 * u[1] + p[3] * ca.sumsqr(w - x) - 0.02 * ca.sin(3.0 * u[0]) * u[1]
    return StageSymbols(dynamics=w - x - 0.5 * f, path=path, cost=cost)


def tanks(n: int, *, w_high: float = np.inf) -> StageProblem:
    """The structure."""
    return StageProblem(
        name="tanks", n_stages=n, states=("hot", "middle", "cold"), controls=("flow", "valve"),
        rows=("hot limit", "middle limit", "cold limit", "power"), row_scale=(5.0, 5.0, 5.0, 1.0), row_units=("K", "K", "K", "1"),
        slack_of_row=SLACKS, n_parameters=N_PARAMETERS, u_low=np.zeros(NU), u_high=np.array([1.5, 1.2]),
        w_low=np.full(NX, -np.inf), w_high=np.full(NX, w_high), stage=_stage,
    )  # fmt: skip


def batch(n: int, size: int, seed: int = 0, *, arrival: bool = False) -> BatchData:
    """Problems of different loads, outdoor temperatures, limits and initial states."""
    rng = np.random.default_rng(seed)
    p = np.empty((n, size, N_PARAMETERS))
    p[..., 0] = rng.uniform(0.2, 0.9, size) * (1.0 + 0.3 * np.sin(np.arange(n) / 3.0))[:, None]
    p[..., 1] = rng.uniform(-1.0, 0.2, size)
    p[..., 2] = rng.uniform(0.6, 1.6, size)
    p[..., 3] = 0.01
    weight = np.full((n, size, 2), 20.0)
    return BatchData(
        x0=rng.uniform(0.0, 1.0, (size, NX)), p=p, slack_linear=weight, slack_quadratic=0.5 * weight,
        arrival=np.broadcast_to(3.0 * np.eye(NX), (size, NX, NX)).copy() if arrival else None,
    )  # fmt: skip


def cold(problem: StageProblem, data: BatchData) -> Iterate:
    """A first point: everything stays, controls in the middle."""
    n, b, m = problem.n_stages, data.size, Inequalities(problem).size
    u = np.broadcast_to(0.5 * (problem.u_low + problem.u_high), (n, b, problem.nu)).copy()
    w = np.broadcast_to(data.x0, (n, b, problem.nx)).copy()
    ones = np.ones((n, b, m))
    return Iterate(data.x0.copy(), u, w, np.full((n, b, problem.ns), 0.1), ones, ones.copy(), np.zeros((n, b, problem.nx)))


def methods(problem: StageProblem, *, kernel: bool) -> InteriorPoint:
    """The core on one of its paths."""
    rows = Inequalities(problem)
    plain = NumpyEvaluator(problem)
    if not kernel:
        return InteriorPoint(rows, plain, NumpyNewton(rows, plain.functions), NumpyMeasures(rows))
    f = plain.functions
    return InteriorPoint(rows, KernelEvaluator(f), KernelNewton(rows, f), KernelMeasures(rows, f))
