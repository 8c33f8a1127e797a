"""Placing a load on the time axis of a scenario: from when it plays, on which grid, and what stands in for the hours before it.

A generated load can begin on any day. A load with its own time (a measured trace, a user's file) keeps it: the scored period is cut out
of it, and the warm-up plays the samples before that period as far as there are any, then holds the first one.
"""

import dataclasses
import datetime
import math
from typing import Any

import numpy as np
import pandas as pd

from lowlift.data import Weather, Workload, load_workload
from lowlift.data.errors import RemoteDataError, StaleMirrorError
from lowlift.data.workload import MOVABLE
from lowlift.models.plant import SiteRecord

BRINGS_WEATHER = ("frontier", "frontier_like")
"""Loads that carry their own wet bulb."""


class ScenarioError(ValueError):
    """Weather, workload and plant do not fit together; the message names what is missing."""


@dataclasses.dataclass(frozen=True)
class Period:
    """What is to be simulated: ``days`` from ``start`` on (the load's own start if none), ``warm_up`` seconds before it."""

    start: str | None
    days: float
    step: float
    warm_up: float

    def __post_init__(self) -> None:
        if not (self.step > 0.0 and math.isfinite(self.days) and self.days * 86400.0 >= self.step * (1.0 - 1e-9)):
            raise ScenarioError(f"days = {self.days:g}: must be at least one step of {self.step:g} s ({self.step / 86400.0:.3g} days)")
        if not self.warm_up >= 0.0:
            raise ScenarioError(f"warm_up = {self.warm_up:g} s: must be at least 0 s")

    @property
    def n(self) -> int:
        """Scored steps."""
        return round(self.days * 86400.0 / self.step)

    @property
    def n_warm(self) -> int:
        """Steps of the warm-up."""
        return round(self.warm_up / self.step)


@dataclasses.dataclass(frozen=True)
class Placed:
    """A load cut to one scenario."""

    load: Workload
    """Exactly ``n_warm + n`` intervals of ``step`` seconds."""
    begin: pd.Timestamp
    """Start of the scored period."""
    held: float
    """Part of the warm-up in which the first sample is held [s]."""


def place(site: SiteRecord, workload: str | None, series: Weather | None, period: Period, **options: Any) -> Placed:
    """Load by name or file (the site's own if none) over one period; ``options`` are those of :func:`load_workload`.

    Raises:
        ScenarioError: the load does not cover the period; both spans are named.
        RemoteDataError: a measured load that was asked for by name is not to be had.
    """
    wanted = workload or site.workload
    warm = pd.Timedelta(seconds=period.n_warm * period.step)
    options |= {"n_units": site.n_racks, "unit_power": site.rack_power, "liquid_share": site.liquid_share}
    if wanted in MOVABLE and series is not None:
        begin = instant(period.start or "01-01", series.frame.index[0])
        length = (period.n + period.n_warm) * period.step / 86400.0
        load = load_workload(wanted, **options, days=length, start=begin - warm, step=period.step)
        return Placed(load, begin, 0.0)
    try:
        load = load_workload(wanted, **options, days=period.days)
    except StaleMirrorError:
        raise
    except RemoteDataError as error:
        if workload is not None or wanted != "frontier":
            raise
        load = load_workload("frontier_like", **options, days=period.days)
        load = dataclasses.replace(load, provenance=f"{load.provenance}; the measured day was not to be had: {error}")
    if load.start is None:
        raise ScenarioError(f"workload {load.name} carries no time")
    if load.T_wb is not None and not load.measured and series is not None:
        # Generated with a date for the sake of its own wet bulb: free to move where the weather comes from elsewhere.
        begin = load.start if period.start is None else instant(period.start, series.frame.index[0])
        load = dataclasses.replace(load, start=begin, T_wb=None)
    return _cut(_on_grid(load, period.step), period)


def instant(text: str, like: pd.Timestamp) -> pd.Timestamp:
    """Read ``MM-DD``, ``YYYY-MM-DD`` or a full ISO 8601 time; year and zone are those of ``like`` where the text has none.

    Raises:
        ScenarioError: the text is neither.
    """
    try:
        at = datetime.datetime.fromisoformat(text if text[4:5] == "-" else f"{like.year}-{text}")
        stamp = pd.Timestamp(at)
        return stamp if stamp.tz is not None else stamp.tz_localize(like.tz)
    except ValueError as error:
        raise ScenarioError(f"start = {text!r}: expected MM-DD, YYYY-MM-DD or YYYY-MM-DDTHH:MM") from error


def _cut(load: Workload, period: Period) -> Placed:
    assert load.start is not None  # noqa: S101 - narrowed by the caller
    step, n = load.step, len(load.q_liquid)
    first = 0 if period.start is None else round((instant(period.start, load.start) - load.start).total_seconds() / step)
    begin, end = (load.start + pd.Timedelta(seconds=k * step) for k in (first, first + period.n))
    if first < 0 or first + period.n > n:
        over = load.start + pd.Timedelta(seconds=n * step)
        move = "; name a weather to play it on another day" if load.T_wb is not None and not load.measured else ""
        raise ScenarioError(
            f"workload {load.name} covers {n * step / 86400.0:.2f} days, {_shown(load.start)} to {_shown(over)}; "
            f"{period.days:.2f} days are needed, {_shown(begin)} to {_shown(end)}{move}"
        )
    before = min(first, period.n_warm)
    held = period.n_warm - before

    def part(values: np.ndarray) -> np.ndarray:
        cut = values[first - before : first + period.n]
        return np.concatenate([np.repeat(cut[:1], held, axis=0), cut])

    wet = None if load.T_wb is None else part(load.T_wb)
    whole = dataclasses.replace(load, start=begin - pd.Timedelta(seconds=period.n_warm * step), q_liquid=part(load.q_liquid),
                                q_air=part(load.q_air), T_wb=wet)  # fmt: skip
    return Placed(whole, begin, held * step)


def _shown(at: pd.Timestamp) -> str:
    return at.isoformat(sep=" ", timespec="minutes")


def _on_grid(load: Workload, step: float) -> Workload:
    """Means over finer intervals, or coarse ones held: energy is kept. An incomplete last interval is left out."""
    if load.step < step - 1e-9:
        whole = len(load.q_liquid) // max(round(step / load.step), 1) * max(round(step / load.step), 1)
        wet = None if load.T_wb is None else load.T_wb[:whole]
        return dataclasses.replace(load, q_liquid=load.q_liquid[:whole], q_air=load.q_air[:whole], T_wb=wet).aggregate(step)
    k = round(load.step / step)
    if abs(k * step - load.step) > 1e-9:
        raise ScenarioError(f"workload {load.name} has steps of {load.step:g} s; they must be a multiple of {step:g} s")
    wet = None if load.T_wb is None else np.repeat(load.T_wb, k)
    return dataclasses.replace(load, step=step, q_liquid=np.repeat(load.q_liquid, k, axis=0), q_air=np.repeat(load.q_air, k, axis=0),
                               T_wb=wet)  # fmt: skip
