"""How a kind of plant is shown: colours of end uses, what is drawn, why power changes, where heat goes, what a report assumes.

The charts and the report are the same for all plants; this is what they need of one kind.
"""

import dataclasses
import importlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from lowlift.models.plant import SiteRecord
from lowlift.models.site import ZERO_C
from lowlift.sim.trajectory import Trajectory

HOMES = {
    "liquid_hall": "lowlift.sim.look_liquid",
    "chiller_plant": "lowlift.sim.look_chiller",
    "air_hall": "lowlift.sim.look_air",
    "hybrid_hall": "lowlift.sim.look_hybrid",
}
"""By kind of plant the module that holds its ``LOOK``."""
TEMPERATURE = "temperature [°C]"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Signal:
    """A reading with the words and the unit that a reader knows it by."""

    name: str
    words: str
    unit: str = "°C"
    factor: float = 1.0
    offset: float = 0.0
    digits: int = 1

    def mean(self, run: Trajectory) -> float:
        """Mean over components and time, in that unit."""
        return float(run.components(self.name).mean()) * self.factor - self.offset

    def show(self, value: float) -> str:
        """Text of a value."""
        return f"{value:.{self.digits}f} {self.unit}"


def temperature(name: str, words: str) -> Signal:
    """A temperature in degC."""
    return Signal(name=name, words=words, offset=ZERO_C)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cause:
    """Why an end use takes less power: the ``lever`` turned down, the ``law`` by which power follows, the ``effect`` on water or air."""

    lever: Signal
    law: str
    effect: Signal


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shown:
    """A temperature drawn against its limits."""

    title: str
    signal: str
    worst: str
    """``max`` or ``min``: which component of a signal, and of a block of a thinned line, counts."""
    limits: Callable[[Any], Mapping[str, float | None]]
    """From the site: text to limit [K]."""


LIQUID_COOLED = (
    Shown(title="hottest chip", signal="T_chip", worst="max", limits=lambda site: {"limit": site.limits.T_chip_max}),
    Shown(title="hottest rack return", signal="T_return_hot", worst="max", limits=lambda site: {"limit": site.limits.T_return_max}),
    Shown(title="secondary supply", signal="T_supply", worst="max",
          limits=lambda site: {"limit": site.limits.T_supply_max, "dew-point limit": site.T_dew_hall + site.limits.dew_point_margin}),
    Shown(title="server inlet air", signal="T_inlet", worst="max", limits=lambda site: {"limit": site.limits.T_inlet_max}),
)  # fmt: skip
"""Temperatures that every hall with racks on CDUs shows."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Predicted:
    """A prediction with its measured counterpart."""

    title: str
    label: str
    measured: Callable[[Trajectory], np.ndarray]
    limit: Callable[[Any], float | None] = lambda limits: None
    """Upper limit [K], from the site's limits."""
    worst: bool = False
    """Whether the highest component counts, in the plan and in every block of a thinned line."""


def degC(name: str, reduce: Callable[..., np.ndarray]) -> Callable[[Trajectory], np.ndarray]:
    """A measured temperature over all components [degC]."""
    return lambda run: reduce(run.components(name), axis=1) - ZERO_C


@dataclasses.dataclass(frozen=True)
class Flow:
    """One ribbon: ``value`` [MWh] from one node to another."""

    source: str
    target: str
    value: float
    colour: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Energies:
    """Energies of a scored period [MWh]."""

    heat: Mapping[str, float]
    """By flow of the energy balance."""
    use: Mapping[str, float]
    """By end use."""
    cooling: float
    """Of all that moves heat."""
    stored: float
    """Heat stored at the end over the start."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class HeatChart:
    """A Sankey diagram from the meter to the sky."""

    nodes: Mapping[str, int]
    """Column of each node, left to right; ``Electricity`` first."""
    ribbons: Callable[[Energies], list[Flow]]
    """Source to sink; what enters a node between sources and sinks leaves it."""
    sources: tuple[str, ...]
    sinks: tuple[str, ...]
    sky: str
    """The node at the far right, from which heat goes to the atmosphere."""
    beside: tuple[str, ...] = ()
    """Nodes where a ribbon would cross words above them: their label stands at their right."""
    to_sky: tuple[str, ...] = ()
    """Those of ``beside`` from which heat goes to the atmosphere too."""


ELECTRIC, LIQUID, AIR, WORK, COLD, LOST = "#8d8f94", "#D55E00", "#E69F00", "#CC79A7", "#0072B2", "#c4c7cc"
"""Colours of ribbons."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Look:
    """Everything that charts and reports need of a kind of plant."""

    tints: Mapping[str, str]
    """Colour of each cooling end use."""
    causes: Mapping[str, Cause]
    """By end use; one that no controller can change is left out."""
    temperatures: tuple[Shown, ...]
    predicted: Mapping[str, Predicted]
    """Predictions of plans that have a measured counterpart."""
    heat: HeatChart
    method: Callable[[Any], list[str]]
    """What is inside the figures of one site and what is assumed, beside what holds for all."""


def look_of(site: SiteRecord) -> Look:
    """How the plant of a site is shown."""
    look: Look = importlib.import_module(HOMES[site.kind]).LOOK
    return look


def cooling_uses(site: SiteRecord) -> dict[str, tuple[str, str]]:
    """Label and colour of each cooling end use, in order of appearance along the flow of heat."""
    tints = look_of(site).tints
    return {use.name: (use.words, tints[use.name]) for use in site.sheet.end_uses if use.column in site.sheet.cooling}
