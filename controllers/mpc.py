"""The predictive controller: an economic optimal control problem solved every period, turned into setpoints.

It plans flows, valve openings and fan speeds on the quasi-steady prediction model and hands the *temperatures, pressures
and flows* of its first stage to the shared regulatory layer as setpoints. What it cannot solve it does not pretend to
have solved: the previous plan is shifted once, then a rule-based controller takes over, and the decision says so.
"""

import dataclasses
import time

import numpy as np

from lowlift.controllers.chiller_day import ChillerDay, Course, Mode, held
from lowlift.controllers.day_planner import DayPlanner
from lowlift.controllers.interface import (
    Controller,
    Decision,
    Forecast,
    Measurement,
    Plan,
    Status,
    setpoint_table,
)
from lowlift.controllers.ocp import T_REFERENCE, T_SCALE, Weights
from lowlift.controllers.optimiser.explanation import Explanation
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.problem import BatchData
from lowlift.controllers.optimiser.solver import Backend
from lowlift.controllers.plan_problem import InputError, PlanProblem
from lowlift.controllers.solution import ACCEPTABLE, Solution
from lowlift.models.liquid_hall import LiquidHall

STAGES = (300.0,) * 4 + (600.0,) * 2 + (1200.0,) * 2 + (1800.0,) * 2 + (3600.0,) * 4
"""Default grid: 14 stages over 6.3 h, fine where the plant still moves."""
CALL = 1.0
"""To call the first chiller the setpoint goes this far below the water it gets [K]."""
KEEP = 0.3
"""To keep it [K]."""


class MPC:
    """Economic model-predictive control on the grouped model.

    Args:
        plant: the plant to be controlled; only its site data are used.
        fallback: rule-based controller that takes over after a failed plan (shifted once before).
        stages: stage lengths [s].
        weights: what to minimise.
        margin: distance kept to chip and return limits [K]; at least the regulatory layer's guard, or the plan would
            count on flows that the protection overrides.
        name: name in tables.
        period: seconds between decisions.
        backend: who solves, see :func:`lowlift.controllers.optimiser.make_solver`; IPOPT is asked where it fails.
    """

    def __init__(
        self,
        plant: LiquidHall,
        fallback: Controller,
        *,
        stages: tuple[float, ...] = STAGES,
        weights: Weights | None = None,
        margin: float = 1.7,
        name: str = "MPC",
        period: float = 300.0,
        backend: Backend = "auto",
    ) -> None:
        self.name, self.period = name, period
        self.plant, self.fallback, self.margin = plant, fallback, margin
        self.problem = PlanProblem(plant, stages, weights, margin, backend)
        self.model, self.ocp = self.problem.model, self.problem.ocp
        self.setpoints = setpoint_table(plant.site)
        installed = 0 if plant.site.chilled is None else plant.site.chilled.n_chillers
        self.day = ChillerDay(self.ocp.stages, installed=installed) if installed else None
        self.planner = None if self.day is None else DayPlanner(plant, self.day, weights=weights, margin=margin, backend=backend)
        self.reset(1)

    def reset(self, batch: int) -> None:
        """Forget plans and what was asked of the chillers."""
        if batch != 1:
            raise ValueError(f"batch = {batch}: {self.name} controls one plant at a time")
        self._last: Solution | None = None
        self._latest: Solution | None = None
        self._last_t = 0.0
        self._in_force: np.ndarray | None = None
        self._failures = 0
        if self.planner is not None:
            self.planner.reset()
        self.fallback.reset(1)

    def decide(self, measurement: Measurement, forecast: Forecast | None) -> Decision:
        """Plan and take the first stage; always returns setpoints and how they came about."""
        started = time.perf_counter()
        rule = self.fallback.decide(measurement, forecast)
        try:
            if forecast is None:
                raise InputError("forecast: missing")
            posed = self.problem.pose(measurement, forecast)
            if self.planner is not None:
                self.planner.look_ahead(measurement, forecast)
        except InputError as error:
            return dataclasses.replace(rule, status=Status.FALLBACK, message=f"input refused: {error}")
        passed = measurement.t - self._last_t
        start = None if self._last is None else self.problem.shifted(self._last, posed.x0, passed)

        def solve(course: Course) -> Solution:
            return self.problem.solve(posed, [course], [start])[0]

        if self.day is None:
            course = held(Mode(0, 0), len(self.ocp.stages))
            found = solve(course)
        else:
            running = int(np.round(measurement["n_chillers"][0, 0]))
            found, course = self.day.choose(measurement.t, running, solve)
        self._latest = found
        ms = 1e3 * (time.perf_counter() - started)
        if found.kkt_error <= ACCEPTABLE:
            self._last, self._last_t, self._failures = found, measurement.t, 0
            status = Status.OPTIMAL if found.converged else Status.SUBOPTIMAL
            note = f"{found.solver}, {found.iterations} iterations, KKT error {found.kkt_error:.1e}, gap {found.gap:.1%} of cost"
            plan = self._plan(found.data, found.point, course, measurement)
            self._in_force = plan.setpoints[0]
            return Decision(setpoints=plan.setpoints[:1], status=status, message=note, solve_ms=ms,
                            kkt_error=found.kkt_error, plan=plan)  # fmt: skip
        self._failures += 1
        ended = f"{found.solver} ended {found.ending} after {found.iterations} iterations"
        size = f"KKT error {found.kkt_error:.1e} (infeasibility {found.infeasibility:.1e})"
        reason = f"{ended} with {size}; {self.explain().worst or 'no limit is broken'}"
        if self._failures == 1 and start is not None:
            plan = self._plan(found.data, start, course, measurement)
            return Decision(setpoints=plan.setpoints[:1], status=Status.FALLBACK, solve_ms=ms,
                            kkt_error=found.kkt_error, message=f"{reason}; previous plan shifted", plan=plan)  # fmt: skip
        self._last = self._in_force = None
        return dataclasses.replace(rule, status=Status.FALLBACK, solve_ms=ms, kkt_error=found.kkt_error,
                                   message=f"{reason}; {self.fallback.name} took over")  # fmt: skip

    def explain(self) -> Explanation:
        """The last plan that was solved for, used or not: broken limits, active limits with shadow prices, largest KKT errors.

        Raises:
            ValueError: nothing has been solved yet.
        """
        if self._latest is None:
            raise ValueError(f"{self.name}: no plan yet, so there is nothing to explain")
        return self.problem.explain(self._latest)

    # -- setpoints out --------------------------------------------------------------------------------------------

    def _plan(self, problem: BatchData, point: Iterate, course: Course, measurement: Measurement) -> Plan:
        m, site, g = self.model, self.plant.site, self.plant.site.n_groups
        controls, ends, data = point.u[:, 0], point.w[:, 0], problem.p[:, 0]
        shown = self.ocp.shown(problem, point)[1]
        x = T_REFERENCE + T_SCALE * ends
        u = m.controls.unpack(self.ocp.u_scale * controls)
        values = {
            "T_supply_set": x[:, g : 2 * g],
            "V_sec_set": shown[:, :g],
            "dp_set": shown[:, g : 2 * g],
            "T_tower_set": x[:, [m.nodes.index("T_basin")]],
            "m_cw_set": shown[:, [2 * g]],
        }
        if site.chilled is not None:
            c = site.chilled
            q_air = 1e6 * data[:, [5 * g]]
            values |= {"split": u["split"], "T_chw_set": self._chilled_setpoint(shown[:, [4 * g + 3]], course.called[:, None], measurement),
                       "T_air_set": x[:, [m.nodes.index("T_air_cold")]],
                       "air_ratio_set": c.crah.m_air(u["y_crah"]) / np.maximum(c.server_air * q_air, 1e-3)}  # fmt: skip
        setpoints = self._within_rates(np.clip(self.setpoints.pack(values), self.setpoints.low, self.setpoints.high))
        predicted = {
            "T_chip": shown[:, 2 * g + 1 : 3 * g + 1], "T_return_hot": shown[:, 3 * g + 1 : 4 * g + 1],
            "P_it": 1e6 * (data[:, :g] @ np.bincount(site.group_of_cdu) + data[:, 5 * g])[:, None],
            "P_cooling": shown[:, [4 * g + 1]], "T_inlet": shown[:, [4 * g + 2]],
            "T_return": x[:, :g], "T_supply": x[:, g : 2 * g], "T_tower": values["T_tower_set"],
            "slack": point.s[:, 0], **{name: value for name, value in u.items()},
        }  # fmt: skip
        return Plan(t=measurement.t + self.ocp.edges, predicted=predicted, setpoints=setpoints)

    def _within_rates(self, setpoints: np.ndarray) -> np.ndarray:
        """Setpoints of all stages that move no faster than their rate limits, from those in force on.

        Strokes of actuators are shorter than a stage (:class:`Ocp` sees to it), so only setpoints have rates that a plan can exceed.
        """
        result, before = np.empty_like(setpoints), self._in_force
        times = np.concatenate([[self.period], self.ocp.stages[:-1]])
        for k, wanted in enumerate(setpoints):
            reach = self.setpoints.rate * times[k]
            result[k] = wanted if before is None else np.clip(wanted, before - reach, before + reach)
            before = result[k]
        return result

    def _chilled_setpoint(self, leaving: np.ndarray, called: np.ndarray, measurement: Measurement) -> np.ndarray:
        """Leaving setpoints that make staging run the planned number of chillers: the plan's own where they agree.

        The last machine is let go by a setpoint out of reach; the first is called, or kept, by one below the water at its inlet.
        """
        c = self.plant.site.chilled
        assert c is not None  # noqa: S101 - called for sites with a chilled branch only
        below = CALL if float(measurement["n_chillers"][0, 0]) < 0.5 else KEEP
        leaving = np.minimum(leaving, float(measurement["T_plant"][0, 0]) - below)
        return np.where(called > 0.5, leaving, c.T_chw_max)
