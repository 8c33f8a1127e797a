"""What controllers share that look for the best point at rest at every decision, whatever finds it: search, grid or solver."""

import abc
import dataclasses
from collections.abc import Mapping

import numpy as np

from lowlift.controllers.interface import Controller, Decision, Forecast, Measurement, Status, setpoint_table
from lowlift.models.plant import SiteRecord


class OptimumAtRest(abc.ABC):
    """Base of StaticOptimal where a plant has a model at rest of its own: one plant at a time, with a rule that takes over.

    Args:
        site: the site of the plant.
        fallback: decides where there is no optimum.
        name: name in tables.
    """

    period = 300.0

    def __init__(self, site: SiteRecord, fallback: Controller, name: str) -> None:
        self.fallback, self.name = fallback, name
        self._table = setpoint_table(site)
        self.reset(1)

    def reset(self, batch: int) -> None:
        """Start a run.

        Raises:
            ValueError: more than one plant.
        """
        if batch != 1:
            raise ValueError(f"batch = {batch}: {self.name} controls one plant at a time")
        self.fallback.reset(1)
        self.forget()

    @abc.abstractmethod
    def forget(self) -> None:
        """Drop what is kept from one decision to the next."""

    @abc.abstractmethod
    def decide(self, measurement: Measurement, forecast: Forecast | None) -> Decision:
        """The optimum for what is measured now."""

    def packed(self, values: Mapping[str, float]) -> np.ndarray:
        """Setpoints by name as a decision holds them (1, n_set), within their ranges."""
        packed = np.asarray(self._table.pack({name: np.array([[value]]) for name, value in values.items()}))
        return np.clip(packed, self._table.low, self._table.high)


def refused(rule: Decision) -> Decision:
    """The fallback's decision where what is measured is no number."""
    return dataclasses.replace(rule, status=Status.FALLBACK, message="input refused: load or weather is not a number")
