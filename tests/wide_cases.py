"""A small wide problem, and the same problem for IPOPT."""

from typing import Any

import casadi as ca
import numpy as np

from lowlift.controllers.optimiser.inequalities import Inequalities
from lowlift.controllers.optimiser.interior_point import InteriorPoint
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.problem import BatchData, StageProblem, StageSymbols
from lowlift.controllers.optimiser.wide import wide_parts
from lowlift.controllers.optimiser.wide_problem import BlockStructure, BlockSymbols, WideProblem

BLOCKS = 5


def _stage(x: Any, u: Any, w: Any, p: Any) -> StageSymbols:
    """Two tanks, pumped; the flows that two kinds of taps draw and their pressure are algebraic."""
    pump, drawn, pressure, heat = u[0], u[1:3], u[3], u[4]
    f = ca.vertcat(p[0] - pump * (w[0] - w[1]) - 0.2 * drawn[0] + 0.3 * heat, pump * (w[0] - w[1]) - 0.4 * w[1] - 0.1 * drawn[1] * w[1])
    return StageSymbols(
        dynamics=ca.vertcat(w - x - 0.4 * f, drawn, pressure - 2.0 * pump / (1.0 + drawn[0] ** 2 + 0.5 * drawn[1] ** 2), heat),
        path=ca.vertcat(w[0] - p[1], pump + 0.2 * drawn[0] - 1.4),
        cost=pump**3 + 0.1 * pump + 0.05 * ca.sumsqr(w - x) + 0.02 * ca.sin(2.0 * pump) * w[0],
    )


def _block(v: Any, links: Any, own: Any, shared: Any) -> BlockSymbols:
    """A tap: opening and heater are free, its temperature is not."""
    opening, heater, T = v[0], v[1], v[2]
    flow = links[1] * (0.1 + opening**2)
    return BlockSymbols(
        equations=T + 0.1 * T**3 - links[0] - heater - 0.3 * own[0] / (0.5 + flow),
        path=ca.vertcat(T - 1.6, 0.4 - flow - 0.1 * T, opening + heater - 1.7),
        cost=shared * (heater**2 + 0.05 * heater) + 0.3 * (T - own[1]) ** 2 + 0.05 * opening + 0.02 * opening * links[0],
        sums=ca.vertcat(flow, 0.3 * heater + 0.1 * opening * T),
    )


def taps(n: int) -> WideProblem:
    """The structure: two taps of one kind, three of another."""
    core = StageProblem(
        name="taps", n_stages=n, states=("hot", "cold"), controls=("pump", "drawn 1", "drawn 2", "pressure", "heat"),
        rows=("hot limit", "drive"), row_scale=(1.0, 1.0), row_units=("K", "1"), slack_of_row=(0, None), n_parameters=3,
        u_low=np.array([0.05, -np.inf, -np.inf, -np.inf, -np.inf]), u_high=np.array([1.5, np.inf, np.inf, np.inf, np.inf]),
        w_low=np.full(2, -np.inf), w_high=np.array([np.inf, 3.0]), stage=_stage, algebraic=4,
    )  # fmt: skip
    block = BlockStructure(
        variables=("opening", "heater", "T"), determined=1, low=np.array([0.02, 0.0, -np.inf]), high=np.array([1.0, np.inf, np.inf]),
        rows=("T limit", "flow", "hard"), row_scale=(1.0,) * 3, row_units=("K", "1", "1"), slack_of_row=(0, 1, None),
        links=("water", "pressure"), sums=("flow", "heat"), own=("load", "wanted"), shared=(2,), block=_block,
    )  # fmt: skip
    kind = np.array([0, 0, 1, 1, 1])
    # Positions in (x, u, w): the pressure is control 3, the end states are the last two.
    return WideProblem(core=core, structure=block, blocks=tuple(f"tap {k}" for k in range(BLOCKS)),
                       links=np.column_stack([7 + kind, np.full(BLOCKS, 5)]), sums=np.column_stack([kind, np.full(BLOCKS, 3)]))  # fmt: skip


def batch(problem: WideProblem, size: int, seed: int = 0) -> BatchData:
    """Problems of different loads."""
    n, rng, flat = problem.core.n_stages, np.random.default_rng(seed), problem.flat
    core = np.concatenate(
        [rng.uniform(0.2, 0.7, (n, size, 1)), rng.uniform(0.7, 1.5, (n, size, 1)), rng.uniform(0.1, 0.6, (n, size, 1))], axis=-1
    )
    own = np.stack([rng.uniform(0.1, 0.9, (n, size, BLOCKS)), rng.uniform(0.5, 1.2, (n, size, BLOCKS))], axis=-1)
    weight = np.full((n, size, flat.ns), 5.0)
    return BatchData(x0=rng.uniform(0.2, 0.8, (size, 2)), p=np.concatenate([core, own.reshape(n, size, -1)], axis=-1), slack_linear=weight,
                     slack_quadratic=0.5 * weight)  # fmt: skip


def cold(problem: WideProblem, data: BatchData) -> Iterate:
    """A first point."""
    n, b, flat = problem.core.n_stages, data.size, problem.flat
    u = np.broadcast_to(np.concatenate([[0.5, 0.5, 0.5, 0.7, 0.5], np.tile([0.5, 0.2, 0.8], BLOCKS)]), (n, b, flat.nu)).copy()
    w = np.broadcast_to(data.x0, (n, b, flat.nx)).copy()
    ones = np.ones((n, b, Inequalities(flat).size))
    return Iterate(data.x0.copy(), u, w, np.full((n, b, flat.ns), 0.1), ones, ones.copy(), np.zeros((n, b, flat.ny)))


def wide_interior_point(problem: WideProblem, *, kernel: bool) -> InteriorPoint:
    """The bare method on one of its paths."""
    parts = wide_parts(problem, compiled=kernel)
    return InteriorPoint(parts.rows, parts.evaluator, parts.newton, parts.measures)


def by_ipopt(flat: StageProblem, data: BatchData, start: Iterate, tolerance: float) -> float:
    """Objective that IPOPT finds for the only problem of a batch, written as one flat program, its rows not relaxed."""
    variables, rows, low, high, first, below = [], [], [], [], [], []
    x, cost = ca.DM(data.x0[0]), 0.0
    softening = Inequalities(flat).softening
    for k in range(flat.n_stages):
        u, w, s = (ca.SX.sym(f"{name}_{k}", size) for name, size in (("u", flat.nu), ("w", flat.nx), ("s", flat.ns)))
        stage = flat.stage(ca.SX(x), u, w, ca.DM(data.p[k, 0]))
        a, b = ca.DM(data.slack_linear[k, 0]), ca.DM(data.slack_quadratic[k, 0])
        cost += stage.cost + ca.dot(a, s) + ca.dot(b, s * s)
        variables += [u, w, s]
        rows += [stage.dynamics, stage.path - softening @ s]
        below += [np.zeros(flat.ny), np.full(flat.nc, -np.inf)]
        low += [flat.u_low, flat.w_low, np.zeros(flat.ns)]
        high += [flat.u_high, flat.w_high, np.full(flat.ns, np.inf)]
        first += [start.u[k, 0], start.w[k, 0], start.s[k, 0]]
        x = w
    nlp = {"x": ca.vertcat(*variables), "f": cost, "g": ca.vertcat(*rows)}
    options = {"print_time": False, "ipopt": {"tol": tolerance, "bound_relax_factor": 0.0, "print_level": 0, "sb": "yes", "max_iter": 500}}
    solver = ca.nlpsol("flat", "ipopt", nlp, options)
    found = solver(x0=np.concatenate(first), lbx=np.concatenate(low), ubx=np.concatenate(high), lbg=np.concatenate(below), ubg=0.0)
    assert solver.stats()["success"], solver.stats()["return_status"]
    return float(found["f"])
