"""Airside economiser: mixing row by row, law A3, fog, limits, backends."""

import numpy as np
import pytest
from laws import law, span
from reference_tables import K, table, within

from lowlift.thermal import psychrometrics as psy
from lowlift.thermal.component import ParameterError
from lowlift.thermal.mixing import C_WATER, AirsideEconomiser, mix

ECONOMISER = AirsideEconomiser()


def test_mixing_against_psychrolib() -> None:
    t = table("airside_economiser_mixing")
    T_oa, p = t.t_oa_C.to_numpy() + K, t.p_Pa.to_numpy()
    w_oa = psy.humidity_ratio_from_relative_humidity(T_oa, t.rh_oa.to_numpy(), p)
    air = mix(T_oa, w_oa, t.t_ra_C.to_numpy() + K, t.w_ra_kg_kgda.to_numpy(), t.oa_frac_dry_mass.to_numpy(), p)
    within(w_oa, t.w_oa, t.tol_w_rel * t.w_oa)
    within(air.T - K, t.t_mix_C, t.tol_t_K)
    within(air.w + air.liquid, t.w_mix, t.tol_w_rel * t.w_mix)
    within(air.h, t.h_mix_J_kgda, 1e-3 * t.h_mix_J_kgda.abs() + 10.0)
    within(air.rh, t.rh_mix, 0.005)
    np.testing.assert_array_equal(air.fog, t.supersaturated)


STREAMS = (span(243, 313), span(0.05, 1.0), span(290, 318), span(0.05, 1.0), span(0, 1), span(7e4, 1.03e5))


@law(*STREAMS)
def test_A3_mixing_closes_on_dry_mass_and_never_exceeds_saturation(
    T_oa: float, rh_oa: float, T_ra: float, rh_ra: float, x: float, p: float
) -> None:
    w_oa, w_ra = (psy.humidity_ratio_from_relative_humidity(T, rh, p) for T, rh in ((T_oa, rh_oa), (T_ra, rh_ra)))
    air = mix(T_oa, w_oa, T_ra, w_ra, x, p)
    assert air.rh <= 1.0
    assert air.liquid >= 0.0
    assert air.w + air.liquid == pytest.approx(x * w_oa + (1.0 - x) * w_ra, rel=1e-12)
    # Whatever the phases, the enthalpy is that of the two streams.
    expected = x * psy.enthalpy(T_oa, w_oa) + (1.0 - x) * psy.enthalpy(T_ra, w_ra)
    assert psy.enthalpy(air.T, air.w) + air.liquid * C_WATER * (air.T - K) == pytest.approx(expected, rel=1e-6, abs=0.3)
    assert (air.liquid > 0.0) == (air.fog == 1.0) or air.liquid < 1e-7


def test_A3_mixing_by_dry_mass_is_not_mixing_temperatures() -> None:
    air = mix(263.15, 0.001, 313.15, 0.02, 0.5, 101325.0)
    assert abs(air.T - 0.5 * (263.15 + 313.15)) > 0.2


def test_fog_is_warmer_than_the_mixing_line() -> None:
    T_ra, T_oa = 303.15, 253.15
    w_ra = psy.humidity_ratio_from_relative_humidity(T_ra, 0.95, 1e5)
    w_oa = psy.humidity_ratio_from_relative_humidity(T_oa, 0.9, 1e5)
    air = mix(T_oa, w_oa, T_ra, w_ra, 0.4, 1e5)
    assert air.fog == 1.0
    assert air.rh == pytest.approx(1.0)
    assert air.liquid > 1e-3
    assert air.T > psy.temperature_from_enthalpy(air.h, air.w + air.liquid) + 1.0


def test_limits_close_the_dampers() -> None:
    w = psy.humidity_ratio_from_dew_point(278.15, 1e5)
    share = lambda T_oa, w_oa=w: float(ECONOMISER.outdoor_share(T_oa, w_oa, 308.15, 296.15, 1e5))  # noqa: E731
    assert share(283.15) == pytest.approx((308.15 - 296.15) / 25.0, abs=1e-4)  # mixes down to the setpoint
    assert share(300.15) == pytest.approx(1.0, abs=2e-3)  # warmer than the setpoint, still cooler than return air
    assert share(312.15) == pytest.approx(ECONOMISER.x_min, abs=1e-3)  # hotter than return air
    assert share(299.15, psy.humidity_ratio_from_dew_point(293.15, 1e5)) == pytest.approx(ECONOMISER.x_min, abs=1e-3)  # humid
    assert share(265.15, psy.humidity_ratio_from_dew_point(255.15, 1e5)) == pytest.approx(ECONOMISER.x_min, abs=1e-3)  # dry
    at_limit = ECONOMISER.enable(283.15, psy.humidity_ratio_from_dew_point(288.15, 1e5), 308.15, 1e5)
    assert at_limit == pytest.approx(0.5, abs=1e-3)


@law(span(243, 320), span(1e-4, 0.03), span(290, 318), span(288, 305))
def test_share_stays_within_its_limits(T_oa: float, w_oa: float, T_ra: float, T_set: float) -> None:
    x = ECONOMISER.outdoor_share(T_oa, w_oa, T_ra, T_set, 1e5)
    assert ECONOMISER.x_min - 1e-3 <= x <= 1.0


def test_closed_window_is_refused() -> None:
    with pytest.raises(ParameterError, match="must be below T_dew_max"):
        AirsideEconomiser(T_dew_min=288.15, T_dew_max=285.15)
