"""The plan against what happened: plans as they stood at a few decisions, over the measured course."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lowlift.controllers.interface import Plan
from lowlift.models.site import ZERO_C
from lowlift.sim.looks import look_of
from lowlift.sim.plot_style import MUTED, colour, dates, finish, legend, limit_lines, panels, scored_index, style, thin
from lowlift.sim.trajectory import Trajectory

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HOURS = 8.0
"""How far ahead a plan is drawn [h]."""


def _drawable(run: Trajectory) -> list[Plan]:
    """Plans whose first stage ends within the hours that are drawn and before the run does: others have no point to draw."""
    end = len(run.frame) * run.step
    plans = [d.plan for _, d in run.scored_decisions() if d.plan is not None]
    return [p for p in plans if p.t[1] <= min(p.t[0] + 3600.0 * HOURS, end)]


def has_plans(run: Trajectory) -> bool:
    """Whether the run made plans that can be drawn: rules make none, a steady optimum plans no course."""
    return bool(_drawable(run))


def plan_against_actual(run: Trajectory, *, plans: int = 6) -> "Figure":
    """Plans as they stood at a few decisions, over what then happened.

    Raises:
        ValueError: the run has no plans that can be drawn.
    """
    made = _drawable(run)
    if not made:
        raise ValueError(f"{run.controller}: its decisions carry no plans")
    chosen = [made[k] for k in np.linspace(0, len(made) - 1, plans + 1).astype(int)[:-1]]
    predicted = look_of(run.site).predicted
    names = [n for n in predicted if n in chosen[0].predicted and (n.startswith("P_") or run.has(n))]
    end = dates(scored_index(run))[-1]
    tint = colour(run.controller)
    happened: Any = {"color": MUTED, "lw": 2.4, "alpha": 0.45, "label": "what happened"}
    with style():
        figure, grid = panels((len(names) + 1) // 2, 2, used=len(names), height=2.5)
        for ax, name in zip(grid.flat, names, strict=False):
            panel = predicted[name]
            ax.plot(*thin(scored_index(run), panel.measured(run), "max" if panel.worst else "mean"), **happened)
            for k, plan in enumerate(chosen):
                x, y = _planned(run, plan, name)
                keep = x <= end
                ax.plot(x[keep], y[keep], color=tint, lw=1.3, label=None if k else "as planned")
                ax.plot(x[:1], y[:1], "o", color=tint, ms=4, label=None if k else "decision")
            ax.set(title=panel.title, ylabel=panel.label)
            limit = panel.limit(run.site.limits)
            limit_lines(ax, {} if limit is None else {"limit": limit - ZERO_C})
        finish(grid, run)
        legend(figure, grid.flat[0])
    return figure


def _times(run: Trajectory, t: np.ndarray) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(run.start + pd.to_timedelta(t, unit="s"))


def _planned(run: Trajectory, plan: Plan, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Positions and values in display units; stage values are means (powers) or stage ends (temperatures)."""
    values = np.asarray(plan.predicted[name], dtype=float)
    t = np.asarray(plan.t, dtype=float)
    if name.startswith("T_"):
        series = (values.max(axis=1) if look_of(run.site).predicted[name].worst else values.mean(axis=1)) - ZERO_C
        at = t if len(series) == len(t) else t[1:]
    else:
        series = values.sum(axis=1) / 1e3
        at = 0.5 * (t[1:] + t[:-1]) if len(series) == len(t) - 1 else t
    keep = at <= t[0] + 3600.0 * HOURS
    return dates(_times(run, at[keep])), series[keep]
