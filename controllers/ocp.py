"""The optimal control problem of the predictive controllers, in the stage-wise form that structured solvers need.

Stage ``k`` holds the state ``x_k`` and the decisions ``(u_k, w_k, s_k)``: controls, the state at the end of the stage, and
slacks. Implicit Euler (L-stable: stages are minutes to an hour long, loop time constants are minutes) enters as an
equality of the stage, so that the gap rows have the plain form ``x_{k+1} - w_k``:

    minimise  sum_k dt_k [ price_k P_cooling(w_k, u_k) + water_k makeup + L1 and quadratic penalty of s_k ]
    s.t.      w_k - x_k - dt_k f(w_k, u_k, d_k) = 0
              x_{k+1} - w_k = 0
              limits(w_k, u_k, d_k) <= s_k,   actuator bounds,   s_k >= 0

Only IT-independent power is priced: minimising it minimises facility energy. Temperatures are scaled by 5 K around 30 C,
power is in MW, time in hours, so all rows and multipliers are of order one.
"""

import dataclasses
import functools
from typing import Any

import numpy as np

from lowlift.controllers.ocp_rows import path_rows
from lowlift.controllers.optimiser.explanation import Clock
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.problem import BatchData, StageProblem, StageSymbols
from lowlift.controllers.optimiser.start import Shift
from lowlift.controllers.plan_limits import cdu_rows, facility_rows
from lowlift.models.grouped import GroupedHall
from lowlift.thermal import ops

T_REFERENCE, T_SCALE = 303.15, 5.0
DT_REFERENCE = 300.0
LONGEST, AT_REST = 86400.0, 1e7
"""Longest stage of a plan, and length from which on a stage is practically infinite [s]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Weights:
    """What the optimiser minimises; the preset ``energy`` counts nothing but cooling energy."""

    energy: float = 1.0
    """Price of electricity per MWh; one means: minimise energy."""
    water: float = 0.0
    """Price of make-up water per m^3 in the same currency."""
    slack: float = 3.0
    """Exact (L1) penalty per K h of limit violation; above the largest multiplier seen."""
    slack_quadratic: float = 1.0
    """Quadratic penalty per K^2 h."""
    wear: float = 1e-4
    """Penalty on the change of scaled supply and tower temperatures between stages (actuator wear, conditioning)."""


class Ocp:
    """One problem structure: a model, a grid, weights. Data, stage lengths and weights enter as stage parameters.

    Raises:
        ValueError: a stage is shorter than the stroke of an actuator, whose rate limit would need rows of its own, or has no
            :func:`stage_hours`.
    """

    def __init__(self, model: GroupedHall, stages: tuple[float, ...], weights: Weights | None = None) -> None:
        self.model = model
        self.stages = np.array(stages, dtype=float)
        self.edges = np.concatenate([[0.0], np.cumsum(self.stages)])
        self.weights = weights or Weights()
        g = model.site.n_groups
        table = model.controls
        stroke = float(np.max((table.high - table.low) / table.rate))
        if self.stages.min() < stroke:
            raise ValueError(f"shortest stage {self.stages.min():g} s: must be at least the longest stroke of an actuator, {stroke:g} s")
        self.has_air = model.site.chilled is not None
        self.n_data = 5 * g + 9
        """Per stage: q, q_hot, q_surge, q_rack, q_rack_surge (per group, MW), q_air, q_air_surge (MW), T_wb, T_db (scaled), p (1e5 Pa),
        two prices, chillers on, chillers that cool."""
        self.n_counts = model.counts.size
        self.u_scale = np.ones(model.controls.size)
        if model.site.chilled is not None:
            self.u_scale[model.controls.slices["Q_chiller"]] = model.site.chilled.chiller.Q_dot_nominal
        self.hours = stage_hours(self.stages)
        """What each stage counts in the cost, ``(n,)`` [h]."""
        self.unit = float(self.hours.min())
        """One unit of the scaled cost in the currency of the weights: costs are per length of the shortest stage."""

    # -- symbolic -------------------------------------------------------------------------------------------------

    @functools.cached_property
    def stage(self) -> Any:
        """``(w, u, d, counts, dew) -> (f, path, cost, outputs)`` of one stage, in scaled variables.

        ``path`` rows are of the form ``value <= 0`` before slacks, in units of one kelvin where they are temperatures.
        """
        import casadi as ca

        m, site = self.model, self.model.site
        g = site.n_groups
        w, v = ca.SX.sym("w", len(m.nodes)), ca.SX.sym("v", m.controls.size)
        d, counts = ca.SX.sym("d", self.n_data), ca.SX.sym("c", self.n_counts)
        margin = ca.SX.sym("margin", 2)
        x = T_REFERENCE + T_SCALE * w
        u = self.u_scale * v
        heat = dict(zip(("q", "q_hot", "q_surge", "q_rack", "q_rack_surge"), ops.split(1e6 * d[: 5 * g], [g] * 5), strict=True))
        q_air, q_air_surge, T_wb, T_db, p, price, water, on, cooling = ops.split(d[5 * g :], [1] * 9)
        data = heat | {
            "q_air": q_air * 1e6, "q_air_surge": q_air_surge * 1e6, "T_wb": T_REFERENCE + T_SCALE * T_wb,
            "T_db": T_REFERENCE + T_SCALE * T_db, "p": p * 1e5, "n_chillers": on, "n_cooling": cooling,
        }  # fmt: skip
        dx, out = m.evaluate(x, u, counts, data)
        S = x[g : 2 * g]
        T = dict(zip(m.facility.nodes, ops.split(x[2 * g :], [1] * len(m.facility.nodes)), strict=True))
        path = cdu_rows(site, out, S, (data["q_hot"], data["q_surge"]), margin[0], margin[1])
        path += facility_rows(site, out, out.flows, T, data, margin[1])
        cost = price * out.power.cooling / 1e6 + water * out.makeup * 3.6
        shown = ca.vertcat(out.flows.V_sec, out.flows.dp_header, out.flows.m_cw, out.T_chip, out.T_return_hot,
                           out.power.cooling, out.T_inlet, out.T_chiller)  # fmt: skip
        return ca.Function("stage", [w, v, d, counts, margin], [dx / T_SCALE, ca.vertcat(*path), cost, shown],
                           {"cse": True})  # fmt: skip

    @functools.cached_property
    def structure(self) -> StageProblem:
        """The problem in the optimiser's form, with names for messages."""
        g, m, table = self.model.site.n_groups, self.model, self.model.controls
        rows = path_rows(self.model.site)
        moving = [*range(g, 2 * g), m.nodes.index("T_basin")]
        sizes = [self.n_data, self.n_counts, 2, 1, 1, 1]

        def stage(x: Any, u: Any, w: Any, p: Any) -> StageSymbols:
            import casadi as ca

            data, counts, margin, dt, hours, wear = ops.split(p, sizes)
            f, path, cost, _ = self.stage(w, u, data, counts, margin)
            return StageSymbols(
                dynamics=(w - x - dt * f) / _row_scale(dt), path=path, cost=hours * cost + wear * ca.sumsqr((w - x)[moving])
            )

        free = np.full(len(m.nodes), np.inf)
        return StageProblem(
            name=m.site.name, n_stages=len(self.stages), states=m.nodes, controls=tuple(table.names),
            rows=tuple(r.name for r in rows), row_scale=tuple(r.scale for r in rows), row_units=tuple(r.unit for r in rows),
            slack_of_row=tuple(r.slack for r in rows), n_parameters=sum(sizes), u_low=table.low / self.u_scale,
            u_high=table.high / self.u_scale, w_low=-free, w_high=free, stage=stage, state_scale=(T_SCALE,) * len(m.nodes),
            state_units=("K",) * len(m.nodes), control_scale=tuple(float(v) for v in self.u_scale),
            control_units=tuple(s.unit for s in table.signals for _ in range(s.size)),
        )  # fmt: skip

    @functools.cached_property
    def clock(self) -> Clock:
        """Times and money of the scaled problem."""
        energy_only = self.weights.energy == 1.0 and self.weights.water == 0.0
        return Clock(self.edges, self.hours, self.unit, "MWh" if energy_only else "currency")

    @functools.cached_property
    def shift(self) -> Shift:
        """Moves plans on in time."""
        return Shift(self.edges, self.hours, _row_scale(self.stages))

    def batch(self, x0: np.ndarray, data: np.ndarray, counts: np.ndarray, margin: float, T_floor: np.ndarray) -> BatchData:
        """Problems of this structure.

        Args:
            x0: states ``(B, n_x)`` [K].
            data: scaled stage data ``(B, n, n_data)``.
            counts: equipment counts ``(B, n_counts)``.
            margin: distance kept to chip and return limits [K].
            T_floor: least water temperature for the dew point ``(B,)`` [K].
        """
        n, b, ns = len(self.stages), len(x0), self.structure.ns
        hours = self.hours / self.unit

        def everywhere(values: np.ndarray, k: int) -> np.ndarray:
            return np.broadcast_to(values, (n, b, k))

        p = np.concatenate([
            data.transpose(1, 0, 2), everywhere(counts, self.n_counts), everywhere(np.array(margin), 1), everywhere(T_floor[:, None], 1),
            everywhere(self.stages[:, None, None], 1), everywhere(hours[:, None, None], 1),
            everywhere(np.array(self.weights.wear / self.unit), 1),
        ], axis=-1)  # fmt: skip
        linear = everywhere((hours * self.weights.slack)[:, None, None], ns)
        quadratic = everywhere((hours * self.weights.slack_quadratic)[:, None, None], ns)
        return BatchData(x0=(x0 - T_REFERENCE) / T_SCALE, p=p, slack_linear=linear.copy(), slack_quadratic=quadratic.copy())

    # -- reading solutions --------------------------------------------------------------------------------------------

    def shown(self, data: BatchData, point: Iterate, i: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Energy and water price ``(n,)`` of problem ``i`` per hour, and what is shown of it ``(n, ·)``."""
        d, c = self.n_data, self.n_data + self.n_counts
        p = data.p[:, i]
        _, _, price, shown = self.stage(point.w[:, i].T, point.u[:, i].T, p[:, :d].T, p[:, d:c].T, p[:, c : c + 2].T)
        return np.asarray(price).ravel(), np.asarray(shown).T

    def violation(self, point: Iterate) -> np.ndarray:
        """Slacks summed and integrated over the plans, ``(B,)`` [K h]."""
        result: np.ndarray = self.hours @ point.s.sum(axis=2)
        return result

    def stage_costs(self, data: BatchData, point: Iterate, i: int = 0) -> np.ndarray:
        """Price of energy and water and penalty of slacks of every stage, shape ``(n,)``, in the currency of the weights."""
        slacks = point.s[:, i]
        penalty = self.weights.slack * slacks.sum(axis=1) + self.weights.slack_quadratic * (slacks**2).sum(axis=1)
        result: np.ndarray = self.hours * (self.shown(data, point, i)[0] + penalty)
        return result


def stage_hours(stages: np.ndarray) -> np.ndarray:
    """What stages count in the cost [h]: their length, up to :data:`LONGEST`; from :data:`AT_REST` on they stand for what never changes,
    and count as an hour, so that the cost of a problem at rest is that of an hour.

    Args:
        stages: lengths ``(n,)`` [s].

    Raises:
        ValueError: a length is neither; names it.

    >>> stage_hours(np.array([900.0, 7200.0, 1e7])).tolist()
    [0.25, 2.0, 1.0]
    """
    for k, length in enumerate(stages.tolist()):
        if not (0.0 < length <= LONGEST or length >= AT_REST):
            raise ValueError(f"stage {k} lasts {length:g} s: must be above 0 and at most {LONGEST:g} s, or, for what never changes, "
                             f"at least {AT_REST:g} s")  # fmt: skip
    return np.where(stages >= AT_REST, 3600.0, stages) / 3600.0


def _row_scale(dt: Any) -> Any:
    return 1.0 + dt / DT_REFERENCE
