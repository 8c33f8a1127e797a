"""Thermal storage: a well-mixed tank, and a stratified tank of layers.

What
    Water (or coolant) held for later. Both tanks advance by an exact step for inputs constant over the step, so any step length is
    stable and the first law closes to rounding: the outlet temperature returned is the *mean over the step*, the one that carries
    the energy.

Equations
    ::

        C dT/dt = m cp (T_in - T) + UA (T_amb - T),   C = rho cp V                                        (1)
        T(h)  = T(0) + (h / C) exprel(-z) q(0),   z = (m cp + UA) h / C                                   (2)
        mean  = T(0) + (h / C) exprel_slope(-z) q(0)                                                      (3)

    with ``q(0)`` the right-hand side of (1) at the start; (2) and (3) are regular at no flow and no loss. The stratified tank is a
    cascade of (2): each layer takes in the mean outlet of the one upstream (upwind advection), so water moves in the direction
    of flow only and no layer can pass the temperature of what flows into it.

Validity
    Any flow, any step. ``exprel(z) = (e^z - 1) / z``, ``exprel_slope(z) = (e^z - 1 - z) / z^2``.

Assumptions
    1. Constant density and heat capacity. 2. Layers are well mixed: the thermocline spreads over about ``sqrt(N)`` layers; 10 to 30
    of them suit a plant study. 3. No buoyancy: warm water fed below cold is not turned over. 4. No conduction between layers.
    5. A step longer than the renewal of a layer, ``C_layer / (m cp)``, spreads the thermocline further; energy stays exact.

Differences from EnergyPlus
    ``WaterHeater:Stratified`` and ``ThermalStorage:ChilledWater:Stratified`` step by finite differences with inversion mixing and
    conduction; here the step is exact and neither is modelled.

Sources
    Exact solution of a linear equation; the regular functions after Hochbruck and Ostermann, Acta Numerica 19, 209, 2010.
"""

import dataclasses
import functools
import math
from collections.abc import Sequence

from lowlift.thermal import ops
from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.ops import Signal

CP_WATER = 4186.0
RHO_WATER = 998.0
FLOW_SMALL = 1e-3
"""Flows below this share of nominal are blended to none where the stratified tank changes direction."""


@dataclasses.dataclass(frozen=True)
class TankStep:
    """A well-mixed volume after a step."""

    T: Signal
    """Temperature at the end [K]."""
    T_out: Signal
    """Mean temperature of the water leaving over the step [K]."""


@dataclasses.dataclass(frozen=True)
class StratifiedStep:
    """A stratified tank after a step, layers from top to bottom."""

    T: tuple[Signal, ...]
    """Layers at the end [K]."""
    T_top_out: Signal
    """Mean temperature of water leaving at the top [K]; meaningful while water flows up."""
    T_bottom_out: Signal
    """Mean temperature of water leaving at the bottom [K]; meaningful while water flows down."""
    Q_flow: Signal
    """Mean heat brought by the water [W]."""
    Q_ambient: Signal
    """Mean heat gained from the room [W]."""


def mixed_step(T: Signal, T_in: Signal, C_dot: Signal, T_amb: Signal, UA: Signal, C: Signal, h: Signal) -> TankStep:
    """Equations (2) and (3): a volume of heat capacity ``C`` [J/K], flow ``C_dot = m cp`` [W/K], loss ``UA`` [W/K], step ``h`` [s]."""
    q = C_dot * (T_in - T) + UA * (T_amb - T)
    z = (C_dot + UA) * h / C
    return TankStep(T + h / C * ops.exprel(-z) * q, T + h / C * ops.exprel_slope(-z) * q)


class MixedTank(Component):
    """A tank without layers: equation (1).

    >>> tank = MixedTank(volume=20.0, UA=0.0)
    >>> round(float(tank.step(285.15, 291.15, 10.0, 298.15, 3600.0).T) - 273.15, 3)
    17.012
    """

    volume: float = parameter(unit="m^3", above=0.0, doc="water held")
    UA: float = parameter(default=0.0, unit="W/K", low=0.0, doc="conductance to the room")
    rho: float = parameter(default=RHO_WATER, unit="kg/m^3", above=0.0, doc="density")
    cp: float = parameter(default=CP_WATER, unit="J/(kg K)", above=0.0, doc="specific heat capacity")

    @property
    def C(self) -> float:
        """Heat capacity [J/K]."""
        return self.rho * self.cp * self.volume

    @property
    def ranges(self) -> dict[str, Range]:
        """Flow [kg/s] and step [s]: neither is negative."""
        return {"m": Range(0.0, math.inf, "kg/s"), "h": Range(0.0, math.inf, "s")}

    def step(self, T: Signal, T_in: Signal, m: Signal, T_amb: Signal, h: Signal) -> TankStep:
        """The tank after ``h`` [s] with water ``m`` [kg/s] entering at ``T_in``; ``m`` must not be negative."""
        return mixed_step(T, T_in, m * self.cp, T_amb, self.UA, self.C, h)


class StratifiedTank(Component):
    """A tank of equal layers, warm above cold.

    Water flows down when ``m > 0`` (enters at the top, leaves at the bottom) and up when ``m < 0``.

    >>> tank = StratifiedTank(volume=100.0, layers=10.0, m_nominal=40.0)
    >>> cold = tank.step((291.15,) * 10, -40.0, 291.15, 280.15, 298.15, 1800.0)  # charged with cold water from below
    >>> round(float(cold.T[0]) - 273.15, 2), round(float(cold.T[-1]) - 273.15, 2), round(float(cold.T_top_out) - 273.15, 2)
    (15.13, 7.01, 15.52)
    """

    volume: float = parameter(unit="m^3", above=0.0, doc="water held")
    layers: float = parameter(unit="1", low=1.0, high=200.0, doc="number of layers, a whole number")
    m_nominal: float = parameter(unit="kg/s", above=0.0, doc="rated flow, the scale of the blend at rest")
    UA: float = parameter(default=0.0, unit="W/K", low=0.0, doc="conductance of the whole tank to the room")
    rho: float = parameter(default=RHO_WATER, unit="kg/m^3", above=0.0, doc="density")
    cp: float = parameter(default=CP_WATER, unit="J/(kg K)", above=0.0, doc="specific heat capacity")

    def check(self) -> None:
        """Layers are counted."""
        if self.layers != int(self.layers):
            self.reject("layers", "must be a whole number")

    @property
    def ranges(self) -> dict[str, Range]:
        """Step [s]: not negative; water flows either way."""
        return {"h": Range(0.0, math.inf, "s")}

    @functools.cached_property
    def C_layer(self) -> float:
        """Heat capacity of one layer [J/K]."""
        return self.rho * self.cp * self.volume / self.layers

    def energy(self, T: Sequence[Signal], T_reference: Signal) -> Signal:
        """Heat held above a reference temperature [J]."""
        return self.C_layer * sum(t - T_reference for t in T)

    def _cascade(self, T: Sequence[Signal], T_in: Signal, m: Signal, T_amb: Signal, h: Signal) -> tuple[list[TankStep], Signal]:
        """Layers in flow order, and the mean temperature of the water leaving the last."""
        steps: list[TankStep] = []
        for layer in T:
            steps.append(mixed_step(layer, T_in, m * self.cp, T_amb, self.UA / self.layers, self.C_layer, h))
            T_in = steps[-1].T_out
        return steps, T_in

    def step(self, T: Sequence[Signal], m: Signal, T_top_in: Signal, T_bottom_in: Signal, T_amb: Signal, h: Signal) -> StratifiedStep:
        """The tank after ``h`` [s]: layers ``T`` from top to bottom [K], flow ``m`` [kg/s] down, or up when negative.

        Raises:
            ValueError: the number of temperatures is not that of the layers.
        """
        if len(T) != int(self.layers):
            raise ValueError(f"StratifiedTank.step: {len(T)} temperatures for {int(self.layers)} layers; give one a layer")
        # Only one of the two flows differs from zero, so the sum of both cascades less the tank at rest is the one that flows.
        width = FLOW_SMALL * self.m_nominal
        m_down, m_up = ops.one_way(m, width), ops.one_way(-m, width)
        down, T_bottom_out = self._cascade(T, T_top_in, m_down, T_amb, h)
        up, T_top_out = self._cascade(T[::-1], T_bottom_in, m_up, T_amb, h)
        rest, _ = self._cascade(T, T_top_in, 0.0, T_amb, h)
        moved = list(zip(down, up[::-1], rest, strict=True))
        mean = sum(d.T_out + u.T_out - r.T_out for d, u, r in moved) / self.layers
        return StratifiedStep(
            T=tuple(d.T + u.T - r.T for d, u, r in moved),
            T_top_out=T_top_out,
            T_bottom_out=T_bottom_out,
            Q_flow=self.cp * (m_down * (T_top_in - T_bottom_out) + m_up * (T_bottom_in - T_top_out)),
            Q_ambient=self.UA * (T_amb - mean),
        )
