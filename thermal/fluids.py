"""Coolants: density, heat capacity, conductivity and viscosity as polynomials of temperature.

What
    Water, propylene glycol of 25, 30 and 50 % and ethylene glycol of 30 %, all by MASS.

Equations
    ::

        x = (T - 313.15 K) / 50 K                                                                         (1)
        rho, cp, k = sum_i a_i x^i,   mu = exp(sum_i b_i x^i)                                             (2)

Validity
    ``T_min`` to ``T_max`` of each fluid, over which it was fitted. Largest relative error of the fit: water 5e-4, mixtures 1e-13.

Assumptions
    1. Properties depend on temperature alone: water is taken at 3 bar. 2. Inhibitors are not modelled. A trade "PG25" is 25 % by volume,
    about 26 % by mass.

Differences from EnergyPlus
    It interpolates between tabled temperatures; polynomials are smooth.

Sources
    CoolProp 8 (Bell et al., Ind. Eng. Chem. Res. 53, 2498, 2014): IAPWS-95 for water, its incompressible MPG and MEG for mixtures.
"""

import dataclasses

from lowlift.thermal import ops
from lowlift.thermal.component import Range
from lowlift.thermal.ops import Signal

T_CENTRE, T_SCALE = 313.15, 50.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fluid:
    """A liquid coolant; polynomials in ``(T - 313.15 K) / 50 K``.

    >>> round(float(PG25.rho(313.15)), 1), round(float(PG25.cp(313.15)))
    (1009.9, 3969)
    """

    name: str
    """As in ``FLUIDS``."""
    T_min: float
    """Lower end of the fit [K]."""
    T_max: float
    """Upper end of the fit [K]."""
    density: tuple[float, ...]
    """Coefficients of the density [kg/m^3]."""
    heat_capacity: tuple[float, ...]
    """Coefficients of the specific heat capacity [J/(kg K)]."""
    conductivity: tuple[float, ...]
    """Coefficients of the thermal conductivity [W/(m K)]."""
    log_viscosity: tuple[float, ...]
    """Coefficients of the logarithm of the dynamic viscosity in Pa s [1]."""

    @property
    def range(self) -> Range:
        """Temperatures of the fit."""
        return Range(self.T_min, self.T_max, "K")

    def rho(self, T: Signal) -> Signal:
        """Density [kg/m^3] at ``T`` [K]."""
        return ops.polynomial((T - T_CENTRE) / T_SCALE, self.density)

    def cp(self, T: Signal) -> Signal:
        """Specific heat capacity [J/(kg K)] at ``T`` [K]."""
        return ops.polynomial((T - T_CENTRE) / T_SCALE, self.heat_capacity)

    def k(self, T: Signal) -> Signal:
        """Thermal conductivity [W/(m K)] at ``T`` [K]."""
        return ops.polynomial((T - T_CENTRE) / T_SCALE, self.conductivity)

    def mu(self, T: Signal) -> Signal:
        """Dynamic viscosity [Pa s] at ``T`` [K]."""
        return ops.exp(ops.polynomial((T - T_CENTRE) / T_SCALE, self.log_viscosity))


WATER = Fluid(
    name="water", T_min=274.15, T_max=368.15,
    density=(992.31118, -19.183139, -9.4119724, 2.5201396, -0.83386495),
    heat_capacity=(4178.6947, 6.5393958, 31.233857, -30.269632, 18.511662),
    conductivity=(0.62862665, 0.065083914, -0.024807717, 0.0067705054, -0.0027673203),
    log_viscosity=(-7.3342324, -0.93904754, 0.27558586, -0.10345085, 0.054084538, -0.018237797),
)  # fmt: skip
PG25 = Fluid(
    name="PG25", T_min=268.15, T_max=368.15,
    density=(1009.9094, -26.387327, -6.6998305, 1.7932165),
    heat_capacity=(3968.6495, 119.46267, -3.5099401, -2.5730128),
    conductivity=(0.48583982, 0.044319003, -0.0019485671, -0.00081194618),
    log_viscosity=(-6.6054217, -1.2543733, 0.49814055, -0.16179682),
)  # fmt: skip
PG30 = Fluid(
    name="PG30", T_min=268.15, T_max=368.15,
    density=(1013.4323, -28.561491, -6.020988, 1.6957619),
    heat_capacity=(3910.4194, 131.89737, -4.6735093, -1.4267741),
    conductivity=(0.46056484, 0.040298299, -0.00040761112, -0.00075826003),
    log_viscosity=(-6.4546907, -1.3376624, 0.54782294, -0.17324305),
)  # fmt: skip
PG50 = Fluid(
    name="PG50", T_min=253.15, T_max=368.15,
    density=(1025.3719, -35.996879, -3.8311687, 1.5169436),
    heat_capacity=(3606.9714, 191.59286, -0.82537823, 0.11443072),
    conductivity=(0.36954581, 0.025718367, 0.0013123833, 7.5047065e-05),
    log_viscosity=(-5.8383263, -1.6492586, 0.69981493, -0.22181858),
)  # fmt: skip
EG30 = Fluid(
    name="EG30", T_min=268.15, T_max=368.15,
    density=(1028.8002, -25.823604, -6.5398744, 0.58928333),
    heat_capacity=(3775.3537, 138.36852, -11.67541, -1.7621756),
    conductivity=(0.48302716, 0.044161658, -0.0030424873, -0.00033633381),
    log_viscosity=(-6.6565665, -1.1310642, 0.39654327, -0.094192092),
)  # fmt: skip
FLUIDS: dict[str, Fluid] = {f.name: f for f in (WATER, PG25, PG30, PG50, EG30)}
