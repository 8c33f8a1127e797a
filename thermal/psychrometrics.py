"""Moist air at any pressure, after the ASHRAE Handbook of Fundamentals (2017), chapter 1.

What
    Ideal-gas relations with the Hyland-Wexler saturation pressure over water, and over ice below the triple point. Enthalpy is per
    kilogram of DRY air, zero for dry air at 0 C. Temperatures in K, pressures in Pa.

Equations
    ::

        ln p_ws = c_-1 / T + c_0 + c_1 T + c_2 T^2 + c_3 T^3 + c_4 T^4 + c_5 ln T                         (1)
        w = 0.621945 p_w / (p - p_w),   w_s = w at p_ws,   rh = p_w / p_ws                                (2)
        h = 1006 t + w (2.501e6 + 1860 t),   t in C                                                       (3)
        v = R_da T (1 + w / 0.621945) / p,   rho = (1 + w) / v                                            (4)
        (2501 + 1.86 t - 4.186 t_wb) w = (2501 - 2.326 t_wb) w_s(T_wb) - 1.006 (t - t_wb)                 (5)

    (5) carries ice on the bulb below freezing: 2830, 2.1 and 0.24 for 2501, 4.186 and 2.326. Wet bulb and dew point invert (5) and (1) by a
    fixed number of Newton steps.

Validity
    233 K to 363 K, 50 kPa to 110 kPa. Against CoolProp's real-gas air the humidity ratio is within 0.6 % (median wet bulb 0.004 K).

Assumptions
    1. Ideal gases, no enhancement factor. 2. Heat capacities do not depend on temperature. 3. Saturation is over ice below the triple
    point, and a bulb carries ice below freezing. So the wet bulb jumps there, and that is inherent: ice gives 2830 kJ/kg, water
    2501 kJ/kg, and both forms of (5) differ at 0 C by 4.6e-5 kg/kg per kelvin of wet-bulb depression. For humidity ratios between the
    two both an icy and a wet bulb are solutions, 0.06 K apart for a depression of 1 K and 0.35 K for 5 K; either is right, depending on
    whether the bulb has frozen. PsychroLib 2.5 jumps likewise, at another point of the band. A blend would follow neither. Plants
    take the wet bulb as weather, never as a decision, and tower cells saturate over supercooled water: no slope that an optimiser uses
    passes the jump.

Differences from EnergyPlus
    The same relations with other heat capacities (there 1004.84 and 1858.95 J/(kg K) for dry air and vapour).

Sources
    ASHRAE Handbook of Fundamentals (2017), ch. 1; Hyland and Wexler, ASHRAE Trans. 89(2A), 500 (1983).
"""

from lowlift.thermal import ops
from lowlift.thermal.component import Range
from lowlift.thermal.ops import Signal

ZERO_C = 273.15
TRIPLE_POINT = 273.16
RANGES = {"T": Range(233.0, 363.0, "K"), "p": Range(5.0e4, 1.1e5, "Pa")}
"""Declared range of temperatures and pressure."""
MASS_RATIO = 0.621945
"""Molar mass of water over that of dry air."""
R_DRY_AIR = 287.042
WET_BULB_STEPS = 6
DEW_POINT_STEPS = 4
W_LEAST = 1e-7
"""Air drier than this has the dew point of this, about 186 K: dry air has none [kg/kg]."""

_OVER_WATER = (-5.8002206e3, 1.3914993, -4.8640239e-2, 4.1764768e-5, -1.4452093e-8, 0.0, 6.5459673)
_OVER_ICE = (-5.6745359e3, 6.3925247, -9.677843e-3, 6.2215701e-7, 2.0747825e-9, -9.484024e-13, 4.1635019)


def _log_pressure(T: Signal, c: tuple[float, ...]) -> Signal:
    return c[0] / T + ops.polynomial(T, c[1:6]) + c[6] * ops.log(T)


def _log_pressure_slope(T: Signal, c: tuple[float, ...]) -> Signal:
    return -c[0] / (T * T) + ops.polynomial(T, (c[2], 2 * c[3], 3 * c[4], 4 * c[5])) + c[6] / T


def saturation_pressure_over_water(T: Signal) -> Signal:
    """Vapour pressure over (if need be supercooled) liquid water [Pa]."""
    return ops.exp(_log_pressure(T, _OVER_WATER))


def saturation_pressure_slope_over_water(T: Signal) -> Signal:
    """Derivative of :func:`saturation_pressure_over_water` [Pa/K]."""
    return saturation_pressure_over_water(T) * _log_pressure_slope(T, _OVER_WATER)


def saturation_pressure(T: Signal) -> Signal:
    """Vapour pressure over water, below the triple point over ice [Pa]; continuous, with a kink there."""
    return ops.exp(ops.where(T < TRIPLE_POINT, _log_pressure(T, _OVER_ICE), _log_pressure(T, _OVER_WATER)))


def saturation_humidity_ratio(T: Signal, p: Signal) -> Signal:
    """Humidity ratio of saturated air [kg/kg dry air]."""
    p_w = saturation_pressure(T)
    return MASS_RATIO * p_w / (p - p_w)


def humidity_ratio_from_relative_humidity(T: Signal, rh: Signal, p: Signal) -> Signal:
    """Humidity ratio [kg/kg] from relative humidity 0..1."""
    p_w = rh * saturation_pressure(T)
    return MASS_RATIO * p_w / (p - p_w)


def humidity_ratio_from_dew_point(T_dp: Signal, p: Signal) -> Signal:
    """Humidity ratio [kg/kg] from dew point."""
    return saturation_humidity_ratio(T_dp, p)


def relative_humidity(T: Signal, w: Signal, p: Signal) -> Signal:
    """Relative humidity 0..1."""
    return p * w / (MASS_RATIO + w) / saturation_pressure(T)


def enthalpy(T: Signal, w: Signal) -> Signal:
    """Enthalpy [J/kg dry air]: ``1006 t + w (2.501e6 + 1860 t)``, t in C."""
    t = T - ZERO_C
    return 1006.0 * t + w * (2.501e6 + 1860.0 * t)


def saturation_enthalpy(T: Signal, p: Signal) -> Signal:
    """Enthalpy of saturated air [J/kg dry air]."""
    return enthalpy(T, saturation_humidity_ratio(T, p))


def temperature_from_enthalpy(h: Signal, w: Signal) -> Signal:
    """Dry bulb [K] of air with enthalpy ``h`` [J/kg dry air] and humidity ratio ``w``."""
    return ZERO_C + (h - 2.501e6 * w) / (1006.0 + 1860.0 * w)


def specific_volume(T: Signal, w: Signal, p: Signal) -> Signal:
    """Volume per kilogram of dry air [m^3/kg]."""
    return R_DRY_AIR * T * (1.0 + 1.607858 * w) / p


def density(T: Signal, w: Signal, p: Signal) -> Signal:
    """Density of moist air [kg/m^3], dry air and vapour together."""
    return (1.0 + w) / specific_volume(T, w, p)


def humidity_ratio_from_wet_bulb(T: Signal, T_wb: Signal, p: Signal) -> Signal:
    """Humidity ratio [kg/kg] from dry and wet bulb; below freezing the bulb carries ice."""
    return _wet_bulb_balance(T, T_wb, p)[0]


def _wet_bulb_balance(T: Signal, T_wb: Signal, p: Signal) -> tuple[Signal, Signal]:
    """Humidity ratio for a trial wet bulb and its slope."""
    t, b = T - ZERO_C, T_wb - ZERO_C
    p_w = saturation_pressure(T_wb)
    w_s = MASS_RATIO * p_w / (p - p_w)
    frozen = T_wb < ZERO_C
    slope_log = ops.where(T_wb < TRIPLE_POINT, _log_pressure_slope(T_wb, _OVER_ICE), _log_pressure_slope(T_wb, _OVER_WATER))
    dw_s = w_s * slope_log * p / (p - p_w)
    latent = ops.where(frozen, 2830.0 - 0.24 * b, 2501.0 - 2.326 * b)
    d_latent = ops.where(frozen, -0.24, -2.326)
    c_bulb = ops.where(frozen, 2.1, 4.186)
    below = ops.where(frozen, 2830.0, 2501.0) + 1.86 * t - c_bulb * b
    above = latent * w_s - 1.006 * (t - b)
    w = above / below
    slope = (d_latent * w_s + latent * dw_s + 1.006 + w * c_bulb) / below
    return w, slope


def wet_bulb(T: Signal, w: Signal, p: Signal) -> Signal:
    """Thermodynamic wet bulb [K] from dry bulb, humidity ratio and pressure.

    A fixed number of Newton steps from a third of the way between dew point and dry bulb: converged to 1e-6 K in the
    declared range, on one of the two branches where ice and water both fit.
    """
    T_wb = T - 0.65 * (T - dew_point(w, p))
    for _ in range(WET_BULB_STEPS):
        value, slope = _wet_bulb_balance(T, T_wb, p)
        T_wb = ops.minimum(T_wb - (value - w) / slope, T)
    return T_wb


def dew_point(w: Signal, p: Signal) -> Signal:
    """Dew (frost) point [K]: Newton's method on the logarithm of vapour pressure from the Magnus formula."""
    w = ops.maximum(w, W_LEAST)
    log_p = ops.log(p * w / (MASS_RATIO + w))
    magnus = log_p - 6.41457  # ln(611.2 Pa)
    frost = magnus < 0.0
    a, b = ops.where(frost, 22.46, 17.62), ops.where(frost, 272.62, 243.12)
    T = ZERO_C + b * magnus / (a - magnus)
    for _ in range(DEW_POINT_STEPS):
        ice = T < TRIPLE_POINT
        value = ops.where(ice, _log_pressure(T, _OVER_ICE), _log_pressure(T, _OVER_WATER))
        slope = ops.where(ice, _log_pressure_slope(T, _OVER_ICE), _log_pressure_slope(T, _OVER_WATER))
        T = T - (value - log_p) / slope
    return T


def pressure_at_altitude(z: Signal) -> Signal:
    """Standard atmosphere [Pa] at altitude ``z`` [m]."""
    return 101325.0 * ops.exp(5.2559 * ops.log(1.0 - 2.25577e-5 * z))
