"""Controllers of the hybrid hall: resets move the right way, the optimum is one, and both keep the plant in a closed loop."""

import dataclasses
import functools

import numpy as np
import pandas as pd
import pytest
from models_hybrid import actuators, hybrid, load_at

from lowlift.controllers.hybrid_rules import HybridGuideline36
from lowlift.controllers.hybrid_static import ABOVE_FREE, DECIDED, HybridMargins, HybridStaticOptimal, SteadyProblem
from lowlift.controllers.interface import Measurement, Status
from lowlift.models.hybrid_hall import cooling
from lowlift.models.hybrid_tables import T_PAD_RANGE
from lowlift.sim.closed_loop import Run, simulate
from lowlift.sim.kpis import kpis
from lowlift.sim.scenario import build_scenario

ZERO_C = 273.15


def measured(u: np.ndarray, d: np.ndarray, **changed: float) -> Measurement:
    p = hybrid()
    x = p.steady(u, d)
    values = p.measure(x, u, d, p.flux_vector(x, u, d), np.zeros((1, p.site.n_cdu)), p.flows(u))
    values |= {name: np.full_like(values[name], value) for name, value in changed.items()}
    return Measurement(t=0.0, time=pd.Timestamp("2023-07-04", tz="UTC"), values=values)


def by_name(setpoints: np.ndarray) -> dict[str, float]:
    return {name: float(v[0, 0]) for name, v in hybrid().site.sheet.setpoints.unpack(setpoints).items()}


@functools.cache
def problem() -> SteadyProblem:
    return HybridStaticOptimal(hybrid()).problem


# -- Guideline 36 -------------------------------------------------------------------------------------------------


def test_requests_raise_flow_first_and_then_make_the_water_colder() -> None:
    g36 = HybridGuideline36(hybrid().site)
    hot = measured(actuators(), load_at(0.6), T_chip=hybrid().site.limits.T_chip_max)
    calm = measured(actuators(), load_at(0.6), T_chip=330.0, T_return_hot=310.0)
    for _ in range(10):
        g36.decide(calm, None)
    rows = [by_name(g36.decide(hot, None).setpoints) for _ in range(30)]
    flow, warm = (np.array([r[name] for r in rows]) for name in ("V_sec_set", "T_warm_set"))
    full = hybrid().site.cdu_pump.V_dot_nominal
    assert flow[0] < full
    assert (np.diff(flow) >= 0.0).all() and (np.diff(warm) <= 0.0).all()
    assert (flow[warm < warm[0] - 1e-9] == full).all()
    assert warm[-1] < warm[0] - 5.0


def test_pads_wait_for_what_dry_coolers_cannot_hold_and_for_running_chillers() -> None:
    on = by_name(HybridGuideline36(hybrid().site).decide(measured(actuators(n_chillers=1.0), load_at(0.6)), None).setpoints)
    off = by_name(HybridGuideline36(hybrid().site).decide(measured(actuators(n_chillers=0.0), load_at(0.6)), None).setpoints)
    assert on["T_pad_cold_set"] == pytest.approx(20.0 + ZERO_C)
    for name in ("warm", "cold"):
        assert off[f"T_{name}_set"] - 6.0 < off[f"T_pad_{name}_set"] < off[f"T_{name}_set"] - 2.0


def test_condenser_coolant_follows_the_air_behind_the_pads() -> None:
    d, site = load_at(0.8, T_wb=290.0, T_db=308.0), hybrid().site
    dry, wet = (by_name(HybridGuideline36(site).decide(measured(actuators(wet_cold=w), d), None).setpoints) for w in (0.0, 1.0))
    assert dry["T_cold_set"] - wet["T_cold_set"] == pytest.approx(site.cold.pad.eff * 18.0, abs=1e-6)
    assert 308.0 + 2.0 < dry["T_cold_set"] < 308.0 + 4.0


def test_coolant_gets_warmer_in_small_steps_when_the_last_machine_goes_and_colder_at_once() -> None:
    """Without it the economiser lost its cold coolant with the machine, and called the machine back."""
    g36, site = HybridGuideline36(hybrid().site), hybrid().site
    frost = load_at(0.6, T_wb=262.0, T_db=264.0)
    at = {"T_plant": 291.95, "T_air": 298.15, "T_inlet": 298.5, "y_chw": 0.7}
    on, off = (measured(actuators(n_chillers=n), frost, **at) for n in (1.0, 0.0))
    with_machine = [by_name(g36.decide(on, None).setpoints)["T_cold_set"] for _ in range(6)]
    free = np.array([by_name(g36.decide(off, None).setpoints)["T_cold_set"] for _ in range(60)])
    assert with_machine[-1] == pytest.approx(10.0 + ZERO_C)
    steps = np.diff(np.concatenate([with_machine[-1:], free]))
    assert steps.max() <= g36.c.free_rise + 1e-9
    assert free[-1] > with_machine[-1] + 2.0
    # A job that is back takes more of the economiser: the setpoint does not wait.
    pause = measured(actuators(n_chillers=0.0), load_at(0.1, T_wb=262.0, T_db=264.0), **at)
    for _ in range(4):
        g36.decide(pause, None)
    back = by_name(g36.decide(measured(actuators(n_chillers=0.0), load_at(1.0, T_wb=262.0, T_db=264.0), **at), None).setpoints)
    assert back["T_cold_set"] < free[-1] - 1.0
    assert back["T_cold_set"] >= site.limits.T_cold_min


def test_no_machine_is_called_back_in_frost() -> None:
    """Four hours of a night of -10 C; the machine that runs at first leaves, and the pauses of the job call none."""
    scenario = build_scenario(hybrid(), weather="dulles", workload="llm_training", start="01-20", days=4.0 / 24.0, step=30.0,
                              warm_up=3600.0, seed=1)  # fmt: skip
    run = simulate(hybrid(), scenario, [Run(HybridGuideline36(hybrid().site))])[0]
    figures = kpis(run)
    assert figures.starts["n_chillers"] == 0.0
    assert run.components("n_chillers")[-1, 0] == 0.0
    assert figures.violation_Kh < 0.05


# -- StaticOptimal ------------------------------------------------------------------------------------------------


def rest_cost(u: np.ndarray, d: np.ndarray, margins: HybridMargins) -> np.ndarray:
    """Cooling power with water [MW] of actuators at rest; infinite where limits with margins or ranges are not kept."""
    p, s, lim = hybrid(), hybrid().site, hybrid().site.limits
    d = np.repeat(d, len(u), axis=0)
    x = p.steady(u, d)
    T, w, f = p.states.unpack(x), p.disturbances.unpack(d), p.flows(u)
    of = dict(zip(p.flux_names, p.flux_vector(x, u, d).T, strict=True))
    chip, out = p.equations.rack_temperatures(T["T_plate"], T["T_supply"], w["q_liquid"], f)
    dry = s.T_dew_hall + lim.dew_point_margin
    kept = (
        (chip.max(axis=1) <= lim.T_chip_max - margins.chip) & (out.max(axis=1) <= lim.T_return_max - margins.outlet)
        & (T["T_supply"].max(axis=1) <= lim.T_supply_max - margins.supply) & (T["T_air_cold"][:, 0] <= lim.T_inlet_max - margins.inlet)
        & (T["T_warm"][:, 0] >= dry + margins.dew_warm) & (T["T_chw"][:, 0] >= dry + margins.dew)
        & (T["T_cold"][:, 0] >= lim.T_cold_min + margins.cold)
    )  # fmt: skip
    shown = {
        "V_sec_set": f.V_sec[:, 0], "T_warm_set": T["T_warm"][:, 0], "m_warm_set": f.m_warm[:, 0], "T_cold_set": T["T_cold"][:, 0],
        "m_cold_set": f.m_cold[:, 0], "T_air_set": of["T_air"], "air_ratio_set": (f.m_air / p.equations.air_drawn(w["q_air"]))[:, 0],
    }  # fmt: skip
    table = {k.name: k for k in s.sheet.setpoints.signals}
    for name, value in shown.items():
        kept &= (value >= table[name].low - 1e-6) & (value <= table[name].high + 1e-6)
    makeup = s.warm.pad.makeup(of["evaporation"])
    power = cooling(f, of["P_chillers"][:, None])[:, 0] + 1.08e4 * makeup
    return np.where(kept, power / 1e6, np.inf)


@pytest.mark.parametrize(("T_wb", "T_db", "wet", "n"), [(289.0, 306.0, True, 1), (283.0, 291.0, False, 1), (274.0, 278.0, False, 0)])
def test_no_sampled_plant_at_rest_is_cheaper_than_the_optimum(T_wb: float, T_db: float, wet: bool, n: int) -> None:
    p, margins, share = hybrid(), HybridMargins(), 0.6
    s = p.site
    q = share * s.rack_power * s.liquid_share
    d = problem().disturbances(np.full(s.n_cdu, q * s.racks_per_cdu), np.full(s.n_cdu, q), share * s.P_it_nominal * 0.25, T_wb, T_db, s.p)
    best = problem().solve(d, wet, n)
    assert best.point.kkt_error < 1e-3
    assert max(best.liquid.slack, best.air.slack) < 1e-3
    # Around the optimum and anywhere: nothing that keeps the limits costs less.
    rng = np.random.default_rng(0)
    at, k = p.actuators.slices, len(DECIDED)
    found = problem().u_low + (problem().u_high - problem().u_low) * best.point.z[problem().n_states : problem().n_states + k]
    # A few actuators at a time: most limits are met at the optimum, and few ways lead inside.
    steps = rng.normal(0.0, 1.0, (320, k)) * 10.0 ** rng.uniform(-3.0, -1.3, (320, 1)) * (rng.random((320, k)) < 0.4)
    near = np.clip(found + steps * (problem().u_high - problem().u_low), problem().u_low, problem().u_high)
    far = rng.uniform(problem().u_low, problem().u_high, (96, k))
    rows = np.vstack([found, near, far])
    u = np.repeat(actuators(n_chillers=float(n), wet_warm=float(wet), wet_cold=float(wet)), len(rows), axis=0)
    for j, name in enumerate(DECIDED):
        u[:, at[name]] = rows[:, j : j + 1]
    nearer = HybridMargins(**{f.name: getattr(margins, f.name) - 0.01 for f in dataclasses.fields(margins)})
    cost = rest_cost(u, d[None], nearer)
    assert cost[0] == pytest.approx(best.liquid.cost + best.air.cost, rel=1e-3)
    assert np.isfinite(cost[1:]).sum() > 5
    assert cost[1:].min() > cost[0] - 2e-4


def test_pads_and_chillers_follow_the_weather() -> None:
    hot, cold = load_at(0.6, T_wb=292.0, T_db=310.0), load_at(0.6, T_wb=272.0, T_db=275.0)
    u = actuators()
    decision = HybridStaticOptimal(hybrid()).decide(measured(u, hot), None)
    assert decision.status is Status.OPTIMAL
    summer = by_name(decision.setpoints)
    assert summer["T_pad_warm_set"] == summer["T_pad_cold_set"] == T_PAD_RANGE[0]
    assert "pads wet / wet" in decision.message
    decision = HybridStaticOptimal(hybrid()).decide(measured(u, cold), None)
    winter = by_name(decision.setpoints)
    assert winter["T_pad_warm_set"] == winter["T_pad_cold_set"] == T_PAD_RANGE[1]
    assert "0 chillers" in decision.message
    # Staging lets the last machine go where the water behind the economiser is no warmer than the setpoint.
    assert winter["T_chw_set"] > winter["T_cold_set"] + ABOVE_FREE


def test_dear_water_keeps_pads_dry_longer() -> None:
    d = measured(actuators(), load_at(0.5, T_wb=287.0, T_db=294.0))
    cheap, dear = (HybridStaticOptimal(hybrid(), water_price=price).decide(d, None).setpoints for price in (0.0, 2.0e5))
    assert by_name(cheap)["T_pad_cold_set"] == T_PAD_RANGE[0]
    assert by_name(dear)["T_pad_cold_set"] == by_name(dear)["T_pad_warm_set"] == T_PAD_RANGE[1]


def test_a_pause_does_not_warm_what_the_job_will_need() -> None:
    controller = HybridStaticOptimal(hybrid())
    busy = by_name(controller.decide(measured(actuators(), load_at(0.8)), None).setpoints)
    pause = by_name(controller.decide(measured(actuators(), load_at(0.1)), None).setpoints)
    assert pause["T_warm_set"] == pytest.approx(busy["T_warm_set"], abs=0.05)


def test_input_that_is_no_number_is_refused_and_batches_too() -> None:
    controller = HybridStaticOptimal(hybrid())
    decision = controller.decide(measured(actuators(), load_at(0.6), q_air=np.nan), None)
    assert decision.status is Status.FALLBACK
    assert "not a number" in decision.message
    with pytest.raises(ValueError, match="batch = 2"):
        controller.reset(2)
