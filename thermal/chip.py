"""Chip whose leakage grows with its temperature: power, its fixed point, and the loop gain that must stay below one.

What
    Transistors leak more when warm, so power depends on temperature and temperature on power. The loop settles while a watt more
    of heat makes less than a watt more of leakage; otherwise the chip runs away.

Equations
    ::

        P(u, T) = P_dyn u + P_leak(T),  P_leak = P_0 exp(k (T - T_0))                                    (1)
        T = T_ref + R P(u, T)                                                                            (2)
        gain = R dP/dT = R k P_leak(T),  must be below 1                                                 (3)
        dT/dP_dyn = R / (1 - gain)                                                                       (4)

    Above ``T_max`` (1) goes on along its tangent: the gain stays at its value there, so (2) has exactly one solution when (3) holds at
    ``T_max``. That is checked on construction for the largest resistance, and by :meth:`LeakyChip.steady` for the one it is given.
    ``T - T_ref - R P`` is concave, so Newton's method from below climbs to the solution without passing it; a fixed number of steps
    leaves less than 1e-9 K up to a gain of 0.9 and 1e-3 K at 0.99.

Validity
    Load 0 to 1, resistance up to ``R_max``, the law (1) up to ``T_max``, the chip's limit; a chip above it is throttled or off.

Assumptions
    1. One temperature for the whole die. 2. Voltage does not change with temperature. 3. No coefficient is published for current
    accelerators: ``k`` of 0.01 to 0.02 per kelvin is a guess.

Differences from EnergyPlus
    Its IT equipment has the power of processors as a curve of load and inlet *air* temperature, without a loop that could run away.

Sources
    US patent 6,842,714 (2005) reports about 30 % more leakage for 30 K (0.009 per kelvin); arXiv:2507.16781 has the same board at
    41-50 C in liquid and 54-72 C in air, with more work per watt in liquid.
"""

import dataclasses

import numpy as np

from lowlift.thermal import ops
from lowlift.thermal.component import Component, ParameterError, Range, parameter
from lowlift.thermal.ops import Signal

NEWTON_STEPS = 6


class LoopGainError(ParameterError):
    """Thermal runaway: the gain of leakage over heat path is one or more.

    Attributes:
        gain: the offending loop gain, equation (3).
    """

    def __init__(self, name: str, gain: float, R: float, T: float) -> None:
        super().__init__(
            f"{name}: loop gain dP/dT R = {gain:.3f} at {T:.1f} K with R = {R:.4f} K/W: must be below 1 (thermal runaway); "
            "lower the resistance, the leakage or the temperature limit"
        )
        self.gain = gain


@dataclasses.dataclass(frozen=True)
class ChipState:
    """A chip at rest."""

    T: Signal
    """Temperature [K]."""
    P: Signal
    """Power [W]."""
    P_leak: Signal
    """Its leakage [W]."""
    gain: Signal
    """Loop gain, equation (3)."""


class LeakyChip(Component):
    """One chip.

    >>> chip = LeakyChip()
    >>> state = chip.steady(1.0, 308.15, 0.05)
    >>> round(float(state.T) - 273.15, 1), round(float(state.P)), round(float(state.gain), 3)
    (84.7, 994, 0.101)
    """

    P_dynamic: float = parameter(default=860.0, unit="W", low=0.0, doc="dynamic power at full load (guess: 1 kW with leakage)")
    P_leak_nominal: float = parameter(default=100.0, unit="W", low=0.0, doc="leakage at T_nominal (guess)")
    k: float = parameter(default=0.015, unit="1/K", low=0.0, high=0.1, doc="growth of leakage per kelvin (guess, 0.01 to 0.02)")
    T_nominal: float = parameter(default=338.15, unit="K", low=273.15, high=400.0, doc="temperature of that leakage")
    T_max: float = parameter(default=378.15, unit="K", low=273.15, high=450.0, doc="limit of the chip; the law ends there")
    R_max: float = parameter(default=0.08, unit="K/W", above=0.0, doc="largest resistance from chip to T_ref in service")

    def check(self) -> None:
        """No runaway at the hottest and least cooled state declared.

        Raises:
            LoopGainError: the gain there is one or more.
        """
        self.require_stable(self.R_max)

    @property
    def ranges(self) -> dict[str, Range]:
        """Load, chip temperature [K] and resistance [K/W]."""
        return {"u": Range(0.0, 1.0), "T": Range(273.15, self.T_max, "K"), "R": Range(0.0, self.R_max, "K/W")}

    def gain_at_limit(self, R: Signal) -> Signal:
        """Largest loop gain, the one at ``T_max``, for resistance ``R`` [K/W]."""
        return R * (self.k * self.P_leak_nominal * ops.exp(self.k * (self.T_max - self.T_nominal)))

    def require_stable(self, R: Signal) -> None:
        """Check equation (3) for a resistance [K/W] of numbers.

        Raises:
            LoopGainError: naming the gain.
        """
        gain = self.gain_at_limit(np.max(R))
        if not gain < 1.0:
            raise LoopGainError(type(self).__name__, float(gain), float(np.max(R)), self.T_max)

    def P_leak(self, T: Signal) -> Signal:
        """Leakage [W] at ``T`` [K], equation (1), along its tangent above ``T_max``."""
        x, limit = self.k * (T - self.T_nominal), self.k * (self.T_max - self.T_nominal)
        return self.P_leak_nominal * ops.exp(ops.minimum(x, limit)) * (1.0 + ops.maximum(x - limit, 0.0))

    def slope(self, T: Signal) -> Signal:
        """``dP/dT`` [W/K]."""
        return self.k * self.P_leak(ops.minimum(T, self.T_max))

    def P(self, u: Signal, T: Signal) -> Signal:
        """Power [W] at load ``u`` and temperature ``T`` [K]: the heat ``q`` of a cold plate in motion."""
        return self.P_dynamic * u + self.P_leak(T)

    def loop_gain(self, T: Signal, R: Signal) -> Signal:
        """Equation (3)."""
        return R * self.slope(T)

    def steady(self, u: Signal, T_ref: Signal, R: Signal) -> ChipState:
        """The fixed point (2) for load ``u``, reference [K] (coolant entering, say) and resistance to it [K/W].

        Numbers are checked; for CasADi expressions bound :meth:`gain_at_limit` below one.

        Raises:
            LoopGainError: the resistance lets the chip run away.
        """
        if not ops.is_symbolic(R):
            self.require_stable(R)
        T = T_ref + R * self.P_dynamic * u
        T = T + R * self.P_leak(T)
        for _ in range(NEWTON_STEPS):
            T = T - (T - T_ref - R * self.P(u, T)) / (1.0 - R * self.slope(T))
        return ChipState(T, self.P(u, T), self.P_leak(T), self.loop_gain(T, R))
