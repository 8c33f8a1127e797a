"""Heat reuse: warm return water into a heat network, by an exchanger and, for the rest of the lift, a heat pump.

What
    Water returning from the hall first warms the network's return through a counterflow exchanger; a heat pump then takes more
    from it and lifts the network to its supply temperature. Every watt delivered is one the towers need not reject.

Equations
    ::

        Q_direct = min(G (T_return - T_net)+, m_net cp (T_set - T_net)+)                                   (1)
        Q_pump   = min(m_net cp (T_set - T_net,1)+, Q_max) u         heat delivered by the heat pump         (2)
        COP      = eta T_k / (T_k - T_e),  T_k = T_set + a_k,  T_e = T_return,1 - dT_e - a_e,  lift >= lift_min   (3)
        P = Q_pump / COP,   Q_evaporator = Q_pump - P                                                     (4)
        Q_reused = Q_direct + Q_evaporator + P                                                            (5)
        ERE = (E_total - E_reused) / E_IT,   ERF = E_reused / E_total,   PUE = E_total / E_IT               (6)

    with ``T_net,1`` and ``T_return,1`` after the exchanger and ``u`` 0..1 the command of the heat pump.

Validity
    Return 293 K to 338 K, network 293 K to 358 K.

Assumptions
    1. ``eta`` is constant; refrigerant temperatures refer to rated approaches. 2. No storage in the network. 3. The heat pump's
    power is part of the site's total and all of it reaches the network. 4. Reuse counts where it crosses the site boundary.

Differences from EnergyPlus
    It has no such station; ``HeatExchanger:FluidToFluid`` and a water-to-water heat pump with catalogue curves would make one.

Sources
    ERE and ERF: The Green Grid, White Paper 29 (2010), and ISO/IEC 30134-6 (2021). Reuse lowers ERE, never PUE. Share of
    Carnot of large heat pumps, 0.4 to 0.6: IEA HPT Annex 48; the default is a guess within it.
"""

import dataclasses
import functools

from lowlift.thermal import ops
from lowlift.thermal.component import Component, parameter
from lowlift.thermal.exchange import PlateHeatExchanger
from lowlift.thermal.ops import Signal

CP_WATER = 4186.0
T_WIDTH = 0.05
"""Width of the one-way blends [K]."""
SHARE_WIDTH = 0.02
"""Width of the blended minima, relative."""
LIFT_WIDTH = 0.5
"""Rounding at the least lift [K]."""


@dataclasses.dataclass(frozen=True)
class HeatReuseState:
    """A reuse station at work."""

    Q_direct: Signal
    """Heat through the exchanger [W]."""
    Q_evaporator: Signal
    """Heat that the heat pump takes from the return water [W]."""
    P_el: Signal
    """Electric power of the heat pump [W]."""
    Q_reused: Signal
    """Heat delivered to the network [W]."""
    COP: Signal
    """Heat delivered over power of the heat pump."""
    T_return_out: Signal
    """Hall water leaving the station [K]."""
    T_network_out: Signal
    """Network water leaving the station [K]."""


class HeatReuse(Component):
    """A station, its exchanger rated by heat, temperatures and flows, its heat pump by heat delivered.

    >>> station = HeatReuse(Q_direct_nominal=5.0e5, T_return_nominal=318.15, T_network_nominal=308.15, m_return_nominal=20.0,
    ...                     m_network_nominal=15.0, Q_pump_nominal=1.0e6, dT_evaporator=8.0)
    >>> s = station.deliver(318.15, 20.0, 308.15, 15.0, 333.15, 1.0)
    >>> round(float(s.Q_reused) / 1e6, 2), round(float(s.COP), 2), round(float(s.T_network_out) - 273.15, 1)
    (1.5, 5.08, 58.9)
    """

    Q_direct_nominal: float = parameter(unit="W", above=0.0, doc="heat of the exchanger at the rating point")
    T_return_nominal: float = parameter(unit="K", low=283.15, high=363.15, doc="hall water entering, rated")
    T_network_nominal: float = parameter(unit="K", low=278.15, high=363.15, doc="network water entering, rated")
    m_return_nominal: float = parameter(unit="kg/s", above=0.0, doc="hall water, rated")
    m_network_nominal: float = parameter(unit="kg/s", above=0.0, doc="network water, rated")
    Q_pump_nominal: float = parameter(unit="W", above=0.0, doc="largest heat delivered by the heat pump")
    eta: float = parameter(default=0.5, unit="1", above=0.0, below=1.0, doc="share of Carnot between refrigerant temperatures (guess)")
    dT_evaporator: float = parameter(default=6.0, unit="K", low=0.0, high=20.0, doc="cooling of the hall water in it, rated (guess)")
    approach_evaporator: float = parameter(default=2.0, unit="K", low=0.0, high=15.0, doc="at its cold end (guess)")
    approach_condenser: float = parameter(default=2.0, unit="K", low=0.0, high=15.0, doc="above the network supply (guess)")
    lift_min: float = parameter(default=10.0, unit="K", above=0.0, high=50.0, doc="least lift of the refrigerant (guess)")

    def check(self) -> None:
        """The exchanger must exist."""
        self.exchanger  # noqa: B018 - built on access, fails when impossible

    @functools.cached_property
    def exchanger(self) -> PlateHeatExchanger:
        """The exchanger that meets the rating point."""
        return PlateHeatExchanger(
            Q_dot_nominal=self.Q_direct_nominal,
            T_hot_in_nominal=self.T_return_nominal,
            T_cold_in_nominal=self.T_network_nominal,
            m_hot_nominal=self.m_return_nominal,
            m_cold_nominal=self.m_network_nominal,
            cp_hot=CP_WATER,
            cp_cold=CP_WATER,
        )

    def COP(self, T_source: Signal, T_set: Signal) -> Signal:
        """Heat delivered over power, equation (3), for hall water at ``T_source`` and network supply at ``T_set`` [K]."""
        T_k = T_set + self.approach_condenser
        T_e = T_source - self.dT_evaporator - self.approach_evaporator
        return self.eta * T_k / ops.smooth_max(T_k - T_e, self.lift_min, LIFT_WIDTH)

    @staticmethod
    def _least(Q: Signal, limit: Signal, scale: float) -> Signal:
        """The smaller of two heats, zero with either of them; below the true one by at most half a percent."""
        return Q * ops.blended_min(limit / (Q + 1e-9 * scale), 1.0, SHARE_WIDTH)

    def deliver(self, T_return: Signal, m_return: Signal, T_net: Signal, m_net: Signal, T_set: Signal, u: Signal) -> HeatReuseState:
        """The station with hall water at ``T_return`` and network water at ``T_net`` [K], flows [kg/s], heat-pump command ``u``.

        The network is to be supplied at ``T_set``; what exchanger and heat pump cannot do shows in ``T_network_out``.
        """
        C_hot = ops.maximum(m_return, 1e-9 * self.m_return_nominal) * CP_WATER
        C_net = ops.maximum(m_net, 1e-9 * self.m_network_nominal) * CP_WATER
        wanted = m_net * CP_WATER * ops.one_way(T_set - T_net, T_WIDTH)
        available = self.exchanger.conductance(m_return, m_net) * ops.one_way(T_return - T_net, T_WIDTH)
        Q_direct = self._least(wanted, available, self.Q_direct_nominal)
        Q_pump = u * self._least(wanted - Q_direct, self.Q_pump_nominal, self.Q_pump_nominal)
        T_source = T_return - Q_direct / C_hot
        COP = self.COP(T_source, T_set)
        P = Q_pump / COP
        Q_evaporator = Q_pump - P
        return HeatReuseState(
            Q_direct=Q_direct,
            Q_evaporator=Q_evaporator,
            P_el=P,
            Q_reused=Q_direct + Q_pump,
            COP=COP,
            T_return_out=T_source - Q_evaporator / C_hot,
            T_network_out=T_net + (Q_direct + Q_pump) / C_net,
        )


def energy_reuse_effectiveness(E_total: Signal, E_reused: Signal, E_it: Signal) -> Signal:
    """ERE, equation (6), of energies over a period [J]; equals PUE without reuse.

    >>> energy_reuse_effectiveness(1.2, 0.5, 1.0)
    0.7
    """
    return (E_total - E_reused) / E_it


def energy_reuse_factor(E_total: Signal, E_reused: Signal) -> Signal:
    """ERF, equation (6), of energies over a period [J]."""
    return E_reused / E_total
