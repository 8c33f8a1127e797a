"""Heat reuse: warm return water into a heat network, by an exchanger and, for the rest of the lift, a heat pump.

What
    Water returning from the hall first warms the network's return through a counterflow exchanger; a heat pump then takes more
    from it and lifts the network to its supply temperature. Every watt delivered is one the towers need not reject.

Equations
    ::

        Q_direct = min(G (T_return - T_net)+, m_net cp (T_set - T_net)+)                                   (1)
        Q_pump   = min(m_net cp (T_set - T_net,1)+, Q_max, m_return cp dT_max / (1 - 1/COP)) u             (2)
        COP      = eta T_k / (T_k - T_e),  T_k = T_set + a_k,  T_e = T_return,1 - dT_e - a_e,  lift >= lift_min   (3)
        P = Q_pump / COP,   Q_evaporator = Q_pump - P                                                     (4)
        Q_reused = Q_direct + Q_evaporator + P                                                            (5)
        ERE = (E_total - E_reused) / E_IT,   ERF = E_reused / E_total,   PUE = E_total / E_IT               (6)

    with ``T_net,1`` and ``T_return,1`` after the exchanger and ``u`` 0..1 the command of the heat pump. ``Q_pump`` is the heat that the
    heat pump delivers; the last bound of (2) is its flow switch: hall water is cooled by ``dT_max`` at most, so nothing is taken
    from water that stands. The minima are blended over 2 % and lie below the true ones by at most half a percent; all are formed per
    kelvin of network or hall water, so either flow may be zero.

Validity
    Return 293 K to 338 K, network 293 K to 358 K, flows 0 to 1.5 of rated.

Assumptions
    1. ``eta`` is constant; refrigerant temperatures refer to rated approaches. 2. No storage in the network. 3. The heat pump's
    power is part of the site's total and all of it reaches the network. 4. Reuse counts where it crosses the site boundary.

Differences from EnergyPlus
    It has no such station; ``HeatExchanger:FluidToFluid`` and a water-to-water heat pump with catalogue curves would make one.

Sources
    ERE and ERF: The Green Grid, White Paper 29 (2010), and ISO/IEC 30134-6 (2021). Reuse lowers ERE, never PUE. Arpagaus
    et al., "High temperature heat pumps", Energy 152, 985 (2018), find COPs of 2.4 to 5.8 at lifts of 95 to 40 K for sinks of 90 to
    160 C: about 0.55 to 0.65 of Carnot. The default, a guess, is lower.
"""

import dataclasses
import functools

from lowlift.thermal import ops
from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.exchange import PlateHeatExchanger
from lowlift.thermal.ops import Signal

CP_WATER = 4186.0
T_WIDTH = 0.05
"""Width of the one-way blends [K]."""
SHARE_WIDTH = 0.02
"""Width of the blended minima, relative."""
DT_SMALL = 1e-6
"""Change of the network below which nothing is wanted [K]."""
LEAST_SHARE = 0.1
"""Least share of the delivered heat that is taken to come from the hall water where that bounds the heat pump."""
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
    dT_max: float = parameter(default=20.0, unit="K", above=0.0, high=40.0, doc="most cooling of the hall water in it (guess)")

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

    @property
    def ranges(self) -> dict[str, Range]:
        """Water entering [K] and flows [kg/s], supply wanted [K] and command."""
        return {
            "T_return": Range(293.0, 338.0, "K"), "m_return": Range(0.0, 1.5 * self.m_return_nominal, "kg/s"),
            "T_net": Range(293.0, 358.0, "K"), "m_net": Range(0.0, 1.5 * self.m_network_nominal, "kg/s"),
            "T_set": Range(293.0, 358.0, "K"), "u": Range(0.0, 1.0),
        }  # fmt: skip

    def deliver(self, T_return: Signal, m_return: Signal, T_net: Signal, m_net: Signal, T_set: Signal, u: Signal) -> HeatReuseState:
        """The station with hall water at ``T_return`` and network water at ``T_net`` [K], flows [kg/s], heat-pump command ``u``.

        The network is to be supplied at ``T_set``; what exchanger and heat pump cannot do shows in ``T_network_out``.
        """
        r, C_hot, C_net = self.exchanger.reach(m_return, m_net), m_return * CP_WATER, m_net * CP_WATER
        drive, wanted = ops.one_way(T_return - T_net, T_WIDTH), ops.one_way(T_set - T_net, T_WIDTH)
        # Exchanger, per kelvin of network water: what it does of what is wanted, and of what it could.
        ratio = r.cold * drive / (wanted + DT_SMALL)
        direct, used = wanted * ops.blended_min(ratio, 1.0, SHARE_WIDTH), wanted / (wanted + DT_SMALL) * ops.taken(ratio, SHARE_WIDTH)
        T_source = T_return - used * r.hot * drive
        # Heat pump: bounded by its size and by the hall water, then by what is still wanted.
        COP = self.COP(T_source, T_set)
        most = self.dT_max / ops.maximum(1.0 - 1.0 / COP, LEAST_SHARE)
        ratio = C_hot * most / self.Q_pump_nominal
        bound, bound_hot = self.Q_pump_nominal * ops.blended_min(ratio, 1.0, SHARE_WIDTH), most * ops.taken(ratio, SHARE_WIDTH)
        load, small = C_net * (wanted - direct), 1e-9 * self.Q_pump_nominal
        ratio = bound / (load + small)
        lifted = u * (wanted - direct) * ops.blended_min(ratio, 1.0, SHARE_WIDTH)
        cooled = u * bound_hot * ops.taken(ratio, SHARE_WIDTH) * (load / (load + small)) * (1.0 - 1.0 / COP)
        P = C_net * lifted / COP
        return HeatReuseState(
            Q_direct=C_net * direct,
            Q_evaporator=C_net * lifted - P,
            P_el=P,
            Q_reused=C_net * (direct + lifted),
            COP=COP,
            T_return_out=T_source - cooled,
            T_network_out=T_net + direct + lifted,
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
