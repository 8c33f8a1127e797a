"""Moist air at any pressure, after the ASHRAE Handbook of Fundamentals (2017), chapter 1.

Ideal-gas relations with the Hyland-Wexler saturation pressure over water, and over ice below the triple
point. Enthalpy is per kilogram of DRY air, zero for dry air at 0 C. Temperatures in K, pressures in Pa.
Declared range 233 K to 363 K, 50 kPa to 110 kPa. Against CoolProp's real-gas air the humidity ratio is within
0.6 % (median wet bulb 0.004 K).

The wet bulb carries ice below freezing. There ASHRAE's relations jump, and near 0 C one state of air has two
wet bulbs, up to 0.7 K apart; both relations are evaluated and blended over :data:`ICE_WIDTH` below freezing.
"""

from lowlift.thermal import ops
from lowlift.thermal.ops import Signal

ZERO_C = 273.15
TRIPLE_POINT = 273.16
MASS_RATIO = 0.621945
"""Molar mass of water over that of dry air."""
R_DRY_AIR = 287.042
ICE_WIDTH = 0.1
"""Width of the smooth passage from ice to water, below 0 C, on the wet bulb [K]."""
W_MIN = 1e-7
"""Least humidity ratio whose dew point is sought."""
WET_BULB_STEPS = 4
"""Newton steps; the start is good enough that four leave less than 1e-6 K over the declared range."""
DEW_POINT_STEPS = 3
"""Newton steps from the Magnus formula: less than 1e-6 K."""

_OVER_WATER = (-5.8002206e3, 1.3914993, -4.8640239e-2, 4.1764768e-5, -1.4452093e-8, 0.0, 6.5459673)
_OVER_ICE = (-5.6745359e3, 6.3925247, -9.677843e-3, 6.2215701e-7, 2.0747825e-9, -9.484024e-13, 4.1635019)


def _log_pressure(T: Signal, c: tuple[float, ...]) -> Signal:
    return c[0] / T + ops.polynomial(T, c[1:6]) + c[6] * ops.log(T)


def _log_pressure_slope(T: Signal, c: tuple[float, ...]) -> Signal:
    return -c[0] / (T * T) + ops.polynomial(T, (c[2], 2 * c[3], 3 * c[4], 4 * c[5])) + c[6] / T


def saturation_pressure_over_water(T: Signal) -> Signal:
    """Vapour pressure over (if need be supercooled) liquid water [Pa]."""
    return ops.exp(_log_pressure(T, _OVER_WATER))


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


def humidity_ratio_from_wet_bulb(T_db: Signal, T_wb: Signal, p: Signal) -> Signal:
    """Humidity ratio [kg/kg] from dry and wet bulb; below freezing the bulb carries ice."""
    water = _wet_bulb_balance(T_db, T_wb, p, ice=False)[0]
    ice = _wet_bulb_balance(T_db, T_wb, p, ice=True)[0]
    return ice + _thawed(T_wb) * (water - ice)


def _thawed(T_wb: Signal) -> Signal:
    """Zero below ``-ICE_WIDTH``, one above 0 C, once differentiable."""
    x = ops.clip((T_wb - ZERO_C) / ICE_WIDTH + 1.0, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


def _wet_bulb_balance(T_db: Signal, T_wb: Signal, p: Signal, ice: bool) -> tuple[Signal, Signal]:
    """Humidity ratio for a trial wet bulb and its slope, with ice or (supercooled) water on the bulb."""
    curve = _OVER_ICE if ice else _OVER_WATER
    latent_0, d_latent, c_bulb = (2830.0, -0.24, 2.1) if ice else (2501.0, -2.326, 4.186)
    t, b = T_db - ZERO_C, T_wb - ZERO_C
    p_w = ops.exp(_log_pressure(T_wb, curve))
    w_s = MASS_RATIO * p_w / (p - p_w)
    dw_s = w_s * _log_pressure_slope(T_wb, curve) * p / (p - p_w)
    latent = latent_0 + d_latent * b
    below = latent_0 + 1.86 * t - c_bulb * b
    w = (latent * w_s - 1.006 * (t - b)) / below
    return w, (d_latent * w_s + latent * dw_s + 1.006 + w * c_bulb) / below


def wet_bulb(T_db: Signal, w: Signal, p: Signal) -> Signal:
    """Thermodynamic wet bulb [K] from dry bulb, humidity ratio and pressure.

    A fixed number of Newton steps from between dew point and dry bulb, once with water and once with ice on
    the bulb; water holds where its wet bulb is above freezing.

    >>> round(float(wet_bulb(298.15, 0.01, 101325.0)) - 273.15, 2)
    17.99
    """
    start = T_db - 0.65 * (T_db - dew_point(w, p))
    water, ice = start, start
    for _ in range(WET_BULB_STEPS):
        value, slope = _wet_bulb_balance(T_db, water, p, ice=False)
        water = ops.minimum(water - (value - w) / slope, T_db)
        value, slope = _wet_bulb_balance(T_db, ice, p, ice=True)
        ice = ops.minimum(ice - (value - w) / slope, T_db)
    return ice + _thawed(water) * (water - ice)


def dew_point(w: Signal, p: Signal) -> Signal:
    """Dew (frost) point [K]: Newton's method on the logarithm of vapour pressure from the Magnus formula."""
    w_safe = ops.maximum(w, W_MIN)
    log_p = ops.log(p * w_safe / (MASS_RATIO + w_safe))
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
    """Return the standard atmosphere [Pa] at altitude ``z`` [m]."""
    return 101325.0 * ops.exp(5.2559 * ops.log(1.0 - 2.25577e-5 * z))
