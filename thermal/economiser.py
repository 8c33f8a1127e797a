"""Waterside economiser: a plate exchanger that lets tower water cool the chilled-water return.

What
    *Integrated*: the exchanger sits in the return upstream of the chillers and takes what it can; the chillers take the rest.
    *Non-integrated*: exchanger or chillers, never both; the exchanger is used only when it carries the whole load.

Equations
    ::

        Q_load = m_chw cp (T_return - T_set)+                                                             (1)
        Q_max  = G (T_return - T_cw)+,  G = eps(NTU, C_r) C_min, counterflow                               (2)
        integrated:      Q = Q_load min(Q_max / Q_load, 1)                                                (3)
        non-integrated:  Q = Q_load S((Q_max / Q_load - 1) / band)                                        (4)
        Q_chiller = Q_load - Q                                                                            (5)

    ``( )+`` is :func:`lowlift.thermal.ops.one_way`: exactly zero when the tower water is warmer (check valve or bypass), exact from
    ``T_WIDTH`` on. ``min`` is blended over 2 % and lies below the true one by at most 0.5 % of the load; ``S`` is a smooth step over
    the first 0.5 % of excess. A valve keeps the water from being cooled below the setpoint.

Validity
    Flows 0 to 1.5 of rated, any temperature; films as :class:`lowlift.thermal.exchange.PlateHeatExchanger`.

Assumptions
    1. No heat loss, no metal. 2. The tower loop bypasses what the valve does not need. 3. Equal fluid properties over the range.

Differences from EnergyPlus
    ``HeatExchanger:FluidToFluid`` switches by setpoint and least temperature difference; here every change is continuous.

Comparison with Modelica Buildings (``Applications.DataCenters.ChillerCooled``)
    The same three modes (free, partly mechanical, fully mechanical cooling) without events: the mode is the share ``Q / Q_load``.

Sources
    Fu, Zuo, Wetter, VanGilder, Han and Plamondon, "Equation-based object-oriented modeling and simulation for data center cooling: a case
    study", Energy and Buildings 186, 108 (2019), for the modes.
"""

import dataclasses
import functools
from collections.abc import Callable

from lowlift.thermal import ops
from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.exchange import PlateHeatExchanger
from lowlift.thermal.ops import Signal

T_WIDTH = 0.05
"""Width of the one-way blends [K]."""
SHARE_WIDTH = 0.02
"""Width of the blended minimum (3), as a share of the load."""
SWITCH_BAND = 0.005
"""Excess over the load at which the non-integrated exchanger has fully taken over, as a share of it."""
DT_SMALL = 1e-6
"""Cooling of the chilled water below which none is wanted [K]."""


@dataclasses.dataclass(frozen=True)
class EconomiserState:
    """An economiser at work."""

    Q_dot: Signal
    """Heat carried by the exchanger [W]."""
    Q_chiller: Signal
    """Heat left to the chillers [W]."""
    Q_max: Signal
    """Heat the exchanger could carry [W]."""
    T_out: Signal
    """Chilled water after the exchanger [K]."""
    T_cw_out: Signal
    """Tower water after exchanger and bypass are mixed [K]."""


class WatersideEconomiser(Component):
    """One exchanger between tower water and chilled-water return, rated by heat, temperatures and flows.

    >>> economiser = WatersideEconomiser(Q_dot_nominal=9.0e5, T_return_nominal=293.15, T_cw_nominal=285.15, m_chw_nominal=45.0,
    ...                                  m_cw_nominal=60.0)
    >>> cold, mild, warm = (economiser.integrated(293.15, 45.0, T_cw, 60.0, 289.15) for T_cw in (280.15, 288.15, 294.15))
    >>> [round(float(s.Q_dot / (s.Q_dot + s.Q_chiller)), 3) for s in (cold, mild, warm)]
    [1.0, 0.747, 0.0]
    """

    Q_dot_nominal: float = parameter(unit="W", above=0.0, doc="heat at the rating point")
    T_return_nominal: float = parameter(unit="K", low=273.15, high=333.15, doc="chilled-water return, rated")
    T_cw_nominal: float = parameter(unit="K", low=273.15, high=333.15, doc="tower water entering, rated")
    m_chw_nominal: float = parameter(unit="kg/s", above=0.0, doc="chilled water, rated")
    m_cw_nominal: float = parameter(unit="kg/s", above=0.0, doc="tower water, rated")
    cp_chw: float = parameter(default=4186.0, unit="J/(kg K)", above=0.0, doc="heat capacity of the chilled water")
    cp_cw: float = parameter(default=4186.0, unit="J/(kg K)", above=0.0, doc="heat capacity of the tower water")
    fouling: float = parameter(default=1.0, unit="1", above=0.0, high=1.5, doc="factor on UA, below one when fouled")

    def check(self) -> None:
        """The exchanger must exist."""
        self.exchanger  # noqa: B018 - built on access, fails when impossible

    @functools.cached_property
    def exchanger(self) -> PlateHeatExchanger:
        """The exchanger that meets the rating point."""
        return PlateHeatExchanger(
            Q_dot_nominal=self.Q_dot_nominal,
            T_hot_in_nominal=self.T_return_nominal,
            T_cold_in_nominal=self.T_cw_nominal,
            m_hot_nominal=self.m_chw_nominal,
            m_cold_nominal=self.m_cw_nominal,
            cp_hot=self.cp_chw,
            cp_cold=self.cp_cw,
            fouling=self.fouling,
        )

    @property
    def ranges(self) -> dict[str, Range]:
        """Flows [kg/s]."""
        return {"m_chw": Range(0.0, 1.5 * self.m_chw_nominal, "kg/s"), "m_cw": Range(0.0, 1.5 * self.m_cw_nominal, "kg/s")}

    def available(self, T_return: Signal, m_chw: Signal, T_cw: Signal, m_cw: Signal) -> Signal:
        """Heat the exchanger could carry [W], equation (2); zero unless the tower water is colder."""
        return self.exchanger.conductance(m_chw, m_cw) * ops.one_way(T_return - T_cw, T_WIDTH)

    def _state(
        self, T_return: Signal, m_chw: Signal, T_cw: Signal, m_cw: Signal, T_set: Signal, carried: Callable[[Signal], tuple[Signal, Signal]]
    ) -> EconomiserState:
        """The state where the exchanger's share of the load, and its use of what it could carry, follow from their ratio.

        Temperatures are found per kelvin of load and of drive, so that either water may stand still.
        """
        reach = self.exchanger.reach(m_chw, m_cw)
        drive, wanted = ops.one_way(T_return - T_cw, T_WIDTH), ops.one_way(T_return - T_set, T_WIDTH)
        Q_load, least = m_chw * self.cp_chw * wanted, wanted + DT_SMALL
        share, use = carried(reach.hot * drive / least)
        warmed = reach.cold * drive * use * (wanted / least)
        return EconomiserState(Q_load * share, Q_load * (1.0 - share), reach.G * drive, T_return - wanted * share, T_cw + warmed)

    def integrated(self, T_return: Signal, m_chw: Signal, T_cw: Signal, m_cw: Signal, T_set: Signal) -> EconomiserState:
        """Exchanger upstream of the chillers, equation (3): flows [kg/s], chilled water to be cooled to ``T_set`` [K]."""

        def carried(ratio: Signal) -> tuple[Signal, Signal]:
            return ops.blended_min(ratio, 1.0, SHARE_WIDTH), ops.taken(ratio, SHARE_WIDTH)

        return self._state(T_return, m_chw, T_cw, m_cw, T_set, carried)

    def non_integrated(self, T_return: Signal, m_chw: Signal, T_cw: Signal, m_cw: Signal, T_set: Signal) -> EconomiserState:
        """Exchanger or chillers, equation (4): arguments as in :meth:`integrated`."""

        def carried(ratio: Signal) -> tuple[Signal, Signal]:
            share = ops.smooth_step((ratio - 1.0) / SWITCH_BAND)
            return share, share / ops.maximum(ratio, 1.0)

        return self._state(T_return, m_chw, T_cw, m_cw, T_set, carried)
