"""StaticOptimal: at every decision the steady-state optimum for the weather and load of the moment.

One stage of practically infinite length of the same optimal control problem, so it shares model, limits and solver with the MPC; what MPC
gains over it is the worth of dynamics and forecasts.
"""

import dataclasses

from lowlift.controllers.interface import Controller, Decision, Forecast, Measurement
from lowlift.controllers.mpc import MPC
from lowlift.controllers.ocp import AT_REST, Weights
from lowlift.models.liquid_hall import LiquidHall


class StaticOptimal(MPC):
    """A very good setpoint table."""

    def __init__(
        self, plant: LiquidHall, fallback: Controller, *, weights: Weights | None = None, margin: float = 1.7,
        name: str = "StaticOptimal",
    ) -> None:  # fmt: skip
        super().__init__(plant, fallback, stages=(AT_REST,), weights=weights, margin=margin, name=name)

    def decide(self, measurement: Measurement, forecast: Forecast | None) -> Decision:
        """The optimum for the first step of the forecast, as if it lasted for ever."""
        if forecast is not None:
            series = [f.name for f in dataclasses.fields(forecast) if f.name != "step"]
            forecast = dataclasses.replace(forecast, **{name: getattr(forecast, name)[:1] for name in series})
        return super().decide(measurement, forecast)
