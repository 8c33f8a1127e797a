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
    Any flow and temperature; films as :class:`lowlift.thermal.exchange.PlateHeatExchanger`.

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

from lowlift.thermal import ops
from lowlift.thermal.component import Component, parameter
from lowlift.thermal.exchange import PlateHeatExchanger
from lowlift.thermal.ops import Signal

T_WIDTH = 0.05
"""Width of the one-way blends [K]."""
SHARE_WIDTH = 0.02
"""Width of the blended minimum (3), as a share of the load."""
SWITCH_BAND = 0.005
"""Excess over the load at which the non-integrated exchanger has fully taken over, as a share of it."""
LOAD_SMALL = 1e-9
"""Loads below this share of the rating count as none where they divide."""


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

    def available(self, T_return: Signal, m_chw: Signal, T_cw: Signal, m_cw: Signal) -> Signal:
        """Heat the exchanger could carry [W], equation (2); zero unless the tower water is colder."""
        return self.exchanger.conductance(m_chw, m_cw) * ops.one_way(T_return - T_cw, T_WIDTH)

    def _load(self, T_return: Signal, m_chw: Signal, T_set: Signal) -> Signal:
        return m_chw * self.cp_chw * ops.one_way(T_return - T_set, T_WIDTH)

    def _share(self, Q_max: Signal, Q_load: Signal) -> Signal:
        return Q_max / (Q_load + LOAD_SMALL * self.Q_dot_nominal)

    def _state(
        self, T_return: Signal, m_chw: Signal, T_cw: Signal, m_cw: Signal, Q: Signal, Q_load: Signal, Q_max: Signal
    ) -> EconomiserState:
        C_chw = ops.maximum(m_chw, 1e-9 * self.m_chw_nominal) * self.cp_chw
        C_cw = ops.maximum(m_cw, 1e-9 * self.m_cw_nominal) * self.cp_cw
        return EconomiserState(Q, Q_load - Q, Q_max, T_return - Q / C_chw, T_cw + Q / C_cw)

    def integrated(self, T_return: Signal, m_chw: Signal, T_cw: Signal, m_cw: Signal, T_set: Signal) -> EconomiserState:
        """Exchanger upstream of the chillers, equation (3): flows [kg/s], chilled water to be cooled to ``T_set`` [K]."""
        Q_max, Q_load = self.available(T_return, m_chw, T_cw, m_cw), self._load(T_return, m_chw, T_set)
        Q = Q_load * ops.blended_min(self._share(Q_max, Q_load), 1.0, SHARE_WIDTH)
        return self._state(T_return, m_chw, T_cw, m_cw, Q, Q_load, Q_max)

    def non_integrated(self, T_return: Signal, m_chw: Signal, T_cw: Signal, m_cw: Signal, T_set: Signal) -> EconomiserState:
        """Exchanger or chillers, equation (4): arguments as in :meth:`integrated`."""
        Q_max, Q_load = self.available(T_return, m_chw, T_cw, m_cw), self._load(T_return, m_chw, T_set)
        Q = Q_load * ops.smooth_step((self._share(Q_max, Q_load) - 1.0) / SWITCH_BAND)
        return self._state(T_return, m_chw, T_cw, m_cw, Q, Q_load, Q_max)
