"""The tower under setpoint control against EnergyPlus, in its limits and in every backend."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from backends import assert_backends_agree

from lowlift.thermal import psychrometrics as psy
from lowlift.thermal import tower_york
from lowlift.thermal.component import ParameterError
from lowlift.thermal.curve_pump import CurvePump
from lowlift.thermal.fluids import WATER
from lowlift.thermal.tower_control import MoistAir, SetpointTower

K = 273.15
TABLE = pd.read_csv(Path(__file__).parents[1] / "reference" / "tower_yorkcalc_energyplus.csv")
RATING = {"T_wb_nominal": 25.6 + K, "approach_nominal": 3.9, "range_nominal": 5.6, "V_water_nominal": 0.05, "V_air_nominal": 32.0,
          "P_fan_nominal": 12200.0, "cycles": 3.0}  # fmt: skip


def inlet() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    T_in, T_wb = TABLE.t_water_in_C.to_numpy() + K, TABLE.t_wb_C.to_numpy() + K
    return T_in, T_wb, TABLE.t_water_out_C.to_numpy() + K, TABLE.m_water_kg_s.to_numpy() / WATER.rho(T_in), TABLE.fan_air_ratio.to_numpy()


def test_rows_of_energyplus() -> None:
    tower = SetpointTower(**RATING)
    T_in, T_wb, T_out, V, r = inlet()
    full = r >= 1.0
    error = np.abs(tower.leaving(T_in, 0.0, T_wb, V) - T_out)[full]
    assert full.sum() > 300 and error.max() < 0.01  # 0.0013 K; the table allows 0.2 K
    fan = tower.fan(T_in, T_out, T_wb, V)
    assert np.abs(fan.air_ratio - r)[~full].max() < 1e-3
    assert np.abs(fan.P_el / TABLE.p_fan_W - 1.0)[~full].max() < TABLE.tol_fan_rel.min()
    # The speed that meets the outlet gives the outlet back through the correlation itself.
    R = T_in - T_out
    LG = tower.flow_calibration * V / tower.V_water_nominal / fan.air_ratio
    between = (fan.air_ratio < 1.0) & (fan.air_ratio > tower.y_min)  # one row just cycles
    assert np.count_nonzero(between) > 200
    assert np.abs(tower_york.approach(R, T_wb, LG) - (T_out - T_wb))[between].max() < 1e-9


@pytest.mark.parametrize(("moist_basis", "least", "most"), [(True, -0.01, 0.01), (False, 0.0, 0.1)])
def test_water_of_energyplus(moist_basis: bool, least: float, most: float) -> None:
    _, T_wb, T_out, _, r = inlet()
    w, p = TABLE.w_kg_per_kgda.to_numpy(), TABLE.p_Pa.to_numpy()
    air = MoistAir(T_wb, w, p, psy.density(TABLE.t_db_C.to_numpy() + K, w, p))
    water = SetpointTower(**RATING, moist_basis=moist_basis).water(TABLE.q_W.to_numpy(), r, air, TABLE.m_water_kg_s.to_numpy())
    for own, reference in ((water.evaporation, TABLE.evaporation_m3_s), (water.makeup, TABLE.makeup_m3_s)):
        error = own / WATER.rho(T_out) / reference.to_numpy() - 1.0
        assert least <= error.min() and error.max() <= most
    np.testing.assert_allclose(water.makeup, water.evaporation + water.drift + water.blowdown, rtol=1e-15)


def test_modes_of_the_fan() -> None:
    """As the setpoint rises: full speed, between, cycling, off; power never rises, water never cools below what full speed can."""
    tower = SetpointTower(**RATING)
    T_in, T_wb, V = 303.15, 290.15, 0.05
    T_on = float(tower.leaving(T_in, 0.0, T_wb, V))
    T_set = np.linspace(T_on - 1.0, T_in + 1.0, 400)
    T_out, fan = tower.leaving(T_in, T_set, T_wb, V), tower.fan(T_in, T_set, T_wb, V)
    T_off = T_in - tower.natural * (T_in - T_on)
    np.testing.assert_allclose(T_out, np.clip(T_set, T_on, T_off), rtol=1e-12)
    assert np.all(np.diff(fan.P_el) <= 1e-9) and np.all(np.diff(fan.air_ratio) <= 1e-9)
    assert fan.air_ratio[0] == 1.0 and fan.air_ratio[-1] == tower.natural and fan.P_el[-1] == 0.0
    cycling = (fan.air_ratio > tower.natural) & (fan.air_ratio < tower.y_min)
    assert cycling.any() and np.all(fan.P_el[cycling] < tower.fan_power(tower.y_min))
    assert T_on > T_wb


def test_every_backend_agrees() -> None:
    tower = SetpointTower(**RATING)

    def everything(T_wb: Any, drive: Any, offset: Any, V: Any, share: Any) -> list[Any]:
        fan = tower.fan(T_wb + drive, T_wb + offset, T_wb, V)
        w = share * psy.saturation_humidity_ratio(T_wb, 9e4)
        water = tower.water(1e6, fan.air_ratio, MoistAir(T_wb, w, 9e4, psy.density(T_wb + 2.0, w, 9e4)), V * 998.0)
        T_out = tower.leaving(T_wb + drive, T_wb + offset, T_wb, V)
        return [T_out, fan.air_ratio, fan.P_el, water.evaporation, water.makeup]

    rng = np.random.default_rng(0)
    ranges = ((276.0, 300.0), (0.0, 25.0), (0.5, 25.0), (0.03, 0.06), (0.6, 1.0))
    assert_backends_agree(everything, *(np.concatenate([[low, high], rng.uniform(low, high, 60)]) for low, high in ranges))


def test_impossible_ratings_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"natural.*must be below"):
        SetpointTower(**RATING, natural=0.3)
    with pytest.raises(ParameterError, match=r"approach_nominal"):
        SetpointTower(**{**RATING, "approach_nominal": 30.0, "range_nominal": 2.0})


def test_pump_part_load_rows() -> None:
    pump = CurvePump(V_dot_nominal=0.062, dp_nominal=1.5e5)
    assert float(pump.P_el(0.0)) == 0.0
    assert float(pump.P_el(0.08)) == float(pump.P_el(0.062))
    hydraulic = 0.062 * 1.5e5
    assert hydraulic < float(pump.heat(0.062)) < float(pump.P_el(0.062))
