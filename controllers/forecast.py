"""Forecasts of load and weather. A forecaster is handed the past and nothing else; only :class:`Perfect` knows better."""

import dataclasses
from typing import Protocol

import numpy as np

from lowlift.controllers.interface import Forecast

STEP = 300.0
"""Grid of all forecasts [s]."""
SMOOTHING = 120.0
"""Load is persisted as its mean over this time [s]: swings of single samples do not recur."""
SURGE_WINDOW = 6 * 3600.0
"""A CDU may jump to the highest heat of this time past [s]."""
DAY = 86400.0
LOOK_AHEAD = 900.0
"""Time from the start of an interval over which perfect knowledge looks for the next surge [s]."""


@dataclasses.dataclass(frozen=True)
class History:
    """What has been measured up to now: row ``-1`` is the step that has just ended."""

    step: float
    """Sampling step [s]."""
    t: float
    """Now, seconds since the start of the run."""
    q_cdu: np.ndarray
    """Liquid heat of each CDU [W], shape (k, n)."""
    q_rack: np.ndarray
    """Liquid heat of the hottest rack of each CDU [W], shape (k, n)."""
    q_air: np.ndarray
    """Heat to air [W], shape (k,)."""
    T_wb: np.ndarray
    """Wet bulb [K], shape (k,)."""
    T_db: np.ndarray
    """Dry bulb [K], shape (k,)."""
    day_before: np.ndarray | None
    """Hourly ``(T_wb, T_db)`` [K] of the 24 h before the run began, shape (24, 2), or nothing."""


class Forecaster(Protocol):
    """Turns the past into a forecast."""

    def predict(self, history: History, horizon: float) -> Forecast:
        """Forecast over ``horizon`` seconds from now."""


class Persistence:
    """Load stays at its recent mean; weather follows yesterday's course, shifted to what is measured now.

    The upper bound of a CDU's heat is its highest of the last hours: jobs end and come back.
    """

    def predict(self, history: History, horizon: float) -> Forecast:
        """See the class."""
        h = history
        k = round(horizon / STEP)
        recent = max(1, round(SMOOTHING / h.step))
        q, q_rack = h.q_cdu[-recent:].mean(axis=0), h.q_rack[-recent:].mean(axis=0)
        q_air = float(h.q_air[-recent:].mean())
        window = round(SURGE_WINDOW / h.step)
        highest, rack_highest = h.q_cdu[-window:].max(axis=0), h.q_rack[-window:].max(axis=0)
        weather = self._weather(h, k)
        return Forecast(
            step=STEP,
            q_cdu=np.tile(q, (k, 1)),
            q_cdu_high=np.tile(highest, (k, 1)),
            q_rack=np.tile(q_rack, (k, 1)),
            q_rack_high=np.tile(rack_highest, (k, 1)),
            q_air=np.full(k, q_air),
            q_air_high=np.full(k, max(h.q_air[-window:].max(), q_air)),
            T_wb=weather[:, 0],
            T_db=weather[:, 1],
        )

    def _weather(self, h: History, k: int) -> np.ndarray:
        now = np.array([h.T_wb[-1], h.T_db[-1]])
        ahead = np.arange(k) * STEP + 0.5 * STEP
        if h.t >= DAY:
            lag = round(DAY / h.step)
            course = np.column_stack([h.T_wb, h.T_db])
            at = np.clip(len(course) - lag + np.round(ahead / h.step).astype(int), 0, len(course) - 1)
            shape = course[at] - course[len(course) - lag]
        elif h.day_before is not None:
            hours = np.arange(-24, 0) * 3600.0 + 1800.0
            own = np.arange(len(h.T_wb)) * h.step
            course = np.column_stack([
                np.interp(np.concatenate([[h.t], h.t + ahead]) - DAY, np.concatenate([hours, own]),
                          np.concatenate([h.day_before[:, j], series]))
                for j, series in enumerate((h.T_wb, h.T_db))
            ])  # fmt: skip
            shape = course[1:] - course[0]
        else:
            shape = np.zeros((k, 2))
        return now + shape


class Perfect:
    """The truth, for the oracle and for the upper bound of what forecasts can give. Never used by a controller on trial."""

    def __init__(
        self,
        step: float,
        q_cdu: np.ndarray,
        q_rack: np.ndarray,
        q_air: np.ndarray,
        T_wb: np.ndarray,
        T_db: np.ndarray,
        grid: float = STEP,
    ) -> None:
        self.step, self.grid = step, grid
        self._n = q_cdu.shape[1]
        self._series = np.column_stack([q_cdu, q_rack, q_air, T_wb, T_db])
        self._total = np.vstack([np.zeros(self._series.shape[1]), np.cumsum(self._series, axis=0)])
        self._ahead = _highest_ahead(self._series[:, : 2 * self._n + 1], max(1, round(LOOK_AHEAD / step)))

    def predict(self, history: History, horizon: float) -> Forecast:
        """Means of the true series over the grid; the last value is held beyond the end of the run."""
        k, per, first = round(horizon / self.grid), round(self.grid / self.step), round(history.t / self.step)
        edges = first + per * np.arange(k + 1)
        inside = np.minimum(edges, len(self._series))
        beyond = (edges - inside)[:, None] * self._series[-1]
        mean = np.diff(self._total[inside] + beyond, axis=0) / per
        n = self._n
        ahead = np.maximum(self._ahead[np.minimum(edges[:-1], len(self._ahead) - 1)], mean[:, : 2 * n + 1])
        load, rack, air = slice(0, n), slice(n, 2 * n), 2 * n
        return Forecast(step=self.grid, q_cdu=mean[:, load], q_cdu_high=ahead[:, load], q_rack=mean[:, rack], q_rack_high=ahead[:, rack],
                        q_air=mean[:, air], q_air_high=ahead[:, air], T_wb=mean[:, air + 1], T_db=mean[:, air + 2])  # fmt: skip


def _highest_ahead(series: np.ndarray, window: int) -> np.ndarray:
    """Highest of the next ``window`` rows from each row on, shape of ``series``."""
    padded = np.vstack([series, np.repeat(series[-1:], window - 1, axis=0)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, window, axis=0)
    result: np.ndarray = windows.max(axis=-1)
    return result
