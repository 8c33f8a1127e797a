"""Rear-door heat exchanger: rating, energy, dew-point margin, fan penalty, laws L6, U2 and U7, backends."""

import numpy as np
import pytest
from laws import law, span

from lowlift.thermal.component import ParameterError
from lowlift.thermal.rear_door import CP_AIR, CP_WATER, RHO_AIR, RearDoor
from lowlift.thermal.server import AirServer

SHEET = {"Q_dot_nominal": 3e4, "T_exhaust_nominal": 313.15, "T_water_nominal": 291.15, "V_air_nominal": 1.6, "m_water_nominal": 0.9}
DOOR = RearDoor(**SHEET)


@law(span(285, 330), span(0.05, 3.0), span(283, 303), span(0.02, 1.5))
def test_energy_is_equal_on_both_sides(T: float, m_air: float, T_water: float, m_water: float) -> None:
    state = DOOR.state(T, m_air, T_water, m_water, 283.15)
    assert m_air * CP_AIR * (T - state.T_air_out) == pytest.approx(state.Q_dot, rel=1e-9, abs=1e-6)
    assert m_water * CP_WATER * (state.T_water_out - T_water) == pytest.approx(state.Q_dot, rel=1e-9, abs=1e-6)
    low, high = min(T, T_water), max(T, T_water)
    assert low - 1e-9 <= state.T_air_out <= high + 1e-9
    assert low - 1e-9 <= state.T_water_out <= high + 1e-9


def test_rating_point_and_more_water() -> None:
    m = RHO_AIR * 1.6
    assert DOOR.state(313.15, m, 291.15, 0.9, 283.15).Q_dot == pytest.approx(3e4, rel=1e-5)
    Q = DOOR.state(313.15, m, 291.15, np.linspace(0.0, 1.5, 16), 283.15).Q_dot
    assert Q[0] == 0.0
    assert np.all(np.diff(Q) > 0.0)


@law(span(283, 303), span(273, 300))
def test_L6_water_below_the_dew_point_is_a_negative_margin(T_water: float, T_dew: float) -> None:
    margin = DOOR.state(313.15, 1.5, T_water, 0.9, T_dew).dew_margin
    assert margin == pytest.approx(T_water - T_dew - 2.0)
    assert T_water >= T_dew or margin < 0.0


def test_U2_U7_door_power_is_it_power_and_all_heat_is_accounted_for() -> None:
    rack = AirServer(P_nominal=3.0e4, V_nominal=1.6, P_fan_nominal=2000.0)
    T_in, T_water = 299.15, 291.15
    servers = rack.state(1.0, T_in)
    extra = DOOR.P_fan_extra(servers.m_air / RHO_AIR)
    m_c = servers.m_air * CP_AIR
    T_exhaust = T_in + (servers.Q_air + extra) / m_c  # fans stand before the coil
    state = DOOR.state(T_exhaust, servers.m_air, T_water, 0.9, 283.15)
    assert state.P_fan_extra == pytest.approx(extra)
    assert extra > 0.0
    room = m_c * (state.T_air_out - T_in)
    assert state.Q_dot + room == pytest.approx(servers.P + extra, rel=1e-9)  # IT power is liquid heat and air heat
    assert DOOR.capture(state, T_exhaust, T_in) == pytest.approx(state.Q_dot / (servers.P + extra), rel=1e-3)


def test_fan_penalty_grows_faster_than_flow_squared() -> None:
    assert DOOR.P_fan_extra(0.0) == 0.0
    assert DOOR.P_fan_extra(1.6) == pytest.approx(1.6 * 20.0 / 0.3)
    assert 4.0 < DOOR.P_fan_extra(1.6) / DOOR.P_fan_extra(0.8) < 8.0


def test_impossible_rating_is_refused() -> None:
    with pytest.raises(ParameterError, match="out of reach"):
        RearDoor(**{**SHEET, "Q_dot_nominal": 6e4})
