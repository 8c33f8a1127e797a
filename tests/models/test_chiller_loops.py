"""The dynamic chilled-water plant: at rest the hourly reference plant, in motion first and second law, wet bulb and Carnot."""

import dataclasses
import functools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from backends import assert_backends_agree
from laws import law, span
from numpy.testing import assert_allclose

from lowlift.models.chiller_loops import ChillerLoops, moist_air
from lowlift.models.chiller_plant import HOUR, reference_plant
from lowlift.models.kinds import plant_of
from lowlift.models.outdoor import find_weather, outdoor_air
from lowlift.models.plant import SteadyStateError
from lowlift.models.plant_year import YearCase, at_rest, daily_load, run_hours
from lowlift.models.schema import SiteError
from lowlift.models.site import load_site
from lowlift.thermal.fluids import WATER
from lowlift.thermal.tower_control import MoistAir

K = 273.15
REFERENCE = Path(__file__).parents[1] / "reference"


@functools.cache
def plant() -> ChillerLoops:
    result = plant_of(load_site("chiller_plant"))
    assert isinstance(result, ChillerLoops)
    return result


def held(n: int = 1, **values: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Actuators and disturbances (n, .), ordinary where not given."""
    given = {"T_chw_set": 281.15, "T_tower_set": 295.15, "y_chw": 0.9, "n_chillers": 1.0, "q_it": 7.5e5, "T_wb": 289.15, "T_db": 296.15,
             "p": plant().site.p} | values  # fmt: skip
    columns = {name: np.broadcast_to(np.asarray(value, dtype=float).reshape(-1, 1), (n, 1)) for name, value in given.items()}
    u, d = (np.asarray(table.pack({name: columns[name] for name in table.slices})) for table in (plant().actuators, plant().disturbances))
    return u, d


def sampled(n: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Conditions of the whole range, frost and damp heat, full fan and none."""
    rng, lim = np.random.default_rng(seed), plant().site.limits
    T_wb = rng.uniform(258.0, 300.0, n)
    return {
        "T_wb": T_wb, "T_db": T_wb + rng.uniform(0.0, 12.0, n), "q_it": rng.uniform(2e5, 1e6, n),
        "T_tower_set": rng.uniform(286.2, 303.1, n),
        "T_chw_set": rng.uniform(lim.T_chw_set_min, lim.T_chw_set_max, n), "y_chw": rng.uniform(0.5, 1.0, n),
    }  # fmt: skip


def test_parts_are_those_of_the_reference() -> None:
    """Every rating, coefficient and volume is that of the published years."""
    theirs = reference_plant(json.loads((REFERENCE / "plant_chiller_coefficients.json").read_text()))
    parts = plant().site.parts
    for name in ("chiller", "tower", "pump_chw", "pump_cw", "loops"):
        ours, published = (dataclasses.asdict(getattr(x, name)) for x in (parts, theirs))
        assert ours.keys() == published.keys()
        for key, value in ours.items():
            assert value == pytest.approx(published[key], rel=1e-12), f"{name}.{key}"


def test_rest_is_the_hourly_solution() -> None:
    """Steps to rest from elsewhere end where the hourly relations with a balanced loop are."""
    v, n = sampled(16), 16
    u, d = held(n, **v)
    # The slowest mode, on natural draught alone, takes ten minutes.
    x, step = np.tile([282.0, 287.0, 293.0, 298.0], (n, 1)), plant().integrator(15.0)
    for _ in range(800):
        x = step.step(x, u, d)[0]
    V = v["y_chw"] * plant().site.parts.pump_chw.V_dot_nominal
    air = moist_air(v["T_wb"], v["T_db"], np.full(n, plant().site.p))
    h = at_rest(plant().site.parts, air, v["T_tower_set"], v["T_chw_set"], v["q_it"], V)
    of = dict(zip(plant().flux_names, plant().flux_vector(x, u, d).T, strict=True))
    T = plant().states.unpack(x)
    for name, expected in (("T_chw", v["T_chw_set"]), ("T_cw", h.T_cw_in), ("T_cw_return", h.T_tower_in)):
        assert_allclose(T[name][:, 0], expected, rtol=0.0, atol=1e-3, err_msg=name)
    pairs = {"P_chillers": h.P_chiller, "Q_chiller": h.Q_evap, "Q_tower": h.Q_tower, "P_tower_fans": h.P_fan, "y_fan": h.air_ratio}
    for name, expected in pairs.items():
        assert_allclose(of[name], expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max(), err_msg=name)
    assert_allclose(of["P_chw_pumps"] + of["P_cw_pumps"], h.P_pumps, rtol=1e-6)
    assert_allclose((of["evaporation"] + of["drift"] + of["blowdown"]) / WATER.rho(h.T_tower_out), h.makeup, rtol=1e-4)


def test_hourly_solution_at_rest_is_that_of_a_year_of_equal_hours() -> None:
    """Where all hours are alike, the year's own sweeps find the same; its tolerance is 1e-4 K, without fans less."""
    parts = plant().site.parts
    n = 48
    for T_wb, offset, q in ((291.15, 4.0, 7e5), (298.15, 2.0, 9e5), (284.15, 8.0, 6e5)):
        one = np.ones(n)
        air = moist_air(T_wb * one, (T_wb + 6.0) * one, 101325.0 * one)
        year = run_hours(parts, [YearCase(air=air, T_chw_set=282.15, offset=offset)], q * one)
        rest = at_rest(parts, air, parts.T_cw_set(air.T_wb, offset * one), 282.15 * one, q * one)
        for field in dataclasses.fields(rest):
            ours, theirs = getattr(rest, field.name), getattr(year, field.name)[0]
            assert_allclose(ours, theirs, rtol=2e-4, atol=1e-6, err_msg=field.name)


def test_loop_closes_at_rest_wherever_it_is() -> None:
    """One search for all: fans full, between, cycling and off."""
    parts, v = plant().site.parts, sampled(4000, seed=1)
    v["q_it"] = np.linspace(0.0, 1.4e6, 4000)
    air = moist_air(v["T_wb"], v["T_db"], np.full(4000, 101325.0))
    h = at_rest(parts, air, v["T_tower_set"], v["T_chw_set"], v["q_it"], v["y_chw"] * 0.045)
    assert np.abs(parts.leave_condenser(h.T_cw_in, h.Q_evap, v["T_chw_set"]) - h.T_tower_in).max() < 1e-9
    ratio = h.air_ratio
    assert (ratio == 1.0).any() and (ratio == parts.tower.natural).any() and ((ratio > 0.2) & (ratio < 1.0)).any()


def test_a_day_in_motion_has_the_energy_of_its_hours() -> None:
    """Hour by hour held, the dynamic plant takes what the year's relations say, which know of the hour before."""
    parts, air = plant().site.parts, outdoor_air(find_weather("USA_IL_Chicago"))
    day, q = slice(24 * 195, 24 * 196), daily_load(24)
    sample = MoistAir(*(getattr(air, f.name)[day] for f in dataclasses.fields(air)))
    h = run_hours(parts, [YearCase(air=sample, T_chw_set=282.15, offset=4.0)], q)
    dry = find_weather("USA_IL_Chicago").frame["T_db"].to_numpy()[day]
    u, d = held(
        24, T_chw_set=282.15, T_tower_set=parts.T_cw_set(sample.T_wb, 4.0), y_chw=1.0, q_it=q, T_wb=sample.T_wb, T_db=dry, p=sample.p
    )
    step = plant().integrator(60.0)
    x = plant().steady(u[-1:], d[-1:])
    rows = []
    for k in range(24):
        for _ in range(round(HOUR / 60.0)):
            x, flux = step.step(x, u[k : k + 1], d[k : k + 1])
            rows.append(flux[0])
    mean = pd.DataFrame(rows, columns=plant().flux_names).mean()
    own = {"P_chillers": h.P_chiller, "Q_chiller": h.Q_evap, "P_tower_fans": h.P_fan, "Q_tower": h.Q_tower}
    for name, expected in own.items():
        assert mean[name] == pytest.approx(expected.mean(), rel=3e-3), name
    assert mean.evaporation + mean.drift + mean.blowdown == pytest.approx((h.makeup * WATER.rho(h.T_tower_out)).mean(), rel=3e-3)


def test_second_order() -> None:
    """Halving the step quarters the error of a load step, where no control passes a corner."""
    u, d = held(q_it=6e5)
    start = plant().steady(u, d)
    u1, d1 = held(q_it=8e5, T_chw_set=281.65)

    def end(h: float) -> np.ndarray:
        x, step = start, plant().integrator(h)
        for _ in range(round(120.0 / h)):
            x = step.step(x, u1, d1)[0]
        return x[0]

    exact = end(1.0)
    coarse, fine = (np.abs(end(h) - exact).max() for h in (30.0, 15.0))
    assert fine < 0.05
    assert 3.0 < coarse / fine < 6.5


def test_C5_heat_beyond_capacity_shows_in_the_chilled_water() -> None:
    u, d = held(q_it=2.2e6)
    x = plant().steady(*held())
    step = plant().integrator(15.0)
    for _ in range(40):
        x, flux = step.step(x, u, d)
    of = dict(zip(plant().flux_names, flux[0], strict=True))
    parts = plant().site.parts
    assert of["Q_chiller"] == pytest.approx(parts.chiller.PLR_max * parts.chiller.capacity(x[0, 0], x[0, 2]), rel=5e-3)
    assert x[0, 0] > 281.15 + 5.0
    with pytest.raises(SteadyStateError, match=r"chiller_plant: T_.* still moves"):
        plant().steady(u, d)


def test_without_its_chiller_the_water_warms_by_the_load() -> None:
    u, d = held(n_chillers=0.0)
    x = plant().steady(*held())
    before, heat = plant().stored_heat(x), 0.0
    for _ in range(8):
        x, flux = plant().integrator(15.0).step(x, u, d)
        of = dict(zip(plant().flux_names, flux[0], strict=True))
        assert of["P_chillers"] == of["Q_chiller"] == 0.0
        heat += 15.0 * (7.5e5 + of["Q_pump_chw"] + of["Q_pump_cw"] - of["Q_tower"])
    assert float(plant().stored_heat(x)[0, 0] - before[0, 0]) == pytest.approx(heat, rel=1e-9)


T, LOAD = span(258.0, 301.0), span(0.0, 1.2e6)


@law(T, span(0.0, 12.0), LOAD, span(286.2, 303.1), span(278.7, 283.1), span(0.5, 1.0), span(280.0, 315.0), span(-3.0, 12.0))
def test_T1_T4_C1_laws(T_wb: float, depression: float, q: float, T_tower: float, T_chw: float, y: float, T_cw: float, rise: float) -> None:
    """Never below the wet bulb, never beyond Carnot, no negative power or water, whatever the state."""
    u, d = held(T_wb=T_wb, T_db=T_wb + depression, q_it=q, T_tower_set=T_tower, T_chw_set=T_chw, y_chw=y)
    x = np.array([[T_chw, T_chw + 5.0, T_cw, T_cw + rise]])
    of = dict(zip(plant().flux_names, plant().flux_vector(x, u, d)[0], strict=True))
    leaving = x[0, 3] - of["Q_tower"] / (plant().site.parts.m_cw * WATER.cp(T_cw))
    assert leaving >= min(T_wb, x[0, 3]) - 1e-9
    assert all(of[name] >= 0.0 for name in of if name[:2] in {"P_", "Q_", "V_"} and name != "Q_tower")
    assert of["Q_tower"] >= -1e-6
    assert min(of["evaporation"], of["drift"], of["blowdown"]) >= 0.0
    if of["Q_chiller"] > 1e3 and T_cw > T_chw + 1.0:
        assert of["P_chillers"] >= of["Q_chiller"] * (T_cw - T_chw) / T_chw


def test_backends() -> None:
    v = sampled(12, seed=3)
    x = plant().steady(*held(12, **v)).T
    order = ("T_chw_set", "T_tower_set", "y_chw", "q_it", "T_wb", "T_db")

    def rates(*columns):
        from lowlift.thermal import ops

        one = 0.0 * columns[0]
        given = dict(zip(order, columns[4:], strict=True)) | {"n_chillers": one + 1.0, "p": one + 99000.0}
        u, d = (table.pack({name: given[name] for name in table.slices}) for table in (plant().actuators, plant().disturbances))
        dx, fluxes = plant().rates(ops.stack(columns[:4]), u, d)
        return [*ops.split(dx, [1] * 4), *ops.split(fluxes, [1] * len(plant().flux_names))]

    assert_backends_agree(rates, *x, *(v[name] for name in order), rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('curves = "plant_chiller_coefficients"', 'curves = "CH99"', r"chiller\.curves = 'CH99': no such curves are packaged"),
        ("approach_K = 3.9", "approach_K = 30.0", r"tower\.approach_K = 30\.0 K: .*the correlation does not reach it"),
        ("T_chw_set_max_degC = 10.0", "T_chw_set_max_degC = 11.0", r"T_chw_set_max_degC = 11\.0 degC: must be below .*10\.5"),
        ("volume_m3 = 3.0                # half of it before, half behind the load (R)", "volume_m3 = 300.0",
         "chilled_water: chilled-water loop: half its water passes"),
        ("flow_min = 0.5", "flow_mini = 0.5", "did you mean 'flow_min'"),
    ],
)  # fmt: skip
def test_refusals(old: str, new: str, message: str, tmp_path: Path) -> None:
    from importlib import resources

    text = (resources.files("lowlift.models.sites") / "chiller_plant.toml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    path = tmp_path / "site.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(SiteError, match=message):
        load_site(path)
