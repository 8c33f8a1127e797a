"""What cooling-tower models share: the rating, the fan, moist air and the water balance.

What
    One cell that cools water against ambient air. :class:`TowerCell` is abstract; how far a cell cools is the business of
    :mod:`lowlift.thermal.tower` (Merkel) and :mod:`lowlift.thermal.tower_york` (correlation of a manufacturer).

Equations
    ::

        evaporation = m_da (W_sat(T_wb,out) - W_in),   h_sat(T_wb,out) = h_sat(T_wb) + Q / m_da           (1)
        drift = f_drift m_w,n r                                                                           (2)
        blowdown = max(evaporation / (cycles - 1) - drift, 0),  makeup = evaporation + drift + blowdown    (3)
        P_fan = P_n (c0 + c1 y + c2 y^2 + c3 y^3), not below zero                                          (4)

    with ``r`` the air flow over nominal. Drift follows the air, not the water sprayed: that is what carries droplets.

Differences from EnergyPlus
    1. "0.2 percent/K" loss factors are not used. 2. The fan cubic, negative at low speed, ends at exactly zero. 3. EnergyPlus
    multiplies the air flow by the rise in specific humidity (per kilogram of moist air), which evaporates up to 7 % less in hot air.

Assumptions
    1. Makeup water enters at basin temperature. 2. Outlet air is saturated; saturation is taken over supercooled water below
    freezing. 3. All cells with water share it equally.

Sources
    EnergyPlus Engineering Reference, Cooling Towers and Evaporative Fluid Coolers.
"""

import dataclasses

from lowlift.thermal import ops
from lowlift.thermal.component import Component, parameter
from lowlift.thermal.ops import Signal
from lowlift.thermal.psychrometrics import (
    MASS_RATIO,
    density,
    enthalpy,
    humidity_ratio_from_wet_bulb,
    saturation_pressure_over_water,
    saturation_pressure_slope_over_water,
)

CP_WATER = 4186.0
P_SEA_LEVEL = 101325.0
ZERO_C = 273.15
NEWTON_STEPS = 7
"""Steps for the wet bulb of the air leaving: converged to 1e-6 K in the declared range of the cells."""


@dataclasses.dataclass(frozen=True)
class TowerState:
    """One cell at work."""

    T_w_out: Signal
    """Water leaving [K]."""
    Q_dot: Signal
    """Heat rejected [W]."""
    T_wb_out: Signal
    """Wet bulb of the air leaving [K]."""
    m_da: Signal
    """Dry air through the cell [kg/s]."""
    w_in: Signal
    """Humidity ratio of the air entering [kg/kg]."""


@dataclasses.dataclass(frozen=True)
class WaterUse:
    """Water of one cell [kg/s]; ``makeup`` is the sum of the other three."""

    evaporation: Signal
    drift: Signal
    blowdown: Signal
    makeup: Signal


def saturated(T: Signal, p: Signal) -> tuple[Signal, Signal]:
    """Enthalpy [J/kg] and humidity ratio of saturated air over liquid water."""
    p_w = saturation_pressure_over_water(T)
    w = MASS_RATIO * p_w / (p - p_w)
    return enthalpy(T, w), w


def wet_bulb_of_gain(dh: Signal, T_wb: Signal, drive: Signal, p: Signal) -> Signal:
    """Wet bulb [K] of air that entered at ``T_wb`` and gained ``dh`` [J/kg dry air], equation (1).

    Newton's method on the saturation enthalpy, which is convex: from the temperature of the water entering, ``T_wb + drive``, which
    the air cannot exceed, it comes down without overshoot.
    """
    target = saturated(T_wb, p)[0] + dh
    T = T_wb + drive
    for _ in range(NEWTON_STEPS):
        h, w = saturated(T, p)
        p_w = saturation_pressure_over_water(T)
        dw = MASS_RATIO * p * saturation_pressure_slope_over_water(T) / ((p - p_w) * (p - p_w))
        slope = 1006.0 + 1860.0 * w + dw * (2.501e6 + 1860.0 * (T - ZERO_C))
        T = T - (h - target) / slope
    return T


class TowerCell(Component):
    """One cell, rated by heat, wet bulb, approach and range; abstract."""

    Q_dot_nominal: float = parameter(unit="W", above=0.0, doc="heat rejected at the rating point")
    T_wb_nominal: float = parameter(unit="K", low=273.15, high=310.0, doc="wet bulb at the rating point")
    approach_nominal: float = parameter(unit="K", above=0.5, high=30.0, doc="leaving water above the wet bulb")
    range_nominal: float = parameter(unit="K", above=0.5, high=40.0, doc="entering minus leaving water")
    V_air_nominal: float = parameter(unit="m^3/s", above=0.0, doc="air at full fan speed, at entering conditions")
    P_fan_nominal: float = parameter(unit="W", low=0.0, doc="electric power of the fan at full speed")
    c0: float = parameter(default=-0.00932, unit="1", doc="fan power cubic, constant (EnergyPlus test tower)")
    c1: float = parameter(default=0.0512, unit="1", doc="fan power cubic, linear")
    c2: float = parameter(default=-0.0838, unit="1", doc="fan power cubic, quadratic")
    c3: float = parameter(default=1.0419, unit="1", doc="fan power cubic, cubic")
    y_natural: float = parameter(default=0.1, unit="1", above=0.0, below=1.0, doc="air flow ratio with the fan off")
    drift: float = parameter(default=8e-5, unit="1", low=0.0, high=0.01, doc="drift at full air flow, share of rated water")
    cycles: float = parameter(default=4.0, unit="1", above=1.0, high=50.0, doc="cycles of concentration")

    @property
    def m_w_nominal(self) -> float:
        """Water at the rating point [kg/s]."""
        return self.Q_dot_nominal / (CP_WATER * self.range_nominal)

    def leave(self, T_w_in: Signal, m_w: Signal, T_wb: Signal, p: Signal, y: Signal, T_db: Signal | None = None) -> TowerState:
        """One cell with water ``m_w`` [kg/s] at ``T_w_in`` and fan speed ``y``; air saturated unless ``T_db`` is given."""
        raise NotImplementedError

    @staticmethod
    def air(T_db: Signal, T_wb: Signal, p: Signal) -> tuple[Signal, Signal]:
        """Density [kg/m^3] and humidity ratio of the air entering."""
        w = ops.smooth_max(humidity_ratio_from_wet_bulb(T_db, T_wb, p), 0.0, 1e-6)
        return density(T_db, w, p), w

    def air_ratio(self, y: Signal) -> Signal:
        """Air flow over nominal at fan speed ``y``: natural draught with the fan off, one at full speed."""
        return ops.smooth_max(y, self.y_natural, 0.02)

    def fan_power(self, y: Signal) -> Signal:
        """Electric power of the fan [W]: the cubic (4) where it is positive, exactly zero when off."""
        off = ops.smooth_max(self.c0, 0.0, 1e-3)
        cubic = ops.polynomial(y, (self.c0, self.c1, self.c2, self.c3))
        return self.P_fan_nominal * (ops.smooth_max(cubic, 0.0, 1e-3) - off)

    def water(self, state: TowerState, p: Signal, y: Signal) -> WaterUse:
        """Water balance of one cell, equations (1) to (3)."""
        w_out = saturated(state.T_wb_out, p)[1]
        evaporation = state.m_da * ops.smooth_max(w_out - state.w_in, 0.0, 1e-7)
        drift = self.drift * self.m_w_nominal * self.air_ratio(y)
        blowdown = ops.smooth_max(evaporation / (self.cycles - 1.0) - drift, 0.0, 1e-6 * self.m_w_nominal)
        return WaterUse(evaporation, drift, blowdown, evaporation + drift + blowdown)
