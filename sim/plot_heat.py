"""Where the energy goes: a Sankey diagram from the meter to the sky, in MWh over the scored period."""

import dataclasses
import textwrap
from typing import TYPE_CHECKING

import numpy as np

from lowlift.sim.kpis import J_PER_KWH, Kpis, kpis
from lowlift.sim.plot_style import INK, MUTED, is_narrow, panels, style
from lowlift.sim.trajectory import HEATS, Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SMALL = 1e-4
"""Flows below this share of the IT energy are not drawn."""
BAR = 0.05
"""Half width of a node, in columns."""
GAP = 0.06
"""Vertical space between nodes, as a share of the total."""


@dataclasses.dataclass(frozen=True)
class Flow:
    """One ribbon: ``value`` [MWh] from one node to another."""

    source: str
    target: str
    value: float
    colour: str


NODES = {
    "Electricity": 0, "IT": 1, "Power losses": 1, "Cooling plant": 1, "Liquid loops": 2, "Hall air": 2, "Pump and fan heat": 2,
    "Drawn from the loops": 2, "Chiller power": 2, "Fan and motor losses": 2, "Facility water": 3, "Building chillers": 3,
    "Economiser": 4, "Chillers": 4, "Stored in the loops": 4, "Towers": 5,
}  # fmt: skip
"""Column of each node, left to right."""
BUILDING, STORED, DRAWN = "Building chillers", "Stored in the loops", "Drawn from the loops"
SOURCES = ("Electricity", DRAWN)
SINKS = ("Power losses", "Fan and motor losses", STORED, BUILDING, "Towers")
BESIDE = (BUILDING, STORED, "Fan and motor losses")
"""Nodes where a ribbon would cross words above them: their label stands at their right."""
ELECTRIC, LIQUID, AIR, WORK, COLD, LOST = "#8d8f94", "#D55E00", "#E69F00", "#CC79A7", "#0072B2", "#c4c7cc"


def flows(run: Trajectory, figures: Kpis | None = None) -> list[Flow]:
    """List the ribbons, source to sink, from the run's energies [MWh]; what enters a node between sources and sinks leaves it.

    Compressor work meets the heat at the chillers. Heat of pumps and CRAH fans enters the facility water, that of the tower pumps
    included: runs do not record it apart. The building's own chillers (the air path) take heat and electricity of their own.
    """
    k = figures or kpis(run)
    heat = {name: float(run.scored[name].sum()) * run.step / J_PER_KWH / 1e3 for name in HEATS}
    use = {name: energy / 1e3 for name, energy in k.end_uses_kWh.items()}
    cooling, stored = k.energy_cooling_kWh / 1e3, k.stored_change_kWh / 1e3
    through_air = heat["Q_air"] - heat["Q_boundary"]
    work = heat["Q_work"] - use["chillers"]
    lost = cooling - use["chillers"] - use["air_path"] - work
    free = heat["Q_liquid"] + through_air + work - heat["Q_chiller"] - stored
    all_flows = [
        Flow("Electricity", "IT", use["it"], ELECTRIC),
        Flow("Electricity", "Power losses", use["losses"], LOST),
        Flow("Electricity", "Cooling plant", cooling, WORK),
        Flow("IT", "Liquid loops", heat["Q_liquid"], LIQUID),
        Flow("IT", "Hall air", heat["Q_air"], AIR),
        Flow("Cooling plant", "Pump and fan heat", work, WORK),
        Flow("Cooling plant", "Fan and motor losses", lost, LOST),
        Flow("Cooling plant", "Chiller power", use["chillers"] + use["air_path"], WORK),
        Flow("Liquid loops", "Facility water", heat["Q_liquid"], LIQUID),
        Flow("Hall air", "Facility water", through_air, AIR),
        Flow("Hall air", BUILDING, heat["Q_boundary"], AIR),
        Flow("Pump and fan heat", "Facility water", work, WORK),
        Flow("Facility water", "Economiser", free, COLD),
        Flow("Facility water", "Chillers", heat["Q_chiller"], COLD),
        Flow("Facility water", STORED, stored, LOST),
        Flow(DRAWN, "Facility water", -stored, LOST),
        Flow("Chiller power", "Chillers", use["chillers"], WORK),
        Flow("Chiller power", BUILDING, use["air_path"], WORK),
        Flow("Economiser", "Towers", free, COLD),
        Flow("Chillers", "Towers", heat["Q_chiller"] + use["chillers"], COLD),
    ]
    return [f for f in all_flows if f.value > 0.0]


def heat_flow(run: Trajectory) -> "Figure":
    """Sankey diagram: electricity in on the left, heat to the atmosphere on the right [MWh]."""
    everything = flows(run)
    ribbons = [f for f in everything if f.value > SMALL * everything[0].value]
    size = {n: max(_sum(ribbons, "source", n), _sum(ribbons, "target", n)) for n in NODES}
    total = max(size.values())
    place = _places({n: v for n, v in size.items() if v > 0.0}, (1.4 if is_narrow() else 1.0) * GAP * total)
    with style():
        figure, grid = panels(height=6.8 if is_narrow() else 5.2)
        font = 7.0 if is_narrow() else 8.5
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
            ax.fill_between([x - BAR, x + BAR], top - size[n], top, color=INK, lw=0.6)
            label = f"{_wrapped(n)}\n{size[n]:,.1f} MWh"
            if n in BESIDE:
                to_sky = "\nto the atmosphere" if n == BUILDING else ""
                ax.text(x + 2 * BAR, top - 0.5 * size[n], label + to_sky, va="center", fontsize=font)
            else:
                ax.text(x, top + 0.012 * total, label, ha="center", va="bottom", fontsize=font)
        ax.set_xlim(-0.45, 5.75 if is_narrow() else 5.95)
        ax.set_ylim(None, total * 1.14)
        x, top = place["Towers"]
        ax.text(x + 0.15, top - 0.5 * size["Towers"], "to the atmosphere", fontsize=font, color=MUTED, va="center", rotation=90)
    return figure


def _wrapped(name: str) -> str:
    """Break long names on phones, where columns are narrow."""
    return "\n".join(textwrap.wrap(name, 10, break_long_words=False)) if is_narrow() else name


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
    ax.fill_between(x, top - width, top, color=colour, alpha=0.55, lw=0.6)
