"""The oracle: the same optimal control problem with perfect foresight on a fine grid, in overlapping windows.

It is replayed through the full plant with the same regulatory layer, staging and envelope as every controller. Every ``replan`` seconds a
window is solved from the plant's present state; between, the plan's own stages are handed out. How many chillers run, and when, is planned
ahead of the windows, hours ahead (:mod:`lowlift.controllers.chiller_day`).
"""

import dataclasses

import numpy as np

from lowlift.controllers.chiller_day import STAGE, ChillerDay, Mode
from lowlift.controllers.interface import Controller, Decision, Forecast, Measurement, Status
from lowlift.controllers.mpc import MPC
from lowlift.controllers.ocp import Weights
from lowlift.controllers.solver import ACCEPTABLE
from lowlift.models.liquid_hall import LiquidHall

WINDOW = 2 * 3600.0
"""Length of a window [s]: several times the longest time constant of the water loops."""
REPLAN = 900.0
"""Time between windows [s]: longer, and what the prediction model leaves out adds up."""
DAY = 12
"""Stages of a plan of chillers."""


class Oracle(MPC):
    """Perfect foresight; run it with :class:`lowlift.controllers.forecast.Perfect`.

    Args:
        plant: the plant.
        fallback: takes over where a window fails.
        grid: stage length and period [s]; halving it is part of the proof that it is fine enough.
        weights: what to minimise.
        margin: distance to limits [K].
        name: name in tables.
    """

    def __init__(
        self, plant: LiquidHall, fallback: Controller, *, grid: float = 300.0, weights: Weights | None = None,
        margin: float = 1.7, name: str = "Oracle",
    ) -> None:  # fmt: skip
        self._held: Decision | None = None
        self._day: DayPlanner | None = None
        super().__init__(plant, fallback, stages=(grid,) * round(WINDOW / grid), weights=weights, margin=margin, name=name,
                         period=grid)  # fmt: skip
        if self.installed:
            self.count = day = ChillerDay(self.ocp.stages, installed=self.installed)
            self._day = DayPlanner(plant, fallback, day, weights=weights, margin=margin, name=name)

    def reset(self, batch: int) -> None:
        """Forget the window."""
        super().reset(batch)
        self._held = None
        if self._day is not None:
            self._day.reset(batch)

    def decide(self, measurement: Measurement, forecast: Forecast | None) -> Decision:
        """A fresh window when due, else the next stage of the present one."""
        if self._held is not None and self._held.plan is not None:
            stage = round((measurement.t - self._held.plan.t[0]) / self.period)
            if stage * self.period < REPLAN - 1e-6:
                setpoints = self._held.plan.setpoints[stage : stage + 1]
                return dataclasses.replace(self._held, setpoints=setpoints, solve_ms=0.0, message=f"stage {stage} of the window")
        if self._day is not None and forecast is not None:
            self._day.look_ahead(measurement, forecast)
        decision = super().decide(measurement, forecast)
        self._held = decision if decision.status is not Status.FALLBACK else None
        return decision


class DayPlanner(MPC):
    """Plans the chillers of the hours to come, once an hour, on the oracle's model in stages of an hour."""

    def __init__(
        self, plant: LiquidHall, fallback: Controller, day: ChillerDay, *, weights: Weights | None, margin: float, name: str
    ) -> None:
        self.day = day
        super().__init__(plant, fallback, stages=(STAGE,) * DAY, weights=weights, margin=margin, name=f"{name}, chillers")

    def reset(self, batch: int) -> None:
        """Forget all plans."""
        super().reset(batch)
        self.day.reset()
        self._due = -np.inf
        self._guesses: dict[Mode, np.ndarray] = {}

    def look_ahead(self, measurement: Measurement, forecast: Forecast) -> None:
        """Plan anew where the last plan is an hour old."""
        if measurement.t < self._due - 1e-6:
            return
        self._due = measurement.t + STAGE
        x0, counts = self.model.state_from(measurement.values), self._counts(measurement)
        data = self._data(measurement, forecast, surge=True)
        floor = float(measurement["T_dew_hall"][0, 0]) + self.plant.site.limits.dew_point_margin

        def stage_costs(mode: Mode) -> np.ndarray | None:
            data[:, -2:] = mode
            parameters = self.ocp.parameters(x0, data, counts, self.margin, floor)
            found = self.solver.solve(parameters, self._guesses.get(mode, self._guess(x0, measurement.t)))
            if found.kkt_error > ACCEPTABLE:
                return None
            self._guesses[mode] = found.z
            return self.ocp.stage_costs(found.z, data, counts, self.margin, floor)

        running = int(np.round(measurement["n_chillers"][0, 0]))
        # A machine that was let go in the stage that ends now is as good as gone.
        self.day.plan(measurement.t, min(running, self.day.wanted(measurement.t - 1.0, running)), stage_costs)
