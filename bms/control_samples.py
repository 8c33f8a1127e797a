"""The samples of a control client: how many there have been, and what was read at each, as far as forecasts look back."""

import functools

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lowlift.models.signals import SignalVector
from lowlift.sim.recorder import Past

KEPT = 2 * 86400.0
"""Past that forecasts are made from [s]."""


class Samples:
    """Samples since the client began, with the readings of each.

    Args:
        table: of the measurements.
        sample: plant time between two [s].
        forecasts: whether anybody looks back.
        seen: readings that stand for samples before the first look, ``(1, n)``.
    """

    def __init__(self, table: SignalVector, sample: float, forecasts: bool, seen: NDArray[np.float64]) -> None:
        self.sample, self.k, self.seen = sample, 0, seen
        self.rows = round(KEPT / sample)
        """As many are kept."""
        self._make = functools.partial(Past, table, sample, self.rows, [forecasts])
        self.past = self._make(None)
        self._dropped = 0

    def begin(self, weather: pd.DataFrame | None) -> None:
        """Begin from hourly weather of the day before; at the first sample."""
        self.past = self._make(weather)

    @property
    def t(self) -> float:
        """Plant time since the client began [s]; goes on where the clock of the site is set back."""
        return self.k * self.sample

    def see(self, seen: NDArray[np.float64]) -> None:
        """Readings of this sample."""
        self.seen = seen
        self._keep()

    def skip(self, count: int) -> None:
        """Samples that were missed: the last readings stand for them."""
        for _ in range(count):
            self.k += 1
            self._keep()

    def _keep(self) -> None:
        if self.k - self._dropped >= self.rows:
            self.past.forget(self.rows // 2)
            self._dropped += self.rows // 2
        self.past.see(self.k, self.seen)
