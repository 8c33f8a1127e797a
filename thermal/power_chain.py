"""Losses of the electric path: UPS, distribution and power supplies, by their part-load efficiency.

What
    A converter is described by three published points of its efficiency curve; its loss is the quadratic of load through them
    (no-load, proportional and resistive loss), so efficiency falls towards zero load without a singularity.

Equations
    ::

        P_loss = P_n (k0 + k1 x + k2 x^2),  x = P_out / P_n                                               (1)
        eta = x / (x + k0 + k1 x + k2 x^2),  P_loss = P_out (1/eta - 1),  P_in = P_out + P_loss              (2)

    A chain applies (2) from the load upwards. All losses end as heat in the rooms where the converters stand.

Validity
    Load 0 to 1.2 of rated. Between and outside the three points (1) is a smooth continuation, not data.

Assumptions
    1. Efficiency depends on load alone. 2. Units in parallel share the load equally. 3. Batteries are full: charging is left out.

Differences from EnergyPlus
    Its ``ElectricEquipment:ITE:AirCooled`` takes a supply's loss as ``P (1 - eta)``, low by the factor ``eta``.

Sources
    80 PLUS Titanium, 230 V internal redundant (94, 96, 91 % at 20, 50, 100 % load) for the supply of the example; UPS and
    distribution defaults are guesses of the size of catalogue figures (double conversion; transformer and bus).
"""

import dataclasses
import functools

import numpy as np

from lowlift.thermal import ops
from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.ops import Signal


@dataclasses.dataclass(frozen=True)
class Converted:
    """One converter, or a chain of them, at work."""

    P_in: Signal
    """Power drawn [W]."""
    P_loss: Signal
    """Heat of the losses [W]."""
    eta: Signal
    """Power given over power drawn."""


class Converter(Component):
    """A UPS, distribution unit or power supply with three points of its efficiency curve.

    >>> psu = Converter(P_nominal=5500.0, load_1=0.2, eta_1=0.94, load_2=0.5, eta_2=0.96, eta_3=0.91)
    >>> [round(float(psu.convert(x * 5500.0).eta), 4) for x in (0.2, 0.5, 1.0)]
    [0.94, 0.96, 0.91]
    """

    P_nominal: float = parameter(unit="W", above=0.0, doc="rated output")
    load_1: float = parameter(default=0.25, unit="1", above=0.0, below=1.0, doc="load ratio of the first point")
    load_2: float = parameter(default=0.5, unit="1", above=0.0, below=1.0, doc="load ratio of the second point")
    eta_1: float = parameter(default=0.945, unit="1", above=0.5, below=1.0, doc="efficiency at load_1 (guess: double-conversion UPS)")
    eta_2: float = parameter(default=0.96, unit="1", above=0.5, below=1.0, doc="efficiency at load_2 (guess)")
    eta_3: float = parameter(default=0.96, unit="1", above=0.5, below=1.0, doc="efficiency at full load (guess)")

    def check(self) -> None:
        """Points in order, and a loss that is positive at any load."""
        if self.load_1 >= self.load_2:
            self.reject("load_1", f"must be below load_2 = {self.load_2}")
        x = np.linspace(0.0, 1.2, 121)
        if np.min(self._loss_ratio(x)) <= 0.0:
            self.reject("eta_1", "with the other two points gives a loss below zero at some load")

    @functools.cached_property
    def k(self) -> tuple[float, float, float]:
        """``k0, k1, k2`` of equation (1)."""
        x = np.array([self.load_1, self.load_2, 1.0])
        loss = x * (1.0 / np.array([self.eta_1, self.eta_2, self.eta_3]) - 1.0)
        k0, k1, k2 = np.linalg.solve(np.vander(x, 3, increasing=True), loss)
        return float(k0), float(k1), float(k2)

    @property
    def ranges(self) -> dict[str, Range]:
        """Load over rated output."""
        return {"x": Range(0.0, 1.2)}

    def _loss_ratio(self, x: Signal) -> Signal:
        return ops.polynomial(x, self.k)

    def convert(self, P_out: Signal, n: Signal = 1.0) -> Converted:
        """``n`` equal units sharing the output ``P_out`` [W]."""
        loss = n * self.P_nominal * self._loss_ratio(P_out / (n * self.P_nominal))
        return Converted(P_out + loss, loss, P_out / (P_out + loss))


@dataclasses.dataclass(frozen=True)
class ChainState:
    """A chain at work, upstream to downstream."""

    ups: Converted
    pdu: Converted
    total: Converted


class PowerChain(Component):
    """UPS units and distribution units between the site's supply and the racks.

    Power supplies inside the racks belong to the IT power; their loss is a :class:`Converter` of its own.

    >>> ups, pdu = Converter(P_nominal=5.0e5), Converter(P_nominal=2.5e5, eta_1=0.975, eta_2=0.982, eta_3=0.98)
    >>> chain = PowerChain(ups=ups, pdu=pdu, n_ups=4.0, n_pdu=8.0)
    >>> round(float(chain.supply(1.2e6).total.eta), 4)
    0.9444
    """

    ups: Converter
    """One UPS unit."""
    pdu: Converter
    """One distribution unit."""
    n_ups: float = parameter(unit="1", low=1.0, doc="UPS units that share the load, redundant ones included")
    n_pdu: float = parameter(unit="1", low=1.0, doc="distribution units that share the load")

    @property
    def ranges(self) -> dict[str, Range]:
        """Power of the racks [W]."""
        return {"P_it": Range(0.0, 1.2 * min(self.n_pdu * self.pdu.P_nominal, self.n_ups * self.ups.P_nominal), "W")}

    def supply(self, P_it: Signal) -> ChainState:
        """The chain with racks drawing ``P_it`` [W]."""
        pdu = self.pdu.convert(P_it, self.n_pdu)
        ups = self.ups.convert(pdu.P_in, self.n_ups)
        return ChainState(ups, pdu, Converted(ups.P_in, ups.P_loss + pdu.P_loss, P_it / ups.P_in))
