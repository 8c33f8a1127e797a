"""Pumps alone and in parallel, motors, part-load curves: tables and the properties P1 to P5."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import span
from reference_tables import table, within, within_relative

from lowlift.thermal import part_load
from lowlift.thermal.component import ParameterError
from lowlift.thermal.fluids import PG25, WATER
from lowlift.thermal.hydraulics import Pump, load_constant, motor_part_load, operating_flow_of_curve
from lowlift.thermal.part_load import PartLoadCurve
from lowlift.thermal.pump_group import PumpGroup

PUMP = Pump(V_dot_nominal=0.03, dp_nominal=2e5)
GROUP = PumpGroup(pump=PUMP, n_max=4.0)


def test_static_head_table_flow_head_and_power() -> None:
    t = table("pump_system_static_head")
    H0, a, y = (t[n].to_numpy() for n in ("pump_H0_Pa", "pump_a_Pa_per_m3s2", "speed_ratio"))
    V = operating_flow_of_curve(H0, a, 1.0, y, 1.0 / np.sqrt(t.system_k_Pa_per_m3s2.to_numpy()), t.static_head_Pa.to_numpy())
    running = t.flow_m3_s.to_numpy() > 0.0
    within(V, t.flow_m3_s, t.tol_flow_rel * t.flow_m3_s + 1e-9)
    dp = (y * y * H0 - a * V * V)[running]
    within_relative(dp, t.head_Pa[running], t.tol_head_rel[running])
    within_relative(V[running] * dp, t.p_hydraulic_W[running], t.tol_flow_rel[running] + t.tol_head_rel[running])
    within(V / y / 0.03, t.ratio_flow_over_speed, 0.005)


def test_part_load_curves_table() -> None:
    for name, rows in table("fan_pump_partload_curves").groupby("curve"):
        r = rows.iloc[0]
        curve = PartLoadCurve(c0=r.c0, c1=r.c1, c2=r.c2, c3=r.c3)
        within(curve.ratio(rows.flow_ratio.to_numpy()), rows.power_ratio, rows.tol_abs)
        within(curve.P_el(rows.flow_ratio.to_numpy()), rows.power_ratio.clip(lower=0.0), rows.tol_abs)
        named = {"tower_fan_eplus_cubic": part_load.TOWER_FAN, "pump_eplus_default_linear": part_load.PUMP_LINEAR,
                 "pump_vsd_90.1": part_load.PUMP_RIDING, "fan_vsd_90.1_G": part_load.FAN_VSD}[str(name)]  # fmt: skip
        assert dataclasses.replace(named) == curve


def test_a_curve_that_misses_nominal_power_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"gives 0.500 at nominal flow"):
        PartLoadCurve(c3=0.5)


def test_motors_follow_the_published_part_load_points() -> None:
    """Modelica Buildings' motor efficiencies over rated, at loads 0.1 to 0.8, by size of the motor."""
    load = np.array([0.1, 0.2, 0.3, 0.4, 0.6, 0.8])
    within(motor_part_load(load, load_constant(700.0)), [0.320, 0.552, 0.716, 0.817, 0.906, 0.957], 0.04)
    within(motor_part_load(load, load_constant(2500.0)), [0.330, 0.613, 0.804, 0.923, 1.0, 1.0], 0.07)
    within(motor_part_load(load, load_constant(7500.0)), [0.458, 0.753, 0.887, 0.950, 1.0, 1.0], 0.04)
    within(motor_part_load(load, load_constant(15e3)), [0.576, 0.843, 0.937, 0.980, 1.0, 1.0], 0.021)
    large = np.array([0.724, 0.963, 0.987, 1.0, 1.0, 1.0])  # 70 kW, taken as one of 15 kW
    low = large - motor_part_load(load, load_constant(70e3))
    assert np.all(low > 0.0)
    assert low[:2] == pytest.approx([0.143, 0.139], abs=0.002)
    assert low[2:].max() == pytest.approx(0.061, abs=0.002)


def test_control_of_a_pump_orders_its_part_load_power() -> None:
    """Throttled along its curve a pump takes more than in proportion to flow, at variable speed less, with pressure reset least."""
    x = np.linspace(0.1, 0.9, 33)
    riding, linear, fixed, reset = (c.P_el(x) for c in (part_load.PUMP_RIDING, part_load.PUMP_LINEAR, part_load.PUMP_VSD,
                                                        part_load.PUMP_VSD_RESET))  # fmt: skip
    assert np.all(riding > linear) and np.all(linear > fixed) and np.all(fixed > reset) and np.all(reset > 0.0)
    for curve in (part_load.PUMP_RIDING, part_load.PUMP_VSD, part_load.PUMP_VSD_RESET):
        assert curve.ratio(1.0) == pytest.approx(1.0, abs=0.04)


def test_P1_static_head_breaks_affinity_and_shuts_off() -> None:
    C, dp_static = 1e-4, 1e5
    V = [GROUP.flow(1.0, y, C, dp_static) for y in (0.5, 0.6, 0.8, 1.0)]
    assert V[0] < 1e-6 and V[1] < 1e-6  # y^2 H0 below the static head: no flow, and never negative
    assert V[2] / V[3] < 0.8
    without = [GROUP.flow(1.0, y, C, 0.0) for y in (0.5, 1.0)]
    assert without[0] / without[1] == pytest.approx(0.5, rel=1e-4)


@given(span(1e-4, 0.12), st.integers(1, 4), span(0.2, 1.0))
def test_P2_wire_exceeds_shaft_exceeds_hydraulic_power(V: float, n: int, y: float) -> None:
    s = GROUP.operate(V, float(n), y)
    assert s.P_el > s.P_shaft > 0.0
    assert s.P_el > s.P_hydraulic
    still = GROUP.operate(0.0, float(n), y)
    assert still.P_el > 0.0 and still.P_hydraulic == 0.0


def test_P2_efficiency_falls_at_part_load() -> None:
    wire = [V * PUMP.dp(V, y) / PUMP.P_el(V, y) for V, y in ((0.03, 1.0), (0.015, 0.5), (0.006, 0.2))]
    assert wire[0] > wire[1] > wire[2]
    drive = [PUMP.P_shaft(0.03 * y, y) / PUMP.P_el(0.03 * y, y) for y in (1.0, 0.6, 0.3)]
    assert drive[0] > drive[1] > drive[2]


@given(span(1e-3, 0.05), span(0.3, 1.0))
def test_P3_shaft_power_heats_the_water_once(V: float, y: float) -> None:
    """Heat is the shaft's, less than the wire's by motor and drive, which stand in the room."""
    s = GROUP.operate(V, 1.0, y)
    rise = s.P_shaft / (V * 998.0 * 4186.0)
    lossless = s.P_hydraulic / (V * 998.0 * 4186.0)
    assert rise > max(lossless, 0.0)
    assert s.P_el - s.P_shaft > 0.0


def test_P4_rise_of_a_kilowatt_in_the_usual_flow() -> None:
    for fluid, rise in ((PG25, 10.0), (WATER, 9.65)):
        C = 1.5e-3 / 60.0 * float(fluid.rho(313.15)) * float(fluid.cp(313.15))
        assert 1000.0 / C == pytest.approx(rise, abs=0.03)


@given(st.integers(1, 4), span(0.3, 1.0), span(5e-5, 3e-4))
def test_P5_parallel_pumps_split_equally(n: int, y: float, C: float) -> None:
    V = GROUP.flow(float(n), y, C, 0.0)
    s = GROUP.operate(V, float(n), y)
    assert n * s.V_each == pytest.approx(V, rel=1e-5)
    assert s.dp == pytest.approx((V / C) ** 2, rel=1e-3)
    assert s.P_el == pytest.approx(n * PUMP.P_el(V / n, y), rel=1e-4)
    assert GROUP.speed(V, float(n), s.dp) == pytest.approx(y, rel=1e-5)


def test_fans_on_one_plenum_are_a_group_too() -> None:
    """Four fans of 10 m3/s against 600 Pa in a duct: shared air, cubic power together, fewer fans for little air, motor heat apart."""
    fan = Pump(V_dot_nominal=10.0, dp_nominal=600.0, eta_hydraulic=0.65)
    fans, C = PumpGroup(pump=fan, n_max=4.0), 40.0 / np.sqrt(600.0)
    full = fans.operate(fans.flow(4.0, 1.0, C, 0.0), 4.0, 1.0)
    assert full.V_dot == pytest.approx(40.0, rel=1e-4) and full.dp == pytest.approx(600.0, rel=1e-3)
    assert full.P_shaft == pytest.approx(40.0 * 600.0 / 0.65, rel=1e-3)
    half = fans.operate(fans.flow(4.0, 0.5, C, 0.0), 4.0, 0.5)
    assert half.V_dot == pytest.approx(20.0, rel=1e-4)
    assert half.P_shaft == pytest.approx(full.P_shaft / 8.0, rel=1e-3)
    # In a duct with a pressure to hold, one fan does for a fifth of the air what four cannot do as well.
    V, dp = 8.0, 250.0
    assert fans.pumps_needed(V) == pytest.approx(1.0)
    one, four = (fans.operate(V, n, fans.speed(V, n, dp)) for n in (1.0, 4.0))
    assert one.dp == pytest.approx(dp, rel=1e-6) and four.dp == pytest.approx(dp, rel=1e-6)
    assert one.P_el < four.P_el


def test_staging_counts_whole_pumps_outside_the_bands() -> None:
    V = np.linspace(0.0, 0.12, 2401)
    n = GROUP.pumps_needed(V)
    assert n[0] == 1.0 and n[-1] == 4.0
    assert np.all(np.diff(n) >= -1e-12)
    share = 0.9 * 0.03
    for k in (1, 2, 3):
        assert GROUP.pumps_needed(k * share * 0.97) == pytest.approx(k)
        assert GROUP.pumps_needed(k * share * 1.03) == pytest.approx(k + 1)
    assert np.all(V / n <= 1.03 * share + 0.012 * (n > 3.9))
    with pytest.raises(ParameterError, match=r"PumpGroup.n_max = 2.5 1: must be a whole number"):
        PumpGroup(pump=PUMP, n_max=2.5)
