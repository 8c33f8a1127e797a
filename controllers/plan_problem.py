"""A planning problem posed: the optimal control problem of a plant, filled with what is measured and forecast at one moment."""

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np

from lowlift.controllers.chiller_day import Course
from lowlift.controllers.interface import Forecast, Measurement
from lowlift.controllers.ocp import T_REFERENCE, T_SCALE, Ocp, Weights
from lowlift.controllers.optimiser.explanation import Explanation, explain
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.solver import Backend, Fallback, Solver, make_solver
from lowlift.controllers.optimiser.start import cold_start, joined
from lowlift.controllers.optimiser.store import core_parts
from lowlift.controllers.solution import TOLERANCE, Solution
from lowlift.models.grouped import GroupedHall
from lowlift.models.liquid_hall import LiquidHall

PLAN_TOLERANCE = 1e-4
"""KKT error of plans. The barrier ends near a tenth of it, which holds plans some millikelvin inside their limits."""


class InputError(ValueError):
    """A measurement or forecast holds something that is not a number; the name says which."""


@dataclasses.dataclass(frozen=True)
class Posed:
    """One moment's problem."""

    problem: "PlanProblem"
    x0: np.ndarray
    """State of the model [K], shape ``(nx,)``."""
    expected: np.ndarray
    """Scaled stage data, shape ``(n, n_data)``; the chillers on and cooling come last and are left at zero."""
    upper: np.ndarray
    """The same with all load at its upper bound."""
    counts: np.ndarray
    """What staging runs now, held over the horizon."""
    floor: float
    """Least water temperature for the dew point [K]."""

    def data(self, course: Course, *, surge: bool = False) -> np.ndarray:
        """Stage data with the chillers of a course; with ``surge`` at the load's upper bound."""
        return np.column_stack([(self.upper if surge else self.expected)[:, :-2], course.on, course.cooling])


class PlanProblem:
    """Model, optimal control problem and solver of a plant on one grid.

    Args:
        plant: the plant; only its site data are used.
        stages: stage lengths [s].
        weights: what to minimise.
        margin: distance kept to chip and return limits [K].
        backend: who solves; IPOPT is asked where it fails.
    """

    def __init__(
        self, plant: LiquidHall, stages: tuple[float, ...], weights: Weights | None, margin: float, backend: Backend = "auto"
    ) -> None:
        self.site, self.margin = plant.site, margin
        self.model = GroupedHall(plant)
        self.ocp = Ocp(self.model, stages, weights)
        self._backend: Backend = backend

    @functools.cached_property
    def solver(self) -> Solver:
        """Built when it is first asked for."""
        first = make_solver(self.ocp.structure, self._backend, tolerance=PLAN_TOLERANCE)
        return Fallback(first, make_solver(self.ocp.structure, "ipopt"), accept=TOLERANCE)

    def pose(self, measurement: Measurement, forecast: Forecast) -> Posed:
        """Fill in a moment.

        Raises:
            InputError: something measured or forecast is not a number.
        """
        posed = Posed(
            problem=self,
            x0=self.model.state_from(measurement.values),
            expected=self.stage_data(forecast, float(measurement["p"][0, 0])),
            upper=self.stage_data(forecast, float(measurement["p"][0, 0]), surge=True),
            counts=self._counts(measurement),
            floor=float(measurement["T_dew_hall"][0, 0]) + self.site.limits.dew_point_margin,
        )
        _require_finite({"state": posed.x0, "forecast": posed.expected, "forecast's upper bound": posed.upper,
                         "equipment counts": posed.counts, "dew point": np.array([posed.floor])})  # fmt: skip
        return posed

    def solve(self, posed: Posed, courses: Sequence[Course], starts: Sequence[Iterate | None], *, surge: bool = False) -> list[Solution]:
        """Solve for several courses of chillers, as one batch.

        Args:
            posed: the moment.
            courses: the courses.
            starts: a plan with multipliers for each course (see :meth:`shifted`), or nothing; a batch that has one for every course
                starts warm.
            surge: plan for the upper bound of the load.
        """
        size = len(courses)
        data = self.ocp.batch(
            np.tile(posed.x0, (size, 1)), np.array([posed.data(course, surge=surge) for course in courses]),
            np.tile(posed.counts, (size, 1)), self.margin, np.full(size, posed.floor),
        )  # fmt: skip
        cold = cold_start(self.ocp.structure, data)
        points = [cold.take(np.array([i])) if start is None else start for i, start in enumerate(starts)]
        warm = all(start is not None for start in starts)
        result = self.solver.solve(data, joined(points), dual=warm)
        violation = self.ocp.violation(result.point)
        return [
            Solution(data.take(np.array([i])), result.take(np.array([i])), float(violation[i])) for i in range(size)
        ]  # fmt: skip

    def shifted(self, solution: Solution, x0: np.ndarray, passed: float) -> Iterate:
        """A plan moved on by ``passed`` seconds, from the state ``x0`` [K]."""
        return self.ocp.shift(solution.point, passed, (x0[None] - T_REFERENCE) / T_SCALE)

    def explain(self, solution: Solution) -> Explanation:
        """Broken limits, active limits with their prices and what is not solved, by name."""
        parts = core_parts(self.ocp.structure)
        return explain(parts.rows, parts.evaluator, solution.data, solution.result, self.ocp.clock)

    def stage_data(self, forecast: Forecast, p: float, *, surge: bool = False) -> np.ndarray:
        """Scaled stage data ``(n, n_data)``: stage means of the forecast, with ``surge`` of its upper bounds, at a pressure of ``p`` [Pa].

        The chillers on and cooling come last and are left at zero.
        """
        edges, n, weights = self.ocp.edges, len(self.ocp.stages), self.ocp.weights

        def means(values: np.ndarray) -> np.ndarray:
            return stage_means(values.reshape(len(values), -1), forecast.step, edges)

        high, rack_high, air_high = means(forecast.q_cdu_high), means(forecast.q_rack_high), means(forecast.q_air_high)
        load = high if surge else means(forecast.q_cdu)
        rack = rack_high if surge else means(forecast.q_rack)
        air = air_high if surge else means(forecast.q_air)
        one = np.ones((n, 1))
        m = self.model
        return np.hstack([
            m.group_mean(load) / 1e6,
            m.group_max(load) / 1e6,
            m.group_max(np.maximum(high, load)) / 1e6,
            m.group_max(rack) / 1e6,
            m.group_max(np.maximum(rack_high, rack)) / 1e6,
            air / 1e6,
            np.maximum(air_high, air) / 1e6,
            (means(forecast.T_wb) - T_REFERENCE) / T_SCALE,
            (means(forecast.T_db) - T_REFERENCE) / T_SCALE,
            one * p / 1e5,
            one * weights.energy,
            one * weights.water,
            0.0 * one,
            0.0 * one,
        ])  # fmt: skip

    def _counts(self, measurement: Measurement) -> np.ndarray:
        r = measurement.values
        values = {"n_fws": r["n_fws"][0], "n_cw": r["n_cw"][0], "n_cells": r["n_cells"][0]}
        return np.concatenate([values[s.name] for s in self.model.counts.signals])


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
