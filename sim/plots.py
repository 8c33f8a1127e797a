"""Charts of runs: energy, power, temperatures against limits, setpoints, plans against what happened.

Every function draws one Matplotlib figure from finished runs and returns it; degC and kW appear here and
nowhere deeper. Matplotlib is imported when the first chart is drawn.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lowlift.controllers.interface import setpoint_table
from lowlift.models.site import ZERO_C
from lowlift.sim.looks import cooling_uses, look_of
from lowlift.sim.plot_energy import (
    cumulative_cooling,
    energy_bars,
    gap_bars,
    left_behind,
    running_pue,
    saved_by_hour,
    savings,
)
from lowlift.sim.plot_heat import heat_flow
from lowlift.sim.plot_plan import has_plans, plan_against_actual
from lowlift.sim.plot_style import (
    INK,
    colour,
    finish,
    legend,
    limit_lines,
    line,
    panels,
    scored_index,
    style,
    thin,
)
from lowlift.sim.run_words import dry_bulb_assumed, site_unit
from lowlift.sim.trajectory import Trajectory

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "conditions",
    "cumulative_cooling",
    "energy_bars",
    "gap_bars",
    "has_plans",
    "heat_flow",
    "left_behind",
    "plan_against_actual",
    "power_over_time",
    "running_pue",
    "saved_by_hour",
    "savings",
    "setpoints",
    "temperatures",
]

Runs = Mapping[str, Trajectory]


def power_over_time(run: Trajectory, reference: Trajectory | None = None) -> "Figure":
    """Cooling power by end use, stacked [kW], with the total of a reference controller as a line."""
    with style():
        figure, grid = panels(height=3.6)
        ax = grid[0, 0]
        known = cooling_uses(run.site)
        uses = [use for use in known if run.scored[f"P_{use}"].to_numpy().any()]
        stack = [thin(scored_index(run), run.power(f"P_{use}") / 1e3) for use in uses]
        labels, tints = zip(*(known[use] for use in uses), strict=True)
        ax.stackplot(stack[0][0], *(y for _, y in stack), labels=labels, colors=tints, lw=0.0)
        if reference is not None:
            x, y = thin(scored_index(reference), reference.power() / 1e3)
            ax.plot(x, y, color=INK, lw=1.3, label=f"total of {reference.controller}")
        ax.set(title=run.controller, ylabel="cooling power [kW]", ylim=(0.0, None))
        finish(grid, run)
        legend(figure, ax, ncols=4)
    return figure


def conditions(run: Trajectory) -> "Figure":
    """Draw what the plant had to meet: IT power [MW] and weather [degC]."""
    with style():
        figure, grid = panels(1, 2, height=2.8)
        x, y = thin(scored_index(run), run.power("P_it") / 1e6)
        grid[0, 0].plot(x, y, color=INK, lw=1.2)
        grid[0, 0].set(title="IT power", ylabel="IT power [MW]")
        dry = "dry bulb (assumed)" if dry_bulb_assumed(run) else "dry bulb"
        for name, label, tint in (("T_wb", "wet bulb", "#0072B2"), ("T_db", dry, "#E69F00")):
            if run.has(name):
                x, y = thin(scored_index(run), run.components(name)[:, 0] - ZERO_C)
                grid[0, 1].plot(x, y, color=tint, label=label)
        grid[0, 1].set(title="weather", ylabel="temperature [°C]")
        finish(grid, run)
        legend(figure, grid[0, 1])
    return figure


def temperatures(runs: Runs) -> "Figure":
    """Worst component of each limited temperature against its limits [degC], warm-up excluded; the last run is drawn on top."""
    first = next(iter(runs.values()))
    shown = [w for w in look_of(first.site).temperatures if first.has(w.signal)]
    with style():
        rows = (len(shown) + 1) // 2
        figure, grid = panels(rows, 2, used=len(shown), height=2.5)
        for ax, w in zip(grid.flat, shown, strict=False):
            for j, (name, run) in enumerate(runs.items()):
                values = run.components(w.signal)
                worst = values.max(axis=1) if w.worst == "max" else values.min(axis=1)
                ax.plot(*thin(scored_index(run), worst - ZERO_C, w.worst), **line(name, j))
            limit_lines(ax, {text: value - ZERO_C for text, value in w.limits(first.site).items() if value is not None})
            ax.margins(y=0.08)
            ax.set(title=w.title, ylabel="temperature [°C]")
        finish(grid, first)
        legend(figure, grid[0, 0])
    return figure


def setpoints(runs: Runs) -> "Figure":
    """Setpoints in site units; a band spans the groups of CDUs, the last run is drawn on top."""
    first = next(iter(runs.values()))
    signals = [s for s in setpoint_table(first.site).signals if first.has(s.name)]
    with style():
        figure, grid = panels((len(signals) + 1) // 2, 2, used=len(signals), height=2.2)
        for ax, s in zip(grid.flat, signals, strict=False):
            quantity, unit, factor, offset = site_unit(s.unit, s.high)
            for j, (name, run) in enumerate(runs.items()):
                values = run.components(s.name) * factor - offset
                tint = colour(name, j)
                ax.plot(*thin(scored_index(run), values.mean(axis=1)), **line(name, j))
                if values.shape[1] > 1:
                    x, low = thin(scored_index(run), values.min(axis=1))
                    ax.fill_between(x, low, thin(scored_index(run), values.max(axis=1))[1], color=tint, alpha=0.2, lw=0.0)
            title = s.doc[0].upper() + s.doc[1:]
            ax.set_title(title, fontsize=9.5)
            ax.set_ylabel(f"{quantity} [{unit}]")
        finish(grid, first)
        legend(figure, grid[0, 0])
    return figure
