"""The YorkCalc tower: its reference table, the properties T1 to T6, backends."""

import numpy as np
import pytest
from backends import assert_backends_agree
from hypothesis import given
from laws import span
from reference_tables import K, columns, table, within, within_relative

from lowlift.thermal import ops, tower_york
from lowlift.thermal.component import ParameterError
from lowlift.thermal.tower_cell import CP_WATER, saturated, wet_bulb_of_gain
from lowlift.thermal.tower_york import YorkTowerCell

CELL = YorkTowerCell(
    Q_dot_nominal=0.05 * 997.0 * CP_WATER * 5.6, T_wb_nominal=25.6 + K, approach_nominal=3.9, range_nominal=5.6, V_air_nominal=32.0,
    P_fan_nominal=12200.0, cycles=3.0, y_natural=0.125,
)  # fmt: skip
M = CELL.m_w_nominal


def test_every_row_of_the_reference() -> None:
    t = table("tower_yorkcalc_energyplus")
    T_db, T_wb, p, m_w, T_in, y = columns(t, "t_db_C", "t_wb_C", "p_Pa", "m_water_kg_s", "t_water_in_C", "fan_air_ratio")
    state = CELL.leave(T_in, m_w, T_wb, p, y, T_db)
    within(state.T_w_out - K, t.t_water_out_C, t.tol_t_out_K)
    within_relative(state.Q_dot, t.q_W, 0.01)
    within_relative(CELL.fan_power(y), t.p_fan_W, t.tol_fan_rel)
    water = CELL.water(state, p, y)
    for name in ("evaporation", "drift", "blowdown", "makeup"):
        within_relative(getattr(water, name) / 1e3, t[f"{name}_m3_s"], t.tol_evap_rel)


def test_published_calibration_and_rating_point() -> None:
    assert CELL.flow_calibration == pytest.approx(1.00904, abs=5e-6)
    state = CELL.leave(25.6 + 3.9 + 5.6 + K, M, 25.6 + K, 101325.0, 1.0)
    assert state.T_w_out - K == pytest.approx(29.5, abs=1e-6)
    assert state.Q_dot == pytest.approx(CELL.Q_dot_nominal, rel=1e-7)
    with pytest.raises(ParameterError, match=r"YorkTowerCell.approach_nominal = 25.0 K: the correlation does not reach it"):
        YorkTowerCell(Q_dot_nominal=1e6, T_wb_nominal=298.15, approach_nominal=25.0, range_nominal=6.0, V_air_nominal=28.0,
                      P_fan_nominal=4e4)  # fmt: skip


@given(span(-5, 29), span(0.4, 1.0), span(2.0, 16.0))
def test_the_closed_root_solves_the_implicit_range(t_wb: float, y: float, R: float) -> None:
    """Inside the validity range the drive of any range gives that range back."""
    T_wb, LG = t_wb + K, 1.0 / y
    held = float(tower_york.approach(R, T_wb, LG))
    if R / (R + held) < 0.95:
        assert float(tower_york.effectiveness(R + held, T_wb, LG)) * (R + held) == pytest.approx(R, rel=1e-9)


@given(span(275, 325), span(0.3, 1.25), span(253, 302), span(0, 1), span(8e4, 1.03e5))
def test_T1_never_below_the_wet_bulb(T: float, x: float, T_wb: float, y: float, p: float) -> None:
    state = CELL.leave(T, x * M, T_wb, p, y)
    assert min(T, T_wb) - 1e-3 <= state.T_w_out <= T
    assert state.Q_dot == pytest.approx(x * M * CP_WATER * (T - state.T_w_out), rel=1e-9, abs=1e-3)


@given(span(0.5, 70), span(0.3, 1.25), span(253, 302), span(0, 0.95))
def test_T2_more_fan_is_colder(drive: float, x: float, T_wb: float, y: float) -> None:
    slow, fast = (CELL.leave(T_wb + drive, x * M, T_wb, 1e5, v).T_w_out for v in (y, y + 0.05))
    assert fast <= slow + 1e-9


@given(span(2.0, 25), span(0.3, 1.25), span(253, 301), span(0, 1))
def test_T2_warmer_air_is_warmer_water(drive: float, x: float, T_wb: float, y: float) -> None:
    """Holds up to 25 K of drive; beyond, in hard frost, the polynomial itself turns by up to 0.2 K per K."""
    cold, warm = (CELL.leave(T_wb + drive, x * M, T, 1e5, y).T_w_out for T in (T_wb, T_wb + 0.2))
    assert warm >= cold - 1e-3


def test_T3_fan_off_gives_the_natural_share_and_joins_smoothly() -> None:
    y = np.linspace(0.0, 0.4, 4001)
    Q = CELL.leave(308.15, M, 293.15, 1e5, y).Q_dot
    full = CELL.leave(308.15, M, 293.15, 1e5, 1.0).Q_dot
    assert Q[0] == pytest.approx(CELL.y_natural * full, rel=1e-9)
    assert abs(Q[1] - Q[0]) < 1e-4 * full
    slope = np.diff(Q) / full / np.diff(y)
    assert np.max(np.abs(np.diff(slope))) < 0.02  # no step in the slope: C1 through the minimum speed


@given(span(1, 40), span(0.3, 1.2), span(258, 300), span(0.0, 1.0), span(1.05, 50.0), span(0.0, 15.0))
def test_T4_water_balance(drive: float, x: float, T_wb: float, y: float, cycles: float, above: float) -> None:
    cell = YorkTowerCell(Q_dot_nominal=1e6, T_wb_nominal=298.15, approach_nominal=4.0, range_nominal=6.0, V_air_nominal=28.0,
                         P_fan_nominal=4e4, cycles=cycles)  # fmt: skip
    w = cell.water(cell.leave(T_wb + drive, x * cell.m_w_nominal, T_wb, 1e5, y, T_wb + above), 1e5, y)
    assert min(w.evaporation, w.drift, w.blowdown) >= 0.0
    assert w.makeup == w.evaporation + w.drift + w.blowdown


def test_T4_many_cycles_leave_no_blowdown() -> None:
    cell = YorkTowerCell(Q_dot_nominal=1e6, T_wb_nominal=298.15, approach_nominal=4.0, range_nominal=6.0, V_air_nominal=28.0,
                         P_fan_nominal=4e4, cycles=50.0, drift=0.01)  # fmt: skip
    w = cell.water(cell.leave(308.15, cell.m_w_nominal, 298.15, 1e5, 1.0), 1e5, 1.0)
    assert 0.0 <= w.blowdown < 1e-6 * w.evaporation


def test_T5_evaporation_carries_most_of_the_heat() -> None:
    t = table("tower_yorkcalc_energyplus")
    T_db, T_wb, p, m_w, T_in, y = columns(t, "t_db_C", "t_wb_C", "p_Pa", "m_water_kg_s", "t_water_in_C", "fan_air_ratio")
    state = CELL.leave(T_in, m_w, T_wb, p, y, T_db)
    share = CELL.water(state, p, y).evaporation * 2.45e6 / state.Q_dot
    assert 0.4 < share.min() and share.max() < 3.5
    assert np.median(share) == pytest.approx(0.85, abs=0.1)


def test_T6_altitude_thins_the_air() -> None:
    low, sea = (CELL.leave(308.15, M, 293.15, p, 1.0, 300.15) for p in (84e3, 101325.0))
    assert low.m_da / sea.m_da == pytest.approx(84e3 / 101325.0, rel=0.01)
    assert abs(CELL.water(low, 84e3, 1.0).evaporation / CELL.water(sea, 101325.0, 1.0).evaporation - 1.0) > 0.005
    assert low.T_wb_out > sea.T_wb_out + 0.2


@given(span(253, 302), span(0.1, 45), span(0.01, 0.99), span(8e4, 1.03e5))
def test_exit_wet_bulb_inverts_the_saturation_enthalpy(T_wb: float, drive: float, share: float, p: float) -> None:
    gain = saturated(T_wb + share * drive, p)[0] - saturated(T_wb, p)[0]
    assert wet_bulb_of_gain(gain, T_wb, drive, p) == pytest.approx(T_wb + share * drive, abs=1e-6)


def test_blends_are_exact_outside_their_width() -> None:
    x = np.array([-1.0, -0.1, 0.0, 0.1, 1.0])
    np.testing.assert_allclose(ops.ramp(x, 0.1), [0.0, 0.0, 0.025, 0.1, 1.0], atol=1e-15)
    np.testing.assert_allclose(ops.blended_max(x, 0.5, 0.1), np.maximum(x, 0.5), atol=1e-15)
    np.testing.assert_allclose(ops.blended_min(x, 0.5, 0.1), np.minimum(x, 0.5), atol=1e-15)
    assert_backends_agree(lambda a, b: [ops.blended_max(a, b, 0.2), ops.blended_min(a, b, 0.2)], x, np.array([0.0, 0.1, 0.0, 0.0, 1.0]))
