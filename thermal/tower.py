"""Cooling tower cell after Merkel.

What
    One counterflow cell. Enthalpy drives heat and mass together; the moist air is treated as a gas of effective heat capacity
    ``c_pe`` (Braun, Klein and Mitchell, ASHRAE Trans. 95(2), 164, 1989), which gives the effectiveness-NTU form that
    EnergyPlus and Modelica Buildings use.

Equations
    ::

        c_pe = (h_sat(T_wb,out) - h_sat(T_wb)) / (T_wb,out - T_wb)                                        (1)
        NTU  = (UA c_pe / c_p) / C_min,  C_a = m_a c_pe,  C_w = m_w c_w                                   (2)
        Q    = eps(NTU, C_r) C_min (T_w,in - T_wb),   T_wb,out = T_wb + Q / C_a                           (3)
        UA   = F UA_n f_a f_wb f_w,  f_a = 1.3 r - 0.3 r^2,  f_wb = 1 + 0.0081 (T_wb,n - T_wb),
               f_w = 0.1082 + 1.667 x - 0.7713 x^2  (r, x air and water flow over nominal; F fouling)     (4)

    (3) is implicit in ``T_wb,out``; it is solved by a fixed number of secant steps (1e-4 K over the declared range at 60 to 105 kPa).
    As water stops, its last drop leaves where ``eps`` takes it and no heat is moved: ``C_w`` is regularised in (2) by a share
    ``WATER_SMALL`` of the air's own capacity rate, ``T_w,out`` follows from ``Q / C_w`` of that form.

Validity
    Wet bulb 250 K to 305 K, water 275 K to 330 K, air flow 0.1 to 1 and water flow 0.3 to 1.2 of nominal; outside, corrections
    are held at their limits, down to no water at all. Saturation is taken over supercooled water below freezing.

Differences from EnergyPlus
    Natural draught with the fan off is an air flow of ``y_natural`` of nominal (EnergyPlus scales capacity by a fraction), and
    joins the fan's air flow smoothly.

Fan, moist air, water balance and their assumptions: :mod:`lowlift.thermal.tower_cell`.
"""

import dataclasses
import functools

from lowlift.thermal import ops
from lowlift.thermal.component import Range, parameter
from lowlift.thermal.exchange import effectiveness_counterflow
from lowlift.thermal.ops import Signal
from lowlift.thermal.tower_cell import CP_WATER, P_SEA_LEVEL, TowerCell, TowerState, saturated

DRIVE_WIDTH = 1e-3
"""Rounding of the driving difference where water enters at the wet bulb: colder water is not cooled [K]."""
SECANT_STEPS = 3
WATER_SMALL = 1e-4
"""Regularisation of the water's capacity rate, relative to that of the dry air: value and slope stay finite without water [1]."""
STILL = 1e-7
"""Share of the drive below which a step of the secant method counts as none [1]."""


@dataclasses.dataclass(frozen=True)
class MerkelResult:
    """Heat of one cell and its saturated exit."""

    Q_dot: Signal
    """Heat from water to air [W]."""
    T_w_out: Signal
    """Water leaving [K]."""
    T_wb_out: Signal
    """Wet bulb of the air leaving [K]."""


def merkel(T_w_in: Signal, T_wb: Signal, p: Signal, UA: Signal, m_w: Signal, m_a: Signal) -> MerkelResult:
    """Merkel's relation, equations (1) to (3), for UA [W/K] referred to dry heat transfer and flows [kg/s].

    Never cools water below the wet bulb and never heats it: ``Q_dot >= 0``.
    """
    drive = ops.smooth_max(T_w_in - T_wb, 0.0, DRIVE_WIDTH)
    h_in, w_in = saturated(T_wb, p)
    c_p = 1006.0 + 1860.0 * w_in
    C_w = ops.smooth_abs(m_w * CP_WATER, WATER_SMALL * m_a * c_p)

    def cooled(T_out: Signal) -> tuple[Signal, Signal]:
        """Cooling of the water and rise of the air's wet bulb [K]."""
        c_pe = (saturated(T_out, p)[0] - h_in) / (T_out - T_wb)
        C_a = m_a * c_pe
        low, high = ops.minimum(C_w, C_a), ops.maximum(C_w, C_a)
        moved = effectiveness_counterflow(UA * c_pe / c_p / low, low / high) * low * drive
        return moved / C_w, moved / C_w * (m_w * CP_WATER / C_a)

    # Unknown: the air's rise in wet bulb, in (0, drive), by the secant method from two points inside.
    before, now = 0.3 * drive, 0.7 * drive
    rise_before, rise = cooled(T_wb + before)[1], cooled(T_wb + now)[1]
    gain = (rise - rise_before) / (now - before)
    for _ in range(SECANT_STEPS):
        before, now, rise_before = now, ops.clip(now + (rise - now) / (1.0 - gain), 0.01 * drive, drive), rise
        cooling, rise = cooled(T_wb + now)
        moved = now - before
        # Where it no longer moves there is no new slope to be had.
        still = ops.absolute(moved) < STILL * drive
        gain = ops.where(still, gain, (rise - rise_before) / ops.where(still, drive, moved))
    return MerkelResult(m_w * CP_WATER * cooling, T_w_in - cooling, T_wb + rise)


class CoolingTowerCell(TowerCell):
    """One cell, rated by heat, wet bulb, approach and range.

    >>> cell = CoolingTowerCell(Q_dot_nominal=1.0e6, T_wb_nominal=298.15, approach_nominal=4.0, range_nominal=6.0,
    ...                         V_air_nominal=28.0, P_fan_nominal=4.0e4)
    >>> state = cell.leave(308.15, cell.m_w_nominal, 298.15, 101325.0, 1.0)
    >>> round(float(state.T_w_out) - 298.15, 1)
    4.0
    """

    fouling: float = parameter(default=1.0, unit="1", above=0.0, high=1.5, doc="factor on UA, below one when the fill is fouled")

    def check(self) -> None:
        """The rating point must be within reach of the air flow."""
        try:
            self.UA_nominal  # noqa: B018 - derived on access, fails when impossible
        except ValueError:
            self.reject("V_air_nominal", "too little air for the rated heat and approach, whatever the fill")

    @functools.cached_property
    def UA_nominal(self) -> float:
        """Conductance that meets the rating point at sea level with saturated entering air [W/K]."""
        from scipy.optimize import brentq

        T_in = self.T_wb_nominal + self.approach_nominal + self.range_nominal
        m_a = float(self.V_air_nominal * self.air(self.T_wb_nominal, self.T_wb_nominal, P_SEA_LEVEL)[0])

        def excess(UA: float) -> float:
            return float(merkel(T_in, self.T_wb_nominal, P_SEA_LEVEL, UA, self.m_w_nominal, m_a).Q_dot) - self.Q_dot_nominal

        scale = self.m_w_nominal * CP_WATER
        return float(brentq(excess, 1e-4 * scale, 10.0 * scale, rtol=1e-12))

    @property
    def ranges(self) -> dict[str, Range]:
        """Water [K, kg/s], wet bulb [K], pressure [Pa] and fan speed."""
        return {
            "T_w_in": Range(275.0, 330.0, "K"), "m_w": Range(0.3 * self.m_w_nominal, 1.2 * self.m_w_nominal, "kg/s"),
            "T_wb": Range(250.0, 305.0, "K"), "p": Range(6.0e4, 1.05e5, "Pa"), "y": Range(0.0, 1.0),
        }  # fmt: skip

    def UA(self, m_w: Signal, T_wb: Signal, r: Signal) -> Signal:
        """Conductance [W/K] at water flow, wet bulb and air flow ratio ``r``, equation (4)."""
        x = ops.clip(m_w / self.m_w_nominal, 0.0, 1.08)
        f_wb = 1.0 + 0.0081 * ops.clip(self.T_wb_nominal - T_wb, -10.0, 25.0)
        f_w = 0.1082 + x * (1.667 - 0.7713 * x)
        return self.fouling * self.UA_nominal * r * (1.3 - 0.3 * r) * f_wb * f_w

    def leave(self, T_w_in: Signal, m_w: Signal, T_wb: Signal, p: Signal, y: Signal, T_db: Signal | None = None) -> TowerState:
        """One cell with water ``m_w`` [kg/s] at ``T_w_in`` and fan speed ``y``; air saturated unless ``T_db`` is given."""
        rho, w_in = self.air(T_wb if T_db is None else T_db, T_wb, p)
        r = self.air_ratio(y)
        m_a = self.V_air_nominal * rho * r
        result = merkel(T_w_in, T_wb, p, self.UA(m_w, T_wb, r), m_w, m_a)
        return TowerState(result.T_w_out, result.Q_dot, result.T_wb_out, m_a / (1.0 + w_in), w_in)
