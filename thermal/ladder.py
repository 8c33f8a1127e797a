"""Exact relaxation of a three-lump heat ladder (chip, plate, coolant) in its own modes.

With flow, heat and inlet temperature held, the lumps of :mod:`lowlift.thermal.coldplate` form a linear system with three real modes.
Each mode relaxes by ``exp(-rate h)``, so the fast lumps (about 1 s and 8 s) are exact at any step and cost no substeps.

Equations
    Rates [1/s] are the eigenvalues of ``S = C^-1/2 K C^-1/2``, symmetric and tridiagonal, in trigonometric form (Smith, Comm. ACM 4(4),
    168, 1961), followed by one step of Rayleigh's quotient, which restores the digits of the small ones. A mode that lifts the chip by one
    kelvin, passing ``q_1`` from chip to plate and ``q_2`` from plate to coolant, has::

        q_1 = rate C1,               plate = 1 - q_1 / g1                                                 (1)
        q_2 = q_1 + rate C2 plate,   cool = plate - q_2 / g2                                              (2)
        heat = C1 + C2 plate + C3 cool,   mass = C1 + C2 plate^2 + C3 cool^2,   gain = heat / mass         (3)
        y = (C1 T_chip + C2 plate T_plate + C3 cool T_cool) / mass                                        (4)

    ``y`` is the part of the chip's temperature that belongs to the mode; the three parts add up to it. ``gain`` is the part that an inlet
    one kelvin warmer adds in the end (the three gains add up to one), so an inlet held at ``T_in`` draws ``y`` to ``gain T_in``.

Validity
    Connected ladders (``g1``, ``g2`` above zero; ``g3``, the flow, may be zero). The propagator is within 1e-11 of the matrix exponential
    where conductances and capacities lie within a factor of a thousand, and loses digits beyond.
"""

import dataclasses
import functools

import numpy as np

from lowlift.thermal import ops
from lowlift.thermal.ops import Signal

Three = tuple[Signal, Signal, Signal]
"""One signal a mode, fastest mode first."""
FLOW_LEAST = 1e-6
"""Least ``g3 / g1`` of the steady state, which does not exist without flow; exact from twice that on [1]."""


@dataclasses.dataclass(frozen=True)
class Lumps:
    """Temperatures [K] of the three lumps."""

    chip: Signal
    plate: Signal
    cool: Signal

    def shifted(self, by: Signal) -> "Lumps":
        """All three moved by the same."""
        return Lumps(self.chip + by, self.plate + by, self.cool + by)

    def times(self, factor: Signal) -> "Lumps":
        """All three times the same."""
        return Lumps(self.chip * factor, self.plate * factor, self.cool * factor)

    def plus(self, other: "Lumps") -> "Lumps":
        """Lump by lump."""
        return Lumps(self.chip + other.chip, self.plate + other.plate, self.cool + other.cool)

    def minus(self, other: "Lumps") -> "Lumps":
        """Lump by lump."""
        return Lumps(self.chip - other.chip, self.plate - other.plate, self.cool - other.cool)


@dataclasses.dataclass(frozen=True)
class Modes:
    """How a ladder relaxes, equations (1) to (4)."""

    rate: Three
    """Decay of each mode [1/s]."""
    plate: Three
    """Kelvin of the plate per kelvin of the chip [1]."""
    cool: Three
    """Kelvin of the coolant per kelvin of the chip [1]."""
    heat: Three
    """Heat stored per kelvin of the chip [J/K]."""
    gain: Three
    """Share of the inlet's temperature that the mode takes on in the end [1]."""
    into: tuple[Three, Three, Three]
    """Weights of chip, plate and coolant in each mode, equation (4) [1]."""

    def enter(self, T: Lumps) -> Three:
        """Parts ``y`` of a ladder at deviations ``T`` from its steady state with the inlet at zero, equation (4)."""
        a, b, c = (w[0] * T.chip + w[1] * T.plate + w[2] * T.cool for w in self.into)
        return a, b, c

    def leave(self, y: Three) -> Lumps:
        """The deviations that belong to parts ``y``."""
        return Lumps(y[0] + y[1] + y[2], dot(self.plate, y), dot(self.cool, y))

    def kept(self, h: Signal) -> Three:
        """Share of each mode that is left after ``h`` seconds [1]."""
        a, b, c = (ops.exp(-rate * h) for rate in self.rate)
        return a, b, c


def dot(a: Three, b: Three) -> Signal:
    """Sum over the modes of the product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@dataclasses.dataclass(frozen=True)
class Ladder:
    """Conductances [W/K] and heat capacities [J/K] of one ladder.

    ``g1`` chip to plate, ``g2`` plate to coolant, ``g3 = m_dot cp``; ``C1``, ``C2``, ``C3`` of chip, plate and coolant.
    """

    g1: Signal
    g2: Signal
    g3: Signal
    C1: float
    C2: float
    C3: float

    @functools.cached_property
    def modes(self) -> Modes:
        """Its three modes."""
        C1, C2, C3 = self.C1, self.C2, self.C3
        rate, plate, cool, heat, gain, into = [], [], [], [], [], []
        for guess in self._eigenvalues():
            p, c, mass, excess = self._shape(guess)
            exact = guess - excess * c / mass  # Rayleigh's quotient
            p, c, mass, _ = self._shape(exact)
            rate.append(exact)
            plate.append(p)
            cool.append(c)
            heat.append(C1 + C2 * p + C3 * c)
            gain.append(heat[-1] / mass)
            into.append((C1 / mass, C2 * p / mass, C3 * c / mass))
        return Modes(*(tuple(v) for v in (rate, plate, cool, heat, gain, into)))

    def _eigenvalues(self) -> Three:
        """Rates, fastest first, by the trigonometric solution of the characteristic cubic."""
        s11, s22, s33 = self.g1 / self.C1, (self.g1 + self.g2) / self.C2, (self.g2 + self.g3) / self.C3
        o12, o23 = self.g1 * self.g1 / (self.C1 * self.C2), self.g2 * self.g2 / (self.C2 * self.C3)
        mean = (s11 + s22 + s33) / 3.0
        d1, d2, d3 = s11 - mean, s22 - mean, s33 - mean
        p = ops.sqrt((d1 * d1 + d2 * d2 + d3 * d3 + 2.0 * (o12 + o23)) / 6.0)
        r = (d1 * (d2 * d3 - o23) - o12 * d3) / (2.0 * p * p * p)
        phi = ops.arccos(ops.clip(r, -1.0, 1.0)) / 3.0
        fast, slow = mean + 2.0 * p * ops.cos(phi), mean + 2.0 * p * ops.cos(phi + 2.0 * np.pi / 3.0)
        return fast, 3.0 * mean - fast - slow, slow

    def _shape(self, rate: Signal) -> tuple[Signal, Signal, Signal, Signal]:
        """Plate and coolant of a mode by (1) and (2), its mass, and the heat [W/K] that its coolant would have to give beyond ``g3``."""
        q = rate * self.C1
        plate = 1.0 - q / self.g1
        q = q + rate * self.C2 * plate
        cool = plate - q / self.g2
        return plate, cool, self.C1 + self.C2 * plate * plate + self.C3 * cool * cool, q + rate * self.C3 * cool - self.g3 * cool

    def decay(self, h: Signal) -> "Decay":
        """The propagator over ``h`` seconds."""
        return Decay(self.modes, self.modes.kept(h))

    def resistances(self) -> Lumps:
        """Steady rise of each lump above the inlet per watt into the chip [K/W]; very large but finite without flow."""
        cool = 1.0 / ops.at_least(self.g3, FLOW_LEAST * self.g1)
        plate = cool + 1.0 / self.g2
        return Lumps(plate + 1.0 / self.g1, plate, cool)


@dataclasses.dataclass(frozen=True)
class Decay:
    """How deviations from the steady state decay over an interval."""

    modes: Modes
    kept: Three

    def apply(self, T: Lumps) -> Lumps:
        """The deviations left at its end."""
        a, b, c = self.modes.enter(T)
        return self.modes.leave((self.kept[0] * a, self.kept[1] * b, self.kept[2] * c))
