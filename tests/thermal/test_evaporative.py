"""Evaporative coolers that wet the air itself: EnergyPlus row by row, laws A1 and A4."""

import numpy as np
import pytest
from laws import law, span
from reference_tables import K, table, within

from lowlift.thermal import psychrometrics as psy
from lowlift.thermal.component import ParameterError
from lowlift.thermal.evaporative import AdiabaticAssist, CelDekPad, DirectEvaporativeCooler

PAD = CelDekPad(area=1.5, depth=0.2)
DIRECT = DirectEvaporativeCooler(pad=PAD)
ASSIST = AdiabaticAssist(overspray=0.2)


def test_direct_against_energyplus() -> None:
    for (depth, area), t in table("evap_direct_celdek_energyplus").groupby(["pad_depth_m", "pad_area_m2"]):
        cooler = DirectEvaporativeCooler(pad=CelDekPad(area=area, depth=depth))
        T, T_wb, p, m = t.t_db_in_C.to_numpy() + K, t.t_wb_in_C.to_numpy() + K, t.p_Pa.to_numpy(), t.m_air_kgda_s.to_numpy()
        air = cooler.leave(T, T_wb, p, m)
        within(cooler.pad.face_velocity(T, T_wb, p, m), t.face_velocity_m_s, 1e-3 * t.face_velocity_m_s)
        within(air.effectiveness, t.effectiveness, t.tol_eff_abs)
        within(air.T_out - K, t.t_db_out_C, t.tol_t_out_K)
        within(air.w_out, t.w_out_kg_per_kgda, t.tol_w_rel * t.w_out_kg_per_kgda)
        within(air.evaporation, t.water_kg_s, t.tol_water_rel * t.water_kg_s)
        assert not np.any(cooler.pad.range_violation(t.face_velocity_m_s.to_numpy()))


AIR = (span(283, 318), span(0.03, 1.0), span(7e4, 1.03e5))


@law(*AIR, span(0.0, 8.0), span(0.0, 1.0))
def test_A1_direct_cooler_keeps_the_wet_bulb(T: float, rh: float, p: float, m: float, s: float) -> None:
    w = psy.humidity_ratio_from_relative_humidity(T, rh, p)
    T_wb = psy.wet_bulb(T, w, p)
    air = DIRECT.leave(T, T_wb, p, m, s)
    assert T_wb - 1e-9 <= air.T_out <= T
    assert air.evaporation >= 0.0
    assert air.evaporation == pytest.approx(m * (air.w_out - w), rel=1e-3, abs=1e-5 * m)
    assert psy.relative_humidity(air.T_out, air.w_out, p) <= 1.0 + 1e-3
    if T_wb > 275.0:  # the declared range: about freezing the ASHRAE relations have two solutions, a bulb with water and one with ice
        assert psy.wet_bulb(air.T_out, air.w_out, p) == pytest.approx(T_wb, abs=0.05)


@law(span(275, 315), span(0.0, 2.0), span(0.1, 8.0))
def test_A1_saturated_air_is_not_cooled_and_gives_no_water(T: float, above: float, m: float) -> None:
    for air in (DIRECT.leave(T, T + above, 1e5, m), ASSIST.leave(T, T + above, 1e5, m, 1.0)):
        assert air.T_out == T
        assert air.evaporation == 0.0


@law(span(0.05, 0.6), span(0.0, 50.0))
def test_A4_effectiveness_stays_between_zero_and_one(depth: float, V: float) -> None:
    pad = CelDekPad(area=1.0, depth=depth)
    assert 0.0 < pad.effectiveness(V) < 1.0
    outside = not (0.1 <= depth <= 0.3 and 0.9 <= V <= 4.5)
    assert (pad.range_violation(V) > 0.0) == outside


def test_slower_air_and_deeper_pads_cool_more() -> None:
    V = np.linspace(0.0, 6.0, 61)
    assert np.all(np.diff(PAD.effectiveness(V)) < 1e-6)
    assert np.all(CelDekPad(area=1.0, depth=0.3).effectiveness(V) > PAD.effectiveness(V))


def test_pads_cost_pressure() -> None:
    assert PAD.dp(2.0) == pytest.approx(35.0)
    assert CelDekPad(area=1.0, depth=0.3).dp(4.0) == pytest.approx(35.0 * 4.0 * 1.5)


def test_makeup_exceeds_evaporation() -> None:
    assert DIRECT.makeup(3.0) == pytest.approx(4.0)
    assert ASSIST.makeup(3.0) == pytest.approx(4.6)
    with pytest.raises(ParameterError, match=r"AdiabaticAssist.cycles = 1.0 1: must be above 1.0"):
        AdiabaticAssist(cycles=1.0)
