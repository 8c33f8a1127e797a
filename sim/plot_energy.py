"""Charts of energy: how much, where and when it is saved, and how much of the possible that is."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lowlift.sim.kpis import J_PER_KWH, kpis
from lowlift.sim.looks import cooling_uses
from lowlift.sim.plot_style import (
    INK,
    MUTED,
    PAPER,
    beside,
    colour,
    finish,
    is_narrow,
    legend,
    line,
    panels,
    scored_index,
    style,
    thin,
)
from lowlift.sim.run_words import zone
from lowlift.sim.trajectory import Trajectory

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Runs = Mapping[str, Trajectory]
CUT = -50.0
"""Where bars of controllers that fall behind the reference end [%]."""
SHOWN = 0.5
"""Smallest saving of an end use that gets a bar [kWh]: less reads +0."""
SETTLING = 3600.0
"""Time before a ratio of energies means anything [s]."""


def energy_bars(runs: Runs) -> "Figure":
    """Cooling energy of each controller by end use [MWh]."""
    figures = {name: kpis(run) for name, run in runs.items()}
    with style():
        figure, grid = panels(height=0.9 + 0.42 * len(runs))
        ax = grid[0, 0]
        left = np.zeros(len(runs))
        for use, (label, tint) in cooling_uses(next(iter(runs.values())).site).items():
            width = np.array([k.end_uses_kWh[use] / 1e3 for k in figures.values()])
            if width.any():
                ax.barh(
                    list(runs),
                    width,
                    left=left,
                    color=tint,
                    label=label,
                    height=0.68,
                    edgecolor=PAPER,
                    lw=0.6,
                )
            left = left + width
        for y, (total, k) in enumerate(zip(left, figures.values(), strict=True)):
            beside(ax, total, y, f"{total:,.2f} MWh, PUE {k.pue:.4f}")
        ax.set_xlim(0.0, (2.2 if is_narrow() else 1.3) * left.max())
        ax.set_xlabel("cooling energy [MWh]")
        ax.invert_yaxis()
        ax.grid(visible=False, axis="y")
        ax.tick_params(axis="y", length=0, labelcolor=INK, labelsize=9.5)
        legend(figure, ax)
    return figure


def _saved_so_far(runs: Runs, reference: str) -> dict[str, np.ndarray]:
    """Cooling energy saved against a reference up to each instant [kWh], for runs of its length."""
    base = runs[reference].power()
    return {name: np.cumsum(base - run.power()) * run.step / J_PER_KWH for name, run in runs.items()
            if name != reference and len(run.scored) == len(base)}  # fmt: skip


def left_behind(runs: Runs, reference: str) -> list[str]:
    """Runs that fall behind the reference by more than the best gets ahead: they would squeeze all others into one line."""
    saved = _saved_so_far(runs, reference)
    best = max((float(v[-1]) for v in saved.values()), default=0.0)
    return [name for name, v in saved.items() if best > 0.0 and float(v[-1]) < -best]


def cumulative_cooling(runs: Runs, reference: str) -> "Figure":
    """Cooling energy used so far [MWh], and saved so far against a reference controller [kWh].

    The axis of savings is that of the good runs; those of :func:`left_behind` leave it.
    """
    saved, behind = _saved_so_far(runs, reference), left_behind(runs, reference)
    with style():
        figure, grid = panels(1, 2, height=3.4)
        left, right = grid[0]
        for j, (name, run) in enumerate(runs.items()):
            x, y = thin(scored_index(run), np.cumsum(run.power()) * run.step / J_PER_KWH)
            left.plot(x, y / 1e3, **line(name, j))
            if name in saved:
                right.plot(x, thin(scored_index(run), saved[name])[1], **line(name, j))
        right.axhline(0.0, color=colour(reference), lw=1.4)
        kept = np.concatenate([[0.0], *(v for name, v in saved.items() if name not in behind)])
        if kept.any():
            room = 0.06 * float(np.ptp(kept))
            right.set_ylim(float(kept.min()) - room, float(kept.max()) + room)
        left.set(title="used so far", ylabel="cooling energy [MWh]", ylim=(0.0, None))
        right.set(title=f"saved so far against {reference}", ylabel="cooling energy saved [kWh]")
        finish(grid, runs[reference])
        legend(figure, left)
    return figure


def running_pue(runs: Runs, without: Sequence[str] = ()) -> "Figure":
    """PUE of the period up to each instant, a ratio of energies; the first hour is left out, runs named in ``without`` leave the axis."""
    with style():
        figure, grid = panels(height=3.0)
        ax = grid[0, 0]
        seen = []
        for j, (name, run) in enumerate(runs.items()):
            ratio = np.cumsum(run.power(*run.sheet.powers)) / np.cumsum(run.power(*run.sheet.it))
            # Over minutes the ratio is noise; a run of less than two hours shows its second half.
            first = min(round(SETTLING / run.step), len(ratio) // 2)
            ax.plot(*thin(scored_index(run)[first:], ratio[first:]), **line(name, j))
            if name not in without:
                seen.append(ratio[first:])
        low, high = min(float(r.min()) for r in seen), max(float(r.max()) for r in seen)
        room = max(0.06 * (high - low), 1e-4)
        ax.set(ylabel="PUE of the period so far [1]", ylim=(low - room, high + room))
        finish(grid, next(iter(runs.values())))
        legend(figure, ax)
    return figure


def savings(run: Trajectory, reference: Trajectory) -> "Figure":
    """Where and when ``run`` saves against ``reference``: by end use and by hour of the local day [kWh]."""
    uses = cooling_uses(run.site)
    saved = {use: float((reference.power(f"P_{use}") - run.power(f"P_{use}")).sum()) * run.step / J_PER_KWH for use in uses}
    by_use = {uses[use][0]: value for use, value in saved.items() if abs(value) >= SHOWN} or {"cooling": sum(saved.values())}
    tints = [tint for label, tint in uses.values() if label in by_use] or [MUTED]
    by_hour = saved_by_hour(run, reference)
    with style():
        figure, grid = panels(1, 2, height=3.2, width_ratios=[1.0, 1.25])
        left, right = grid[0]
        left.barh(list(by_use), list(by_use.values()), color=tints, height=0.68)
        span = max([abs(v) for v in by_use.values()] + [1e-9])
        for y, value in enumerate(by_use.values()):
            beside(left, value, y, f"{value:+,.0f}")
        low, high = min([0.0, *by_use.values()]), max([0.0, *by_use.values()])
        left.set_xlim(low - (0.4 * span if low < 0.0 else 0.05 * span), high + 0.3 * span)
        left.invert_yaxis()
        left.grid(visible=False, axis="y")
        left.tick_params(axis="y", length=0, labelcolor=INK)
        left.set(title="by end use", xlabel=f"saved against {reference.controller} [kWh]")
        right.bar(by_hour.index + 0.5, by_hour, width=0.84, color=colour(run.controller))
        right.set(title="by hour of the day", xlabel=f"local hour, {zone(scored_index(run))}", ylabel="saved [kWh]", xlim=(0, 24))
        right.set_xticks(range(0, 25, 3))
        for ax in (left, right):
            (ax.axvline if ax is left else ax.axhline)(0.0, color=MUTED, lw=0.8)
    return figure


def saved_by_hour(run: Trajectory, reference: Trajectory) -> pd.Series:
    """Cooling energy saved in each hour of the local day, summed over days [kWh]."""
    saved = pd.Series((reference.power() - run.power()) * run.step / J_PER_KWH, index=run.scored.index)
    total: pd.Series = saved.groupby(scored_index(run).hour).sum().reindex(range(24), fill_value=0.0)
    return total


def gap_bars(figures: pd.DataFrame) -> "Figure":
    """Fraction of the gap to the oracle that each controller closes [%]; n/a where the gap is too small."""
    kept = figures[~figures["controller"].isin(["Oracle"])]
    with style():
        figure, grid = panels(height=0.9 + 0.5 * len(kept))
        ax = grid[0, 0]
        y = np.arange(len(kept))
        for key, reference, shift in (
            ("gap_closed", "SiteTuned", -0.2),
            ("gap_closed_g36", "Guideline36", 0.2),
        ):
            share = 100.0 * kept[key].to_numpy(dtype=float)
            bars = np.clip(np.nan_to_num(share), CUT, None)
            ax.barh(y + shift, bars, height=0.36, color=colour(reference), label=f"against {reference}")
            for k, value in enumerate(share):
                text = "n/a" if np.isnan(value) else f"{value:.0f} %"
                beside(ax, max(bars[k], 0.0), k + shift, text, bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1.0})
        ax.axvline(100.0, color=INK, lw=1.2, ls="--")
        ax.axvline(0.0, color=MUTED, lw=0.8)
        ax.set_yticks(y, kept["controller"])
        ax.invert_yaxis()
        ax.grid(visible=False, axis="y")
        ax.tick_params(axis="y", length=0, labelcolor=INK, labelsize=9.5)
        ax.set(xlabel="gap to the oracle closed [%]", xlim=(CUT, 115.0))
        legend(figure, ax)
    return figure
