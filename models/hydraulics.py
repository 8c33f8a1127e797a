"""Hydraulics of a liquid hall: from actuators to flows, conductances and pump powers.

Flows settle within seconds, so they are algebraic and depend on actuators only, never on temperature. Every circuit
is a pump curve against a quadratic resistance (with lift in the tower loop), solved in closed form.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from lowlift.models.site import Site
from lowlift.thermal import ops
from lowlift.thermal.hydraulics import operating_flow, series_conductance
from lowlift.thermal.ops import Signal

CONDENSER_SHARE_MAX = 0.8
"""Largest share of the tower water that the condensers may draw [1]."""


@dataclasses.dataclass(frozen=True)
class Topology:
    """Which CDU hangs on which group, and how many real CDUs one modelled CDU stands for.

    The full plant has one entry a CDU; a prediction model has one entry a group, with the group's size as
    multiplicity, so that both run the same equations.
    """

    group_of_cdu: np.ndarray
    """Group of each modelled CDU, shape (n,)."""
    multiplicity: np.ndarray
    """Real CDUs behind each modelled one, shape (n,)."""

    @property
    def n_cdu(self) -> int:
        """Modelled CDUs."""
        return len(self.group_of_cdu)

    @property
    def n_groups(self) -> int:
        """Pump groups."""
        return int(self.group_of_cdu.max()) + 1

    @property
    def group_matrix(self) -> np.ndarray:
        """Sums modelled CDUs into groups with their multiplicity, shape (n, g)."""
        m = np.zeros((self.n_cdu, self.n_groups))
        m[np.arange(self.n_cdu), self.group_of_cdu] = self.multiplicity
        return m

    @property
    def cdus_of_group(self) -> np.ndarray:
        """Real CDUs of each group, shape (g,)."""
        return self.group_matrix.sum(axis=0)


@dataclasses.dataclass(frozen=True)
class BranchFlows:
    """What CDUs do by themselves, whatever the header: their secondary side, and the flow coefficient of their primary branch."""

    V_sec: Signal
    """Secondary flow of each CDU [m^3/s]."""
    m_sec: Signal
    """The same [kg/s]."""
    C_branch: Signal
    """Flow coefficient of each primary branch, valve included [m^3/s per Pa^0.5]."""
    Q_pump: Signal
    """Pump heat into each secondary loop [W]."""
    P_el: Signal
    """Electric power of each secondary pump [W]."""


@dataclasses.dataclass(frozen=True)
class FacilityFlows:
    """Flows, conductances and powers outside the CDUs; they see the CDUs' valves only by the sum of each group's flow coefficients."""

    root_dp_header: Signal
    """Flow per flow coefficient of the branches of each group: the square root of the header's pressure [Pa^0.5]."""
    dp_header: Signal
    """Pressure difference across the CDU branches of each group [Pa]."""
    m_cdu: Signal
    """Facility water through all CDUs [kg/s]."""
    m_cw: Signal
    """Tower water [kg/s]."""
    m_cond: Signal
    """Tower water through the condensers [kg/s]."""
    m_crah: Signal
    """Water through the CRAHs [kg/s]."""
    m_blend: Signal
    """Chilled water blended into the CDU supply [kg/s]."""
    m_air: Signal
    """Air through the CRAHs [kg/s]."""
    G_wse: Signal
    """Economiser conductance [W/K]."""
    G_crah: Signal
    """CRAH conductance [W/K]."""
    Q_pump_fws: Signal
    """Pump heat into the facility water [W]."""
    Q_pump_cw: Signal
    """Pump heat into the tower water [W]."""
    P_fws_pumps: Signal
    """Electric power of the facility pumps, chilled-water pumps included [W]."""
    P_cw_pumps: Signal
    """Electric power of the tower pumps [W]."""
    P_tower_fans: Signal
    """Electric power of the tower fans [W]."""
    P_crah: Signal
    """Electric power of the CRAH fans [W]."""


@dataclasses.dataclass(frozen=True)
class Flows(FacilityFlows):
    """Flows, conductances and electric powers that follow from the actuators."""

    V_sec: Signal
    """Secondary flow of each CDU [m^3/s]."""
    m_sec: Signal
    """The same [kg/s]."""
    m_pri: Signal
    """Facility water through each CDU [kg/s]."""
    G_cdu: Signal
    """Exchanger conductance eps C_min of each CDU [W/K]."""
    Q_pump_cdu: Signal
    """Pump heat into the secondary loop of each CDU [W]."""
    P_cdu_pumps: Signal
    """Electric power of all secondary pumps [W]."""


def branch_flows(site: Site, y: Signal, opening: Signal) -> BranchFlows:
    """CDUs at pump speed ``y`` and valve ``opening`` (0..1 each)."""
    cdu = site.cdu
    V_sec = cdu.secondary_flow(y)
    return BranchFlows(
        V_sec=V_sec,
        m_sec=site.rho_secondary * V_sec,
        C_branch=cdu.primary_conductance(opening),
        Q_pump=cdu.pump.P_shaft(V_sec, y),
        P_el=cdu.pump.P_el(V_sec, y),
    )


def primary_flow(site: Site, C_branch: Signal, root_dp_header: Signal) -> Signal:
    """Facility water through CDU branches [kg/s] of flow coefficient ``C_branch``, for the root of their header's pressure [Pa^0.5]."""
    return site.rho_water * C_branch * root_dp_header


def facility_flows(site: Site, cdus_of_group: np.ndarray, C_valves: Signal, u: Mapping[str, Signal]) -> FacilityFlows:
    """Solve the circuits outside the CDUs.

    Args:
        site: the site.
        cdus_of_group: real CDUs of each group, shape (g,).
        C_valves: sum of the flow coefficients of each group's CDU branches [m^3/s per Pa^0.5].
        u: the actuators outside the CDUs.
    """
    s, rho = site, site.rho_water
    C_piping = ops.constant(s.C_piping, u["y_fws"])
    units = u["n_fws"] * ops.constant(cdus_of_group, u["y_fws"])
    V_group = operating_flow(s.facility_pump, units, u["y_fws"], series_conductance(C_valves, C_piping), 0.0)
    m_cdu = ops.sum_components(rho * V_group)

    V_cw = operating_flow(s.tower_pump, u["n_cw"], u["y_cw"], s.C_tower_loop, s.dp_static)
    m_cw = rho * V_cw

    V_unit = V_group / ops.maximum(units, 1e-6)
    V_tower_unit = V_cw / ops.maximum(u["n_cw"], 1e-6)
    P_fws = ops.sum_components(units * s.facility_pump.P_el(V_unit, u["y_fws"]))
    Q_fws = ops.sum_components(units * s.facility_pump.P_shaft(V_unit, u["y_fws"]))
    zero = 0.0 * m_cw
    m_crah, m_blend, m_air, m_cond, G_crah, P_crah = zero, zero, zero, zero, zero, zero
    if s.chilled is not None:
        c = s.chilled
        V_chw = operating_flow(c.pump, 1.0, u["y_chw"], c.C_loop, 0.0)
        m_crah, m_blend = rho * V_chw, u["split"] * m_cdu
        m_air = c.crah.m_air(u["y_crah"])
        G_crah, P_crah = c.crah.conductance(m_air, m_crah), c.crah.P_fan(u["y_crah"])
        m_cond = ops.smooth_min(u["n_chillers"] * c.m_condenser, CONDENSER_SHARE_MAX * m_cw, 1.0)
        P_fws = P_fws + c.pump.P_el(V_chw, u["y_chw"])
        Q_fws = Q_fws + c.pump.P_shaft(V_chw, u["y_chw"])
    root = V_group / C_valves
    return FacilityFlows(
        root_dp_header=root,
        dp_header=root**2,
        m_cdu=m_cdu,
        m_cw=m_cw,
        m_cond=m_cond,
        m_crah=m_crah,
        m_blend=m_blend,
        m_air=m_air,
        G_wse=s.economiser.conductance(m_cdu + m_crah, m_cw - m_cond),
        G_crah=G_crah,
        Q_pump_fws=Q_fws,
        Q_pump_cw=u["n_cw"] * s.tower_pump.P_shaft(V_tower_unit, u["y_cw"]),
        P_fws_pumps=P_fws,
        P_cw_pumps=u["n_cw"] * s.tower_pump.P_el(V_tower_unit, u["y_cw"]),
        P_tower_fans=u["n_cells"] * s.tower.fan_power(u["y_fan"]),
        P_crah=P_crah,
    )


def flows(site: Site, topology: Topology, u: Mapping[str, Signal]) -> Flows:
    """Solve all circuits for the actuators ``u`` (see the actuator table of the plant)."""
    b = branch_flows(site, u["y_cdu"], u["v_cdu"])
    f = facility_flows(site, topology.cdus_of_group, ops.segment_sum(b.C_branch, topology.group_matrix), u)
    m_pri = primary_flow(site, b.C_branch, ops.gather(f.root_dp_header, topology.group_of_cdu))
    multiplicity = ops.constant(topology.multiplicity, u["y_cdu"])
    return Flows(
        **{field.name: getattr(f, field.name) for field in dataclasses.fields(FacilityFlows)},
        V_sec=b.V_sec,
        m_sec=b.m_sec,
        m_pri=m_pri,
        G_cdu=site.cdu.exchanger.conductance(b.m_sec, m_pri),
        Q_pump_cdu=b.Q_pump,
        P_cdu_pumps=ops.sum_components(multiplicity * b.P_el),
    )
