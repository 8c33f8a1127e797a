"""The oracle: the same optimal control problem with perfect foresight on a fine grid, in overlapping windows.

It is replayed through the full plant with the same regulatory layer, staging and envelope as every controller. Every ``replan`` seconds a
window is solved from the plant's present state; between, the plan's own stages are handed out.
"""

import dataclasses

from lowlift.controllers.interface import Controller, Decision, Forecast, Measurement, Status
from lowlift.controllers.mpc import MPC
from lowlift.controllers.ocp import Weights
from lowlift.models.liquid_hall import LiquidHall

WINDOW = 2 * 3600.0
"""Length of a window [s]: several times the longest time constant of the water loops."""
REPLAN = 900.0
"""Time between windows [s]: longer, and what the prediction model leaves out adds up."""


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
        super().__init__(plant, fallback, stages=(grid,) * round(WINDOW / grid), weights=weights, margin=margin, name=name,
                         period=grid)  # fmt: skip

    def reset(self, batch: int) -> None:
        """Forget the window."""
        super().reset(batch)
        self._held = None

    def decide(self, measurement: Measurement, forecast: Forecast | None) -> Decision:
        """A fresh window when due, else the next stage of the present one."""
        if self._held is not None and self._held.plan is not None:
            stage = round((measurement.t - self._held.plan.t[0]) / self.period)
            if stage * self.period < REPLAN - 1e-6:
                setpoints = self._held.plan.setpoints[stage : stage + 1]
                return dataclasses.replace(self._held, setpoints=setpoints, solve_ms=0.0, message=f"stage {stage} of the window")
        decision = super().decide(measurement, forecast)
        self._held = decision if decision.status is not Status.FALLBACK else None
        return decision
