"""Direct-to-chip cold plate: three lumps from silicon to coolant.

What
    A chip, its cold plate and the coolant inside the plate, each one well-mixed lump, for one GPU (or one
    "GPU and its share of the tray"). A rack is ``n`` of them in parallel.

Equations
    ::

        C_chip  dT_chip/dt  = q - (T_chip - T_plate) / R_chip_plate                                   (1)
        C_plate dT_plate/dt = (T_chip - T_plate) / R_chip_plate - (T_plate - T_cool) / R2             (2)
        C_cool  dT_cool/dt  = (T_plate - T_cool) / R2 - m_dot cp (T_cool - T_in)                      (3)
        R2 = R_plate_coolant_nominal * (m_dot / m_dot_nominal)^(-exponent)                            (4)
        R2 = R_plate_coolant_nominal * f(1) / f(r),  f = (r^(4 a) + (t^(a - b) r^b)^4)^(1/4)          (5)
        dp = dp_nominal (s r + (1 - s) r^2),  r = m_dot / m_dot_nominal                               (6)

    (5) replaces (4) where a ``transition`` t is given: exponent ``a`` below it (laminar), ``b`` above it (turbulent), both
    terms equal at ``r = t``. (6) is friction of laminar channels (share ``s``) and of bends, ports and turbulence.
    ``T_cool`` is the mean of a well-mixed lump and therefore also the outlet temperature. Resistances are hence
    to the coolant *outlet*; a resistance quoted to the inlet is larger by ``1 / (m_dot cp)``.

Assumptions
    1. One-dimensional heat path; hot spots on the die are not resolved.
    2. No heat loss to ambient: what the chip gives reaches the coolant.
    3. The convective resistance follows a power law of flow, regularised below 1 % of nominal flow.
    4. Viscosity is that of the nominal point.

Validity
    Flow 0 to 4 times nominal, heat 0 W to 2000 W per GPU, any temperature at which the coolant stays liquid. Below about 1 % of nominal
    flow the conductance is regularised; with one power law, a range over which the flow stays laminar or stays turbulent. Without flow
    there is no state of rest: the chip heats at ``q / C`` without end (:mod:`lowlift.thermal.ladder`), and the formula of the steady
    state, whose flow is held at a thousandth of nominal, gives a very high but finite temperature.

Differences from EnergyPlus
    It has no cold plate: its IT equipment is air-cooled, and heat to liquid enters a loop as a ``LoadProfile:Plant``.

Sources
    Published CFD of a GB300-class plate (resistance falls by 22 % from 2.6 to 28.9 kPa) and vendor targets
    (at most 0.03 K/W and 20 kPa) set the order of magnitude; defaults are guesses and say so. The blend of (5) is that of
    Churchill and Usagi, AIChE J. 18(6), 1121 (1972).
"""

from lowlift.thermal import ops
from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.ops import Signal

FLOW_SMALL = 0.01
"""Width of the regularisation of the flow power law, as a fraction of nominal flow."""
FLOW_LEAST = 1e-3
"""Least flow over nominal that carries heat away in the steady state; exact from twice that on."""
BLEND = 4.0
"""Sharpness of the change from laminar to turbulent, equation (5)."""


class ColdPlate(Component):
    """One GPU on its cold plate, per GPU.

    >>> plate = ColdPlate(m_dot_nominal=0.0275)
    >>> round(float(plate.T_chip(q=1000.0, m_dot=0.0275, T_in=303.15, cp=3969.0)) - 303.15, 2)
    45.16
    """

    R_chip_plate: float = parameter(default=0.020, unit="K/W", above=0.0, doc="chip to plate resistance (guess)")
    R_plate_coolant_nominal: float = parameter(
        default=0.016, unit="K/W", above=0.0, doc="plate to coolant resistance at nominal flow (guess)"
    )
    m_dot_nominal: float = parameter(default=0.0275, unit="kg/s", above=0.0, doc="nominal coolant flow per GPU")
    exponent: float = parameter(
        default=0.6,
        unit="1",
        low=0.0,
        high=1.0,
        doc="flow exponent of the convective conductance (guess, 0.6 to 0.8)",
    )
    transition: float = parameter(
        default=0.0, unit="1", low=0.0, high=100.0, doc="flow over nominal where convection turns turbulent; 0: one power law"
    )
    exponent_turbulent: float = parameter(default=0.8, unit="1", low=0.0, high=1.0, doc="flow exponent above the transition")
    dp_nominal: float = parameter(default=2.0e4, unit="Pa", above=0.0, doc="pressure drop at nominal flow (vendor limit)")
    laminar_share: float = parameter(default=0.3, unit="1", low=0.0, high=1.0, doc="part of it that is linear in flow (guess)")
    C_chip: float = parameter(default=60.0, unit="J/K", above=0.0, doc="heat capacity of chip and lid (guess)")
    C_plate: float = parameter(default=350.0, unit="J/K", above=0.0, doc="heat capacity of the plate (guess)")
    C_cool: float = parameter(default=180.0, unit="J/K", above=0.0, doc="heat capacity of the coolant held (guess)")

    def check(self) -> None:
        """Convection may only gain from turbulence, and the transition lies within reach."""
        if 0.0 < self.transition < FLOW_SMALL:
            self.reject("transition", f"must be 0 (one power law) or at least {FLOW_SMALL}")
        if self.transition > 0.0 and self.exponent_turbulent < self.exponent:
            self.reject("exponent_turbulent", f"must be at least exponent = {self.exponent}")

    @property
    def ranges(self) -> dict[str, Range]:
        """Flow [kg/s] and heat [W] of one GPU."""
        return {"m_dot": Range(0.0, 4.0 * self.m_dot_nominal, "kg/s"), "q": Range(0.0, 2000.0, "W")}

    def UA_coolant(self, m_dot: Signal) -> Signal:
        """Plate to coolant conductance ``1 / R2`` [W/K] at flow ``m_dot`` [kg/s per GPU], equation (4) or (5)."""
        r = m_dot / self.m_dot_nominal
        if self.transition == 0.0:
            return ops.power(r, self.exponent, FLOW_SMALL) / self.R_plate_coolant_nominal
        a, b = self.exponent, self.exponent_turbulent
        level = self.transition ** (BLEND * (b - a))
        blend = (level * ops.power(r, BLEND * a, FLOW_SMALL) + ops.power(r, BLEND * b, FLOW_SMALL)) / (level + 1.0)
        return ops.power(blend, 1.0 / BLEND, 0.0) / self.R_plate_coolant_nominal

    def dp(self, m_dot: Signal) -> Signal:
        """Pressure drop [Pa] at flow ``m_dot`` [kg/s per GPU], equation (6)."""
        r = m_dot / self.m_dot_nominal
        return self.dp_nominal * r * (self.laminar_share + (1.0 - self.laminar_share) * r)

    def T_chip(self, q: Signal, m_dot: Signal, T_in: Signal, cp: Signal) -> Signal:
        """Steady chip temperature [K] for heat ``q`` [W] and coolant entering at ``T_in`` [K].

        ``T_in + q / (m_dot cp) + q (R2 + R_chip_plate)``
        """
        carried = q / (ops.at_least(m_dot, FLOW_LEAST * self.m_dot_nominal) * cp)
        return T_in + carried + q * (1.0 / self.UA_coolant(m_dot) + self.R_chip_plate)
