"""63 plant-years of EnergyPlus in one run, its hours, the best tower offset, and the balance of the loops."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lowlift.data.errors import DataError
from lowlift.models.chiller_plant import HOUR, ChillerPlant, LoopData, reference_plant
from lowlift.models.outdoor import find_weather, free_cooling, outdoor_air
from lowlift.models.plant_optimum import best_offset
from lowlift.models.plant_year import YearCase, Years, daily_load, run_hours, run_years
from lowlift.thermal.fluids import WATER
from lowlift.thermal.tower_control import MoistAir

K, KWH = 273.15, 3.6e6
REFERENCE = Path(__file__).parents[1] / "reference"
ANNUAL = pd.read_csv(REFERENCE / "plant_annual_energyplus.csv")
HOURLY = pd.read_csv(REFERENCE / "plant_hourly_energyplus.csv")
LOAD = daily_load()


@pytest.fixture(scope="module")
def plant() -> ChillerPlant:
    return reference_plant(json.loads((REFERENCE / "plant_chiller_coefficients.json").read_text()))


@pytest.fixture(scope="module")
def climates() -> dict[str, MoistAir]:
    return {name: outdoor_air(find_weather(name)) for name in ANNUAL.weather.unique()}


def cases(climates: dict[str, MoistAir]) -> list[YearCase]:
    return [YearCase(air=climates[r.weather], T_chw_set=r.t_chw_set_C + K, offset=r.tower_offset_K) for r in ANNUAL.itertuples()]


@pytest.fixture(scope="module")
def as_energyplus(plant: ChillerPlant, climates: dict[str, MoistAir]) -> Years:
    return run_years(plant, cases(climates), LOAD, iterations=2)


@pytest.fixture(scope="module")
def balanced(plant: ChillerPlant, climates: dict[str, MoistAir]) -> Years:
    return run_years(plant, cases(climates), LOAD)


def errors(years: Years) -> dict[str, np.ndarray]:
    own = {"e_it_kWh": years.E_it / KWH, "e_chiller_kWh": years.E_chiller / KWH, "e_tower_fan_kWh": years.E_fan / KWH,
           "e_pumps_kWh": years.E_pumps / KWH, "water_makeup_m3": years.makeup, "water_evap_m3": years.evaporation}  # fmt: skip
    return {name: np.abs(value / ANNUAL[name].to_numpy() - 1.0) for name, value in own.items()}


def test_years_as_energyplus_leaves_them(as_energyplus: Years) -> None:
    for name, error in errors(as_energyplus).items():
        assert error.max() < 0.005 and np.median(error) < 0.003, name  # the table allows 0.03
    assert np.abs(as_energyplus.pue_cooling - ANNUAL.pue_cooling_only).max() < 3e-4
    np.testing.assert_array_equal(as_energyplus.unmet_share, ANNUAL.frac_hours_chw_unmet)


def test_years_with_a_balanced_loop(balanced: Years) -> None:
    error = errors(balanced)
    for name in ("e_chiller_kWh", "e_tower_fan_kWh", "e_pumps_kWh"):
        assert error[name].max() < 0.03 and np.median(error[name]) < 0.015, name
    assert np.all(np.abs(balanced.pue_cooling - ANNUAL.pue_cooling_only) < ANNUAL.tol_pue_abs)
    assert np.all(balanced.unmet_share == 0.0)


@pytest.mark.parametrize("iterations", [2, None])
def test_hours(plant: ChillerPlant, climates: dict[str, MoistAir], iterations: int | None) -> None:
    for short, rows in HOURLY.groupby("weather"):
        air = next(a for name, a in climates.items() if name.startswith(short))
        day = pd.to_datetime("2023-" + rows.stamp.str[:5].str.replace("/", "-"))
        k = ((day.dt.day_of_year - 1) * 24 + rows.stamp.str[7:9].astype(int) - 1).to_numpy()
        h = run_hours(plant, [YearCase(air=air, T_chw_set=9.0 + K, offset=4.0)], LOAD, iterations=iterations)
        assert np.all(np.abs(h.P_chiller[0, k] / rows.p_chiller_W - 1.0) < rows.tol_p_chiller_rel)
        assert np.all(np.abs(h.Q_evap[0, k] / rows.q_evap_W - 1.0) < 0.002)
        assert np.median(np.abs(air.T_wb[k] - K - rows.t_wb_C)) < 1e-3
        if iterations == 2:
            assert np.all(np.abs(h.T_cw_in[0, k] - K - rows.t_cw_in_C) < 0.05)  # the table allows 0.5 K
            assert np.all(np.abs(h.T_tower_out[0, k] - K - rows.t_cw_out_tower_C) < 0.05)
            assert np.all(np.abs(h.Q_tower[0, k] / rows.q_tower_W - 1.0) < 0.01)
            assert np.all(np.abs(h.air_ratio[0, k] - rows.tower_air_ratio) < 0.02)  # wet bulb near freezing
            assert np.all(np.abs(h.makeup[0, k] / rows.makeup_m3_s - 1.0) < 0.03)


def test_S1_first_law(plant: ChillerPlant, climates: dict[str, MoistAir]) -> None:
    """A balanced loop rejects what it receives; EnergyPlus's two iterations do not."""
    trial = [YearCase(air=a, T_chw_set=9.0 + K, offset=o) for a in climates.values() for o in (2.0, 8.0)]

    def imbalance(iterations: int | None) -> np.ndarray:
        h = run_hours(plant, trial, LOAD, iterations=iterations)
        pump = plant.pump_cw.heat(plant.m_cw / WATER.rho(h.T_cw_in))
        received = np.sum(np.broadcast_to(LOAD, h.P_chiller.shape) + h.P_chiller + pump + plant.pump_chw.heat(0.045), axis=1)
        return np.sum(h.Q_tower, axis=1) / received - 1.0

    assert np.abs(imbalance(None)).max() < 1e-4
    assert imbalance(2).max() > 0.02
    assert np.all(np.abs(imbalance(8)) < 1e-3)


def test_chilled_water_stores_heat(plant: ChillerPlant) -> None:
    """A step of load reaches the evaporator but for what first warms the return half of the loop."""
    Q = plant.Q_evap(np.array([9e5]), np.array([6e5]))
    M = 0.5 * plant.loops.volume_chw * WATER.rho(plant.loops.T_flow_chw)
    stored = M * 3e5 / plant.m_chw / HOUR
    assert Q[0] == pytest.approx(9e5 + plant.pump_chw.heat(0.045) - stored, rel=1e-12)


def test_best_offset_as_energyplus_finds_it(plant: ChillerPlant, climates: dict[str, MoistAir], as_energyplus: Years) -> None:
    table = ANNUAL.assign(own=as_energyplus.pue_cooling)
    groups = list(table.groupby(["weather", "t_chw_set_C"]))
    trial = [YearCase(air=climates[str(name)], T_chw_set=float(t_chw) + K, offset=0.0) for (name, t_chw), _ in groups]  # type: ignore[misc]
    best = best_offset(plant, trial, LOAD, iterations=2)
    for i, (_, rows) in enumerate(groups):
        theirs, ours = rows.loc[rows.pue_cooling_only.idxmin()], rows.loc[rows.own.idxmin()]
        assert ours.tower_offset_K == theirs.tower_offset_K
        assert 2.0 < ours.tower_offset_K < 17.0
        assert best.pue[i] <= best.pue_grid[i] <= rows.own.min()
        assert abs(best.offset[i] - theirs.tower_offset_K) < 2.0
        assert best.pue[i] - theirs.pue_cooling_only < 5e-4
    assert np.all(best.unmet_share == 0.0)


def test_free_cooling_hours() -> None:
    table = pd.read_csv(REFERENCE / "climate_free_cooling_hours.csv")
    for r in table.itertuples():
        weather = find_weather(str(r.weather))
        for limit in (14, 18, 22, 26):
            assert abs(free_cooling(weather, limit + K).wet_bulb - getattr(r, f"h_wb_le_{limit}")) <= r.tol_hours
        for limit in (18, 22, 27, 32):
            assert abs(free_cooling(weather, limit + K).dry_bulb - getattr(r, f"h_db_le_{limit}")) <= r.tol_hours
        at_27 = free_cooling(weather, 27 + K)
        assert abs(at_27.outside_air - r.h_airside_econ_db_le_27_dp_le_15) <= r.tol_hours
        assert abs(at_27.direct_evaporative - r.h_direct_evap_90pct_le_27) <= r.tol_hours


def test_C5_overload_is_reported(plant: ChillerPlant, climates: dict[str, MoistAir]) -> None:
    air = next(iter(climates.values()))
    h = run_hours(plant, [YearCase(air=air, T_chw_set=9.0 + K, offset=8.0)], LOAD * 1.9)
    heavy = h.unmet[0] > 0.0
    assert heavy.any() and not heavy.all()
    assert np.all(h.unmet[0, heavy] <= h.Q_evap[0, heavy])


def test_refusals(plant: ChillerPlant, climates: dict[str, MoistAir], tmp_path: Path) -> None:
    case = YearCase(air=next(iter(climates.values())), T_chw_set=9.0 + K, offset=4.0)
    with pytest.raises(ValueError, match="at least 2, or None"):
        run_hours(plant, [case], LOAD, iterations=1)
    with pytest.raises(ValueError, match="same hours"):
        run_hours(plant, [case], LOAD[:24])
    with pytest.raises(ValueError, match="half its water passes"):
        dataclasses.replace(plant, loops=LoopData(volume_cw=300.0))
    with pytest.raises(DataError, match="no Atlantis"):
        find_weather("Atlantis", tmp_path)
    for end in (".North.epw", ".South.epw"):
        (tmp_path / f"Two{end}").touch()
    with pytest.raises(DataError, match="2 weather files"):
        find_weather("Two", tmp_path)
