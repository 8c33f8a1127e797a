"""Reading the reference tables and comparing with them row by row."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

REFERENCE = Path(__file__).parent / "reference"
K = 273.15


def table(name: str) -> pd.DataFrame:
    """One reference table; its source, equations and tolerances are in the ``.md`` of the same name."""
    return pd.read_csv(REFERENCE / f"{name}.csv")


def columns(rows: pd.DataFrame, *names: str) -> list[np.ndarray]:
    """Columns as arrays; those in degrees Celsius (``t_..._C``) come in kelvin."""
    return [rows[n].to_numpy(dtype=float) + (K if n.startswith("t_") and n.endswith("_C") else 0.0) for n in names]


def within(got: Any, expected: Any, tolerance: Any) -> None:
    """Every row within its own tolerance; names the worst one otherwise."""
    error = np.abs(np.asarray(got) - np.asarray(expected))
    worst = int(np.argmax(error / np.asarray(tolerance)))
    assert np.all(error <= tolerance), f"row {worst}: {np.asarray(got)[worst]} against {np.asarray(expected)[worst]}"


def within_relative(got: Any, expected: Any, tolerance: Any) -> None:
    """As :func:`within`, the tolerance being relative to the value expected."""
    within(got, expected, np.asarray(tolerance) * np.abs(np.asarray(expected)))
