"""Tables of moist air: properties and adiabatic mixing."""

import numpy as np

from lowlift.sim.validation.spec import ZERO_C, Computed, Given, Out, Rows, TableSpec, outside
from lowlift.thermal import psychrometrics as psy
from lowlift.thermal.mixing import AirsideEconomiser, mix

T_AIR, PRESSURE = (-60.0, 90.0), (3e4, 1.2e5)
"""Air temperatures [C] and pressures [Pa] accepted: what the relations are made for, with a margin."""
WET_BULB_SLACK = 0.2
"""Wet bulbs above the dry bulb by less than this are rounding of saturated air [K]."""
SAME = 1e-6
"""Differences of temperature below this are rounding [K]."""


def inverted(rows: Rows, dry: str, wet: str) -> dict[int, str]:
    """Rows whose wet bulb lies above the dry bulb, which no air has."""
    over = np.flatnonzero(rows[wet] > rows[dry] + WET_BULB_SLACK)
    return {int(i): f"{wet} = {rows[wet][i]:g}: above {dry} = {rows[dry][i]:g}" for i in over}


def properties(rows: Rows) -> Computed:
    """Properties of moist air from dry bulb, relative humidity and pressure."""
    (T,), p = rows.kelvin("t_db_C"), rows["p_Pa"]
    w = psy.humidity_ratio_from_relative_humidity(T, rows["rh_frac"], p)
    T_wb, T_dp = psy.wet_bulb(T, w, p), psy.dew_point(w, p)
    return Computed(
        {
            "w_kg_per_kgda": w,
            "t_wb_C": T_wb - ZERO_C,
            "t_dp_C": T_dp - ZERO_C,
            "h_J_per_kgda": psy.enthalpy(T, w),
            "v_m3_per_kgda": psy.specific_volume(T, w, p),
            "rho_kg_per_m3": psy.density(T, w, p),
        },
        {"wet bulb above dry bulb": T_wb > T + SAME, "negative humidity": w < 0.0},
        beyond=outside(psy.RANGES, T=T, p=p),
    )


def mixing(rows: Rows) -> Computed:
    """Outdoor and return air mixed by mass of dry air."""
    (T_oa, T_ra), p = rows.kelvin("t_oa_C", "t_ra_C"), rows["p_Pa"]
    w_oa = psy.humidity_ratio_from_relative_humidity(T_oa, rows["rh_oa"], p)
    air = mix(T_oa, w_oa, T_ra, rows["w_ra_kg_kgda"], rows["oa_frac_dry_mass"], p)
    values = {
        "w_oa": w_oa, "w_mix": air.w + air.liquid, "h_mix_J_kgda": air.h, "t_mix_C": air.T - ZERO_C, "rh_mix": air.rh,
        "supersaturated": np.asarray(air.fog),
    }  # fmt: skip
    laws = {"relative humidity above one": air.rh > 1.0, "negative water": air.liquid < 0.0}
    return Computed(values, laws, beyond=outside(AirsideEconomiser().ranges, T_oa=T_oa, T_ra=T_ra))


TABLES = (
    TableSpec(
        name="psychrometrics",
        title="Moist air",
        kind="component",
        given=(Given("t_db_C", *T_AIR), Given("rh_frac", 1e-6, 1.0), Given("p_Pa", *PRESSURE)),
        out=(
            Out("w_kg_per_kgda", "tol_w_rel"), Out("t_wb_C", "tol_t_wb_K"), Out("t_dp_C", "tol_t_dp_K"),
            Out("h_J_per_kgda", "tol_h_rel", floor=1.0), Out("v_m3_per_kgda", "tol_rho_rel"), Out("rho_kg_per_m3", "tol_rho_rel"),
        ),
        tolerances={"tol_w_rel": 0.005, "tol_t_wb_K": 0.05, "tol_t_dp_K": 0.05, "tol_h_rel": 0.005, "tol_rho_rel": 0.002},
        compute=properties,
        source="PsychroLib 2.5.0",
        differences=(
            "Both sides use the ASHRAE ideal-gas relations; real-gas air (CoolProp) differs by up to 0.6 % in humidity ratio.",
            "Within 0.1 K of a wet bulb of 0 °C the relations jump between water and ice; either side may be taken there.",
        ),
    ),
    TableSpec(
        name="airside_economiser_mixing",
        title="Airside economiser, mixing",
        kind="component",
        given=(
            Given("t_oa_C", *T_AIR), Given("rh_oa", 0.0, 1.0), Given("t_ra_C", *T_AIR), Given("w_ra_kg_kgda", 0.0, 0.5),
            Given("oa_frac_dry_mass", 0.0, 1.0), Given("p_Pa", *PRESSURE),
        ),
        out=(
            Out("w_oa", "tol_w_rel"), Out("w_mix", "tol_w_rel"), Out("h_mix_J_kgda", "tol_h_rel", floor=10.0), Out("t_mix_C", "tol_t_K"),
            Out("rh_mix", "tol_rh"), Out("supersaturated", "tol_flag"),
        ),
        tolerances={"tol_t_K": 0.05, "tol_w_rel": 0.005, "tol_h_rel": 0.001, "tol_rh": 0.005, "tol_flag": 0.5},
        compute=mixing,
        source="PsychroLib 2.5.0",
        differences=(
            "In fog the library condenses the surplus and warms the air; temperature and humidity are then those of the equilibrium.",
        ),
        order=(
            "t_oa_C", "rh_oa", "t_ra_C", "w_ra_kg_kgda", "oa_frac_dry_mass", "p_Pa", "w_oa", "w_mix", "h_mix_J_kgda", "t_mix_C", "rh_mix",
            "supersaturated",
        ),
    ),
)  # fmt: skip
"""Tables of this family."""
