"""Plans the chillers of the hours to come: the stage costs that :class:`~lowlift.controllers.chiller_day.ChillerDay` chooses by."""

import numpy as np

from lowlift.controllers.chiller_day import STAGE, ChillerDay, Mode, held
from lowlift.controllers.interface import Forecast, Measurement
from lowlift.controllers.ocp import Weights
from lowlift.controllers.plan_problem import PlanProblem
from lowlift.controllers.solver import ACCEPTABLE
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
    """

    def __init__(self, plant: LiquidHall, day: ChillerDay, *, weights: Weights | None, margin: float) -> None:
        self.day = day
        self.problem = PlanProblem(plant, (STAGE,) * HOURS, weights, margin)
        self.reset()

    def reset(self) -> None:
        """Forget all plans."""
        self.day.reset()
        self._due = -np.inf
        self._guesses: dict[Mode, np.ndarray] = {}

    def look_ahead(self, measurement: Measurement, forecast: Forecast) -> None:
        """Plan anew where the last plan is an hour old.

        Raises:
            InputError: something measured or forecast is not a number.
        """
        if measurement.t < self._due - 1e-6:
            return
        self._due = measurement.t + STAGE
        posed = self.problem.pose(measurement, forecast)

        def stage_costs(mode: Mode) -> np.ndarray | None:
            course = held(mode, HOURS)
            guess = self._guesses.get(mode)
            found = posed.solve(course, self.problem.cold_guess(posed.x0) if guess is None else guess, surge=True)
            if found.kkt_error > ACCEPTABLE:
                return None
            self._guesses[mode] = found.z
            return self.problem.ocp.stage_costs(found.z, posed.data(course, surge=True), posed.counts, self.problem.margin, posed.floor)

        self.day.plan(measurement.t, int(np.round(measurement["n_chillers"][0, 0])), stage_costs)
