"""Coolant distribution unit, liquid to air: finned coil, fans and secondary pump in one cabinet.

What
    For halls without facility water: the technology loop gives its heat to the room air, and the air handlers take it from
    there. The liquid-to-liquid unit is :mod:`lowlift.thermal.cdu`.

Equations
    ::

        V = y_pump V_nominal   (quadratic loop without lift)                                               (1)
        Q = G (T_return - T_air),  G = eps C_min, crossflow, films by flow                                 (2)
        T_supply  = T_return - (Q - P_shaft) / (m cp)                                                      (3)
        T_air,out = T_air + (Q + P_fan) / (m_a cp_a)                                                       (4)

    All three terms of (3) and (4) have a limit where pump or fans stop, and are written so.

    The *approach* is ``T_supply - T_air`` at rated flows and heat.

Validity
    Air 283 K to 318 K, coolant 288 K to 343 K, both speeds 0 to 1; dry fins.

Assumptions
    1. All pump shaft power ends as heat in the coolant, all fan power in the air. 2. The loop is one quadratic resistance. 3. Air
    flow is proportional to fan speed. 4. Nothing recirculates from outlet to inlet of the cabinet.

Differences from EnergyPlus
    It has no such unit; a dry coil with fans comes nearest.

Sources
    Crossflow and films: :mod:`lowlift.thermal.exchange`; ASHRAE TC 9.9, Water-Cooled Servers: Common Designs, Components, and Processes
    (2019), for what such units are.
"""

import dataclasses
import functools

from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.exchange import FinnedCoil, Reach
from lowlift.thermal.hall_air import CP_AIR, RHO_AIR
from lowlift.thermal.hydraulics import Fan, Pump
from lowlift.thermal.ops import Signal


@dataclasses.dataclass(frozen=True)
class AirCDUState:
    """A liquid-to-air unit at work."""

    Q_dot: Signal
    """Heat from coolant to air, through the coil [W]."""
    Q_air: Signal
    """Heat added to the room air, fans included [W]."""
    T_supply: Signal
    """Coolant to the racks [K]."""
    T_air_out: Signal
    """Air leaving the cabinet [K]."""
    P_el: Signal
    """Electric power of pump and fans [W]."""


class AirCDU(Component):
    """One unit, rated by heat, coolant return, room air and both flows.

    >>> unit = AirCDU(Q_dot_nominal=7.0e4, T_return_nominal=323.15, T_air_nominal=298.15, V_nominal=1.9e-3, V_air_nominal=6.0,
    ...               dp_nominal=1.5e5, P_fan_nominal=3.5e3)
    >>> state = unit.operate(323.15, 298.15, 1.0, 1.0)
    >>> round(float(state.Q_dot)), round(float(state.T_supply) - 298.15, 1)
    (70000, 15.9)
    """

    Q_dot_nominal: float = parameter(unit="W", above=0.0, doc="heat through the coil at the rating point")
    T_return_nominal: float = parameter(unit="K", low=283.15, high=353.15, doc="coolant from the racks, rated")
    T_air_nominal: float = parameter(unit="K", low=278.15, high=323.15, doc="air entering, rated")
    V_nominal: float = parameter(unit="m^3/s", above=0.0, doc="coolant at full pump speed")
    V_air_nominal: float = parameter(unit="m^3/s", above=0.0, doc="air at full fan speed")
    dp_nominal: float = parameter(unit="Pa", above=0.0, doc="pump head at rated flow")
    P_fan_nominal: float = parameter(unit="W", above=0.0, doc="electric power of the fans at full speed")
    rho: float = parameter(default=1010.0, unit="kg/m^3", above=0.0, doc="density of the coolant (PG25)")
    cp: float = parameter(default=3969.0, unit="J/(kg K)", above=0.0, doc="heat capacity of the coolant (PG25)")
    rho_air: float = parameter(default=RHO_AIR, unit="kg/m^3", above=0.0, high=2.0, doc="density of the hall's air (27 C, sea level)")

    def check(self) -> None:
        """The coil must exist."""
        self.coil  # noqa: B018 - built on access, fails when impossible

    @functools.cached_property
    def coil(self) -> FinnedCoil:
        """The coil that meets the rating point."""
        return FinnedCoil(
            Q_dot_nominal=self.Q_dot_nominal,
            T_hot_in_nominal=self.T_return_nominal,
            T_cold_in_nominal=self.T_air_nominal,
            m_hot_nominal=self.rho * self.V_nominal,
            m_cold_nominal=self.rho_air * self.V_air_nominal,
            cp_hot=self.cp,
            cp_cold=CP_AIR,
            n_cold=0.8,
            hA_ratio=2.0,
        )

    @functools.cached_property
    def pump(self) -> Pump:
        """The pump that meets the rating point."""
        return Pump(V_dot_nominal=self.V_nominal, dp_nominal=self.dp_nominal)

    def flow(self, y_pump: Signal) -> Signal:
        """Coolant [kg/s] at pump speed 0..1."""
        return self.rho * self.V_nominal * y_pump

    @property
    def ranges(self) -> dict[str, Range]:
        """Coolant and air entering [K], both speeds."""
        return {
            "T_return": Range(288.0, 343.0, "K"),
            "T_air": Range(283.0, 318.0, "K"),
            "y_pump": Range(0.0, 1.0),
            "y_fan": Range(0.0, 1.0),
        }

    def reach(self, y_pump: Signal, y_fan: Signal) -> Reach:
        """The coil at both speeds: heat and temperature changes per kelvin between coolant returning and air entering."""
        return self.coil.reach(self.flow(y_pump), self.rho_air * self.V_air_nominal * y_fan)

    def operate(self, T_return: Signal, T_air: Signal, y_pump: Signal, y_fan: Signal) -> AirCDUState:
        """The unit with coolant returning at ``T_return`` and air at ``T_air`` [K], equations (2) to (4)."""
        r, drive, fan = self.reach(y_pump, y_fan), T_return - T_air, Fan(P_nominal=self.P_fan_nominal)
        V = self.V_nominal * y_pump
        by_pump = self.pump.P_shaft(self.V_nominal, 1.0) / (self.flow(1.0) * self.cp) * y_pump * y_pump
        by_fan = fan.P_per_speed(y_fan) / (self.rho_air * self.V_air_nominal * CP_AIR)
        return AirCDUState(
            Q_dot=r.G * drive,
            Q_air=r.G * drive + fan.P_el(y_fan),
            T_supply=T_return - r.hot * drive + by_pump,
            T_air_out=T_air + r.cold * drive + by_fan,
            P_el=self.pump.P_el(V, y_pump) + fan.P_el(y_fan),
        )
