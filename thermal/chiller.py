"""Water-cooled chiller by a share of Carnot, for warm chilled water where no curves are published.

What
    A compressor machine at a share of what Carnot allows between its refrigerant temperatures, with a standing power. Made for water
    warmer than catalogues know; where curves hold, :mod:`lowlift.thermal.chiller_eir` is better.

Equations
    ::

        T_e = T_chw - a_e PLR,  T_k = T_cw,in + Q (1 + 1/COP_n) / (m_cw c_w) + a_c PLR                        (1)
        P = Q (T_k - T_e) / (T_e eta) + P_standing                                                            (2)

    ``eta`` follows from the rating point; standing power (oil, controls, cylinder friction) makes P/Q rise as load falls.

Validity
    Leaving chilled water 278 K to 303 K, entering condenser water 283 K to 313 K, condenser water 0.3 to 1.5 of rated, load 0 to 1.2 of
    rated. Condenser water below a tenth of rated counts as a twentieth at least: a running machine without any has no state of rest.

Assumptions
    1. The share of Carnot is the same at all loads and temperatures. 2. Approaches of the refrigerant grow in proportion to load.
    3. Condenser water warms as at rated COP. 4. Capacity is linear in both water temperatures around the rating point.

Differences from EnergyPlus
    ``Chiller:ConstantCOP`` keeps its COP at all temperatures; ``Chiller:Electric:EIR`` needs three curves. This form lies between.

Comparison with published machines
    Rated at the rating points of nine machines (:mod:`lowlift.thermal.chiller_eir`) and left at the default guesses, power differs over
    their 688 hours by 19 % in the median; above 30 % load by 13 % in the median and 85 % at worst (a machine at 13 C
    condenser water). One rating point does not tell how a machine unloads: use its curves where it works inside them.

Sources
    Gordon and Ng, Cool Thermodynamics (2000), for chillers as a Carnot machine with losses of its own; default shares are guesses.
"""

import functools

from lowlift.thermal import ops
from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.ops import Signal

CP_WATER = 4186.0
MIN_LIFT = 4.0
"""Least lift of the refrigerant in the Carnot form: what the expansion device needs [K] (guess)."""
CONDENSER_LEAST = 0.05
"""Least condenser water over rated that takes heat away; exact from twice that on [1]."""


class CarnotChiller(Component):
    """A machine for warm chilled water, described by one rating point.

    >>> chiller = CarnotChiller(Q_dot_nominal=9.0e5, COP_nominal=7.5, T_chw_out_nominal=289.15, T_cw_in_nominal=301.15,
    ...                         m_cw_nominal=38.0)
    >>> round(9.0e5 / float(chiller.P_el(9.0e5, 289.15, 301.15, 38.0)), 3)
    7.5
    """

    Q_dot_nominal: float = parameter(unit="W", above=0.0, doc="capacity at the rating point")
    COP_nominal: float = parameter(unit="1", above=1.0, high=20.0, doc="COP at the rating point")
    T_chw_out_nominal: float = parameter(unit="K", low=270.0, high=310.0, doc="chilled water leaving, rated")
    T_cw_in_nominal: float = parameter(unit="K", low=275.0, high=325.0, doc="condenser water entering, rated")
    m_cw_nominal: float = parameter(unit="kg/s", above=0.0, doc="condenser water, rated")
    approach_evaporator: float = parameter(default=1.5, unit="K", low=0.0, high=10.0, doc="at full load (guess)")
    approach_condenser: float = parameter(default=2.0, unit="K", low=0.0, high=10.0, doc="at full load (guess)")
    standing_share: float = parameter(default=0.06, unit="1", low=0.0, below=0.5, doc="standing over rated power (guess)")
    capacity_evaporator: float = parameter(default=0.025, unit="1/K", low=0.0, high=0.1, doc="capacity gain by chilled water (guess)")
    capacity_condenser: float = parameter(default=0.01, unit="1/K", low=0.0, high=0.1, doc="capacity loss by condenser water (guess)")

    def check(self) -> None:
        """The rating must stay below Carnot."""
        if self.eta >= 1.0:
            self.reject("COP_nominal", f"would be {self.eta:.2f} of Carnot between the refrigerant temperatures")

    @property
    def P_nominal(self) -> float:
        """Rated power [W]."""
        return self.Q_dot_nominal / self.COP_nominal

    @functools.cached_property
    def eta(self) -> float:
        """Share of Carnot between refrigerant temperatures at the rating point, standing power apart."""
        T_e, lift = (float(v) for v in self._lift(self.Q_dot_nominal, self.T_chw_out_nominal, self.T_cw_in_nominal,
                                                  self.m_cw_nominal))  # fmt: skip
        return self.Q_dot_nominal * lift / T_e / (self.P_nominal * (1.0 - self.standing_share))

    @property
    def ranges(self) -> dict[str, Range]:
        """Load [W], chilled water leaving and condenser water entering [K], condenser water [kg/s]."""
        return {
            "Q_dot": Range(0.0, 1.2 * self.Q_dot_nominal, "W"), "T_chw": Range(278.0, 303.0, "K"), "T_cw_in": Range(283.0, 313.0, "K"),
            "m_cw": Range(0.3 * self.m_cw_nominal, 1.5 * self.m_cw_nominal, "kg/s"),
        }  # fmt: skip

    def _lift(self, Q_dot: Signal, T_chw: Signal, T_cw_in: Signal, m_cw: Signal) -> tuple[Signal, Signal]:
        """Evaporating temperature and lift [K], equation (1)."""
        PLR = Q_dot / self.Q_dot_nominal
        T_e = T_chw - self.approach_evaporator * PLR
        C_cw = ops.at_least(m_cw, CONDENSER_LEAST * self.m_cw_nominal) * CP_WATER
        T_out = T_cw_in + Q_dot * (1.0 + 1.0 / self.COP_nominal) / C_cw
        return T_e, ops.smooth_max(T_out + self.approach_condenser * PLR - T_e, MIN_LIFT, 0.5)

    def capacity(self, T_chw: Signal, T_cw_in: Signal) -> Signal:
        """Full-load capacity [W]: linear around the rating point, never below a tenth of it."""
        factor = (
            1.0 + self.capacity_evaporator * (T_chw - self.T_chw_out_nominal) - self.capacity_condenser * (T_cw_in - self.T_cw_in_nominal)
        )
        return self.Q_dot_nominal * ops.smooth_max(factor, 0.1, 0.01)

    def P_el(self, Q_dot: Signal, T_chw: Signal, T_cw_in: Signal, m_cw: Signal) -> Signal:
        """Electric power [W] of a running machine, equation (2); more than zero even at no load."""
        T_e, lift = self._lift(Q_dot, T_chw, T_cw_in, m_cw)
        return Q_dot * lift / (T_e * self.eta) + self.standing_share * self.P_nominal
