"""Where the energy goes: a Sankey diagram from the meter to the sky, in MWh (kWh if there is little) over the scored period."""

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from lowlift.sim.kpis import J_PER_KWH, Kpis, kpis
from lowlift.sim.looks import Energies, Flow, HeatChart, look_of
from lowlift.sim.plot_style import INK, MUTED, PAPER, is_narrow, panels, style
from lowlift.sim.trajectory import Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SMALL = 1e-4
"""Flows below this share of the IT energy are not drawn."""
BAR = 0.05
"""Half width of a node, in columns."""
GAP = 0.06
"""Vertical space between nodes, as a share of the total."""
LITTLE = 20.0
"""Below this total nodes are labelled in kWh [MWh]."""
GROUND: dict[str, Any] = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.5, "alpha": 0.8}
"""Behind words that a ribbon may cross."""


def flows(run: Trajectory, figures: Kpis | None = None) -> list[Flow]:
    """List the ribbons, source to sink, from the run's energies [MWh]; what enters a node between sources and sinks leaves it."""
    k = figures or kpis(run)
    heat = {name: float(run.scored[name].sum()) * run.step / J_PER_KWH / 1e3 for name in run.sheet.energy.names}
    use = {name: energy / 1e3 for name, energy in k.end_uses_kWh.items()}
    energies = Energies(heat=heat, use=use, cooling=k.energy_cooling_kWh / 1e3, stored=k.stored_change_kWh / 1e3)
    return [f for f in look_of(run.site).heat.ribbons(energies) if f.value > 0.0]


def heat_flow(run: Trajectory) -> "Figure":
    """Sankey diagram: electricity in on the left, heat to the atmosphere on the right [MWh]."""
    everything, chart = flows(run), look_of(run.site).heat
    ribbons = [f for f in everything if f.value > SMALL * everything[0].value]
    size = {n: max(_sum(ribbons, "source", n), _sum(ribbons, "target", n)) for n in chart.nodes}
    total = max(size.values())
    place = _places(chart, {n: v for n, v in size.items() if v > 0.0}, (1.4 if is_narrow() else 1.0) * GAP * total)
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
            label = f"{_wrapped(n)}\n{amount(size[n], total)}"
            if n in chart.beside:
                to_sky = "\nto the atmosphere" if n in chart.to_sky else ""
                ax.text(x + 2 * BAR, top - 0.5 * size[n], label + to_sky, va="center", fontsize=font, bbox=GROUND)
            else:
                ax.text(x, top + 0.012 * total, label, ha="center", va="bottom", fontsize=font)
        ax.set_xlim(-0.45, 5.75 if is_narrow() else 5.95)
        ax.set_ylim(None, total * 1.14)
        x, top = place[chart.sky]
        ax.text(x + 0.15, top - 0.5 * size[chart.sky], "to the atmosphere", fontsize=font, color=MUTED, va="center", rotation=90)
    return figure


def amount(energy: float, total: float) -> str:
    """An energy [MWh] in words, in a unit that fits the total of its chart.

    >>> amount(0.043, 5.8), amount(0.4, 130.0)
    ('43 kWh', '0.4 MWh')
    """
    return f"{1e3 * energy:,.0f} kWh" if total < LITTLE else f"{energy:,.1f} MWh"


def _wrapped(name: str) -> str:
    """Break long names on phones, where columns are narrow."""
    return "\n".join(textwrap.wrap(name, 10, break_long_words=False)) if is_narrow() else name


def _sum(ribbons: list[Flow], end: str, node: str) -> float:
    return sum(f.value for f in ribbons if getattr(f, end) == node)


def _places(chart: HeatChart, size: dict[str, float], gap: float) -> dict[str, tuple[float, float]]:
    """Column and top of each node; nodes of a column hang below one another from the common top."""
    top = max(size.values())
    places = {}
    for column in sorted({chart.nodes[n] for n in size}):
        y = top
        for n in (n for n in chart.nodes if chart.nodes[n] == column and n in size):
            places[n] = (float(column), y)
            y -= size[n] + 2.5 * gap
    return places


def _ribbon(ax: "Axes", start: tuple[float, float], end: tuple[float, float], width: float, colour: str) -> None:
    """Draw a band of constant vertical width along a smooth step."""
    s = np.linspace(0.0, 1.0, 40)
    x = start[0] + (end[0] - start[0]) * s
    top = start[1] + (end[1] - start[1]) * (3.0 - 2.0 * s) * s**2
    ax.fill_between(x, top - width, top, color=colour, alpha=0.55, lw=0.6)
