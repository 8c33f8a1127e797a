"""Computer-room air handler: a dry finned coil and its fans.

Equations: ``Q = G (T_air,in - T_water,in)`` with ``G = eps C_min`` of a crossflow coil
(:mod:`lowlift.thermal.exchange`); air flow is proportional to fan speed; fan power is
``P_n (0.05 y + 0.95 y^3)`` (:class:`lowlift.thermal.hydraulics.Fan`).

Assumptions: (1) the coil stays dry: data halls keep their dew point below the chilled water; (2) all units
run alike; (3) fan and motor heat enter the air stream, downstream of the coil: the plant adds ``P_fan``
there; (4) constant air density. Differences from EnergyPlus: no wet-coil branch, film conductances follow
the flows.
"""

import functools

from lowlift.thermal.component import Component, parameter
from lowlift.thermal.exchange import FinnedCoil
from lowlift.thermal.hydraulics import Fan
from lowlift.thermal.ops import Signal

CP_AIR = 1006.0
RHO_AIR = 1.17
"""Density of hall air, about 27 C at sea level [kg/m^3]."""


class Crah(Component):
    """All air handlers of a hall as one, rated by heat, inlet temperatures and flows.

    Raises:
        ParameterError: no coil can meet the rating point.

    >>> crah = Crah(
    ...     Q_dot_nominal=1.0e6, T_air_in_nominal=309.15, T_water_in_nominal=291.15,
    ...     m_water_nominal=40.0, V_air_nominal=80.0, P_fan_nominal=3.0e4,
    ... )
    >>> round(float(crah.conductance(crah.m_air(1.0), 40.0)) * 18.0 / 1e3)
    1000
    """

    Q_dot_nominal: float = parameter(unit="W", above=0.0, doc="heat at the rating point")
    T_air_in_nominal: float = parameter(unit="K", low=280.0, high=340.0, doc="return air, rated")
    T_water_in_nominal: float = parameter(unit="K", low=270.0, high=320.0, doc="water entering, rated")
    m_water_nominal: float = parameter(unit="kg/s", above=0.0, doc="water, rated")
    V_air_nominal: float = parameter(unit="m^3/s", above=0.0, doc="air at full fan speed")
    P_fan_nominal: float = parameter(unit="W", low=0.0, doc="electric power of the fans at full speed")

    @functools.cached_property
    def coil(self) -> FinnedCoil:
        """The coil that meets the rating point."""
        return FinnedCoil(
            Q_dot_nominal=self.Q_dot_nominal,
            T_hot_in_nominal=self.T_air_in_nominal,
            T_cold_in_nominal=self.T_water_in_nominal,
            m_hot_nominal=RHO_AIR * self.V_air_nominal,
            m_cold_nominal=self.m_water_nominal,
            cp_hot=CP_AIR,
            cp_cold=4180.0,
        )

    @functools.cached_property
    def fan(self) -> Fan:
        """The fans as one."""
        return Fan(P_nominal=self.P_fan_nominal)

    def check(self) -> None:
        """Check that the rating point is possible."""
        self.coil  # noqa: B018 - built on access, fails when impossible

    def m_air(self, y: Signal) -> Signal:
        """Air flow [kg/s] at fan speed ``y``."""
        return RHO_AIR * self.V_air_nominal * y

    def conductance(self, m_air: Signal, m_water: Signal) -> Signal:
        """``eps C_min`` [W/K]."""
        return self.coil.conductance(m_air, m_water)

    def P_fan(self, y: Signal) -> Signal:
        """Electric power of the fans [W]."""
        return self.fan.P_el(y)
