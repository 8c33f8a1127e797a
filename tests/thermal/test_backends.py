"""Every component: NumPy = CasADi SX = MX = lowered NumPy on random points and at the edges of the range; finite gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from backends import assert_backends_agree

from lowlift.thermal import exchange, ops, tower
from lowlift.thermal import psychrometrics as psy
from lowlift.thermal.chiller import CarnotChiller
from lowlift.thermal.coldplate import ColdPlate
from lowlift.thermal.crah import Crah
from lowlift.thermal.fluids import PG25, WATER
from lowlift.thermal.hydraulics import ControlValve, Fan, Pump, operating_flow, series_conductance
from lowlift.thermal.ladder import Ladder, Lumps

CELL = tower.CoolingTowerCell(
    Q_dot_nominal=1e6, T_wb_nominal=298.15, approach_nominal=4.0, range_nominal=6.0, V_air_nominal=28.0, P_fan_nominal=4e4
)
PLATE = exchange.PlateHeatExchanger(
    Q_dot_nominal=8e5, T_hot_in_nominal=318.15, T_cold_in_nominal=303.15, m_hot_nominal=20.0, m_cold_nominal=20.0, cp_hot=3970.0,
    cp_cold=4180.0,
)  # fmt: skip
PUMP = Pump(V_dot_nominal=0.03, dp_nominal=2e5)
CHILLER = CarnotChiller(Q_dot_nominal=9e5, COP_nominal=7.5, T_chw_out_nominal=291.15, T_cw_in_nominal=301.15, m_cw_nominal=38.0)
CRAH = Crah(Q_dot_nominal=1.2e6, T_air_in_nominal=309.15, T_water_in_nominal=291.15, m_water_nominal=40.0, V_air_nominal=90.0,
            P_fan_nominal=5.5e4)  # fmt: skip
VALVE = ControlValve(C_max=1e-4)


def full_leave(T: Any, m: Any, T_wb: Any, y: Any, above: Any) -> Any:
    state = CELL.leave(T, m, T_wb, 9e4, y, T_wb + above)
    water = CELL.water(state, 9e4, y)
    return [state.T_w_out, state.Q_dot, state.T_wb_out, water.evaporation, water.drift, water.blowdown]


def decay(g1: Any, g2: Any, g3: Any) -> Any:
    d = Ladder(g1, g2, g3, 60.0, 350.0, 180.0).decay(4.0)
    x = d.apply(Lumps(10.0, 5.0, 1.0))
    return [x.chip, x.plate, x.cool]


CASES: dict[str, tuple[Callable[..., Any], list[tuple[float, float]]]] = {
    "ops": (
        lambda a, b: [ops.smooth_max(a, b, 0.1), ops.smooth_abs(a, 0.1), ops.exprel(a), ops.softplus(a, 0.1), ops.power(b, 0.8, 1e-3),
                      ops.ramp(a, 0.1), ops.interpolate(a, [-1.0, 0.0, 2.0], [0.0, 3.0, 1.0])],
        [(-2.0, 2.0), (0.0, 2.0)],
    ),
    "fluids": (lambda T: [WATER.rho(T), WATER.cp(T), PG25.mu(T), PG25.k(T)], [(275.0, 365.0)]),
    "psychrometrics": (
        lambda T, rh, p: [psy.humidity_ratio_from_relative_humidity(T, rh, p), psy.saturation_enthalpy(T, p), psy.density(T, 0.01, p)],
        [(275.0, 320.0), (0.05, 1.0), (8e4, 1.03e5)],
    ),
    "wet bulb": (lambda T, w: [psy.wet_bulb(T, w, 95000.0), psy.dew_point(w, 95000.0)], [(285.0, 315.0), (0.007, 0.0085)]),
    "counterflow": (lambda n, c: exchange.effectiveness_counterflow(n, c), [(0.0, 10.0), (0.0, 1.0)]),
    "crossflow": (lambda n, c: exchange.effectiveness_crossflow(n, c), [(0.01, 10.0), (0.0, 1.0)]),
    "plate exchanger": (lambda a, b: PLATE.conductance(a, b), [(0.0, 40.0), (0.0, 40.0)]),
    "pump": (lambda V, y: [PUMP.P_el(V, y), PUMP.P_shaft(V, y), PUMP.dp(V, y)], [(0.0, 0.04), (0.05, 1.0)]),
    "circuit": (lambda n, y: operating_flow(PUMP, n, y, 1e-4, 5e4), [(0.0, 3.0), (0.1, 1.0)]),
    "valve": (lambda v: [VALVE.conductance(v), series_conductance(VALVE.conductance(v), 2e-4)], [(0.0, 1.0)]),
    "fan": (lambda y: Fan(P_nominal=1e4).P_el(y), [(0.0, 1.0)]),
    "tower": (full_leave, [(285.0, 320.0), (15.0, 45.0), (275.0, 300.0), (0.0, 1.0), (0.5, 15.0)]),
    "tower fan": (lambda y: CELL.fan_power(y), [(0.0, 1.0)]),
    "chiller": (lambda Q, e, c: [CHILLER.P_el(Q, e, c, 38.0), CHILLER.capacity(e, c)], [(0.0, 1e6), (285.0, 300.0), (285.0, 310.0)]),
    "crah": (lambda y, m: [CRAH.conductance(CRAH.m_air(y), m), CRAH.P_fan(y)], [(0.0, 1.0), (0.0, 50.0)]),
    "cold plate": (lambda m: [ColdPlate().UA_coolant(m), ColdPlate().T_chip(1000.0, m, 303.0, 3970.0)], [(0.002, 0.05)]),
    "ladder": (decay, [(10.0, 100.0), (10.0, 100.0), (1.0, 300.0)]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_backends_agree(name: str) -> None:
    function, ranges = CASES[name]
    rng = np.random.default_rng(1)
    samples = [np.concatenate([[low, high], rng.uniform(low, high, 40)]) for low, high in ranges]
    assert_backends_agree(function, *samples)


def test_balanced_and_zero_streams_have_finite_slopes() -> None:
    flows = np.array([0.0, 0.0, 20.0, 20.0 * 4180.0 / 3970.0, 1e-9])
    other = np.array([0.0, 20.0, 0.0, 20.0, 1e-9])
    assert_backends_agree(lambda a, b: PLATE.conductance(a, b), flows, other)
