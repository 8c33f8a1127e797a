"""Laws that hold over whole domains: energy, second law, monotony, limits (properties T1-T6, H1-H4, C1-C5, P1-P5, L1-L4)."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from laws import span
from machines import CARNOT as CHILLER
from machines import MERKEL as CELL
from machines import PLATE, PUMP, RACK

from lowlift.thermal.coldplate import ColdPlate
from lowlift.thermal.component import Component, ParameterError, parameter
from lowlift.thermal.exchange import PlateHeatExchanger, effectiveness_counterflow, effectiveness_crossflow
from lowlift.thermal.fluids import PG25, WATER
from lowlift.thermal.hydraulics import operating_flow
from lowlift.thermal.ladder import Ladder
from lowlift.thermal.tower import merkel


@given(span(278, 325), span(15, 45), span(255, 303), span(0, 1), span(8e4, 1.03e5))
def test_T1_tower_never_cools_below_the_wet_bulb(T: float, m: float, T_wb: float, y: float, p: float) -> None:
    state = CELL.leave(T, m, T_wb, p, y)
    assert state.T_w_out >= min(T, T_wb) - 1e-3
    assert state.T_w_out <= T + 1e-9
    assert state.Q_dot == pytest.approx(m * 4186.0 * (T - state.T_w_out), rel=1e-9, abs=1e-3)


@given(span(295, 320), span(20, 45), span(275, 294), span(0.0, 0.9))
def test_T2_more_fan_is_colder_and_warmer_air_is_warmer(T: float, m: float, T_wb: float, y: float) -> None:
    base = CELL.leave(T, m, T_wb, 1e5, y).T_w_out
    assert CELL.leave(T, m, T_wb, 1e5, y + 0.1).T_w_out <= base + 1e-3
    assert CELL.leave(T, m, T_wb + 0.5, 1e5, y).T_w_out >= base - 1e-3


@given(span(290, 325), span(15, 45), span(255, 300), span(8e4, 1.03e5), span(3e3, 9e4), span(3.0, 35.0))
def test_T2_more_fill_is_colder(T: float, m: float, T_wb: float, p: float, UA: float, m_a: float) -> None:
    small, large = (merkel(T, T_wb, p, x, m, m_a).T_w_out for x in (UA, 1.1 * UA))
    assert large <= small + 1e-6


def test_T3_fan_off_still_draws_some_air() -> None:
    off, full = (CELL.leave(308.15, CELL.m_w_nominal, 293.15, 1e5, y).Q_dot for y in (0.0, 1.0))
    assert 0.03 * full < off < 0.5 * full


def test_T3_natural_draught_joins_the_fan_smoothly() -> None:
    """Heat rises from the fan off to full speed without a corner: second differences vanish with the step."""
    corners = []
    for n in (400, 800):
        Q = CELL.leave(308.15, CELL.m_w_nominal, 293.15, 1e5, np.linspace(0.0, 1.0, n + 1)).Q_dot
        assert np.all(np.diff(Q) > 0.0)
        corners.append(float(np.abs(np.diff(Q, 2)).max()) * n)
    assert corners[1] < 0.55 * corners[0]


def test_T4_many_cycles_leave_no_blowdown() -> None:
    cell = dataclasses.replace(CELL, cycles=50.0, drift=0.01)
    w = cell.water(cell.leave(308.15, cell.m_w_nominal, 293.15, 1e5, 1.0), 1e5, 1.0)
    assert 0.0 <= w.blowdown < 1e-5 * w.makeup


@given(span(295, 320), span(20, 45), span(275, 294), span(0.0, 1.0), span(1.05, 50.0), span(0.0, 15.0))
def test_T4_water_balance(T: float, m: float, T_wb: float, y: float, cycles: float, above: float) -> None:
    cell = dataclasses.replace(CELL, cycles=cycles)
    state = cell.leave(T, m, T_wb, 1e5, y, T_wb + above)
    w = cell.water(state, 1e5, y)
    assert min(w.evaporation, w.drift, w.blowdown) >= 0.0
    assert w.makeup == w.evaporation + w.drift + w.blowdown


def test_T4_cycles_of_one_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"CoolingTowerCell.cycles = 1.0 1: must be above 1.0"):
        dataclasses.replace(CELL, cycles=1.0)


def test_T5_evaporation_carries_most_of_the_heat() -> None:
    rng = np.random.default_rng(2)
    T_wb, above, drive, y = (rng.uniform(low, high, 2000) for low, high in ((275, 299), (0, 18), (4, 20), (0.2, 1.0)))
    state = CELL.leave(T_wb + drive, CELL.m_w_nominal, T_wb, 1e5, y, T_wb + above)
    share = CELL.water(state, 1e5, y).evaporation * 2.45e6 / state.Q_dot
    assert 0.4 < share.min() and share.max() < 3.5
    assert np.median(share) == pytest.approx(0.85, abs=0.15)


def test_T6_altitude_matters() -> None:
    low, sea = (CELL.leave(308.15, CELL.m_w_nominal, 293.15, p, 0.5).T_w_out for p in (84e3, 101325.0))
    assert abs(low - sea) > 0.05


@given(span(0, 50), span(0, 1))
def test_H1_effectiveness_in_bounds(NTU: float, C_r: float) -> None:
    for effectiveness in (effectiveness_counterflow, effectiveness_crossflow):
        assert 0.0 <= effectiveness(NTU, C_r) <= 1.0 + 4.0 * np.finfo(float).eps


@given(span(0.1, 40), span(0.1, 40), span(0.1, 60))
def test_H1_H3_energy_and_no_temperature_cross(m_h: float, m_c: float, dT: float) -> None:
    t = PLATE.transfer(300.0 + dT, m_h, 300.0, m_c)
    assert m_h * 3970.0 * (300.0 + dT - t.T_hot_out) == pytest.approx(m_c * 4180.0 * (t.T_cold_out - 300.0), rel=1e-9)
    assert t.T_cold_out <= 300.0 + dT + 1e-9
    assert t.T_hot_out >= 300.0 - 1e-9
    assert t.Q_dot >= 0.0


def test_H2_balanced_streams_no_flow_and_no_difference_are_regular() -> None:
    import casadi as ca

    x = ca.SX.sym("x", 4)
    t = PLATE.transfer(x[0], x[1], x[2], x[3])
    J = ca.Function("J", [x], [ca.vertcat(t.Q_dot, t.T_hot_out, t.T_cold_out), ca.jacobian(t.Q_dot, x)])
    balanced = 20.0 * 4180.0 / 3970.0
    for point in ((310.0, balanced, 300.0, 20.0), (310.0, 0.0, 300.0, 20.0), (310.0, 20.0, 300.0, 0.0), (300.0, 20.0, 300.0, 20.0)):
        value, slope = (np.asarray(r) for r in J(point))
        assert np.all(np.isfinite(value)) and np.all(np.isfinite(slope))
    beside = [float(PLATE.transfer(310.0, balanced * (1 + e), 300.0, 20.0).Q_dot) for e in (-1e-6, 0.0, 1e-6)]
    assert beside[1] == pytest.approx(0.5 * (beside[0] + beside[2]), rel=1e-10)


def test_H4_conductance_follows_the_flows() -> None:
    films = 1.0 / (0.5 / 0.5**0.85 + 0.5)
    assert PLATE.UA(10.0, 20.0) / PLATE.UA_nominal == pytest.approx(films, rel=1e-5)
    assert PLATE.UA(20.0, 10.0) / PLATE.UA_nominal == pytest.approx(films, rel=1e-5)


def test_H_limits() -> None:
    assert PLATE.conductance(0.0, 20.0) == 0.0
    assert PLATE.UA(40.0, 20.0) > PLATE.UA(20.0, 20.0) > PLATE.UA(10.0, 20.0)
    assert float(PLATE.transfer(318.15, 20.0, 303.15, 20.0).Q_dot) == pytest.approx(8e5, rel=1e-5)
    with pytest.raises(ParameterError, match="out of reach"):
        PlateHeatExchanger(
            Q_dot_nominal=2e6, T_hot_in_nominal=318.15, T_cold_in_nominal=303.15, m_hot_nominal=20.0, m_cold_nominal=20.0,
            cp_hot=3970.0, cp_cold=4180.0,
        )  # fmt: skip


@given(span(1e3, 1e6), span(283, 300), span(285, 312))
def test_C1_chiller_power_is_positive_and_above_carnot(Q: float, T_e: float, T_c: float) -> None:
    P = CHILLER.P_el(Q, T_e, T_c, 38.0)
    lift = max(T_c + (Q + P) / (38.0 * 4186.0) - T_e, 0.0)
    assert P > 0.0
    assert P >= Q * lift / T_e


@given(span(283, 300), span(285, 312), span(0.01, 0.1))
def test_C3_specific_power_rises_as_load_falls(T_e: float, T_c: float, x: float) -> None:
    P = [CHILLER.P_el(share * 9e5, T_e, T_c, 38.0) / share for share in (x, 1.2 * x, 2.0 * x)]
    assert P[0] > P[1] > P[2]
    assert CHILLER.P_el(0.0, T_e, T_c, 38.0) > 0.0  # nothing only when off


@given(span(0.0, 0.035), span(0.1, 1.0))
def test_P2_wire_power_exceeds_hydraulic_power(V: float, y: float) -> None:
    assert PUMP.P_el(V, y) > V * max(PUMP.dp(V, y), 0.0)
    assert PUMP.P_el(V, y) > PUMP.P_shaft(V, y) > 0.0


def test_P1_static_head_breaks_affinity() -> None:
    V = [operating_flow(PUMP, 1.0, y, 1e-4, 1e5) for y in (0.5, 0.8, 1.0)]
    assert V[0] < 1e-6
    assert V[1] / V[2] < 0.8


def test_P4_rise_of_one_kilowatt_in_a_litre_and_a_half_a_minute() -> None:
    for fluid, rise in ((PG25, 9.98), (WATER, 9.65)):
        m = 1.5e-3 / 60.0 * float(fluid.rho(313.15))
        assert 1000.0 / (m * float(fluid.cp(313.15))) == pytest.approx(rise, abs=0.02)


def test_P5_parallel_pumps_share_equally() -> None:
    both = operating_flow(PUMP, 2.0, 1.0, 1e-4, 0.0)
    assert PUMP.dp(both / 2.0, 1.0) == pytest.approx((both / 1e-4) ** 2, rel=1e-4)


@given(span(10, 1400), span(0.003, 0.06), span(285, 315))
def test_L1_L2_steady_ladder(q: float, m: float, T_in: float) -> None:
    plate = ColdPlate()
    rise = Ladder(1.0 / plate.R_chip_plate, plate.UA_coolant(m), m * 3970.0, 60.0, 350.0, 180.0).resistances().times(q)
    assert rise.cool == pytest.approx(q / (m * 3970.0))
    assert rise.chip > rise.plate > rise.cool > 0.0
    assert plate.T_chip(q, m, T_in, 3970.0) == pytest.approx(T_in + rise.chip)


def test_L3_resistance_falls_with_flow_and_returns_diminish() -> None:
    R = [1.0 / ColdPlate().UA_coolant(m) for m in (0.01, 0.02, 0.03)]
    assert R[0] > R[1] > R[2]
    assert R[0] - R[1] > R[1] - R[2]


@given(span(1e-3, 1e4))
def test_L4_no_flow_heats_the_chip_at_q_over_C(h: float) -> None:
    """Without flow heat stays in the lumps for about two months, the chip's first; the formula of the steady state is finite."""
    ladder = RACK.ladder(0.0, 3969.0)
    rest = ladder.resistances()
    rise = rest.minus(ladder.decay(h).apply(rest))  # per watt from no temperature at all
    held = rise.chip * ladder.C1 + rise.plate * ladder.C2 + rise.cool * ladder.C3
    lost = h * h * ladder.g3 / (ladder.C1 + ladder.C2 + ladder.C3)
    assert h - lost - 1e-6 < held < h + 1e-6
    assert lost < 2.5e-7 * h * h
    if h > 0.1:
        assert rise.chip > rise.plate > rise.cool > 0.0
    if h < 0.01:
        assert rise.chip == pytest.approx(h / ladder.C1, rel=0.01)
    assert np.isfinite(ColdPlate().T_chip(1000.0, 0.0, 303.15, 3969.0))


def test_component_errors_name_everything() -> None:
    class Lump(Component):
        C: float = parameter(unit="J/K", doc="heat capacity", low=0.0)

    with pytest.raises(ParameterError, match=r"^Lump.C = -1.0 J/K: must be at least 0.0$"):
        Lump(C=-1.0)
    with pytest.raises(ParameterError, match="must be finite"):
        Lump(C=float("nan"))
