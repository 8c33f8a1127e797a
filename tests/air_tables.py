"""Reference tables and their comparison, for the tests of the air side."""

from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from numpy.typing import ArrayLike

REFERENCE = Path(__file__).parent / "reference"
K = 273.15


def table(name: str) -> pd.DataFrame:
    """One reference table."""
    return pd.read_csv(REFERENCE / f"{name}.csv")


def within(got: ArrayLike, expected: ArrayLike, tolerance: ArrayLike) -> None:
    """Every row within its tolerance; the worst one is named."""
    got, expected, tolerance = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (got, expected, tolerance)))
    error = np.abs(got - expected)
    worst = int(np.argmax(error / tolerance))
    assert np.all(error <= tolerance), f"row {worst}: {got[worst]} against {expected[worst]}, tolerance {tolerance[worst]}"


def span(low: float, high: float) -> st.SearchStrategy[float]:
    """Floats between two finite bounds."""
    return st.floats(low, high, allow_nan=False)
