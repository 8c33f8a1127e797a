"""Controllers and protection of the chilled-water plant."""

import functools

import numpy as np
import pandas as pd
import pytest

from lowlift.controllers.audit import AuditLog
from lowlift.controllers.chiller_protection import ChillerInterlocks
from lowlift.controllers.chiller_regulator import ChillerRegulator, least_flow
from lowlift.controllers.chiller_rules import ChillerFixedSetpoint, ChillerGuideline36
from lowlift.controllers.chiller_static import ChillerStaticOptimal, best_point
from lowlift.controllers.interface import Controller, Measurement, Status
from lowlift.controllers.staging import MIN_OFF
from lowlift.models.chiller_loops import ChillerLoops, moist_air
from lowlift.models.kinds import plant_of
from lowlift.models.outdoor import find_weather, outdoor_air
from lowlift.models.plant_optimum import best_offset
from lowlift.models.plant_year import YearCase, at_rest
from lowlift.models.site import load_site
from lowlift.sim.closed_loop import Run, simulate
from lowlift.sim.kpis import kpis
from lowlift.sim.scenario import build_scenario

K = 273.15


@functools.cache
def plant() -> ChillerLoops:
    result = plant_of(load_site("chiller_plant"))
    assert isinstance(result, ChillerLoops)
    return result


def readings(**values: float) -> dict[str, np.ndarray]:
    given = {"T_chw": 281.15, "T_return": 286.15, "T_cw": 295.15, "T_cw_return": 299.15, "V_chw": 0.04, "V_cw": 0.0619, "Q_chiller": 7.6e5,
             "y_fan": 0.6, "y_chw": 0.9, "n_chillers": 1.0, "boost": 0.0, "q_air": 7.5e5, "T_wb": 289.15, "T_db": 296.15,
             "p": 99000.0} | values  # fmt: skip
    return {name: np.array([[value]]) for name, value in given.items()}


def decide(controller: Controller, **values: float) -> dict[str, float]:
    m = Measurement(t=0.0, time=pd.Timestamp("2023-07-01", tz="UTC"), values=readings(**values))
    table = plant().site.sheet.setpoints
    setpoints = controller.decide(m, None).setpoints
    assert setpoints.shape == (1, table.size)
    assert ((setpoints >= table.low - 1e-12) & (setpoints <= table.high + 1e-12)).all()
    return {name: float(v[0, 0]) for name, v in table.unpack(setpoints).items()}


def test_fixed_setpoints_are_the_reference_s() -> None:
    fixed = ChillerFixedSetpoint(plant().site)
    said = decide(fixed, T_wb=289.15)
    assert said == pytest.approx({"T_chw_set": 9.0 + K, "T_tower_set": 293.15, "V_chw_set": 0.045})
    assert decide(fixed, T_wb=270.0)["T_tower_set"] == pytest.approx(13.0 + K)
    assert decide(fixed, T_wb=302.0)["T_tower_set"] == pytest.approx(30.0 + K)


def test_guideline_36_lowers_flow_first_then_lets_nothing_drift_and_answers_requests() -> None:
    controller = ChillerGuideline36(plant().site)
    first = decide(controller)
    said = [decide(controller) for _ in range(40)]
    assert said[0]["V_chw_set"] < first["V_chw_set"] + 1e-12
    assert said[-1]["V_chw_set"] == pytest.approx(0.0225) and said[-1]["T_chw_set"] == pytest.approx(10.0 + K)
    hot = [decide(controller, T_return=289.15 + 0.5) for _ in range(60)]
    flow, cold = np.array([h["V_chw_set"] for h in hot]), np.array([h["T_chw_set"] for h in hot])
    assert flow[-1] == pytest.approx(0.045) and cold[-1] == pytest.approx(5.5 + K)
    # Water gets colder only once the flow is full.
    assert (flow[cold < 10.0 + K - 1e-6] == pytest.approx(0.045)) and (np.diff(flow) >= 0.0).all()
    assert decide(controller, boost=0.5)["T_chw_set"] == pytest.approx(5.5 + K)


def test_guideline_36_gives_the_tower_less_to_do_at_full_load_and_in_cold_air() -> None:
    controller = ChillerGuideline36(plant().site)
    offsets = {(T_wb, q): decide(controller, T_wb=T_wb, q_air=q)["T_tower_set"] - T_wb for T_wb in (298.75, 288.75) for q in (3e5, 1e6)}
    assert offsets[298.75, 1e6] == pytest.approx(3.9)
    assert offsets[298.75, 3e5] == pytest.approx(0.6 * 3.9)
    assert offsets[288.75, 1e6] == pytest.approx(3.9 + 3.0)


@pytest.mark.parametrize(("q", "T_wb"), [(2.5e5, 265.0), (4e5, 288.0), (7.5e5, 278.0), (7.5e5, 292.0), (1e6, 299.0)])
def test_static_optimum_is_one(q: float, T_wb: float) -> None:
    """No other setpoints need less; setpoints at their bounds stay there."""
    site = plant().site
    parts = site.parts
    best = best_point(site, q, T_wb, T_wb + 5.0, 99000.0)
    rng = np.random.default_rng(1)
    T_chw = np.clip(best.T_chw + rng.normal(0.0, 0.5, 400), 278.65, 283.15)
    T_tower = np.clip(best.T_tower + rng.normal(0.0, 2.0, 400), 286.15, 303.15)
    V = least_flow(site, np.array(q), T_chw, 0.0) * parts.pump_chw.V_dot_nominal
    h = at_rest(parts, moist_air(np.array(T_wb), np.array(T_wb + 5.0), np.array(99000.0)), T_tower, T_chw, np.array(q), V)
    fit = h.T_cw_in <= site.limits.T_cw_max
    assert (h.P_chiller + h.P_fan + h.P_pumps)[fit].min(initial=np.inf) >= best.P - 2.0


def test_static_optimum_agrees_with_the_best_offset_of_a_year_of_equal_hours() -> None:
    """The year's golden section and the grid find the same offset where every hour is alike and flow is full."""
    site, n, q, T_wb = plant().site, 48, 1e6, 294.15
    one = np.ones(n)
    air = moist_air(T_wb * one, (T_wb + 6.0) * one, 99000.0 * one)
    year = best_offset(site.parts, [YearCase(air=air, T_chw_set=283.15, offset=0.0)], q * one)
    best = best_point(site, q, T_wb, T_wb + 6.0, 99000.0, guard=0.7)
    assert best.V_chw == pytest.approx(0.045, rel=1e-3)
    assert best.T_chw == pytest.approx(283.15, abs=0.02)
    assert best.T_tower - T_wb == pytest.approx(year.offset[0], abs=0.05)
    assert best.P == pytest.approx((year.pue[0] - 1.0) * q, rel=1e-4)


def test_static_optimal_refuses_what_is_no_number() -> None:
    controller = ChillerStaticOptimal(plant())
    m = Measurement(t=0.0, time=pd.Timestamp("2023-07-01", tz="UTC"), values=readings(T_wb=float("nan")))
    decision = controller.decide(m, None)
    assert decision.status is Status.FALLBACK and "not a number" in decision.message
    with pytest.raises(ValueError, match="controls one plant at a time"):
        controller.reset(2)


def test_flow_follows_the_load_whatever_is_asked() -> None:
    layer, site = ChillerRegulator(plant(), 15.0), plant().site
    layer.reset(1)
    low = site.sheet.setpoints.low[None]
    u = plant().initial_actuators()[None]
    part = plant().actuators.slices["y_chw"]
    for _ in range(8):
        u, own = layer.act(readings(q_air=2e5), low, u)
    assert u[0, part] == pytest.approx(0.5) and own[0, 0] == 0.0
    for _ in range(8):
        u, own = layer.act(readings(q_air=1e6, T_chw=283.15), low, u)
    needed = 1e6 / ((289.15 - 0.5 - 283.15) * site.parts.m_chw * 4186.0)
    assert u[0, part] == pytest.approx(needed) and 0.5 < needed < 1.0


def test_a_hot_return_opens_the_flow_then_cools_the_water() -> None:
    layer, table = ChillerRegulator(plant(), 15.0), plant().actuators
    layer.reset(1)
    asked = np.asarray(plant().site.sheet.setpoints.pack({"T_chw_set": 283.15, "T_tower_set": 295.15, "V_chw_set": 0.0225}))[None]
    u = plant().initial_actuators()[None]
    seen = []
    for _ in range(200):
        u, own = layer.act(readings(T_return=289.15 + 0.5, q_air=2e5), asked, u)
        seen.append((float(own[0, 0]), float(u[0, table.slices["y_chw"]][0]), float(u[0, table.slices["T_chw_set"]][0])))
    boost, flow, cold = np.array(seen).T
    assert (np.diff(boost) >= 0.0).all() and boost[-1] == 1.0
    assert flow[-1] == 1.0 and cold[-1] == pytest.approx(279.15)
    assert (cold[boost < 0.5] >= cold[0]).all()


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"V_chw": 0.01}, "no chiller without chilled water"),
        ({"V_cw": 0.03}, "no chiller without condenser water"),
        ({"V_cw": float("nan")}, "no chiller without condenser water"),
        ({"T_chw": 275.9}, "no chiller on freezing water"),
    ],
)
def test_interlocks(values: dict[str, float], reason: str) -> None:
    locks, audit = ChillerInterlocks(plant()), AuditLog(15.0)
    part = plant().actuators.slices["n_chillers"]
    u = plant().initial_actuators()[None]
    assert locks.apply(0.0, u, readings(), audit)[0, part] == 1.0 and not audit.records
    assert locks.apply(15.0, u, readings(**values), audit)[0, part] == 0.0
    assert {r.reason for r in audit.records} == {reason}
    assert locks.apply(30.0, u, readings(), audit)[0, part] == 0.0
    assert locks.apply(15.0 + MIN_OFF - 15.0, u, readings(), audit)[0, part] == 0.0
    assert locks.apply(15.0 + MIN_OFF, u, readings(), audit)[0, part] == 1.0


@pytest.mark.slow
def test_closed_loop_keeps_limits_and_saves_in_the_expected_order() -> None:
    scenario = build_scenario(plant(), weather="chicago", workload="llm_training", start="07-15T12:00", days=0.1, warm_up=3600.0)
    runs = simulate(
        plant(), scenario,
        [Run(ChillerFixedSetpoint(plant().site)), Run(ChillerGuideline36(plant().site)), Run(ChillerStaticOptimal(plant()))],
    )  # fmt: skip
    figures = [kpis(run) for run in runs]
    for f in figures:
        assert f.energy_balance_residual < 1e-9
        assert f.violation_Kh == 0.0
    fixed, guideline, static = (f.energy_cooling_kWh for f in figures)
    assert static < guideline < fixed
    # Savings above a fifth would be a bug.
    assert static > 0.8 * guideline
    assert all(f.wue_l_per_kWh > 0.0 for f in figures)


def test_weather_of_a_year_is_that_of_the_plant() -> None:
    """Wet and dry bulb carry what the year reads from relative humidity."""
    weather = find_weather("USA_IL_Chicago")
    air = outdoor_air(weather)
    own = moist_air(air.T_wb, weather.frame["T_db"].to_numpy(), air.p)
    np.testing.assert_allclose(own.w, air.w, atol=2e-6)
    np.testing.assert_allclose(own.rho, air.rho, rtol=1e-5)
