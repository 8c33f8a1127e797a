"""Where the energy goes: a Sankey diagram from the meter to the sky, in MWh over the scored period."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from lowlift.sim.kpis import J_PER_KWH, Kpis, kpis
from lowlift.sim.plot_style import INK, MUTED, panels, style
from lowlift.sim.trajectory import HEATS, Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SMALL = 1e-4
"""Flows below this share of the total are left out."""
BAR = 0.05
"""Half width of a node, in columns."""
GAP = 0.05
"""Vertical space between nodes, as a share of the total."""


@dataclasses.dataclass(frozen=True)
class Flow:
    """One ribbon: ``value`` [MWh] from one node to another."""

    source: str
    target: str
    value: float
    colour: str


NODES = {
    "Electricity": 0, "IT": 1, "Power losses": 1, "Cooling machinery": 1, "Liquid loops": 2, "Hall air": 2,
    "Work into water": 2, "Fans and losses": 2, "Facility water": 3,
    "Building water": 3, "Economiser": 4, "Chillers": 4, "Towers": 5,
}  # fmt: skip
"""Column of each node, left to right."""
WORK_NODE, LOSS_NODE, BUILDING = "Work into water", "Fans and losses", "Building water"
ELECTRIC, LIQUID, AIR, WORK, COLD, LOST = "#8d8f94", "#D55E00", "#E69F00", "#CC79A7", "#0072B2", "#c4c7cc"


def flows(run: Trajectory, figures: Kpis | None = None) -> list[Flow]:
    """List the ribbons, source to sink, from the run's energies [MWh]."""
    k = figures or kpis(run)
    heat = {name: float(run.scored[name].sum()) * run.step / J_PER_KWH / 1e3 for name in HEATS}
    it, losses, cooling = (v / 1e3 for v in (k.energy_it_kWh, k.end_uses_kWh["losses"], k.energy_cooling_kWh))
    through_air = heat["Q_air"] - heat["Q_boundary"]
    work = min(heat["Q_work"], cooling)
    into_water = heat["Q_liquid"] + through_air + work
    chillers = heat["Q_chiller"]
    all_flows = [
        Flow("Electricity", "IT", it, ELECTRIC),
        Flow("Electricity", "Power losses", losses, LOST),
        Flow("Electricity", "Cooling machinery", cooling, WORK),
        Flow("IT", "Liquid loops", heat["Q_liquid"], LIQUID),
        Flow("IT", "Hall air", heat["Q_air"], AIR),
        Flow("Liquid loops", "Facility water", heat["Q_liquid"], LIQUID),
        Flow("Hall air", "Facility water", through_air, AIR),
        Flow("Hall air", BUILDING, heat["Q_boundary"], AIR),
        Flow("Cooling machinery", WORK_NODE, work, WORK),
        Flow("Cooling machinery", LOSS_NODE, cooling - work, LOST),
        Flow(WORK_NODE, "Facility water", work, WORK),
        Flow("Facility water", "Economiser", into_water - chillers, COLD),
        Flow("Facility water", "Chillers", chillers, COLD),
        Flow("Economiser", "Towers", into_water - chillers, COLD),
        Flow("Chillers", "Towers", chillers, COLD),
    ]
    return [f for f in all_flows if f.value > SMALL * it]


def heat_flow(run: Trajectory) -> "Figure":
    """Sankey diagram: electricity in on the left, heat to the atmosphere on the right [MWh]."""
    ribbons = flows(run)
    size = {n: max(_sum(ribbons, "source", n), _sum(ribbons, "target", n)) for n in NODES}
    total = max(size.values())
    place = _places({n: v for n, v in size.items() if v > 0.0}, GAP * total)
    with style():
        figure, grid = panels(height=4.6)
        ax = grid[0, 0]
        ax.set_axis_off()
        out = {n: top for n, (_, top) in place.items()}
        into = dict(out)
        # Ribbons leave in the order of their targets and arrive in the order of their sources.
        starts, ends = {}, {}
        for f in sorted(ribbons, key=lambda f: -place[f.target][1]):
            starts[f] = out[f.source]
            out[f.source] -= f.value
        for f in sorted(ribbons, key=lambda f: -place[f.source][1]):
            ends[f] = into[f.target]
            into[f.target] -= f.value
        for f in ribbons:
            source, target = place[f.source][0], place[f.target][0]
            _ribbon(ax, (source + BAR, starts[f]), (target - BAR, ends[f]), f.value, f.colour)
        for n, (x, top) in place.items():
            ax.fill_between([x - BAR, x + BAR], top - size[n], top, color=INK, lw=0.0)
            # Ribbons from below pass above the building's water: its label hangs under it.
            y, side = (top - size[n] - 0.012 * total, "top") if n == BUILDING else (top + 0.012 * total, "bottom")
            ax.text(x, y, f"{n}\n{size[n]:,.4g} MWh", ha="center", va=side, fontsize=8.5)
        ax.set_xlim(-0.45, 5.95)
        ax.set_ylim(None, total * 1.14)
        note = {"fontsize": 8.5, "color": MUTED, "va": "center", "style": "italic"}
        ax.text(5.15, place["Towers"][1] - 0.5 * size["Towers"], "to the\natmosphere", **note)
    return figure


def _sum(ribbons: list[Flow], end: str, node: str) -> float:
    return sum(f.value for f in ribbons if getattr(f, end) == node)


def _places(size: dict[str, float], gap: float) -> dict[str, tuple[float, float]]:
    """Column and top of each node; nodes of a column hang below one another from the common top."""
    top = max(size.values())
    places = {}
    for column in sorted({NODES[n] for n in size}):
        y = top
        for n in (n for n in NODES if NODES[n] == column and n in size):
            places[n] = (float(column), y)
            y -= size[n] + 2.5 * gap
    return places


def _ribbon(ax: "Axes", start: tuple[float, float], end: tuple[float, float], width: float, colour: str) -> None:
    """Draw a band of constant vertical width along a smooth step."""
    s = np.linspace(0.0, 1.0, 40)
    x = start[0] + (end[0] - start[0]) * s
    top = start[1] + (end[1] - start[1]) * (3.0 - 2.0 * s) * s**2
    ax.fill_between(x, top - width, top, color=colour, alpha=0.55, lw=0.0)
