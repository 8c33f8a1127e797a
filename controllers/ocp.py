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

from lowlift.controllers.plan_limits import SLACK_OF_CDU_ROW, SUPPLY, cdu_rows, facility_rows
from lowlift.models.grouped import GroupedHall
from lowlift.thermal import ops

T_REFERENCE, T_SCALE = 303.15, 5.0
DT_REFERENCE = 300.0


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


@dataclasses.dataclass(frozen=True)
class StageSizes:
    """Sizes of one stage."""

    nx: int
    nu: int
    ns: int
    n_path: int

    @property
    def decisions(self) -> int:
        """Controls, end state and slacks."""
        return self.nu + self.nx + self.ns


class Ocp:
    """One problem structure: a model, a grid, weights. Data enters as parameters; solvers are built once.

    Raises:
        ValueError: a stage is shorter than the stroke of an actuator, whose rate limit would need rows of its own.
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
        ns = 4 * g + (3 if self.has_air else 0)
        self.n_data = 5 * g + 9
        """Per stage: q, q_hot, q_surge, q_rack, q_rack_surge (per group, MW), q_air, q_air_surge (MW), T_wb, T_db (scaled), p (1e5 Pa),
        two prices, chillers on, chillers that cool."""
        self.n_counts = model.counts.size
        self.sizes = StageSizes(len(model.nodes), model.controls.size, ns, self._path_rows(g))
        self.u_scale = np.ones(model.controls.size)
        if model.site.chilled is not None:
            self.u_scale[model.controls.slices["Q_chiller"]] = model.site.chilled.chiller.Q_dot_nominal

    def _path_rows(self, g: int) -> int:
        return 8 * g + 2 + (5 if self.has_air else 0)

    # -- symbolic -------------------------------------------------------------------------------------------------

    @functools.cached_property
    def stage(self) -> Any:
        """``(w, u, d, counts, dew) -> (f, path, cost, outputs)`` of one stage, in scaled variables.

        ``path`` rows are of the form ``value <= 0`` before slacks, in units of one kelvin where they are temperatures.
        """
        import casadi as ca

        m, site = self.model, self.model.site
        g = site.n_groups
        w, v = ca.SX.sym("w", self.sizes.nx), ca.SX.sym("v", self.sizes.nu)
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

    def _slack_of_row(self) -> list[int | None]:
        """Which slack softens each path row; None: hard."""
        g = self.model.site.n_groups
        rows: list[int | None] = [j * g + k for j in SLACK_OF_CDU_ROW for k in range(g)]
        # Cold towers are softened with the first group's supply: tower water may start below a dew point that has risen.
        rows += [*([None] * g), SUPPLY * g, None]
        if self.has_air:
            inlet, inlet_surge, cold = range(4 * g, 4 * g + 3)
            rows += [inlet, inlet_surge, cold, cold, None]
        return rows

    @functools.cached_property
    def problem(self) -> dict[str, Any]:
        """The nonlinear program: symbols, bounds and the equality mask, in stage order."""
        import casadi as ca

        z, n = self.sizes, len(self.stages)
        x0 = ca.MX.sym("x0", z.nx)
        data, counts, margin = (
            ca.MX.sym("data", self.n_data, n),
            ca.MX.sym("counts", self.n_counts),
            ca.MX.sym("m", 2),
        )
        rows = self._slack_of_row()
        softening = np.zeros((z.n_path, z.ns))
        for i, j in enumerate(rows):
            if j is not None:
                softening[i, j] = 1.0
        variables, constraints, equality, lbg, ubg = [], [], [], [], []
        cost: Any = 0.0
        x = ca.MX.sym("x_0", z.nx)
        variables.append(x)
        g = self.model.site.n_groups
        moving = [*range(g, 2 * g), self.model.nodes.index("T_basin")]
        for k, dt in enumerate(self.stages):
            u, w, s = ca.MX.sym(f"u_{k}", z.nu), ca.MX.sym(f"w_{k}", z.nx), ca.MX.sym(f"s_{k}", z.ns)
            variables += [u, w, s]
            f, path, price, _ = self.stage(w, u, data[:, k], counts, margin)
            cost += self._hours[k] * (price + self.weights.slack * ca.sum1(s) + self.weights.slack_quadratic * ca.sumsqr(s))
            cost += self.weights.wear * ca.sumsqr((w - x)[moving])
            x_next = ca.MX.sym(f"x_{k + 1}", z.nx)
            constraints.append(x_next - w)
            lbg.append(np.zeros(z.nx))
            ubg.append(np.zeros(z.nx))
            equality += [True] * z.nx
            if k == 0:
                constraints.append(x - x0)
                lbg.append(np.zeros(z.nx))
                ubg.append(np.zeros(z.nx))
                equality += [True] * z.nx
            constraints.append((w - x - dt * f) / (1.0 + dt / DT_REFERENCE))
            lbg.append(np.zeros(z.nx))
            ubg.append(np.zeros(z.nx))
            equality += [True] * z.nx
            constraints.append(path - softening @ s)
            lbg.append(np.full(z.n_path, -np.inf))
            ubg.append(np.zeros(z.n_path))
            equality += [False] * z.n_path
            variables.append(x_next)
            x = x_next
        parameters = ca.veccat(x0, data, counts, margin)
        return {
            "nlp": {"x": ca.vertcat(*variables), "f": cost / float(self._hours.min()), "g": ca.vertcat(*constraints), "p": parameters},
            "equality": equality, "lbg": np.concatenate(lbg), "ubg": np.concatenate(ubg),
        }  # fmt: skip

    @functools.cached_property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Bounds of all variables: actuators and slacks are hard, states free."""
        z, table = self.sizes, self.model.controls
        free = np.full(z.nx, np.inf)
        low, high = [-free], [free]
        for _ in self.stages:
            low += [table.low / self.u_scale, -free, np.zeros(z.ns), -free]
            high += [table.high / self.u_scale, free, np.full(z.ns, np.inf), free]
        return np.concatenate(low), np.concatenate(high)

    # -- packing --------------------------------------------------------------------------------------------------

    def split(self, solution: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """States (n + 1, nx), controls (n, nu), end states (n, nx), slacks (n, ns); all scaled."""
        z, n = self.sizes, len(self.stages)
        body = solution[z.nx :].reshape(n, z.decisions + z.nx)
        states = np.vstack([solution[None, : z.nx], body[:, z.decisions :]])
        return states, body[:, : z.nu], body[:, z.nu : z.nu + z.nx], body[:, z.nu + z.nx : z.decisions]

    def join(self, states: np.ndarray, controls: np.ndarray, ends: np.ndarray, slacks: np.ndarray) -> np.ndarray:
        """Inverse of :meth:`split`."""
        body = np.hstack([controls, ends, slacks, states[1:]])
        return np.concatenate([states[0], body.ravel()])

    def violation(self, solution: np.ndarray) -> float:
        """Slacks summed and integrated over the plan [K h]; stages of practically infinite length count as an hour."""
        return float(self._hours @ self.split(solution)[3].sum(axis=1))

    def stage_costs(self, solution: np.ndarray, data: np.ndarray, counts: np.ndarray, margin: float, T_floor: float) -> np.ndarray:
        """Price of energy and water and penalty of slacks of every stage, shape ``(n,)``, in the currency of the weights."""
        _, controls, ends, slacks = self.split(solution)
        limits = np.array([margin, T_floor])
        price = [float(self.stage(ends[k], controls[k], data[k], counts, limits)[2]) for k in range(len(self.stages))]
        penalty = self.weights.slack * slacks.sum(axis=1) + self.weights.slack_quadratic * (slacks**2).sum(axis=1)
        result: np.ndarray = self._hours * (np.array(price) + penalty)
        return result

    @functools.cached_property
    def _hours(self) -> np.ndarray:
        return np.minimum(self.stages, 3600.0) / 3600.0

    def parameters(self, x0: np.ndarray, data: np.ndarray, counts: np.ndarray, margin: float, T_floor: float) -> np.ndarray:
        """Parameter vector from SI state ``(nx,)``, scaled data ``(n, n_data)``, counts, margin [K] and dew floor [K]."""
        return np.concatenate([(x0 - T_REFERENCE) / T_SCALE, data.ravel(), counts, [margin, T_floor]])
