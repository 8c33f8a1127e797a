"""Wet side of a cooling coil: when the air's dew point lies above the surface, heat and moisture go together.

What
    Adds a wet branch to a dry :class:`~lowlift.thermal.exchange.FinnedCoil` (air hot, water cold). A coil is taken as all dry or all
    wet, whichever moves more heat (Braun, Klein and Mitchell, ASHRAE Trans. 95(2), 164, 1989); moisture follows from the effective
    surface of the air side. Where the dry branch is the larger one, heat is exactly that of the dry coil.

Equations
    Per kilogram of dry air, ``q = Q / m_a``::

        q_dry = G (T_a - T_w) / m_a,  G of the dry coil                                                   (1)
        q_wet = eps(NTU_h, C_h) M_min (h_a - h_sat(T_w)) / m_a,  M_a = m_a,  M_w = m_w c_w / c_s          (2)
        1 / UA_h = c_pa / hA_a + c_s / hA_w,  c_s = (h_sat(T_w + dT) - h_sat(T_w)) / dT, dT water's rise  (3)
        q = q_dry + ramp(min(q_wet - q_dry, h_fg (w - w_sat(T_w))))                                       (4)
        B = 1 - exp(-hA_a / (m_a c_pa)),  h_sat(T_s) = h_a - q / B                                        (5)
        w_out = w - B ramp(w - w_sat(T_s)), at most saturation at h_out = h_a - q                         (6)
        condensate = m_a (w - w_out)                                                                      (7)

    ``ramp`` is that of :func:`~lowlift.thermal.ops.ramp`. (3) depends on its own result; two substitutions. (5) is solved by a fixed
    number of Newton steps (1e-6 K).

Validity
    Air 278 K to 323 K, water 274 K to 313 K, no frost on the coil.

Assumptions
    1. Lewis number one. 2. The enthalpy of the condensate (about 1 % of latent heat) leaves with the air's. 3. Partly wet coils lie
    on the larger branch: up to 7 % too little heat and a late onset of condensate near the change; elsewhere within 1.5 % of the heat
    of a finely divided coil.

Differences from EnergyPlus
    Its detailed coil splits the surface into a dry and a wet part; its simple coil iterates on the dry fraction.

Sources
    Braun et al. (1989) as above; Kuehn, Ramsey and Threlkeld, Thermal Environmental Engineering, 3rd ed. (1998).
"""

import dataclasses

from lowlift.thermal import ops
from lowlift.thermal import psychrometrics as psy
from lowlift.thermal.exchange import FLOW_SMALL, FinnedCoil, effectiveness_crossflow
from lowlift.thermal.ops import Signal

HEAT_WIDTH = 10.0
"""Width of the change from dry to wet [J/kg dry air]: 0.01 K of air."""
MOISTURE_WIDTH = 2e-6
"""Width of the onset of condensation [kg/kg]."""
RISE_LEAST = 0.5
"""Least rise of the water over which ``c_s`` is taken [K]."""
LATENT_HEAT = 2.5e6
"""Heat of vaporisation, rounded up [J/kg]."""
SUBSTITUTIONS = 2
NEWTON_STEPS = 7
STEP = 1e-3


@dataclasses.dataclass(frozen=True)
class CoilState:
    """A cooling coil at work."""

    Q_dot: Signal
    """Heat from air to water, sensible and latent [W]."""
    Q_sensible: Signal
    """Its sensible part [W]."""
    condensate: Signal
    """Water running off [kg/s]."""
    T_air_out: Signal
    """Air leaving [K]."""
    w_out: Signal
    """Its humidity ratio [kg/kg dry air]."""
    T_water_out: Signal
    """Water leaving [K]."""


def saturation_temperature(h: Signal, p: Signal, T: Signal) -> Signal:
    """Temperature [K] at which saturated air has enthalpy ``h`` [J/kg dry air], by Newton's method.

    Starts at ``T`` [K], which must not lie below the result: from above every step stays above, and seven leave
    1e-6 K for any start below 328 K.
    """
    for _ in range(NEWTON_STEPS):
        slope = (psy.saturation_enthalpy(T + STEP, p) - psy.saturation_enthalpy(T - STEP, p)) / (2.0 * STEP)
        T = T - (psy.saturation_enthalpy(T, p) - h) / slope
    return T


def condensing(T_air: Signal, w: Signal, q: Signal, contact: Signal, p: Signal) -> Signal:
    """Humidity ratio [kg/kg] of air that has given ``q`` [J/kg dry air] to a surface of unknown temperature, equations (5) and (6).

    Args:
        T_air: air entering [K].
        w: its humidity ratio [kg/kg dry air].
        q: enthalpy taken, not below zero [J/kg dry air].
        contact: share ``B`` of the air that has met the surface, 0..1.
        p: pressure [Pa].

    >>> dry, wet = (float(condensing(303.15, w, 1.5e4, 0.9, 101325.0)) for w in (0.006, 0.015))
    >>> dry, round(wet, 5)
    (0.006, 0.01338)
    """
    return _leaving(psy.enthalpy(T_air, w), w, q, contact, p, T_air)


def _leaving(h_air: Signal, w: Signal, q: Signal, contact: Signal, p: Signal, T_warm: Signal) -> Signal:
    """Equations (5) and (6); Newton's method converges from the warm side ``T_warm`` [K], where the search starts."""
    T_surface = saturation_temperature(h_air - q / contact, p, T_warm)
    w_out = w - contact * ops.ramp(w - psy.saturation_humidity_ratio(T_surface, p) - MOISTURE_WIDTH, MOISTURE_WIDTH)
    # The straight line from entering air to surface can cross saturation; what is beyond it condenses too.
    T_full = saturation_temperature(h_air - q, p, T_warm)
    return w_out - ops.ramp(w_out - psy.saturation_humidity_ratio(T_full, p) - MOISTURE_WIDTH, MOISTURE_WIDTH)


def cool(coil: FinnedCoil, T_air: Signal, w: Signal, m_air: Signal, T_water: Signal, m_water: Signal, p: Signal) -> CoilState:
    """Air through a coil that may be wet, equations (1) to (7).

    Args:
        coil: the dry coil, air on its hot side.
        T_air: air entering [K].
        w: its humidity ratio [kg/kg dry air].
        m_air: dry air [kg/s].
        T_water: water entering [K].
        m_water: water [kg/s].
        p: pressure [Pa].
    """
    m_small = FLOW_SMALL * coil.m_hot_nominal
    q_dry = coil.reach(m_air, m_water).hot * coil.cp_hot * (T_air - T_water)
    # Films of the dry coil, each with its own flow.
    UA = coil.fouling * coil.UA_nominal * (1.0 + coil.hA_ratio)
    hA_air = UA * ops.power(m_air / coil.m_hot_nominal, coil.n_hot, FLOW_SMALL)
    hA_water = UA / coil.hA_ratio * ops.power(m_water / coil.m_cold_nominal, coil.n_cold, FLOW_SMALL)
    h_air, h_water = psy.enthalpy(T_air, w), psy.saturation_enthalpy(T_water, p)
    C_water = ops.smooth_abs(m_water, FLOW_SMALL * coil.m_cold_nominal) * coil.cp_cold
    M_air = ops.smooth_abs(m_air, m_small)
    q_wet = q_dry
    for _ in range(SUBSTITUTIONS):
        rise = ops.smooth_max(q_wet * m_air / C_water, RISE_LEAST, 0.1)
        c_s = (psy.saturation_enthalpy(T_water + rise, p) - h_water) / rise
        M_water = C_water / c_s
        low, high = ops.minimum(M_air, M_water), ops.maximum(M_air, M_water)
        UA_h = 1.0 / (coil.cp_hot / hA_air + c_s / hA_water)
        G_h = low * effectiveness_crossflow(UA_h / low, low / high) * (m_water * coil.cp_cold / C_water)
        q_wet = G_h / M_air * (h_air - h_water)
    # Water colder than the dew point is what wetting takes; the latent heat at hand bounds the gain (and excludes heating coils).
    at_hand = LATENT_HEAT * (w - psy.saturation_humidity_ratio(T_water, p))
    q = q_dry + ops.ramp(ops.minimum(q_wet - q_dry, at_hand) - HEAT_WIDTH, HEAT_WIDTH)
    contact = -ops.expm1(-hA_air / (M_air * coil.cp_hot))
    w_out = _leaving(h_air, w, q, contact, p, ops.maximum(T_air, T_water))
    T_out = psy.temperature_from_enthalpy(h_air - q, w_out)
    Q = m_air * q
    # Latent is what the removed vapour carried at the temperature of the air entering; the rest is sensible.
    latent = m_air * (h_air - psy.enthalpy(T_air, w_out))
    return CoilState(Q, Q - latent, m_air * (w - w_out), T_out, w_out, T_water + Q / C_water)
