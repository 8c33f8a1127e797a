"""Tables of coolants, heat exchangers and the waterside economiser."""

from collections.abc import Callable
from typing import Any

import numpy as np

from lowlift.sim.validation.air import SAME
from lowlift.sim.validation.spec import ZERO_C, Array, Computed, Given, Out, Refusal, Rows, TableSpec, grouped, outside
from lowlift.thermal import arrangements, exchange
from lowlift.thermal.economiser import WatersideEconomiser
from lowlift.thermal.fluids import FLUIDS

T_WATER = (-30.0, 150.0)
ARRANGEMENTS: dict[str, Callable[[Any, Any], Any]] = {
    "counterflow": exchange.effectiveness_counterflow,
    "parallel": arrangements.effectiveness_parallel,
    "crossflow": exchange.effectiveness_crossflow,
    "crossflow, mixed Cmin": arrangements.effectiveness_crossflow_smaller_mixed,
    "crossflow, mixed Cmax": arrangements.effectiveness_crossflow_larger_mixed,
    "1S&T": arrangements.effectiveness_shell_tube,
    "boiler": lambda NTU, C_ratio: arrangements.effectiveness_phase_change(NTU),
    "condenser": lambda NTU, C_ratio: arrangements.effectiveness_phase_change(NTU),
}
"""Relations by the names that the table gives them."""
FULL, SOME = 0.99, 0.0
"""Shares of the load that the economiser carries, at which its mode counts as free cooling only, and as partial."""


def coolants(rows: Rows) -> Computed:
    """Properties of coolants at a temperature; the names are those of the library with ``_mass`` for mass fractions."""

    def one(part: Rows, key: tuple[Any, ...]) -> Computed:
        name = str(key[0]).removesuffix("_mass")
        if name not in FLUIDS:
            raise Refusal(f"no such coolant in the library; it has {', '.join(FLUIDS)}")
        fluid, (T,) = FLUIDS[name], part.kelvin("t_C")
        values = {"rho_kg_per_m3": fluid.rho(T), "cp_J_per_kgK": fluid.cp(T), "k_W_per_mK": fluid.k(T), "mu_Pa_s": fluid.mu(T)}
        values["prandtl"] = values["mu_Pa_s"] * values["cp_J_per_kgK"] / values["k_W_per_mK"]
        low, high = fluid.T_min - ZERO_C, fluid.T_max - ZERO_C
        words = f"outside {low:.0f} to {high:.0f} C, the range of {fluid.name}"
        refused = {int(i): f"t_C = {T[i] - ZERO_C:g}: {words}" for i in np.flatnonzero(fluid.range.excess(T) > 0.0)}
        return Computed(values, refused=refused)

    return grouped(rows, ("fluid",), one)


def exchangers(rows: Rows) -> Computed:
    """Effectiveness of an arrangement, and the heat."""

    def one(part: Rows, key: tuple[Any, ...]) -> Computed:
        if key[0] not in ARRANGEMENTS:
            raise Refusal(f"no such arrangement in the library; it has {', '.join(ARRANGEMENTS)}")
        eff = ARRANGEMENTS[key[0]](part["NTU"], part["Cr"])
        Q = eff * part["C_min_W_per_K"] * (part["t_hot_in_C"] - part["t_cold_in_C"])
        return Computed({"eff": eff, "q_W": Q}, {"effectiveness beyond one": (eff > 1.0) | (eff < 0.0)})

    return grouped(rows, ("config",), one)


def economiser(rows: Rows) -> Computed:
    """A plate exchanger in the chilled-water return, rated at the flows of the row so that it has the UA of the row."""

    def one(part: Rows, key: tuple[Any, ...]) -> Computed:
        UA, m_chw, m_cw = key
        low, high = min(m_chw, m_cw) * 4186.0, max(m_chw, m_cw) * 4186.0
        eff = float(exchange.effectiveness_counterflow(UA / low, low / high))
        machine = WatersideEconomiser(
            Q_dot_nominal=eff * low * 10.0, T_return_nominal=293.15, T_cw_nominal=283.15, m_chw_nominal=m_chw, m_cw_nominal=m_cw
        )
        T_set, T_return, T_cw = part.kelvin("t_chw_set_C", "t_chw_return_C", "t_cw_in_C")
        both = machine.integrated(T_return, m_chw, T_cw, m_cw, T_set)
        alone = machine.non_integrated(T_return, m_chw, T_cw, m_cw, T_set)
        share = both.Q_dot / np.maximum(both.Q_dot + both.Q_chiller, 1e-9)
        values = {
            "eff": np.full(len(part), float(machine.exchanger.conductance(m_chw, m_cw)) / low), "q_wse_max_W": both.Q_max,
            "q_wse_integrated_W": both.Q_dot, "q_chiller_integrated_W": both.Q_chiller, "t_after_wse_integrated_C": both.T_out - ZERO_C,
            "q_wse_nonintegrated_W": alone.Q_dot, "q_chiller_nonintegrated_W": alone.Q_chiller,
            "mode": np.where(share > FULL, 2.0, np.where(share > SOME, 1.0, 0.0)),
        }  # fmt: skip
        warm = (both.Q_dot > 0.0) & (T_cw >= T_return)
        laws = {"heat from cold to warm": warm, "cooled below the tower water": both.T_out < np.minimum(T_cw, T_return) - SAME}
        return Computed(values, laws, beyond=outside(machine, m_chw=part["m_chw_kg_s"], m_cw=part["m_cw_kg_s"]))

    return grouped(rows, ("UA_W_K", "m_chw_kg_s", "m_cw_kg_s"), one)


def _load(rows: Rows) -> Array:
    return rows["q_load_W"]


TABLES = (
    TableSpec(
        name="coolant_properties",
        title="Coolants",
        kind="component",
        given=(Given("fluid", text=True), Given("t_C", *T_WATER)),
        out=(
            Out("rho_kg_per_m3", "tol_rho_rel"), Out("cp_J_per_kgK", "tol_cp_rel"), Out("k_W_per_mK", "tol_k_rel"),
            Out("mu_Pa_s", "tol_mu_rel"), Out("prandtl", "tol_mu_rel"),
        ),
        tolerances={"tol_rho_rel": 0.005, "tol_cp_rel": 0.01, "tol_k_rel": 0.03, "tol_mu_rel": 0.08},
        compute=coolants,
        source="CoolProp 8.0.0",
        differences=("The library's polynomials are fitted to CoolProp, so this table shows the fit, not independent agreement.",),
        order=("fluid", "t_C", "p_Pa", "rho_kg_per_m3", "cp_J_per_kgK", "k_W_per_mK", "mu_Pa_s",
               "tol_rho_rel", "tol_cp_rel", "tol_k_rel", "tol_mu_rel", "prandtl"),
    ),
    TableSpec(
        name="hx_eps_ntu",
        title="Heat exchangers",
        kind="component",
        given=(
            Given("config", text=True), Given("NTU", 0.0, 1e3), Given("Cr", 0.0, 1.0), Given("C_min_W_per_K", 0.0, 1e9),
            Given("t_hot_in_C", *T_WATER), Given("t_cold_in_C", *T_WATER),
        ),
        out=(
            Out("eff", "tol_eff_abs"),
            Out("q_W", "tol_eff_abs", floor=1e-6, per=lambda r: r["C_min_W_per_K"] * (r["t_hot_in_C"] - r["t_cold_in_C"])),
        ),
        tolerances={"tol_eff_abs": 0.002},
        compute=exchangers,
        source="ht 1.2.0",
        differences=("Crossflow, both unmixed: both sides approximate the exact series, by different closed forms.",),
        order=("config", "NTU", "Cr", "eff", "C_min_W_per_K", "t_hot_in_C", "t_cold_in_C", "q_W"),
    ),
    TableSpec(
        name="waterside_economiser",
        title="Waterside economiser",
        kind="component",
        given=(
            Given("q_load_W", 0.0, 1e10), Given("t_chw_set_C", *T_WATER), Given("t_chw_return_C", *T_WATER),
            Given("m_chw_kg_s", 1e-6, 1e6), Given("t_cw_in_C", *T_WATER), Given("m_cw_kg_s", 1e-6, 1e6), Given("UA_W_K", 0.0, 1e10),
        ),
        out=(
            Out("eff", "tol_eff"), Out("q_wse_max_W", "tol_q_rel", per=_load), Out("q_wse_integrated_W", "tol_q_rel", per=_load),
            Out("q_chiller_integrated_W", "tol_q_rel", per=_load), Out("t_after_wse_integrated_C", "tol_t_K"),
            Out("q_wse_nonintegrated_W", "tol_q_rel", per=_load), Out("q_chiller_nonintegrated_W", "tol_q_rel", per=_load),
            Out("mode", "tol_flag"),
        ),
        tolerances={"tol_q_rel": 0.01, "tol_t_K": 0.1, "tol_eff": 0.001, "tol_flag": 0.5},
        compute=economiser,
        source="closed form",
        differences=(
            "Heat is compared relative to the load. Where the exchanger just carries the load, the library's smooth minimum lies below the "
            "true one by up to 0.5 % of the load.",
        ),
        order=(
            "q_load_W", "t_chw_set_C", "t_chw_return_C", "m_chw_kg_s", "t_cw_in_C", "m_cw_kg_s", "UA_W_K", "eff", "q_wse_max_W",
            "q_wse_integrated_W", "q_chiller_integrated_W", "t_after_wse_integrated_C", "q_wse_nonintegrated_W",
            "q_chiller_nonintegrated_W", "mode",
        ),
    ),
)  # fmt: skip
"""Tables of this family."""
