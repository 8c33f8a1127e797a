"""A scenario: weather, workload and site aligned on one time grid, with the warm-up before the scored period."""

import dataclasses
import functools

import numpy as np
import pandas as pd

from lowlift.data import Weather, Workload, load_weather
from lowlift.data.errors import MissingDataError
from lowlift.models.plant import Conditions, Loads, Plant
from lowlift.sim.placing import BRINGS_WEATHER, Period, ScenarioError, place
from lowlift.sim.setting import DRY_BULB_ABOVE_WET, Setting, setting_of
from lowlift.thermal.psychrometrics import (
    humidity_ratio_from_dew_point,
    wet_bulb,
)

__all__ = ["Scenario", "ScenarioError", "build_scenario"]

WARM_UP = 4 * 3600.0
"""Time before the scored period in which controllers settle; it does not count [s]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scenario:
    """Disturbances of a run on a uniform grid of ``step`` seconds, held over each step.

    The first ``warm_up`` seconds play the hours before, as far as the load has them, and hold its first sample before that.
    """

    name: str
    setting: Setting
    """Place, clock, weather and load, in fields."""
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
    provenance: tuple[str, ...]
    """Notes for people on where the series come from and what was done to them."""
    weather_past: pd.DataFrame | None
    """Hourly ``T_wb`` and ``T_db`` [K] of the day before the run, which a forecaster may know, where the series has it."""

    @property
    def workload(self) -> str:
        """Name of the load that is played."""
        return self.setting.workload

    @property
    def measured(self) -> bool:
        """Whether the load is a measured one."""
        return self.setting.measured

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

    @property
    def conditions(self) -> Conditions:
        """Heat and weather, as plants take them."""
        return Conditions(q_liquid=self.q_rack, q_air=self.q_air, T_wb=self.T_wb, T_db=self.T_db, p=self.p)

    def disturbances(self, plant: Plant) -> np.ndarray:
        """Packed disturbances, shape ``(n, nd)``."""
        return plant.disturbances_from(self.conditions)

    def loads(self, plant: Plant) -> Loads:
        """What the plant's load meters will read."""
        return plant.loads(self.conditions)

    def scored_loads(self, plant: Plant) -> Loads:
        """The same without the warm-up."""
        loads, scored = self.loads(plant), slice(round(self.warm_up / self.step), None)
        return Loads(q_cdu=loads.q_cdu[scored], q_rack=loads.q_rack[scored], q_air=loads.q_air[scored])


def build_scenario(
    plant: Plant,
    *,
    weather: str | None = None,
    workload: str | None = None,
    start: str | None = None,
    days: float = 1.0,
    step: float = 15.0,
    warm_up: float = WARM_UP,
    seed: int = 0,
    zone: str | None = None,
    delimiter: str = ",",
    decimal: str = ".",
) -> Scenario:
    """Align weather and workload for one plant.

    The time axis is in the zone of the weather, the site's local standard time, whatever the offsets of a load file; a load that brings
    its own wet bulb keeps its own zone where no weather is named.

    Args:
        plant: the plant that will be run.
        weather: catalogue name or file; the site's own if none.
        workload: catalogue name or file; the site's own if none.
        start: begin of the scored period, ``MM-DD``, ``YYYY-MM-DD`` or an ISO 8601 time, in the zone of a load that has its own time, else
            in that of the weather. Without it, the load's own start, or 1 January for a generated one.
        days: length of the scored period.
        step: plant step [s].
        warm_up: time before it [s].
        seed: of generated loads.
        zone: zone of naive time stamps in a user's load file.
        delimiter: of that file.
        decimal: decimal mark of that file.

    Raises:
        ScenarioError: series and plant do not fit.
        DataError: a series is unusable.
    """
    s = plant.site
    if seed < 0:
        raise ScenarioError(f"seed = {seed}: must be at least 0")
    period = Period(start, days, step, warm_up)
    own_weather = weather is None and (workload or s.workload) in BRINGS_WEATHER
    series = None if own_weather else load_weather(weather or s.weather)
    placed = place(s, workload, series, period, zone=zone, delimiter=delimiter, decimal=decimal, seed=seed)
    load, begin = placed.load, placed.begin
    liquid, air = _to_racks(plant, load)
    notes = [load.provenance]
    if load.report is not None and load.report.notes():
        notes.append(f"workload {load.name} repaired: {', '.join(load.report.notes())}")
    if placed.held:
        notes.append(f"first sample held {placed.held / 3600.0:g} h as warm-up")
    if series is not None:
        begin = begin.tz_convert(series.frame.index.tz)  # type: ignore[attr-defined]
    index = pd.date_range(begin - pd.Timedelta(seconds=period.n_warm * step), periods=len(air), freq=pd.Timedelta(seconds=step))
    past = None
    if series is None:
        if load.T_wb is None:
            raise ScenarioError(f"workload {load.name} brings no weather; name one")
        T_wb, T_db, p = load.T_wb, load.T_wb + DRY_BULB_ABOVE_WET, np.full(len(air), s.p)
        notes.append(f"wet bulb from the trace; dry bulb taken {DRY_BULB_ABOVE_WET:g} K above it, pressure from altitude")
    else:
        T_wb, T_db, p = _outdoor(series, index + pd.Timedelta(seconds=0.5 * step))
        past = _day_before(series, index[0])
        notes.append(f"weather {series.name} ({series.source}); row time stamps taken as instants")
        if series.n_filled:
            notes.append(f"weather {series.name} repaired: {series.n_filled} missing values interpolated")
    _check_design(plant, liquid.sum(axis=1) + air)
    return Scenario(
        name=f"{s.name} {begin:%Y-%m-%d}", setting=setting_of(s.name, load, series, begin), step=step, start=begin,
        warm_up=period.n_warm * step, q_rack=liquid, q_air=air, T_wb=T_wb, T_db=T_db, p=p, provenance=tuple(notes), weather_past=past,
    )  # fmt: skip


def _to_racks(plant: Plant, load: Workload) -> tuple[np.ndarray, np.ndarray]:
    """Heat by rack: the heat of a CDU is spread evenly over its racks."""
    s = plant.site
    if load.unit == "cdu" and not hasattr(s, "cdu_of_rack"):
        # No CDUs to give their heat to: the whole load, spread over the racks.
        return np.repeat(load.q_liquid.sum(axis=1, keepdims=True) / s.n_racks, s.n_racks, axis=1), load.q_air.sum(axis=1)
    if load.unit == "cdu":
        if load.q_liquid.shape[1] != s.n_cdu:
            raise ScenarioError(f"workload {load.name} has {load.q_liquid.shape[1]} CDUs, plant {s.name} has {s.n_cdu}")
        racks = np.bincount(s.cdu_of_rack)
        return (load.q_liquid / racks)[:, s.cdu_of_rack], load.q_air.sum(axis=1)
    if load.q_liquid.shape[1] != s.n_racks:
        raise ScenarioError(f"workload {load.name} has {load.q_liquid.shape[1]} racks, plant {s.name} has {s.n_racks}")
    return load.q_liquid, load.q_air.sum(axis=1)


def _outdoor(series: Weather, at: pd.DatetimeIndex) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    frame = series.at(at)
    T_db, p = frame["T_db"].to_numpy(), frame["p"].to_numpy()
    if "T_wb" in frame:
        return frame["T_wb"].to_numpy(), T_db, p
    w = humidity_ratio_from_dew_point(np.minimum(frame["T_dp"].to_numpy(), T_db), p)
    return np.asarray(wet_bulb(T_db, w, p)), T_db, p


def day_before(at: pd.Timestamp, weather: str | None) -> tuple[pd.Timestamp, pd.DataFrame | None]:
    """A time in the zone of a weather series where it has none of its own, and the hourly weather of the day before it.

    Args:
        at: in UTC where neither it nor a series has a zone.
        weather: catalogue name or file.

    Raises:
        DataError: unknown or unusable weather.
    """
    series = None if weather is None else load_weather(weather)
    zone = "UTC" if series is None else series.frame.index.tz  # type: ignore[attr-defined]
    begin = at.tz_localize(zone) if at.tzinfo is None else at
    return begin, None if series is None else _day_before(series, begin)


def _day_before(series: Weather, first: pd.Timestamp) -> pd.DataFrame | None:
    """Hourly weather of the day before a run, or none where the series begins later."""
    before = pd.date_range(first - pd.Timedelta(hours=23.5), periods=24, freq="h")
    try:
        wb, db, _ = _outdoor(series, before)
    except MissingDataError:
        return None
    return pd.DataFrame({"T_wb": wb, "T_db": db}, index=before)


def _check_design(plant: Plant, P_it: np.ndarray) -> None:
    highest, rated = float(P_it.max()), plant.site.P_it_nominal
    if highest > 1.1 * rated:
        raise ScenarioError(
            f"IT load reaches {highest / 1e6:.3g} MW, the plant is rated {rated / 1e6:.3g} MW (ratio {highest / rated:.3g}); "
            "check the unit of the workload"
        )
