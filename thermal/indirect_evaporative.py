"""Indirect evaporative coolers: the supply air stays dry, a secondary stream takes the water up.

What
    Secondary air is wetted and cools the supply air through an exchanger: upstream of it (dry coil) or on its outside (wet coil).
    :class:`IndirectCooler` is abstract and holds the pump and the secondary fan.

    Equations stand with each class, numbered through from :mod:`lowlift.thermal.evaporative`. ``s`` (0..1) is the wetted share of a pad
    or coil.

Equations
    ::

        P_el = s P_pump + V_sec dp / eta_fan                                                              (6)

Validity
    Wet bulb of the secondary air above 275 K; below, pads and coils are drained (``s = 0``).

Assumptions
    1. Makeup water enters at the wet bulb. 2. Secondary air that is already saturated is neither cooled nor dried.

Differences from EnergyPlus
    Flow ratio and wet-coil stage are rounded over 1e-3 (m^3/s and 1), and both coolers take a secondary stream of its own state. Water of
    the pads is ``m_da dw``; EnergyPlus divides by a density of other conditions (up to 0.7 %).

Sources
    EnergyPlus Engineering Reference 25.2, "Evaporative Coolers"; ASHRAE Handbook, HVAC Systems and Equipment, ch. 41.
"""

import dataclasses

from lowlift.thermal import ops
from lowlift.thermal import psychrometrics as psy
from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.evaporative import WET, CelDekPad, humidify
from lowlift.thermal.ops import Signal

FLOW_WIDTH = 1e-3
"""Rounding where secondary and supply flow are equal, and of a secondary flow of zero [m^3/s]."""
STAGE_WIDTH = 1e-3
LATENT_HEAT = 2.45e6
"""Heat of vaporisation near 20 C [J/kg]."""


@dataclasses.dataclass(frozen=True)
class IndirectState:
    """Supply air behind an indirect cooler; its humidity ratio is the one it entered with."""

    T_out: Signal
    """Dry bulb of the supply air [K]."""
    stage: Signal
    """Effectiveness of the exchanger with its flow ratio (dry coil) or of the whole stage (wet coil)."""
    evaporation: Signal
    """Water into the secondary air [kg/s]."""
    P_el: Signal
    """Electric power of pump and secondary fan [W]."""


class IndirectCooler(Component):
    """Pump and secondary fan of an indirect cooler; abstract."""

    P_pump: float = parameter(default=225.0, unit="W", low=0.0, doc="circulation pump")
    dp_fan: float = parameter(default=200.0, unit="Pa", low=0.0, doc="pressure rise of the secondary fan")
    eta_fan: float = parameter(default=0.65, unit="1", above=0.0, high=1.0, doc="efficiency of the secondary fan with motor")

    @property
    def ranges(self) -> dict[str, Range]:
        """Wet bulb [K]: below, pads are drained."""
        return {"T_wb_sec": WET}

    def P_el(self, V_sec: Signal, s: Signal = 1.0) -> Signal:
        """Electric power of pump and fan [W] for secondary air ``V_sec`` [m^3/s], equation (6)."""
        return s * self.P_pump + V_sec * (self.dp_fan / self.eta_fan)


class IndirectDryCoil(IndirectCooler):
    """A pad cools secondary air, which cools the supply air through a dry exchanger.

    Equations
        ::

            T_out = T - eff_hx min(V_sec, V_sup) / V_sup (T - T_pad),   T_pad by (2)                      (4)

        (2) is that of :class:`lowlift.thermal.DirectEvaporativeCooler`. Where supply and secondary air are both outdoor air, (4) is the
        product ``eff_hx eff_pad`` times the flow ratio that EnergyPlus uses.

    >>> cooler = IndirectDryCoil(pad=CelDekPad(area=1.12, depth=0.15))
    >>> state = cooler.leave(308.15, 2.0, 308.15, 293.15, 101325.0, 1.4)
    >>> round(float(state.T_out), 2), round(float(state.P_el), 1)
    (302.74, 655.8)
    """

    pad: CelDekPad
    """The pad in the secondary air."""
    eff_hx: float = parameter(default=0.67, unit="1", above=0.0, below=1.0, doc="effectiveness of the exchanger at equal flows")

    def leave(self, T: Signal, V_sup: Signal, T_sec: Signal, T_wb_sec: Signal, p: Signal, V_sec: Signal, s: Signal = 1.0) -> IndirectState:
        """Supply air leaving.

        Args:
            T: supply air entering, dry bulb [K].
            V_sup: supply flow [m^3/s], with the specific volume per kilogram of dry air.
            T_sec: secondary air entering, dry bulb [K].
            T_wb_sec: its wet bulb [K].
            p: pressure [Pa].
            V_sec: secondary flow [m^3/s].
            s: wetted share of the pad.
        """
        w_sec = psy.humidity_ratio_from_wet_bulb(T_sec, ops.minimum(T_wb_sec, T_sec), p)
        m_sec = V_sec / psy.specific_volume(T_sec, w_sec, p)
        wet = humidify(T_sec, T_wb_sec, p, m_sec, s * self.pad.effectiveness(V_sec / self.pad.area))
        # min(a, b) / b = a / max(a, b), which stays finite where both flows stop.
        stage = self.eff_hx * V_sec / ops.smooth_max(V_sec, V_sup, FLOW_WIDTH)
        return IndirectState(T - stage * (T - wet.T_out), stage, wet.evaporation, self.P_el(V_sec, s))


class IndirectWetCoil(IndirectCooler):
    """Supply air inside tubes that are wetted outside, in the secondary air.

    Equations
        ::

            T_out = T - s max(eff_max - C_1 V_sup / V_sec, 0) (T - T_wb,sec)                              (5)

    Assumptions
        The coil evaporates what the heat taken from the supply air can.

    >>> cooler = IndirectWetCoil()
    >>> round(float(cooler.leave(308.15, 2.0, 293.15, 2.0, 1.15).T_out), 2)
    297.65
    """

    eff_max: float = parameter(default=0.8, unit="1", above=0.0, below=1.0, doc="stage effectiveness at ample secondary air")
    C_1: float = parameter(default=0.1, unit="1", low=0.0, high=1.0, doc="loss of effectiveness per flow ratio")

    def leave(self, T: Signal, V_sup: Signal, T_wb_sec: Signal, V_sec: Signal, rho: Signal, s: Signal = 1.0) -> IndirectState:
        """Supply air leaving for ``V_sup`` [m^3/s] at ``T`` [K] and density ``rho`` [kg/m^3] (used for the water only)."""
        ratio = V_sup / ops.smooth_abs(V_sec, FLOW_WIDTH)
        stage = s * ops.smooth_max(self.eff_max - self.C_1 * ratio, 0.0, STAGE_WIDTH)
        drop = stage * (T - ops.minimum(T_wb_sec, T))
        return IndirectState(T - drop, stage, V_sup * rho * 1006.0 * drop / LATENT_HEAT, self.P_el(V_sec, s))
