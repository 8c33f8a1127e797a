"""Trim and respond, the reset logic of ASHRAE Guideline 36: drift towards saving, step back when someone asks.

Each tick the setpoint moves by ``trim``; if more than ``ignored`` requests stand, it also moves the other way by ``respond`` for each
request above that, at most by ``most``. Trim and response fall into the same tick.
"""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrimRespond:
    """Constants of one reset loop; all steps are in the unit of the setpoint."""

    initial: float
    low: float
    high: float
    trim: float
    """Step of every tick."""
    respond: float
    """Step for each request; opposite in sign to ``trim``."""
    most: float
    """Largest response of one tick; same sign as ``respond``."""
    ignored: int = 0
    """Requests that are not answered."""

    def __post_init__(self) -> None:
        if not (self.trim * self.respond < 0.0 and self.respond * self.most > 0.0):
            raise ValueError(
                f"trim = {self.trim}, respond = {self.respond}, most = {self.most}: trim must oppose respond, most agree with it"
            )

    def start(self, shape: tuple[int, ...]) -> np.ndarray:
        """Initial setpoints."""
        return np.full(shape, self.initial)

    def tick(self, setpoint: np.ndarray, requests: np.ndarray) -> np.ndarray:
        """Next setpoints for the requests standing now, elementwise."""
        asked = np.maximum(requests - self.ignored, 0.0) * abs(self.respond)
        response = np.sign(self.respond) * np.minimum(asked, abs(self.most))
        result: np.ndarray = np.clip(setpoint + self.trim + response, self.low, self.high)
        return result
