"""The unit of the cost does not matter."""

import dataclasses
from typing import Any, Literal

import numpy as np
import pytest
from compiler_here import needs_compiler
from core_cases import batch, cold, tanks
from stage_problems import room, rooms
from wide_cases import batch as tap_batch
from wide_cases import cold as tap_start
from wide_cases import taps

from lowlift.controllers.optimiser import BatchData, BatchResult, StageProblem, StageSymbols, WideProblem, cold_start, make_solver
from lowlift.controllers.optimiser.scaling import LARGE, SMALL, cost_scale, scaled_data
from lowlift.controllers.optimiser.store import core_parts

FACTORS = np.array([1e-6, 1.0, 1e6])
BOTH = pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=needs_compiler)])


def priced(problem: StageProblem) -> StageProblem:
    """The last parameter of the stages multiplies their cost."""

    def stage(x: Any, u: Any, w: Any, p: Any) -> StageSymbols:
        s = problem.stage(x, u, w, p[:-1])
        return dataclasses.replace(s, cost=p[-1] * s.cost)

    return dataclasses.replace(problem, stage=stage, n_parameters=problem.n_parameters + 1)


def times(data: BatchData, factors: np.ndarray) -> BatchData:
    """One problem in several units of its cost."""
    many = scaled_data(data.take(np.zeros(factors.size, dtype=int)), factors)
    column = np.broadcast_to(factors[:, None], (*many.p.shape[:2], 1))
    return dataclasses.replace(many, p=np.concatenate([many.p, column], axis=2))


def same(found: BatchResult, factors: np.ndarray, rtol: float = 1e-5) -> None:
    one, q = int(np.flatnonzero(factors == 1.0)[0]), found.point
    assert found.converged.all() and found.cost_scale[one] == 1.0 and (np.delete(found.cost_scale, one) != 1.0).all()
    assert np.abs(found.iterations - found.iterations[one]).max() <= 2
    np.testing.assert_allclose(q.u, np.broadcast_to(q.u[:, [one]], q.u.shape), atol=1e-5)
    np.testing.assert_allclose(found.objective / factors, found.objective[one], rtol=rtol)
    # What multiplier belongs to a limit that is met but costs nothing is for each barrier to say.
    for name in ("lam", "y"):
        v = getattr(q, name) / factors[:, None]
        np.testing.assert_allclose(v, np.broadcast_to(v[:, [one]], v.shape), atol=1e-3, err_msg=name)


@BOTH
@pytest.mark.parametrize("arrival", [False, True])
def test_the_core_is_insensitive_cold_and_warm(compiled: bool, arrival: bool) -> None:
    problem = priced(tanks(10))
    data = times(batch(10, 1, 2, arrival=arrival), FACTORS)
    solver = make_solver(problem, "core", tolerance=1e-8, compiled=compiled)
    found = solver.solve(data, cold(problem, data))
    same(found, FACTORS)
    later = dataclasses.replace(data, x0=data.x0 + 0.05)
    same(solver.solve(later, found.point, dual=True), FACTORS)


@pytest.mark.parametrize("backend", ["fatrop", "ipopt"])
def test_others_are_insensitive(backend: Literal["fatrop", "ipopt"]) -> None:
    problem = priced(room())
    data = times(rooms(room(), 1, 1), FACTORS)
    same(make_solver(problem, backend, compiled=False).solve(data, cold_start(problem, data)), FACTORS, 1e-4)


@BOTH
def test_wide_problems_are_insensitive(compiled: bool) -> None:
    problem = taps(4)
    structure, factor = problem.structure, 1e-6

    def small(x: Any, u: Any, w: Any, p: Any) -> StageSymbols:
        s = problem.core.stage(x, u, w, p)
        return dataclasses.replace(s, cost=factor * s.cost)

    def block(*arguments: Any) -> Any:
        s = structure.block(*arguments)
        return dataclasses.replace(s, cost=factor * s.cost)

    cheap: WideProblem = dataclasses.replace(
        problem, core=dataclasses.replace(problem.core, stage=small), structure=dataclasses.replace(structure, block=block)
    )
    data = tap_batch(problem, 2)
    one, other = (
        make_solver(p, tolerance=1e-8, compiled=compiled).solve(d, tap_start(p, d))
        for p, d in ((problem, data), (cheap, scaled_data(data, np.full(2, factor))))
    )
    assert other.converged.all() and np.all(one.cost_scale == 1.0) and np.all(other.cost_scale > 1e4)
    assert np.abs(one.iterations - other.iterations).max() <= 2
    np.testing.assert_allclose(other.point.u, one.point.u, atol=1e-5)
    np.testing.assert_allclose(other.point.lam / factor, one.point.lam, atol=1e-3)


def test_errors_are_reported_in_units_of_the_cost() -> None:
    problem = priced(room())
    data = times(rooms(room(), 1), FACTORS)
    r = make_solver(problem, "core", compiled=False, real_time=4).solve(data, cold_start(problem, data))
    of_cost = np.maximum(r.stationarity, r.complementarity)
    np.testing.assert_allclose(r.kkt_error, np.maximum(r.infeasibility, of_cost * r.cost_scale))
    assert of_cost[0] < 1e-4 < of_cost[1] < 1e3 < of_cost[2]


def test_what_is_of_order_one_is_left_alone() -> None:
    """Also where a start is as good as optimal, or an exponent leaves no second derivative at a bound."""
    problem = priced(room(price_exponent=1.5))
    parts = core_parts(problem, compiled=False)
    data = times(rooms(room(), 1), np.array([1.0, 2.0 * SMALL, 0.5 * LARGE, 1e-4, 1e5]))
    start = cold_start(problem, data)
    scale = cost_scale(problem, parts.evaluator, data, start)
    assert np.all(scale[:3] == 1.0) and scale[3] > 1.0 > scale[4] and np.allclose(scale[3:], [1e3, 1e-6])
    start.u[..., 0] = 1e-12
    assert np.all(cost_scale(problem, parts.evaluator, data, start)[:3] == 1.0)
    start.u[..., 0] = 0.0
    assert np.isfinite(cost_scale(problem, parts.evaluator, data, start)).all()

    def followed(x: Any, u: Any, w: Any, p: Any) -> StageSymbols:
        s = room().stage(x, u, w, p)
        return dataclasses.replace(s, cost=(u[0] - 0.6) ** 2)

    tracking = dataclasses.replace(room(), stage=followed)
    given = rooms(room(), 2)
    assert np.all(cost_scale(tracking, core_parts(tracking, compiled=False).evaluator, given, cold_start(tracking, given)) == 1.0)
