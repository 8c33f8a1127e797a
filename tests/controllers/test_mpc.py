"""The predictive controller: converged plans, honest statuses, refusal of bad input, an optimum that beats its neighbours."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from models_halls import hall

from lowlift.controllers.chiller_day import Mode, held
from lowlift.controllers.forecast import History, Persistence
from lowlift.controllers.guideline36 import Guideline36
from lowlift.controllers.interface import Decision, Forecast, Measurement, Status, setpoint_table
from lowlift.controllers.mpc import MPC
from lowlift.controllers.oracle import Oracle
from lowlift.controllers.plan_problem import stage_means
from lowlift.controllers.solver import TOLERANCE, OcpSolver
from lowlift.controllers.static import StaticOptimal
from lowlift.models.facility import FLUXES
from lowlift.models.measure import measure
from lowlift.sim.closed_loop import initial_state

STAGES = (300.0,) * 4 + (900.0,) * 2


def situation(name: str, load: float = 0.8, **changes: float):
    plant = hall(name)
    s = plant.site
    values = {"q_liquid": load * s.rack_power * s.liquid_share, "q_air": load * s.P_it_nominal * (1 - s.liquid_share), "T_wb": 288.0,
              "T_db": 298.0, "p": s.p}  # fmt: skip
    d = np.asarray(plant.disturbances.pack(values))
    x, u = initial_state(plant, d)
    f = plant.fluxes(x[None], u[None], d[None])
    flux = np.concatenate([np.broadcast_to(getattr(f, k), (1, 1)) for k in FLUXES], axis=-1)
    flows = plant.flows(u[None])
    r = measure(plant, x[None], u[None], d[None], flux, np.zeros((1, s.n_cdu)), flows)
    r |= {k: np.full_like(r[k], v) for k, v in changes.items()}
    q = np.tile(r["q_cdu"], (40, 1))
    past = History(
        15.0, 600.0, q, np.tile(r["q_rack"], (40, 1)), np.full(40, r["q_air"][0, 0]), np.full(40, 288.0), np.full(40, 298.0), None
    )
    return plant, Measurement(t=600.0, time=pd.Timestamp("2024-04-07", tz="UTC"), values=r), Persistence().predict(past, 86400.0)


def parameters(mpc: MPC, m: Measurement, forecast: Forecast, mode: Mode) -> np.ndarray:
    posed = mpc.problem.pose(m, forecast)
    return mpc.ocp.parameters(posed.x0, posed.data(held(mode, len(mpc.ocp.stages))), posed.counts, mpc.margin, 287.15)


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
def test_fatrop_and_ipopt_find_the_same(name: str) -> None:
    plant, m, forecast = situation(name)
    mpc = MPC(plant, Guideline36(plant.site), stages=STAGES)
    mpc.decide(m, forecast)
    best = mpc._last
    assert best is not None and best.solver == "fatrop"
    n = 0 if plant.site.chilled is None else int(m["n_chillers"][0, 0])
    p = parameters(mpc, m, forecast, Mode(n, n))
    bounds = mpc.ocp.bounds
    r = mpc.problem.solver._ipopt(x0=np.clip(best.z, *bounds), p=p, lbx=bounds[0], ubx=bounds[1], lbg=mpc.ocp.problem["lbg"],
                          ubg=mpc.ocp.problem["ubg"])  # fmt: skip
    again = OcpSolver(mpc.ocp, tolerance=1e-7).solve(p, best.z)
    assert float(r["f"]) == pytest.approx(again.cost, rel=1e-4)


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
    true_solve = mpc.problem.solver.solve

    def broken(*args, **kwargs):
        return dataclasses.replace(true_solve(*args, **kwargs), infeasibility=1.0, stationarity=1.0)

    mpc.problem.solver.solve = broken
    later = dataclasses.replace(m, t=900.0)
    first = mpc.decide(later, forecast)
    assert first.status is Status.FALLBACK and "previous plan shifted" in first.message
    np.testing.assert_allclose(first.setpoints, good.plan.setpoints[1:2], rtol=0.05)
    second = mpc.decide(dataclasses.replace(m, t=1200.0), forecast)
    assert second.status is Status.FALLBACK and "Guideline36 took over" in second.message
    mpc.problem.solver.solve = true_solve
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
    n = int(plant.site.chilled is not None)
    p = parameters(static, m, forecast, Mode(n, n))
    low, high = static.ocp.bounds
    solver = OcpSolver(static.ocp, tolerance=1e-8)
    best = solver.solve(p, static._last.z)
    z = static.ocp.sizes
    for k in range(z.nu):
        for step in (-0.03, 0.03):
            j = z.nx + k
            value = best.z[j] + step
            if not low[j] < value < high[j] or low[j] == high[j]:
                continue
            pinned = (low.copy(), high.copy())
            pinned[0][j] = pinned[1][j] = value
            other = solver.solve(p, best.z, pinned)
            assert other.kkt_error > TOLERANCE or other.cost >= best.cost - 1e-4 * abs(best.cost)


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
