"""Plans of wide halls: the optimal control problem in which every CDU has its own pump, valve, temperatures and limits.

What :mod:`.ocp` writes for lumped groups is written here for a core, the facility, and one block a CDU
(:mod:`lowlift.controllers.optimiser.wide_problem`); limits and physics are the same functions. Scaling as there. A CDU sees the facility
water and the root of its header's pressure; it adds to its group's flow coefficient and to the heat of all CDU pumps.
"""

import dataclasses
import functools
from typing import Any

import numpy as np

from lowlift.controllers.ocp import DT_REFERENCE, T_REFERENCE, T_SCALE, Weights, stage_hours
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.problem import BatchData, StageProblem, StageSymbols
from lowlift.controllers.optimiser.wide_problem import BlockStructure, BlockSymbols, WideProblem
from lowlift.controllers.plan_limits import CDU_ROWS, SLACK_OF_CDU_ROW, cdu_rows, facility_rows
from lowlift.models.hydraulics import branch_flows, facility_flows
from lowlift.models.wide import WideHall
from lowlift.thermal import ops

OWN = ("q", "q_surge", "q_rack", "q_rack_surge", "share")
"""Parameters of a CDU: heats in MW, smallest share of its flow that a rack takes."""
DATA = ("q", "q_air", "q_air_surge", "T_wb", "T_db", "p", "price", "water", "n_chillers", "n_cooling")
"""Data of a stage: heat of all CDUs and to air in MW, scaled temperatures, pressure in 1e5 Pa, prices, chillers on and cooling."""
FIXED = ("margin", "floor", "dt", "hours", "wear")
"""Parameters behind data and counts: margin and floor in K, stage length in s, its weight, weight of wear."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class WideData:
    """One moment's data, SI units."""

    x0: np.ndarray
    """Facility nodes [K], ``(n_x,)``."""
    q: np.ndarray
    """Heat of each CDU to liquid [W], ``(n, n_cdu)``; so are the next three."""
    q_surge: np.ndarray
    q_rack: np.ndarray
    q_rack_surge: np.ndarray
    q_air: np.ndarray
    """Heat to air [W], ``(n,)``; so are the others."""
    q_air_surge: np.ndarray
    T_wb: np.ndarray
    T_db: np.ndarray
    p: np.ndarray
    n_chillers: np.ndarray
    n_cooling: np.ndarray
    counts: np.ndarray
    """What staging runs, ``(n_counts,)``."""
    floor: float
    """Least water temperature for the dew point [K]."""


class WideOcp:
    """One structure: a model, a grid, weights.

    Raises:
        ValueError: a stage is shorter than a CDU needs to settle, or than the stroke of an actuator, or has no :func:`~.ocp.stage_hours`.
    """

    def __init__(self, model: WideHall, stages: tuple[float, ...], weights: Weights | None = None, *, margin: float) -> None:
        """``margin`` is the distance kept to chip and return limits [K]; stages in s."""
        self.model, self.margin = model, margin
        self.stages = np.array(stages, dtype=float)
        self.weights = weights or Weights()
        site, g = model.site, model.site.n_groups
        strokes = [float(np.max((table.high - table.low) / table.rate)) for table in (model.controls, model.cdu_controls)]
        for least, what in ((model.settling, "the time in which a CDU settles"), (max(strokes), "the longest stroke of an actuator")):
            if self.stages.min() < least:
                raise ValueError(f"shortest stage {self.stages.min():g} s: must be at least {what}, {least:.0f} s")
        self.u_scale = np.ones(model.controls.size)
        if site.chilled is not None:
            self.u_scale[model.controls.slices["Q_chiller"]] = site.chilled.chiller.Q_dot_nominal
        self.hours = stage_hours(self.stages)
        self.C_scale = float(model.topology.cdus_of_group.max() * site.cdu.primary_conductance(1.0))
        """All valves of the largest group open [m^3/s per Pa^0.5]."""
        self.root_scale = float(np.sqrt(site.facility_pump.dp_nominal))
        self.Q_pump_scale = site.n_cdu * site.cdu.pump.P_rated
        self.parameters = (*DATA, *model.counts.names, *FIXED)
        self.algebraic = (*(f"C_valves[{k + 1}]" for k in range(g)), *(f"root_dp[{k + 1}]" for k in range(g)), "Q_pump_cdu")

    # -- structure ------------------------------------------------------------------------------------------------

    @functools.cached_property
    def problem(self) -> WideProblem:
        """Core and blocks."""
        site, m, g = self.model.site, self.model, self.model.site.n_groups
        first = len(m.nodes) + m.controls.size
        facility = len(m.nodes) + m.controls.size + len(self.algebraic) + m.facility.hall
        group = site.group_of_cdu
        return WideProblem(
            core=self._core(), structure=self._structure(), blocks=tuple(f"CDU {k + 1}" for k in range(site.n_cdu)),
            links=np.column_stack([np.full(site.n_cdu, facility), first + g + group]),
            sums=np.column_stack([group, np.full(site.n_cdu, 2 * g)]),
        )  # fmt: skip

    def _core(self) -> StageProblem:
        m, site, g = self.model, self.model.site, self.model.site.n_groups
        free, air = np.full(len(m.nodes), np.inf), site.chilled is not None
        rows = [*(f"dp_header[{k + 1}]" for k in range(g)), "T_basin", "m_cw"]
        units: list[str] = ["1e5 Pa"] * g + ["K", "1"]
        slacks: list[int | None] = [*([None] * g), 0, None]
        if air:
            rows += ["T_inlet", "T_inlet_surge", "T_air_cold", "T_chiller", "chiller_spare"]
            units += ["K", "K", "K", "K", "1"]
            slacks += [1, 2, 3, 3, None]
        unbounded = np.full(len(self.algebraic), np.inf)
        return StageProblem(
            name=f"wide plan of {site.name}", n_stages=len(self.stages), states=m.nodes,
            controls=(*m.controls.names, *self.algebraic), rows=tuple(rows), row_scale=(1.0,) * len(rows), row_units=tuple(units),
            slack_of_row=tuple(slacks), n_parameters=len(self.parameters),
            u_low=np.concatenate([m.controls.low / self.u_scale, -unbounded]),
            u_high=np.concatenate([m.controls.high / self.u_scale, unbounded]),
            w_low=-free, w_high=free, stage=self._stage, algebraic=len(self.algebraic), state_scale=(T_SCALE,) * len(m.nodes),
            state_units=("K",) * len(m.nodes),
        )  # fmt: skip

    def _stage(self, x: Any, u: Any, w: Any, p: Any) -> StageSymbols:
        import casadi as ca

        m, g, nu = self.model, self.model.site.n_groups, self.model.controls.size
        a = dict(zip(self.parameters, ops.split(p, [1] * len(self.parameters)), strict=True))
        counts = ca.vertcat(*(a[name] for name in m.counts.names))
        d = {
            **{name: 1e6 * a[name] for name in ("q", "q_air", "q_air_surge")}, "p": 1e5 * a["p"],
            **{name: T_REFERENCE + T_SCALE * a[name] for name in ("T_wb", "T_db")},
            "n_chillers": a["n_chillers"], "n_cooling": a["n_cooling"],
        }  # fmt: skip
        C, root, Q = ops.split(u[nu:], [g, g, 1])
        controls, nodes = self.u_scale * u[:nu], T_REFERENCE + T_SCALE * w
        found = m.evaluate(nodes, controls, counts, (self.C_scale * C, self.Q_pump_scale * Q), d)
        f, out, dt = found.flows, found.outputs, a["dt"]
        T = dict(zip(m.nodes, ops.split(nodes, [1] * len(m.nodes)), strict=True))
        basin = m.nodes.index("T_basin")
        price = a["price"] * out.power.cooling / 1e6 + a["water"] * out.makeup * 3.6
        return StageSymbols(
            dynamics=ca.vertcat((w - x - dt * ca.vertcat(*found.rates) / T_SCALE) / (1.0 + dt / DT_REFERENCE), C,
                                root - f.root_dp_header / self.root_scale, Q),
            path=ca.vertcat(*facility_rows(m.site, out, f, T, d, a["floor"])),
            cost=a["hours"] * price + a["wear"] * (w[basin] - x[basin]) ** 2,
        )  # fmt: skip

    def _structure(self) -> BlockStructure:
        controls = self.model.cdu_controls
        return BlockStructure(
            variables=(*(s.name for s in controls.signals), "T_supply"), determined=1,
            low=np.append(controls.low, -np.inf), high=np.append(controls.high, np.inf),
            rows=CDU_ROWS, row_scale=(1.0,) * len(CDU_ROWS), row_units=tuple("1/20" if r == "spare" else "K" for r in CDU_ROWS),
            slack_of_row=SLACK_OF_CDU_ROW, links=("T_fws", "root_dp"), sums=("C_valves", "Q_pump_cdu"), own=OWN,
            shared=tuple(self.parameters.index(name) for name in ("price", "hours", "margin", "floor")), block=self._block,
        )  # fmt: skip

    def _block(self, v: Any, links: Any, own: Any, shared: Any) -> BlockSymbols:
        import casadi as ca

        site = self.model.site
        q, q_surge, q_rack, q_rack_surge, share = ops.split(own, [1] * len(OWN))
        price, hours, margin, floor = ops.split(shared, [1] * 4)
        y, opening, S = ops.split(v, [1, 1, 1])
        S = T_REFERENCE + T_SCALE * S
        d = {"q": 1e6 * q, "q_rack": 1e6 * q_rack, "q_rack_surge": 1e6 * q_rack_surge}
        cdu = self.model.cdu(y, opening, S, T_REFERENCE + T_SCALE * links[0], self.root_scale * links[1], share, d)
        hx = site.cdu.exchanger
        warming = hx.Q_dot_nominal / (hx.T_hot_in_nominal - hx.T_cold_in_nominal) * T_SCALE
        return BlockSymbols(
            equations=cdu.balance / warming,
            path=ca.vertcat(*cdu_rows(site, cdu.outputs, S, (1e6 * q, 1e6 * q_surge), margin, floor)),
            cost=hours * price * cdu.P_el / 1e6,
            sums=ca.vertcat(cdu.C_branch / self.C_scale, cdu.Q_pump / self.Q_pump_scale),
        )

    # -- numbers --------------------------------------------------------------------------------------------------

    def data(self, moments: list[WideData]) -> BatchData:
        """Problems of several moments."""
        n, b, s = len(self.stages), len(moments), self.problem
        weight, hours = float(self.hours.min()), self.hours / float(self.hours.min())
        p = np.empty((n, b, s.flat.n_parameters))
        for k, d in enumerate(moments):
            ones = np.ones(n)
            core = [d.q.sum(axis=1) / 1e6, d.q_air / 1e6, d.q_air_surge / 1e6, (d.T_wb - T_REFERENCE) / T_SCALE,
                    (d.T_db - T_REFERENCE) / T_SCALE, d.p / 1e5, self.weights.energy * ones, self.weights.water * ones, d.n_chillers,
                    d.n_cooling, *(c * ones for c in d.counts), self.margin * ones, d.floor * ones, self.stages, hours,
                    self.weights.wear / weight * ones]  # fmt: skip
            share = np.broadcast_to(self.model.smallest_share, d.q.shape)
            own = np.stack([d.q / 1e6, d.q_surge / 1e6, d.q_rack / 1e6, d.q_rack_surge / 1e6, share], axis=-1)
            p[:, k] = np.hstack([np.column_stack(core), own.reshape(n, -1)])
        slack = np.broadcast_to(hours[:, None, None], (n, b, s.flat.ns))
        return BatchData(
            x0=(np.stack([d.x0 for d in moments]) - T_REFERENCE) / T_SCALE, p=p, slack_linear=slack * self.weights.slack,
            slack_quadratic=slack * self.weights.slack_quadratic,
        )  # fmt: skip

    def cold_guess(self, data: BatchData) -> Iterate:
        """Where there is no plan before: facility as it is, actuators in the middle, sums and header in agreement with them."""
        m, site, s = self.model, self.model.site, self.problem
        n, b = data.p.shape[:2]
        controls = m.controls.low + 0.6 * (m.controls.high - m.controls.low)
        y, opening = m.cdu_controls.low + 0.6 * (m.cdu_controls.high - m.cdu_controls.low)
        C = float(site.cdu.primary_conductance(opening)) * m.topology.cdus_of_group
        a = m.controls.unpack(controls) | m.counts.unpack(m.counts.high) | {"n_chillers": np.zeros(1)}
        root = facility_flows(site, m.topology.cdus_of_group, C, a).root_dp_header
        Q = float(branch_flows(site, y, opening).Q_pump) * site.n_cdu
        core = np.concatenate([controls / self.u_scale, C / self.C_scale, root / self.root_scale, [Q / self.Q_pump_scale]])
        F = data.x0[:, m.facility.hall]
        block = np.empty((b, s.size, 3))
        block[..., 0], block[..., 1], block[..., 2] = y, opening, (F + 1.0)[:, None]
        u = np.concatenate([np.broadcast_to(core, (b, core.size)), block.reshape(b, -1)], axis=1)
        flat = s.flat
        return Iterate(
            x0=data.x0.copy(), u=np.broadcast_to(u, (n, *u.shape)).copy(), w=np.broadcast_to(data.x0, (n, *data.x0.shape)).copy(),
            s=np.full((n, b, flat.ns), 0.1), t=np.ones((n, b, 0)), lam=np.ones((n, b, 0)), y=np.zeros((n, b, flat.ny)),
        )  # fmt: skip
