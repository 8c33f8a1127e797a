"""What every controller sees and says, the oracle included: measurements in, setpoints out, and how they came about.

All arrays carry a leading batch axis ``b``: rule-based controllers run thousands of plants at once with the code that
runs one. Predictive controllers work at ``b = 1``.
"""

import dataclasses
import enum
from collections.abc import Mapping
from typing import Protocol

import numpy as np
import pandas as pd

from lowlift.models.plant import SiteRecord
from lowlift.models.signals import SignalVector


class Status(enum.Enum):
    """How a decision was obtained."""

    RULE = "rule"
    """By a rule-based sequence."""
    OPTIMAL = "optimal"
    """Converged: the KKT error is below the tolerance."""
    SUBOPTIMAL = "suboptimal"
    """Feasible but not converged; the KKT error is stated."""
    FALLBACK = "fallback"
    """The optimiser failed; the message says why and what was used instead."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Measurement:
    """One reading of the plant."""

    t: float
    """Seconds since the start of the run (warm-up included)."""
    time: pd.Timestamp
    """Wall-clock time, zone-aware."""
    values: Mapping[str, np.ndarray]
    """Readings by name, each ``(b, n)`` in SI units; see :func:`measurement_table`."""

    def __getitem__(self, name: str) -> np.ndarray:
        return self.values[name]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Forecast:
    """Expected disturbances on a uniform grid that starts now; row ``k`` is the mean over step ``k``."""

    step: float
    """Grid step [s]."""
    q_cdu: np.ndarray
    """Liquid heat of each CDU [W], shape (k, n_cdu)."""
    q_cdu_high: np.ndarray
    """Upper quantile of the same, for limits [W]."""
    q_rack: np.ndarray
    """Liquid heat of the hottest rack of each CDU [W], shape (k, n_cdu)."""
    q_rack_high: np.ndarray
    """Upper quantile of the same, for limits [W]."""
    q_air: np.ndarray
    """Heat to air [W], shape (k,)."""
    q_air_high: np.ndarray
    """Upper quantile of the same [W]."""
    T_wb: np.ndarray
    """Wet bulb [K], shape (k,)."""
    T_db: np.ndarray
    """Dry bulb [K], shape (k,)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """A predicted course, for the report, the schedule and the next warm start."""

    t: np.ndarray
    """Stage boundaries, seconds since the start of the run, shape (k + 1,)."""
    predicted: Mapping[str, np.ndarray]
    """Named predictions at the boundaries or over the stages, SI units."""
    setpoints: np.ndarray
    """Planned setpoints of each stage, shape (k, n_set)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Decision:
    """Setpoints and the truth about how they were found."""

    setpoints: np.ndarray
    """Packed by :func:`setpoint_table`, shape (b, n_set)."""
    status: Status
    message: str = ""
    solve_ms: float = 0.0
    kkt_error: float = 0.0
    """Scaled KKT error; zero for rules. A search without multipliers gives what its last round still gained, share of the cost [1]."""
    plan: Plan | None = None


class Controller(Protocol):
    """Anything that turns readings into setpoints at its own period."""

    name: str
    period: float
    """Seconds between decisions."""

    def reset(self, batch: int) -> None:
        """Forget everything; the next decision is the first of a run with ``batch`` plants."""

    def decide(self, measurement: Measurement, forecast: Forecast | None) -> Decision:
        """Setpoints for the next period. Rule-based controllers ignore the forecast."""


def setpoint_table(site: SiteRecord) -> SignalVector:
    """Setpoints that a controller decides, with the limits and rates that the safety envelope keeps."""
    return site.sheet.setpoints


def measurement_table(site: SiteRecord) -> SignalVector:
    """Readings that a controller gets."""
    return site.sheet.measurements
