"""Computer-room air handler: a finned coil and its fans.

What
    Return air passes a coil in which chilled water takes its heat; fans of variable speed move it.

Equations
    ::

        Q = G (T_air,in - T_water,in),  G = eps C_min of a crossflow coil                                 (1)
        m_air = rho V_n y                                                                                 (2)
        P_fan = P_n (0.05 y + 0.95 y^3)                                                                   (3)

    Moist air goes through :mod:`lowlift.thermal.wetcoil` (:meth:`Crah.cool`), which equals (1) wherever nothing condenses. Fans move
    volume: ``rho`` is the density of the hall's air (:func:`lowlift.thermal.hall_air.hall_density` of the site's pressure); at its
    default, air flows are those of sea level.

Validity
    Air 278 K to 323 K, water 274 K to 313 K, fans 0 to 1, water 0 to about 1.5 of rated; no frost on the coil.

Assumptions
    1. The coil stays dry except in :meth:`Crah.cool`: data halls keep their dew point below the chilled water. 2. All units run alike.
    3. Fan and motor heat enter the air stream; the plant adds them downstream of the coil.

Differences from EnergyPlus
    Those of the wet coil; fan power is a cubic of speed instead of a curve of flow.

Sources
    Crossflow and films: :mod:`lowlift.thermal.exchange`; wet coil: Braun, Klein and Mitchell, ASHRAE Trans. 95(2), 164 (1989).
"""

import functools

from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.exchange import FinnedCoil
from lowlift.thermal.hall_air import CP_AIR, RHO_AIR
from lowlift.thermal.hydraulics import Fan
from lowlift.thermal.ops import Signal
from lowlift.thermal.wetcoil import CoilState, cool


class Crah(Component):
    """All air handlers of a hall as one, rated by heat, inlet temperatures and flows."""

    Q_dot_nominal: float = parameter(unit="W", above=0.0, doc="heat at the rating point")
    T_air_in_nominal: float = parameter(unit="K", low=280.0, high=340.0, doc="return air, rated")
    T_water_in_nominal: float = parameter(unit="K", low=270.0, high=320.0, doc="water entering, rated")
    m_water_nominal: float = parameter(unit="kg/s", above=0.0, doc="water, rated")
    V_air_nominal: float = parameter(unit="m^3/s", above=0.0, doc="air at full fan speed")
    P_fan_nominal: float = parameter(unit="W", low=0.0, doc="electric power of the fans at full speed")
    rho: float = parameter(default=RHO_AIR, unit="kg/m^3", above=0.0, high=2.0, doc="density of the hall's air (27 C, sea level)")

    @functools.cached_property
    def coil(self) -> FinnedCoil:
        """The coil that meets the rating point."""
        return FinnedCoil(
            Q_dot_nominal=self.Q_dot_nominal,
            T_hot_in_nominal=self.T_air_in_nominal,
            T_cold_in_nominal=self.T_water_in_nominal,
            m_hot_nominal=self.rho * self.V_air_nominal,
            m_cold_nominal=self.m_water_nominal,
            cp_hot=CP_AIR,
            cp_cold=4180.0,
            n_hot=0.8,
            hA_ratio=0.5,
        )

    def check(self) -> None:
        """The coil must exist."""
        self.coil  # noqa: B018 - built on access, fails when impossible

    @property
    def ranges(self) -> dict[str, Range]:
        """Fan speed, air and water entering [K] and flows [kg/s]."""
        flows = self.coil.ranges
        return {
            "y": Range(0.0, 1.0), "T_air": Range(278.0, 323.0, "K"), "T_water": Range(274.0, 313.0, "K"), "m_air": flows["m_hot"],
            "m_water": flows["m_cold"],
        }  # fmt: skip

    def m_air(self, y: Signal) -> Signal:
        """Air flow [kg/s] at fan speed ``y``."""
        return self.rho * self.V_air_nominal * y

    def conductance(self, m_air: Signal, m_water: Signal) -> Signal:
        """``eps C_min`` [W/K]."""
        return self.coil.conductance(m_air, m_water)

    def cool(self, T_air: Signal, w: Signal, m_air: Signal, T_water: Signal, m_water: Signal, p: Signal) -> CoilState:
        """Moist air through the coil, wet where its surface is below the dew point.

        Args:
            T_air: air entering [K].
            w: its humidity ratio [kg/kg dry air].
            m_air: air [kg/s].
            T_water: water entering [K].
            m_water: water [kg/s].
            p: pressure [Pa].
        """
        return cool(self.coil, T_air, w, m_air, T_water, m_water, p)

    def P_fan(self, y: Signal) -> Signal:
        """Electric power of the fans [W]."""
        return Fan(P_nominal=max(self.P_fan_nominal, 1e-9)).P_el(y)
