"""Reference tables, their comparison, and laws over whole domains, for the tests of the air side."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
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


def law(*domains: st.SearchStrategy[float]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A law over its domains; without a deadline, because ratings are solved (and SciPy is imported) on first use."""

    def decorate(test: Callable[..., None]) -> Any:
        return settings(deadline=None)(given(*domains)(test))

    return decorate
