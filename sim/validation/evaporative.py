"""Tables of evaporative coolers: direct pad, indirect dry coil, indirect wet coil."""

from typing import Any

from lowlift.sim.validation.air import PRESSURE, SAME, T_AIR, inverted
from lowlift.sim.validation.context import design
from lowlift.sim.validation.spec import ZERO_C, Array, Computed, Given, Out, Rows, TableSpec, grouped, outside
from lowlift.thermal import psychrometrics as psy
from lowlift.thermal.evaporative import CelDekPad, DirectEvaporativeCooler
from lowlift.thermal.indirect_evaporative import IndirectDryCoil, IndirectWetCoil

FLOW = (1e-6, 1e5)
AIR = (Given("t_db_in_C", *T_AIR), Given("t_wb_in_C", *T_AIR), Given("w_in_kg_per_kgda", 0.0, 0.5), Given("p_Pa", *PRESSURE),
       Given("m_air_kgda_s", *FLOW))  # fmt: skip
"""Air entering: inputs of the three tables."""


def _air(rows: Rows) -> tuple[Array, Array, Array, Array, Array]:
    """Dry bulb, wet bulb, pressure, dry air and volume flow of the air entering."""
    (T, T_wb), p, m = rows.kelvin("t_db_in_C", "t_wb_in_C"), rows["p_Pa"], rows["m_air_kgda_s"]
    return T, T_wb, p, m, m * psy.specific_volume(T, rows["w_in_kg_per_kgda"], p)


def _below(T_out: Array, T: Array, T_wb: Array) -> Array:
    return (T_out < T_wb - SAME) & (T_out < T - SAME)


def _inverted(rows: Rows) -> dict[int, str]:
    return inverted(rows, "t_db_in_C", "t_wb_in_C")


def direct(rows: Rows) -> Computed:
    """A wetted pad in the supply air."""

    def one(part: Rows, key: tuple[Any, ...]) -> Computed:
        cooler = DirectEvaporativeCooler(pad=CelDekPad(depth=key[0], area=key[1]))
        T, T_wb, p, m, V = _air(part)
        air = cooler.leave(T, T_wb, p, m)
        values = {
            "v_air_m3_s": V, "face_velocity_m_s": cooler.pad.face_velocity(T, T_wb, p, m), "effectiveness": air.effectiveness,
            "t_db_out_C": air.T_out - ZERO_C, "w_out_kg_per_kgda": air.w_out, "water_kg_s": air.evaporation,
        }  # fmt: skip
        laws = {"air below wet bulb": _below(air.T_out, T, T_wb), "negative water": air.evaporation < 0.0}
        beyond = outside(cooler, T_wb=T_wb) | outside(cooler.pad, V=values["face_velocity_m_s"], depth=cooler.pad.depth + 0.0 * T)
        return Computed(values, laws, beyond=beyond)

    return grouped(rows, ("pad_depth_m", "pad_area_m2"), one)


def indirect_dry(rows: Rows) -> Computed:
    """A pad in outdoor air that cools the supply air, outdoor air too, through a dry exchanger."""

    def one(part: Rows, key: tuple[Any, ...]) -> Computed:
        cooler = IndirectDryCoil(pad=CelDekPad(depth=key[0], area=key[1]), eff_hx=key[2], **design("evap_indirect_celdek_energyplus"))
        T, T_wb, p, _, V = _air(part)
        V_sec = part["sec_air_m3_s"]
        state = cooler.leave(T, V, T, T_wb, p, V_sec)
        values = {
            "v_air_m3_s": V, "pad_effectiveness": cooler.pad.effectiveness(V_sec / key[1]), "t_db_out_C": state.T_out - ZERO_C,
            "w_out_kg_per_kgda": part["w_in_kg_per_kgda"], "p_elec_W": state.P_el,
        }  # fmt: skip
        laws = {"air below wet bulb": _below(state.T_out, T, T_wb), "negative water": state.evaporation < 0.0}
        beyond = outside(cooler, T_wb_sec=T_wb) | outside(cooler.pad, V=V_sec / key[1], depth=key[0] + 0.0 * T)
        return Computed(values, laws, _inverted(part), beyond)

    return grouped(rows, ("pad_depth_m", "pad_area_m2", "hx_effectiveness"), one)


def indirect_wet(rows: Rows) -> Computed:
    """Supply air in tubes that are wet outside."""

    def one(part: Rows, key: tuple[Any, ...]) -> Computed:
        T, T_wb, p, _, V = _air(part)
        rho = psy.density(T, part["w_in_kg_per_kgda"], p)
        cooler = IndirectWetCoil(eff_max=key[0], C_1=key[1])
        state = cooler.leave(T, V, T_wb, part["sec_air_m3_s"], rho)
        values = {"v_air_m3_s": V, "t_db_out_C": state.T_out - ZERO_C, "stage_eff": state.stage}
        laws = {"air below wet bulb": _below(state.T_out, T, T_wb), "negative water": state.evaporation < 0.0}
        return Computed(values, laws, _inverted(part), outside(cooler, T_wb_sec=T_wb))

    return grouped(rows, ("coil_max_eff", "coil_flow_ratio_c1"), one)


SOURCE = "EnergyPlus 25.2.0"
TABLES = (
    TableSpec(
        name="evap_direct_celdek_energyplus",
        title="Direct evaporative cooler",
        kind="component",
        given=(*AIR, Given("pad_depth_m", 0.0, 5.0), Given("pad_area_m2", 1e-6, 1e5)),
        out=(
            Out("v_air_m3_s", "tol_v_rel"), Out("face_velocity_m_s", "tol_v_rel"), Out("effectiveness", "tol_eff_abs"),
            Out("t_db_out_C", "tol_t_out_K"), Out("w_out_kg_per_kgda", "tol_w_rel"), Out("water_kg_s", "tol_water_rel"),
        ),
        tolerances={"tol_eff_abs": 0.003, "tol_t_out_K": 0.05, "tol_w_rel": 0.005, "tol_water_rel": 0.02, "tol_v_rel": 0.002},
        compute=direct,
        source=SOURCE,
        differences=("Water is dry air times the rise in humidity ratio; EnergyPlus' own water volume differs by up to 0.7 %.",),
        order=(
            "t_db_in_C", "t_wb_in_C", "w_in_kg_per_kgda", "p_Pa", "m_air_kgda_s", "v_air_m3_s", "pad_depth_m", "pad_area_m2",
            "face_velocity_m_s", "effectiveness", "t_db_out_C", "w_out_kg_per_kgda", "water_kg_s",
        ),
    ),
    TableSpec(
        name="evap_indirect_celdek_energyplus",
        title="Indirect evaporative cooler, dry coil",
        kind="component",
        given=(
            *AIR, Given("sec_air_m3_s", 0.0, 1e5), Given("pad_depth_m", 0.0, 5.0), Given("pad_area_m2", 1e-6, 1e5),
            Given("hx_effectiveness", 0.0, 1.0),
        ),
        out=(
            Out("v_air_m3_s", "tol_v_rel"), Out("pad_effectiveness", "tol_eff_abs"), Out("t_db_out_C", "tol_t_out_K"),
            Out("w_out_kg_per_kgda", "tol_w_rel"), Out("p_elec_W", "tol_p_rel"),
        ),
        tolerances={"tol_t_out_K": 0.05, "tol_v_rel": 0.002, "tol_eff_abs": 0.003, "tol_w_rel": 1e-6, "tol_p_rel": 0.001},
        compute=indirect_dry,
        source=SOURCE,
        differences=("The flow ratio is rounded over 1e-3 m³/s where both streams are equal.",),
        order=(
            "t_db_in_C", "t_wb_in_C", "w_in_kg_per_kgda", "p_Pa", "m_air_kgda_s", "v_air_m3_s", "sec_air_m3_s", "pad_depth_m",
            "pad_area_m2", "hx_effectiveness", "pad_effectiveness", "t_db_out_C", "w_out_kg_per_kgda", "p_elec_W",
        ),
    ),
    TableSpec(
        name="evap_indirect_wetcoil_energyplus",
        title="Indirect evaporative cooler, wet coil",
        kind="component",
        given=(*AIR, Given("sec_air_m3_s", 0.0, 1e5), Given("coil_max_eff", 0.0, 1.0), Given("coil_flow_ratio_c1", 0.0, 1.0)),
        out=(Out("v_air_m3_s", "tol_v_rel"), Out("t_db_out_C", "tol_t_out_K"), Out("stage_eff", "tol_eff_abs")),
        tolerances={"tol_t_out_K": 0.05, "tol_v_rel": 0.002, "tol_eff_abs": 0.002},
        compute=indirect_wet,
        source=SOURCE,
        differences=("The stage ends at zero by a smooth corner; EnergyPlus clips it.",),
        order=(
            "t_db_in_C", "t_wb_in_C", "w_in_kg_per_kgda", "p_Pa", "m_air_kgda_s", "v_air_m3_s", "sec_air_m3_s", "coil_max_eff",
            "coil_flow_ratio_c1", "t_db_out_C", "stage_eff",
        ),
    ),
)  # fmt: skip
"""Tables of this family."""
