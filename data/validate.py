"""Checks of time series from people: dialect, order, duplicates, gaps, zones, signs and units.

What can be mended without guessing is mended and counted; everything else is refused with the row, the value and the cure.
"""

import dataclasses
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from lowlift.data.errors import (
    DataError,
    DialectError,
    DuplicateTimestampError,
    MissingDataError,
    TimeZoneError,
    UnitPlausibilityError,
)

SMALL_NEGATIVE = 0.01
"""Negative loads down to this share of the rating are meter noise and set to zero."""
PLAUSIBLE = (0.01, 1.1)
"""Range of a load's maximum over the rating."""
UNITS = {"_W": 1.0, "_kW": 1e3, "_MW": 1e6}


@dataclasses.dataclass(frozen=True)
class ValidationReport:
    """What was mended."""

    sorted_rows: int = 0
    dropped_duplicates: int = 0
    clipped: int = 0


def read_csv(path: Path, *, zone: str | None, delimiter: str, decimal: str) -> tuple[pd.DataFrame, ValidationReport]:
    """Read a load CSV into watts on a sorted, unique, uniform, zone-aware index.

    Raises:
        DialectError: the text is written in another dialect than declared.
        TimeZoneError: time stamps without a zone and none given, or ambiguous ones.
        DuplicateTimestampError: one time stamp with two values.
        MissingDataError: gaps.
        DataError: anything else, with the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    lines = text.splitlines()
    if len(lines) < 3:
        raise DataError(f"{path}: {len(lines)} lines; a header and at least two rows are expected")
    header = lines[0].split(delimiter)
    if len(header) < 2:
        seen = ";" if ";" in lines[0] else "tab" if "\t" in lines[0] else "something else"
        raise DialectError(f"{path}: no {delimiter!r} in the header, {seen!r} seen; set delimiter (and decimal)")
    if header[0] != "time":
        raise DataError(f"{path}: first column is {header[0]!r}; it must be 'time'")
    for number, line in enumerate(lines[1:], start=2):
        if line.count(delimiter) != len(header) - 1:
            offset = len("\n".join(lines[: number - 1]).encode()) + 1
            raise DialectError(
                f"{path}: line {number} (byte {offset}) has {line.count(delimiter) + 1} fields, the header {len(header)}: "
                "cut off, or a decimal mark that is also the delimiter"
            )
    cells = [line.split(delimiter) for line in lines[1:]]
    factors = [_factor(path, name) for name in header[1:]]
    values = np.empty((len(cells), len(factors)))
    for i, row in enumerate(cells):
        for j, cell in enumerate(row[1:]):
            try:
                values[i, j] = float(cell.replace(decimal, ".") if decimal != "." else cell)
            except ValueError as error:
                raise DialectError(f"{path}: line {i + 2}, {header[j + 1]} = {cell!r} is not a number; set decimal?") from error
    index = _index(path, [row[0] for row in cells], zone)
    frame = pd.DataFrame(values * np.array(factors), index=index, columns=header[1:])
    return _in_order(path, frame)


def _factor(path: Path, name: str) -> float:
    for suffix, factor in sorted(UNITS.items(), key=lambda item: -len(item[0])):
        if name.endswith(suffix):
            return factor
    raise DataError(f"{path}: column {name!r} does not end in its unit (_W, _kW or _MW)")


def _index(path: Path, stamps: list[str], zone: str | None) -> pd.DatetimeIndex:
    try:
        aware = any("+" in s[10:] or s.endswith("Z") or "-" in s[10:] for s in stamps)
        index = pd.DatetimeIndex(pd.to_datetime(stamps, utc=True)) if aware else pd.DatetimeIndex(pd.to_datetime(stamps))
    except ValueError as error:
        raise DataError(f"{path}: time stamps: {error}") from error
    if index.tz is not None:
        return index if zone is None else index.tz_convert(zone)
    if zone is None:
        raise TimeZoneError(f"{path}: time stamps carry no zone ({stamps[0]}); give one, e.g. zone='Europe/Berlin'")
    try:
        return index.tz_localize(zone, ambiguous="infer", nonexistent="raise")
    except (ValueError, TypeError) as error:
        raise TimeZoneError(f"{path}: {error}; write offsets, e.g. 2025-10-26T02:30+02:00") from error


def _in_order(path: Path, frame: pd.DataFrame) -> tuple[pd.DataFrame, ValidationReport]:
    moved = 0
    if not frame.index.is_monotonic_increasing:
        order = np.argsort(frame.index.to_numpy(), kind="stable")
        moved = int((order != np.arange(len(order))).sum())
        frame = frame.iloc[order]
        warnings.warn(f"{path}: {moved} rows were out of order and have been sorted", stacklevel=3)
    repeated = frame.index.duplicated(keep="first")
    dropped = int(repeated.sum())
    if dropped:
        for stamp in frame.index[repeated].unique():
            block = frame.loc[[stamp]].to_numpy()
            if np.any(block != block[0]):
                raise DuplicateTimestampError(f"{path}: {stamp} carries {block[0].tolist()} and {block[1].tolist()}")
        frame = frame[~repeated]
    steps = np.diff(frame.index.as_unit("ns").asi8) / 1e9  # type: ignore[attr-defined]
    usual = float(np.median(steps))
    late = np.flatnonzero(np.abs(steps - usual) > 0.01 * usual)
    if late.size:
        k = int(late[0])
        raise MissingDataError(f"{path}: {frame.index[k]} to {frame.index[k + 1]}: {steps[k]:.0f} s between rows, usually {usual:.0f} s")
    return frame, ValidationReport(sorted_rows=moved, dropped_duplicates=dropped)


def check_load(frame: pd.DataFrame, *, rated: float, what: str) -> tuple[pd.DataFrame, int]:
    """Refuse impossible loads; set small negative ones to zero and count them.

    Raises:
        DataError: not a number, or clearly negative; row and value named.
        UnitPlausibilityError: the maximum is far from the rating; suggests the factor.
    """
    values = frame.to_numpy(copy=True)
    bad = np.argwhere(~np.isfinite(values))
    if bad.size:
        raise DataError(f"{what}: row {bad[0][0] + 2} ({frame.index[bad[0][0]]}): heat load is not a number")
    negative = values < 0.0
    worst = np.argwhere(values < -SMALL_NEGATIVE * rated / values.shape[1])
    if worst.size:
        i, j = worst[0]
        raise DataError(f"{what}: row {i + 2} ({frame.index[i]}): heat load must be >= 0 W, is {values[i, j]:.6g} W")
    values[negative] = 0.0
    ratio = float(values.sum(axis=1).max()) / rated
    if not PLAUSIBLE[0] <= ratio <= PLAUSIBLE[1]:
        factor = 1e-3 if ratio > 1.0 else 1e3
        fits = PLAUSIBLE[0] <= ratio * factor <= PLAUSIBLE[1]
        hint = f"; it would fit with a factor of {factor:g} (1000: kW taken for W, or the reverse)" if fits else ""
        raise UnitPlausibilityError(f"{what}: largest load is {ratio:.4g} of the plant's rated {rated:.4g} W{hint}")
    return pd.DataFrame(values, index=frame.index, columns=frame.columns), int(negative.sum())
