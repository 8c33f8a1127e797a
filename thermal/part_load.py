"""Part-load power of fans and pumps as a cubic of flow: the curves of energy programs and standards.

What
    How much power a fan or pump draws when its control asks for less than nominal flow, in the form in which standards state it.

Equations
    ::

        P / P_n = c0 + c1 x + c2 x^2 + c3 x^3,   x = flow over nominal                                     (1)

    A fit may dip below zero at low flow; power does not: :meth:`PartLoadCurve.P_el` ends at zero over ``FLOOR_WIDTH``.

Validity
    Flow 0 to 1 of nominal. The curve is of a system with its control, not of a machine: none of them is a pure cube.

Assumptions
    1. Power depends on flow alone. 2. The pressure that the control holds at low flow is that of the curve's source.

Differences from EnergyPlus
    The same polynomials; power here cannot fall below zero.

Sources
    ``TOWER_FAN``: variable-speed tower of the EnergyPlus example files. ``PUMP_LINEAR``: default of EnergyPlus 25.2
    ``Pump:VariableSpeed``. ``PUMP_RIDING`` (a pump of constant speed throttled along its curve), ``PUMP_VSD`` (variable speed at
    constant differential pressure) and ``PUMP_VSD_RESET`` (variable speed, pressure reset by the valves): NREL's openstudio-standards,
    ``PumpVariableSpeed``, control types "Riding Curve", "VSD No Reset" and "VSD DP Reset". ``FAN_VSD``: ASHRAE 90.1, Appendix G, as
    commonly quoted.
"""

from lowlift.thermal import ops
from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.ops import Signal

FLOOR_WIDTH = 1e-3
"""Width of the blend to zero power, in rated power."""


class PartLoadCurve(Component):
    """A cubic of flow, its coefficients as parameters.

    >>> fan = PartLoadCurve(P_nominal=1.22e4, c0=-0.00932, c1=0.0512, c2=-0.0838, c3=1.0419)
    >>> round(float(fan.ratio(0.5)), 3), round(float(fan.P_el(1.0))), float(fan.P_el(0.0))
    (0.126, 12200, 0.0)
    """

    P_nominal: float = parameter(default=1.0, unit="W", above=0.0, doc="electric power at nominal flow")
    c0: float = parameter(default=0.0, unit="1", low=-1.0, high=1.0, doc="constant")
    c1: float = parameter(default=0.0, unit="1", low=-5.0, high=5.0, doc="of flow")
    c2: float = parameter(default=0.0, unit="1", low=-6.0, high=6.0, doc="of its square")
    c3: float = parameter(default=0.0, unit="1", low=-5.0, high=5.0, doc="of its cube")

    def check(self) -> None:
        """Nominal flow takes nominal power."""
        total = self.c0 + self.c1 + self.c2 + self.c3
        if not 0.9 <= total <= 1.1:
            self.reject("c0", f"with the others gives {total:.3f} at nominal flow, which must lie between 0.9 and 1.1")

    @property
    def ranges(self) -> dict[str, Range]:
        """Flow over nominal."""
        return {"x": Range(0.0, 1.0)}

    def ratio(self, x: Signal) -> Signal:
        """Power over nominal at the flow ratio ``x`` as published, equation (1); may be below zero at low flow."""
        return ops.polynomial(x, (self.c0, self.c1, self.c2, self.c3))

    def P_el(self, x: Signal) -> Signal:
        """Electric power [W] at the flow ratio ``x``: equation (1), not below zero."""
        return self.P_nominal * ops.blended_max(self.ratio(x), 0.0, FLOOR_WIDTH)


TOWER_FAN = PartLoadCurve(c0=-0.009315163, c1=0.0512334, c2=-0.08383647, c3=1.041918)
PUMP_LINEAR = PartLoadCurve(c1=1.0)
PUMP_RIDING = PartLoadCurve(c1=3.2485, c2=-4.7443, c3=2.5294)
PUMP_VSD = PartLoadCurve(c1=0.5726, c2=-0.301, c3=0.7347)
PUMP_VSD_RESET = PartLoadCurve(c1=0.0205, c2=0.4101, c3=0.5753)
FAN_VSD = PartLoadCurve(c0=0.0013, c1=0.147, c2=0.9506, c3=-0.0998)
