"""Merkel's relation against a solution to rounding, over its declared range."""

import numpy as np
from scipy.optimize import brentq

from lowlift.thermal.exchange import effectiveness_counterflow
from lowlift.thermal.psychrometrics import MASS_RATIO, enthalpy, saturation_pressure_over_water
from lowlift.thermal.tower import CP_WATER, CoolingTowerCell, merkel

CELL = CoolingTowerCell(
    Q_dot_nominal=1e6, T_wb_nominal=298.15, approach_nominal=4.0, range_nominal=6.0, V_air_nominal=28.0, P_fan_nominal=1.2e4
)


def exact(T_w: float, T_wb: float, p: float, UA: float, m_w: float, m_a: float) -> float:
    """Water leaving [K], the implicit wet bulb of the air leaving bracketed and bisected."""

    def saturated(T: float) -> float:
        p_w = float(saturation_pressure_over_water(T))
        return float(enthalpy(T, MASS_RATIO * p_w / (p - p_w)))

    p_w = float(saturation_pressure_over_water(T_wb))
    c_p = 1006.0 + 1860.0 * MASS_RATIO * p_w / (p - p_w)

    def heat(rise: float) -> tuple[float, float]:
        c_pe = (saturated(T_wb + rise) - saturated(T_wb)) / rise
        C_w, C_a = m_w * CP_WATER, m_a * c_pe
        low, high = min(C_w, C_a), max(C_w, C_a)
        Q = float(effectiveness_counterflow(UA * c_pe / c_p / low, low / high)) * low * (T_w - T_wb)
        return Q, Q / C_a

    rise = brentq(lambda r: heat(r)[1] - r, 1e-6 * (T_w - T_wb), T_w - T_wb, xtol=1e-12)
    return T_w - heat(rise)[0] / (m_w * CP_WATER)


def test_outlet_is_within_1e_4_K_of_the_implicit_solution() -> None:
    rng = np.random.default_rng(3)
    n = 400
    T_wb, p = rng.uniform(250.0, 305.0, n), rng.uniform(6e4, 1.05e5, n)
    T_w = np.maximum(rng.uniform(275.0, 330.0, n), T_wb + 0.5)
    y, m_w = rng.uniform(0.0, 1.0, n), CELL.m_w_nominal * rng.uniform(0.3, 1.2, n)
    r = np.asarray(CELL.air_ratio(y))
    UA, m_a = np.asarray(CELL.UA(m_w, T_wb, r)), 28.0 * 1.15 * r
    got = T_w - np.asarray(merkel(T_w, T_wb, p, UA, m_w, m_a).Q_dot) / (m_w * CP_WATER)
    expected = np.array([exact(*row) for row in zip(T_w, T_wb, p, UA, m_w, m_a, strict=True)])
    assert np.abs(got - expected).max() < 1e-4
