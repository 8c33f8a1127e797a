"""Storage tanks: the exact table, energy closure, order of layers, backends."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import span
from reference_tables import K, table, within
from scipy.integrate import solve_ivp

from lowlift.thermal import ops
from lowlift.thermal.component import ParameterError
from lowlift.thermal.storage import MixedTank, StratifiedTank

TANK = StratifiedTank(volume=50.0, layers=8.0, m_nominal=20.0, UA=200.0)
layers = st.lists(st.floats(275.0, 320.0), min_size=8, max_size=8)


def test_every_row_of_the_reference() -> None:
    for r in table("thermal_storage_mixed_step").itertuples():
        tank = MixedTank(volume=r.volume_m3, UA=r.UA_W_K, rho=r.rho_kg_m3, cp=r.cp_J_kgK)
        got = tank.step(r.t0_C + K, r.t_in_C + K, r.m_kg_s, r.t_amb_C + K, r.t_s)
        within([got.T - K], [r.t_tank_C], [min(r.tol_abs_K, 1e-4)])


@given(span(275, 330), span(275, 330), span(0, 50), span(260, 310), span(0.0, 5e4), span(0, 500))
def test_mixed_tank_closes_the_first_law(T: float, T_in: float, m: float, T_amb: float, h: float, UA: float) -> None:
    tank = MixedTank(volume=10.0, UA=UA)
    s = tank.step(T, T_in, m, T_amb, h)
    brought = h * (m * tank.cp * (T_in - s.T_out) + UA * (T_amb - s.T_out))
    assert tank.C * (s.T - T) == pytest.approx(brought, rel=1e-8, abs=1.0)
    assert min(T, T_in, T_amb) - 1e-9 <= s.T <= max(T, T_in, T_amb) + 1e-9


@given(span(1.0, 4.0), span(0.0, 30.0))
def test_two_half_steps_are_one_step(hours: float, m: float) -> None:
    tank, h = MixedTank(volume=10.0, UA=50.0), 3600.0 * hours
    half = tank.step(280.0, 290.0, m, 300.0, h / 2).T
    assert tank.step(half, 290.0, m, 300.0, h / 2).T == pytest.approx(tank.step(280.0, 290.0, m, 300.0, h).T, abs=1e-9)


def test_no_flow_and_no_loss_change_nothing() -> None:
    s = MixedTank(volume=10.0).step(285.0, 300.0, 0.0, 310.0, 86400.0)
    assert s.T == 285.0 and s.T_out == 285.0
    still = StratifiedTank(volume=50.0, layers=8.0, m_nominal=20.0).step([280.0 + i for i in range(8)], 0.0, 300.0, 270.0, 310.0, 1e5)
    assert list(still.T) == [280.0 + i for i in range(8)]
    assert still.Q_flow == 0.0 and still.Q_ambient == 0.0


@given(layers, span(-40, 40), span(275, 320), span(275, 320), span(270, 310), span(0, 2e4))
def test_stratified_tank_closes_the_first_law(T, m: float, top: float, bottom: float, T_amb: float, h: float) -> None:
    s = TANK.step(T, m, top, bottom, T_amb, h)
    gain = TANK.energy(s.T, 273.15) - TANK.energy(T, 273.15)
    assert gain == pytest.approx(h * (s.Q_flow + s.Q_ambient), rel=1e-8, abs=10.0)
    low, high = min(*T, top, bottom, T_amb) - 1e-9, max(*T, top, bottom, T_amb) + 1e-9
    assert all(low <= t <= high for t in s.T)


@given(layers, span(0.1, 40), span(275, 320), span(0, 2e4), st.integers(0, 7))
def test_layers_never_feel_what_is_downstream(T, m: float, T_in: float, h: float, k: int) -> None:
    """Warming one layer leaves all layers upstream as they were, in both directions."""
    warm = [t + 5.0 * (i == k) for i, t in enumerate(T)]
    down = [TANK.step(x, m, T_in, 0.0, 295.0, h).T for x in (T, warm)]
    assert down[0][:k] == down[1][:k]
    up = [TANK.step(x, -m, 0.0, T_in, 295.0, h).T for x in (T, warm)]
    np.testing.assert_allclose(up[0][k + 1 :], up[1][k + 1 :], rtol=1e-14)


@given(span(0.5, 40), span(275, 284), span(1.0, 2e4))
def test_charging_keeps_the_layers_in_order(m: float, T_cold: float, h: float) -> None:
    tank = StratifiedTank(volume=50.0, layers=8.0, m_nominal=20.0)
    T = np.linspace(295.0, 285.0, 8)
    after = tank.step(list(T), -m, 0.0, T_cold, 300.0, h).T
    assert all(a >= b - 1e-9 for a, b in itertools.pairwise(after))
    assert all(a <= b + 1e-9 for a, b in zip(after, T, strict=True))


def test_one_layer_is_the_mixed_tank() -> None:
    one, mixed = StratifiedTank(volume=10.0, layers=1.0, m_nominal=5.0, UA=30.0), MixedTank(volume=10.0, UA=30.0)
    for m in (5.0, -5.0):
        got = one.step([285.0], m, 300.0, 300.0, 310.0, 3600.0)
        assert got.T[0] == pytest.approx(mixed.step(285.0, 300.0, 5.0, 310.0, 3600.0).T, abs=1e-12)


def test_layers_converge_to_the_upwind_equations() -> None:
    """Short steps meet the ordinary differential equations of the layers; one long step stays close."""
    T0, m, T_in, T_amb = np.linspace(292.0, 283.0, 8), 15.0, 295.0, 300.0

    def rate(_t, T):
        upstream = np.concatenate([[T_in], T[:-1]])
        return (m * TANK.cp * (upstream - T) + TANK.UA / 8 * (T_amb - T)) / TANK.C_layer

    exact = solve_ivp(rate, (0.0, 1200.0), T0, rtol=1e-10, atol=1e-10).y[:, -1]
    T = list(T0)
    for _ in range(240):
        T = list(TANK.step(T, m, T_in, 0.0, T_amb, 5.0).T)
    assert np.max(np.abs(np.array(T) - exact)) < 0.05


def test_errors_say_the_cure() -> None:
    with pytest.raises(ValueError, match="3 temperatures for 8 layers; give one a layer"):
        TANK.step([280.0] * 3, 1.0, 290.0, 280.0, 295.0, 60.0)
    with pytest.raises(ParameterError, match=r"StratifiedTank.layers = 2.5 1: must be a whole number"):
        StratifiedTank(volume=1.0, layers=2.5, m_nominal=1.0)


def test_mean_of_an_exponential_approach_near_zero() -> None:
    z = np.array([-1.0, -1.01e-2, -0.99e-2])
    np.testing.assert_allclose(ops.exprel_slope(z), (np.expm1(z) - z) / z**2, rtol=1e-10)
    assert ops.exprel_slope(0.0) == 0.5
