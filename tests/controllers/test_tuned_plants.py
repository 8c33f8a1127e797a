"""SiteTuned of plants that are no liquid hall: constants in their ranges, laws within limits, never dearer than Guideline 36."""

import dataclasses
import functools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lowlift.controllers import air_tuned, chiller_tuned, hybrid_tuned
from lowlift.controllers.interface import Measurement, Status
from lowlift.controllers.operation import operation_of
from lowlift.models import load
from lowlift.models.plant import Plant
from lowlift.sim.closed_loop import Run, simulate
from lowlift.sim.kpis import kpis
from lowlift.sim.scenario import build_scenario

K = 273.15
HOMES: dict[str, tuple[Any, type, type]] = {
    "air_hall": (air_tuned, air_tuned.AirSiteTuned, air_tuned.AirTuning),
    "hybrid_hall": (hybrid_tuned, hybrid_tuned.HybridSiteTuned, hybrid_tuned.HybridTuning),
    "chiller_plant": (chiller_tuned, chiller_tuned.ChillerSiteTuned, chiller_tuned.ChillerTuning),
}
RANGE = {"K": (263.0, 330.0), "W": (1e4, 2e6), "m3/s": (1e-3, 0.05), "kg/s": (1.0, 300.0), "1": (0.0, 1.0), "Pa": (0.0, 20.0)}


@functools.cache
def plant(name: str) -> Plant:
    return load(name)


def readings(name: str, batch: int, seed: int, **given: float) -> Measurement:
    rng = np.random.default_rng(seed)
    table = plant(name).site.sheet.measurements
    values = {s.name: rng.uniform(*RANGE[s.unit], (batch, s.size)) for s in table.signals}
    values |= {"p": np.full((batch, 1), 95e3), "T_db": rng.uniform(258.0, 316.0, (batch, 1))}
    values["T_wb"] = values["T_db"] - rng.uniform(0.0, 12.0, (batch, 1))
    values |= {key: np.full_like(values[key], value) for key, value in given.items()}
    return Measurement(t=0.0, time=pd.Timestamp("2023-07-20", tz="UTC"), values=values)


def decided(name: str, tuning: Any, n: int = 1, **given: float) -> dict[str, float]:
    controller = HOMES[name][1](plant(name).site, tuning)
    for _ in range(n):
        setpoints = controller.decide(readings(name, 1, 0, **given), None).setpoints
    return {key: float(v[0, 0]) for key, v in plant(name).site.sheet.setpoints.unpack(setpoints).items()}


@pytest.mark.parametrize("name", HOMES)
def test_constants_of_both_halves_lie_in_their_ranges(name: str) -> None:
    home, _, constants = HOMES[name]
    assert set(home.RANGES) == {f.name for f in dataclasses.fields(constants)}
    assert set(home.TUNINGS) == {name}
    assert set(home.TUNINGS[name]) == {"warm", "cool"}
    for tuning in home.TUNINGS[name].values():
        for key, (low, high) in home.RANGES.items():
            assert low <= getattr(tuning, key) <= high, key


@pytest.mark.parametrize("name", HOMES)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_setpoints_stay_in_range_and_batch_equals_singles(name: str, seed: int) -> None:
    site, make = plant(name).site, HOMES[name][1]
    table, batch = site.sheet.setpoints, 3
    together, alone = make(site), [make(site) for _ in range(batch)]
    together.reset(batch)
    for step in range(3):
        m = readings(name, batch, seed + step)
        decision = together.decide(m, None)
        assert decision.status is Status.RULE
        assert np.isfinite(decision.setpoints).all()
        assert ((decision.setpoints >= table.low - 1e-9) & (decision.setpoints <= table.high + 1e-9)).all()
        for b, controller in enumerate(alone):
            one = Measurement(t=m.t, time=m.time, values={k: v[b : b + 1] for k, v in m.values.items()})
            np.testing.assert_allclose(controller.decide(one, None).setpoints[0], decision.setpoints[b], rtol=1e-12)


@pytest.mark.parametrize("name", HOMES)
def test_each_half_of_the_year_has_its_constants(name: str) -> None:
    home, make, _ = HOMES[name]
    site = plant(name).site
    for month, half in ((2, "cool"), (8, "warm")):
        m = dataclasses.replace(readings(name, 1, 3), time=pd.Timestamp(f"2023-{month:02d}-11", tz="UTC"))
        own, told = make(site), make(site, home.TUNINGS[name][half])
        np.testing.assert_array_equal(own.decide(m, None).setpoints, told.decide(m, None).setpoints)


@pytest.mark.parametrize("name", HOMES)
def test_it_is_among_the_controllers_of_its_plant(name: str) -> None:
    operation = operation_of(plant(name).site)
    assert list(operation.controllers(plant(name).site)) == ["FixedSetpoint", "Guideline36", "SiteTuned", "StaticOptimal"]
    assert "SiteTuned" not in operation.missing(plant(name).site)


# -- laws ---------------------------------------------------------------------------------------------------------


@given(T_wb=st.floats(265.0, 300.0), q=st.floats(1e5, 3.0e6))
@settings(max_examples=30, deadline=None)
def test_supply_air_follows_the_wet_bulb_between_its_ends(T_wb: float, q: float) -> None:
    tuning = air_tuned.AirTuning(supply_offset=6.0, supply_slope=2.0, supply_min=20.0 + K, supply_max=24.0 + K)
    calm = {"T_inlet": 294.15, "boost": 0.0, "T_dew_hall": 280.15, "T_db": T_wb + 8.0}
    law = T_wb + 6.0 + 2.0 * (q / plant("air_hall").site.P_it_nominal - 0.7)
    assert decided("air_hall", tuning, T_wb=T_wb, q_air=q, **calm)["T_supply_set"] == pytest.approx(np.clip(law, 20.0 + K, 24.0 + K))


def test_hot_inlets_lower_supply_air_and_time_takes_it_back() -> None:
    site, tuning = plant("air_hall").site, air_tuned.AirTuning()
    controller = air_tuned.AirSiteTuned(site, tuning)
    calm = {"T_wb": 290.15, "T_db": 300.15, "q_air": 2e6, "boost": 0.0, "T_dew_hall": 280.15}

    def supply(T_inlet: float) -> float:
        said = controller.decide(readings("air_hall", 1, 0, T_inlet=T_inlet, **calm), None).setpoints
        return float(site.sheet.setpoints.unpack(said)["T_supply_set"][0, 0])

    law = supply(293.15)
    hot = [supply(site.limits.T_inlet_max) for _ in range(10)]
    assert (np.diff(hot) <= 0.0).all() and hot[-1] < law - 2.0
    assert hot[-1] >= site.limits.T_inlet_min - 1e-9
    assert [supply(293.15) for _ in range(80)][-1] == pytest.approx(law)


def test_outdoor_air_warmer_than_return_air_is_taken_only_as_far_as_the_changeover_allows() -> None:
    at = {"T_db": 311.15, "T_wb": 291.15, "T_return": 308.15, "T_inlet": 295.15, "boost": 0.0, "T_dew_hall": 283.15}
    x_min = plant("air_hall").site.x_min
    assert decided("air_hall", air_tuned.AirTuning(changeover=-8.0), **at)["oa_min"] == 1.0
    assert decided("air_hall", air_tuned.AirTuning(changeover=1.0), **at)["oa_max"] == x_min


@given(T_db=st.floats(260.0, 312.0), share=st.floats(0.1, 1.0))
@settings(max_examples=30, deadline=None)
def test_warm_water_follows_the_air_of_its_coolers_between_its_ends(T_db: float, share: float) -> None:
    site = plant("hybrid_hall").site
    tuning = hybrid_tuned.HybridTuning(warm_offset=7.0, warm_slope=3.0, warm_max=38.0 + K)
    per_cdu = share * site.P_it_nominal * site.liquid_share / site.n_cdu
    calm = {"T_chip": 330.0, "T_return_hot": 310.0, "override": 0.0, "wet_warm": 0.0, "q_cdu": per_cdu, "q_rack": per_cdu / 8.0}
    said = decided("hybrid_hall", tuning, T_db=T_db, **calm)
    low = {s.name: s.low for s in site.sheet.setpoints.signals}
    assert said["T_warm_set"] == pytest.approx(np.clip(T_db + 7.0 + 3.0 * (share - 0.7), low["T_warm_set"], 38.0 + K))
    assert said["m_warm_set"] == pytest.approx(max(0.8 * share**0.8 * site.warm.m_nominal, low["m_warm_set"]))


def test_racks_near_their_limits_get_colder_water() -> None:
    site = plant("hybrid_hall").site
    at = {"T_db": 300.15, "wet_warm": 0.0, "override": 0.0, "T_return_hot": 310.0, "q_cdu": 2e5, "q_rack": 3e4}
    calm, hot = (decided("hybrid_hall", hybrid_tuned.HybridTuning(), n=8, T_chip=T, **at) for T in (330.0, site.limits.T_chip_max))
    assert hot["T_warm_set"] < calm["T_warm_set"] - 2.0


@given(T_wb=st.floats(265.0, 299.0), share=st.floats(0.2, 1.0))
@settings(max_examples=30, deadline=None)
def test_tower_water_follows_its_law_and_chilled_water_is_as_warm_as_may_be(T_wb: float, share: float) -> None:
    site = plant("chiller_plant").site
    tuning = chiller_tuned.ChillerTuning(tower_offset=5.0, tower_slope=3.0, tower_rise=0.2, tower_bend=0.005)
    said = decided("chiller_plant", tuning, T_wb=T_wb, q_air=share * 1e6, T_return=285.15, boost=0.0)
    cold = max(25.6 + K - T_wb, 0.0)
    offset = max(5.0 + 3.0 * (share - 0.7) + 0.2 * cold + 0.005 * cold**2, chiller_tuned.APPROACH_LEAST)
    assert said["T_tower_set"] == pytest.approx(np.clip(T_wb + offset, 13.0 + K, 30.0 + K))
    assert said["T_chw_set"] == pytest.approx(10.0 + K)
    carried = said["V_chw_set"] / 0.045 * site.parts.m_chw * 4186.0 * (site.limits.T_return_max - said["T_chw_set"])
    assert carried > share * 1e6 or said["V_chw_set"] == pytest.approx(0.045)


def test_a_hot_return_cools_the_chilled_water() -> None:
    calm, hot = (decided("chiller_plant", chiller_tuned.ChillerTuning(), n=8, T_return=T, boost=0.0, q_air=5e5) for T in (286.15, 289.65))
    assert hot["T_chw_set"] < calm["T_chw_set"] - 1.0


# -- closed loop --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "start"), [("air_hall", "06-10T13:00"), ("hybrid_hall", "09-21T13:00"), ("chiller_plant", "12-05T10:00")])
def test_a_section_of_a_day_takes_less_than_guideline_36_at_no_more_violation(name: str, start: str) -> None:
    """None of these days is tuned on."""
    p = plant(name)
    scenario = build_scenario(p, start=start, days=1.0 / 24.0, warm_up=3600.0, step=30.0, seed=31)
    guideline = operation_of(p.site).controllers(p.site)["Guideline36"].make(p, lambda: p.loads(scenario.conditions))
    theirs, own = (kpis(run) for run in simulate(p, scenario, [Run(guideline), Run(HOMES[name][1](p.site))]))
    stored = [k.energy_facility_corrected_kWh for k in (own, theirs)]
    assert stored[0] < stored[1]
    assert own.violation_Kh <= theirs.violation_Kh + 1e-3
    assert own.fallbacks == 0 and own.energy_balance_residual < 1e-9
