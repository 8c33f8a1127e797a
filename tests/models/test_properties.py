"""Properties that speak of whole plants: heat, power and limits of the liquid hall and of the chiller plant with its tower."""

import dataclasses
import functools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st
from jumps import largest_jump
from laws import law, span
from models_halls import hall, point

from lowlift.models.chiller_plant import ChillerPlant, reference_plant
from lowlift.models.facility import FLUXES
from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.outdoor import find_weather, outdoor_air
from lowlift.models.plant_optimum import best_offset
from lowlift.models.plant_year import YearCase, daily_load, run_hours, run_years
from lowlift.models.signals import SignalVector
from lowlift.models.step import Integrator

REFERENCE = Path(__file__).parents[1] / "reference"
SITES = ("gb200_hall", "frontier")
YEARS = pd.read_csv(REFERENCE / "plant_annual_energyplus.csv")
K = 273.15
STILL = 1e-6
"""Rates below this are rounding [K/s]."""
sites = st.sampled_from(SITES)


@functools.cache
def plant_of_years() -> ChillerPlant:
    return reference_plant(json.loads((REFERENCE / "plant_chiller_coefficients.json").read_text()))


def changed(table: SignalVector, packed: np.ndarray, **values: float) -> np.ndarray:
    """The same signals with some replaced, all their components alike."""
    parts = table.unpack(packed)
    return np.asarray(table.pack(parts | {name: np.full_like(parts[name], value) for name, value in values.items()}))


def any_point(site: str, load: float, share: float, T_wb: float, above: float, seed: int) -> tuple[LiquidHall, np.ndarray, np.ndarray]:
    """A hall with actuators at random places of their ranges, whole numbers running, at a load and weather."""
    plant, rng = hall(site), np.random.default_rng(seed)
    u, d = point(plant, load, seed=seed)
    low, high = plant.actuators.low, plant.actuators.high
    u = low + (high - low) * (share + (1.0 - share) * rng.random(u.shape))
    for s in plant.actuators.signals:
        if s.name.startswith("n_"):
            part = plant.actuators.slices[s.name]
            u[:, part] = np.round(u[:, part])
    return plant, u, changed(plant.disturbances, d, T_wb=T_wb, T_db=T_wb + above)


anywhere = (sites, span(0.1, 1.0), span(0.3, 1.0), span(263.0, 300.0), span(0.0, 15.0), st.integers(0, 10**6))
at_work = (sites, span(0.2, 1.0), span(275.0, 298.0))


def at_rest(site: str, load: float, T_wb: float) -> tuple[LiquidHall, np.ndarray, np.ndarray, np.ndarray]:
    """A hall at rest, its actuators and disturbances."""
    plant = hall(site)
    u, d = point(plant, load)
    d = changed(plant.disturbances, d, T_wb=T_wb, T_db=T_wb + 5.0)
    return plant, plant.steady(u, d), u, d


def shaft_power(plant: LiquidHall, u: np.ndarray) -> float:
    """Of every pump of the site once, from its own flow and speed [W]."""
    s, f, a = plant.site, plant.flows(u), plant.actuators.unpack(u)
    n_fws = (a["n_fws"] * plant.topology.cdus_of_group)[0]
    V_fws = np.array([f.m_pri[0][s.group_of_cdu == g].sum() for g in range(s.n_groups)]) / s.rho_water / n_fws
    total = float(np.sum(s.cdu.pump.P_shaft(f.V_sec, a["y_cdu"])))
    total += float(np.sum(n_fws * s.facility_pump.P_shaft(V_fws, a["y_fws"][0])))
    total += float(a["n_cw"][0, 0] * s.tower_pump.P_shaft(f.m_cw / s.rho_water / a["n_cw"], a["y_cw"])[0, 0])
    if s.chilled is not None:
        total += float(s.chilled.pump.P_shaft(f.m_crah / s.rho_water, a["y_chw"])[0, 0])
    return total


@law(*anywhere, examples=20)
def test_S1_first_law_over_plant_and_time(site: str, load: float, share: float, T_wb: float, above: float, seed: int) -> None:
    """|IT + work - rejected - stored| below a thousandth of IT energy, away from rest, whatever runs."""
    plant, u, d = any_point(site, load, share, T_wb, above, seed)
    x = np.full((1, plant.states.size), 300.0) + np.random.default_rng(seed).uniform(0, 15, (1, plant.states.size))
    f, w, integrator, n = plant.flows(u), plant.disturbances.unpack(d), Integrator(plant, 60.0), 15
    IT = (w["q_liquid"].sum() + w["q_air"][0, 0]) * 60.0 * n
    x0, balance = x, 0.0
    for _ in range(n):
        x, flux = integrator.step(x, u, d)
        by_name = dict(zip(FLUXES, flux[0], strict=True))
        balance += 60.0 * (by_name["P_chiller"] - by_name["Q_tower"])
    work = shaft_power(plant, u) + (float(f.P_crah[0, 0]) if plant.site.chilled else -w["q_air"][0, 0])
    residual = IT + work * 60.0 * n + balance - (plant.stored_heat(x) - plant.stored_heat(x0))[0, 0]
    assert abs(residual) < 1e-6 * IT


@law(*at_work, examples=8)
def test_P3_C2_what_the_tower_rejects_is_heat_and_work_counted_once(site: str, load: float, T_wb: float) -> None:
    """At rest the towers get the IT heat, the power of compressors and air fans, and the shaft power of every pump, once."""
    plant, x, u, d = at_rest(site, load, T_wb)
    q, f, w = plant.fluxes(x, u, d), plant.flows(u), plant.disturbances.unpack(d)
    heat = w["q_liquid"].sum() + (float(w["q_air"][0, 0] + f.P_crah[0, 0]) if plant.site.chilled else 0.0)
    total = float(q.Q_tower[0, 0])
    assert total == pytest.approx(heat + float(np.sum(q.P_chiller)) + shaft_power(plant, u), rel=1e-7)
    # The condensers give what the evaporators took and the compressors' power.
    assert total == pytest.approx(float((q.Q_wse + q.Q_chiller + q.P_chiller + f.Q_pump_cw)[0, 0]), rel=1e-7)
    wire = float((f.P_cdu_pumps + f.P_fws_pumps + f.P_cw_pumps)[0, 0])
    assert shaft_power(plant, u) < wire


@law(*anywhere, examples=20)
def test_U1_U7_facility_power_is_never_below_it_power(site: str, load: float, share: float, T_wb: float, above: float, seed: int) -> None:
    plant, u, d = any_point(site, load, share, T_wb, above, seed)
    x = np.full((1, plant.states.size), 300.0) + np.random.default_rng(seed).uniform(0, 15, (1, plant.states.size))
    P, w = plant.powers(plant.flows(u), d, plant.fluxes(x, u, d).P_chiller), plant.disturbances.unpack(d)
    for part in dataclasses.fields(P):
        assert float(np.max(np.broadcast_to(getattr(P, part.name), (1, 1)))) >= 0.0, part.name
    assert float(P.facility[0, 0] / P.it[0, 0]) > 1.0
    assert float(P.it[0, 0]) == pytest.approx(w["q_liquid"].sum() + w["q_air"][0, 0], rel=1e-12)


def test_U1_years_of_the_chiller_plant_stay_above_one() -> None:
    airs = [outdoor_air(find_weather(name)) for name in YEARS.weather.unique()]
    cases = [YearCase(air=air, T_chw_set=K + T, offset=x) for air in airs for T, x in ((5.5, 2.0), (10.0, 8.0))]
    assert np.all(run_years(plant_of_years(), cases, daily_load()).pue_cooling > 1.1)


def test_C5_chillers_out_of_capacity_leave_the_hall_warm() -> None:
    """The shortfall shows in the chilled water of the liquid hall, and is reported by the hour in the chiller plant."""
    plant = hall("gb200_hall")
    u, d = point(plant, 1.0)
    u = changed(plant.actuators, u, n_chillers=1.0, T_chw_set=289.15, split=0.3)
    d = changed(plant.disturbances, d, T_wb=299.0, T_db=310.0)
    x = plant.steady(u, d)
    T, c = plant.states.unpack(x), plant.site.chilled
    assert c is not None
    last = plant.site.cells - 1
    capacity = float(c.chiller.capacity(T["T_chw"], T[f"T_cw_supply_{last}"])[0, 0])
    taken = float(plant.fluxes(x, u, d).Q_chiller[0, 0])
    assert taken == pytest.approx(capacity, rel=0.02) and taken <= capacity
    assert T["T_chw"][0, 0] > 289.15 + 1.0

    years, load = plant_of_years(), daily_load() * 1.9
    h = run_hours(years, [YearCase(air=outdoor_air(find_weather(str(YEARS.weather[0]))), T_chw_set=K + 9.0, offset=8.0)], load)
    able = np.minimum(years.chiller.capacity(K + 9.0, h.T_cw_in) * years.chiller.PLR_max, years.Q_limit)
    np.testing.assert_allclose(h.unmet, np.maximum(h.Q_evap - able, 0.0), atol=1e-6)
    assert h.unmet.max() > 0.0


@pytest.mark.parametrize("site", SITES)
def test_L4_a_hall_without_secondary_flow_heats_its_racks(site: str) -> None:
    """Secondary pumps stand: the heat of the racks stays in them, chips first, and nothing turns into nan."""
    plant = hall(site)
    u, d = point(plant, 0.5)
    x = plant.steady(u, d)
    u = changed(plant.actuators, u, y_cdu=0.0)
    q, rack = plant.disturbances.unpack(d)["q_liquid"], plant.site.rack
    lumps = rack.ladder(np.zeros((1, 1)), plant.site.cp_secondary)

    def held(state: np.ndarray) -> np.ndarray:
        T = plant.states.unpack(state)
        return lumps.C1 * T["T_chip"] + lumps.C2 * T["T_plate"] + lumps.C3 * T["T_cool"]

    first, _ = Integrator(plant, 0.05).step(x, u, d)
    rise = (plant.states.unpack(first)["T_chip"] - plant.states.unpack(x)["T_chip"]) / 0.05
    before = rack.plates / rack.cold_plate.R_chip_plate * (plant.states.unpack(x)["T_chip"] - plant.states.unpack(x)["T_plate"])
    np.testing.assert_allclose(rise, (q - before) / lumps.C1, atol=0.05 * float(np.max(q / lumps.C1)))
    x1, integrator = x, Integrator(plant, 15.0)
    for _ in range(4):
        x1, _ = integrator.step(x1, u, d)
    assert np.all(np.isfinite(x1))
    np.testing.assert_allclose(held(x1) - held(x), q * 60.0, rtol=1e-4)


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("h", [1.0, 5.0, 15.0])
def test_L7_a_load_step_is_followed_within_a_twentieth_of_a_kelvin(site: str, h: float) -> None:
    """Against steps of a quarter second, all lumps and nodes, over two minutes."""
    plant = hall(site)
    u, d = point(plant, 0.3)
    x = plant.steady(u, d)
    _, d = point(plant, 1.0)
    fine, coarse, small, large = x, x, Integrator(plant, 0.25), Integrator(plant, h)
    for _ in range(round(120.0 / h)):
        for _ in range(round(h / 0.25)):
            fine, _ = small.step(fine, u, d)
        coarse, _ = large.step(coarse, u, d)
        assert np.abs(coarse - fine).max() < 0.05


@pytest.mark.parametrize("site", SITES)
def test_S2_plants_do_not_jump_where_modes_change(site: str) -> None:
    """Rates and powers along paths through free cooling, partial and full mechanical cooling, fans off and full, cells and pumps added."""
    plant = hall(site)
    u, d = point(plant, 0.8)
    rest = plant.steady(u, d)
    low, high = plant.actuators.low, plant.actuators.high
    warm = rest.copy()
    for name in plant.facility.nodes:
        warm[:, plant.states.slices[name]] += {"T_cw": 15.0, "T_fw": -8.0, "T_ba": 15.0}.get(name[:4], 5.0)
    cold = changed(plant.disturbances, d, T_wb=262.0, T_db=264.0)

    def along(x: tuple[np.ndarray, np.ndarray], v: tuple[np.ndarray, np.ndarray], e: tuple[np.ndarray, np.ndarray]):
        def at(t: np.ndarray) -> np.ndarray:
            xs, us, ds = (a + (b - a) * t[:, None] for a, b in (x, v, e))
            q = plant.fluxes(xs, us, ds)
            P = plant.powers(plant.flows(us), ds, q.P_chiller)
            rows = [np.broadcast_to(getattr(q, n), (t.size, 1)) for n in FLUXES]
            return np.concatenate([plant.derivatives(xs, us, ds)[:, :: max(1, plant.states.size // 20)], *rows, P.facility], axis=1).T

        return at

    assert largest_jump(along((rest, warm), (u, u), (d, d)), STILL) < 1e-7
    assert largest_jump(along((rest, rest), (low[None], high[None]), (d, d)), STILL) < 1e-7
    assert largest_jump(along((rest, warm), (high[None], low[None]), (cold, d)), STILL) < 1e-7


def test_S3_a_continuous_optimum_beats_the_best_point_of_the_grid() -> None:
    """For every climate the search finds less energy than the best whole kelvin, and less than the reference years, all load met."""
    groups = list(YEARS[YEARS.t_chw_set_C == 10.0].groupby("weather"))
    cases = [YearCase(air=outdoor_air(find_weather(str(name))), T_chw_set=K + 10.0, offset=0.0) for name, _ in groups]
    best = best_offset(plant_of_years(), cases, daily_load(), iterations=2)
    for i, (_, rows) in enumerate(groups):
        assert best.pue[i] < best.pue_grid[i]
        assert best.pue[i] < rows.pue_cooling_only.min() + 5e-4
        assert rows.tower_offset_K.min() < best.offset[i] < rows.tower_offset_K.max()
    assert np.all(best.unmet_share == 0.0)
