"""Air-cooled servers: EnergyPlus row by row, laws U2, U3 and U7, the fan ramp, the thermal mass, backends."""

import numpy as np
import pytest
from laws import law, span
from reference_tables import K, table, within

from lowlift.thermal.component import ParameterError
from lowlift.thermal.server import AirServer, IteServer, c_p, inlet

RACK = AirServer(P_nominal=1.0e4, V_nominal=0.52, P_fan_nominal=900.0)
HYBRID = AirServer(P_nominal=1.2e5, V_nominal=2.0, P_fan_nominal=3000.0, liquid_share=0.85, hA_nominal=3000.0)
CURVES = {"cpu_ft": (-1.0, 1.0, 0.0, 0.06667, 0.0, 0.0), "air_ft": (-1.4, 0.9, 0.0, 0.1, 0.0, 0.0)}
ITE = IteServer(P_nominal=2.0e4, fan_share=0.4, loss_of_input=True, **CURVES)


def test_ite_against_energyplus() -> None:
    t = table("server_ite_air_energyplus")
    T_in, rho = t.t_in_C.to_numpy() + K, (t.m_air_kg_s / t.v_air_actual_m3_s).to_numpy()
    state = ITE.state(t.cpu_load_frac.to_numpy(), T_in, rho)
    within(state.P_cpu, t.p_cpu_W, t.tol_p_rel * t.p_cpu_W)
    within(state.P_fan, t.p_fan_W, t.tol_p_rel * t.p_fan_W)
    within(state.psu_loss, t.p_psu_loss_W, t.tol_p_rel * t.p_psu_loss_W)
    within(state.V_air, t.v_air_actual_m3_s, t.tol_p_rel * t.v_air_actual_m3_s)
    within(state.Q_zone, t.q_zone_W, t.tol_p_rel * t.q_zone_W)
    within(state.T_out - K, t.t_out_C, t.tol_t_out_K)


def test_recirculated_inlet_against_energyplus() -> None:
    t = table("server_ite_air_energyplus")
    error = np.abs(inlet(t.t_supply_C.to_numpy(), t.t_zone_return_C.to_numpy(), 0.1) - t.t_in_C.to_numpy())
    assert np.median(error) < 3e-4  # the source reports zone temperature and inlet of different instants on a few rows
    assert np.quantile(error, 0.9) < 5e-3


@law(span(0, 1), span(283, 318))
def test_U3_loss_of_the_power_supply_is_that_of_its_efficiency(u: float, T_in: float) -> None:
    state = IteServer(P_nominal=2.0e4, psu_efficiency=0.9, cpu_ft=(0.2, 0.8, 0, 0, 0, 0), air_ft=(0.2, 0.8, 0, 0, 0, 0)).state(u, T_in)
    delivered = state.P_cpu + state.P_fan
    assert state.psu_loss == pytest.approx(delivered / 0.9 - delivered)
    assert delivered / state.Q_zone == pytest.approx(0.9)  # what an efficiency is


def test_U2_warmer_inlet_can_lower_pue_while_total_power_rises() -> None:
    cooling = 1500.0
    cool, warm = (RACK.state(1.0, T) for T in (299.15, 309.15))
    assert warm.P == warm.P_it + warm.P_fan  # fans are inside IT power
    assert (warm.P + cooling) / warm.P < (cool.P + cooling) / cool.P
    assert warm.P + cooling > cool.P + cooling


@law(span(0, 1), span(283, 318), span(0, 0.02))
def test_U7_liquid_and_air_heat_make_up_it_power(u: float, T_in: float, w: float) -> None:
    state = HYBRID.state(u, T_in, w=w)
    assert state.Q_liquid + state.Q_air == pytest.approx(state.P, rel=1e-12)
    assert state.Q_liquid == pytest.approx(0.85 * state.P_it)
    # At rest the mass gives the air its heat and the fans add theirs: the exhaust carries all of Q_air.
    T_mass = T_in + (state.P_it - state.Q_liquid) / HYBRID.mass_conductance(state.m_air, w)
    assert HYBRID.mass_rate(T_mass, state, T_in, w) == pytest.approx(0.0, abs=1e-9)
    assert HYBRID.T_exhaust(T_mass, state, T_in, w) == pytest.approx(state.T_exhaust, abs=1e-9)
    assert state.m_air * c_p(w) * (state.T_exhaust - T_in) == pytest.approx(state.Q_air, rel=1e-9)


@law(span(0, 0.95), span(283, 317))
def test_fans_rise_with_load_and_inlet_up_to_full_speed(u: float, T_in: float) -> None:
    r = RACK.fan_ratio(u, T_in)
    assert 0.25 < r <= 1.0
    assert RACK.fan_ratio(u + 0.05, T_in) >= r
    assert RACK.fan_ratio(u, T_in + 1.0) >= r


def test_fan_ramp_starts_near_its_foot() -> None:
    assert RACK.fan_ratio(1.0, 290.15) == pytest.approx(0.7, abs=1e-3)
    assert RACK.fan_ratio(0.0, 307.15) == pytest.approx(0.3 + 0.05 * 8.0, abs=1e-3)
    assert RACK.fan_ratio(1.0, 317.15) == pytest.approx(1.0, abs=1e-2)


def test_mass_without_air_heats_at_power_over_capacity() -> None:
    state = RACK.state(1.0, 298.15)
    assert RACK.mass_conductance(0.0) == 0.0
    stopped = type(state)(**{**vars(state), "m_air": 0.0})
    assert RACK.mass_rate(330.0, stopped, 298.15) == pytest.approx(state.P_it / RACK.C)


def test_impossible_sheets_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"AirServer.r_hot = 0.8 1: must be at most 1 - r_idle = 0.700"):
        AirServer(P_nominal=1e4, V_nominal=0.5, P_fan_nominal=900.0, r_hot=0.8)
    with pytest.raises(ParameterError, match=r"IteServer.air_ft .*six coefficients"):
        IteServer(P_nominal=1e4, air_ft=(1.0,))
