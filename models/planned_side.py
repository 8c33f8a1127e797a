"""What prediction models share: CDUs and facility of a liquid hall as a plan sees them, joined by each model in its own way."""

import dataclasses
from collections.abc import Mapping

from lowlift.models.facility import FacilityFluxes, FacilityInputs, FacilitySide
from lowlift.models.hydraulics import FacilityFlows
from lowlift.models.liquid_powers import Powers, site_powers
from lowlift.models.site import Site
from lowlift.thermal import ops
from lowlift.thermal.hall_air import CP_AIR
from lowlift.thermal.ops import Signal

VALVE_RESERVE = 0.9
"""Opening at which the hottest CDU must still reach its supply temperature."""


@dataclasses.dataclass(frozen=True)
class CduOutputs:
    """The hottest rack of CDUs, at rest at their supply temperature and flow, and what is left of their reach."""

    T_chip: Signal
    """Hottest chip [K]."""
    T_return_hot: Signal
    """Hottest rack outlet [K]."""
    spare: Signal
    """Heat that could still be passed on with the valve at the reserve opening, per nominal heat [1]."""
    T_surge: Signal
    """Hottest rack outlet if the load rose to the surge level and the pump to full speed [K]."""
    T_chip_surge: Signal
    """Hottest chip then [K]."""


def cdu_outputs(
    site: Site, share: Signal, S: Signal, F: Signal, m_sec: Signal, root_dp_header: Signal, d: Mapping[str, Signal]
) -> CduOutputs:
    """The hottest racks of CDUs.

    Args:
        site: the site.
        share: smallest share of its CDU's flow that a rack takes [1].
        S: secondary supply [K].
        F: facility water entering [K].
        m_sec: secondary flow [kg/s].
        root_dp_header: root of the header's pressure [Pa^0.5].
        d: ``q_hot`` (heat of the CDU), ``q_rack`` and ``q_rack_surge`` (of its hottest rack, now and after a surge) [W].
    """
    s, cp = site, site.cp_secondary
    m_hot = m_sec * share
    m_wide = s.rho_water * s.cdu.primary_conductance(VALVE_RESERVE) * ops.sqrt(root_dp_header**2 + 1.0)
    R_hot = S + d["q_hot"] / (m_sec * cp)
    full = s.rho_secondary * s.cdu.pump.V_dot_nominal * share
    return CduOutputs(
        T_chip=s.rack.T_chip(d["q_rack"], m_hot, S, cp),
        T_return_hot=S + d["q_rack"] / (m_hot * cp),
        spare=(s.cdu.exchanger.conductance(m_sec, m_wide) * (R_hot - F) - d["q_hot"]) / s.cdu.exchanger.Q_dot_nominal,
        T_surge=S + d["q_rack_surge"] / (full * cp),
        T_chip_surge=s.rack.T_chip(d["q_rack_surge"], full, S, cp),
    )


@dataclasses.dataclass(frozen=True)
class FacilityOutputs:
    """What a plan bounds and prices outside the CDUs."""

    power: Powers
    T_inlet: Signal
    """Server inlet air [K] (zero where air is not cooled here)."""
    T_inlet_surge: Signal
    """The same if heat to air rose to the surge level and fans and chilled-water pump to full speed [K]."""
    makeup: Signal
    """Water made up at the towers [kg/s]."""
    T_chiller: Signal
    """Water leaving the chillers [K] (zero where there are none)."""
    chiller_spare: Signal
    """Capacity of the running chillers less their heat, per nominal capacity of one [1]."""
    fluxes: FacilityFluxes


def planned_facility(
    side: FacilitySide, T: Mapping[str, Signal], a: Mapping[str, Signal], f: FacilityFlows, loads: tuple[Signal, Signal, Signal],
    d: Mapping[str, Signal],
) -> tuple[list[Signal], FacilityOutputs]:  # fmt: skip
    """Rates of the facility nodes [K/s], in node order, and the outputs.

    Args:
        side: the facility equations with one cell a pipe.
        T: node temperatures [K].
        a: actuators outside the CDUs with ``Q_chiller`` [W] for the chillers, the counts included.
        f: flows outside the CDUs.
        loads: heat of all CDUs into the facility water, heat of all racks into liquid, power of the CDU pumps [W].
        d: ``q_air``, ``q_air_surge``, ``T_wb``, ``T_db``, ``p``, ``n_chillers`` and ``n_cooling`` as in
            :meth:`lowlift.models.grouped.GroupedHall.evaluate`.
    """
    s = side.site
    Q_cdu, q_liquid, P_cdu_pumps = loads
    zero = 0.0 * f.m_cw
    # A stage without a chiller that cools has the control all the same: it counts for nothing there.
    Q_chiller = a["Q_chiller"] * ops.minimum(d["n_cooling"], 1.0) if s.chilled is not None else None
    inputs = FacilityInputs(
        m_cdu=f.m_cdu, Q_pump_fws=f.Q_pump_fws, m_cw=f.m_cw, Q_pump_cw=f.Q_pump_cw, y_fan=a["y_fan"],
        n_cells=a["n_cells"], T_wb=d["T_wb"], T_db=d["T_db"], p=d["p"], q_air=d["q_air"], G_wse=f.G_wse,
        m_cond=f.m_cond, m_crah=f.m_crah, m_blend=f.m_blend, m_air=f.m_air, G_crah=f.G_crah, P_crah=f.P_crah,
        n_chillers=a["n_chillers"], T_chw_set=zero,
    )  # fmt: skip
    heat, fluxes = side.equations(T, Q_cdu, inputs, Q_chiller)
    rates = [heat[name] / C for name, C in zip(side.nodes, side.capacities(), strict=True)]
    T_inlet, T_inlet_surge, T_chiller, chiller_spare = zero, zero, zero, zero
    if s.chilled is not None:
        chiller = s.chilled.chiller
        T_cold = T[f"T_cw_supply_{side.cells - 1}"]
        T_w = T[f"T_fws_return_{side.cells - 1}"] - fluxes.Q_wse / ((f.m_cdu + f.m_crah) * s.cp_water)
        T_chiller = T_w - fluxes.Q_chiller / ((f.m_crah + f.m_blend) * s.cp_water)
        chiller_spare = (d["n_cooling"] * chiller.capacity(T["T_chw"], T_cold) - fluxes.Q_chiller) / chiller.Q_dot_nominal
        demand = ops.maximum(s.chilled.server_air * d["q_air"], 1e-3)
        recirculation = ops.smooth_max(1.0 - f.m_air / demand, 0.0, 0.02)
        crah, m_chw = s.chilled.crah, s.rho_water * s.chilled.pump.V_dot_nominal
        m_air = float(crah.m_air(1.0))
        rise = 1.0 / float(crah.conductance(m_air, m_chw)) - 1.0 / (m_air * CP_AIR)
        # Air is planned as a share of what servers draw: what recirculates does so at every load.
        T_inlet_surge = T["T_chw"] + d["q_air_surge"] * rise + recirculation / (s.chilled.server_air * CP_AIR)
        T_inlet = T["T_air_cold"] + recirculation * (T["T_air_hot"] - T["T_air_cold"])
    return rates, FacilityOutputs(
        power=site_powers(s, f, P_cdu_pumps, q_liquid + d["q_air"], d["q_air"], fluxes.P_chiller),
        T_inlet=T_inlet,
        T_inlet_surge=T_inlet_surge,
        makeup=fluxes.evaporation + fluxes.drift + fluxes.blowdown,
        T_chiller=T_chiller,
        chiller_spare=chiller_spare,
        fluxes=fluxes,
    )
