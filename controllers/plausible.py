"""What a sensor can plausibly say, from the data sheet of the site: ranges, fastest changes, and what must move when load does.

The fastest change of a temperature is the largest heat change over the heat capacity that it has to warm,

``dT/dt <= MARGIN Q_rated / C``.                                                                                        (1)

It tells the spike of a slow signal, which no heat could cause, from the real steps of chips and rack outlets: a starting job
moves those by 30 K in 15 s. Temperatures without a heat capacity of their own (mixing points) may in addition jump by their
rated rise. Flows, powers and pressures are not checked: pumps trip and jobs start within a sample.
"""

import dataclasses

import numpy as np

from lowlift.controllers.operation import operation_of
from lowlift.models.plant import SiteRecord

LARGEST = float(np.finfo(float).max)
MARGIN = 3.0
"""Heat changes of this many times the rated heat pass: towers in cold air and emptying loops exceed their rating [1] (guess)."""
RANGE = (223.15, 423.15)
"""Span of the temperature transmitters, -50 to 150 degC; a broken wire reads beyond [K]."""
WEATHER_RATE = 0.25
"""Fastest plausible change outdoors [K/s]: the record is 27 K in two minutes (Spearfish, South Dakota, 22 January 1943)."""
LOAD_MOVED = 0.2
"""A change of heat by this share of the rated one must be seen by temperatures that it reaches [1]."""
SPEED_MOVED = 0.1
"""A change of speed or opening by this must be seen by the flow that it drives [1]."""


@dataclasses.dataclass(frozen=True)
class Plausible:
    """Bounds of all readings, packed like the measurement table, shape ``(n,)``."""

    low: np.ndarray
    high: np.ndarray
    jump: np.ndarray
    """Change that needs no time."""
    rate: np.ndarray
    """Further change per second."""


def plausible(site: SiteRecord) -> Plausible:
    """Ranges and fastest changes; any finite number where nothing is known."""
    table, rules = site.sheet.measurements, operation_of(site).readings(site)
    kelvin = np.concatenate([np.full(s.size, s.unit == "K") for s in table.signals])
    low, high = (np.where(kelvin, bound, largest) for bound, largest in zip(RANGE, (-LARGEST, LARGEST), strict=True))
    jump, rate = np.zeros(table.size), np.full(table.size, np.inf)
    for name, value in rules.rates.items():
        rate[table.slices[name]] = value
    for name, value in rules.jumps.items():
        jump[table.slices[name]] = value
    return Plausible(low, high, jump, rate)


@dataclasses.dataclass(frozen=True)
class Drivers:
    """Readings that cannot stand still while what drives them moves; positions in the measurement table, shape ``(w,)``."""

    watched: np.ndarray
    driver: np.ndarray
    """Position of the driver; ``total`` where the total heat drives."""
    scale: np.ndarray
    """Times the driver: one means that it has moved enough to be seen."""
    total: int
    """Position after all readings, for the total heat."""


def drivers(site: SiteRecord) -> Drivers:
    """What must move when something else does, as the kind of plant lists it.

    Not watched anywhere: speeds, openings and counts (constant for hours by right), and outdoor readings (nothing here drives them).
    """
    table, watched = site.sheet.measurements, operation_of(site).readings(site).watched
    position = np.arange(table.size)
    parts = [
        (position[table.slices[w.reading]], position[table.slices[w.driver]] if w.driver else np.array([table.size]), 1.0 / w.moved)
        for w in watched
    ]
    if not parts:
        return Drivers(watched=np.zeros(0, dtype=int), driver=np.zeros(0, dtype=int), scale=np.zeros(0), total=table.size)
    return Drivers(
        watched=np.concatenate([a for a, _, _ in parts]),
        driver=np.concatenate([np.resize(b, len(a)) for a, b, _ in parts]),
        scale=np.concatenate([np.full(len(a), scale) for a, _, scale in parts]),
        total=table.size,
    )
