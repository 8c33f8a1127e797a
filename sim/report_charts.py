"""The charts of a report's chapter, with heading and caption, as inline SVG."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from lowlift.sim import plots
from lowlift.sim.leading import BOUND, in_focus
from lowlift.sim.plot_style import narrow, svg
from lowlift.sim.trajectory import Trajectory

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PERSISTENT = ("MPC", "StaticOptimal")
"""Controllers whose load forecast is persistence."""


def charts(runs: Mapping[str, Trajectory], table: pd.DataFrame, name: str, reference: str, prefix: str) -> list[dict[str, str]]:
    """Draw the charts of a chapter in the order of the page; ``prefix`` sets their ids apart."""
    hero, other, focus = runs[name], runs[reference], in_focus(runs, name)
    behind = plots.left_behind(runs, reference)
    left_out = f" {words(behind)} used so much more that {'it leaves' if len(behind) == 1 else 'they leave'} the axis." if behind else ""
    plan = f"Plans as {name} made them at a few decisions, over what then happened; dotted lines mark the decisions."
    if name in PERSISTENT:
        plan += (
            " The load is forecast by persistence: it is expected to stay as it was in the last minutes, and the weather to take "
            "yesterday's course. Where the load moves, the plan is off until the next decision."
        )
    wanted: list[tuple[str, str, bool, Callable[[], Figure]]] = [
        ("Cooling energy", "By end use, for every controller.", True, lambda: plots.energy_bars(runs)),
        ("How much of the possible",
         "The oracle knows weather and load in advance; whether it is a bound is checked below. Bars further left are cut.",
         BOUND in runs and len(runs) > 2, lambda: plots.gap_bars(table)),
        ("Where and when it saves", f"{name} against {reference}.", True, lambda: plots.savings(hero, other)),
        ("Cooling power", f"{name} by end use; the line is {reference}.", True,
         lambda: plots.power_over_time(hero, other if other is not hero else None)),
        ("What the plant had to meet", "IT power and weather, the same for every controller.", True, lambda: plots.conditions(hero)),
        ("Temperatures against limits", "The worst component of each kind, and its declared limits (dashed).", True,
         lambda: plots.temperatures(focus)),
        ("Setpoints", "Asked of the plant, after the safety envelope; a band spans the groups of CDUs.", True,
         lambda: plots.setpoints(focus)),
        ("The plan against what happened", plan, plots.has_plans(hero), lambda: plots.plan_against_actual(hero)),
        ("From the meter to the sky", f"Energy and heat under {name} over the scored period.", True, lambda: plots.heat_flow(hero)),
        ("Cooling energy so far", f"Used, and saved against {reference}.{left_out}", True,
         lambda: plots.cumulative_cooling(runs, reference)),
        ("PUE so far", f"A ratio of energies from the start of the scored period, from its second hour on.{left_out}", True,
         lambda: plots.running_pue(runs, behind)),
    ]  # fmt: skip
    return [
        {"heading": heading, "caption": caption, "svg": svg(draw(), heading, f"{prefix}{heading}"),
         "narrow": _for_phones(draw, heading, prefix)}
        for heading, caption, there, draw in wanted if there
    ]  # fmt: skip


def _for_phones(draw: "Callable[[], Figure]", heading: str, prefix: str) -> str:
    """Draw the same chart once more, narrow: the page shows the one that fits the screen."""
    with narrow():
        return svg(draw(), heading, f"{prefix}{heading}narrow")


def words(names: list[str]) -> str:
    """Join names as one says them: ``A``, ``A and B``, ``A, B and C``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
