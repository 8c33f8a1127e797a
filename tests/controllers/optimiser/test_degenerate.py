"""Structures at the edge of what there is: no limits, no controls, one stage, no problems; and models that lose their value on the way."""

from typing import Any

import casadi as ca
import numpy as np
import pytest
from compiler_here import needs_compiler
from stage_problems import room, rooms

from lowlift.controllers.optimiser import BatchData, Outcome, StageProblem, StageSymbols, cold_start, make_solver

BOTH = pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=needs_compiler)])
INF = np.inf


def tank(stage: Any, n: int = 3, **changes: Any) -> StageProblem:
    free = np.full(1, INF)
    fields: dict[str, Any] = {
        "name": "tank", "n_stages": n, "states": ("level",), "controls": ("flow",), "rows": (), "row_scale": (), "row_units": (),
        "slack_of_row": (), "n_parameters": 1, "u_low": -free, "u_high": free, "w_low": -free, "w_high": free, "stage": stage,
    }  # fmt: skip
    return StageProblem(**(fields | changes))


def levels(n: int, *p: float) -> BatchData:
    b = len(p)
    return BatchData(x0=np.zeros((b, 1)), p=np.tile(np.array(p)[None, :, None], (n, 1, 1)), slack_linear=np.empty((n, b, 0)),
                     slack_quadratic=np.empty((n, b, 0)))  # fmt: skip


def solved(problem: StageProblem, data: BatchData, compiled: bool, backend: Any = "core") -> Any:
    return make_solver(problem, backend, tolerance=1e-8, compiled=compiled).solve(data, cold_start(problem, data))


@BOTH
def test_nothing_is_limited(compiled: bool) -> None:
    """A linear problem with a quadratic cost, by its own normal equations."""

    def stage(x: Any, u: Any, w: Any, p: Any) -> StageSymbols:
        return StageSymbols(dynamics=w - x - u, path=ca.SX(0, 1), cost=u**2 + (w - p) ** 2)

    problem, data = tank(stage), levels(3, 1.0, -2.0, 0.0)
    found = solved(problem, data, compiled)
    lower = np.tril(np.ones((3, 3)))
    expected = np.linalg.solve(np.eye(3) + lower.T @ lower, lower.T @ np.ones(3))
    assert found.converged.all() and found.iterations.max() <= 12 and found.kkt_error.max() < 1e-8
    np.testing.assert_allclose(found.point.u[..., 0], expected[:, None] * np.array([1.0, -2.0, 0.0]), atol=1e-8)


@BOTH
def test_nothing_is_controlled(compiled: bool) -> None:
    def stage(x: Any, u: Any, w: Any, p: Any) -> StageSymbols:
        return StageSymbols(dynamics=w - x - p - 0.1 * w**2, path=w - 5.0, cost=w**2)

    nothing = np.zeros(0)
    top = {"rows": ("top",), "row_scale": (1.0,), "row_units": ("m",), "slack_of_row": (None,)}
    problem = tank(stage, controls=(), u_low=nothing, u_high=nothing, **top)
    data = levels(3, 0.1, 0.2)
    found = solved(problem, data, compiled)
    level, expected = np.zeros(2), []
    for _ in range(3):
        level = (1.0 - np.sqrt(1.0 - 0.4 * (level + np.array([0.1, 0.2])))) / 0.2
        expected.append(level)
    assert found.converged.all()
    np.testing.assert_allclose(found.point.w[..., 0], expected, atol=1e-7)


@BOTH
def test_one_stage(compiled: bool) -> None:
    def stage(x: Any, u: Any, w: Any, p: Any) -> StageSymbols:
        return StageSymbols(dynamics=w - x - u, path=p - w, cost=u**2)

    problem = tank(stage, 1, rows=("least",), row_scale=(1.0,), row_units=("m",), slack_of_row=(None,))
    found = solved(problem, levels(1, 0.5, -1.0), compiled)
    assert found.converged.all()
    np.testing.assert_allclose(found.point.u[0, :, 0], [0.5, 0.0], atol=1e-6)


@BOTH
@pytest.mark.parametrize("backend", ["core", "fatrop", "ipopt"])
def test_no_problems_have_no_solutions(backend: str, compiled: bool) -> None:
    problem, data = room(), rooms(room(), 2).take(np.zeros(0, dtype=int))
    found = solved(problem, data, compiled, backend)
    assert found.outcome.shape == (0,) and found.point.u.shape == (problem.n_stages, 0, 2) and found.solver.shape == (0,)


@BOTH
def test_a_value_that_is_lost_on_the_way_is_called_so(compiled: bool) -> None:
    """There is none beyond the first point, or the second derivative has none there."""

    def edge(x: Any, u: Any, w: Any, p: Any) -> StageSymbols:
        beyond = ca.if_else(ca.logic_and(p > 0.5, u > 0.0), ca.sqrt(-1.0 - u), 0.0)
        return StageSymbols(dynamics=w - x - u, path=ca.SX(0, 1), cost=(u - 1.0) ** 2 + beyond)

    def curve(x: Any, u: Any, w: Any, p: Any) -> StageSymbols:
        return StageSymbols(dynamics=w - x - u, path=ca.SX(0, 1), cost=(u - 1.0) ** 2 + ca.if_else(p > 0.5, (u * u) ** 0.75, 0.0))

    for stage in (edge, curve):
        found = solved(tank(stage), levels(3, 0.0, 1.0), compiled)
        assert found.outcome.tolist() == [Outcome.CONVERGED, Outcome.NOT_A_NUMBER]
