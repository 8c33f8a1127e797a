"""The predictive controller: converged plans, honest statuses, refusal of bad input, an optimum that beats its neighbours."""

import dataclasses

import numpy as np
import pytest
from plan_situations import situation

from lowlift.controllers.guideline36 import Guideline36
from lowlift.controllers.interface import Decision, Status, setpoint_table
from lowlift.controllers.mpc import MPC
from lowlift.controllers.optimiser import BatchData, cold_start, make_solver
from lowlift.controllers.oracle import Oracle
from lowlift.controllers.plan_problem import stage_means
from lowlift.controllers.solution import ACCEPTABLE, TOLERANCE
from lowlift.controllers.static import StaticOptimal

STAGES = (300.0,) * 4 + (900.0,) * 2


class Broken:
    """A solver whose answers do not satisfy the KKT conditions, and say so."""

    def __init__(self, true) -> None:
        self.true, self.problem, self.build_seconds = true, true.problem, 0.0

    def solve(self, data, start, *, dual=False):
        result = self.true.solve(data, start, dual=dual)
        result.infeasibility = result.stationarity = result.kkt_error = np.ones(data.size)
        return result


@pytest.mark.parametrize("name", ["gb200_hall", "frontier"])
def test_plan_is_converged_and_in_range(name: str) -> None:
    plant, m, forecast = situation(name)
    decision = MPC(plant, Guideline36(plant.site), stages=STAGES).decide(m, forecast)
    assert decision.status is Status.OPTIMAL, decision.message
    assert decision.kkt_error <= TOLERANCE
    table = setpoint_table(plant.site)
    assert decision.plan is not None
    assert np.all((decision.plan.setpoints >= table.low) & (decision.plan.setpoints <= table.high))
    assert np.all(decision.plan.predicted["T_chip"] < plant.site.limits.T_chip_max)


@pytest.mark.parametrize("name", ["gb200_hall", "frontier"])
def test_all_solvers_find_the_same(name: str) -> None:
    plant, m, forecast = situation(name)
    mpc = MPC(plant, Guideline36(plant.site), stages=STAGES)
    mpc.decide(m, forecast)
    plan = mpc._last
    assert plan is not None
    costs = {}
    for backend in ("core", "fatrop", "ipopt"):
        solver = make_solver(mpc.ocp.structure, backend, tolerance=1e-7)
        for start in (plan.point, cold_start(mpc.ocp.structure, plan.data)):
            found = solver.solve(plan.data, start)
            assert found.kkt_error[0] <= 1e-6 and found.solver[0] == backend
            costs[backend, start is plan.point] = found.objective[0]
    np.testing.assert_allclose(list(costs.values()), costs["ipopt", True], rtol=1e-4)


def test_a_plan_explains_itself() -> None:
    plant, m, forecast = situation("gb200_hall")
    mpc = MPC(plant, Guideline36(plant.site), stages=STAGES)
    with pytest.raises(ValueError, match="no plan yet"):
        mpc.explain()
    mpc.decide(m, forecast)
    told = mpc.explain()
    prices = told.active.set_index("constraint")["price"]
    assert any("group 1 (CDU 1-4)" in name for name in prices.index)
    assert np.all(prices > 0.0) and "MWh per K and hour" in str(told)
    # No limit is worth more than breaking it costs.
    kelvin = told.active[told.active["unit"] == "K"]
    assert np.all(kelvin["price"] <= mpc.ocp.weights.slack + 2.0 * mpc.ocp.weights.slack_quadratic * 1.0)


def test_a_plan_that_breaks_limits_says_which() -> None:
    """Air too humid to cool with: the last hour of the plan is too warm, by so many kelvin."""
    plant, m, forecast = situation("frontier")
    humid = dataclasses.replace(forecast, T_wb=forecast.T_wb + 25.0, T_db=forecast.T_db + 25.0)
    mpc = MPC(plant, Guideline36(plant.site), stages=STAGES)
    assert mpc.decide(m, humid).status is Status.OPTIMAL
    told = mpc.explain()
    first = told.violations.iloc[0]
    assert first["unit"] == "K" and bool(first["softened"]) and first["amount"] > 0.5
    assert "temperature" in first["constraint"] and "(CDU" in told.worst and "broken by" in told.worst
    assert first["amount"] == pytest.approx(mpc._last.point.s.max(), rel=0.05)


def test_a_warm_start_needs_fewer_iterations() -> None:
    plant, m, forecast = situation("gb200_hall")
    mpc = MPC(plant, Guideline36(plant.site), stages=STAGES, backend="core")
    mpc.decide(m, forecast)
    first = mpc._last
    assert mpc.decide(dataclasses.replace(m, t=900.0), forecast).status is Status.OPTIMAL
    assert mpc._last.iterations < 0.6 * first.iterations


def test_F33_not_a_number_is_refused_before_the_solver() -> None:
    plant, m, forecast = situation("frontier", T_fws=np.nan)
    decision = MPC(plant, Guideline36(plant.site), stages=STAGES).decide(m, forecast)
    assert decision.status is Status.FALLBACK
    assert "state at" in decision.message and "not a number" in decision.message
    assert np.all(np.isfinite(decision.setpoints))
    assert decision.solve_ms == 0.0


def test_F31_a_solver_that_fails_is_never_believed() -> None:
    """First failure: the previous plan, shifted; second: the rules take over; both say so."""
    plant, m, forecast = situation("frontier")
    mpc = MPC(plant, Guideline36(plant.site), stages=STAGES)
    good = mpc.decide(m, forecast)
    true = mpc.problem.solver
    mpc.problem.solver = Broken(true)
    later = dataclasses.replace(m, t=900.0)
    first = mpc.decide(later, forecast)
    assert first.status is Status.FALLBACK and "previous plan shifted" in first.message
    assert "KKT error 1.0e+00" in first.message and first.kkt_error > ACCEPTABLE
    np.testing.assert_allclose(first.setpoints, good.plan.setpoints[1:2], rtol=0.05)
    second = mpc.decide(dataclasses.replace(m, t=1200.0), forecast)
    assert second.status is Status.FALLBACK and "Guideline36 took over" in second.message
    mpc.problem.solver = true
    assert mpc.decide(dataclasses.replace(m, t=1500.0), forecast).status is Status.OPTIMAL


def test_no_forecast_means_rules() -> None:
    plant, m, _ = situation("frontier")
    decision = MPC(plant, Guideline36(plant.site), stages=STAGES).decide(m, None)
    assert decision.status is Status.FALLBACK and "forecast: missing" in decision.message


def test_F34_hot_start_recovers() -> None:
    plant, m, forecast = situation("frontier", T_return=363.15, T_supply=353.15)
    decision = MPC(plant, Guideline36(plant.site), stages=STAGES).decide(m, forecast)
    assert decision.status in (Status.OPTIMAL, Status.SUBOPTIMAL), decision.message
    assert decision.plan.predicted["T_supply"][-1].max() < plant.site.limits.T_supply_max


@pytest.mark.parametrize("name", ["gb200_hall", "frontier"])
def test_static_optimum_beats_its_neighbours(name: str) -> None:
    """No admissible change of one control at the steady optimum lowers the cost."""
    plant, m, forecast = situation(name)
    static = StaticOptimal(plant, Guideline36(plant.site))
    assert static.decide(m, forecast).status is Status.OPTIMAL
    plan = static._last
    solver = make_solver(static.ocp.structure, "core", tolerance=1e-6)
    best = solver.solve(plan.data, plan.point)
    assert best.converged.all()
    low, high = static.ocp.structure.u_low, static.ocp.structure.u_high
    tries = [(k, best.point.u[0, 0, k] + step) for k in range(low.size) for step in (-0.03, 0.03)]
    tries = [(k, value) for k, value in tries if low[k] < value < high[k]]
    pinned_low, pinned_high = (np.tile(v, (1, len(tries), 1)) for v in (low, high))
    for i, (k, value) in enumerate(tries):
        pinned_low[0, i, k] = pinned_high[0, i, k] = value
    same = np.zeros(len(tries), dtype=int)
    data: BatchData = dataclasses.replace(plan.data.take(same), u_low=pinned_low, u_high=pinned_high)
    others = solver.solve(data, best.point.take(same))
    solved = others.kkt_error <= TOLERANCE
    assert solved.mean() > 0.8
    assert np.all(others.objective[solved] >= best.objective[0] - 1e-4 * abs(best.objective[0]))


def test_oracle_hands_out_the_stages_of_its_window() -> None:
    plant, m, forecast = situation("frontier")
    oracle = Oracle(plant, Guideline36(plant.site))
    first = oracle.decide(m, forecast)
    second: Decision = oracle.decide(dataclasses.replace(m, t=900.0), forecast)
    np.testing.assert_array_equal(second.setpoints, first.plan.setpoints[1:2])
    assert second.solve_ms == 0.0
    assert oracle.decide(dataclasses.replace(m, t=2400.0), forecast).solve_ms > 0.0


def test_stage_means_conserve() -> None:
    values = np.random.default_rng(0).random((10, 2))
    edges = np.array([0.0, 450.0, 900.0, 3000.0])
    means = stage_means(values, 300.0, edges)
    np.testing.assert_allclose((means * np.diff(edges)[:, None]).sum(axis=0), values.sum(axis=0) * 300.0)
