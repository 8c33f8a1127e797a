"""Air-cooled direct-expansion unit (DX, CRAC): trim cooling of an air hall by a compressor against outdoor air.

What
    An evaporator in the hall's air, a compressor, a condenser outdoors, described by curves of outdoor dry bulb and entering wet bulb
    (EnergyPlus Coil:Cooling:DX:SingleSpeed). At low load it cycles; capacity limits what it gives, and says what is left.

Equations
    ::

        capacity = Q_n CapFT(T_wb, T_odb) CapFF(r)                                                        (1)
        Q = min(load, capacity),  unmet = load - Q,  PLR = Q / capacity                                   (2)
        P_c = capacity / COP_n  EIRFT(T_wb, T_odb) EIRFF(r)  PLR / PLF(PLR)                               (3)
        P_c >= Q (T_odb - T_wb) / (share T_wb)                                                            (4)
        P = P_c + P_standing + P_fan(r)                                                                   (5)

    ``r`` is evaporator air over nominal; the corner of (2) is rounded over 1 % of nominal capacity, exact outside.

Validity
    Entering wet bulb 285.9 K to 297 K, outdoor dry bulb 291.2 K to 319.3 K, air 0.5 to 1.5 of nominal for the default curves; outside,
    curves are held at their edge, and :meth:`DxUnit.range_violation` says by how much temperatures leave them. Held below 18 C outdoors
    is what head-pressure control does.

Assumptions
    1. Hall air is dry: all capacity is sensible. The curves, made for wet coils, then give too little capacity, not too much.
    2. ``COP_n`` counts compressor and condenser fans. 3. The rest of the on-off cycle is in ``PLF``.

Differences from EnergyPlus
    Lower bound by Carnot (4), standing power in every hour, no iteration of the entering wet bulb for dry coils.

Sources
    EnergyPlus Engineering Reference 25.2, "Single-Speed Electric DX Air Cooling Coil"; default curves HPACCoolCapFT, HPACCoolEIRFT and
    their flow curves from EnergyPlus' example file DXCoilSystemAuto, as also in Modelica Buildings' DXCooling_Curve_II.
"""

import dataclasses

from lowlift.thermal import ops
from lowlift.thermal.chiller_eir import biquadratic
from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.hydraulics import Fan
from lowlift.thermal.ops import Signal

ZERO_C = 273.15
CORNER_WIDTH = 0.01
"""Rounding of the capacity limit, relative to nominal capacity."""


@dataclasses.dataclass(frozen=True)
class DxState:
    """A unit at work."""

    Q_dot: Signal
    """Heat taken from the hall's air, fan heat included in the load [W]."""
    unmet: Signal
    """Load above capacity: it stays in the air [W]."""
    P_compressor: Signal
    """Compressor and condenser fans [W]."""
    P_el: Signal
    """Everything: compressor, standing power and indoor fan [W]."""


class DxUnit(Component):
    """One unit (or a row of equal ones).

    >>> unit = DxUnit(Q_dot_nominal=1.0e5, COP_nominal=3.2, P_fan_nominal=5.0e3)
    >>> state = unit.state(5.0e4, 308.15, 292.55, 1.0)
    >>> round(float(state.P_compressor)), float(state.unmet)
    (16919, 0.0)
    """

    Q_dot_nominal: float = parameter(unit="W", above=0.0, doc="gross capacity at 19.4 C wet bulb and 35 C outdoors")
    COP_nominal: float = parameter(default=3.2, unit="1", above=1.0, high=8.0, doc="COP there, condenser fans inside, indoor fan not")
    P_fan_nominal: float = parameter(unit="W", low=0.0, doc="indoor fan at nominal air flow")
    standing_share: float = parameter(
        default=0.01, unit="1", low=0.0, below=0.2, doc="crankcase heater and controls over rated power (guess)"
    )
    carnot_share: float = parameter(default=0.85, unit="1", above=0.0, below=1.0, doc="largest share of Carnot allowed")
    T_wb_min: float = parameter(default=285.92778, unit="K", doc="lower end of the curves, entering wet bulb")
    T_wb_max: float = parameter(default=297.03889, unit="K", doc="upper end")
    T_odb_min: float = parameter(default=291.15, unit="K", doc="lower end of the curves, outdoor dry bulb")
    T_odb_max: float = parameter(default=319.26111, unit="K", doc="upper end")
    flow_min: float = parameter(default=0.5, unit="1", above=0.0, high=1.0, doc="lower end of the flow curves")
    flow_max: float = parameter(default=1.5, unit="1", low=1.0, doc="upper end")
    cap_ft: tuple[float, ...] = (0.766956, 0.0107756, -4.14703e-5, 0.00134961, -2.61144e-4, 4.57488e-4)
    """Capacity over nominal, a biquadratic of entering wet bulb and outdoor dry bulb in C."""
    eir_ft: tuple[float, ...] = (0.297145, 0.0430933, -7.48766e-4, 0.00597727, 4.82112e-4, -9.56448e-4)
    """Power per capacity over nominal, likewise."""
    cap_ff: tuple[float, ...] = (0.8, 0.2)
    """Capacity over nominal, a polynomial of air flow over nominal."""
    eir_ff: tuple[float, ...] = (1.1552, -0.1808, 0.0256)
    """Power per capacity over nominal, likewise."""
    plf: tuple[float, ...] = (0.85, 0.15)
    """Part-load factor, a polynomial of the load ratio."""

    def check(self) -> None:
        """Ranges must be open."""
        if self.T_wb_min >= self.T_wb_max:
            self.reject("T_wb_min", f"must be below T_wb_max = {self.T_wb_max} K")
        if self.T_odb_min >= self.T_odb_max:
            self.reject("T_odb_min", f"must be below T_odb_max = {self.T_odb_max} K")

    @property
    def ranges(self) -> dict[str, Range]:
        """Outdoor dry bulb and entering wet bulb [K], air flow ratio."""
        return {
            "T_odb": Range(self.T_odb_min, self.T_odb_max, "K"), "T_wb": Range(self.T_wb_min, self.T_wb_max, "K"),
            "r": Range(self.flow_min, self.flow_max),
        }  # fmt: skip

    def range_violation(self, T_odb: Signal, T_wb: Signal) -> Signal:
        """How far the temperatures lie outside the curves [K]; zero inside."""
        outside = self.violations(T_odb=T_odb, T_wb=T_wb)
        return outside["T_odb"] + outside["T_wb"]

    def _held(self, T_odb: Signal, T_wb: Signal) -> tuple[Signal, Signal]:
        """Curve arguments [C], wet bulb first."""
        return ops.clip(T_wb, self.T_wb_min, self.T_wb_max) - ZERO_C, ops.clip(T_odb, self.T_odb_min, self.T_odb_max) - ZERO_C

    def capacity(self, T_odb: Signal, T_wb: Signal, r: Signal = 1.0) -> Signal:
        """Full-load capacity [W], equation (1), for outdoor dry bulb and entering wet bulb [K] and air flow ratio ``r``."""
        flow = ops.polynomial(ops.clip(r, self.flow_min, self.flow_max), self.cap_ff)
        return self.Q_dot_nominal * ops.maximum(biquadratic(*self._held(T_odb, T_wb), self.cap_ft), 1e-3) * flow

    def state(self, load: Signal, T_odb: Signal, T_wb: Signal, r: Signal = 1.0) -> DxState:
        """The unit at ``load`` [W] (>= 0), equations (2) to (5)."""
        capacity = self.capacity(T_odb, T_wb, r)
        width = CORNER_WIDTH * self.Q_dot_nominal
        unmet = ops.ramp(load - capacity, width)
        Q = load - unmet
        PLR = Q / capacity
        eir = biquadratic(*self._held(T_odb, T_wb), self.eir_ft) * ops.polynomial(ops.clip(r, self.flow_min, self.flow_max), self.eir_ff)
        by_curve = capacity / self.COP_nominal * eir * PLR / ops.polynomial(PLR, self.plf)
        least = Q * ops.maximum(T_odb - T_wb, 0.0) / (self.carnot_share * T_wb)
        P = ops.maximum(by_curve, least)
        standing = self.standing_share * self.Q_dot_nominal / self.COP_nominal
        return DxState(Q, unmet, P, P + standing + Fan(P_nominal=max(self.P_fan_nominal, 1e-9)).P_el(r))
