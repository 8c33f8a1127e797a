"""Cooling tower with a variable-speed fan that meets a leaving-water setpoint, after EnergyPlus' ``CoolingTower:VariableSpeed``.

What
    The fan's duty for a wanted leaving temperature, in closed form: full speed, a speed in between, cycling at the least speed, or
    natural draught alone. Made for year-long studies against EnergyPlus; for optimisation over the fan speed itself use
    :mod:`lowlift.thermal.tower`.

Equations
    ::

        T_on = T_in - R(L),  R + approach(t_wb, R, L) = T_in - T_wb,  L = lambda V_w / V_w,n / r at r = 1       (1)
        T_off = T_in - n (T_in - T_on)                  (fan off; n is the share of natural draught)            (2)
        T_out = max(T_on, min(T_set, T_off), min(T_in, T_wb))                                                 (3)
        approach(t_wb, T_in - T_set, L) = T_set - T_wb, r = L(r = 1) / L        (speed in between)             (4)
        r = c y_min + (1 - c) n, P = c P(y_min), c = (T_off - T_set) / (T_off - T_min)    (cycling)            (5)
        evaporation = m_da (W_sat(h_out) - W_in),  h_out = h_sat(T_wb) + Q / m_da                             (6)
        evaporation = m_a (q_sat(h_out) - q_in),  h_out = h_sat(T_wb) + Q / m_a,  q = W / (1 + W)            (6')
        blowdown = max(evaporation / (cycles - 1) - drift, 0),  makeup = evaporation + drift + blowdown        (7)

    (1) and (4) are quadratics of the correlation (:mod:`lowlift.thermal.tower_york`); ``lambda`` makes the rating point hold.

Validity
    That of the correlation: wet bulb from 238.75 K, water entering 275 K to 325 K, water flow 0.75 to 1.25 of nominal. The wet bulb is held
    below 26.67 C and the range between 0.001 K and 22.2 K, as EnergyPlus does; beyond that range the fan is taken to run at full speed.

Comparison with EnergyPlus: the main differences are
    1. EnergyPlus finds the roots by false position to 1e-4; here they are exact. 2. EnergyPlus
    takes the moist air flow ``m_a`` with specific humidities, (6'), which loses 1-4 % of the evaporation; that form is used only
    where ``moist_basis`` asks for it. 3. (1) is solved at the bounds instead of being given up there. 4. At small ranges in damp heat the
    correlation gives water below the wet bulb; (3) does not.

Assumptions
    1. One cell with constant water flow. 2. The outlet air is saturated. 3. Makeup enters at basin temperature.

Sources
    EnergyPlus Engineering Reference, "Variable Speed Cooling Towers"; the correlation as in :mod:`lowlift.thermal.tower_york`.
"""

import dataclasses

from lowlift.thermal import ops
from lowlift.thermal import psychrometrics as psy
from lowlift.thermal.component import Range, parameter
from lowlift.thermal.fluids import WATER
from lowlift.thermal.ops import Signal
from lowlift.thermal.tower_york import COEFFICIENTS, Calibrated

ZERO_C = 273.15
T_WB_MAX = 26.6667
"""Highest wet bulb of the correlation [C]."""
RANGE_MIN, RANGE_MAX = 1e-3, 22.2222
"""Bounds of the range while (1) is solved [K]."""
ROOT_FLOOR = 1e-12
"""Floor of a discriminant, so that slopes stay finite where the quadratics have no root."""
NEWTON_STEPS = 4
AIR_LEAST = 1e-3
"""Least air ratio that carries heat: without natural draught a standing fan moves none [1]."""


@dataclasses.dataclass(frozen=True)
class MoistAir:
    """Outdoor air entering a tower."""

    T_wb: Signal
    """Wet bulb [K]."""
    w: Signal
    """Humidity ratio [kg/kg dry air]."""
    p: Signal
    """Pressure [Pa]."""
    rho: Signal
    """Density of the moist air [kg/m^3]."""


@dataclasses.dataclass(frozen=True)
class FanDuty:
    """What the fan does to meet the setpoint."""

    air_ratio: Signal
    """Mean air flow over nominal, natural draught included [1]."""
    P_el: Signal
    """Mean electric power [W]."""


@dataclasses.dataclass(frozen=True)
class TowerWater:
    """Water of the tower [kg/s]; ``makeup`` is the sum of the other three."""

    evaporation: Signal
    drift: Signal
    blowdown: Signal
    makeup: Signal


def _quadratic(t_wb: Signal, other: Signal, *, in_range: bool) -> list[Signal]:
    """The approach as a quadratic of the range (``other`` is L/G) or of L/G (``other`` is the range)."""
    rows = range(3)
    table = [[COEFFICIENTS[i][j] if in_range else COEFFICIENTS[j][i] for i in rows] for j in rows]
    return [ops.polynomial(other, [ops.polynomial(t_wb, c) for c in row]) for row in table]


def temperature_of_saturated(h: Signal, p: Signal, T_guess: Signal) -> Signal:
    """Temperature [K] of saturated air with enthalpy ``h`` [J/kg dry air]: Newton steps with a secant slope, to 1e-3 K."""
    T = T_guess
    for _ in range(NEWTON_STEPS):
        value = psy.saturation_enthalpy(T, p)
        slope = (psy.saturation_enthalpy(T + 0.01, p) - value) / 0.01
        T = T + ops.clip((h - value) / slope, -15.0, 15.0)
    return T


class SetpointTower(Calibrated):
    """A tower rated by wet bulb, approach, range, water and air flow.

    >>> tower = SetpointTower(T_wb_nominal=298.75, approach_nominal=3.9, range_nominal=5.6, V_water_nominal=0.062,
    ...                       V_air_nominal=40.0, P_fan_nominal=15500.0)
    >>> round(tower.flow_calibration, 5)
    1.00904
    >>> round(float(tower.leaving(308.25, 298.75 + 2.0, 298.75, 0.062)) - 298.75, 2)
    3.9
    """

    T_wb_nominal: float = parameter(unit="K", low=273.15, high=299.82, doc="wet bulb at the rating point")
    approach_nominal: float = parameter(unit="K", above=1.1, high=40.0, doc="leaving water above the wet bulb, rated")
    range_nominal: float = parameter(unit="K", above=1.1, high=22.2, doc="entering minus leaving water, rated")
    V_water_nominal: float = parameter(unit="m^3/s", above=0.0, doc="water flow at the rating point")
    V_air_nominal: float = parameter(unit="m^3/s", above=0.0, doc="air flow at full fan speed, at entering conditions")
    P_fan_nominal: float = parameter(unit="W", low=0.0, doc="electric power of the fan at full speed")
    c0: float = parameter(default=-0.0093, unit="1", doc="fan power cubic, constant")
    c1: float = parameter(default=0.0512, unit="1", doc="fan power cubic, linear")
    c2: float = parameter(default=-0.0838, unit="1", doc="fan power cubic, quadratic")
    c3: float = parameter(default=1.0419, unit="1", doc="fan power cubic, cubic")
    y_min: float = parameter(default=0.2, unit="1", above=0.0, below=1.0, doc="least air flow ratio of the running fan")
    natural: float = parameter(default=0.125, unit="1", low=0.0, below=1.0, doc="share of full capacity with the fan off")
    drift: float = parameter(default=8e-5, unit="1", low=0.0, high=0.01, doc="drift, share of water flow at full air flow")
    cycles: float = parameter(default=4.0, unit="1", above=1.0, high=50.0, doc="cycles of concentration")
    moist_basis: bool = False
    """Evaporation by equation (6'), as EnergyPlus reckons it, instead of (6)."""

    def check(self) -> None:
        """Natural draught must move less air than the fan; the rating point must lie on the correlation."""
        if self.natural >= self.y_min:
            self.reject("natural", f"must be below the least air flow ratio {self.y_min}")
        super().check()

    def excess_range(self, LG: float) -> float:
        """Range beyond the rated one [K], equation (1)."""
        return float(self._range(self.approach_nominal + self.range_nominal, self.T_wb_nominal, LG)) - self.range_nominal

    @property
    def ranges(self) -> dict[str, Range]:
        """Water [K, m^3/s] and wet bulb [K]; the correlation is held at 26.67 C above."""
        return {
            "T_in": Range(275.0, 325.0, "K"), "T_wb": Range(238.75, ZERO_C + T_WB_MAX, "K"),
            "V_water": Range(0.75 * self.V_water_nominal, 1.25 * self.V_water_nominal, "m^3/s"),
        }  # fmt: skip

    @staticmethod
    def _range(drive: Signal, T_wb: Signal, L: Signal) -> Signal:
        """Range [K] that closes (1) for a drive ``T_in - T_wb`` [K]."""
        a, b, c = _quadratic(ops.minimum(T_wb - ZERO_C, T_WB_MAX), L, in_range=True)
        b = 1.0 + b
        lack = drive - a
        root = ops.sqrt(ops.maximum(b * b + 4.0 * c * lack, ROOT_FLOOR))
        return ops.clip(2.0 * lack / ops.maximum(b + root, 1e-6), RANGE_MIN, RANGE_MAX)

    def _full(self, T_in: Signal, T_wb: Signal, V_water: Signal) -> tuple[Signal, Signal]:
        """L/G and leaving water [K] at full fan speed, equation (1)."""
        L = self.flow_calibration * V_water / self.V_water_nominal
        return L, T_in - self._range(T_in - T_wb, T_wb, L)

    def leaving(self, T_in: Signal, T_set: Signal, T_wb: Signal, V_water: Signal) -> Signal:
        """Leaving water [K] for entering water, setpoint and wet bulb [K] and water flow [m^3/s], equation (3)."""
        T_on = self._full(T_in, T_wb, V_water)[1]
        coldest = ops.maximum(T_on, ops.minimum(T_in, T_wb))
        return ops.maximum(coldest, ops.minimum(T_set, T_in - self.natural * (T_in - T_on)))

    def fan_power(self, y: Signal) -> Signal:
        """Electric power [W] of the running fan at air flow ratio ``y``, never negative."""
        return self.P_fan_nominal * ops.maximum(ops.polynomial(y, (self.c0, self.c1, self.c2, self.c3)), 0.0)

    def fan(self, T_in: Signal, T_set: Signal, T_wb: Signal, V_water: Signal) -> FanDuty:
        """What the fan does for the conditions of :meth:`leaving`, equations (2), (4) and (5)."""
        L, T_on = self._full(T_in, T_wb, V_water)
        T_off = T_in - self.natural * (T_in - T_on)
        T_least = T_in - self._range(T_in - T_wb, T_wb, L / self.y_min)
        a, b, c = _quadratic(ops.minimum(T_wb - ZERO_C, T_WB_MAX), ops.maximum(T_in - T_set, RANGE_MIN), in_range=False)
        lack = T_set - T_wb - a
        root = ops.sqrt(ops.maximum(b * b + 4.0 * c * lack, ROOT_FLOOR))
        # The rising root of the approach in L/G; multiplied out so that neither sign of the slope loses digits.
        L_met = ops.where(b > 0.0, 2.0 * lack / ops.maximum(b + root, 1e-9), (root - b) / ops.where(c == 0.0, 1e-12, 2.0 * c))
        r = ops.clip(L / ops.maximum(L_met, 1e-3), self.y_min, 1.0)
        on = ops.clip((T_off - T_set) / ops.maximum(T_off - T_least, 1e-6), 0.0, 1.0)
        cycling, full, off = T_least < T_set, T_on >= T_set, T_off <= T_set
        r = ops.where(cycling, on * self.y_min + (1.0 - on) * self.natural, r)
        P = ops.where(cycling, on * self.fan_power(self.y_min), self.fan_power(r))
        return FanDuty(
            ops.where(full, 1.0, ops.where(off, self.natural, r)),
            ops.where(full, self.fan_power(1.0), ops.where(off, 0.0, P)),
        )

    def water(self, Q_dot: Signal, air_ratio: Signal, air: MoistAir, m_water: Signal) -> TowerWater:
        """Water use for the heat rejected [W], air flow ratio and water flow [kg/s], equations (6) and (7)."""
        m_a = self.V_air_nominal * air_ratio * air.rho
        flow = m_a if self.moist_basis else m_a / (1.0 + air.w)
        gained = Q_dot / ops.maximum(flow, AIR_LEAST * self.V_air_nominal * air.rho)
        T_out = temperature_of_saturated(psy.saturation_enthalpy(air.T_wb, air.p) + gained, air.p, air.T_wb + 8.0)
        w_out = psy.saturation_humidity_ratio(T_out, air.p)
        gain = w_out / (1.0 + w_out) - air.w / (1.0 + air.w) if self.moist_basis else w_out - air.w
        evaporation = ops.maximum(flow * gain, 0.0)
        drift = self.drift * m_water * air_ratio
        blowdown = ops.maximum(evaporation / (self.cycles - 1.0) - drift, 0.0)
        return TowerWater(evaporation, drift, blowdown, evaporation + drift + blowdown)


def volume_flow(m_water: Signal, T: Signal) -> Signal:
    """Volume flow [m^3/s] of water with mass flow [kg/s] at ``T`` [K]."""
    return m_water / WATER.rho(T)
