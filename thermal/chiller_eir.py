"""Water-cooled chillers by published curves: EIR and Reformulated EIR.

What
    A machine described by three polynomials of its manufacturer's data: capacity and specific power over temperatures, and specific
    power over load.

Equations (EnergyPlus Engineering Reference, ``Chiller:Electric:EIR`` and ``Chiller:Electric:ReformulatedEIR``)
    ::

        capacity = Q_ref CapFT(T_chw, T_c),  Q = min(Q_load, PLR_max capacity),  PLR = Q / capacity        (1)
        P = capacity / COP_ref  EIRFT(T_chw, T_c)  EIRFPLR(max(PLR, PLR_unload))  min(1, PLR / PLR_min)     (2)
        Q_cond = Q + P,  T_cw,out = T_cw,in + Q_cond / (m_cw c_w)                                         (3)
        T_chw = max(T_set, T_chw,in - PLR_max capacity / (m_chw c_w))                                      (4)

    with ``T_c`` the condenser's *entering* (EIR) or *leaving* (Reformulated) water temperature. Leaving it makes (2) implicit, and
    (4) is implicit where the machine is out of capacity; fixed numbers of substitutions and bracketed Newton steps solve them to 1e-5.

Validity
    The curves' own range of temperatures, held at its edge outside; :meth:`EirChiller.range_violation` says by how much. Any flow of
    chilled water, none included; condenser water so scarce that it would warm by more than 50 K at full load counts as half of that
    flow at least, because a running machine without any has no state of rest.

Comparison with EnergyPlus: the main differences are
    1. EnergyPlus evaluates an overloaded machine at its setpoint; here the temperature delivered counts, and load that is not met
    shows in it. 2. Power never falls below ``1 / carnot_share`` of Carnot between the leaving water temperatures: some fits pass
    Carnot at low load. 3. EnergyPlus clamps temperatures silently. 4. Corners of (2) are blended over 0.005 of load ratio, ends of
    the range over 0.05 K. Otherwise power, condenser heat and capacity agree within 0.1 % over 688 hours of nine machines.

Assumptions
    1. The compressor's whole power reaches the condenser water. 2. Below ``PLR_min`` the machine cycles; the model gives the mean.

Sources
    Hydeman and Gillespie, "Tools and techniques to calibrate electric chiller component models", ASHRAE Trans. 108(1) (2002), and Hydeman,
    Webb, Sreedharan and Blanc, "Development and testing of a reformulated regression-based electric chiller model", ASHRAE Trans. 108(2)
    (2002), for the forms; machines from the data sets of EnergyPlus.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from lowlift.thermal import ops
from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.ops import Signal

CP_WATER = 4186.0
ZERO_C = 273.15
SUBSTITUTIONS = 12
BRACKET_STEPS = 14
SETTLED = 1e-9
"""Excess of equation (4) that is rounding [K]."""
ARRIVED = 1e-3
"""A step this short, as a share of the bracket, is taken as it is."""
LEAST_SLOPE = 0.05
"""Floor of the slope in equation (4): near the end of some fits capacity falls as the chilled water warms."""
PLR_WIDTH = 0.005
"""Width of the blends in load ratio."""
RISE_MOST = 100.0
"""Condenser water warms by this at most at full load; exact up to half of it [K]."""
T_WIDTH = 0.05
"""Width of the blends at the ends of the temperature range [K]."""


def biquadratic(x: Signal, y: Signal, c: tuple[float, ...]) -> Signal:
    """``c0 + c1 x + c2 x^2 + c3 y + c4 y^2 + c5 x y``."""
    return c[0] + x * (c[1] + c[2] * x) + y * (c[3] + c[4] * y) + c[5] * x * y


def bicubic(x: Signal, y: Signal, c: tuple[float, ...]) -> Signal:
    """The biquadratic plus ``c6 x^3 + c7 y^3 + c8 x^2 y + c9 x y^2``."""
    return biquadratic(x, y, c) + c[6] * x * x * x + c[7] * y * y * y + c[8] * x * x * y + c[9] * x * y * y


def wanted(T_chw_in: Signal, T_set: Signal) -> Signal:
    """Cooling wanted of chilled water entering at ``T_chw_in`` [K]; none below the setpoint."""
    return ops.one_way(T_chw_in - T_set, T_WIDTH)


@dataclasses.dataclass(frozen=True)
class EirWork:
    """What the curves say at given temperatures."""

    Q_dot: Signal
    """Heat taken from the chilled water [W]."""
    share: Signal
    """The same over the load; one where there is none."""
    P_el: Signal
    """Electric power [W]."""
    capacity: Signal
    """Full-load capacity at the present temperatures [W]."""
    cap_ft: Signal
    eir_ft: Signal
    eir_fplr: Signal
    cycling: Signal
    """Share of the time the machine runs."""


@dataclasses.dataclass(frozen=True)
class EirState(EirWork):
    """A water-cooled machine at work."""

    Q_cond: Signal
    """Heat to the condenser water [W]."""
    T_chw_out: Signal
    """Chilled water delivered [K]."""
    T_cw_out: Signal
    """Condenser water leaving [K]."""


class EirChiller(Component):
    """A machine described by published curves; build it with :meth:`EirChiller.from_energyplus`. Curve arguments are in C.

    >>> chiller = EirChiller(
    ...     Q_dot_nominal=1.0233e6, COP_nominal=5.81, PLR_min=0.09, PLR_unload=0.09, PLR_max=1.06, T_e_min=277.59, T_e_max=282.04,
    ...     T_c_min=285.93, T_c_max=308.15, T_part_min=273.15, T_part_max=373.15, cap_ft=(1.0,) + (0.0,) * 5,
    ...     eir_ft=(1.0,) + (0.0,) * 5, eir_fplr=(0.1, 0.2, 0.7))
    >>> state = chiller.operate(1.0233e6, 279.82, 302.59, 47.32)
    >>> round(float(state.Q_dot / state.P_el), 2), round(float(chiller.operate(2.0e6, 279.82, 302.59, 47.32).Q_dot / state.Q_dot), 2)
    (5.81, 1.06)
    """

    Q_dot_nominal: float = parameter(unit="W", above=0.0, doc="reference capacity")
    COP_nominal: float = parameter(unit="1", above=1.0, high=20.0, doc="reference COP")
    PLR_min: float = parameter(unit="1", above=0.0, high=1.0, doc="below this load ratio the machine cycles")
    PLR_unload: float = parameter(unit="1", above=0.0, high=1.0, doc="below this ratio capacity is held up by false load")
    PLR_max: float = parameter(unit="1", low=0.1, high=2.0, doc="largest load ratio")
    T_e_min: float = parameter(unit="K", doc="lower end of the curves, chilled water leaving")
    T_e_max: float = parameter(unit="K", doc="upper end of the curves, chilled water leaving")
    T_c_min: float = parameter(unit="K", doc="lower end of the curves, condenser water")
    T_c_max: float = parameter(unit="K", doc="upper end of the curves, condenser water")
    T_part_min: float = parameter(unit="K", doc="lower end of a bicubic part-load curve, condenser water leaving")
    T_part_max: float = parameter(unit="K", doc="its upper end")
    carnot_share: float = parameter(default=0.85, unit="1", above=0.0, below=1.0, doc="largest share of Carnot allowed")
    reformulated: bool = False
    """Whether the condenser temperature of the curves is that of the water leaving."""
    cap_ft: tuple[float, ...] = ()
    """Capacity over reference, a biquadratic of chilled and condenser water in C."""
    eir_ft: tuple[float, ...] = ()
    """Power per capacity over reference, likewise."""
    eir_fplr: tuple[float, ...] = ()
    """Power over that of full load: a polynomial of load, or (Reformulated) a bicubic of condenser water and load."""

    def check(self) -> None:
        """Curves have their number of coefficients, ranges their order."""
        for name, length in (("cap_ft", (6,)), ("eir_ft", (6,)), ("eir_fplr", (10,) if self.reformulated else (2, 3, 4))):
            if len(getattr(self, name)) not in length:
                self.reject(name, f"must have {' or '.join(map(str, length))} coefficients")
        for low, high in (("T_e_min", "T_e_max"), ("T_c_min", "T_c_max")):
            if getattr(self, low) >= getattr(self, high):
                self.reject(low, f"must be below {high} = {getattr(self, high)} K")

    @classmethod
    def from_energyplus(cls, data: Mapping[str, Mapping[str, Any]]) -> "EirChiller":
        """Build from EnergyPlus objects as JSON: the chiller and its three curves.

        Raises:
            KeyError: a field is missing.
            ParameterError: a value is out of bounds, or a curve has the wrong number of coefficients.
        """
        cap = data["cooling_capacity_function_of_temperature_curve_name"]
        eir = data["electric_input_to_cooling_output_ratio_function_of_temperature_curve_name"]
        plr = data["electric_input_to_cooling_output_ratio_function_of_part_load_ratio_curve_name"]
        machine = data["chiller"]

        def coefficients(curve: Mapping[str, Any]) -> tuple[float, ...]:
            keyed = sorted((int(k[11:].split("_")[0]), v) for k, v in curve.items() if k.startswith("coefficient"))
            return tuple(float(v) for _, v in keyed)

        return cls(
            Q_dot_nominal=float(machine["reference_capacity"]),
            COP_nominal=float(machine["reference_cop"]),
            PLR_min=float(machine["minimum_part_load_ratio"]),
            PLR_unload=float(machine["minimum_unloading_ratio"]),
            PLR_max=float(machine["maximum_part_load_ratio"]),
            T_e_min=float(cap["minimum_value_of_x"]) + ZERO_C,
            T_e_max=float(cap["maximum_value_of_x"]) + ZERO_C,
            T_c_min=float(cap["minimum_value_of_y"]) + ZERO_C,
            T_c_max=float(cap["maximum_value_of_y"]) + ZERO_C,
            T_part_min=float(plr["minimum_value_of_x"]) + ZERO_C,
            T_part_max=float(plr["maximum_value_of_x"]) + ZERO_C,
            reformulated="Reformulated" in machine["type"],
            cap_ft=coefficients(cap),
            eir_ft=coefficients(eir),
            eir_fplr=coefficients(plr),
        )

    @property
    def ranges(self) -> dict[str, Range]:
        """Chilled water leaving and the curves' condenser temperature [K]."""
        return {"T_chw": Range(self.T_e_min, self.T_e_max, "K"), "T_c": Range(self.T_c_min, self.T_c_max, "K")}

    def range_violation(self, T_chw: Signal, T_c: Signal) -> Signal:
        """How far the temperatures lie outside the curves [K]; zero inside."""
        outside = self.violations(T_chw=T_chw, T_c=T_c)
        return outside["T_chw"] + outside["T_c"]

    @staticmethod
    def _held(T: Signal, low: float, high: float) -> Signal:
        return ops.blended_min(ops.blended_max(T, low, T_WIDTH), high, T_WIDTH) - ZERO_C

    def _clamped(self, T_chw: Signal, T_c: Signal) -> tuple[Signal, Signal]:
        return self._held(T_chw, self.T_e_min, self.T_e_max), self._held(T_c, self.T_c_min, self.T_c_max)

    def capacity(self, T_chw: Signal, T_c: Signal) -> Signal:
        """Full-load capacity [W], equation (1)."""
        return self.Q_dot_nominal * ops.maximum(biquadratic(*self._clamped(T_chw, T_c), self.cap_ft), 1e-3)

    def work(self, Q_load: Signal, T_chw: Signal, T_c: Signal) -> EirWork:
        """Equations (1) and (2) at load ``Q_load`` [W], chilled water ``T_chw`` and the curves' condenser temperature ``T_c`` [K]."""
        capacity = self.capacity(T_chw, T_c)
        ratio = Q_load / capacity
        share = 1.0 - ops.ramp(ratio - self.PLR_max, PLR_WIDTH) / ops.maximum(ratio, self.PLR_max - PLR_WIDTH)
        PLR = ratio * share
        running = ops.blended_max(PLR, self.PLR_unload, PLR_WIDTH)
        part = (
            bicubic(self._held(T_c, self.T_part_min, self.T_part_max), running, self.eir_fplr)
            if self.reformulated
            else ops.polynomial(running, self.eir_fplr)
        )
        eir = biquadratic(*self._clamped(T_chw, T_c), self.eir_ft)
        cycling = ops.blended_min(1.0, PLR / self.PLR_min, PLR_WIDTH)
        P = capacity / self.COP_nominal * eir * part * cycling
        return EirWork(Q_load * share, share, P, capacity, capacity / self.Q_dot_nominal, eir, part, cycling)

    def least_power(self, Q_dot: Signal, T_chw: Signal, T_hot: Signal) -> Signal:
        """Power [W] that the largest share of Carnot needs between chilled water and the sink at ``T_hot`` [K]."""
        return Q_dot * ops.ramp(T_hot - T_chw, T_WIDTH) / (self.carnot_share * T_chw)

    def operate(self, Q_load: Signal, T_chw: Signal, T_cw_in: Signal, m_cw: Signal) -> EirState:
        """The machine at load ``Q_load`` [W], chilled water leaving at ``T_chw`` [K], condenser water ``m_cw`` [kg/s] at ``T_cw_in``.

        Load beyond capacity is not taken; :meth:`cool` says what it does to the chilled water.
        """
        m_least = self.Q_dot_nominal * (1.0 + 1.0 / self.COP_nominal) / (CP_WATER * RISE_MOST)
        C_cw = ops.at_least(m_cw, m_least) * CP_WATER
        T_out = T_cw_in + Q_load * (1.0 + 1.0 / self.COP_nominal) / C_cw
        for _ in range(SUBSTITUTIONS if self.reformulated else 1):
            s = self.work(Q_load, T_chw, T_out if self.reformulated else T_cw_in)
            T_out = T_cw_in + (s.Q_dot + s.P_el) / C_cw
        P = ops.blended_max(s.P_el, self.least_power(s.Q_dot, T_chw, T_out), 1e-4 * self.Q_dot_nominal / self.COP_nominal)
        Q_cond = s.Q_dot + P
        work = {**vars(s), "P_el": P}
        return EirState(**work, Q_cond=Q_cond, T_chw_out=T_chw, T_cw_out=T_cw_in + Q_cond / C_cw)

    def delivered(
        self, at: Callable[[Signal], tuple[EirWork, Signal]], Q_load: Signal, T_chw_in: Signal, T_set: Signal, C: Signal
    ) -> Signal:
        """Chilled water leaving [K] by equation (4), where ``at`` gives the work and the curves' condenser temperature at a trial.

        ``Q_load`` [W] is ``C`` [W/K] times :func:`wanted`.
        Newton's method kept in a bracket: capacity has corners at the ends of the curves, between which plain steps may cycle.
        """
        low, high, T = T_set, T_chw_in, T_set
        cooling, C_safe = wanted(T_chw_in, T_set), ops.at_least(C, 1e-6 * self.Q_dot_nominal)
        for _ in range(BRACKET_STEPS):
            s, T_c = at(T)
            excess = T - T_chw_in + cooling * s.share
            low, high = ops.where(excess < 0.0, T, low), ops.where(excess < 0.0, high, T)
            t, t_c = self._clamped(T, T_c)
            slope = self.PLR_max * self.Q_dot_nominal / C_safe * (self.cap_ft[1] + 2.0 * self.cap_ft[2] * t + self.cap_ft[5] * t_c)
            slope = ops.where(Q_load > self.PLR_max * s.capacity, slope, 0.0)
            slope = ops.where(T > self.T_e_min, ops.where(T < self.T_e_max, slope, 0.0), 0.0)
            step = T - excess / ops.maximum(1.0 + slope, LEAST_SLOPE)
            # A step back onto the far end of the bracket would go round in circles over a corner; a short one has arrived.
            inside = (step - low) * (high - step) > 1e-6 * (high - low) * (high - low)
            arrived = ops.absolute(step - T) < ARRIVED * (high - low)
            nearer = ops.where(arrived, step, ops.where(inside, step, 0.5 * (low + high)))
            # A machine within its capacity is at its setpoint from the start.
            T = ops.where(ops.absolute(excess) < SETTLED, T, nearer)
        return T

    def cool(self, T_chw_in: Signal, m_chw: Signal, T_set: Signal, T_cw_in: Signal, m_cw: Signal) -> EirState:
        """Cool ``m_chw`` [kg/s] from ``T_chw_in`` towards ``T_set`` [K]: what capacity does not reach stays in ``T_chw_out``."""
        C = m_chw * CP_WATER
        Q_load = C * wanted(T_chw_in, T_set)

        def at(T: Signal) -> tuple[EirWork, Signal]:
            state = self.operate(Q_load, T, T_cw_in, m_cw)
            return state, state.T_cw_out if self.reformulated else T_cw_in

        s = self.operate(Q_load, self.delivered(at, Q_load, T_chw_in, T_set, C), T_cw_in, m_cw)
        return dataclasses.replace(s, T_chw_out=T_chw_in - wanted(T_chw_in, T_set) * s.share)

    def P_el(self, Q_dot: Signal, T_chw: Signal, T_cw_in: Signal, m_cw: Signal) -> Signal:
        """Electric power [W] for load ``Q_dot`` [W], equation (2), capped by Carnot."""
        return self.operate(Q_dot, T_chw, T_cw_in, m_cw).P_el
