"""Moist air: pressure, inverses, and the jump of the wet bulb at freezing."""

import numpy as np
import pytest
from laws import law, span

from lowlift.thermal import psychrometrics as psy

SEA, GOLDEN = 101325.0, 84e3


@law(span(276, 318), span(0.05, 0.95))
def test_T6_thin_air_is_lighter_and_has_a_lower_wet_bulb(T: float, rh: float) -> None:
    """The same temperature and relative humidity at sea level and at 84 kPa."""
    w = [psy.humidity_ratio_from_relative_humidity(T, rh, p) for p in (SEA, GOLDEN)]
    rho = [psy.density(T, x, p) for x, p in zip(w, (SEA, GOLDEN), strict=True)]
    assert rho[1] / rho[0] == pytest.approx(GOLDEN / SEA, rel=0.02)
    T_wb = [psy.wet_bulb(T, x, p) for x, p in zip(w, (SEA, GOLDEN), strict=True)]
    if min(T_wb) > 273.2 or max(T_wb) < 273.0:
        assert T_wb[1] < T_wb[0] < T


@law(span(273.5, 320), span(0.02, 1.0), span(6e4, 1.05e5))
def test_wet_bulb_and_dew_point_invert_their_relations(T: float, rh: float, p: float) -> None:
    w = psy.humidity_ratio_from_relative_humidity(T, rh, p)
    assert psy.humidity_ratio_from_wet_bulb(T, psy.wet_bulb(T, w, p), p) == pytest.approx(w, abs=2e-8)
    assert psy.humidity_ratio_from_dew_point(psy.dew_point(w, p), p) == pytest.approx(w, rel=1e-6)


@pytest.mark.parametrize(("depression", "jump"), [(1.0, 0.06), (5.0, 0.35)])
def test_the_wet_bulb_jumps_at_freezing_as_its_two_relations_do(depression: float, jump: float) -> None:
    """Between the humidity of a wet and of an icy bulb at 0 C either may be found; what is found fits exactly."""
    T = psy.ZERO_C + depression
    wet, icy = (float(psy.humidity_ratio_from_wet_bulb(T, psy.ZERO_C - d, SEA)) for d in (0.0, 1e-9))
    assert (icy - wet) / depression == pytest.approx(4.6e-5, rel=0.03)
    w = np.linspace(wet - 2e-5, icy + 2e-5, 2001)
    T_wb = psy.wet_bulb(T, w, SEA)
    np.testing.assert_allclose(psy.humidity_ratio_from_wet_bulb(T, T_wb, SEA), w, rtol=0, atol=1e-9)
    assert np.diff(T_wb).max() == pytest.approx(jump, abs=0.02)
    assert np.sum(np.diff(T_wb) > 0.02) == 1


def test_dry_air_has_the_dew_point_of_the_driest_air_there_is() -> None:
    assert psy.dew_point(0.0, SEA) == psy.dew_point(psy.W_LEAST, SEA) == pytest.approx(186.0, abs=1.0)
