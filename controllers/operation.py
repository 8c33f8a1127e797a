"""How each kind of plant is operated: what turns setpoints into actuators, what protects it, which controllers are made for it.

The closed loop and the safety envelope are the same for all plants; what they need of one kind is its :class:`Operation`, found by the
kind of its site. It is the counterpart, above the physics, of :class:`lowlift.models.plant.Plant`.
"""

import dataclasses
import enum
import importlib
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from lowlift.controllers.audit import AuditLog
from lowlift.controllers.interface import Controller
from lowlift.models.plant import Loads, Plant, SiteRecord

HOMES = {
    "liquid_hall": "lowlift.controllers.liquid_operation",
    "chiller_plant": "lowlift.controllers.chiller_operation",
    "air_hall": "lowlift.controllers.air_operation",
    "hybrid_hall": "lowlift.controllers.hybrid_operation",
}
"""By kind of plant the module that holds its ``OPERATION``."""


class Regulator(Protocol):
    """The shared regulatory layer of a batch of plants: PI loops, laws, staging and ramps."""

    def reset(self, batch: int) -> None:
        """Start a run."""

    def idle(self, batch: int) -> np.ndarray:
        """What :meth:`act` reports before it has ever acted, (b, k)."""

    def act(self, readings: Mapping[str, np.ndarray], setpoints: np.ndarray, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Next actuators (b, nu), and what the layer reports of itself, (b, k), for the plant's readings (k may be zero)."""


class Interlocking(Protocol):
    """Combinations of actuators that no plant of the kind may see, decided on measured values."""

    def reset(self) -> None:
        """Start a run."""

    def apply(self, t: float, u: np.ndarray, readings: Mapping[str, np.ndarray], audit: AuditLog) -> np.ndarray:
        """Actuators (b, nu) without forbidden combinations; every change is noted."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SafetyRules:
    """What the safety envelope keeps for one site."""

    fail_safe: Mapping[str, float]
    """Setpoints that cool at any price; those not named stand at the upper end of their range."""
    dry: tuple[str, ...] = ()
    """Setpoints of surfaces that must stay above the hall's dew point plus margin; the plant then has a reading ``T_dew_hall``."""
    dew_point_margin: float = 0.0
    """[K]."""
    T_dew: float = 0.0
    """Dew point before anything has been read [K]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Watched:
    """A reading that cannot stand still while its driver moves."""

    reading: str
    driver: str
    """The reading that drives it; empty for the total heat."""
    moved: float
    """Change of the driver that must be seen, SI."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReadingRules:
    """What the sensors of one site can plausibly say; see :mod:`lowlift.controllers.plausible`."""

    rates: Mapping[str, float]
    """Fastest plausible change of a reading, per second; readings not named may change at once."""
    jumps: Mapping[str, float]
    """Change that needs no time, in addition."""
    watched: tuple[Watched, ...]
    rated: Mapping[str, float]
    """What stands in for a sensor that has not spoken yet, for every reading."""


class Knowledge(enum.Enum):
    """What a controller may know of the future."""

    NOTHING = "nothing"
    PAST = "past"
    """Forecasts made from what has been measured."""
    FUTURE = "future"
    """The truth, on the grid of its own period: for bounds, never for a controller on trial."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """One controller by name."""

    make: Callable[[Any, Callable[[], Loads]], Controller]
    """From the plant; the second argument yields the loads of the scored period, which only a record of past operation may use."""
    knows: Knowledge = Knowledge.NOTHING
    listed: bool = True
    """Whether it takes part where nobody is named."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Operation:
    """Everything above the physics that belongs to one kind of plant."""

    regulator: Callable[[Any, float], Regulator]
    """From plant and step [s]."""
    interlocks: Callable[[Any], Interlocking]
    """From the plant."""
    safety: Callable[[Any], SafetyRules]
    """From the site."""
    readings: Callable[[Any], ReadingRules]
    """From the site."""
    controllers: Callable[[Any], Mapping[str, Entry]]
    """Controllers of a site by name, in table order."""
    missing: Callable[[Any], Mapping[str, str]]
    """Names that exist elsewhere, with the reason why not here."""


def operation_of(site: SiteRecord) -> Operation:
    """How the plant of a site is operated."""
    operation: Operation = importlib.import_module(HOMES[site.kind]).OPERATION
    return operation


def regulator_of(plant: Plant, step: float) -> Regulator:
    """The regulatory layer of a plant for steps of ``step`` seconds."""
    return operation_of(plant.site).regulator(plant, step)
