"""The Hessian of the cost alone leads to the same optimum where costs are squares, on both paths."""

import dataclasses
from typing import Any

import casadi as ca
import numpy as np
import pytest
from compiler_here import needs_compiler
from core_cases import batch, cold, tanks
from stage_problems import room, rooms
from wide_cases import batch as tap_batch
from wide_cases import cold as tap_start
from wide_cases import taps

from lowlift.controllers.optimiser import BlockSymbols, CoreSolver, StageProblem, StageSymbols, WideProblem, cold_start, make_solver


def tracked_room() -> StageProblem:
    """What is wanted of the states and controls of a room, in squares."""
    problem = room()

    def stage(x: Any, u: Any, w: Any, p: Any) -> StageSymbols:
        return dataclasses.replace(problem.stage(x, u, w, p), cost=ca.sumsqr(w - 2.0) + 0.05 * ca.sumsqr(u))

    return dataclasses.replace(problem, stage=stage)


def tracked_taps() -> WideProblem:
    """The same of taps."""
    problem = taps(4)

    def stage(x: Any, u: Any, w: Any, p: Any) -> StageSymbols:
        return dataclasses.replace(problem.core.stage(x, u, w, p), cost=ca.sumsqr(w - 0.8) + 0.5 * u[0] ** 2)

    def block(v: Any, links: Any, own: Any, shared: Any) -> BlockSymbols:
        made = problem.structure.block(v, links, own, shared)
        return dataclasses.replace(made, cost=(v[2] - own[1]) ** 2 + 0.3 * v[1] ** 2 + 0.1 * v[0] ** 2)

    structure = dataclasses.replace(problem.structure, block=block)
    return dataclasses.replace(problem, core=dataclasses.replace(problem.core, stage=stage), structure=structure)


CASES: dict[str, Any] = {
    "room": lambda: (tracked_room(), rooms(room(), 6), cold_start(room(), rooms(room(), 6))),
    "taps": lambda: (tracked_taps(), tap_batch(taps(4), 4), tap_start(taps(4), tap_batch(taps(4), 4))),
}


@pytest.mark.parametrize("name", CASES)
def test_both_hessians_lead_to_the_same_optimum(name: str) -> None:
    problem, data, start = CASES[name]()
    exact, other = (make_solver(problem, "core", tolerance=1e-7, compiled=False, hessian=h) for h in ("exact", "gauss_newton"))
    assert isinstance(exact, CoreSolver) and isinstance(other, CoreSolver) and exact is not other
    assert make_solver(problem, "core", tolerance=1e-7, compiled=False) is exact
    one, two = exact.solve(data, start), other.solve(data, start)
    assert one.converged.all() and two.converged.all()
    np.testing.assert_allclose(two.objective, one.objective, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(two.point.u, one.point.u, atol=1e-4)
    full, least = (s.parts.evaluator.functions for s in (exact, other))
    assert set(zip(*least.hessian_at, strict=True)) < set(zip(*full.hessian_at, strict=True))


@needs_compiler
@pytest.mark.parametrize("name", CASES)
def test_both_paths_are_equal(name: str) -> None:
    problem, data, start = CASES[name]()
    one, two = (make_solver(problem, "core", compiled=k, hessian="gauss_newton").solve(data, start) for k in (False, True))
    np.testing.assert_array_equal(one.iterations, two.iterations)
    np.testing.assert_allclose(one.point.u, two.point.u, atol=1e-8)


def test_curvature_that_is_missing_is_never_called_solved() -> None:
    """Costs of flows and valves, whose curvature is in the dynamics."""
    problem, data = tanks(8), batch(8, 6, 2)
    start = cold(problem, data)
    exact, other = (
        make_solver(problem, "core", compiled=False, hessian=h, tolerance=1e-7).solve(data, start) for h in ("exact", "gauss_newton")
    )
    assert exact.converged.all() and not other.converged.all()
    np.testing.assert_array_equal(other.converged, other.kkt_error <= 1e-7)
    np.testing.assert_allclose(other.objective[other.converged], exact.objective[other.converged], rtol=1e-6)


def test_what_has_no_such_choice_says_so() -> None:
    with pytest.raises(ValueError, match="hessian = 'gauss_newton' with backend 'ipopt': only the core"):
        make_solver(room(), "ipopt", hessian="gauss_newton")
    with pytest.raises(ValueError, match="hessian = 'bfgs': must be one of exact, gauss_newton"):
        make_solver(room(), hessian="bfgs")  # type: ignore[arg-type]
