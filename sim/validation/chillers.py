"""Table of chillers described by published curves."""

from typing import Any

import numpy as np

from lowlift.sim.validation.spec import ROUNDING, ZERO_C, Computed, Given, Out, Rows, TableSpec, grouped
from lowlift.thermal.chiller_eir import CP_WATER

T_WATER = (-30.0, 90.0)
FLOW = (1e-6, 1e6)


def chillers(rows: Rows) -> Computed:
    """Each machine at imposed load, leaving chilled water and entering condenser water."""

    def one(part: Rows, key: tuple[Any, ...]) -> Computed:
        machine = part.context.chiller(str(key[0]))
        (T_chw, T_cw), Q = part.kelvin("t_chw_out_C", "t_cw_in_C"), part["q_evap_W"]
        s = machine.operate(Q, T_chw, T_cw, part["m_cw_kg_s"])
        values = {
            "t_chw_in_C": T_chw + s.Q_dot / (part["m_chw_kg_s"] * CP_WATER) - ZERO_C, "t_cw_out_C": s.T_cw_out - ZERO_C,
            "p_elec_W": s.P_el, "q_cond_W": s.Q_cond, "plr_eplus": s.Q_dot / s.capacity / s.cycling, "cycling_ratio": s.cycling,
            "cap_ft": s.cap_ft, "eir_ft": s.eir_ft, "eir_fplr": s.eir_fplr, "cap_avail_W": s.capacity,
            "capacity_limited": np.where(machine.PLR_max * s.capacity < Q, 1.0, 0.0),
        }  # fmt: skip
        outside = machine.range_violation(T_chw, s.T_cw_out if machine.reformulated else T_cw) > ROUNDING
        beyond = s.P_el * T_chw < s.Q_dot * (s.T_cw_out - T_chw) * (1.0 - 1e-9)
        return Computed(values, {"beyond Carnot": beyond, "negative power": s.P_el < 0.0}, beyond={"outside the curves": outside})

    return grouped(rows, ("chiller_id",), one)


TABLES = (
    TableSpec(
        name="chiller_eir_energyplus",
        title="Chillers, EIR and Reformulated EIR",
        kind="component",
        given=(
            Given("chiller_id", text=True), Given("q_evap_W", 1e-3, 1e9), Given("t_chw_out_C", *T_WATER), Given("m_chw_kg_s", *FLOW),
            Given("t_cw_in_C", *T_WATER), Given("m_cw_kg_s", *FLOW),
        ),
        out=(
            Out("t_chw_in_C", "tol_t_K"), Out("t_cw_out_C", "tol_t_K"), Out("p_elec_W", "tol_p_rel"), Out("q_cond_W", "tol_q_cond_rel"),
            Out("plr_eplus", "tol_curve_rel"), Out("cycling_ratio", "tol_curve_rel"), Out("cap_ft", "tol_curve_rel"),
            Out("eir_ft", "tol_curve_rel"), Out("eir_fplr", "tol_curve_rel"), Out("cap_avail_W", "tol_curve_rel"),
            Out("capacity_limited", "tol_flag"),
        ),
        tolerances={"tol_p_rel": 0.01, "tol_q_cond_rel": 0.01, "tol_t_K": 0.05, "tol_curve_rel": 0.01, "tol_flag": 0.5},
        compute=chillers,
        source="EnergyPlus 25.2.0",
        differences=(
            "EnergyPlus evaluates an overloaded machine at its setpoint (power off by up to 17 %); such rows are not in the table.",
            "Power never falls below 1/0.85 of Carnot between the leaving water temperatures: some published fits do at low load.",
            "Corners of the part-load relation are blended over 0.005 of load ratio.",
        ),
        order=(
            "chiller_id", "model", "q_evap_W", "t_chw_out_C", "m_chw_kg_s", "t_chw_in_C", "t_cw_in_C", "m_cw_kg_s", "t_cw_out_C",
            "p_elec_W", "q_cond_W", "plr_eplus", "cycling_ratio", "cap_ft", "eir_ft", "eir_fplr", "cap_avail_W", "capacity_limited",
        ),
    ),
)  # fmt: skip
"""Tables of this family."""
