"""Indirect evaporative coolers: EnergyPlus row by row, law A2."""

import numpy as np
from laws import law, span
from reference_tables import K, table, within

from lowlift.thermal import psychrometrics as psy
from lowlift.thermal.evaporative import CelDekPad
from lowlift.thermal.indirect_evaporative import IndirectDryCoil, IndirectWetCoil

DRY = IndirectDryCoil(pad=CelDekPad(area=1.5, depth=0.2))
WET = IndirectWetCoil()


def test_indirect_dry_coil_against_energyplus() -> None:
    for (depth, area, eff_hx), t in table("evap_indirect_celdek_energyplus").groupby(["pad_depth_m", "pad_area_m2", "hx_effectiveness"]):
        cooler = IndirectDryCoil(pad=CelDekPad(area=area, depth=depth), eff_hx=eff_hx)
        T, T_wb, p = t.t_db_in_C.to_numpy() + K, t.t_wb_in_C.to_numpy() + K, t.p_Pa.to_numpy()
        V_sup = t.m_air_kgda_s.to_numpy() * psy.specific_volume(T, t.w_in_kg_per_kgda.to_numpy(), p)
        state = cooler.leave(T, V_sup, T, T_wb, p, t.sec_air_m3_s.to_numpy())
        within(cooler.pad.effectiveness((t.sec_air_m3_s / area).to_numpy()), t.pad_effectiveness, 0.003)
        within(state.T_out - K, t.t_db_out_C, t.tol_t_out_K)
        np.testing.assert_allclose(state.P_el, t.p_elec_W, rtol=1e-6)


def test_indirect_wet_coil_against_energyplus() -> None:
    for (eff_max, C_1), t in table("evap_indirect_wetcoil_energyplus").groupby(["coil_max_eff", "coil_flow_ratio_c1"]):
        cooler = IndirectWetCoil(eff_max=eff_max, C_1=C_1)
        T, T_wb = t.t_db_in_C.to_numpy() + K, t.t_wb_in_C.to_numpy() + K
        state = cooler.leave(T, t.v_air_m3_s.to_numpy(), T_wb, t.sec_air_m3_s.to_numpy(), 1.15)
        within(state.T_out - K, t.t_db_out_C, t.tol_t_out_K)
        within(state.stage, t.stage_eff, 0.002)


@law(span(283, 318), span(0.03, 1.0), span(7e4, 1.03e5), span(0.0, 3.0), span(0.0, 3.0))
def test_A2_indirect_coolers_stay_above_the_wet_bulb_and_add_no_water(T: float, rh: float, p: float, V_sup: float, V_sec: float) -> None:
    w = psy.humidity_ratio_from_relative_humidity(T, rh, p)
    T_wb = psy.wet_bulb(T, w, p)
    for state in (DRY.leave(T, V_sup, T, T_wb, p, V_sec), WET.leave(T, V_sup, T_wb, V_sec, 1.1)):
        assert T_wb - 1e-9 <= state.T_out <= T + 1e-9
        assert state.evaporation >= 0.0
        assert psy.relative_humidity(state.T_out, w, p) <= 1.0 + 1e-3  # nothing condenses: the supply air keeps its humidity ratio
    assert DRY.leave(T, V_sup, T, T_wb, p, 0.0).T_out == T
