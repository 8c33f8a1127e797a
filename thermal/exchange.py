"""Heat exchangers by effectiveness and number of transfer units, without singularities.

Equations (counterflow, a rearrangement that is regular at balanced streams)::

    z = NTU (1 - C_r),  E = exprel(-z),  eps = NTU E / (1 + C_r NTU E)                            (1)

crossflow, both fluids unmixed: equation (1) with ``F NTU`` in place of ``NTU``, where ::

    F = (1 + 0.433 (NTU^2 C_r)^0.8)^-0.267                                                        (2)

and the flow-dependent conductance with one film on each side::

    1/UA = 1/(hA_1 (m_1/m_1n)^n_1) + 1/(hA_2 (m_2/m_2n)^n_2)                                      (3)

``exprel(x) = (e^x - 1) / x``. Heat is linear in the two inlet temperatures for given flows,
``Q = G (T_hot_in - T_cold_in)`` with ``G = eps C_min``: the plants rely on that.

Validity
    (1) is exact. (2) is within 0.0043 of the exact series of the unmixed crossflow for NTU up to 30 and any
    C_r. Unlike ``eps = 1 - exp(NTU^0.22 / C_r (exp(-C_r NTU^0.78) - 1))``, which is off by up to 0.02 for NTU
    up to 10 and has a kink at balance, (2) is symmetric in the two streams and therefore smooth where they
    balance.

Differences from EnergyPlus
    EnergyPlus uses that exponential form for crossflow and a constant UA in fluid coolers.

Sources
    Spang and Roetzel, Chem. Eng. Process. 34 (1995) 339, also VDI Heat Atlas C1, for (2). Exponents 0.85
    (water) and 0.8 (air) and the film ratio 0.5 of dry coils follow Modelica Buildings (HADryCoil, DryCooler
    UACorrection).
"""

import dataclasses
import functools

from lowlift.thermal import ops
from lowlift.thermal.component import Component, parameter
from lowlift.thermal.ops import Signal

FLOW_SMALL = 1e-3
"""Regularisation of flows, relative to nominal: value and slope stay finite at zero flow."""
CORRECTION_SMALL = 1e-6
"""Rounding of ``NTU^2 C_r`` in equation (2), whose power 0.8 has no finite slope at zero."""
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
    """Crossflow effectiveness, both fluids unmixed, equation (2).

    >>> round(float(effectiveness_crossflow(1.0, 1.0)), 3)
    0.476
    """
    F = ops.power(1.0 + 0.433 * ops.power(NTU * NTU * C_ratio, 0.8, CORRECTION_SMALL), -0.267, 0.0)
    return effectiveness_counterflow(F * NTU, C_ratio)


def flow_dependent_UA(
    UA_nominal: float, r_1: Signal, r_2: Signal, n_1: float = 0.85, n_2: float = 0.85, hA_ratio: float = 1.0
) -> Signal:
    """Conductance [W/K] at flows ``r_1`` and ``r_2`` over nominal, equation (3).

    Goes to nearly zero with either flow, with finite slope: below 0.1 % of nominal flow the power law is
    rounded.

    Args:
        UA_nominal: conductance at nominal flows [W/K].
        r_1: flow of side 1 over nominal.
        r_2: flow of side 2 over nominal.
        n_1: flow exponent of film 1.
        n_2: flow exponent of film 2.
        hA_ratio: conductance of film 1 over that of film 2 at nominal flows.
    """
    share = 1.0 / (1.0 + hA_ratio)
    film_1, film_2 = ops.power(r_1, n_1, FLOW_SMALL), ops.power(r_2, n_2, FLOW_SMALL)
    return UA_nominal / (share / film_1 + (1.0 - share) / film_2)


@dataclasses.dataclass(frozen=True)
class HeatTransfer:
    """Result of one exchanger."""

    Q_dot: Signal
    """Heat from the hot to the cold stream [W]."""
    T_hot_out: Signal
    """Hot outlet [K]."""
    T_cold_out: Signal
    """Cold outlet [K]."""
    eps: Signal
    """Effectiveness: the larger of the two temperature changes over the inlet difference."""


class Exchanger(Component):
    """Two streams, two films: what plates and coils share. Rated by heat, inlet temperatures and flows.

    Raises:
        ParameterError: the rating is impossible (effectiveness of one or more, or no temperature difference).
    """

    Q_dot_nominal: float = parameter(unit="W", above=0.0, doc="heat at the rating point")
    T_hot_in_nominal: float = parameter(unit="K", low=200.0, high=500.0, doc="hot inlet at the rating point")
    T_cold_in_nominal: float = parameter(
        unit="K", low=200.0, high=500.0, doc="cold inlet at the rating point"
    )
    m_hot_nominal: float = parameter(unit="kg/s", above=0.0, doc="hot flow at the rating point")
    m_cold_nominal: float = parameter(unit="kg/s", above=0.0, doc="cold flow at the rating point")
    cp_hot: float = parameter(unit="J/(kg K)", above=0.0, doc="heat capacity of the hot fluid")
    cp_cold: float = parameter(unit="J/(kg K)", above=0.0, doc="heat capacity of the cold fluid")
    n_hot: float = parameter(default=0.85, unit="1", low=0.0, high=1.0, doc="flow exponent of the hot film")
    n_cold: float = parameter(default=0.85, unit="1", low=0.0, high=1.0, doc="flow exponent of the cold film")
    hA_ratio: float = parameter(
        default=1.0, unit="1", above=0.0, doc="hot over cold film conductance at nominal flows"
    )
    fouling: float = parameter(
        default=1.0, unit="1", above=0.0, high=1.5, doc="factor on UA, below one when fouled"
    )

    @staticmethod
    def effectiveness(NTU: Signal, C_ratio: Signal) -> Signal:
        """Give the effectiveness of this arrangement."""
        raise NotImplementedError

    def check(self) -> None:
        """Check that the rating point is possible."""
        if self.T_hot_in_nominal <= self.T_cold_in_nominal:
            self.reject("T_hot_in_nominal", f"must be above T_cold_in_nominal = {self.T_cold_in_nominal} K")
        if self._rated_effectiveness() >= float(self.effectiveness(NTU_MAX, self._rated_ratio())):
            self.reject(
                "Q_dot_nominal", f"needs an effectiveness of {self._rated_effectiveness():.3f}: out of reach"
            )

    def _rated_capacities(self) -> tuple[float, float]:
        hot, cold = self.m_hot_nominal * self.cp_hot, self.m_cold_nominal * self.cp_cold
        return min(hot, cold), max(hot, cold)

    def _rated_ratio(self) -> float:
        low, high = self._rated_capacities()
        return low / high

    def _rated_effectiveness(self) -> float:
        return self.Q_dot_nominal / (
            self._rated_capacities()[0] * (self.T_hot_in_nominal - self.T_cold_in_nominal)
        )

    @functools.cached_property
    def UA_nominal(self) -> float:
        """Conductance that meets the rating point [W/K]."""
        from scipy.optimize import brentq

        target, ratio = self._rated_effectiveness(), self._rated_ratio()
        NTU = brentq(
            lambda n: float(self.effectiveness(n, ratio)) - target, 1e-9, NTU_MAX, xtol=1e-13, rtol=1e-14
        )
        return float(NTU) * self._rated_capacities()[0]

    def UA(self, m_hot: Signal, m_cold: Signal) -> Signal:
        """Conductance [W/K] at the given flows [kg/s], equation (3)."""
        r_hot, r_cold = m_hot / self.m_hot_nominal, m_cold / self.m_cold_nominal
        UA = flow_dependent_UA(self.UA_nominal, r_hot, r_cold, self.n_hot, self.n_cold, self.hA_ratio)
        return self.fouling * UA

    def _reach(self, m_hot: Signal, m_cold: Signal) -> tuple[Signal, Signal]:
        """``G / C`` of the hot and of the cold stream: temperature change per inlet difference, at most one.

        Capacity rates are rounded below 0.1 % of nominal, so that nothing is divided by zero. The rounded
        rates exceed the true ones; the ratios true over rounded take that back, and the energy balance is
        exact. (The relations are symmetric in the streams: choosing the smaller rate puts no kink at
        balance.)
        """
        hot_nominal, cold_nominal = self.m_hot_nominal * self.cp_hot, self.m_cold_nominal * self.cp_cold
        hot, cold = m_hot * self.cp_hot, m_cold * self.cp_cold
        C_hot = ops.smooth_abs(hot, FLOW_SMALL * hot_nominal)
        C_cold = ops.smooth_abs(cold, FLOW_SMALL * cold_nominal)
        low, high = ops.minimum(C_hot, C_cold), ops.maximum(C_hot, C_cold)
        G = low * self.effectiveness(self.UA(m_hot, m_cold) / low, low / high)
        return G / C_hot * (cold / C_cold), G / C_cold * (hot / C_hot)

    def conductance(self, m_hot: Signal, m_cold: Signal) -> Signal:
        """``G = eps C_min`` [W/K]; goes to zero with either flow, smoothly."""
        return self._reach(m_hot, m_cold)[0] * (m_hot * self.cp_hot)

    def transfer(self, T_hot_in: Signal, m_hot: Signal, T_cold_in: Signal, m_cold: Signal) -> HeatTransfer:
        """Heat and outlet temperatures; finite at zero flow of either side, where nothing is transferred."""
        per_hot, per_cold = self._reach(m_hot, m_cold)
        difference = T_hot_in - T_cold_in
        return HeatTransfer(
            per_hot * (m_hot * self.cp_hot) * difference,
            T_hot_in - per_hot * difference,
            T_cold_in + per_cold * difference,
            ops.maximum(per_hot, per_cold),
        )


class PlateHeatExchanger(Exchanger):
    """Counterflow plate exchanger.

    Assumptions: no heat to the surroundings, no storage in the plates, uniform distribution over channels.

    >>> hx = PlateHeatExchanger(
    ...     Q_dot_nominal=4.0e5, T_hot_in_nominal=313.15, T_cold_in_nominal=298.15,
    ...     m_hot_nominal=10.0, m_cold_nominal=10.0, cp_hot=4000.0, cp_cold=4180.0,
    ... )
    >>> round(float(hx.transfer(313.15, 10.0, 298.15, 10.0).Q_dot))
    400000
    """

    @staticmethod
    def effectiveness(NTU: Signal, C_ratio: Signal) -> Signal:
        """Counterflow, equation (1)."""
        return effectiveness_counterflow(NTU, C_ratio)


class FinnedCoil(Exchanger):
    """Dry finned coil, both streams unmixed, air on the hot side (where it is cold, swap the film data).

    >>> coil = FinnedCoil(
    ...     Q_dot_nominal=1.0e5, T_hot_in_nominal=308.15, T_cold_in_nominal=291.15,
    ...     m_hot_nominal=8.0, m_cold_nominal=3.0, cp_hot=1006.0, cp_cold=4180.0,
    ... )
    >>> round(float(coil.conductance(8.0, 3.0)) * 17.0)
    100000
    """

    n_hot: float = parameter(default=0.8, unit="1", low=0.0, high=1.0, doc="flow exponent of the air film")
    hA_ratio: float = parameter(
        default=0.5, unit="1", above=0.0, doc="air over water film conductance at nominal flows"
    )

    @staticmethod
    def effectiveness(NTU: Signal, C_ratio: Signal) -> Signal:
        """Crossflow, equation (2)."""
        return effectiveness_crossflow(NTU, C_ratio)
