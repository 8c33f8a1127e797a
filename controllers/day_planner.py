"""Plans the chillers of the hours to come: the stage costs that :class:`~lowlift.controllers.chiller_day.ChillerDay` chooses by."""

import numpy as np

from lowlift.controllers.chiller_day import STAGE, ChillerDay, Mode, held, modes
from lowlift.controllers.interface import Forecast, Measurement
from lowlift.controllers.ocp import Weights
from lowlift.controllers.optimiser.solver import Backend
from lowlift.controllers.plan_problem import PlanProblem
from lowlift.controllers.solution import ACCEPTABLE, Solution
from lowlift.models.liquid_hall import LiquidHall

HOURS = 12
"""Stages of a plan: a night."""


class DayPlanner:
    """One plan for each mode of the chillers, once an hour, on the prediction model in stages of an hour.

    Args:
        plant: the plant; only its site data are used.
        day: follows the cheapest path.
        weights: what to minimise.
        margin: distance to limits [K].
        backend: who solves.
    """

    def __init__(self, plant: LiquidHall, day: ChillerDay, *, weights: Weights | None, margin: float, backend: Backend = "auto") -> None:
        self.day = day
        self.problem = PlanProblem(plant, (STAGE,) * HOURS, weights, margin, backend)
        self.reset()

    def reset(self) -> None:
        """Forget all plans."""
        self.day.reset()
        self._due = -np.inf
        self._last: dict[Mode, Solution] = {}

    def look_ahead(self, measurement: Measurement, forecast: Forecast) -> None:
        """Plan anew where the last plan is an hour old.

        Raises:
            InputError: something measured or forecast is not a number.
        """
        if measurement.t < self._due - 1e-6:
            return
        passed = measurement.t - (self._due - STAGE)
        self._due = measurement.t + STAGE
        posed = self.problem.pose(measurement, forecast)
        every = modes(self.day.installed)
        starts = [None if (last := self._last.get(mode)) is None else self.problem.shifted(last, posed.x0, passed) for mode in every]
        found = self.problem.solve(posed, [held(mode, HOURS) for mode in every], starts, surge=True)
        self._last |= {mode: plan for mode, plan in zip(every, found, strict=True) if plan.kkt_error <= ACCEPTABLE}
        costs = {
            mode: self.problem.ocp.stage_costs(plan.data, plan.point)
            for mode, plan in zip(every, found, strict=True) if plan.kkt_error <= ACCEPTABLE
        }  # fmt: skip
        self.day.plan(measurement.t, int(np.round(measurement["n_chillers"][0, 0])), costs)
