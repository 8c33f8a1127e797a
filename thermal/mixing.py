"""Airside economiser: outdoor and return air mixed, and how much outdoor air may be taken.

What
    Two moist streams mix adiabatically at one pressure. Cold outdoor air on humid return air can make fog: then vapour stays at
    saturation, the rest is liquid, and the mixture is warmer than the mixing line says. A controller takes outdoor air when it is
    cooler than the return air and its dew point lies within limits.

Equations
    ::

        w = x w_oa + (1 - x) w_ra,  h = x h_oa + (1 - x) h_ra,  x by mass of DRY air                     (1)
        T_clear = T(h, w);  fog where w > w_sat(T_clear):
        h = h(T_s, w_sat(T_s)) + (w - w_sat(T_s)) c_w (T_s - 273.15 K),  T = max(T_clear, T_s)           (2)
        enable = product of 1/2 (1 + tanh(margin / width)) over dry bulb, upper and lower dew point      (3)
        x = x_min + enable (min((T_ra - T_set)/(T_ra - T_oa), 1) - x_min)                                (4)

    The left side of (2) rises with ``T_s``, so ``T_s < T_clear`` exactly where there is no fog. A fixed number of Newton steps
    solves it to 1e-6 K; the corner of (2) is rounded over 1e-4 K.

Validity
    233 K to 333 K. Condensate is taken as liquid down to freezing and below.

Assumptions
    1. No heat from fans or walls. 2. Fog stays with the air or falls out at its temperature.

Differences from EnergyPlus
    The controller's lockouts are smooth ramps (0.5 at the limit), and saturated mixtures give their liquid off as fog.

Sources
    ASHRAE Handbook of Fundamentals (2017), ch. 1 (adiabatic mixing); ASHRAE TC 9.9, Thermal Guidelines for Data Processing Environments,
    5th ed. (dew point -9 C to 15 C recommended).
"""

import dataclasses

from lowlift.thermal import ops
from lowlift.thermal import psychrometrics as psy
from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.ops import Signal

C_WATER = 4186.0
FOG_STEPS = 5
SATURATION_STEP = 1e-3
"""Half the step of the difference quotient of saturation humidity [K]."""
APPROACH_SMALL = 0.1
"""Rounding of return minus outdoor temperature where it divides [K]."""
SHARE_WIDTH = 1e-3
FOG_WIDTH = 1e-4
"""Rounding of the temperature where fog forms [K]."""
VAPOUR_WIDTH = 1e-8
"""Rounding of the vapour there [kg/kg]."""


@dataclasses.dataclass(frozen=True)
class MixedAir:
    """A mixture in equilibrium."""

    T: Signal
    """Dry bulb [K]."""
    w: Signal
    """Humidity ratio of the vapour alone [kg/kg dry air], never above saturation."""
    h: Signal
    """Enthalpy with any liquid [J/kg dry air]."""
    rh: Signal
    """Relative humidity, at most 1."""
    liquid: Signal
    """Condensed water [kg/kg dry air]; ``w + liquid`` is the mixing line."""
    fog: Signal
    """1 where the mixing line is super-saturated, else 0."""


def _fog_temperature(h: Signal, w: Signal, p: Signal, T: Signal) -> Signal:
    """Temperature of saturated air that carries the rest of ``w`` as liquid, equation (2), by Newton's method from ``T``."""

    def enthalpy(T: Signal) -> Signal:
        w_s = psy.saturation_humidity_ratio(T, p)
        return psy.enthalpy(T, w_s) + (w - w_s) * C_WATER * (T - psy.ZERO_C)

    for _ in range(FOG_STEPS):
        slope = (enthalpy(T + SATURATION_STEP) - enthalpy(T - SATURATION_STEP)) / (2.0 * SATURATION_STEP)
        T = T - (enthalpy(T) - h) / slope
    return T


def mix(T_oa: Signal, w_oa: Signal, T_ra: Signal, w_ra: Signal, x: Signal, p: Signal) -> MixedAir:
    """Adiabatic mixture, equations (1) and (2).

    Args:
        T_oa: outdoor air, dry bulb [K].
        w_oa: its humidity ratio [kg/kg dry air].
        T_ra: return air, dry bulb [K].
        w_ra: its humidity ratio [kg/kg dry air].
        x: share of outdoor air by mass of dry air, 0..1.
        p: pressure [Pa].

    >>> air = mix(263.15, 0.00128, 303.15, 0.008, 0.3, 101325.0)
    >>> round(float(air.T) - 273.15, 1), round(float(air.rh), 2), float(air.fog)
    (18.1, 0.46, 0.0)
    >>> foggy = mix(258.15, 0.001, 303.15, 0.024, 0.6, 101325.0)
    >>> float(foggy.fog), float(foggy.rh) <= 1.0, round(float(foggy.liquid), 4)
    (1.0, True, 0.0026)
    """
    w = x * w_oa + (1.0 - x) * w_ra
    h = x * psy.enthalpy(T_oa, w_oa) + (1.0 - x) * psy.enthalpy(T_ra, w_ra)
    T_clear = psy.temperature_from_enthalpy(h, w)
    fog = ops.where(w > psy.saturation_humidity_ratio(T_clear, p), 1.0, 0.0)
    T = ops.smooth_max(T_clear, _fog_temperature(h, w, p, T_clear), FOG_WIDTH)
    vapour = ops.smooth_min(w, psy.saturation_humidity_ratio(T, p), VAPOUR_WIDTH)
    return MixedAir(T, vapour, h, ops.minimum(psy.relative_humidity(T, vapour, p), 1.0), w - vapour, fog)


class AirsideEconomiser(Component):
    """How much outdoor air a hall takes, equations (3) and (4).

    >>> economiser = AirsideEconomiser()
    >>> round(float(economiser.outdoor_share(283.15, 0.005, 308.15, 297.15, 101325.0)), 3)
    0.44
    """

    x_min: float = parameter(default=0.02, unit="1", low=0.0, below=1.0, doc="least outdoor air, for pressure and people (guess)")
    margin: float = parameter(default=1.0, unit="K", low=0.0, high=10.0, doc="outdoor air this much below return air (guess)")
    T_dew_max: float = parameter(default=288.15, unit="K", low=263.15, high=300.15, doc="largest outdoor dew point")
    T_dew_min: float = parameter(default=264.15, unit="K", low=233.15, high=288.15, doc="least outdoor dew point")
    width: float = parameter(default=0.5, unit="K", above=0.0, high=5.0, doc="width of the ramps of equation (3)")

    def check(self) -> None:
        """The dew-point window must be open."""
        if self.T_dew_min >= self.T_dew_max:
            self.reject("T_dew_min", f"must be below T_dew_max = {self.T_dew_max} K")

    @property
    def ranges(self) -> dict[str, Range]:
        """Outdoor and return air [K]."""
        return {"T_oa": Range(233.0, 333.0, "K"), "T_ra": Range(233.0, 333.0, "K")}

    def _step(self, margin: Signal) -> Signal:
        return 0.5 * (1.0 + ops.tanh(margin / self.width))

    def enable(self, T_oa: Signal, w_oa: Signal, T_ra: Signal, p: Signal) -> Signal:
        """Permission 0..1, equation (3): differential dry bulb, and dew point within its limits."""
        T_dew = psy.dew_point(w_oa, p)
        cooler = self._step(T_ra - self.margin - T_oa)
        return cooler * self._step(self.T_dew_max - T_dew) * self._step(T_dew - self.T_dew_min)

    def outdoor_share(self, T_oa: Signal, w_oa: Signal, T_ra: Signal, T_set: Signal, p: Signal) -> Signal:
        """Share of outdoor air by dry mass that brings the mixture nearest to ``T_set`` [K], equation (4)."""
        wanted = (T_ra - T_set) / ops.smooth_max(T_ra - T_oa, APPROACH_SMALL, APPROACH_SMALL)
        x = ops.smooth_min(ops.smooth_max(wanted, self.x_min, SHARE_WIDTH), 1.0, SHARE_WIDTH)
        return self.x_min + self.enable(T_oa, w_oa, T_ra, p) * (x - self.x_min)
