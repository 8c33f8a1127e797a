"""A rack cooled by liquid and air: where its power goes, and its cold plates as one ladder.

What
    What electronics draw becomes heat; a fixed share goes to cold plates, the rest to the air that the rack's fans blow. The plates
    are alike and in parallel, so a rack is one plate times their number.

Equations
    ::

        Q_liquid = f P,  Q_air = (1 - f) P,  Q_liquid + Q_air = P                                          (1)
        q = Q_liquid / n,  m_plate = m / n                                                                 (2)

Validity
    Power 0 to 1.2 of rated, coolant 0 to 4 times what the plates are rated for.

Assumptions
    1. The share does not depend on load or temperature (RAPS finds 0.945 for Frontier and takes it as constant; hybrid racks publish
    one figure). 2. ``P`` is IT power: the rack's fans are inside it. 3. All plates of a rack get the same flow.

Differences from EnergyPlus
    Its IT equipment is air-cooled; heat to liquid enters a loop there as a profile of its own.

Sources
    Brewer et al., "A digital twin framework for liquid-cooled supercomputers as demonstrated at exascale", SC24 (ExaDigiT/RAPS).
"""

import dataclasses

from lowlift.thermal import ops
from lowlift.thermal.coldplate import ColdPlate
from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.ladder import FLOW_LEAST, Ladder
from lowlift.thermal.ops import Signal


@dataclasses.dataclass(frozen=True)
class RackHeat:
    """Power of racks and where it goes [W]."""

    P_it: Signal
    Q_liquid: Signal
    Q_air: Signal


def split_heat(P: Signal, liquid_share: float) -> RackHeat:
    """Equation (1): IT power ``P`` [W] as heat to liquid and to air, which add up to it."""
    return RackHeat(P, liquid_share * P, (1.0 - liquid_share) * P)


class Rack(Component):
    """One rack.

    >>> rack = Rack(P_nominal=125e3, liquid_share=0.85, plates=108.0, cold_plate=ColdPlate())
    >>> heat = rack.heat(125e3)
    >>> round(heat.Q_liquid), round(heat.Q_air)
    (106250, 18750)
    >>> round(float(rack.T_chip(heat.Q_liquid, 108 * 0.0275, 303.15, 3969.0)) - 303.15, 1)
    44.4
    """

    P_nominal: float = parameter(unit="W", above=0.0, doc="rated IT power, fans inside")
    liquid_share: float = parameter(unit="1", low=0.0, high=1.0, doc="share of heat to the cold plates")
    plates: float = parameter(unit="1", low=1.0, doc="cold plates in parallel, a whole number")
    cold_plate: ColdPlate
    """One of them."""

    def check(self) -> None:
        """Plates are counted."""
        if self.plates != int(self.plates):
            self.reject("plates", "must be a whole number")

    @property
    def ranges(self) -> dict[str, Range]:
        """IT power and heat to liquid [W], coolant [kg/s]."""
        return {
            "P": Range(0.0, 1.2 * self.P_nominal, "W"), "Q_liquid": Range(0.0, 1.2 * self.P_nominal, "W"),
            "m": Range(0.0, 4.0 * self.m_nominal, "kg/s"),
        }  # fmt: skip

    @property
    def m_nominal(self) -> float:
        """Coolant that the plates are rated for [kg/s]."""
        return self.plates * self.cold_plate.m_dot_nominal

    def heat(self, P: Signal) -> RackHeat:
        """Heat to liquid and air [W] at IT power ``P`` [W], equation (1)."""
        return split_heat(P, self.liquid_share)

    def ladder(self, m: Signal, cp: Signal) -> Ladder:
        """Chips, plates and coolant of the rack for coolant ``m`` [kg/s] of heat capacity ``cp`` [J/(kg K)].

        Integrators count temperatures from the state of rest, so there must be one: without flow a few millionths of the conductance
        from chip to plate still lead to the inlet, by which the rack would cool down in about two months. Flows above that are exact.
        """
        plate, n = self.cold_plate, self.plates
        g1 = n / plate.R_chip_plate
        return Ladder(
            g1=g1 + 0.0 * m,
            g2=n * plate.UA_coolant(m / n),
            g3=ops.at_least(m * cp, 2.0 * FLOW_LEAST * g1),
            C1=n * plate.C_chip,
            C2=n * plate.C_plate,
            C3=n * plate.C_cool,
        )

    def T_chip(self, Q_liquid: Signal, m: Signal, T_in: Signal, cp: Signal) -> Signal:
        """Mean chip [K] at rest for ``Q_liquid`` [W] into the plates and coolant ``m`` [kg/s] entering at ``T_in`` [K], equation (2)."""
        return self.cold_plate.T_chip(Q_liquid / self.plates, m / self.plates, T_in, cp)
