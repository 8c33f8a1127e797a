"""First points that bring multipliers: inside, near the barrier's path, and as stationary as the plan that they come from."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from stage_problems import room, rooms

from lowlift.controllers.optimiser import Iterate, cold_start, core_parts, make_solver
from lowlift.controllers.optimiser.judge import judge
from lowlift.controllers.optimiser.warm import LEAST, SPREAD, warm_point

MU, PUSH = 1e-5, 1e-3


def warm(start: Iterate, size: int = 3) -> tuple[Iterate, object]:
    parts, data = core_parts(room(), compiled=False), rooms(room(), size)
    return warm_point(parts.rows, parts.evaluator, data, parts.rows.bounds(data), start, mu=MU, push=PUSH), data


def solution(size: int = 3) -> Iterate:
    data = rooms(room(), size)
    return make_solver(room(), "core", compiled=False).solve(data, cold_start(room(), data)).point


@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-9, 1.0, 1e6]))
def test_any_start_is_brought_inside(seed: int, size: float) -> None:
    rng = np.random.default_rng(seed)
    start = solution()
    for name in ("u", "w", "s", "lam", "y"):
        setattr(start, name, getattr(start, name) + size * rng.standard_normal(getattr(start, name).shape))
    point, _ = warm(start)
    assert np.all(point.t >= 0.5 * LEAST)
    assert np.all(point.lam > 0.0)
    products = point.lam * point.t
    assert products.min() >= 0.99 * MU / SPREAD
    assert products.max() <= 1.01 * MU * SPREAD


def test_a_solution_keeps_its_multipliers_and_stays_a_solution() -> None:
    """A common distance of ``push`` would take multipliers above ``SPREAD mu / push`` away; here the largest are far above."""
    start = solution()
    point, data = warm(start)
    strong = start.lam > 1e-2
    assert strong.any()
    np.testing.assert_allclose(point.lam[strong], start.lam[strong], rtol=1e-12)
    parts = core_parts(room(), compiled=False)
    found = judge(parts.rows, parts.evaluator, data, point)
    assert found.stationarity.max() < 1e-3
    assert found.infeasibility.max() < 2.0 * PUSH


def test_multipliers_far_above_the_barrier_over_the_push_are_kept() -> None:
    start = solution()
    at = np.unravel_index(np.argmax(start.lam), start.lam.shape)
    start.lam[at] = 1e4 * MU / PUSH
    point, _ = warm(start)
    assert point.lam[at] == start.lam[at]
    assert point.t[at] <= PUSH
