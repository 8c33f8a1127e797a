"""StaticOptimal: at every decision the steady-state optimum for the weather and load of the moment.

One stage of practically infinite length of the same optimal control problem, so it shares model, limits and solver with the MPC; what MPC
gains over it is the worth of dynamics and forecasts.
"""

from lowlift.controllers.interface import Controller
from lowlift.controllers.mpc import MPC
from lowlift.controllers.ocp import Weights
from lowlift.models.liquid_hall import LiquidHall

STEADY = 1e7
"""Length of the single stage [s]."""


class StaticOptimal(MPC):
    """A very good setpoint table."""

    def __init__(
        self, plant: LiquidHall, fallback: Controller, *, weights: Weights | None = None, margin: float = 1.7,
        name: str = "StaticOptimal",
    ) -> None:  # fmt: skip
        super().__init__(plant, fallback, stages=(STEADY,), weights=weights, margin=margin, name=name)
