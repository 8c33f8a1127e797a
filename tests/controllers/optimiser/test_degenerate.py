"""Structures at the edge of what there is: no limits, no controls, one stage, no problems; models that lose their value on the
way, and stages that do not determine their end state."""

from typing import Any

import casadi as ca
import numpy as np
import pytest
from compiler_here import needs_compiler
from stage_problems import room, rooms

from lowlift.controllers.optimiser import BatchData, Fallback, Outcome, StageProblem, StageSymbols, cold_start, make_solver

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


def pair(x: Any, u: Any, w: Any, p: Any) -> StageSymbols:
    """With ``p = 0`` two levels, with ``p = 1`` two rows that say the same of them but for rounding, with ``p = 2`` nothing at all in the
    second stage; with ``p = 3`` there is no slope at zero, where a cold start begins."""
    late = ca.logic_or(p[0] < 1.5, p[1] < 0.5)
    level = ca.vertcat(w[0] - x[0] - u, w[1] - 0.5 * x[1] - u)
    same = ca.vertcat(0.1 * w[0] + 0.3 * w[1] - u, 0.7 * w[0] + 2.1 * w[1] - u)
    square = ca.vertcat(w[0] ** 2 - 1.0 - u, w[1] - x[1])
    rows = ca.if_else(p[0] < 0.5, level, ca.if_else(p[0] < 1.5, same, ca.if_else(p[0] < 2.5, ca.if_else(late, level, x - u), square)))
    return StageSymbols(dynamics=rows, path=w[0] - 4.0, cost=(u - 0.3) ** 2 + (w[0] - 0.9) ** 2)


def pairs(*p: float) -> tuple[StageProblem, BatchData]:
    free, n, b = np.full(2, INF), 3, len(p)
    row = {"rows": ("top",), "row_scale": (1.0,), "row_units": ("m",), "slack_of_row": (None,)}
    problem = tank(pair, n, states=("one", "other"), n_parameters=2, w_low=-free, w_high=free, **row)
    numbers = np.empty((n, b, 2))
    numbers[..., 0], numbers[..., 1] = p, np.arange(n)[:, None]
    return problem, BatchData(x0=np.zeros((b, 2)), p=numbers, slack_linear=np.empty((n, b, 0)), slack_quadratic=np.empty((n, b, 0)))


@BOTH
@pytest.mark.parametrize(("kind", "stage"), [(1.0, 0), (2.0, 1), (3.0, 0)])
def test_a_singular_problem_is_called_so_and_leaves_the_others_alone(kind: float, stage: int, compiled: bool) -> None:
    problem, data = pairs(0.0, 0.0, kind, 0.0, 0.0)
    data.x0[:, 0] = 0.0, 0.1, 0.0, 0.2, 0.3
    others = np.array([0, 1, 3, 4])
    found, alone = solved(problem, data, compiled), solved(problem, data.take(others), compiled)
    assert found.outcome.tolist() == [Outcome.CONVERGED] * 2 + [Outcome.SINGULAR] + [Outcome.CONVERGED] * 2
    assert found.stage.tolist() == [-1, -1, stage, -1, -1] and found.ending(2) == f"singular in stage {stage}"
    np.testing.assert_array_equal(found.iterations[others], alone.iterations)
    np.testing.assert_allclose(found.point.u[:, others], alone.point.u, atol=1e-10)
    one = solved(problem, data.take(np.array([2])), compiled)
    assert one.outcome.tolist() == [Outcome.SINGULAR] and one.stage.tolist() == [stage] and not one.converged[0]
    again = make_solver(problem, "core", compiled=compiled, real_time=2).solve(data, found.point, dual=True)
    assert again.outcome[2] == Outcome.SINGULAR and np.all(np.isin(again.outcome[others], (Outcome.REAL_TIME, Outcome.CONVERGED)))


@needs_compiler
def test_both_paths_call_the_same_problems_singular() -> None:
    problem, data = pairs(*[0.0, 1.0, 2.0, 3.0] * 3)
    one, two = (solved(problem, data, compiled) for compiled in (False, True))
    for name in ("outcome", "stage", "iterations"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    np.testing.assert_allclose(one.point.u, two.point.u, atol=1e-10)


@BOTH
def test_another_solver_is_asked_about_what_is_singular(compiled: bool) -> None:
    problem, data = pairs(0.0, 3.0)
    core, ipopt = (make_solver(problem, b, tolerance=1e-8, compiled=compiled) for b in ("core", "ipopt"))
    found = Fallback(core, ipopt).solve(data, cold_start(problem, data))
    assert found.converged.all() and found.solver.tolist() == ["core", "ipopt"] and found.stage.tolist() == [-1, -1]
    np.testing.assert_allclose(found.point.w[:, 1, 0] ** 2, 1.0 + found.point.u[:, 1, 0], atol=1e-7)
