"""Liquid-to-air CDU: rating point, energy, limits, backends."""

import dataclasses

import pytest
from hypothesis import given
from laws import span

from lowlift.thermal.cdu_air import AirCDU
from lowlift.thermal.component import ParameterError
from lowlift.thermal.crah import CP_AIR, RHO_AIR

UNIT = AirCDU(Q_dot_nominal=7.0e4, T_return_nominal=323.15, T_air_nominal=298.15, V_nominal=1.9e-3, V_air_nominal=6.0,
              dp_nominal=1.5e5, P_fan_nominal=3.5e3)  # fmt: skip


def test_rating_point() -> None:
    s = UNIT.operate(323.15, 298.15, 1.0, 1.0)
    assert s.Q_dot == pytest.approx(7.0e4, rel=1e-4)
    shaft = UNIT.pump.P_shaft(UNIT.V_nominal, 1.0)
    assert s.P_el > 3.5e3 + shaft > 3.5e3
    with pytest.raises(ParameterError, match="out of reach"):
        dataclasses.replace(UNIT, Q_dot_nominal=3e5)


@given(span(288, 343), span(283, 318), span(0.05, 1.0), span(0.05, 1.0))
def test_P3_H1_heat_is_counted_once_and_flows_downhill(T_return: float, T_air: float, y_pump: float, y_fan: float) -> None:
    s = UNIT.operate(T_return, T_air, y_pump, y_fan)
    shaft = UNIT.pump.P_shaft(UNIT.V_nominal * y_pump, y_pump)
    assert s.Q_dot * (T_return - T_air) >= 0.0
    assert UNIT.flow(y_pump) * UNIT.cp * (T_return - s.T_supply) == pytest.approx(s.Q_dot - shaft, rel=1e-9, abs=1e-6)
    assert RHO_AIR * 6.0 * y_fan * CP_AIR * (s.T_air_out - T_air) == pytest.approx(s.Q_air, rel=1e-9, abs=1e-6)
    if T_return > T_air:
        assert s.T_supply >= T_air  # no cross, pump heat included


@given(span(310, 343), span(288, 305), span(0.1, 0.9), span(0.1, 0.9))
def test_H4_more_of_either_flow_carries_more(T_return: float, T_air: float, y_pump: float, y_fan: float) -> None:
    Q = UNIT.operate(T_return, T_air, y_pump, y_fan).Q_dot
    assert UNIT.operate(T_return, T_air, y_pump + 0.1, y_fan).Q_dot > Q
    assert UNIT.operate(T_return, T_air, y_pump, y_fan + 0.1).Q_dot > Q


def test_standing_still() -> None:
    for y in ((0.0, 1.0), (1.0, 0.0)):
        assert UNIT.operate(323.15, 298.15, *y).Q_dot == 0.0
