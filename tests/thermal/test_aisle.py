"""Hot and cold aisles: mass and heat balances, heat indices, limits, backends."""

import numpy as np
import pytest
from laws import law, span
from reference_tables import table

from lowlift.thermal.aisle import CP_AIR, Aisles, supply_heat_index

HALL = Aisles(r_0=0.05, b_0=0.1)


def test_supply_heat_index_against_energyplus() -> None:
    t = table("server_ite_air_energyplus")
    np.testing.assert_allclose(supply_heat_index(t.t_in_C, t.t_out_C, t.t_supply_C), t.supply_heat_index, atol=1e-6)


@law(span(0.0, 50.0), span(0.0, 50.0))
def test_flows_balance_and_no_leak_is_smaller_than_declared(m_c: float, m_s: float) -> None:
    f = HALL.flows(m_c, m_s)
    assert f.m_servers - f.m_recirculated == pytest.approx(f.m_supply - f.m_bypass, abs=1e-9)
    assert f.m_recirculated >= 0.05 * m_s - 1e-9
    assert f.m_bypass >= 0.1 * m_c - 1e-8
    assert f.through >= -1e-8


@law(span(1.0, 50.0), span(1.0, 50.0), span(0.0, 1e6), span(285.0, 305.0))
def test_heat_reaches_the_handlers(m_c: float, m_s: float, Q: float, T_supply: float) -> None:
    f = HALL.flows(m_c, m_s)
    state = HALL.at_rest(f, T_supply, Q)
    assert m_c * CP_AIR * (state.T_return - T_supply) == pytest.approx(Q, rel=1e-9, abs=1e-6)
    assert m_s * CP_AIR * (state.T_hot - state.T_in) == pytest.approx(Q, rel=1e-9, abs=1e-6)
    assert T_supply <= state.T_in <= state.T_hot
    assert state.SHI + state.RHI == 1.0
    if Q > 1e3:
        assert supply_heat_index(state.T_in, state.T_hot, T_supply) == pytest.approx(state.SHI, rel=1e-6)
    rates = HALL.rates(f, state.T_in, state.T_hot, T_supply, state.T_hot)
    assert rates.cold == pytest.approx(0.0, abs=1e-9)
    assert rates.hot == pytest.approx(0.0, abs=1e-9)
    assert rates.T_return == state.T_return


@law(span(0.0, 50.0), span(0.0, 50.0), span(285, 330), span(285, 330), span(285, 305), span(285, 340))
def test_first_law_in_motion(m_c: float, m_s: float, T_cold: float, T_hot: float, T_supply: float, T_exhaust: float) -> None:
    rates = HALL.rates(HALL.flows(m_c, m_s), T_cold, T_hot, T_supply, T_exhaust)
    stored = HALL.C_cold * rates.cold + HALL.C_hot * rates.hot
    gained = CP_AIR * (m_s * (T_exhaust - T_cold) - m_c * (rates.T_return - T_supply))
    assert stored == pytest.approx(gained, rel=1e-9, abs=1e-3)


def test_scarce_supply_recirculates_and_ample_supply_bypasses() -> None:
    scarce, even, ample = (HALL.flows(m, 10.0) for m in (6.0, 10.0, 20.0))
    assert scarce.recirculation == pytest.approx(1.0 - 0.9 * 6.0 / 10.0, abs=1e-3)
    assert scarce.bypass == pytest.approx(0.1, abs=1e-3)
    assert scarce.recirculation > even.recirculation > ample.recirculation
    assert ample.recirculation == pytest.approx(0.05, abs=1e-3)
    assert ample.bypass == pytest.approx(1.0 - 0.95 * 10.0 / 20.0, abs=1e-3)
