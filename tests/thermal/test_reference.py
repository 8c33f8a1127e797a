"""Row by row against programs that engineers trust; tolerances are the tables' own."""

import numpy as np
import pytest
from reference_tables import K, table, within, within_relative

from lowlift.thermal import exchange, fluids, hydraulics, tower, tower_cell
from lowlift.thermal import psychrometrics as psy
from lowlift.thermal.ladder import Ladder


def test_psychrometrics() -> None:
    t = table("psychrometrics")
    T, p = t.t_db_C.to_numpy() + K, t.p_Pa.to_numpy()
    w = psy.humidity_ratio_from_relative_humidity(T, t.rh_frac.to_numpy(), p)
    within(w, t.w_kg_per_kgda, t.tol_w_rel * t.w_kg_per_kgda)
    within(psy.wet_bulb(T, w, p) - K, t.t_wb_C, t.tol_t_wb_K)
    within(psy.dew_point(w, p) - K, t.t_dp_C, t.tol_t_dp_K)
    within(psy.enthalpy(T, w), t.h_J_per_kgda, t.tol_h_rel * t.h_J_per_kgda.abs() + 1.0)
    within(psy.density(T, w, p), t.rho_kg_per_m3, t.tol_rho_rel * t.rho_kg_per_m3)


def test_coolants() -> None:
    t = table("coolant_properties")
    for row in t.itertuples():
        fluid, T = fluids.FLUIDS[row.fluid.split("_")[0]], row.t_C + K
        assert fluid.rho(T) == pytest.approx(row.rho_kg_per_m3, rel=row.tol_rho_rel)
        assert fluid.cp(T) == pytest.approx(row.cp_J_per_kgK, rel=row.tol_cp_rel)
        assert fluid.k(T) == pytest.approx(row.k_W_per_mK, rel=row.tol_k_rel)
        assert fluid.mu(T) == pytest.approx(row.mu_Pa_s, rel=row.tol_mu_rel)


@pytest.mark.parametrize("arrangement", ["counterflow", "crossflow"])
def test_exchangers(arrangement: str) -> None:
    t = table("hx_eps_ntu")
    t = t[t.config == arrangement]
    eps = getattr(exchange, f"effectiveness_{arrangement}")(t.NTU.to_numpy(), t.Cr.to_numpy())
    within(eps, t.eff, t.tol_eff_abs)
    within(eps * t.C_min_W_per_K * (t.t_hot_in_C - t.t_cold_in_C), t.q_W, t.tol_eff_abs * t.C_min_W_per_K * 25.0)


def test_tower_full_speed() -> None:
    t = table("tower_merkel_fullspeed_energyplus")
    T_db, T_wb, T_in, p = t.t_db_C.to_numpy() + K, t.t_wb_C.to_numpy() + K, t.t_water_in_C.to_numpy() + K, t.p_Pa.to_numpy()
    m_w, w_in = t.m_water_kg_s.to_numpy(), t.w_kg_per_kgda.to_numpy()
    m_a = 32.0 * psy.density(T_db, w_in, p)
    got = tower.merkel(T_in, T_wb, p, 105000.0, m_w, m_a)
    T_out = T_in - got.Q_dot / (m_w * tower.CP_WATER)
    within(T_out - K, t.t_water_out_C, t.tol_t_out_K)
    assert np.all(T_out >= np.minimum(T_in, T_wb) - 1e-3)
    cell = tower.CoolingTowerCell(
        Q_dot_nominal=0.05 * 997.0 * tower.CP_WATER * 5.6, T_wb_nominal=25.6 + K, approach_nominal=3.9, range_nominal=5.6,
        V_air_nominal=32.0, P_fan_nominal=12200.0, cycles=3.0,
    )  # fmt: skip
    state = tower_cell.TowerState(T_out, got.Q_dot, got.T_wb_out, m_a / (1.0 + w_in), w_in)
    water = cell.water(state, p, np.ones_like(p))
    for name in ("evaporation", "drift", "blowdown", "makeup"):
        within_relative(getattr(water, name) / 1e3, t[f"{name}_m3_s"], t.tol_evap_rel)
    within_relative(cell.fan_power(np.ones_like(p)), t.p_fan_W, 0.01)


def test_tower_variable_speed_and_water() -> None:
    t = table("tower_merkel_vs_energyplus")
    cell = tower.CoolingTowerCell(
        Q_dot_nominal=933.6e3 * 1.25, T_wb_nominal=25.6 + K, approach_nominal=3.9, range_nominal=5.6, V_air_nominal=32.0,
        P_fan_nominal=12200.0, cycles=3.0, y_natural=0.01,
    )  # fmt: skip
    T_db, T_wb, T_in, p = t.t_db_C.to_numpy() + K, t.t_wb_C.to_numpy() + K, t.t_water_in_C.to_numpy() + K, t.p_Pa.to_numpy()
    m_w, y = t.m_water_kg_s.to_numpy(), t.fan_air_ratio.to_numpy()
    state = cell.leave(T_in, m_w, T_wb, p, y, T_db)
    within(state.T_w_out - K, t.t_water_out_C, t.tol_t_out_K)
    within_relative(cell.fan_power(y), t.p_fan_W, t.tol_fan_rel)
    water = cell.water(state, p, y)
    for name in ("evaporation", "drift", "blowdown", "makeup"):
        within_relative(getattr(water, name) / 1e3, t[f"{name}_m3_s"], t.tol_evap_rel)
    np.testing.assert_allclose(water.makeup, water.evaporation + water.drift + water.blowdown)


def test_pump_against_static_head() -> None:
    t = table("pump_system_static_head")
    V = hydraulics.operating_flow_of_curve(
        t.pump_H0_Pa.to_numpy(), t.pump_a_Pa_per_m3s2.to_numpy(), 1.0, t.speed_ratio.to_numpy(),
        1.0 / np.sqrt(t.system_k_Pa_per_m3s2.to_numpy()), t.static_head_Pa.to_numpy(),
    )  # fmt: skip
    within(V, t.flow_m3_s, t.tol_flow_rel * t.flow_m3_s + 1e-9)


def test_fan_cubic_of_the_tower() -> None:
    t = table("fan_pump_partload_curves")
    for row in t[t.curve == "tower_fan_eplus_cubic"].itertuples():
        cell = tower.CoolingTowerCell(
            Q_dot_nominal=1e6, T_wb_nominal=298.15, approach_nominal=4.0, range_nominal=6.0, V_air_nominal=28.0, P_fan_nominal=1.0,
            c0=row.c0, c1=row.c1, c2=row.c2, c3=row.c3,
        )  # fmt: skip
        # The raw cubic is negative below a fifth of the flow; a fan draws no less than nothing.
        assert float(cell.fan_power(row.flow_ratio)) == pytest.approx(max(row.power_ratio, 0.0), abs=row.tol_abs)


@pytest.mark.parametrize("step", [0.5, 3.0, 15.0, 60.0])
def test_L7_step_response_at_any_step(step: float) -> None:
    """The exact propagator meets the exact solution whatever the step."""
    for _, rows in table("dynamic_chip_plate_coolant").groupby("case"):
        r = rows.iloc[0]
        ladder = Ladder(1.0 / r.R_chip_plate_K_W, 1.0 / r.R_plate_coolant_K_W, r.m_kg_s * r.cp_J_kgK, r.C_chip_J_K, r.C_plate_J_K,
                        r.C_coolant_J_K)  # fmt: skip
        after = ladder.resistances().times(r.q_after_W).shifted(r.t_in_after_C)
        for row in rows.itertuples():
            state, left = ladder.resistances().times(r.q_before_W).shifted(r.t_in_before_C), row.t_s
            while left > 1e-9:
                h = min(step, left)
                state = ladder.decay(h).apply(state.minus(after)).plus(after)
                left -= h
            within([state.chip, state.plate, state.cool], [row.t_chip_C, row.t_plate_C, row.t_coolant_out_C], [row.tol_abs_K] * 3)
