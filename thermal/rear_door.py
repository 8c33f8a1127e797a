"""Rear-door heat exchanger: a water coil behind a rack, through which its own fans blow the exhaust.

What
    Exhaust air passes a finned coil before it reaches the room. The coil stays dry as long as water enters above the dew point, which
    is a condition of operation and reported as a margin. The door's resistance costs the rack's fans extra power.

Equations
    ::

        Q = G(m_air, m_water) (T_exhaust - T_water),  G = eps C_min of a crossflow coil                   (1)
        T_air = T_exhaust - Q / (m_air c_p),  T_water,out = T_water + Q / (m_water c_w)                   (2)
        dp = dp_n r (s + (1 - s) r),  P_fan = V dp / eta,  r = V / V_n                                    (3)
        margin = T_water - T_dew - reserve,  must be at least 0                                           (4)
        capture = (T_exhaust - T_air) / (T_exhaust - T_room):  above 1 the door cools the room            (5)

    The extra fan power is server power: it belongs to IT power, and enters the air before the coil with the rest of the exhaust.

Validity
    Dry coil, margin (4) not negative; flows from zero to about 1.5 times nominal.

Assumptions
    1. All exhaust passes the door (no leaks around it). 2. Rack fans keep their flow against the door; only their power rises.
    3. Water without glycol, as makers of such doors require.

Differences from EnergyPlus
    EnergyPlus has no rear-door object.

Sources
    IBM Power Systems, Site and hardware planning (9009), "Rear door heat exchanger" (water above the dew point: 18 C for a 17 C dew point,
    22 C in ASHRAE class 2 rooms; no glycol; a 20 kW to 32 kW rack gives 55 % to 85 % of its heat to the door).
"""

import dataclasses
import functools

from lowlift.thermal import ops
from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.exchange import FinnedCoil
from lowlift.thermal.hall_air import CP_AIR, RHO_AIR
from lowlift.thermal.ops import Signal

CP_WATER = 4180.0
DIFFERENCE_SMALL = 0.1
"""Exhaust above room where (5) divides [K]."""


@dataclasses.dataclass(frozen=True)
class DoorState:
    """A door at work."""

    Q_dot: Signal
    """Heat to the water [W]."""
    T_air_out: Signal
    """Air into the room [K]."""
    T_water_out: Signal
    """Water leaving [K]."""
    P_fan_extra: Signal
    """What the rack's fans draw more for the door [W]."""
    dew_margin: Signal
    """Water above dew point and reserve [K]; below zero the coil may sweat."""


class RearDoor(Component):
    """One door.

    >>> door = RearDoor(Q_dot_nominal=3.0e4, T_exhaust_nominal=313.15, T_water_nominal=291.15, V_air_nominal=1.6, m_water_nominal=0.9)
    >>> state = door.state(313.15, 1.6 * 1.17, 291.15, 0.9, T_dew=288.15)
    >>> round(float(state.Q_dot)), round(float(state.P_fan_extra)), round(float(state.dew_margin), 1)
    (30000, 107, 1.0)
    """

    Q_dot_nominal: float = parameter(unit="W", above=0.0, doc="heat at the rating point")
    T_exhaust_nominal: float = parameter(unit="K", low=290.0, high=350.0, doc="rack exhaust, rated")
    T_water_nominal: float = parameter(unit="K", low=275.0, high=320.0, doc="water entering, rated")
    V_air_nominal: float = parameter(unit="m^3/s", above=0.0, doc="air, rated")
    m_water_nominal: float = parameter(unit="kg/s", above=0.0, doc="water, rated")
    dp_air_nominal: float = parameter(default=20.0, unit="Pa", low=0.0, high=500.0, doc="resistance of the door at rated air (guess)")
    laminar_share: float = parameter(default=0.3, unit="1", low=0.0, high=1.0, doc="part of it that is linear in flow (guess)")
    eta_fan: float = parameter(default=0.3, unit="1", above=0.0, high=1.0, doc="efficiency of small server fans with motor (guess)")
    reserve: float = parameter(default=2.0, unit="K", low=0.0, high=10.0, doc="water kept this much above the dew point")

    @functools.cached_property
    def coil(self) -> FinnedCoil:
        """The coil that meets the rating point."""
        return FinnedCoil(
            Q_dot_nominal=self.Q_dot_nominal,
            T_hot_in_nominal=self.T_exhaust_nominal,
            T_cold_in_nominal=self.T_water_nominal,
            m_hot_nominal=RHO_AIR * self.V_air_nominal,
            m_cold_nominal=self.m_water_nominal,
            cp_hot=CP_AIR,
            cp_cold=CP_WATER,
            n_hot=0.8,
            hA_ratio=0.5,
        )

    def check(self) -> None:
        """The coil must exist."""
        self.coil  # noqa: B018 - built on access, fails when impossible

    @property
    def ranges(self) -> dict[str, Range]:
        """Flows [kg/s, m^3/s]; the coil is dry while :meth:`dew_margin` is not negative."""
        return {
            "m_air": Range(0.0, 1.5 * RHO_AIR * self.V_air_nominal, "kg/s"), "m_water": Range(0.0, 1.5 * self.m_water_nominal, "kg/s"),
            "V": Range(0.0, 1.5 * self.V_air_nominal, "m^3/s"),
        }  # fmt: skip

    def dp_air(self, V: Signal) -> Signal:
        """Pressure drop of the door [Pa] at air flow ``V`` [m^3/s], equation (3)."""
        r = V / self.V_air_nominal
        return self.dp_air_nominal * r * (self.laminar_share + (1.0 - self.laminar_share) * r)

    def P_fan_extra(self, V: Signal) -> Signal:
        """Extra power of the rack's fans [W], equation (3)."""
        return V * self.dp_air(V) / self.eta_fan

    def dew_margin(self, T_water: Signal, T_dew: Signal) -> Signal:
        """Water temperature above dew point and reserve [K], equation (4)."""
        return T_water - T_dew - self.reserve

    def state(self, T_exhaust: Signal, m_air: Signal, T_water: Signal, m_water: Signal, T_dew: Signal, rho: Signal = RHO_AIR) -> DoorState:
        """The door at work, equations (1) to (4).

        Args:
            T_exhaust: air leaving the servers [K].
            m_air: air [kg/s].
            T_water: water entering [K].
            m_water: water [kg/s].
            T_dew: dew point of the room's air [K].
            rho: density of the air [kg/m^3].
        """
        t = self.coil.transfer(T_exhaust, m_air, T_water, m_water)
        return DoorState(t.Q_dot, t.T_hot_out, t.T_cold_out, self.P_fan_extra(m_air / rho), self.dew_margin(T_water, T_dew))

    def capture(self, state: DoorState, T_exhaust: Signal, T_room: Signal) -> Signal:
        """Share of the rack's heat that goes to water, equation (5)."""
        from_room = ops.smooth_max(T_exhaust - T_room, DIFFERENCE_SMALL, DIFFERENCE_SMALL)
        return (T_exhaust - state.T_air_out) / from_room
