"""A scenario: weather, workload and site aligned on one time grid, with the warm-up before the scored period."""

import dataclasses
import functools
from typing import Any

import numpy as np
import pandas as pd

from lowlift.data import Weather, Workload, load_weather, load_workload
from lowlift.models.liquid_hall import LiquidHall
from lowlift.thermal.psychrometrics import (
    humidity_ratio_from_dew_point,
    humidity_ratio_from_wet_bulb,
    wet_bulb,
)

WARM_UP = 4 * 3600.0
"""Time before the scored period in which controllers settle; it does not count [s]."""
DRY_BULB_ABOVE_WET = 5.0
"""Dry bulb assumed above a wet bulb that comes alone [K] (guess); it sets evaporation only."""


class ScenarioError(ValueError):
    """Weather, workload and plant do not fit together; the message names what is missing."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scenario:
    """Disturbances of a run on a uniform grid of ``step`` seconds, held over each step.

    The first ``warm_up`` seconds repeat the first sample (or play the hours before, where the data have them).
    """

    name: str
    step: float
    start: pd.Timestamp
    """Start of the scored period, zone-aware."""
    warm_up: float
    q_rack: np.ndarray
    """Liquid heat of each rack [W], shape (n, r)."""
    q_air: np.ndarray
    """Heat to air [W], shape (n,)."""
    T_wb: np.ndarray
    T_db: np.ndarray
    p: np.ndarray
    measured: bool
    provenance: tuple[str, ...]
    weather_past: pd.DataFrame | None
    """Hourly ``T_wb`` and ``T_db`` [K] of the day before the run, which a forecaster may know."""

    @property
    def n(self) -> int:
        """Steps, warm-up included."""
        return len(self.q_air)

    @property
    def days(self) -> float:
        """Length of the scored period."""
        return (self.n * self.step - self.warm_up) / 86400.0

    @functools.cached_property
    def index(self) -> pd.DatetimeIndex:
        """Start of every step; the warm-up comes before :attr:`start`."""
        first = self.start - pd.Timedelta(seconds=self.warm_up)
        return pd.date_range(first, periods=self.n, freq=pd.Timedelta(seconds=self.step))

    def disturbances(self, plant: LiquidHall) -> np.ndarray:
        """Packed disturbances, shape ``(n, nd)``."""
        packed: Any = plant.disturbances.pack(
            {"q_liquid": self.q_rack, "q_air": self.q_air[:, None], "T_wb": self.T_wb[:, None],
             "T_db": self.T_db[:, None], "p": self.p[:, None]}
        )  # fmt: skip
        return np.asarray(packed)

    def q_cdu(self, plant: LiquidHall) -> np.ndarray:
        """Liquid heat of each CDU [W], shape ``(n, n_cdu)``."""
        result: np.ndarray = self.q_rack @ plant.rack_matrix
        return result
