"""Air-cooled chiller by published curves on the outdoor dry bulb, with its condenser fans.

What
    A packaged machine outdoors: compressors and evaporator by published curves, a condenser whose fans blow outdoor air.

Equations
    ::

        Q, P_c = curves of :mod:`lowlift.thermal.chiller_eir` with the dry bulb for the condenser temperature    (1)
        P_c <- P_c lift(min(T_db, T_min)) / lift(T_min) below the curves' range T_min                             (2)
        lift(T) = max(T + a_c - T_chw, lift_min)                                                                 (3)
        P_fan = f Q_ref CapFT x (share of time running),  P = P_c + P_fan,  Q_cond = Q + P_c                       (4)

Validity
    The curves' own range; published ones seldom reach below 24 C to 30 C outdoors. Down to 253 K equation (2) extends them by a
    constant share of Carnot, with head pressure held up at ``lift_min``; capacity is held at the edge. Chilled water is held at
    the ends of its range. :meth:`AirCooledChiller.range_violation` says by how much either is left.

Comparison with EnergyPlus (``Chiller:Electric:EIR``, ``AirCooled``)
    The same inside the range, where EnergyPlus clamps below it: at 10 C outdoors its machine draws 1.7 times the power.

Assumptions
    1. Where the published COP includes the fans (most catalogues), ``fan_ratio`` is zero. 2. Fans run while the machine does.
    3. The condenser's air is not thinner than at the catalogue's altitude.

Sources
    EnergyPlus Engineering Reference; its data set ``AirCooledChiller.idf`` (Carrier 30XA500, fitted to the maker's catalogue 30XA-8PD).
"""

import dataclasses

from lowlift.thermal import ops
from lowlift.thermal.chiller_eir import CP_WATER, T_WIDTH, EirChiller, wanted
from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.ops import Signal

LIFT_WIDTH = 0.5
"""Rounding at the least lift [K]."""

CARRIER_30XA500 = EirChiller(
    Q_dot_nominal=1.6094e6, COP_nominal=2.9, PLR_min=0.1, PLR_unload=0.1, PLR_max=1.15,
    T_e_min=277.59, T_e_max=283.15, T_c_min=302.59, T_c_max=319.26, T_part_min=253.15, T_part_max=319.26,
    cap_ft=(-0.3479426478, 0.0637388098, -0.0007955045, 0.0712741456, -0.0010660025, -0.0009234587),
    eir_ft=(0.089134815, 0.0280734482, 0.0016909915, 0.0230561531, 0.0001663802, -0.0015023227),
    eir_fplr=(0.0, 1.0, 0.0),
)  # fmt: skip
"""A screw machine of 1609 kW; its published COP of 2.9 at 35 C includes the fans, and its power is proportional to load."""


@dataclasses.dataclass(frozen=True)
class AirCooledState:
    """An air-cooled machine at work."""

    Q_dot: Signal
    """Heat taken from the chilled water [W]."""
    share: Signal
    """The same over the load; one where there is none."""
    P_el: Signal
    """Electric power of compressors and fans [W]."""
    P_fan: Signal
    """Electric power of the condenser fans [W]."""
    Q_cond: Signal
    """Heat given to the air by the condenser, fans apart [W]."""
    T_chw_out: Signal
    """Chilled water delivered [K]."""
    capacity: Signal
    """Full-load capacity at the present temperatures [W]."""


class AirCooledChiller(Component):
    """A packaged machine outdoors.

    >>> chiller = AirCooledChiller(curves=CARRIER_30XA500)
    >>> hot, cool = (chiller.operate(1.2e6, 279.82, T_db) for T_db in (308.15, 288.15))
    >>> round(float(hot.Q_dot / hot.P_el), 2), round(float(cool.Q_dot / cool.P_el), 2)
    (2.87, 5.6)
    """

    curves: EirChiller
    """Curves whose condenser temperature is the outdoor dry bulb."""
    fan_ratio: float = parameter(default=0.0, unit="W/W", low=0.0, high=0.2, doc="fan power over capacity, unless in the COP")
    approach_condenser: float = parameter(default=12.0, unit="K", low=0.0, high=30.0, doc="condensing above dry bulb (guess)")
    lift_min: float = parameter(default=20.0, unit="K", above=0.0, high=50.0, doc="least lift by head-pressure control (guess)")

    def check(self) -> None:
        """Air has no leaving temperature that the curves could use."""
        if self.curves.reformulated:
            self.reject("curves", "must be of the EIR form, not Reformulated")

    def range_violation(self, T_chw: Signal, T_db: Signal) -> Signal:
        """How far the temperatures lie outside the curves [K]; zero inside."""
        return self.curves.range_violation(T_chw, T_db)

    @property
    def ranges(self) -> dict[str, Range]:
        """Chilled water leaving and dry bulb [K]."""
        curves = self.curves.ranges
        return {"T_chw": curves["T_chw"], "T_db": curves["T_c"]}

    def _lift(self, T_db: Signal, T_chw: Signal) -> Signal:
        return ops.smooth_max(T_db + self.approach_condenser - T_chw, self.lift_min, LIFT_WIDTH)

    def operate(self, Q_load: Signal, T_chw: Signal, T_db: Signal) -> AirCooledState:
        """The machine at load ``Q_load`` [W], chilled water leaving at ``T_chw`` [K], air at ``T_db`` [K]."""
        c = self.curves
        s = c.work(Q_load, T_chw, T_db)
        below = self._lift(ops.blended_min(T_db, c.T_c_min, T_WIDTH), T_chw) / self._lift(c.T_c_min, T_chw)
        P = ops.blended_max(s.P_el * below, c.least_power(s.Q_dot, T_chw, T_db), 1e-4 * c.Q_dot_nominal / c.COP_nominal)
        P_fan = self.fan_ratio * s.capacity * s.cycling
        return AirCooledState(s.Q_dot, s.share, P + P_fan, P_fan, s.Q_dot + P, T_chw, s.capacity)

    def cool(self, T_chw_in: Signal, m_chw: Signal, T_set: Signal, T_db: Signal) -> AirCooledState:
        """Cool ``m_chw`` [kg/s] from ``T_chw_in`` towards ``T_set`` [K]: what capacity does not reach stays in ``T_chw_out``."""
        C = m_chw * CP_WATER
        Q_load = C * wanted(T_chw_in, T_set)
        T = self.curves.delivered(lambda T: (self.curves.work(Q_load, T, T_db), T_db), Q_load, T_chw_in, T_set, C)
        s = self.operate(Q_load, T, T_db)
        return dataclasses.replace(s, T_chw_out=T_chw_in - wanted(T_chw_in, T_set) * s.share)
