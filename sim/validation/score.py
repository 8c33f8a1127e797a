"""Computed against expected values: errors as multiples of the tolerance."""

import dataclasses

import numpy as np

from lowlift.sim.validation.spec import Array

ENOUGH = 0.99
"""Share of rows inside tolerance that a table must reach."""
WORST_ROWS = 3
"""Rows listed of a table."""


@dataclasses.dataclass(frozen=True)
class ColumnScore:
    """One output column against what was expected."""

    name: str
    tol: str | None
    rows: int
    """Rows with an expected and a computed value."""
    median: float
    worst: float
    """Largest error, in the unit of the column."""
    worst_row: int
    median_relative: float
    worst_relative: float
    inside: float | None
    """Share inside tolerance; None without one."""
    worst_share: float | None
    """Largest error over its tolerance."""


@dataclasses.dataclass(frozen=True)
class WorstRow:
    """A row as far outside (or as near the edge) as any."""

    row: int
    column: str
    computed: float
    expected: float
    share: float
    """Error over tolerance."""


def column_score(name: str, tol: str | None, got: Array, expected: Array, allowed: Array | None) -> ColumnScore | None:
    """Compare one column over all rows; None where nothing was expected."""
    both = np.flatnonzero(np.isfinite(got) & np.isfinite(expected))
    if both.size == 0:
        return None
    error = np.abs(got - expected)[both]
    size = np.abs(expected[both])
    relative = error[size > 0.0] / size[size > 0.0]
    share = None if allowed is None else error / allowed[both]
    at = int(np.argmax(error if share is None else share))
    return ColumnScore(
        name=name, tol=tol, rows=int(both.size), median=float(np.median(error)), worst=float(error.max()), worst_row=int(both[at]),
        median_relative=float(np.median(relative)) if relative.size else 0.0,
        worst_relative=float(relative.max()) if relative.size else 0.0,
        inside=None if share is None else float(np.mean(share <= 1.0)), worst_share=None if share is None else float(share.max()),
    )  # fmt: skip


def shares(got: dict[str, Array], expected: dict[str, Array], allowed: dict[str, Array]) -> tuple[Array, Array]:
    """Largest error over tolerance of each row, and the place of its column in ``allowed``; nan where nothing is compared."""
    table = np.array([np.abs(got[n] - expected[n]) / allowed[n] for n in allowed])
    filled = np.where(np.isfinite(table), table, -1.0)
    largest = filled.max(axis=0)
    return np.where(largest < 0.0, np.nan, largest), filled.argmax(axis=0)


def worst_rows(share: Array, column: Array, names: list[str], got: dict[str, Array], expected: dict[str, Array]) -> list[WorstRow]:
    """The rows with the largest errors over tolerance."""
    order = [int(i) for i in np.argsort(-np.nan_to_num(share, nan=-1.0))[:WORST_ROWS] if np.isfinite(share[i])]
    return [
        WorstRow(i, n, float(got[n][i]), float(expected[n][i]), float(share[i])) for i in order for n in [names[int(column[i])]]
    ]  # fmt: skip
