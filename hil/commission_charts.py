"""Charts of a commissioning run: one for each point, with what was wanted of it and the faults that were on."""

import math
from typing import TYPE_CHECKING

import numpy as np

from lowlift.hil.commission_run import Result
from lowlift.hil.commission_watch import CheckResult, Verdict
from lowlift.sim.plot_style import INK, LIMIT, MUTED, panels, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GOOD, READ, FAULT = "#009E73", "#0072B2", "#E69F00"
ROOM = 0.12
"""Space above and below the courses, of their range [1]."""


def chart(result: Result, name: str) -> "Figure":
    """The course of one point: read, true where that is known, wanted bands with their verdict, faults and steps."""
    point, minutes = result.points[name], result.t / 60.0
    read, true = result.courses[name], result.true.get(name)
    with style():
        figure, grid = panels(width=9.0, height=2.9)
        axes: Axes = grid[0, 0]
        step = "steps-post" if point.states or point.whole else "default"
        if true is not None and not np.array_equal(true, read, equal_nan=True):
            axes.plot(minutes, true, color=MUTED, lw=1.2, ls=(0, (4, 2)), label="true", drawstyle=step)
        axes.plot(minutes, read, color=READ, label="read", drawstyle=step)
        checks = [c for s in result.steps for c in s.checks if c.expectation.point == name and math.isfinite(c.t)]
        _range(axes, [read] if true is None else [read, true], checks)
        for check in checks:
            _band(axes, check)
        _faults(axes, result)
        for s in result.steps:
            if math.isfinite(s.begin):
                axes.axvline(s.begin / 60.0, color=MUTED, lw=0.6, ls=":")
        axes.set_title(name, pad=20 if result.spans else 8)
        axes.set_xlabel("minutes since the begin")
        axes.set_ylabel("" if point.unit == "1" else point.unit.replace("degC", "°C"))
        if point.states:
            low = 0 if len(point.states) == 2 else 1
            axes.set_yticks(range(low, low + len(point.states)), point.states)
        axes.margins(x=0.0)
        if true is not None and len(axes.get_legend_handles_labels()[1]) > 1:
            figure.legend(*axes.get_legend_handles_labels(), loc="outside lower right", ncols=2, handlelength=1.6)
    return figure


def _range(axes: "Axes", courses: list[np.ndarray], checks: list[CheckResult]) -> None:
    """Fit the axis to courses and bands, where these are finite."""
    edges = [edge for c in checks for edge in c.expectation.band if math.isfinite(edge)]
    seen = np.concatenate([*(c[np.isfinite(c)] for c in courses), np.array(edges, dtype=float)])
    if len(seen):
        low, high = float(seen.min()), float(seen.max())
        room = max(ROOM * (high - low), 1e-3 * max(abs(low), abs(high)), 1e-3)
        axes.set_ylim(low - room, high + room)


def _band(axes: "Axes", check: CheckResult) -> None:
    """What was wanted, from when it was watched to when it was decided."""
    low, high = check.expectation.band
    begin, end = check.t / 60.0, (check.decided if math.isfinite(check.decided) else check.t) / 60.0
    colour = GOOD if check.verdict is Verdict.PASSED else LIMIT
    bottom, top = axes.get_ylim()
    low, high = max(low, bottom), min(high, top)
    axes.fill_between([begin, end], low, high, color=colour, alpha=0.16, lw=0, zorder=0)
    for edge in check.expectation.band:
        if math.isfinite(edge):
            axes.plot([begin, end], [edge, edge], color=colour, lw=1.1, ls="-" if check.verdict is Verdict.PASSED else (0, (5, 3)))


def _faults(axes: "Axes", result: Result) -> None:
    """Bars, numbered above the panel as in the table of faults: their names would run into each other."""
    for k, span in enumerate(result.spans):
        axes.axvspan(span.begin / 60.0, span.end / 60.0, color=FAULT, alpha=0.09, lw=0, zorder=0)
        axes.annotate(f"F{k + 1}", (span.begin / 60.0, 1.0), xycoords=("data", "axes fraction"), xytext=(1, 3), textcoords="offset points",
                      fontsize=7.5, color=INK, annotation_clip=False)  # fmt: skip
