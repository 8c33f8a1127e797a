"""Network and storage racks: heat sources that compute nothing.

What
    Switches and storage draw nearly constant power. They count as IT power and as heat to air and liquid, beside compute racks.

Equations
    ::

        P = n (P_idle + (P_max - P_idle) u)                                                               (1)
        Q_liquid = f P,  Q_air = (1 - f) P,  Q_liquid + Q_air = P                                          (2)

Validity
    Traffic 0 to 1.

Assumptions
    1. Power follows traffic ``u`` linearly. 2. All racks of a kind are alike. 3. No thermal mass of their own: the hall's air and
    loops hold it.

Differences from EnergyPlus
    ``ElectricEquipment`` follows a schedule and splits its heat into radiant, latent and lost; here into liquid and air.

Sources
    Defaults are guesses: a rack of Ethernet or InfiniBand switches idles at more than half of its maximum.
"""

from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.ops import Signal
from lowlift.thermal.rack import RackHeat, split_heat


class AuxiliaryRacks(Component):
    """A group of equal racks.

    >>> switches = AuxiliaryRacks(n=8.0, P_idle=9.0e3, P_max=1.5e4, liquid_share=0.0)
    >>> heat = switches.heat(0.5)
    >>> heat.P_it, heat.Q_air
    (96000.0, 96000.0)
    """

    n: float = parameter(unit="1", low=0.0, doc="racks of this kind")
    P_idle: float = parameter(unit="W", low=0.0, doc="power of one rack without traffic")
    P_max: float = parameter(unit="W", low=0.0, doc="power of one rack at full traffic")
    liquid_share: float = parameter(default=0.0, unit="1", low=0.0, high=1.0, doc="share of heat to liquid")

    def check(self) -> None:
        """Idle does not exceed full power."""
        if self.P_idle > self.P_max:
            self.reject("P_idle", f"must be at most P_max = {self.P_max} W")

    @property
    def ranges(self) -> dict[str, Range]:
        """Traffic."""
        return {"u": Range(0.0, 1.0)}

    def heat(self, u: Signal) -> RackHeat:
        """Power and heat at traffic ``u`` 0..1."""
        return split_heat(self.n * (self.P_idle + (self.P_max - self.P_idle) * u), self.liquid_share)
