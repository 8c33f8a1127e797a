"""The predictive controller: an economic optimal control problem solved every period, turned into setpoints.

It plans flows, valve openings and fan speeds on the quasi-steady prediction model and hands the *temperatures, pressures
and flows* of its first stage to the shared regulatory layer as setpoints. What it cannot solve it does not pretend to
have solved: the previous plan is shifted once, then a rule-based controller takes over, and the decision says so.
"""

import dataclasses
import time

import numpy as np

from lowlift.controllers.chiller_count import ChillerCount, Chooser, Course
from lowlift.controllers.interface import (
    Controller,
    Decision,
    Forecast,
    Measurement,
    Plan,
    Status,
    setpoint_table,
)
from lowlift.controllers.ocp import T_REFERENCE, T_SCALE, Ocp, Weights
from lowlift.controllers.solver import ACCEPTABLE, TOLERANCE, OcpSolver, Solution
from lowlift.models.grouped import GroupedHall
from lowlift.models.liquid_hall import LiquidHall

STAGES = (300.0,) * 4 + (600.0,) * 2 + (1200.0,) * 2 + (1800.0,) * 2 + (3600.0,) * 4
"""Default grid: 14 stages over 6.3 h, fine where the plant still moves."""
CALL = 1.0
"""To call the first chiller the setpoint goes this far below the water it gets [K]."""
KEEP = 0.3
"""To keep it [K]."""


class InputError(ValueError):
    """A measurement or forecast holds something that is not a number; the name says which."""


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
    ) -> None:
        self.name, self.period = name, period
        self.plant, self.fallback, self.margin = plant, fallback, margin
        self.model = GroupedHall(plant)
        self.ocp = Ocp(self.model, stages, weights)
        self.solver = OcpSolver(self.ocp)
        self.setpoints = setpoint_table(plant.site)
        self.installed = 0 if plant.site.chilled is None else plant.site.chilled.n_chillers
        self.count: Chooser = ChillerCount(self.ocp.stages, installed=self.installed)
        self.reset(1)

    def reset(self, batch: int) -> None:
        """Forget plans and what was asked of the chillers."""
        if batch != 1:
            raise ValueError(f"batch = {batch}: {self.name} controls one plant at a time")
        self._last: Solution | None = None
        self._last_t = 0.0
        self._in_force: np.ndarray | None = None
        self._failures = 0
        self.count.reset()
        self.fallback.reset(1)

    def decide(self, measurement: Measurement, forecast: Forecast | None) -> Decision:
        """Plan and take the first stage; always returns setpoints and how they came about."""
        started = time.perf_counter()
        rule = self.fallback.decide(measurement, forecast)
        try:
            if forecast is None:
                raise InputError("forecast: missing")
            x0 = self.model.state_from(measurement.values)
            data, counts = self._data(measurement, forecast), self._counts(measurement)
            upper = self._data(measurement, forecast, surge=True)
            _require_finite({"state": x0, "forecast": data, "forecast's upper bound": upper, "equipment counts": counts})
        except InputError as error:
            return dataclasses.replace(rule, status=Status.FALLBACK, message=f"input refused: {error}")
        site = self.plant.site
        floor = float(measurement["T_dew_hall"][0, 0]) + site.limits.dew_point_margin
        guess = self._guess(x0, measurement.t)

        def solve(course: Course, *, surge: bool = False) -> Solution:
            load = upper if surge else data
            load[:, -2:] = np.column_stack([course.on, course.cooling])
            return self.solver.solve(self.ocp.parameters(x0, load, counts, self.margin, floor), guess)

        found, course = self.count.choose(measurement, solve)
        data[:, -2:] = np.column_stack([course.on, course.cooling])
        ms = 1e3 * (time.perf_counter() - started)
        if found.kkt_error <= ACCEPTABLE:
            self._last, self._last_t, self._failures = found, measurement.t, 0
            status = Status.OPTIMAL if found.kkt_error <= TOLERANCE else Status.SUBOPTIMAL
            note = f"{found.solver}, {found.iterations} iterations, KKT error {found.kkt_error:.1e}"
            plan = self._plan(measurement.t, found.z, data, counts, floor, course.called, measurement)
            self._in_force = plan.setpoints[0]
            return Decision(setpoints=plan.setpoints[:1], status=status, message=note, solve_ms=ms,
                            kkt_error=found.kkt_error, plan=plan)  # fmt: skip
        self._failures += 1
        reason = f"{found.solver} ended with KKT error {found.kkt_error:.1e} (infeasibility {found.infeasibility:.1e})"
        if self._failures == 1 and self._last is not None:
            plan = self._plan(measurement.t, self._shifted(self._last.z, x0, measurement.t), data, counts, floor, course.called, measurement)
            return Decision(setpoints=plan.setpoints[:1], status=Status.FALLBACK, solve_ms=ms,
                            kkt_error=found.kkt_error, message=f"{reason}; previous plan shifted", plan=plan)  # fmt: skip
        self._last = self._in_force = None
        return dataclasses.replace(rule, status=Status.FALLBACK, solve_ms=ms, kkt_error=found.kkt_error,
                                   message=f"{reason}; {self.fallback.name} took over")  # fmt: skip

    # -- data in --------------------------------------------------------------------------------------------------

    def _data(self, measurement: Measurement, forecast: Forecast, *, surge: bool = False) -> np.ndarray:
        """Scaled stage data ``(n, n_data)``: stage means of the forecast; the chillers on and cooling come last and are left at zero.

        With ``surge`` all load is at its upper bound.
        """
        high = stage_means(forecast.q_cdu_high, forecast.step, self.ocp.edges)
        mean = high if surge else stage_means(forecast.q_cdu, forecast.step, self.ocp.edges)
        rack_high = stage_means(forecast.q_rack_high, forecast.step, self.ocp.edges)
        rack = rack_high if surge else stage_means(forecast.q_rack, forecast.step, self.ocp.edges)
        air_high = stage_means(forecast.q_air_high[:, None], forecast.step, self.ocp.edges)
        air = air_high if surge else stage_means(forecast.q_air[:, None], forecast.step, self.ocp.edges)
        n = len(self.ocp.stages)
        one = np.ones((n, 1))
        weights = self.ocp.weights
        return np.hstack([
            self.model.group_mean(mean) / 1e6,
            self.model.group_max(mean) / 1e6,
            self.model.group_max(np.maximum(high, mean)) / 1e6,
            self.model.group_max(rack) / 1e6,
            self.model.group_max(np.maximum(rack_high, rack)) / 1e6,
            air / 1e6,
            np.maximum(air_high, air) / 1e6,
            (stage_means(forecast.T_wb[:, None], forecast.step, self.ocp.edges) - T_REFERENCE) / T_SCALE,
            (stage_means(forecast.T_db[:, None], forecast.step, self.ocp.edges) - T_REFERENCE) / T_SCALE,
            one * float(measurement["p"][0, 0]) / 1e5,
            one * weights.energy,
            one * weights.water,
            0.0 * one,
            0.0 * one,
        ])  # fmt: skip

    def _counts(self, measurement: Measurement) -> np.ndarray:
        """What staging runs now, held over the horizon."""
        r = measurement.values
        values = {"n_fws": r["n_fws"][0], "n_cw": r["n_cw"][0], "n_cells": r["n_cells"][0]}
        return np.concatenate([values[s.name] for s in self.model.counts.signals])

    # -- guesses --------------------------------------------------------------------------------------------------

    def _guess(self, x0: np.ndarray, t: float) -> np.ndarray:
        scaled = (x0 - T_REFERENCE) / T_SCALE
        if self._last is not None:
            return self._shifted(self._last.z, x0, t)
        n, z = len(self.ocp.stages), self.ocp.sizes
        table = self.model.controls
        middle = table.low + 0.6 * (table.high - table.low)
        v = middle / self.ocp.u_scale
        states = np.tile(scaled, (n + 1, 1))
        return self.ocp.join(states, np.tile(v, (n, 1)), states[1:], np.full((n, z.ns), 0.1))

    def _shifted(self, z: np.ndarray, x0: np.ndarray, t: float) -> np.ndarray:
        """The previous plan moved on to time ``t``, resampled on the non-uniform grid."""
        passed = t - self._last_t
        states, controls, _, slacks = self.ocp.split(z)
        edges = self.ocp.edges
        later = np.minimum(edges + passed, edges[-1])
        moved = np.column_stack([np.interp(later, edges, column) for column in states.T])
        moved[0] = (x0 - T_REFERENCE) / T_SCALE
        middle = np.minimum(0.5 * (edges[1:] + edges[:-1]) + passed, edges[-1] - 1.0)
        stage = np.searchsorted(edges, middle, side="right") - 1
        return self.ocp.join(moved, controls[stage], moved[1:], slacks[stage])

    # -- setpoints out --------------------------------------------------------------------------------------------

    def _plan(
        self, t: float, z: np.ndarray, data: np.ndarray, counts: np.ndarray, floor: float, called: np.ndarray, measurement: Measurement
    ) -> Plan:
        m, site, g = self.model, self.plant.site, self.plant.site.n_groups
        _, controls, ends, slacks = self.ocp.split(z)
        margin = np.array([self.margin, floor])
        n = len(self.ocp.stages)
        shown = np.column_stack([
            np.asarray(self.ocp.stage(ends[k], controls[k], data[k], counts, margin)[3]).ravel() for k in range(n)
        ]).T  # fmt: skip
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
            values |= {"split": u["split"], "T_chw_set": self._chilled_setpoint(shown[:, [4 * g + 3]], called[:, None], measurement),
                       "T_air_set": x[:, [m.nodes.index("T_air_cold")]],
                       "air_ratio_set": c.crah.m_air(u["y_crah"]) / np.maximum(c.server_air * q_air, 1e-3)}  # fmt: skip
        setpoints = self._within_rates(np.clip(self.setpoints.pack(values), self.setpoints.low, self.setpoints.high))
        predicted = {
            "T_chip": shown[:, 2 * g + 1 : 3 * g + 1], "T_return_hot": shown[:, 3 * g + 1 : 4 * g + 1],
            "P_it": 1e6 * (data[:, :g] @ np.bincount(site.group_of_cdu) + data[:, 5 * g])[:, None],
            "P_cooling": shown[:, [4 * g + 1]], "T_inlet": shown[:, [4 * g + 2]],
            "T_return": x[:, :g], "T_supply": x[:, g : 2 * g], "T_tower": values["T_tower_set"],
            "slack": slacks, **{name: value for name, value in u.items()},
        }  # fmt: skip
        return Plan(
            t=t + self.ocp.edges,
            predicted=predicted,
            setpoints=setpoints,
        )

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


def stage_means(values: np.ndarray, step: float, edges: np.ndarray) -> np.ndarray:
    """Mean of a uniform series ``(k, n)`` over the intervals between ``edges`` [s]; its last row is held beyond its end."""
    k = len(values)
    grid = np.arange(k + 1) * step
    total = np.vstack([np.zeros(values.shape[1]), np.cumsum(values, axis=0) * step])
    at = np.column_stack([np.interp(edges, grid, column) for column in total.T])
    beyond = np.maximum(edges - grid[-1], 0.0)[:, None] * values[-1]
    result: np.ndarray = np.diff(at + beyond, axis=0) / np.diff(edges)[:, None]
    return result


def _require_finite(values: dict[str, np.ndarray]) -> None:
    for name, value in values.items():
        if not np.all(np.isfinite(value)):
            where = np.argwhere(~np.isfinite(value))[0].tolist()
            raise InputError(f"{name} at {where} is not a number")
