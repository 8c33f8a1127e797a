"""Cold plate of parallel microchannels from its geometry: how finer channels buy temperature with pressure.

What
    Convection and friction of laminar flow in rectangular channels between fins, over the part of the plate that the die heats. For
    the plate in a rack see :mod:`lowlift.thermal.coldplate`, which is described by ratings instead.

Equations
    ::

        D = 2 b H / (b + H),  a = b / H,  v = V / (n b H),  Re = rho v D / mu                                  (1)
        Nu = Nu_H1(a) + 0.0668 Gz / (1 + 0.04 Gz^(2/3)),  Gz = Re Pr D / L_heated                              (2)
        Nu_H1 = 8.235 (1 - 2.0421 a + 3.0853 a^2 - 2.4765 a^3 + 1.0578 a^4 - 0.1861 a^5)                       (3)
        G = n_heated L_heated h (b + 2 H eta),  eta = tanh(m H) / (m H),  m = sqrt(2 h / (k t)),  h = Nu k_f / D   (4)
        dp = (Po / Re  L / D + K) rho v^2 / 2                                                                (5)
        Po = 96 (1 - 1.3553 a + 1.9467 a^2 - 1.7012 a^3 + 0.9564 a^4 - 0.2537 a^5)                             (6)

    ``b``, ``H`` width and height of a channel (``a`` at most one: the shorter side counts as width in (3) and (6)), ``t`` the fin.

Validity
    Laminar, Re up to 2300; :meth:`MicrochannelPlate.reynolds` says where a flow stands.

Assumptions
    1. The channels over the die carry the heat alone: no spreading into the rest of the plate. 2. Equal flow in all channels.
    3. Properties of the liquid entering. 4. ``K`` stands for entrance, exit and developing flow (guess).

Differences from EnergyPlus
    It has no such component.

Sources
    Shah and London, Laminar Flow Forced Convection in Ducts (1978), for (3) and (6); Hausen (1943) for (2).
"""

from lowlift.thermal import ops
from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.fluids import Fluid
from lowlift.thermal.ops import Signal

NUSSELT = (1.0, -2.0421, 3.0853, -2.4765, 1.0578, -0.1861)
POISEUILLE = (1.0, -1.3553, 1.9467, -1.7012, 0.9564, -0.2537)
GRAETZ_SMALL = 1e-3
"""Rounding of the Graetz number, whose power has no finite slope at zero."""


class MicrochannelPlate(Component):
    """Channels of one plate.

    >>> from lowlift.thermal.fluids import WATER
    >>> plate = MicrochannelPlate(width=0.3e-3, height=4e-3, fin=0.2e-3, channels=140.0)
    >>> R = 1.0 / plate.conductance(WATER, 298.15, 20.0 / 6e4)
    >>> round(float(R), 4), round(float(plate.dp(WATER, 298.15, 20.0 / 6e4)) / 1e3, 1)
    (0.0069, 20.2)
    """

    width: float = parameter(unit="m", above=0.0, high=0.02, doc="width of a channel")
    height: float = parameter(unit="m", above=0.0, high=0.05, doc="height of a channel")
    fin: float = parameter(unit="m", above=0.0, high=0.02, doc="thickness of the fin between two channels")
    channels: float = parameter(unit="1", low=1.0, high=5000.0, doc="channels in parallel")
    heated_length: float = parameter(default=0.04, unit="m", above=0.0, high=1.0, doc="die along the channels (1600 mm2, square)")
    heated_width: float = parameter(default=0.04, unit="m", above=0.0, high=1.0, doc="die across the channels")
    length: float = parameter(default=0.07, unit="m", above=0.0, high=1.0, doc="length of the channels (guess: a square plate)")
    k_fin: float = parameter(default=390.0, unit="W/(m K)", above=0.0, doc="conductivity of the fins, copper")
    K_minor: float = parameter(default=1.5, unit="1", low=0.0, high=20.0, doc="dynamic heads lost at ends (guess)")

    @property
    def diameter(self) -> float:
        """Hydraulic diameter of a channel [m]."""
        return 2.0 * self.width * self.height / (self.width + self.height)

    @property
    def aspect(self) -> float:
        """Shorter over longer side of a channel."""
        return min(self.width, self.height) / max(self.width, self.height)

    @property
    def channels_heated(self) -> float:
        """Channels over the die."""
        return min(self.channels, self.heated_width / (self.width + self.fin))

    @property
    def ranges(self) -> dict[str, Range]:
        """Reynolds number of the channels."""
        return {"Re": Range(0.0, 2300.0)}

    def velocity(self, V_dot: Signal) -> Signal:
        """Velocity in the channels [m/s] at a flow of the plate [m^3/s]."""
        return V_dot / (self.channels * self.width * self.height)

    def reynolds(self, fluid: Fluid, T: Signal, V_dot: Signal) -> Signal:
        """Reynolds number of the channels."""
        return fluid.rho(T) * self.velocity(V_dot) * self.diameter / fluid.mu(T)

    def conductance(self, fluid: Fluid, T: Signal, V_dot: Signal) -> Signal:
        """Base of the fins to the liquid [W/K], equations (2) to (4), for liquid entering at ``T`` [K] with ``V_dot`` [m^3/s]."""
        Pr = fluid.mu(T) * fluid.cp(T) / fluid.k(T)
        Gz = self.reynolds(fluid, T, V_dot) * Pr * self.diameter / self.heated_length
        Nu = 8.235 * ops.polynomial(self.aspect, NUSSELT) + 0.0668 * Gz / (1.0 + 0.04 * ops.power(Gz, 2.0 / 3.0, GRAETZ_SMALL))
        h = Nu * fluid.k(T) / self.diameter
        mH = ops.sqrt(2.0 * h / (self.k_fin * self.fin)) * self.height
        perimeter = self.width + 2.0 * self.height * ops.tanh(mH) / mH
        return self.channels_heated * self.heated_length * h * perimeter

    def dp(self, fluid: Fluid, T: Signal, V_dot: Signal) -> Signal:
        """Pressure drop [Pa], equation (5)."""
        v = self.velocity(V_dot)
        friction = 48.0 * ops.polynomial(self.aspect, POISEUILLE) * fluid.mu(T) * self.length / (self.diameter * self.diameter)
        return friction * v + 0.5 * self.K_minor * fluid.rho(T) * v * v
