"""Exact propagation of a three-lump heat ladder (chip, plate, coolant) over a time interval.

With flow, heat and inlet temperature held over an interval the lumps of :mod:`lowlift.thermal.coldplate` form a
linear system ``C dT/dt = -K (T - T_ss)`` with a symmetric tridiagonal conductance matrix ``K``. Its solution
``T(h) = T_ss + Phi(h) (T(0) - T_ss)`` is evaluated in closed form, so the fast lumps (about 1 s and 8 s) are exact
at any step and cost no substeps. The matrix function follows from the three real eigenvalues of
``S = C^-1/2 K C^-1/2`` (trigonometric form; Smith, Comm. ACM 4(4), 168, 1961) and Newton's divided differences, with
``exprel`` where two eigenvalues approach each other. Three equal eigenvalues cannot occur in a connected ladder.
"""

import dataclasses
import functools

import numpy as np

from lowlift.thermal import ops
from lowlift.thermal.ops import Signal


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

    def minus(self, other: "Lumps") -> "Lumps":
        """Lump by lump."""
        return Lumps(self.chip - other.chip, self.plate - other.plate, self.cool - other.cool)

    def dot(self, weights: "Lumps") -> Signal:
        """Weighted sum, one weight a lump."""
        return self.chip * weights.chip + self.plate * weights.plate + self.cool * weights.cool


@dataclasses.dataclass(frozen=True)
class Ladder:
    """Conductances [W/K] and heat capacities [J/K] of one ladder, with its eigenvalues [1/s].

    Equations: ``S11 = g1/C1, S22 = (g1 + g2)/C2, S33 = (g2 + g3)/C3, S12 = -g1/sqrt(C1 C2), S23 = -g2/sqrt(C2 C3)``
    with ``g1`` chip to plate, ``g2`` plate to coolant, ``g3 = m_dot cp``.
    """

    g1: Signal
    g2: Signal
    g3: Signal
    C1: float
    C2: float
    C3: float

    @functools.cached_property
    def _spectrum(self) -> tuple[Signal, ...]:
        """Entries ``s11, s22, s33, s12, s23`` of the symmetric matrix and its eigenvalues ``l1 >= l2 >= l3`` [1/s]."""
        s11, s22, s33 = self.g1 / self.C1, (self.g1 + self.g2) / self.C2, (self.g2 + self.g3) / self.C3
        s12, s23 = -self.g1 / np.sqrt(self.C1 * self.C2), -self.g2 / np.sqrt(self.C2 * self.C3)
        mean = (s11 + s22 + s33) / 3.0
        d1, d2, d3 = s11 - mean, s22 - mean, s33 - mean
        o12, o23 = s12 * s12, s23 * s23
        p = ops.sqrt((d1 * d1 + d2 * d2 + d3 * d3 + 2.0 * (o12 + o23)) / 6.0)
        r = (d1 * (d2 * d3 - o23) - o12 * d3) / (2.0 * p * p * p)
        phi = ops.arccos(ops.clip(r, -1.0, 1.0)) / 3.0
        l1 = mean + 2.0 * p * ops.cos(phi)
        l3 = mean + 2.0 * p * ops.cos(phi + 2.0 * np.pi / 3.0)
        return s11, s22, s33, s12, s23, l1, 3.0 * mean - l1 - l3, l3

    def decay(self, h: Signal) -> "Decay":
        """The propagator over ``h`` seconds."""
        s11, s22, s33, s12, s23, l1, l2, l3 = self._spectrum
        o12, o23 = s12 * s12, s23 * s23
        # exp(-S h) by divided differences; every exponent is negative, so nothing overflows.
        # exp(-S h) = f1 I + f12 (S - l1 I) + f123 (S - l1 I)(S - l2 I)
        f1 = ops.exp(-l1 * h)
        f12 = -h * ops.exp(-l2 * h) * ops.exprel((l2 - l1) * h)
        f23 = -h * ops.exp(-l3 * h) * ops.exprel((l3 - l2) * h)
        f123 = (f12 - f23) / (l1 - l3)
        a1, a2, a3 = s11 - l1, s22 - l1, s33 - l1
        b1, b2, b3 = s11 - l2, s22 - l2, s33 - l2
        r12, r13, r23 = (np.sqrt(self.C2 / self.C1), np.sqrt(self.C3 / self.C1), np.sqrt(self.C3 / self.C2))
        e12 = s12 * (f12 + f123 * (a1 + b2))
        e23 = s23 * (f12 + f123 * (a2 + b3))
        e13 = f123 * s12 * s23
        return Decay(
            p11=f1 + f12 * a1 + f123 * (a1 * b1 + o12),
            p22=f1 + f12 * a2 + f123 * (o12 + a2 * b2 + o23),
            p33=f1 + f12 * a3 + f123 * (o23 + a3 * b3),
            p12=e12 * r12,
            p21=e12 / r12,
            p13=e13 * r13,
            p31=e13 / r13,
            p23=e23 * r23,
            p32=e23 / r23,
        )

    def resistances(self) -> Lumps:
        """Steady rise of each lump above the inlet per watt into the chip [K/W]."""
        cool = 1.0 / self.g3
        plate = cool + 1.0 / self.g2
        return Lumps(plate + 1.0 / self.g1, plate, cool)

    @property
    def capacities(self) -> Lumps:
        """Heat capacities [J/K]."""
        return Lumps(self.C1, self.C2, self.C3)


@dataclasses.dataclass(frozen=True)
class Decay:
    """Entries of ``Phi(h)``: how deviations from the steady state decay over the interval."""

    p11: Signal
    p12: Signal
    p13: Signal
    p21: Signal
    p22: Signal
    p23: Signal
    p31: Signal
    p32: Signal
    p33: Signal

    def apply(self, x: Lumps) -> Lumps:
        """``Phi x``."""
        return Lumps(
            self.p11 * x.chip + self.p12 * x.plate + self.p13 * x.cool,
            self.p21 * x.chip + self.p22 * x.plate + self.p23 * x.cool,
            self.p31 * x.chip + self.p32 * x.plate + self.p33 * x.cool,
        )

    def retained(self, ladder: Ladder) -> Lumps:
        """Row ``C^T Phi`` [J/K]: heat still stored after the interval per kelvin of initial deviation."""
        c1, c2, c3 = ladder.C1, ladder.C2, ladder.C3
        return Lumps(
            c1 * self.p11 + c2 * self.p21 + c3 * self.p31,
            c1 * self.p12 + c2 * self.p22 + c3 * self.p32,
            c1 * self.p13 + c2 * self.p23 + c3 * self.p33,
        )
