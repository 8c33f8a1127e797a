"""First points: inside their bounds, and moved on in time without losing what they mean."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage_problems import STAGES, room, rooms

from lowlift.controllers.optimiser import Iterate, Shift, cold_start, make_solver

EDGES = np.concatenate([[0.0], np.cumsum(STAGES)])
SHIFT = Shift(EDGES, STAGES, np.ones(len(STAGES)))


def solved(size: int = 3) -> Iterate:
    data = rooms(room(), size)
    return make_solver(room(), "core", compiled=False).solve(data, cold_start(room(), data)).point


def test_a_cold_start_lies_inside() -> None:
    problem = room()
    start = cold_start(problem, rooms(problem, 2))
    assert np.all((start.u > problem.u_low) & (start.u < problem.u_high) & np.isfinite(start.u))
    np.testing.assert_allclose(start.u[0, 0], problem.u_low + 0.6 * (problem.u_high - problem.u_low))


def test_no_time_passed_changes_nothing() -> None:
    plan = solved()
    same = SHIFT(plan, 0.0, plan.x0)
    for name in ("x0", "u", "w", "s", "t", "lam", "y"):
        np.testing.assert_allclose(getattr(same, name), getattr(plan, name), atol=1e-12)


def test_stages_come_from_where_their_middle_lies() -> None:
    """After 0.5 h the first stage of 0.25 h lies in the third, of 0.5 h; the last one holds on."""
    plan = solved(1)
    later = SHIFT(plan, 0.5, plan.x0)
    source = [2, 2, 3, 4, 5, 5]
    np.testing.assert_array_equal(later.u, plan.u[source])
    np.testing.assert_array_equal(later.t, plan.t[source])
    np.testing.assert_allclose(later.lam, plan.lam[source] * (STAGES / STAGES[source])[:, None, None])
    np.testing.assert_allclose(later.w[0], 0.5 * (plan.w[1] + plan.w[2]))
    np.testing.assert_array_equal(later.w[-1], plan.w[-1])


def test_multipliers_of_dynamics_scale_with_their_rows() -> None:
    plan, scale = solved(1), 1.0 + STAGES
    later = Shift(EDGES, STAGES, scale)(plan, 0.25, plan.x0)
    source = [1, 2, 3, 4, 4, 5]
    np.testing.assert_allclose(later.y / scale[:, None, None], (plan.y / scale[:, None, None])[source])


@given(st.floats(0.0, 5.0))
def test_states_stay_between_those_of_the_plan(passed: float) -> None:
    rng = np.random.default_rng(0)
    n = len(STAGES)
    plan = Iterate(rng.random((1, 2)), *(rng.random((n, 1, k)) for k in (2, 2, 1, 11, 11, 2)))
    later = SHIFT(plan, passed, np.full((1, 2), 7.0))
    every = np.concatenate([plan.x0[None], plan.w])
    assert np.all((later.w >= every.min(axis=0) - 1e-12) & (later.w <= every.max(axis=0) + 1e-12))
    np.testing.assert_array_equal(later.x0, 7.0)


def test_a_shifted_plan_is_a_good_start() -> None:
    problem, data = room(), rooms(room(), 4)
    core = make_solver(problem, "core", tolerance=1e-8, compiled=False)
    cold = core.solve(data, cold_start(problem, data))
    passed = 0.25
    moved = rooms(problem, 4)
    moved.x0[:] = cold.point.w[0]
    warm = core.solve(moved, SHIFT(cold.point, passed, moved.x0), dual=True)
    again = core.solve(moved, cold_start(problem, moved))
    assert warm.converged.all()
    assert warm.iterations.mean() < again.iterations.mean()
    np.testing.assert_allclose(warm.objective, again.objective, rtol=1e-5)
    assert passed == pytest.approx(STAGES[0])
