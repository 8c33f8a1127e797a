"""Heat exchangers by effectiveness and number of transfer units, without singularities.

What
    Two streams on either side of a wall. A rating point (heat, both inlets, both flows) fixes the conductance; films by flow give it
    elsewhere. Heat is linear in the two inlet temperatures for given flows: the plants rely on that.

Equations
    ::

        counterflow:             z = NTU (1 - C_r),  E = exprel(-z),  eps = NTU E / (1 + C_r NTU E)       (1)
        crossflow, both unmixed: (1) with F NTU for NTU,  F = (1 + 0.433 (NTU^2 C_r)^0.8)^-0.267          (2)
        the same, exponential:   eps = 1 - exp[NTU^0.22 / C_r (exp(-C_r NTU^0.78) - 1)]
                                     = -expm1(-NTU exprel(-C_r NTU^0.78))                                 (2b)
        conductance by films:    1/UA = 1/(hA_1 (m_1/m_1n)^n_1) + 1/(hA_2 (m_2/m_2n)^n_2)                 (3)
        heat:                    Q = G (T_hot_in - T_cold_in),  G = eps C_min,  NTU = UA / C_min          (4)

    ``exprel(x) = (e^x - 1) / x``: (1) is the textbook relation arranged so that it is regular at balanced streams. (2) lies within
    0.005 of the exact series up to NTU = 30 and treats both streams alike, so it has no kink where they balance; (2b), off by up to
    0.02, is there for comparison with programs that use it. Outlets follow from ``G / C`` of each stream, which has a limit where that
    stream stops: nothing is divided by a flow, and the heat lost by one stream is that gained by the other.

Validity
    Flows from none to about 1.5 times the rating, where films of these exponents hold; no flow gives no heat. Fluids keep their phase.

Assumptions
    1. Constant heat capacities. 2. No loss to ambient, no conduction along the wall. 3. Films depend on flow, not on temperature;
    exponents 0.85 (water) and 0.8 (air). 4. The wall itself resists nothing.

Differences from EnergyPlus
    ``HeatExchanger:FluidToFluid`` keeps UA constant and takes (2b) for crossflow; its relations need special cases at balance.

Sources
    Kays and London, Compact Heat Exchangers, 3rd ed. (1984); Roetzel and Spang in VDI Heat Atlas, ch. C1, for (2); exponents after
    Modelica Buildings, ``Fluid.HeatExchangers.BaseClasses.HADryCoil``.
"""

import dataclasses
import functools

from lowlift.thermal import ops
from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.ops import Signal

FLOW_SMALL = 1e-3
"""Regularisation of flows, relative to nominal: value and slope stay finite at zero flow."""
CROSS_SMALL = 1e-6
"""Rounding of ``NTU^2 C_r`` in equation (2), whose power has no finite slope at zero."""
NTU_MAX = 200.0
"""Largest rating accepted; more is a temperature cross in disguise."""


def effectiveness_counterflow(NTU: Signal, C_ratio: Signal) -> Signal:
    """Counterflow effectiveness, equation (1), for ``NTU >= 0`` and ``0 <= C_ratio <= 1``.

    >>> float(effectiveness_counterflow(1.0, 1.0))
    0.5
    """
    transfer = NTU * ops.exprel(-NTU * (1.0 - C_ratio))
    return transfer / (1.0 + C_ratio * transfer)


def effectiveness_crossflow(NTU: Signal, C_ratio: Signal) -> Signal:
    """Crossflow effectiveness, both unmixed, equation (2).

    >>> round(float(effectiveness_crossflow(1.0, 1.0)), 3)
    0.476
    """
    correction = 1.0 + 0.433 * ops.power(NTU * NTU * C_ratio, 0.8, CROSS_SMALL)
    return effectiveness_counterflow(ops.power(correction, -0.267, 0.0) * NTU, C_ratio)


def effectiveness_crossflow_exponential(NTU: Signal, C_ratio: Signal) -> Signal:
    """Crossflow, both unmixed, by the approximation (2b) of EnergyPlus; has a kink where the streams balance.

    >>> round(float(effectiveness_crossflow_exponential(1.0, 1.0)), 3)
    0.469
    """
    return -ops.expm1(-NTU * ops.exprel(-C_ratio * ops.power(NTU, 0.78, CROSS_SMALL)))


@dataclasses.dataclass(frozen=True)
class HeatTransfer:
    """Result of one exchanger."""

    Q_dot: Signal
    """Heat from the hot to the cold stream [W]."""
    T_hot_out: Signal
    T_cold_out: Signal
    eps: Signal


@dataclasses.dataclass(frozen=True)
class Reach:
    """What an exchanger does per kelvin of inlet difference."""

    G: Signal
    """``eps C_min`` [W/K]; zero with either flow."""
    hot: Signal
    """Cooling of the hot stream, ``G / C_hot`` [K/K]; zero without cold flow, ``eps`` where the hot flow stops."""
    cold: Signal
    """Warming of the cold stream, ``G / C_cold`` [K/K]; likewise."""
    eps: Signal
    """Effectiveness at the regularised flows."""


class Exchanger(Component):
    """Two streams, two films: what plate exchangers and coils share. Rated by heat, inlet temperatures and flows.

    Raises:
        ParameterError: the rating is impossible (effectiveness of one or more, or no temperature difference).
    """

    Q_dot_nominal: float = parameter(unit="W", above=0.0, doc="heat at the rating point")
    T_hot_in_nominal: float = parameter(unit="K", low=200.0, high=500.0, doc="hot inlet at the rating point")
    T_cold_in_nominal: float = parameter(unit="K", low=200.0, high=500.0, doc="cold inlet at the rating point")
    m_hot_nominal: float = parameter(unit="kg/s", above=0.0, doc="hot flow at the rating point")
    m_cold_nominal: float = parameter(unit="kg/s", above=0.0, doc="cold flow at the rating point")
    cp_hot: float = parameter(unit="J/(kg K)", above=0.0, doc="heat capacity of the hot fluid")
    cp_cold: float = parameter(unit="J/(kg K)", above=0.0, doc="heat capacity of the cold fluid")
    n_hot: float = parameter(default=0.85, unit="1", low=0.0, high=1.0, doc="flow exponent of the hot film")
    n_cold: float = parameter(default=0.85, unit="1", low=0.0, high=1.0, doc="flow exponent of the cold film")
    hA_ratio: float = parameter(default=1.0, unit="1", above=0.0, doc="hot over cold film conductance at nominal flows")
    fouling: float = parameter(default=1.0, unit="1", above=0.0, high=1.5, doc="factor on UA, below one when fouled")

    @staticmethod
    def effectiveness(NTU: Signal, C_ratio: Signal) -> Signal:
        """The arrangement's own relation."""
        raise NotImplementedError

    def check(self) -> None:
        """The rating point must be possible."""
        if self.T_hot_in_nominal <= self.T_cold_in_nominal:
            self.reject("T_hot_in_nominal", f"must be above T_cold_in_nominal = {self.T_cold_in_nominal} K")
        if self._rated_effectiveness() >= float(self.effectiveness(NTU_MAX, self._rated_ratio())):
            self.reject("Q_dot_nominal", f"needs an effectiveness of {self._rated_effectiveness():.3f}: out of reach")

    def _rated_capacities(self) -> tuple[float, float]:
        hot, cold = self.m_hot_nominal * self.cp_hot, self.m_cold_nominal * self.cp_cold
        return min(hot, cold), max(hot, cold)

    def _rated_ratio(self) -> float:
        low, high = self._rated_capacities()
        return low / high

    def _rated_effectiveness(self) -> float:
        return self.Q_dot_nominal / (self._rated_capacities()[0] * (self.T_hot_in_nominal - self.T_cold_in_nominal))

    @functools.cached_property
    def UA_nominal(self) -> float:
        """Conductance that meets the rating point [W/K]."""
        from scipy.optimize import brentq

        target, ratio = self._rated_effectiveness(), self._rated_ratio()
        NTU = brentq(lambda n: float(self.effectiveness(n, ratio)) - target, 1e-9, NTU_MAX, xtol=1e-13, rtol=1e-14)
        return float(NTU) * self._rated_capacities()[0]

    def UA(self, m_hot: Signal, m_cold: Signal) -> Signal:
        """Conductance [W/K] at the given flows, equation (3)."""
        share = 1.0 / (1.0 + self.hA_ratio)
        hot = ops.power(m_hot / self.m_hot_nominal, self.n_hot, FLOW_SMALL)
        cold = ops.power(m_cold / self.m_cold_nominal, self.n_cold, FLOW_SMALL)
        return self.fouling * self.UA_nominal / (share / hot + (1.0 - share) / cold)

    @property
    def ranges(self) -> dict[str, Range]:
        """Flows [kg/s]."""
        return {"m_hot": Range(0.0, 1.5 * self.m_hot_nominal, "kg/s"), "m_cold": Range(0.0, 1.5 * self.m_cold_nominal, "kg/s")}

    def reach(self, m_hot: Signal, m_cold: Signal) -> Reach:
        """Heat per kelvin of inlet difference, and what it does to either stream.

        The relation is analytic where the streams balance, so taking the smaller and larger rate puts no kink there.
        """
        C_hot = ops.smooth_abs(m_hot * self.cp_hot, FLOW_SMALL * self.m_hot_nominal * self.cp_hot)
        C_cold = ops.smooth_abs(m_cold * self.cp_cold, FLOW_SMALL * self.m_cold_nominal * self.cp_cold)
        low, high = ops.minimum(C_hot, C_cold), ops.maximum(C_hot, C_cold)
        eps = self.effectiveness(self.UA(m_hot, m_cold) / low, low / high)
        # The regularised rates exceed the true ones near zero flow; G may not.
        moving_hot, moving_cold = m_hot * self.cp_hot / C_hot, m_cold * self.cp_cold / C_cold
        G = low * eps * moving_hot * moving_cold
        return Reach(G, low * eps / C_hot * moving_cold, low * eps / C_cold * moving_hot, eps)

    def conductance(self, m_hot: Signal, m_cold: Signal) -> Signal:
        """``G = eps C_min`` [W/K]; goes to zero with either flow, smoothly."""
        return self.reach(m_hot, m_cold).G

    def transfer(self, T_hot_in: Signal, m_hot: Signal, T_cold_in: Signal, m_cold: Signal) -> HeatTransfer:
        """Heat and outlet temperatures, at any flow."""
        r, drive = self.reach(m_hot, m_cold), T_hot_in - T_cold_in
        return HeatTransfer(r.G * drive, T_hot_in - r.hot * drive, T_cold_in + r.cold * drive, r.eps)


class PlateHeatExchanger(Exchanger):
    """Counterflow plate exchanger.

    >>> hx = PlateHeatExchanger(Q_dot_nominal=4.0e5, T_hot_in_nominal=313.15, T_cold_in_nominal=298.15, m_hot_nominal=10.0,
    ...                         m_cold_nominal=10.0, cp_hot=4000.0, cp_cold=4180.0)
    >>> round(float(hx.transfer(313.15, 10.0, 298.15, 10.0).Q_dot))
    400000
    """

    @staticmethod
    def effectiveness(NTU: Signal, C_ratio: Signal) -> Signal:
        """Counterflow, equation (1)."""
        return effectiveness_counterflow(NTU, C_ratio)


class FinnedCoil(Exchanger):
    """Dry finned coil, crossflow with both streams unmixed: air on the hot side of a CRAH, on the cold side of a dry cooler."""

    @staticmethod
    def effectiveness(NTU: Signal, C_ratio: Signal) -> Signal:
        """Crossflow, equation (2)."""
        return effectiveness_crossflow(NTU, C_ratio)


class FinnedCoilExponential(FinnedCoil):
    """The same coil by the exponential approximation, to reproduce EnergyPlus."""

    @staticmethod
    def effectiveness(NTU: Signal, C_ratio: Signal) -> Signal:
        """Crossflow, equation (2b)."""
        return effectiveness_crossflow_exponential(NTU, C_ratio)
