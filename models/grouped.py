"""The prediction model: CDUs lumped by group, racks quasi-steady, one mixed volume per pipe.

It is the same hydraulics and facility equations as the full plant on a smaller topology: one modelled CDU a group, with
the group's size as multiplicity, so the state has two temperatures a group plus the facility nodes. The hottest CDU of a
group enters through its heat: its hottest chip and outlet, and the valve it needs, are outputs that the optimiser bounds.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from lowlift.models.facility import FacilityFluxes, FacilityInputs, FacilitySide
from lowlift.models.hydraulics import Flows, Topology, flows
from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.liquid_powers import Powers, site_powers
from lowlift.models.liquid_vectors import actuator_table
from lowlift.models.signals import Role, SignalInfo, SignalVector
from lowlift.models.site import ChilledBranch, Site
from lowlift.thermal import ops
from lowlift.thermal.hall_air import CP_AIR
from lowlift.thermal.ops import Signal

COUNTS = ("n_fws", "n_cw", "n_cells")
"""Counts that staging decides and a prediction takes as they are. The number of chillers may change within a plan and is given by stage."""
PLANNED = ("n_chillers", "T_chw_set")
"""Actuators of the chillers that a prediction replaces by their heat, which is smooth: their capacity control has two kinks."""
OVERLOAD = 1.5
"""Most heat of a chiller in predictions over its nominal capacity; the limit by temperature is lower."""
VALVE_RESERVE = 0.9
"""Opening at which the hottest CDU must still reach its supply temperature."""


@dataclasses.dataclass(frozen=True)
class GroupOutputs:
    """What the optimiser bounds and prices."""

    power: Powers
    T_chip: Signal
    """Hottest chip of each group's hottest CDU [K]."""
    T_return_hot: Signal
    """Hottest rack outlet of each group's hottest CDU [K]."""
    spare: Signal
    """Heat that the hottest CDU could still pass on with its valve at the reserve opening, per its nominal heat [1]."""
    T_inlet: Signal
    """Server inlet air [K] (zero where air is not cooled here)."""
    T_inlet_surge: Signal
    """The same if heat to air rose to the surge level and fans and chilled-water pump to full speed [K]."""
    T_surge: Signal
    """Hottest rack outlet of each group if its load rose to the surge level and its pumps to full speed [K]."""
    T_chip_surge: Signal
    """Its hottest chip then [K]."""
    makeup: Signal
    """Water made up at the towers [kg/s]."""
    T_chiller: Signal
    """Water leaving the chillers [K] (zero where there are none)."""
    chiller_spare: Signal
    """Capacity of the running chillers less their heat, per nominal capacity of one [1]."""
    flows: Flows
    fluxes: FacilityFluxes


class GroupedHall:
    """A reduced :class:`~lowlift.models.liquid_hall.LiquidHall` for prediction."""

    def __init__(self, plant: LiquidHall) -> None:
        site: Site = plant.site
        self.site = site
        g = site.n_groups
        sizes = np.bincount(site.group_of_cdu).astype(float)
        self.topology = Topology(np.arange(g), sizes)
        self.facility = FacilitySide(site, 1)
        table = actuator_table(site, g, g)
        self.actuators = table
        planned = [_per_group(s) for s in table.signals if s.name not in (*COUNTS, *PLANNED)]
        if site.chilled is not None:
            planned.append(_chiller_heat(site.chilled))
        self.controls = SignalVector(planned)
        self.counts = SignalVector([s for s in table.signals if s.name in COUNTS])
        self.nodes = (
            *(f"T_return_{k}" for k in range(g)),
            *(f"T_supply_{k}" for k in range(g)),
            *self.facility.nodes,
        )
        racks = np.bincount(site.cdu_of_rack, minlength=site.n_cdu)
        plate = site.cold_plate
        lumps = (plate.C_chip + plate.C_plate + plate.C_cool) * site.plates
        mean_racks = np.array([racks[site.group_of_cdu == k].mean() for k in range(g)])
        self.C_return = site.cdu.C_return + mean_racks * lumps
        """Secondary return volume with the racks' own heat capacity, per CDU of each group [J/K]."""
        self.racks_per_cdu = mean_racks
        self.smallest_share = np.array(
            [site.flow_fraction[np.isin(site.cdu_of_rack, np.flatnonzero(site.group_of_cdu == k))] .min() for k in range(g)]
        )  # fmt: skip

    def evaluate(self, x: Signal, controls: Signal, counts: Signal, d: Mapping[str, Signal]) -> tuple[Signal, GroupOutputs]:
        """``dx/dt`` [K/s] and the outputs.

        ``d`` holds ``q`` (mean liquid heat of a CDU, per group [W]), ``q_hot`` (the hottest CDU of each group [W]), ``q_surge`` (what
        that CDU may jump to before the next decision [W]), ``q_rack`` and ``q_rack_surge`` (the same two for its hottest rack [W]),
        ``q_air``, ``q_air_surge``, ``T_wb``, ``T_db``, ``p``, ``n_chillers`` (on: they take condenser water) and ``n_cooling`` (their
        setpoint is in reach).
        """
        s, g = self.site, self.site.n_groups
        R, S, *rest = ops.split(x, [g, g] + [1] * len(self.facility.nodes))
        T = dict(zip(self.facility.nodes, rest, strict=True))
        a = self.controls.unpack(controls) | self.counts.unpack(counts) | {"n_chillers": d["n_chillers"]}
        f = flows(s, self.topology, a)
        cp = s.cp_secondary
        F = T[self.facility.nodes[self.facility.hall]]
        cdu = s.cdu.rates(R, S, F, d["q"], f.m_sec * cp, f.G_cdu, f.Q_pump_cdu, ops.constant(self.C_return, R))
        weights = ops.constant(self.topology.multiplicity, R)
        zero = 0.0 * f.m_cw
        # A stage without a chiller that cools has the control all the same: it counts for nothing there.
        Q_chiller = a["Q_chiller"] * ops.minimum(d["n_cooling"], 1.0) if s.chilled is not None else None
        inputs = FacilityInputs(
            m_cdu=f.m_cdu, Q_pump_fws=f.Q_pump_fws, m_cw=f.m_cw, Q_pump_cw=f.Q_pump_cw, y_fan=a["y_fan"],
            n_cells=a["n_cells"], T_wb=d["T_wb"], T_db=d["T_db"], p=d["p"], q_air=d["q_air"], G_wse=f.G_wse,
            m_cond=f.m_cond, m_crah=f.m_crah, m_blend=f.m_blend, m_air=f.m_air, G_crah=f.G_crah, P_crah=f.P_crah,
            n_chillers=a["n_chillers"], T_chw_set=zero,
        )  # fmt: skip
        heat, fluxes = self.facility.equations(T, ops.sum_components(weights * cdu.Q_dot), inputs, Q_chiller)
        dz = [heat[name] / C for name, C in zip(self.facility.nodes, self.facility.capacities(), strict=True)]

        # The hottest CDU and rack of each group, quasi-steady at the group's supply temperature and flow.
        m_hot = f.m_sec * ops.constant(self.smallest_share, R)
        T_chip = s.rack.T_chip(d["q_rack"], m_hot, S, cp)
        T_out = S + d["q_rack"] / (m_hot * cp)
        m_wide = s.rho_water * s.cdu.primary_conductance(VALVE_RESERVE) * ops.sqrt(f.dp_header + 1.0)
        R_hot = S + d["q_hot"] / (f.m_sec * cp)
        spare = (s.cdu.exchanger.conductance(f.m_sec, m_wide) * (R_hot - F) - d["q_hot"]) / s.cdu.exchanger.Q_dot_nominal
        full = s.rho_secondary * s.cdu.pump.V_dot_nominal * ops.constant(self.smallest_share, R)
        T_surge = S + d["q_rack_surge"] / (full * cp)
        T_inlet, T_inlet_surge, T_chiller, chiller_spare = zero, zero, zero, zero
        if s.chilled is not None:
            chiller = s.chilled.chiller
            T_cold = T[f"T_cw_supply_{self.facility.cells - 1}"]
            T_w = T[f"T_fws_return_{self.facility.cells - 1}"] - fluxes.Q_wse / ((f.m_cdu + f.m_crah) * s.cp_water)
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
        P_it = ops.sum_components(weights * d["q"]) + d["q_air"]
        return ops.stack([cdu.T_return, cdu.T_supply, *dz]), GroupOutputs(
            power=site_powers(s, f, P_it, d["q_air"], fluxes.P_chiller),
            T_chip=T_chip,
            T_return_hot=T_out,
            spare=spare,
            T_inlet=T_inlet,
            T_inlet_surge=T_inlet_surge,
            T_surge=T_surge,
            T_chip_surge=s.rack.T_chip(d["q_rack_surge"], full, S, cp),
            makeup=fluxes.evaporation + fluxes.drift + fluxes.blowdown,
            T_chiller=T_chiller,
            chiller_spare=chiller_spare,
            flows=f,
            fluxes=fluxes,
        )

    def group_mean(self, per_cdu: np.ndarray) -> np.ndarray:
        """Mean over the CDUs of each group: ``(..., n_cdu) -> (..., g)``."""
        m = np.eye(self.site.n_groups)[self.site.group_of_cdu]
        result: np.ndarray = per_cdu @ (m / m.sum(axis=0))
        return result

    def group_max(self, per_cdu: np.ndarray) -> np.ndarray:
        """Largest value of each group: ``(..., n_cdu) -> (..., g)``; CDUs are numbered group by group."""
        starts = np.searchsorted(self.site.group_of_cdu, np.arange(self.site.n_groups))
        result: np.ndarray = np.maximum.reduceat(per_cdu, starts, axis=-1)
        return result

    def state_from(self, r: Mapping[str, np.ndarray]) -> np.ndarray:
        """Model state from one plant's readings ``(1, n)``; unmeasured air and CRAH nodes are taken as quasi-steady."""
        values = [*self.group_mean(r["T_return"])[0], *self.group_mean(r["T_supply"])[0]]
        node = {"T_fws_supply_0": r["T_fws"], "T_fws_return_0": r["T_fws_return"], "T_basin": r["T_tower"],
                "T_cw_supply_0": r["T_tower"], "T_cw_return_0": r["T_tower_return"]}  # fmt: skip
        if self.site.chilled is not None:
            q = r["q_air"]
            m_chw = self.site.chilled.pump.V_dot_nominal * self.site.rho_water * np.maximum(r["y_chw"], 0.2)
            node |= {"T_chw": r["T_chw"], "T_crah_return": r["T_chw"] + q / (m_chw * self.site.cp_water),
                     "T_air_cold": r["T_air"], "T_air_hot": r["T_air"] + q / (r["m_air"] * 1006.0)}  # fmt: skip
        return np.array([*values, *(float(node[name][0, 0]) for name in self.facility.nodes)])


def _chiller_heat(chilled: ChilledBranch) -> SignalInfo:
    high = OVERLOAD * chilled.n_chillers * chilled.chiller.Q_dot_nominal
    return SignalInfo(name="Q_chiller", role=Role.ACTUATOR, unit="W", doc="heat taken by the chillers", low=0.0, high=high)


def _per_group(s: SignalInfo) -> SignalInfo:
    return dataclasses.replace(s, per="group") if s.per == "cdu" else s
