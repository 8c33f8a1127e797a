"""Metered energy with weather and IT load, on equal intervals: what savings are computed from."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd

from lowlift.sim.trajectory import Trajectory

ZERO_C, DAY = 273.15, 86400.0
TEMPERATURES = {"T_wb": "wet bulb", "T_db": "dry bulb"}
FREQUENCIES = {"hourly": "h", "daily": "D"}
LOST = 0.05
"""Largest share of intervals that may be without a reading."""
OUTDOORS = (-60.0, 60.0)
"""Least and largest outdoor temperature that is believed [degC]: what lies beyond is in kelvin or Fahrenheit, or a broken sensor."""
MOIST = 1.0
"""So far may a wet bulb lie above the dry bulb: two sensors in fog [K]."""
WHOLE = 0.95
"""Share of an hour or day that readings must cover to count."""


class SavingsError(ValueError):
    """Readings from which no savings can be computed; the message names the column, value and bound."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Meter:
    """Mean powers and temperatures of intervals."""

    name: str
    frequency: str
    """``hourly`` or ``daily``: of local days, of 23 to 25 hours."""
    frame: pd.DataFrame
    """By the zone-aware start of the interval: ``P`` metered power [W], ``hours`` its length [h], ``T_wb`` or ``T_db`` or both [K], and
    ``P_it`` [W] if known."""
    lost: int = 0
    """Intervals left out for want of readings."""

    @property
    def energy(self) -> float:
        """Sum over the period [J]."""
        return float(np.sum(self.frame["P"] * self.frame["hours"]) * 3600.0)

    @property
    def span(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """Start of the first and of the last interval."""
        return self.frame.index[0], self.frame.index[-1]


def metered(frame: pd.DataFrame, name: str, *, frequency: str = "daily", zone: str | None = None) -> Meter:
    """Readings on equal intervals brought to hours or local days.

    Args:
        frame: by the start of each interval: ``energy_kWh`` used in it, ``T_wb_degC`` or ``T_db_degC`` or both, and ``it_kWh`` if known.
        name: for messages.
        frequency: ``hourly`` or ``daily``.
        zone: of time stamps without offset, and of the local days.

    Raises:
        SavingsError: columns missing, times unordered, uneven or coarser than wanted, negative energy, temperatures that are none outdoors
            (-60 to 60 degC), a wet bulb more than 1 K above the dry bulb, or too many gaps.
    """
    if frequency not in FREQUENCIES:
        raise SavingsError(f"frequency = {frequency!r}: must be hourly or daily")
    if not isinstance(frame.index, pd.DatetimeIndex):
        raise SavingsError(f"{name}: must be indexed by time")
    index = frame.index
    if index.tz is None:
        if zone is None:
            raise SavingsError(f"{name}: times have no offset from UTC; state their zone")
        index = index.tz_localize(zone, ambiguous="infer", nonexistent="raise")
    elif zone is not None:
        index = index.tz_convert(zone)
    known = ["energy_kWh", "it_kWh", *(f"{t}_degC" for t in TEMPERATURES)]
    if "energy_kWh" not in frame or not any(f"{t}_degC" in frame for t in TEMPERATURES):
        raise SavingsError(
            f"{name}: needs the columns energy_kWh and T_wb_degC or T_db_degC (and it_kWh if known); has {list(frame.columns)}"
        )
    if not index.is_monotonic_increasing or index.has_duplicates:
        raise SavingsError(f"{name}: times must rise, each once")
    hours = _lengths(index, name, frequency)
    values = frame[[c for c in known if c in frame]].astype(float).set_axis(index)
    _check_values(values, name)
    end = index[-1] + pd.Timedelta(hours=hours.iloc[-1])
    values = values.dropna()
    hours = hours[values.index]
    out = pd.DataFrame({"P": values["energy_kWh"] * 1e3 / hours, "hours": hours}, index=values.index)
    for t in TEMPERATURES:
        if f"{t}_degC" in values:
            out[t] = values[f"{t}_degC"] + ZERO_C
    if "it_kWh" in values:
        out["P_it"] = values["it_kWh"] * 1e3 / hours
    return _gathered(out, name, frequency, (index[0], end))


def meter_of(run: Trajectory, *, frequency: str = "hourly", whole: bool = False) -> Meter:
    """The readings that meters would have given in the scored period of a run.

    Args:
        run: the run.
        frequency: ``hourly`` or ``daily``.
        whole: the facility's meter, IT included, instead of the cooling plant's.
    """
    frame = run.scored
    P = run.power() + (frame["P_it"].to_numpy() + frame["P_losses"].to_numpy() if whole else 0.0)
    out = pd.DataFrame({"P": P, "hours": run.step / 3600.0, "P_it": frame["P_it"].to_numpy()}, index=frame.index)
    for t in TEMPERATURES:
        if run.has(t):
            out[t] = run.components(t)[:, 0]
    end = frame.index[-1] + pd.Timedelta(seconds=run.step)
    return _gathered(out, f"{run.controller}, {run.scenario}", frequency, (frame.index[0], end))


def read_meter(path: str | Path, *, frequency: str = "daily", zone: str | None = None) -> Meter:
    """A CSV file with a ``time`` column and those of :func:`metered`.

    Raises:
        SavingsError: unreadable, or as in :func:`metered`.
    """
    try:
        table = pd.read_csv(path)
        texts = table.pop("time")
    except (OSError, ValueError, KeyError) as error:
        raise SavingsError(f"{path}: no CSV with a column 'time': {error}") from error
    try:
        offsets = texts.astype(str).str.contains(r"(?:Z|[+-]\d\d:?\d\d)$")
        times = pd.DatetimeIndex(pd.to_datetime(texts, utc=bool(offsets.all())))
        if offsets.all() and zone is None:
            first = pd.Timestamp(str(texts.iloc[0]))
            times = times.tz_convert(first.tz)
        return metered(table.set_axis(times), str(path), frequency=frequency, zone=zone)
    except (ValueError, TypeError) as error:
        if isinstance(error, SavingsError):
            raise
        raise SavingsError(f"{path}: {error}") from error


def _check_values(values: pd.DataFrame, name: str) -> None:
    """Refuse the first reading that cannot be; what is missing is no reading."""
    for column in values:
        unit = str(column).rpartition("_")[2]
        low, high = OUTDOORS if unit == "degC" else (0.0, np.inf)
        wrong = values[column][np.isinf(values[column]) | (values[column] < low) | (values[column] > high)]
        if len(wrong):
            bound = f"from {low:g} to {high:g} {unit}" if unit == "degC" else f"at least 0 {unit}"
            raise SavingsError(f"{name}: {column} = {wrong.iloc[0]:g} {unit} at {wrong.index[0].isoformat()}: must be a number, {bound}")
    if "T_wb_degC" in values and "T_db_degC" in values:
        moist = values[values["T_wb_degC"] > values["T_db_degC"] + MOIST]
        if len(moist):
            wet, dry, at = moist["T_wb_degC"].iloc[0], moist["T_db_degC"].iloc[0], moist.index[0]
            said = f"{name}: T_wb_degC = {wet:g} degC at {at.isoformat()}: must be at most T_db_degC = {dry:g} degC"
            raise SavingsError(f"{said}, with {MOIST:g} K for the errors of two sensors: are the columns swapped?")


def _lengths(index: pd.DatetimeIndex, name: str, frequency: str) -> pd.Series:
    """Length of each interval [h]: all the same, or local days from midnight to midnight."""
    steps = np.diff(index.as_unit("s").asi8)
    step = float(np.median(steps)) if len(steps) else 0.0
    if step == DAY and frequency == "daily" and (index == index.normalize()).all():
        ends = index + pd.DateOffset(days=1)
        return pd.Series((ends.as_unit("s").asi8 - index.as_unit("s").asi8) / 3600.0, index=index)
    if step <= 0.0 or np.any(steps % step) or step > (3600.0 if frequency == "hourly" else DAY):
        raise SavingsError(f"{name}: intervals of {step:g} s; {frequency} values need equal ones that are no longer, days from midnight on")
    return pd.Series(step / 3600.0, index=index)


def _gathered(values: pd.DataFrame, name: str, frequency: str, span: tuple[pd.Timestamp, pd.Timestamp]) -> Meter:
    freq, index = FREQUENCIES[frequency], pd.DatetimeIndex(values.index)
    if frequency == "hourly":
        # Hours are floored in UTC, where none repeats.
        key = index.tz_convert("UTC").floor(freq).tz_convert(index.tz)
        edges = pd.date_range(span[0].tz_convert("UTC").ceil(freq), span[1].tz_convert("UTC").floor(freq), freq=freq).tz_convert(span[0].tz)
    else:
        key = index.normalize()
        edges = pd.date_range((span[0] + pd.Timedelta(days=1) - pd.Timedelta(nanoseconds=1)).normalize(), span[1].normalize(), freq=freq)
    if len(edges) < 3:
        raise SavingsError(f"{name}: {max(len(edges) - 1, 0)} whole intervals; {frequency} values need more")
    full = pd.Series(np.diff(edges.as_unit("s").asi8) / 3600.0, index=edges[:-1])
    weights = values["hours"]
    groups = values.mul(weights, axis=0).assign(hours=weights).groupby(key).sum()
    means = groups.div(groups["hours"], axis=0).assign(hours=groups["hours"]).reindex(full.index)
    kept = means[means["hours"] >= WHOLE * full]
    lost = len(full) - len(kept)
    if lost > LOST * len(full):
        raise SavingsError(f"{name}: {lost} of {len(full)} intervals lack readings; at most {100.0 * LOST:g} % may")
    return Meter(name=name, frequency=frequency, frame=kept.assign(hours=full[kept.index]), lost=lost)
