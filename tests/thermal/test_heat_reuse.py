"""Heat reuse: energy, second law, ERE and ERF, backends."""

import dataclasses

import pytest
from hypothesis import given
from laws import span

from lowlift.thermal.component import ParameterError
from lowlift.thermal.heat_reuse import HeatReuse, energy_reuse_effectiveness, energy_reuse_factor

STATION = HeatReuse(Q_direct_nominal=5.0e5, T_return_nominal=318.15, T_network_nominal=308.15, m_return_nominal=20.0,
                    m_network_nominal=15.0, Q_pump_nominal=1.0e6)  # fmt: skip


@given(span(293, 338), span(0, 25), span(293, 350), span(0, 20), span(293, 358), span(0, 1))
def test_first_and_second_law(T: float, m: float, T_net: float, m_net: float, T_set: float, u: float) -> None:
    s = STATION.deliver(T, m, T_net, m_net, T_set, u)
    assert s.Q_reused == pytest.approx(s.Q_direct + s.Q_evaporator + s.P_el, rel=1e-12, abs=1e-9)
    assert min(s.Q_direct, s.Q_evaporator, s.P_el) >= 0.0
    assert s.Q_reused <= 1e6 + s.Q_direct + 1e-6
    assert s.Q_reused <= m_net * 4186.0 * max(T_set - T_net, 0.0) + 1e-6
    if m_net > 1e-3:
        assert s.Q_reused == pytest.approx(m_net * 4186.0 * (s.T_network_out - T_net), rel=1e-9, abs=1.0)
        assert s.T_network_out <= max(T_set, T_net) + 1e-6
    if T_net >= T:
        assert s.Q_direct == 0.0
    # Refrigerant temperatures bracket both waters, so the COP stays below Carnot between them.
    assert s.COP <= STATION.eta * (T_set + 2.0) / STATION.lift_min
    if T_set > T + 1.0:
        assert s.COP < T_set / (T_set - T)


@given(span(300, 315), span(325, 350))
def test_COP_falls_with_lift(T: float, T_set: float) -> None:
    assert STATION.COP(T + 1.0, T_set) > STATION.COP(T, T_set)
    assert STATION.COP(T, T_set + 1.0) < STATION.COP(T, T_set)


def test_warm_enough_return_needs_no_heat_pump() -> None:
    s = STATION.deliver(333.15, 20.0, 300.15, 5.0, 310.15, 1.0)
    assert s.Q_direct == pytest.approx(s.Q_reused, rel=1e-9)
    assert s.T_network_out == pytest.approx(310.15, abs=1e-6)
    assert s.P_el == pytest.approx(0.0, abs=1.0)


def test_U6_reuse_goes_to_ERE_and_leaves_PUE_alone() -> None:
    s = STATION.deliver(318.15, 20.0, 308.15, 15.0, 333.15, 1.0)
    E_it, other = 2e6, 3e5
    total = E_it + other + s.P_el
    assert energy_reuse_effectiveness(total, 0.0, E_it) == pytest.approx(total / E_it)  # PUE
    ERE = energy_reuse_effectiveness(total, s.Q_reused, E_it)
    assert ERE < 1.0 < total / E_it
    assert pytest.approx((1.0 - energy_reuse_factor(total, s.Q_reused)) * total / E_it) == ERE
    assert total > E_it + other  # the heat pump's power is paid for in PUE


def test_impossible_exchanger_is_refused() -> None:
    with pytest.raises(ParameterError, match="out of reach"):
        dataclasses.replace(STATION, Q_direct_nominal=9e5)
