"""The prediction model of wide halls: every CDU with its own temperatures, valve, pump and hottest rack, beside one facility side.

Within a stage of minutes a CDU's volumes, whose time constant is about one, are at rest. Its two balances (:mod:`lowlift.thermal.cdu`)
are then algebraic, so that the state is that of the facility alone and its size does not depend on the number of CDUs. CDUs meet the rest
of the hall at few places:

    they see        the facility water entering them, and the root of their header's pressure;
    they are seen   by the sum of their branches' flow coefficients, group by group, and by the heat of their pumps;
    they cost       the power of their pumps.

It is the same hydraulics, exchangers and facility equations as in :mod:`lowlift.models.grouped`.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from lowlift.models.facility import FacilitySide
from lowlift.models.grouped import COUNTS, PLANNED, chiller_heat
from lowlift.models.hydraulics import FacilityFlows, Topology, branch_flows, facility_flows, primary_flow
from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.liquid_vectors import actuator_table
from lowlift.models.planned_side import CduOutputs, FacilityOutputs, cdu_outputs, planned_facility
from lowlift.models.signals import SignalVector
from lowlift.models.site import Site
from lowlift.thermal import ops
from lowlift.thermal.ops import Signal


@dataclasses.dataclass(frozen=True)
class WideCdu:
    """CDUs at rest, one or many."""

    balance: Signal
    """Heat that the supply volume would gain [W]: zero at rest."""
    T_return: Signal
    """Secondary return [K]."""
    C_branch: Signal
    """Flow coefficient of the primary branch [m^3/s per Pa^0.5]."""
    Q_pump: Signal
    """Pump heat into the secondary loop, which at rest goes to the facility water with the racks' [W]."""
    P_el: Signal
    """Electric power of the pump [W]."""
    outputs: CduOutputs


@dataclasses.dataclass(frozen=True)
class WideFacility:
    """The facility side of a wide hall."""

    rates: list[Signal]
    """Of the nodes [K/s]."""
    outputs: FacilityOutputs
    flows: FacilityFlows


class WideHall:
    """A :class:`~lowlift.models.liquid_hall.LiquidHall` for plans that see every CDU."""

    def __init__(self, plant: LiquidHall) -> None:
        site: Site = plant.site
        self.site = site
        self.topology = Topology(site.group_of_cdu, np.ones(site.n_cdu))
        self.facility = FacilitySide(site, 1)
        self.nodes = self.facility.nodes
        table = actuator_table(site, 1, site.n_groups)
        self.cdu_controls = SignalVector([s for s in table.signals if s.per == "cdu"])
        """Pump speed and valve opening of one CDU."""
        planned = [s for s in table.signals if s.per != "cdu" and s.name not in (*COUNTS, *PLANNED)]
        if site.chilled is not None:
            planned.append(chiller_heat(site.chilled))
        self.controls = SignalVector(planned)
        """Those of the facility."""
        self.counts = SignalVector([s for s in table.signals if s.name in COUNTS])
        self.smallest_share = np.array([site.flow_fraction[site.cdu_of_rack == k].min() for k in range(site.n_cdu)])
        """Smallest share of each CDU's flow that one of its racks takes [1], shape (n,)."""

    @property
    def settling(self) -> float:
        """Longest time constant of a CDU with its racks, at its lowest pump speed [s]: stages must not be shorter."""
        s = self.site
        racks = np.bincount(s.cdu_of_rack, minlength=s.n_cdu).max()
        plate = s.cold_plate
        C = s.cdu.C_return + s.cdu.C_supply + racks * s.plates * (plate.C_chip + plate.C_plate + plate.C_cool)
        y = float(self.cdu_controls.low[self.cdu_controls.slices["y_cdu"]][0])
        return float(C / (s.rho_secondary * s.cdu.secondary_flow(y) * s.cp_secondary))

    def cdu(
        self, y: Signal, opening: Signal, S: Signal, F: Signal, root_dp_header: Signal, share: Signal, d: Mapping[str, Signal]
    ) -> WideCdu:
        """CDUs at rest.

        Args:
            y: pump speed (0..1).
            opening: of the valve (0..1).
            S: secondary supply [K].
            F: facility water entering [K].
            root_dp_header: root of the header's pressure [Pa^0.5].
            share: smallest share of the flow that a rack takes [1].
            d: ``q`` (heat of the racks to liquid), ``q_rack`` and ``q_rack_surge`` (of the hottest rack, now and after a surge) [W].
        """
        s, cp = self.site, self.site.cp_secondary
        b = branch_flows(s, y, opening)
        G = s.cdu.exchanger.conductance(b.m_sec, primary_flow(s, b.C_branch, root_dp_header))
        R = S + d["q"] / (b.m_sec * cp)
        rates = s.cdu.rates(R, S, F, d["q"], b.m_sec * cp, G, b.Q_pump)
        outputs = cdu_outputs(s, share, S, F, b.m_sec, root_dp_header, {"q_hot": d["q"], **d})
        return WideCdu(rates.T_supply * s.cdu.C_supply, R, b.C_branch, b.Q_pump, b.P_el, outputs)

    def evaluate(self, x: Signal, controls: Signal, counts: Signal, sums: tuple[Signal, Signal], d: Mapping[str, Signal]) -> WideFacility:
        """The facility side.

        Args:
            x: node temperatures [K].
            controls: of the facility.
            counts: pumps and cells that run.
            sums: of the CDUs' flow coefficients by group [m^3/s per Pa^0.5], and of their pumps' heat [W].
            d: as in :meth:`lowlift.models.grouped.GroupedHall.evaluate`, but ``q`` is the heat of all CDUs [W]. The power of the CDUs'
                pumps is not part of the outputs' power.
        """
        T = dict(zip(self.nodes, ops.split(x, [1] * len(self.nodes)), strict=True))
        a = self.controls.unpack(controls) | self.counts.unpack(counts) | {"n_chillers": d["n_chillers"]}
        C_valves, Q_pump = sums
        f = facility_flows(self.site, self.topology.cdus_of_group, C_valves, a)
        rates, outputs = planned_facility(self.facility, T, a, f, (d["q"] + Q_pump, d["q"], 0.0 * f.m_cw), d)
        return WideFacility(rates, outputs, f)
