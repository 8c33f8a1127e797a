"""The prediction model: CDUs lumped by group, racks quasi-steady, one mixed volume per pipe.

It is the same hydraulics and facility equations as the full plant on a smaller topology: one modelled CDU a group, with
the group's size as multiplicity, so the state has two temperatures a group plus the facility nodes. The hottest CDU of a
group enters through its heat: its hottest chip and outlet, and the valve it needs, are outputs that the optimiser bounds.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from lowlift.models.facility import FacilitySide
from lowlift.models.hydraulics import Flows, Topology, flows
from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.liquid_vectors import actuator_table
from lowlift.models.planned_side import CduOutputs, FacilityOutputs, cdu_outputs, planned_facility
from lowlift.models.signals import Role, SignalInfo, SignalVector
from lowlift.models.site import ChilledBranch, Site
from lowlift.thermal import ops
from lowlift.thermal.ops import Signal

COUNTS = ("n_fws", "n_cw", "n_cells")
"""Counts that staging decides and a prediction takes as they are. The number of chillers may change within a plan and is given by stage."""
PLANNED = ("n_chillers", "T_chw_set")
"""Actuators of the chillers that a prediction replaces by their heat, which is smooth: their capacity control has two kinks."""
OVERLOAD = 1.5
"""Most heat of a chiller in predictions over its nominal capacity; the limit by temperature is lower."""


@dataclasses.dataclass(frozen=True)
class GroupOutputs(FacilityOutputs, CduOutputs):
    """What the optimiser bounds and prices; signals of CDUs are those of each group's hottest."""

    flows: Flows


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
            planned.append(chiller_heat(site.chilled))
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
        loads = (ops.sum_components(weights * cdu.Q_dot), ops.sum_components(weights * d["q"]), f.P_cdu_pumps)
        rates, facility = planned_facility(self.facility, T, a, f, loads, d)
        share = ops.constant(self.smallest_share, R)
        hottest = cdu_outputs(s, share, S, F, f.m_sec, f.root_dp_header, d)
        outputs = {field.name: getattr(part, field.name) for part in (facility, hottest) for field in dataclasses.fields(part)}
        return ops.stack([cdu.T_return, cdu.T_supply, *rates]), GroupOutputs(**outputs, flows=f)

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


def chiller_heat(chilled: ChilledBranch) -> SignalInfo:
    """The control of plans that stands for the chillers' own: the heat they take."""
    high = OVERLOAD * chilled.n_chillers * chilled.chiller.Q_dot_nominal
    return SignalInfo(name="Q_chiller", role=Role.ACTUATOR, unit="W", doc="heat taken by the chillers", low=0.0, high=high)


def _per_group(s: SignalInfo) -> SignalInfo:
    return dataclasses.replace(s, per="group") if s.per == "cdu" else s
