"""Leaking chip and cold plate in two regimes: laws L1 to L5, exact fixed point, trend of published CFD, backends."""

import numpy as np
import pytest
from laws import law, span
from reference_tables import table
from scipy.special import lambertw

from lowlift.thermal.chip import LeakyChip, LoopGainError
from lowlift.thermal.coldplate import ColdPlate
from lowlift.thermal.component import ParameterError

CHIP = LeakyChip()
PLATE = ColdPlate(exponent=0.4, transition=1.5)


@law(span(0.0, 1.0), span(285.0, 320.0), span(0.005, 0.08))
def test_fixed_point_is_the_exact_one(u: float, T_ref: float, R: float) -> None:
    state = CHIP.steady(u, T_ref, R)
    assert state.T == pytest.approx(T_ref + R * state.P, abs=1e-9)
    if state.T < CHIP.T_max:  # x = a + c exp(k x) has the solution a - W(-k c exp(k a)) / k
        a, c = T_ref - CHIP.T_nominal + R * CHIP.P_dynamic * u, R * CHIP.P_leak_nominal
        exact = a - lambertw(-CHIP.k * c * np.exp(CHIP.k * a)).real / CHIP.k
        assert state.T - CHIP.T_nominal == pytest.approx(exact, abs=1e-8)


@law(span(0.0, 1.0), span(285.0, 320.0), span(0.005, 0.08))
def test_L5_loop_gain_stays_below_one_and_amplifies(u: float, T_ref: float, R: float) -> None:
    state = CHIP.steady(u, T_ref, R)
    assert 0.0 < state.gain <= CHIP.gain_at_limit(R) < 1.0
    assert state.gain == pytest.approx(CHIP.loop_gain(state.T, R))
    step = 1e-5
    slope = (CHIP.steady(u + step, T_ref, R).T - CHIP.steady(u - step, T_ref, R).T) / (2.0 * step)
    assert slope == pytest.approx(CHIP.P_dynamic * R / (1.0 - state.gain), rel=1e-4)


def test_L5_runaway_is_refused_and_its_gain_named() -> None:
    with pytest.raises(LoopGainError, match=r"LeakyChip: loop gain dP/dT R = 1\.367 at 378\.1 K with R = 0\.5000 K/W") as caught:
        LeakyChip(R_max=0.5)
    assert caught.value.gain == pytest.approx(CHIP.gain_at_limit(0.5))
    with pytest.raises(LoopGainError):
        CHIP.steady(1.0, 300.0, np.array([0.05, 0.5]))
    assert issubclass(LoopGainError, ParameterError)


def test_L5_solution_survives_a_gain_near_one() -> None:
    R = 0.97 / CHIP.gain_at_limit(1.0)
    state = LeakyChip(R_max=R).steady(np.linspace(0.0, 1.0, 50), 290.0, R)
    np.testing.assert_allclose(state.T, 290.0 + R * state.P, atol=1e-3)


@law(span(280.0, 450.0))
def test_leakage_is_smooth_and_rises(T: float) -> None:
    assert CHIP.P_leak(T + 0.1) > CHIP.P_leak(T)
    numeric = (CHIP.P_leak(T + 1e-3) - CHIP.P_leak(T - 1e-3)) / 2e-3
    assert CHIP.slope(T) == pytest.approx(numeric, rel=1e-4)


@law(span(0.1, 1.0), span(0.005, 0.08), span(285, 318))
def test_L1_L2_leaking_chip_on_its_plate(u: float, m: float, T_in: float) -> None:
    cp = 3970.0
    R = 1.0 / (m * cp) + 1.0 / PLATE.UA_coolant(m) + PLATE.R_chip_plate
    state = LeakyChip(R_max=0.2).steady(u, T_in, R)
    assert PLATE.T_chip(state.P, m, T_in, cp) == pytest.approx(state.T)
    T_cool = T_in + state.P / (m * cp)
    T_plate = T_cool + state.P / PLATE.UA_coolant(m)
    assert state.T > T_plate > T_cool > T_in


@law(span(0.2, 5.0), span(0.3, 0.8), span(0.01, 3.0))
def test_L3_resistance_falls_with_flow_in_both_regimes_with_diminishing_return(r: float, a: float, t: float) -> None:
    plate = ColdPlate(exponent=a, transition=t)
    R = [1.0 / plate.UA_coolant(x * r * plate.m_dot_nominal) for x in (1.0, 1.1, 1.2)]
    assert R[0] > R[1] > R[2]
    assert R[0] - R[1] > R[1] - R[2]
    assert 1.0 / plate.UA_coolant(plate.m_dot_nominal) == pytest.approx(plate.R_plate_coolant_nominal, rel=1e-3)


def test_regimes_have_their_exponents() -> None:
    m = PLATE.m_dot_nominal

    def exponent(r: float) -> float:
        return float(np.log(PLATE.UA_coolant(1.01 * r * m) / PLATE.UA_coolant(r * m)) / np.log(1.01))

    assert exponent(0.2) == pytest.approx(0.4, abs=0.02)
    assert exponent(10.0) == pytest.approx(0.8, abs=0.02)
    assert exponent(1.5) == pytest.approx(0.6, abs=0.01)
    with pytest.raises(ParameterError, match=r"exponent_turbulent = 0.3 1: must be at least exponent = 0.6"):
        ColdPlate(transition=1.0, exponent_turbulent=0.3)
    with pytest.raises(ParameterError, match=r"ColdPlate.transition = 0.001 1: must be 0 \(one power law\) or at least 0.01"):
        ColdPlate(transition=0.001)


def test_one_power_law_by_default() -> None:
    m = np.array([0.0, 0.001, 0.0275, 0.1])
    r = m / 0.0275
    np.testing.assert_array_equal(ColdPlate().UA_coolant(m), np.exp(0.3 * np.log(r * r + 1e-4)) / 0.016)


def test_L4_no_flow_heats_at_power_over_capacity() -> None:
    assert np.isfinite(PLATE.UA_coolant(0.0))
    assert PLATE.dp(0.0) == 0.0
    assert np.isfinite(CHIP.P(1.0, 500.0))  # a chip without coolant: the law stays finite far above its limit


def test_pressure_drop_is_linear_and_quadratic() -> None:
    m = PLATE.m_dot_nominal
    assert PLATE.dp(m) == pytest.approx(2.0e4)
    assert PLATE.dp(2.0 * m) == pytest.approx(2.0e4 * (0.3 * 2.0 + 0.7 * 4.0))


def test_trend_of_published_cfd() -> None:
    """Resistance falls as pressure drop rises, with diminishing return and an elasticity of the same order as in published CFD.

    The table varies the plate at one flow (ten times the usual per kilowatt), the model varies the flow of one plate: only trends compare.
    """
    t = table("cold_plate_cfd_pareto").sort_values("dp_kPa")
    np.testing.assert_allclose(t.dT_chip_minus_inlet_K / t.q_W, t.R_th_K_per_W, rtol=1e-6)
    plate = ColdPlate()
    m = np.linspace(0.4, 2.5, 9) * plate.m_dot_nominal
    curves = {
        "cfd": (t.dp_kPa.to_numpy(), t.R_th_K_per_W.to_numpy()),
        "model": (plate.dp(m) / 1e3, plate.R_chip_plate + 1.0 / plate.UA_coolant(m)),
    }
    elasticity = {}
    for name, (dp, R) in curves.items():
        assert np.all(np.diff(R) <= 0.0)
        assert (R[0] - R[4]) / (dp[4] - dp[0]) > (R[4] - R[-1]) / (dp[-1] - dp[4])
        elasticity[name] = np.polyfit(np.log(dp), np.log(R), 1)[0]
    assert 0.5 < elasticity["model"] / elasticity["cfd"] < 2.0
