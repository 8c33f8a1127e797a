"""Wet cooling coil: dry path unchanged, against a finely divided coil, laws, backends."""

from typing import Any

import numpy as np
import pytest
from laws import law, span
from reference_tables import K

from lowlift.thermal import psychrometrics as psy
from lowlift.thermal.crah import Crah
from lowlift.thermal.exchange import FinnedCoil
from lowlift.thermal.wetcoil import saturation_temperature

CRAH = Crah(Q_dot_nominal=1.2e6, T_air_in_nominal=309.15, T_water_in_nominal=291.15, m_water_nominal=40.0, V_air_nominal=90.0,
            P_fan_nominal=5.5e4)  # fmt: skip
P = 101325.0
LATENT = 2.45e6


def divided_coil(coil: FinnedCoil, T: Any, w: Any, m: float, T_water: Any, m_water: float, n: int = 16) -> tuple[Any, Any]:
    """Heat [W] and condensate [kg/s] of a crossflow coil cut into n x n cells, each dry or wet by its own surface temperature."""
    UA = coil.UA_nominal * (1.0 + coil.hA_ratio) / n**2
    C_air, C_water = m / n * coil.cp_hot, m_water / n * coil.cp_cold
    # Cells take the temperatures entering them; the exponentials make that exact to second order.
    a = -C_air * np.expm1(-UA * (m / coil.m_hot_nominal) ** coil.n_hot / C_air)
    b = -C_water * np.expm1(-UA / coil.hA_ratio * (m_water / coil.m_cold_nominal) ** coil.n_cold / C_water)
    T_air, w_air, heat, condensate = [T] * n, [w] * n, 0.0, 0.0
    for _ in range(n):
        T_w = T_water
        for j in range(n):
            low, high = np.minimum(T_w, T_air[j]), np.maximum(T_w, T_air[j])
            for _ in range(30):
                T_s = 0.5 * (low + high)
                vapour = np.maximum(w_air[j] - psy.saturation_humidity_ratio(T_s, P), 0.0)
                too_warm = b * (T_s - T_w) > a * (T_air[j] - T_s + LATENT / coil.cp_hot * vapour)
                low, high = np.where(too_warm, low, T_s), np.where(too_warm, T_s, high)
            heat, condensate = heat + b * (T_s - T_w), condensate + a / coil.cp_hot * vapour
            T_air[j] = T_air[j] - a * (T_air[j] - T_s) / C_air
            w_air[j] = w_air[j] - a / coil.cp_hot * vapour / (m / n)
            T_w = T_w + b * (T_s - T_w) / C_water
    return heat, condensate


def test_against_a_divided_coil() -> None:
    rh, T_water = (x.ravel() for x in np.meshgrid([0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], [279.15, 285.15, 291.15]))
    w = psy.humidity_ratio_from_relative_humidity(303.15, rh, P)
    heat, condensate = divided_coil(CRAH.coil, np.full(w.shape, 303.15), w, 80.0, T_water, 40.0)
    state = CRAH.cool(303.15, w, 80.0, T_water, 40.0, P)
    error = state.Q_dot / heat - 1.0
    dry, wet = condensate == 0.0, state.Q_dot > 1.1 * CRAH.conductance(80.0, 40.0) * (303.15 - T_water)
    assert np.count_nonzero(dry) >= 5
    assert np.count_nonzero(wet) >= 8
    assert np.all(np.abs(error[dry]) < 0.002)
    assert np.all(np.abs(error[wet]) < 0.03)
    assert np.all((error < 0.02) & (error > -0.07))  # partly wet: the larger branch is too little
    np.testing.assert_allclose(state.condensate[wet], condensate[wet], rtol=0.15)


@law(span(285, 320), span(0.001, 0.006), span(1, 100), span(288, 303), span(0, 50))
def test_dry_coil_is_exactly_the_dry_coil(T: float, w: float, m: float, T_water: float, m_water: float) -> None:
    state = CRAH.cool(T, w, m, T_water, m_water, P)  # dew point below 6.5 C
    assert state.Q_dot == pytest.approx(CRAH.conductance(m, m_water) * (T - T_water), rel=1e-12, abs=1e-9)
    assert state.condensate == 0.0
    assert state.w_out == w
    assert state.Q_sensible == pytest.approx(state.Q_dot, rel=1e-12, abs=1e-6)


@law(span(288, 315), span(0.1, 1.0), span(1, 100), span(275, 295), span(0.1, 50))
def test_laws_of_the_wet_coil(T: float, rh: float, m: float, T_water: float, m_water: float) -> None:
    w = psy.humidity_ratio_from_relative_humidity(T, rh, P)
    state = CRAH.cool(T, w, m, T_water, m_water, P)
    h_in, h_out = psy.enthalpy(T, w), psy.enthalpy(state.T_air_out, state.w_out)
    assert state.Q_dot == pytest.approx(m * (h_in - h_out), rel=1e-9, abs=1e-3)
    assert state.condensate == pytest.approx(m * (w - state.w_out), rel=1e-9, abs=1e-12)
    assert 0.0 <= state.condensate
    assert state.Q_dot >= CRAH.conductance(m, m_water) * (T - T_water) - 1e-6
    if T > T_water + 0.1:
        assert T_water - 1e-6 <= state.T_air_out <= T + 1e-6
        assert h_out >= psy.saturation_enthalpy(T_water, P) * (1.0 - 1e-6) or state.condensate == 0.0
        assert state.Q_sensible >= -1e-6
    assert psy.relative_humidity(state.T_air_out, state.w_out, P) < 1.001


@law(span(273.2, 313), span(0, 55), span(7e4, 1.03e5))
def test_saturation_temperature_inverts_saturation_enthalpy(T: float, above: float, p: float) -> None:
    assert saturation_temperature(psy.saturation_enthalpy(T, p), p, min(T + above, 328.0)) == pytest.approx(T, abs=1e-6)


def test_humid_air_loses_more_heat_and_water() -> None:
    w = psy.humidity_ratio_from_relative_humidity(303.15, np.linspace(0.3, 0.9, 25), P)
    state = CRAH.cool(303.15, w, 80.0, 283.15, 40.0, P)
    assert np.all(np.diff(state.Q_dot) >= 0.0)
    assert np.all(np.diff(state.condensate) >= 0.0)
    assert np.all(np.diff(state.T_air_out) >= 0.0)
    assert state.condensate[0] == 0.0 < state.condensate[-1]
    assert K < state.T_air_out[0]
