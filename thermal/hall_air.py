"""Air of a hall: heat capacity and density where humidity plays no part.

Equations
    ::

        rho = rho_0 p / p_0,  rho_0 = 1.17 kg/m^3 at p_0 = 101325 Pa                                       (1)

    ``rho_0`` is that of moist air at 27 C and 8 g/kg; (1) is exact for any other pressure at that state.

Validity
    20 C to 35 C within 3 % of density; 50 kPa to 110 kPa. For outdoor air use :mod:`lowlift.thermal.psychrometrics`.
"""

from lowlift.thermal.ops import Signal

CP_AIR = 1006.0
"""Heat capacity [J/(kg K)]."""
RHO_AIR = 1.17
"""Density at sea level, about 27 C [kg/m^3]."""
P_SEA_LEVEL = 101325.0


def hall_density(p: Signal) -> Signal:
    """Density [kg/m^3] of hall air at the pressure ``p`` [Pa], equation (1).

    >>> round(hall_density(84000.0), 3)
    0.97
    """
    return RHO_AIR * p / P_SEA_LEVEL
