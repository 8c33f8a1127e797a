"""Evaporative coolers that wet the air itself: pad, direct cooler, and adiabatic assist of dry coolers.

What
    Outdoor air loses sensible heat to water that it evaporates: in a pad, in the supply air or in front of a dry cooler. Where only a
    secondary stream takes the water up, see :mod:`lowlift.thermal.indirect_evaporative`.

    Equations stand with each class, numbered through both modules. ``s`` (0..1) is the wetted share of a pad or coil.

Validity
    Wet bulb above 275 K; below, a pad is drained (``s = 0``).

Assumptions
    1. Makeup water enters at the wet bulb. 2. Air that is already saturated (``T_wb >= T_db``) is neither cooled nor dried.

Differences from EnergyPlus
    Water of the pads is ``m_da dw``; EnergyPlus divides by a density of other conditions (up to 0.7 %).

Sources
    EnergyPlus Engineering Reference 25.2, "Evaporative Coolers"; ASHRAE Handbook, HVAC Systems and Equipment, "Evaporative
    Air-Cooling Equipment".
"""

import dataclasses
import math

from lowlift.thermal import ops
from lowlift.thermal import psychrometrics as psy
from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.ops import Signal

DEPTH_RANGE = (0.1, 0.3)
"""Pad depths [m] for which equation (1) is known to hold."""
VELOCITY_RANGE = (0.9, 4.5)
"""Face velocities [m/s] for which equation (1) is known to hold."""
T_WB_LEAST = 275.0
"""Wet bulb below which pads are drained [K]."""
WET = Range(T_WB_LEAST, math.inf, "K")
"""Wet bulb [K] at which pads are wet."""
VELOCITY_RATED, DEPTH_RATED = 2.0, 0.2
"""Face velocity [m/s] and depth [m] of the rated pressure drop, equation (7)."""
VELOCITY_HELD = (0.2, 5.0)
VELOCITY_WIDTH = 0.05
EFFECTIVENESS_LIMITS = (0.01, 0.99)
EFFECTIVENESS_WIDTH = 0.004


@dataclasses.dataclass(frozen=True)
class HumidifiedAir:
    """Air behind a pad and what it took."""

    T_out: Signal
    """Dry bulb [K]."""
    w_out: Signal
    """Humidity ratio [kg/kg dry air]."""
    evaporation: Signal
    """Water taken up [kg/s]."""
    effectiveness: Signal
    """Share of the wet-bulb depression that is used."""


def humidify(T_db: Signal, T_wb: Signal, p: Signal, m_da: Signal, eff: Signal) -> HumidifiedAir:
    """Adiabatic humidification, equations (2) and (3).

    Args:
        T_db: dry bulb [K].
        T_wb: wet bulb [K].
        p: pressure [Pa].
        m_da: dry air [kg/s].
        eff: share of the wet-bulb depression that is used, 0..1.

    >>> air = humidify(308.15, 293.15, 101325.0, 1.0, 0.8)
    >>> round(float(air.T_out), 2), round(float(air.evaporation), 5)
    (296.15, 0.00498)
    """
    T_wet = ops.minimum(T_wb, T_db)
    T_out = T_db - eff * (T_db - T_wet)
    w_in = psy.humidity_ratio_from_wet_bulb(T_db, T_wet, p)
    w_out = psy.humidity_ratio_from_wet_bulb(T_out, T_wet, p)
    return HumidifiedAir(T_out, w_out, m_da * (w_out - w_in), eff)


def makeup(evaporation: Signal, cycles: float) -> Signal:
    """Makeup water [kg/s]: evaporation and the blowdown that keeps ``cycles`` (> 1) of concentration, equation (3)."""
    return evaporation * (cycles / (cycles - 1.0))


class CelDekPad(Component):
    """A rigid cellulose pad (CelDek).

    Equations
        ::

            eff = polynomial(V, D),   V = m_da v / A_pad,  v per kilogram of DRY air                      (1)
            dp_pad = dp_n (V / 2 m/s)^2 D / 0.2 m,   wet or dry                                           (7)

    Validity
        Depth 0.1 m to 0.3 m and face velocity 0.9 m/s to 4.5 m/s: :meth:`CelDekPad.range_violation` says how far outside. There the
        velocity is held (0.2 to 5 m/s) and the effectiveness kept within 0.01 to 0.99: the bare polynomial exceeds one in deep pads at
        low speed.

    >>> pad = CelDekPad(area=2.0, depth=0.3)
    >>> round(float(pad.effectiveness(2.0)), 3)
    0.894
    """

    area: float = parameter(unit="m^2", above=0.0, doc="face area")
    depth: float = parameter(default=0.2, unit="m", low=0.05, high=0.6, doc="depth in the direction of flow")

    dp_rated: float = parameter(default=35.0, unit="Pa", low=0.0, high=500.0, doc="pressure drop at 2 m/s and 0.2 m depth (guess)")

    @property
    def ranges(self) -> dict[str, Range]:
        """Face velocity [m/s] and depth [m]."""
        return {"V": Range(*VELOCITY_RANGE, "m/s"), "depth": Range(*DEPTH_RANGE, "m")}

    def face_velocity(self, T_db: Signal, T_wb: Signal, p: Signal, m_da: Signal) -> Signal:
        """Face velocity [m/s] of ``m_da`` [kg/s dry air]."""
        return m_da * psy.specific_volume(T_db, psy.humidity_ratio_from_wet_bulb(T_db, T_wb, p), p) / self.area

    def effectiveness(self, V: Signal) -> Signal:
        """Effectiveness at face velocity ``V`` [m/s], always between 0.01 and 0.99."""
        D = self.depth
        v = ops.smooth_min(ops.smooth_max(V, VELOCITY_HELD[0], VELOCITY_WIDTH), VELOCITY_HELD[1], VELOCITY_WIDTH)
        raw = ops.polynomial(
            v,
            (
                0.792714 + 0.958569 * D - 1.03215 * D**2,
                -0.25193 + 0.914869 * D - 1.48241 * D**2 + 1.13137 * D**3,
                0.0262659 - 0.145384 * D**3,
                -0.018992 * D + 0.0327622 * D**2,
            ),
        )
        low, high = EFFECTIVENESS_LIMITS
        return ops.smooth_min(ops.smooth_max(raw, low, EFFECTIVENESS_WIDTH), high, EFFECTIVENESS_WIDTH)

    def dp(self, V: Signal) -> Signal:
        """Pressure drop [Pa] at face velocity ``V`` [m/s], equation (7): the price of a pad all year."""
        return self.dp_rated * (self.depth / DEPTH_RATED) * (V / VELOCITY_RATED) * (V / VELOCITY_RATED)

    def range_violation(self, V: Signal) -> Signal:
        """How far depth and face velocity lie outside the known range, as shares of that range; zero inside."""
        return sum(
            excess / (self.ranges[name].high - self.ranges[name].low) for name, excess in self.violations(V=V, depth=self.depth).items()
        )


class DirectEvaporativeCooler(Component):
    """A wetted pad in the supply air.

    Equations
        ::

            T_out = T_db - s eff (T_db - T_wb),   w_out = w(T_out, T_wb): the wet bulb stays              (2)
            evaporation = m_da (w_out - w_in),   makeup = evaporation n / (n - 1) with n cycles           (3)

        ``eff`` is that of the pad, :class:`CelDekPad`.

    >>> cooler = DirectEvaporativeCooler(pad=CelDekPad(area=2.0, depth=0.3))
    >>> round(float(cooler.leave(308.15, 293.15, 101325.0, 3.5).T_out), 2)
    294.56
    """

    pad: CelDekPad
    """The pad."""
    P_pump: float = parameter(default=225.0, unit="W", low=0.0, doc="circulation pump (EnergyPlus example)")
    cycles: float = parameter(default=4.0, unit="1", above=1.0, high=50.0, doc="cycles of concentration (guess)")

    @property
    def ranges(self) -> dict[str, Range]:
        """Wet bulb [K]: below, pads are drained."""
        return {"T_wb": WET}

    def leave(self, T_db: Signal, T_wb: Signal, p: Signal, m_da: Signal, s: Signal = 1.0) -> HumidifiedAir:
        """Air leaving for ``m_da`` [kg/s dry air] at ``T_db``, ``T_wb`` [K] and ``p`` [Pa], a share ``s`` of the pad wet."""
        return humidify(T_db, T_wb, p, m_da, s * self.pad.effectiveness(self.pad.face_velocity(T_db, T_wb, p, m_da)))

    def makeup(self, evaporation: Signal) -> Signal:
        """Makeup water [kg/s]."""
        return makeup(evaporation, self.cycles)

    def P_el(self, s: Signal = 1.0) -> Signal:
        """Electric power of the pump [W]."""
        return self.P_pump * s


class AdiabaticAssist(Component):
    """Pads or sprays in front of a dry cooler, of one effectiveness.

    Equations
        ::

            T_out = T_db - s eff (T_db - T_wb),   w_out = w(T_out, T_wb)                                  (2)
            makeup = evaporation n / (n - 1) + f evaporation,   f overspray                               (3)

    >>> assist = AdiabaticAssist()
    >>> round(float(assist.leave(308.15, 293.15, 101325.0, 100.0, 0.5).T_out), 2)
    302.9
    """

    eff: float = parameter(default=0.7, unit="1", above=0.0, below=1.0, doc="effectiveness, fully wet (guess)")
    overspray: float = parameter(default=0.0, unit="1", low=0.0, high=5.0, doc="water lost unevaporated over water evaporated (guess)")
    cycles: float = parameter(default=4.0, unit="1", above=1.0, high=50.0, doc="cycles of concentration (guess)")

    @property
    def ranges(self) -> dict[str, Range]:
        """Wet bulb [K]: below, pads are drained."""
        return {"T_wb": WET}

    def leave(self, T_db: Signal, T_wb: Signal, p: Signal, m_da: Signal, s: Signal) -> HumidifiedAir:
        """Air entering the dry cooler for ``m_da`` [kg/s dry air] and a share ``s`` of the pads wet."""
        return humidify(T_db, T_wb, p, m_da, s * self.eff)

    def makeup(self, evaporation: Signal) -> Signal:
        """Makeup water [kg/s] with blowdown and overspray."""
        return makeup(evaporation, self.cycles) + self.overspray * evaporation
