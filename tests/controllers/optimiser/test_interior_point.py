"""The interior-point method on small problems, against IPOPT and against what must hold."""

import dataclasses

import casadi as ca
import numpy as np
import pytest
from core_cases import NU, NX, SLACKS, _stage, batch, cold, methods, tanks

from lowlift.controllers.optimiser.interior_point import Options
from lowlift.controllers.optimiser.problem import BatchData, StageProblem, StageSymbols
from lowlift.controllers.optimiser.result import Outcome


def _ipopt(problem: StageProblem, data: BatchData, k: int, start: np.ndarray) -> float:
    """Optimal cost of one problem, as one flat nonlinear program."""
    opti = ca.Opti()
    n = problem.n_stages
    X, U, S = opti.variable(NX, n + 1), opti.variable(NU, n), opti.variable(2, n)
    cost = 0
    opti.subject_to(X[:, 0] == data.x0[k]) if data.arrival is None else None
    if data.arrival is not None:
        off = X[:, 0] - data.x0[k]
        cost += 0.5 * off.T @ data.arrival[k] @ off
    stage = _as_function()
    for j in range(n):
        F, path, price = stage(X[:, j], U[:, j], X[:, j + 1], data.p[j, k])
        opti.subject_to(F == 0)
        soft = ca.vertcat(*(S[i, j] if i is not None else 0 for i in SLACKS))
        opti.subject_to(path <= soft)
        opti.subject_to(opti.bounded(problem.u_low, U[:, j], problem.u_high))
        opti.subject_to(S[:, j] >= 0)
        cost += price + ca.dot(data.slack_linear[j, k], S[:, j]) + ca.dot(data.slack_quadratic[j, k], S[:, j] ** 2)
    opti.minimize(cost)
    opti.set_initial(U, start.T)
    opti.solver("ipopt", {"print_time": False}, {"print_level": 0, "sb": "yes", "tol": 1e-9, "bound_relax_factor": 0.0})
    return float(opti.solve().value(cost))


def _as_function() -> ca.Function:
    x, u, w, p = (ca.SX.sym(name, k) for name, k in (("x", NX), ("u", NU), ("w", NX), ("p", 4)))
    s = _stage(x, u, w, p)
    return ca.Function("stage", [x, u, w, p], [s.dynamics, s.path, s.cost])


@pytest.mark.parametrize("arrival", [False, True])
def test_optimum_is_ipopts(arrival: bool) -> None:
    n, size = 10, 6
    problem, data = tanks(n), batch(n, size, 2, arrival=arrival)
    r = methods(problem, kernel=False).solve(data, cold(problem, data), Options(tolerance=1e-8))
    assert r.converged.all()
    for k in range(size):
        assert r.objective[k] == pytest.approx(_ipopt(problem, data, k, r.point.u[:, k]), rel=1e-5, abs=1e-6)


def test_a_batch_is_its_problems_one_by_one() -> None:
    n, size = 10, 7
    problem, data = tanks(n), batch(n, size, 5)
    method = methods(problem, kernel=False)
    together = method.solve(data, cold(problem, data), Options())
    for k in range(size):
        one = data.take(np.array([k]))
        alone = method.solve(one, cold(problem, one), Options())
        assert alone.iterations[0] == together.iterations[k]
        np.testing.assert_allclose(alone.point.u[:, 0], together.point.u[:, k], atol=1e-9)


def test_point_keeps_what_it_must() -> None:
    n = 10
    problem, data = tanks(n), batch(n, 8, 1)
    method = methods(problem, kernel=False)
    r = method.solve(data, cold(problem, data), Options())
    q = r.point
    values = method.evaluator.values(q.x, q.u, q.w, data.p)
    assert np.abs(values.F).max() <= 1e-6
    assert (q.u >= problem.u_low - 1e-7).all() and (q.u <= problem.u_high + 1e-7).all()
    soft = values.c - q.s @ method.rows.softening.T
    assert soft.max() <= 1e-6
    assert q.s.min() >= -1e-7
    assert r.kkt_error.max() <= 1e-6
    np.testing.assert_allclose(r.kkt_error, np.maximum.reduce([r.infeasibility, r.stationarity, r.complementarity]))


def test_hard_limits_that_cannot_be_kept_are_never_called_solved() -> None:
    n = 6
    problem = tanks(n, w_high=-5.0)  # colder than anything outdoors
    data = batch(n, 5, 3)
    r = methods(problem, kernel=False).solve(data, cold(problem, data), Options())
    assert not r.converged.any()
    assert set(r.outcome.tolist()) <= {Outcome.INFEASIBLE, Outcome.ITERATIONS, Outcome.STALLED}
    assert (r.infeasibility > 1e-2).all()


def test_model_that_is_not_a_number_is_told_apart() -> None:
    n = 4
    problem, data = tanks(n), batch(n, 3)
    start = cold(problem, data)
    start.w[1, 1, 0] = np.inf
    with np.errstate(invalid="ignore"):
        r = methods(problem, kernel=False).solve(data, start, Options())
    assert r.outcome[1] == Outcome.NOT_A_NUMBER
    assert r.converged[[0, 2]].all()


def test_warm_start_takes_fewer_iterations() -> None:
    n = 12
    problem, data = tanks(n), batch(n, 10, 6)
    method = methods(problem, kernel=False)
    first = method.solve(data, cold(problem, data), Options())
    nudged = BatchData(x0=data.x0 + 1e-3, p=data.p, slack_linear=data.slack_linear, slack_quadratic=data.slack_quadratic)
    again = method.solve(nudged, first.point, Options(mu=1e-5, push=1e-5), dual=True)
    assert again.converged.all()
    assert again.iterations.mean() < 0.6 * first.iterations.mean()


def test_real_time_mode_stops_and_says_how_far() -> None:
    n = 12
    problem, data = tanks(n), batch(n, 10, 6)
    method = methods(problem, kernel=False)
    r = method.solve(data, cold(problem, data), Options(real_time=3))
    assert (r.iterations == 3).all() and (r.outcome == Outcome.REAL_TIME).all()
    assert (r.kkt_error > 1e-6).all() and np.isfinite(r.kkt_error).all()


def test_bounds_of_a_problem_may_be_narrower_and_fix_a_control() -> None:
    n = 8
    problem, data = tanks(n), batch(n, 3, 2)
    low = np.broadcast_to(problem.u_low, (n, 3, NU)).copy()
    high = np.broadcast_to(problem.u_high, (n, 3, NU)).copy()
    low[0, 1, 0] = high[0, 1, 0] = 0.7
    narrow = BatchData(x0=data.x0, p=data.p, slack_linear=data.slack_linear, slack_quadratic=data.slack_quadratic, u_low=low, u_high=high)
    r = methods(problem, kernel=False).solve(narrow, cold(problem, data), Options())
    assert r.converged.all()
    assert r.point.u[0, 1, 0] == pytest.approx(0.7, abs=1e-6)
    assert r.point.u[0, 0, 0] != pytest.approx(0.7, abs=1e-3)


@pytest.mark.parametrize("fixed", [[0], [1], [0, 1]])
def test_fixed_controls_cost_no_iterations(fixed: list[int]) -> None:
    n, size = 8, 6
    problem, data = tanks(n), batch(n, size, 2)
    low, high = (np.broadcast_to(v, (n, size, NU)).copy() for v in (problem.u_low, problem.u_high))
    low[..., fixed] = high[..., fixed] = 0.7
    method = methods(problem, kernel=False)
    free = method.solve(data, cold(problem, data), Options())
    r = method.solve(dataclasses.replace(data, u_low=low, u_high=high), cold(problem, data), Options())
    assert r.converged.all()
    np.testing.assert_allclose(r.point.u[..., fixed], 0.7, atol=1e-6)
    assert r.iterations.max() <= free.iterations.max() + 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"x0": np.zeros((3, 2))}, r"x0 has shape \(3, 2\): must be \(3, 3\)"),
        ({"p": np.full((4, 3, 4), np.nan)}, r"p at \[0, 0, 0\] is nan"),
    ],
)
def test_data_that_does_not_fit_is_named(change: dict, words: str) -> None:
    problem, data = tanks(4), batch(4, 3)
    fields = {"x0": data.x0, "p": data.p, "slack_linear": data.slack_linear, "slack_quadratic": data.slack_quadratic}
    with pytest.raises(ValueError, match=words):
        methods(problem, kernel=False).solve(BatchData(**(fields | change)), cold(problem, data), Options())


def test_stage_of_another_size_than_declared_is_named() -> None:
    def short(x: ca.SX, u: ca.SX, w: ca.SX, p: ca.SX) -> StageSymbols:
        s = _stage(x, u, w, p)
        return StageSymbols(dynamics=s.dynamics, path=s.path[:2], cost=s.cost)

    problem = dataclasses.replace(tanks(3), stage=short)
    with pytest.raises(ValueError, match="tanks: path has 2 rows: must be 4"):
        methods(problem, kernel=False)
