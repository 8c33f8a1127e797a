"""The tower setpoint's offset over wet bulb with the least cooling energy in a year.

What
    A small offset costs fan power, a large one chiller power; between lies one optimum. A coarse grid finds its neighbourhood, a golden
    section search the optimum, for all climates and chilled-water setpoints at once: every step runs one year of each.

Validity
    The search needs a single minimum between the neighbours of the best grid point. The result is never worse than the grid, which
    holds the whole numbers of kelvin in the range.
"""

import dataclasses

import numpy as np

from lowlift.models.chiller_plant import Array, ChillerPlant
from lowlift.models.plant_year import YearCase, run_years

GOLDEN = 0.5 * (5.0**0.5 - 1.0)
SEARCH_STEPS = 10
"""Golden-section steps from a bracket of two grid steps: 2 K shrink to 0.02 K."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Optimum:
    """Best offsets, arrays ``(cases,)``."""

    offset: Array
    """Best offset [K]."""
    pue: Array
    """Its PUE with cooling only."""
    pue_grid: Array
    """Best PUE among the whole kelvins."""
    unmet_share: Array
    """Share of hours with unmet load at the best offset."""


def best_offset(
    plant: ChillerPlant, cases: list[YearCase], Q_it: Array, *, low: int = 2, high: int = 17, iterations: int | None = None
) -> Optimum:
    """Best offset in ``low .. high`` [K] for each case; the cases' own offsets are ignored.

    Args:
        plant: chiller, tower and pumps.
        cases: weather and chilled-water setpoints.
        Q_it: IT heat of every hour [W].
        low: least offset [K].
        high: largest offset [K].
        iterations: how the condenser loop is closed, see :mod:`lowlift.models.plant_year`.
    """
    n = len(cases)

    def run(offsets: Array) -> tuple[Array, Array]:
        trial = [dataclasses.replace(c, offset=float(x)) for c, x in zip(cases, offsets, strict=True)]
        years = run_years(plant, trial, Q_it, iterations=iterations)
        return years.pue_cooling, years.unmet_share

    grid = np.arange(low, high + 1, dtype=float)
    runs = [run(np.full(n, x)) for x in grid]
    pue_of, unmet_of = (np.stack(column) for column in zip(*runs, strict=True))
    best = np.argmin(pue_of, axis=0)
    at = np.arange(n)
    x_best, f_best, u_best = grid[best], pue_of[best, at], unmet_of[best, at]
    pue_grid = f_best.copy()
    a, b = np.maximum(x_best - 1.0, low), np.minimum(x_best + 1.0, high)
    c, d = b - GOLDEN * (b - a), a + GOLDEN * (b - a)
    (f_c, u_c), (f_d, u_d) = run(c), run(d)
    for _ in range(SEARCH_STEPS):
        for x, f, u in ((c, f_c, u_c), (d, f_d, u_d)):
            better = f < f_best
            x_best, f_best, u_best = np.where(better, x, x_best), np.where(better, f, f_best), np.where(better, u, u_best)
        left = f_c < f_d
        a, b = np.where(left, a, c), np.where(left, d, b)
        fresh = np.where(left, b - GOLDEN * (b - a), a + GOLDEN * (b - a))
        f_new, u_new = run(fresh)
        c, d = np.where(left, fresh, d), np.where(left, c, fresh)
        f_c, f_d = np.where(left, f_new, f_d), np.where(left, f_c, f_new)
        u_c, u_d = np.where(left, u_new, u_d), np.where(left, u_c, u_new)
    return Optimum(offset=x_best, pue=f_best, pue_grid=pue_grid, unmet_share=u_best)
