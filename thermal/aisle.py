"""Hot and cold aisle: recirculation, bypass, and the air heat balances of a hall.

What
    Air handlers supply cold air to a cold aisle, servers draw from it and blow into a hot aisle, handlers draw from there. Leaks let
    hot air back to the servers (recirculation) and cold air past them (bypass); whichever flow is short makes its own leak grow.

Equations
    ::

        m_rec = max(m_s - (1 - b_0) m_c, r_0 m_s),   m_byp = m_c - m_s + m_rec                          (1)
        T_in  = T_sup + r (T_hot - T_sup),           r = m_rec / m_s                                     (2)
        T_hot = T_in + Q / (m_s c_p)                 at rest                                             (3)
        T_ret = ((m_c - m_byp) T_hot + m_byp T_sup) / m_c                                                (4)
        SHI   = (T_in - T_sup) / (T_hot - T_sup),    RHI = 1 - SHI                                       (5)
        C_cold dT_cold/dt = c_p ((m_s - m_rec)(T_sup - T_cold) + m_rec (T_hot - T_cold))                 (6)
        C_hot  dT_hot/dt  = c_p m_s (T_exhaust - T_hot)                                                  (7)

    ``m_c`` flows through the handlers, ``m_s`` through the servers. (1) keeps ``m_s - m_rec = m_c - m_byp``, and at least the leaks
    ``r_0 m_s`` and ``b_0 m_c``; its corner is rounded over 1 % of the flows. (2) to (4) give ``m_c c_p (T_ret - T_sup) = Q`` exactly.
    At rest SHI equals ``r``.

Validity
    Any flows from none on. Without supply there is no state of rest: (3) then counts a thousandth of the servers' flow as fresh, which
    gives very high but finite temperatures, while the rates (6) and (7) stay meaningful.

Assumptions
    1. Each aisle is well mixed; hot spots of single racks are not resolved. 2. Bypassed air is at supply temperature. 3. No heat
    through walls or floor. 4. Air has one heat capacity.

Differences from EnergyPlus
    Its air-cooled IT equipment takes recirculation from a curve of load and supply temperature; here it follows from both air flows.

Sources
    Sharma, Bash and Patel, "Dimensionless parameters for evaluation of thermal design and performance of large-scale data centers",
    AIAA 2002-3091 (SHI, RHI); ASHRAE Handbook, HVAC Applications, "Data Centers".
"""

import dataclasses
import math

from lowlift.thermal import ops
from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.hall_air import CP_AIR
from lowlift.thermal.ops import Signal

CORNER_WIDTH = 0.01
"""Rounding of the corner of equation (1), relative to server flow."""
FLOW_SMALL = 1e-9
"""Least flow where it divides [kg/s]."""
FRESH_LEAST = 1e-3
"""Least handler air over servers' air in the state of rest; exact from twice that on."""


@dataclasses.dataclass(frozen=True)
class AisleFlows:
    """Air flows of a hall [kg/s]; ``m_servers - m_recirculated = m_supply - m_bypass``."""

    m_supply: Signal
    m_servers: Signal
    m_recirculated: Signal
    m_bypass: Signal
    recirculation: Signal
    """``r``: share of the servers' inlet air that is hot; the leak ``r_0`` where they draw none."""
    bypass: Signal
    """Share of the handlers' air that misses the servers; the leak ``b_0`` where they blow none."""

    @property
    def through(self) -> Signal:
        """Handler air that reaches the servers [kg/s]."""
        return self.m_servers - self.m_recirculated


@dataclasses.dataclass(frozen=True)
class AisleState:
    """Temperatures of a hall at rest [K] and its indices."""

    T_in: Signal
    T_hot: Signal
    T_return: Signal
    SHI: Signal
    RHI: Signal


@dataclasses.dataclass(frozen=True)
class AisleRates:
    """Time derivatives [K/s] of the two air volumes, and the air returning [K]."""

    cold: Signal
    hot: Signal
    T_return: Signal


def supply_heat_index(T_in: Signal, T_exhaust: Signal, T_supply: Signal) -> Signal:
    """Supply heat index, equation (5), from measured temperatures [K]; the exhaust must be warmer than the supply.

    >>> round(supply_heat_index(295.15, 313.15, 293.15), 3)
    0.1
    """
    return (T_in - T_supply) / (T_exhaust - T_supply)


class Aisles(Component):
    """Hot and cold aisles of a hall.

    >>> hall = Aisles(r_0=0.1, b_0=0.2)
    >>> state = hall.at_rest(hall.flows(m_supply=10.0, m_servers=8.0), T_supply=293.15, Q_dot=1.0e5)
    >>> round(float(state.T_in) - 293.15, 2), round(float(state.SHI), 3)
    (1.38, 0.1)
    """

    r_0: float = parameter(default=0.03, unit="1", low=0.0, below=0.9, doc="recirculation with ample supply (guess: contained aisles)")
    b_0: float = parameter(default=0.05, unit="1", low=0.0, below=0.9, doc="bypass with scarce supply (guess: contained aisles)")
    C_cold: float = parameter(default=1.0e6, unit="J/K", above=0.0, doc="heat capacity of cold-aisle air and surfaces (guess)")
    C_hot: float = parameter(default=1.0e6, unit="J/K", above=0.0, doc="heat capacity of hot-aisle air and surfaces (guess)")

    @property
    def ranges(self) -> dict[str, Range]:
        """Flows [kg/s]: none is negative."""
        return {"m_supply": Range(0.0, math.inf, "kg/s"), "m_servers": Range(0.0, math.inf, "kg/s")}

    def flows(self, m_supply: Signal, m_servers: Signal) -> AisleFlows:
        """Flows [kg/s] for handlers moving ``m_supply`` and servers drawing ``m_servers``, equation (1)."""
        leak = self.r_0 * m_servers
        short = m_servers - (1.0 - self.b_0) * m_supply - leak
        # The rounding scales with both flows and vanishes with either: then nothing recirculates that is not drawn.
        width = CORNER_WIDTH * m_supply * m_servers / ops.maximum(m_supply + m_servers, FLOW_SMALL)
        root = ops.sqrt(short * short + width * width + FLOW_SMALL * FLOW_SMALL)
        hot, past = 0.5 * (root + short), 0.5 * (root - short)  # beyond the leaks
        return AisleFlows(
            m_supply,
            m_servers,
            m_recirculated=leak + hot,
            m_bypass=self.b_0 * m_supply + past,
            recirculation=self.r_0 + hot / ops.maximum(m_servers, FLOW_SMALL),
            bypass=self.b_0 + past / ops.maximum(m_supply, FLOW_SMALL),
        )

    def at_rest(self, flows: AisleFlows, T_supply: Signal, Q_dot: Signal) -> AisleState:
        """Temperatures for server heat ``Q_dot`` [W] into air supplied at ``T_supply`` [K], equations (2) to (5)."""
        drawn = Q_dot / (ops.at_least(flows.through, FRESH_LEAST * flows.m_servers + FLOW_SMALL) * CP_AIR)
        r = flows.recirculation
        T_hot = T_supply + drawn
        T_in = T_supply + r * drawn
        return AisleState(T_in, T_hot, self.T_return(flows, T_hot, T_supply), r, 1.0 - r)

    def T_return(self, flows: AisleFlows, T_hot: Signal, T_supply: Signal) -> Signal:
        """Air returning to the handlers [K], equation (4)."""
        return T_hot + flows.bypass * (T_supply - T_hot)

    def rates(self, flows: AisleFlows, T_cold: Signal, T_hot: Signal, T_supply: Signal, T_exhaust: Signal) -> AisleRates:
        """Heat balances of the two volumes, equations (6) and (7); servers draw at ``T_cold`` and blow at ``T_exhaust`` [K]."""
        cold = CP_AIR * (flows.through * (T_supply - T_cold) + flows.m_recirculated * (T_hot - T_cold)) / self.C_cold
        hot = CP_AIR * flows.m_servers * (T_exhaust - T_hot) / self.C_hot
        return AisleRates(cold, hot, self.T_return(flows, T_hot, T_supply))
