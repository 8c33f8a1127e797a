"""A pump on fixed head whose part-load power is a cubic of flow: the form of building simulation programs.

What
    Nominal flow and head give rated power, a cubic gives what is drawn below it. Speed, head and circuit stay out of sight.

Equations
    ::

        P = V_n dp_n / (eta_hydraulic eta_motor)  (c0 + c1 x + c2 x^2 + c3 x^3),   x = min(V / V_n, 1)       (1)
        heat into the fluid = eta_motor P                                                                  (2)

    The cubic is the user's: at ``x = 1`` it need not be one.

Validity
    Flow 0 to nominal. For pumps under speed control in a real circuit use :class:`lowlift.thermal.hydraulics.Pump`.

Assumptions
    1. All shaft power ends in the fluid, the motor's loss in the room. 2. The control behind the cubic is that of its source.

Comparison with EnergyPlus (``Pump:VariableSpeed``)
    The same equations.

Sources
    EnergyPlus Engineering Reference, "Variable Speed Pump"; default cubic: a pump that rides its curve, as in
    :mod:`lowlift.thermal.part_load`.
"""

from lowlift.thermal import ops
from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.ops import Signal


class CurvePump(Component):
    """A pump by nominal flow, head, efficiencies and part-load cubic.

    >>> pump = CurvePump(V_dot_nominal=0.045, dp_nominal=1.8e5)
    >>> round(float(pump.P_el(0.045)), 1)
    12403.2
    """

    V_dot_nominal: float = parameter(unit="m^3/s", above=0.0, doc="nominal flow")
    dp_nominal: float = parameter(unit="Pa", above=0.0, doc="head at that flow")
    eta_hydraulic: float = parameter(default=0.75, unit="1", above=0.0, below=1.0, doc="hydraulic efficiency")
    eta_motor: float = parameter(default=0.9, unit="1", above=0.0, high=1.0, doc="motor efficiency")
    c0: float = parameter(default=0.0, unit="1", doc="part-load cubic, constant")
    c1: float = parameter(default=3.2485, unit="1", doc="part-load cubic, linear (default: a pump that rides its curve)")
    c2: float = parameter(default=-4.7443, unit="1", doc="part-load cubic, quadratic")
    c3: float = parameter(default=2.5294, unit="1", doc="part-load cubic, cubic")

    @property
    def ranges(self) -> dict[str, Range]:
        """Flow [m^3/s]."""
        return {"V_dot": Range(0.0, self.V_dot_nominal, "m^3/s")}

    def P_el(self, V_dot: Signal) -> Signal:
        """Electric power [W] at a flow [m^3/s], equation (1)."""
        x = ops.clip(V_dot / self.V_dot_nominal, 0.0, 1.0)
        full = self.V_dot_nominal * self.dp_nominal / (self.eta_hydraulic * self.eta_motor)
        return full * ops.polynomial(x, (self.c0, self.c1, self.c2, self.c3))

    def heat(self, V_dot: Signal) -> Signal:
        """Heat into the fluid [W], equation (2)."""
        return self.eta_motor * self.P_el(V_dot)
