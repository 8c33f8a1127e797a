"""A scenario: weather, workload and site aligned on one time grid, with the warm-up before the scored period."""

import dataclasses
import datetime
import functools
from typing import Any

import numpy as np
import pandas as pd

from lowlift.data import Weather, Workload, load_weather, load_workload
from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.measure import hottest
from lowlift.thermal.psychrometrics import (
    humidity_ratio_from_dew_point,
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

    def q_hottest(self, plant: LiquidHall) -> np.ndarray:
        """Liquid heat of the hottest rack of each CDU [W], shape ``(n, n_cdu)``."""
        return hottest(self.q_rack, plant)


def build_scenario(
    plant: LiquidHall,
    *,
    weather: str | None = None,
    workload: str | None = None,
    start: str = "01-01",
    days: float = 1.0,
    step: float = 15.0,
    warm_up: float = WARM_UP,
    seed: int = 0,
    zone: str | None = None,
) -> Scenario:
    """Align weather and workload for one plant.

    Args:
        plant: the plant that will be run.
        weather: catalogue name or file; the site's own if none.
        workload: catalogue name or file; the site's own if none.
        start: first day of the scored period, ``MM-DD`` or ``YYYY-MM-DD``; a load with its own time keeps that.
        days: length of the scored period.
        step: plant step [s].
        warm_up: time before it [s].
        seed: of generated loads.
        zone: zone of naive time stamps in a user's load file.

    Raises:
        ScenarioError: series and plant do not fit.
    """
    s = plant.site
    wanted = workload or s.workload
    series: Weather | None = None
    site_weather = weather or s.weather
    if wanted not in ("frontier", "frontier_like") or weather is not None:
        series = load_weather(site_weather)
    day = _first_day(start, series)
    load = load_workload(wanted, n_units=s.n_racks, unit_power=s.rack_power, liquid_share=s.liquid_share,
                         days=days + warm_up / 86400.0, start=day, step=step, seed=seed, zone=zone)  # fmt: skip
    if load.step < step - 1e-9:
        load = load.aggregate(step)
    elif load.step > step + 1e-9:
        load = _refine(load, step)
    n_warm, n = round(warm_up / step), round(days * 86400.0 / step)
    generated = load.start is None or (not load.measured and load.T_wb is None)
    liquid, air = _to_racks(plant, load)
    T_wb = load.T_wb
    if generated:
        liquid, air, begin = liquid[: n + n_warm], air[: n + n_warm], day
        held = 0
    else:
        if len(liquid) < n:
            raise ScenarioError(f"workload {load.name} covers {len(liquid) * step / 86400.0:.2f} days, {days} are needed")
        held = n_warm
        begin = day if load.start is None or not (load.measured or weather is None) else load.start
        liquid, air = (np.concatenate([np.repeat(v[:1], held, axis=0), v[:n]]) for v in (liquid, air))
        T_wb = None if T_wb is None else np.concatenate([np.repeat(T_wb[:1], held), T_wb[:n]])
    assert begin is not None  # noqa: S101 - a generated load starts on the given day
    index = pd.date_range(begin - pd.Timedelta(seconds=warm_up), periods=n + n_warm, freq=pd.Timedelta(seconds=step))
    past = None
    notes = [load.provenance]
    if held:
        notes.append(f"first sample held {warm_up / 3600.0:g} h as warm-up")
    if T_wb is not None and weather is None:
        T_db, p = T_wb + DRY_BULB_ABOVE_WET, np.full(n + n_warm, s.p)
        notes.append(f"wet bulb from the trace; dry bulb taken {DRY_BULB_ABOVE_WET:g} K above it, pressure from altitude")
    else:
        if series is None:
            raise ScenarioError(f"workload {load.name} brings no weather; name one")
        local = index.tz_convert(series.frame.index.tz)  # type: ignore[attr-defined]
        T_wb, T_db, p = _outdoor(series, local + pd.Timedelta(seconds=0.5 * step))
        before = pd.date_range(local[0] - pd.Timedelta(hours=23.5), periods=24, freq="h")
        wb, db, _ = _outdoor(series, before)
        past = pd.DataFrame({"T_wb": wb, "T_db": db}, index=before)
        notes.append(f"weather {series.name} ({series.source}); row time stamps taken as instants")
    _check_design(plant, liquid.sum(axis=1) + air)
    return Scenario(
        name=f"{s.name} {begin:%Y-%m-%d}", step=step, start=begin, warm_up=warm_up, q_rack=liquid, q_air=air, T_wb=T_wb,
        T_db=T_db, p=p, measured=load.measured, provenance=tuple(notes), weather_past=past,
    )  # fmt: skip


def _first_day(start: str, series: Weather | None) -> pd.Timestamp:
    zone = "America/New_York" if series is None else series.frame.index.tz  # type: ignore[attr-defined]
    year = 2024 if series is None else series.frame.index[0].year
    text = start if start.count("-") == 2 else f"{year}-{start}"
    try:
        return pd.Timestamp(datetime.datetime.strptime(text, "%Y-%m-%d"), tz=zone)
    except ValueError as error:
        raise ScenarioError(f"start = {start!r}: expected MM-DD or YYYY-MM-DD") from error


def _to_racks(plant: LiquidHall, load: Workload) -> tuple[np.ndarray, np.ndarray]:
    """Heat by rack: the heat of a CDU is spread evenly over its racks."""
    s = plant.site
    if load.unit == "cdu":
        if load.q_liquid.shape[1] != s.n_cdu:
            raise ScenarioError(f"workload {load.name} has {load.q_liquid.shape[1]} CDUs, plant {s.name} has {s.n_cdu}")
        racks = np.bincount(s.cdu_of_rack)
        return (load.q_liquid / racks)[:, s.cdu_of_rack], load.q_air.sum(axis=1)
    if load.q_liquid.shape[1] != s.n_racks:
        raise ScenarioError(f"workload {load.name} has {load.q_liquid.shape[1]} racks, plant {s.name} has {s.n_racks}")
    return load.q_liquid, load.q_air.sum(axis=1)


def _refine(load: Workload, step: float) -> Workload:
    """Hold coarse intervals over finer steps: energy is kept."""
    k = round(load.step / step)
    if abs(k * step - load.step) > 1e-9:
        raise ScenarioError(f"workload {load.name} has steps of {load.step} s; they must be a multiple of {step} s")
    wet = None if load.T_wb is None else np.repeat(load.T_wb, k)
    return dataclasses.replace(load, step=step, q_liquid=np.repeat(load.q_liquid, k, axis=0),
                               q_air=np.repeat(load.q_air, k, axis=0), T_wb=wet)  # fmt: skip


def _outdoor(series: Weather, at: pd.DatetimeIndex) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    frame = series.at(at)
    T_db, p = frame["T_db"].to_numpy(), frame["p"].to_numpy()
    if "T_wb" in frame:
        return frame["T_wb"].to_numpy(), T_db, p
    w = humidity_ratio_from_dew_point(np.minimum(frame["T_dp"].to_numpy(), T_db), p)
    return np.asarray(wet_bulb(T_db, w, p)), T_db, p


def _check_design(plant: LiquidHall, P_it: np.ndarray) -> None:
    highest, rated = float(P_it.max()), plant.site.P_it_nominal
    if highest > 1.1 * rated:
        raise ScenarioError(
            f"IT load reaches {highest / 1e6:.3g} MW, the plant is rated {rated / 1e6:.3g} MW (ratio {highest / rated:.3g}); "
            "check the unit of the workload"
        )
