"""Cooling tower cell after Merkel, with its water balance.

What
    One counterflow cell. Enthalpy drives heat and mass together; the moist air is treated as a gas of
    effective heat capacity ``c_pe`` (Braun, Klein and Mitchell, ASHRAE Trans. 95(2), 164, 1989), which gives
    the effectiveness-NTU form that EnergyPlus and Modelica Buildings use.

Equations
    ::

        c_pe = (h_sat(T_wb,out) - h_sat(T_wb)) / (T_wb,out - T_wb)                                        (1)
        NTU  = (UA c_pe / c_p) / C_min,  C_a = m_a c_pe,  C_w = m_w c_w                                   (2)
        Q    = eps(NTU, C_r) C_min (T_w,in - T_wb),   T_wb,out = T_wb + Q / C_a                           (3)
        UA   = UA_n f_a f_wb f_w,  f_a = 1.3 r - 0.3 r^2,  f_wb = 1 + 0.0081 (T_wb,n - T_wb),
               f_w = 0.1082 + 1.667 x - 0.7713 x^2  (r, x air and water flow over nominal)                (4)
        evaporation = m_da (W_sat(T_wb,out) - W_in)          (saturated exit)                              (5)
        blowdown = max(evaporation / (cycles - 1) - drift, 0),  makeup = evaporation + drift + blowdown    (6)

    (3) is implicit in ``T_wb,out``: a secant through 0.3 and 0.7 of the driving difference, then a fixed
    number of chord steps leave less than 1e-3 K in the air and 1e-4 K in the water over the declared range.

Validity
    Wet bulb 250 K to 305 K, water 275 K to 330 K, air flow 0.1 to 1 and water flow 0.3 to 1.2 of nominal;
    outside, corrections are held at their limits. Saturation is taken over supercooled water below freezing.

Differences from EnergyPlus
    Natural draught with the fan off is an air flow of ``y_natural`` of nominal (EnergyPlus scales capacity by
    a fraction), and joins the fan's air flow smoothly. "0.2 percent/K" loss factors are not used.

Assumptions
    1. Makeup water enters at basin temperature. 2. Outlet air is saturated. 3. All cells with water share it
    equally.
"""

import dataclasses
import functools

from lowlift.thermal import ops
from lowlift.thermal.component import Component, parameter
from lowlift.thermal.exchange import effectiveness_counterflow
from lowlift.thermal.ops import Signal
from lowlift.thermal.psychrometrics import (
    MASS_RATIO,
    density,
    enthalpy,
    humidity_ratio_from_wet_bulb,
    saturation_pressure_over_water,
)

CP_WATER = 4186.0
DRIVE_WIDTH = 1e-3
"""Rounding of the driving difference where water enters at the wet bulb: colder water is not cooled [K]."""
RISE_SMALL = 1e-3
"""Added to the air's rise where ``c_pe`` divides by it, so that slopes stay exact as it vanishes [K]."""
WATER_SMALL = 1e-4
"""Rounding of the water's capacity rate at zero flow, relative to the dry air's."""
CHORD_STEPS = 2
P_SEA_LEVEL = 101325.0


@dataclasses.dataclass(frozen=True)
class MerkelResult:
    """Heat of one cell and its saturated exit."""

    Q_dot: Signal
    """Heat from water to air [W]."""
    cooling: Signal
    """How much colder the water leaves [K]; finite without flow."""
    T_wb_out: Signal
    """Wet bulb of the air leaving [K]."""


@dataclasses.dataclass(frozen=True)
class TowerState:
    """One cell at work."""

    T_w_out: Signal
    """Water leaving [K]."""
    Q_dot: Signal
    """Heat rejected [W]."""
    T_wb_out: Signal
    """Wet bulb of the air leaving [K]."""
    m_da: Signal
    """Dry air through the cell [kg/s]."""
    w_in: Signal
    """Humidity ratio of the air entering [kg/kg]."""


@dataclasses.dataclass(frozen=True)
class WaterUse:
    """Water of one cell [kg/s]; ``makeup`` is the sum of the other three."""

    evaporation: Signal
    drift: Signal
    blowdown: Signal
    makeup: Signal


def saturated(T: Signal, p: Signal) -> tuple[Signal, Signal]:
    """Enthalpy [J/kg] and humidity ratio [kg/kg] of saturated air over (if need be supercooled) water."""
    p_w = saturation_pressure_over_water(T)
    w = MASS_RATIO * p_w / (p - p_w)
    return enthalpy(T, w), w


def merkel_heat(
    T_w_in: Signal, T_wb: Signal, p: Signal, UA: Signal, m_w: Signal, m_air: Signal
) -> MerkelResult:
    """Merkel's relation, equations (1) to (3), for UA [W/K] referred to dry heat transfer and flows [kg/s].

    Never cools water below the wet bulb and never heats it: ``Q_dot >= 0``. ``m_air`` must be positive (there
    is always a draught); ``m_w`` may be zero.
    """
    drive = ops.smooth_max(T_w_in - T_wb, 0.0, DRIVE_WIDTH)
    h_in, w_in = saturated(T_wb, p)
    c_p = 1006.0 + 1860.0 * w_in
    C_w = ops.smooth_abs(m_w * CP_WATER, WATER_SMALL * m_air * 1006.0)

    def heat(rise: Signal) -> tuple[Signal, Signal]:
        wide = rise + RISE_SMALL
        c_pe = (saturated(T_wb + wide, p)[0] - h_in) / wide
        C_a = m_air * c_pe
        low, high = ops.minimum(C_w, C_a), ops.maximum(C_w, C_a)
        Q = effectiveness_counterflow(UA * c_pe / c_p / low, low / high) * low * drive
        return Q, Q / C_a

    # Unknown: the air's rise in wet bulb, in (0, drive). One slope from two points, then chord steps with it.
    first, second = 0.3 * drive, 0.7 * drive
    rise = heat(first)[1]
    fall = 1.0 - (heat(second)[1] - rise) / (second - first)
    unknown = ops.clip(first + (rise - first) / fall, 0.01 * drive, drive)
    for _ in range(CHORD_STEPS - 1):
        unknown = ops.clip(unknown + (heat(unknown)[1] - unknown) / fall, 0.01 * drive, drive)
    Q, rise = heat(unknown)
    cooling = Q / C_w
    return MerkelResult(cooling * (m_w * CP_WATER), cooling, T_wb + rise)


class CoolingTowerCell(Component):
    """One cell, rated by heat, wet bulb, approach and range.

    >>> cell = CoolingTowerCell(
    ...     Q_dot_nominal=1.0e6, T_wb_nominal=298.15, approach_nominal=4.0, range_nominal=6.0,
    ...     V_air_nominal=28.0, P_fan_nominal=4.0e4,
    ... )
    >>> state = cell.leave(308.15, cell.m_w_nominal, 298.15, 101325.0, 1.0)
    >>> round(float(state.T_w_out) - 298.15, 1)
    4.0
    """

    Q_dot_nominal: float = parameter(unit="W", above=0.0, doc="heat rejected at the rating point")
    T_wb_nominal: float = parameter(unit="K", low=273.15, high=310.0, doc="wet bulb at the rating point")
    approach_nominal: float = parameter(
        unit="K", above=0.5, high=30.0, doc="leaving water above the wet bulb"
    )
    range_nominal: float = parameter(unit="K", above=0.5, high=40.0, doc="entering minus leaving water")
    V_air_nominal: float = parameter(
        unit="m^3/s", above=0.0, doc="air at full fan speed, at entering conditions"
    )
    P_fan_nominal: float = parameter(unit="W", low=0.0, doc="electric power of the fan at full speed")
    c0: float = parameter(default=-0.00932, unit="1", doc="fan power cubic, constant (EnergyPlus test tower)")
    c1: float = parameter(default=0.0512, unit="1", doc="fan power cubic, linear")
    c2: float = parameter(default=-0.0838, unit="1", doc="fan power cubic, quadratic")
    c3: float = parameter(default=1.0419, unit="1", doc="fan power cubic, cubic")
    y_natural: float = parameter(
        default=0.1, unit="1", above=0.0, below=1.0, doc="air flow ratio with the fan off"
    )
    drift: float = parameter(
        default=8e-5, unit="1", low=0.0, high=0.01, doc="drift, share of water flow at full air flow"
    )
    cycles: float = parameter(default=4.0, unit="1", above=1.0, high=50.0, doc="cycles of concentration")

    def check(self) -> None:
        """Check that the rating point is within reach of the air flow."""
        try:
            self.UA_nominal  # noqa: B018 - derived on access, fails when impossible
        except ValueError:
            self.reject("V_air_nominal", "too little air for the rated heat and approach, whatever the fill")

    @property
    def m_w_nominal(self) -> float:
        """Water at the rating point [kg/s]."""
        return self.Q_dot_nominal / (CP_WATER * self.range_nominal)

    @functools.cached_property
    def UA_nominal(self) -> float:
        """Conductance that meets the rating point at sea level with saturated entering air [W/K]."""
        from scipy.optimize import brentq

        T_in = self.T_wb_nominal + self.approach_nominal + self.range_nominal
        m_a = float(self.V_air_nominal * self._density(self.T_wb_nominal, self.T_wb_nominal, P_SEA_LEVEL)[0])

        def excess(UA: float) -> float:
            return (
                float(merkel_heat(T_in, self.T_wb_nominal, P_SEA_LEVEL, UA, self.m_w_nominal, m_a).Q_dot)
                - self.Q_dot_nominal
            )

        scale = self.m_w_nominal * CP_WATER
        return float(brentq(excess, 1e-4 * scale, 10.0 * scale, rtol=1e-12))

    @staticmethod
    def _density(T_db: Signal, T_wb: Signal, p: Signal) -> tuple[Signal, Signal]:
        w = ops.smooth_max(humidity_ratio_from_wet_bulb(T_db, T_wb, p), 0.0, 1e-6)
        return density(T_db, w, p), w

    def air_ratio(self, y: Signal) -> Signal:
        """Air flow over nominal at fan speed ``y``: natural draught with the fan off, one at full speed."""
        return ops.smooth_max(y, self.y_natural, 0.02)

    def UA(self, m_w: Signal, T_wb: Signal, r: Signal) -> Signal:
        """Conductance [W/K] at water flow, wet bulb and air flow ratio ``r``, equation (4)."""
        x = ops.clip(m_w / self.m_w_nominal, 0.0, 1.08)
        f_wb = 1.0 + 0.0081 * ops.clip(self.T_wb_nominal - T_wb, -10.0, 25.0)
        f_w = 0.1082 + x * (1.667 - 0.7713 * x)
        return self.UA_nominal * r * (1.3 - 0.3 * r) * f_wb * f_w

    def leave(
        self, T_w_in: Signal, m_w: Signal, T_wb: Signal, p: Signal, y: Signal, T_db: Signal | None = None
    ) -> TowerState:
        """One cell at work with water ``m_w`` [kg/s] at ``T_w_in`` and fan speed ``y`` (0..1).

        ``m_w`` may be zero. Without ``T_db`` the entering air counts as saturated, which affects air density
        and evaporation only.
        """
        rho, w_in = self._density(T_wb if T_db is None else T_db, T_wb, p)
        r = self.air_ratio(y)
        m_a = self.V_air_nominal * rho * r
        result = merkel_heat(T_w_in, T_wb, p, self.UA(m_w, T_wb, r), m_w, m_a)
        return TowerState(T_w_in - result.cooling, result.Q_dot, result.T_wb_out, m_a / (1.0 + w_in), w_in)

    def fan_power(self, y: Signal) -> Signal:
        """Electric power of the fan [W]: the cubic where it is positive, exactly zero when off."""
        off = ops.smooth_max(self.c0, 0.0, 1e-3)
        cubic = ops.polynomial(y, (self.c0, self.c1, self.c2, self.c3))
        return self.P_fan_nominal * (ops.smooth_max(cubic, 0.0, 1e-3) - off)

    def water(self, state: TowerState, m_w: Signal, p: Signal, y: Signal) -> WaterUse:
        """Water balance of one cell, equations (5) and (6)."""
        w_out = saturated(state.T_wb_out, p)[1]
        evaporation = state.m_da * ops.smooth_max(w_out - state.w_in, 0.0, 1e-7)
        drift = self.drift * m_w * self.air_ratio(y)
        blowdown = ops.smooth_max(evaporation / (self.cycles - 1.0) - drift, 0.0, 1e-6 * self.m_w_nominal)
        return WaterUse(evaporation, drift, blowdown, evaporation + drift + blowdown)
