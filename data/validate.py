"""Checks of time series from people: order, duplicates, gaps, signs and units.

What can be mended without guessing is mended and counted; everything else is refused with the row, the value and the cure.
"""

import dataclasses
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from lowlift.data.errors import DataError, DuplicateTimestampError, MissingDataError, UnitPlausibilityError

SMALL_NEGATIVE = 0.01
"""Negative loads down to this share of the rating are meter noise and set to zero."""
PLAUSIBLE = (0.01, 1.1)
"""Range of a load's maximum over the rating."""


@dataclasses.dataclass(frozen=True)
class ValidationReport:
    """What was mended."""

    sorted_rows: int = 0
    dropped_duplicates: int = 0
    clipped: int = 0
    """Small negative values set to zero."""

    def notes(self) -> list[str]:
        """One phrase for each kind of repair."""
        said = {
            "rows out of order sorted": self.sorted_rows,
            "repeated rows dropped": self.dropped_duplicates,
            "small negative values set to zero": self.clipped,
        }
        return [f"{n} {what}" for what, n in said.items() if n]


def in_order(path: Path, frame: pd.DataFrame) -> tuple[pd.DataFrame, ValidationReport]:
    """Sort by time, drop repeated rows, and refuse contradictions and gaps.

    Raises:
        DuplicateTimestampError: one time stamp with two values.
        MissingDataError: rows missing, or no two different times.
    """
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
    if len(frame) < 2:
        raise MissingDataError(f"{path}: all rows carry the time {frame.index[0]}; at least two are expected")
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
