"""Heat pipe or thermosyphon loop: heat by boiling and condensing, from hot to cold only, without a pump.

What
    A refrigerant boils in an evaporator in the warm stream (return air, chilled-water return), rises, condenses in the cold
    stream (outdoor air, tower water) and runs back by gravity. It cannot run backwards: it is a thermal diode.

Equations
    ::

        eps = 1 - exp(-UA / C)            each side; C_r = 0, since the refrigerant keeps its temperature     (1)
        1/G = 1/(eps_e C_hot) + R_loop + 1/(eps_c C_cold)                                                 (2)
        Q_free = G (T_hot - T_cold)+,   Q = min(Q_free, Q_limit)                                          (3)
        UA = UA_n (m / m_n)^n             each side                                                       (4)

    ``( )+`` is :func:`lowlift.thermal.ops.one_way` over the onset difference: exactly nothing below zero, the full conductance from
    the onset on. A softplus would leak heat at no difference. ``Q_limit`` is where the loop floods or dries out.

Validity
    Hot and cold inlets 253 K to 333 K, flows 0 to 1.3 of rated.

Assumptions
    1. Uniform saturation temperature on each side; ``R_loop`` holds what vapour and liquid lines lose. 2. No refrigerant inventory.
    3. Dry coils.

Differences from EnergyPlus
    It has no such loop; its air-to-air exchangers carry heat both ways.

Sources
    Effectiveness of a phase-changing stream: Kays and London, Compact Heat Exchangers, 3rd ed. (1984). No open data of such a loop
    was found: shares of resistance, onset and limit are guesses.
"""

import dataclasses
import functools

import numpy as np

from lowlift.thermal import ops
from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.exchange import FLOW_SMALL
from lowlift.thermal.ops import Signal

LIMIT_WIDTH = 0.05
"""Width of the blend at the limit of the loop, relative."""
STILL = 1e-9
"""Share of the rating added where both streams may stand still."""


@dataclasses.dataclass(frozen=True)
class ThermosyphonState:
    """A loop at work."""

    Q_dot: Signal
    """Heat from hot to cold stream [W]."""
    T_hot_out: Signal
    """Warm stream leaving [K]."""
    T_cold_out: Signal
    """Cold stream leaving [K]."""
    T_evaporator: Signal
    """Refrigerant boiling [K]."""
    T_condenser: Signal
    """Refrigerant condensing [K]."""


@dataclasses.dataclass(frozen=True)
class _Sides:
    """Evaporator and condenser at their flows."""

    eps_hot: Signal
    eps_cold: Signal
    hot: Signal
    """``eps C`` of the evaporator [W/K]."""
    cold: Signal
    """``eps C`` of the condenser [W/K]."""
    total: Signal


class Thermosyphon(Component):
    """A loop rated by heat, both inlet temperatures and both flows.

    >>> loop = Thermosyphon(Q_dot_nominal=1.0e5, T_hot_in_nominal=308.15, T_cold_in_nominal=288.15, m_hot_nominal=12.0,
    ...                     m_cold_nominal=14.0, cp_hot=1006.0, cp_cold=1006.0)
    >>> cold, warm = (loop.transfer(308.15, 12.0, T, 14.0) for T in (288.15, 310.15))
    >>> round(float(cold.Q_dot)), float(warm.Q_dot)
    (100000, 0.0)
    """

    Q_dot_nominal: float = parameter(unit="W", above=0.0, doc="heat at the rating point")
    T_hot_in_nominal: float = parameter(unit="K", low=223.15, high=373.15, doc="warm stream entering, rated")
    T_cold_in_nominal: float = parameter(unit="K", low=223.15, high=373.15, doc="cold stream entering, rated")
    m_hot_nominal: float = parameter(unit="kg/s", above=0.0, doc="warm stream, rated")
    m_cold_nominal: float = parameter(unit="kg/s", above=0.0, doc="cold stream, rated")
    cp_hot: float = parameter(unit="J/(kg K)", above=0.0, doc="heat capacity of the warm stream")
    cp_cold: float = parameter(unit="J/(kg K)", above=0.0, doc="heat capacity of the cold stream")
    share_evaporator: float = parameter(default=0.45, unit="1", above=0.0, below=1.0, doc="of the resistance (2) (guess)")
    share_loop: float = parameter(default=0.10, unit="1", low=0.0, below=1.0, doc="of the resistance (2) (guess)")
    n_hot: float = parameter(default=0.8, unit="1", low=0.0, high=1.0, doc="flow exponent, warm side (air)")
    n_cold: float = parameter(default=0.8, unit="1", low=0.0, high=1.0, doc="flow exponent, cold side (air)")
    dT_onset: float = parameter(default=1.0, unit="K", above=0.0, high=10.0, doc="difference at which the loop runs fully (guess)")
    limit: float = parameter(default=1.5, unit="1", low=1.1, high=10.0, doc="largest over rated heat (guess)")

    def check(self) -> None:
        """The rating must be possible on both sides."""
        if self.T_hot_in_nominal - self.dT_onset <= self.T_cold_in_nominal:
            self.reject("T_hot_in_nominal", f"must be above T_cold_in_nominal = {self.T_cold_in_nominal} K by more than dT_onset")
        if self.share_evaporator + self.share_loop >= 1.0:
            self.reject("share_loop", "leaves nothing to the condenser")
        for share, C, side in (
            (self.share_evaporator, self.m_hot_nominal * self.cp_hot, "warm"),
            (self.share_condenser, self.m_cold_nominal * self.cp_cold, "cold"),
        ):
            if self.G_nominal / share >= C:
                self.reject("Q_dot_nominal", f"needs an effectiveness of {self.G_nominal / share / C:.2f} on the {side} side")

    @property
    def ranges(self) -> dict[str, Range]:
        """Inlets [K] and flows [kg/s]."""
        return {
            "T_hot_in": Range(253.0, 333.0, "K"), "T_cold_in": Range(253.0, 333.0, "K"),
            "m_hot": Range(0.0, 1.3 * self.m_hot_nominal, "kg/s"), "m_cold": Range(0.0, 1.3 * self.m_cold_nominal, "kg/s"),
        }  # fmt: skip

    @property
    def share_condenser(self) -> float:
        """Share of the condenser in the resistance."""
        return 1.0 - self.share_evaporator - self.share_loop

    @property
    def G_nominal(self) -> float:
        """Heat per kelvin of inlet difference at the rating point [W/K]."""
        return self.Q_dot_nominal / (self.T_hot_in_nominal - self.T_cold_in_nominal)

    @functools.cached_property
    def UA_nominal(self) -> tuple[float, float]:
        """Conductance of evaporator and condenser at rated flows [W/K]."""
        C_hot, C_cold = self.m_hot_nominal * self.cp_hot, self.m_cold_nominal * self.cp_cold
        evaporator = -C_hot * np.log1p(-self.G_nominal / self.share_evaporator / C_hot)
        condenser = -C_cold * np.log1p(-self.G_nominal / self.share_condenser / C_cold)
        return float(evaporator), float(condenser)

    @staticmethod
    def _side(UA_nominal: float, x: Signal, n: float, C_nominal: float) -> Signal:
        """``eps`` of one side at the flow ratio ``x``, equations (1) and (4)."""
        return -ops.expm1(-UA_nominal * ops.power(x, n, FLOW_SMALL) / (ops.smooth_abs(x, FLOW_SMALL) * C_nominal))

    def _sides(self, m_hot: Signal, m_cold: Signal) -> _Sides:
        """Both sides, and the sum that shares the difference among them, from (2) cleared of fractions."""
        eps_hot = self._side(self.UA_nominal[0], m_hot / self.m_hot_nominal, self.n_hot, self.m_hot_nominal * self.cp_hot)
        eps_cold = self._side(self.UA_nominal[1], m_cold / self.m_cold_nominal, self.n_cold, self.m_cold_nominal * self.cp_cold)
        hot, cold = eps_hot * m_hot * self.cp_hot, eps_cold * m_cold * self.cp_cold
        total = hot + cold + self.share_loop / self.G_nominal * hot * cold + STILL * self.G_nominal
        return _Sides(eps_hot, eps_cold, hot, cold, total)

    def conductance(self, m_hot: Signal, m_cold: Signal) -> Signal:
        """Heat per kelvin of inlet difference while the loop runs [W/K], equation (2)."""
        s = self._sides(m_hot, m_cold)
        return s.hot * s.cold / s.total

    def transfer(self, T_hot_in: Signal, m_hot: Signal, T_cold_in: Signal, m_cold: Signal) -> ThermosyphonState:
        """Heat and temperatures, equations (1) to (4); flows [kg/s] must not be negative."""
        s = self._sides(m_hot, m_cold)
        drive = ops.one_way(T_hot_in - T_cold_in, self.dT_onset)
        free = s.hot * s.cold / s.total * drive
        held = ops.blended_min(self.limit * self.Q_dot_nominal / (free + STILL * self.Q_dot_nominal), 1.0, LIMIT_WIDTH)
        # Differences of the refrigerant to either stream entering; a share eps of them is what that stream changes by.
        to_hot, to_cold = drive * held * s.cold / s.total, drive * held * s.hot / s.total
        return ThermosyphonState(
            Q_dot=free * held,
            T_hot_out=T_hot_in - s.eps_hot * to_hot,
            T_cold_out=T_cold_in + s.eps_cold * to_cold,
            T_evaporator=T_hot_in - to_hot,
            T_condenser=T_cold_in + to_cold,
        )
