"""Water-cooled chillers: curve-fit (EIR and Reformulated EIR) and Carnot-fraction for warm water.

Equations of the curve-fit form (EnergyPlus Engineering Reference, Chiller:Electric:EIR)::

    capacity = Q_ref CapFT(T_chw, T_c)                                                                   (1)
    P = capacity / COP_ref  EIRFT(T_chw, T_c)  EIRFPLR(max(PLR, PLR_unload))  min(1, PLR / PLR_min)      (2)

with ``T_c`` the condenser's entering (EIR) or leaving (Reformulated) water temperature. Leaving it makes (2)
implicit; a fixed number of substitutions solves it within 1e-3 relative. Power is at least what a share of
Carnot between the leaving water temperatures needs, because polynomial fits exceed Carnot in places.

Equations of the Carnot form, for 5 to 30 C chilled water where no curves are published::

    T_e = T_chw - a_e PLR,  T_k = T_cw,in + Q (1 + 1/COP_n) / (m_cw c_w) + a_c PLR                       (3)
    P = Q (T_k - T_e) / (T_e eta) + P_standing                                                           (4)

``eta`` follows from the rating point; the standing power (oil, controls, recirculation) makes P/Q rise at low
load. Its default 0.14 is the least-squares fit of (4) to the nine curve sets of EnergyPlus in the tests,
whose part-load behaviour differs widely (power at 10 % load is 7 % to 84 % of full power): above half load
nine in ten of their points are met within 25 %, below it half of them.

Differences from EnergyPlus
    Temperatures outside the curves' range are held at its edge here too, but
    :meth:`EirChiller.range_violation` says by how much. Heat of the compressor goes to the condenser
    entirely: ``Q_cond = Q_evap + P``. Load above capacity is the plant's to withhold: power is held at the
    largest load ratio.
"""

import functools
from collections.abc import Mapping
from typing import Any

from lowlift.thermal import ops
from lowlift.thermal.component import Component, parameter
from lowlift.thermal.ops import Signal

CP_WATER = 4186.0
ZERO_C = 273.15
SUBSTITUTIONS = 8
MIN_LIFT = 4.0
"""Least lift of the refrigerant in the Carnot form: what the expansion device needs [K] (guess)."""


def _leaving(Q_cond: Signal, T_in: Signal, m: Signal, Q_nominal: float) -> Signal:
    """Water leaving the condenser [K]; without flow it is finite, a thousand kelvin up at nominal heat."""
    return T_in + Q_cond / ops.smooth_abs(m * CP_WATER, 1e-3 * Q_nominal)


def biquadratic(x: Signal, y: Signal, c: tuple[float, ...]) -> Signal:
    """Evaluate ``c0 + c1 x + c2 x^2 + c3 y + c4 y^2 + c5 x y``."""
    return c[0] + x * (c[1] + c[2] * x) + y * (c[3] + c[4] * y) + c[5] * x * y


def bicubic(x: Signal, y: Signal, c: tuple[float, ...]) -> Signal:
    """Evaluate the biquadratic plus ``c6 x^3 + c7 y^3 + c8 x^2 y + c9 x y^2``."""
    return biquadratic(x, y, c) + c[6] * x * x * x + c[7] * y * y * y + c[8] * x * x * y + c[9] * x * y * y


class EirChiller(Component):
    """A machine described by published curves (arguments in C); build it with :meth:`from_energyplus`.

    >>> chiller = EirChiller(
    ...     Q_dot_nominal=1.0e6, COP_nominal=6.0, PLR_min=0.1, PLR_unload=0.1, PLR_max=1.1,
    ...     T_e_min=278.15, T_e_max=283.15, T_c_min=288.15, T_c_max=303.15,
    ...     T_part_min=288.15, T_part_max=308.15, cap_ft=(1.0, 0, 0, 0, 0, 0),
    ...     eir_ft=(1.0, 0, 0, 0, 0, 0), eir_fplr=(0.2, 0.3, 0.5),
    ... )
    >>> round(float(chiller.P_el(1.0e6, 280.15, 300.15, 48.0)))
    166667
    >>> float(chiller.range_violation(285.15, 300.15))
    2.0
    """

    Q_dot_nominal: float = parameter(unit="W", above=0.0, doc="reference capacity")
    COP_nominal: float = parameter(unit="1", above=1.0, high=20.0, doc="reference COP")
    PLR_min: float = parameter(unit="1", above=0.0, high=1.0, doc="below this load ratio the machine cycles")
    PLR_unload: float = parameter(
        unit="1", above=0.0, high=1.0, doc="below this ratio capacity is held up by false load"
    )
    PLR_max: float = parameter(unit="1", above=0.0, high=2.0, doc="largest load ratio")
    T_e_min: float = parameter(unit="K", doc="lower end of the curves, chilled water leaving")
    T_e_max: float = parameter(unit="K", doc="upper end of the curves, chilled water leaving")
    T_c_min: float = parameter(unit="K", doc="lower end of the curves, condenser water")
    T_c_max: float = parameter(unit="K", doc="upper end of the curves, condenser water")
    T_part_min: float = parameter(
        unit="K", doc="lower end of a bicubic part-load curve, condenser water leaving"
    )
    T_part_max: float = parameter(unit="K", doc="its upper end")
    carnot_share: float = parameter(
        default=0.85, unit="1", above=0.0, below=1.0, doc="largest share of Carnot allowed"
    )
    reformulated: bool = False
    cap_ft: tuple[float, ...] = ()
    eir_ft: tuple[float, ...] = ()
    eir_fplr: tuple[float, ...] = ()

    @classmethod
    def from_energyplus(cls, data: Mapping[str, Mapping[str, Any]]) -> "EirChiller":
        """Build from EnergyPlus objects as JSON: the chiller and its three curves.

        Raises:
            KeyError: a coefficient is missing.
        """
        cap = data["cooling_capacity_function_of_temperature_curve_name"]
        eir = data["electric_input_to_cooling_output_ratio_function_of_temperature_curve_name"]
        plr = data["electric_input_to_cooling_output_ratio_function_of_part_load_ratio_curve_name"]
        machine = data["chiller"]

        def coefficients(curve: Mapping[str, Any]) -> tuple[float, ...]:
            keyed = sorted(
                (int(k[11:].split("_")[0]), v) for k, v in curve.items() if k.startswith("coefficient")
            )
            return tuple(float(v) for _, v in keyed)

        return cls(
            Q_dot_nominal=float(machine["reference_capacity"]),
            COP_nominal=float(machine["reference_cop"]),
            PLR_min=float(machine["minimum_part_load_ratio"]),
            PLR_unload=float(machine["minimum_unloading_ratio"]),
            PLR_max=float(machine["maximum_part_load_ratio"]),
            T_e_min=float(cap["minimum_value_of_x"]) + ZERO_C,
            T_e_max=float(cap["maximum_value_of_x"]) + ZERO_C,
            T_c_min=float(cap["minimum_value_of_y"]) + ZERO_C,
            T_c_max=float(cap["maximum_value_of_y"]) + ZERO_C,
            T_part_min=float(plr["minimum_value_of_x"]) + ZERO_C,
            T_part_max=float(plr["maximum_value_of_x"]) + ZERO_C,
            reformulated="Reformulated" in machine["type"],
            cap_ft=coefficients(cap),
            eir_ft=coefficients(eir),
            eir_fplr=coefficients(plr),
        )

    def range_violation(self, T_chw_out: Signal, T_c: Signal) -> Signal:
        """How far the temperatures lie outside the curves [K]; zero inside."""
        e = ops.maximum(self.T_e_min - T_chw_out, 0.0) + ops.maximum(T_chw_out - self.T_e_max, 0.0)
        return e + ops.maximum(self.T_c_min - T_c, 0.0) + ops.maximum(T_c - self.T_c_max, 0.0)

    def in_range(self, T_chw_out: Signal, T_c: Signal) -> Signal:
        """Whether both temperatures lie inside the curves' range."""
        return self.range_violation(T_chw_out, T_c) <= 0.0

    def _clamped(self, T_chw_out: Signal, T_c: Signal) -> tuple[Signal, Signal]:
        return (
            ops.clip(T_chw_out, self.T_e_min, self.T_e_max) - ZERO_C,
            ops.clip(T_c, self.T_c_min, self.T_c_max) - ZERO_C,
        )

    def capacity(self, T_chw_out: Signal, T_cw: Signal) -> Signal:
        """Full-load capacity [W], equation (1); ``T_cw`` enters the condenser (Reformulated: leaves it)."""
        return self.Q_dot_nominal * ops.maximum(
            biquadratic(*self._clamped(T_chw_out, T_cw), self.cap_ft), 1e-3
        )

    def P_el(self, Q_evap: Signal, T_chw_out: Signal, T_cw_in: Signal, m_cw: Signal) -> Signal:
        """Electric power [W] for load ``Q_evap`` [W], equation (2), capped by Carnot."""
        P = Q_evap / self.COP_nominal
        T_out = _leaving(Q_evap + P, T_cw_in, m_cw, self.Q_dot_nominal)
        for _ in range(SUBSTITUTIONS if self.reformulated else 1):
            T_c = T_out if self.reformulated else T_cw_in
            capacity = self.capacity(T_chw_out, T_c)
            PLR = ops.minimum(Q_evap / capacity, self.PLR_max)
            running = ops.maximum(PLR, self.PLR_unload)
            part = (
                bicubic(ops.clip(T_c, self.T_part_min, self.T_part_max) - ZERO_C, running, self.eir_fplr)
                if self.reformulated
                else ops.polynomial(running, self.eir_fplr)
            )
            eir = biquadratic(*self._clamped(T_chw_out, T_c), self.eir_ft)
            P = capacity / self.COP_nominal * eir * part * ops.minimum(1.0, PLR / self.PLR_min)
            T_out = _leaving(Q_evap + P, T_cw_in, m_cw, self.Q_dot_nominal)
        least = Q_evap * ops.maximum(T_out - T_chw_out, 0.0) / (self.carnot_share * T_chw_out)
        return ops.maximum(P, least)


class CarnotChiller(Component):
    """A machine for warm chilled water, described by one rating point.

    Declared range: leaving chilled water 278 K to 303 K, entering condenser water 283 K to 313 K.

    >>> chiller = CarnotChiller(
    ...     Q_dot_nominal=9.0e5, COP_nominal=7.5, T_chw_out_nominal=289.15, T_cw_in_nominal=301.15,
    ...     m_cw_nominal=38.0,
    ... )
    >>> round(9.0e5 / float(chiller.P_el(9.0e5, 289.15, 301.15, 38.0)), 3)
    7.5
    """

    Q_dot_nominal: float = parameter(unit="W", above=0.0, doc="capacity at the rating point")
    COP_nominal: float = parameter(unit="1", above=1.0, high=20.0, doc="COP at the rating point")
    T_chw_out_nominal: float = parameter(unit="K", low=270.0, high=310.0, doc="chilled water leaving, rated")
    T_cw_in_nominal: float = parameter(unit="K", low=275.0, high=325.0, doc="condenser water entering, rated")
    m_cw_nominal: float = parameter(unit="kg/s", above=0.0, doc="condenser water, rated")
    approach_evaporator: float = parameter(
        default=1.5, unit="K", low=0.0, high=10.0, doc="at full load (guess)"
    )
    approach_condenser: float = parameter(
        default=2.0, unit="K", low=0.0, high=10.0, doc="at full load (guess)"
    )
    standing_share: float = parameter(
        default=0.14, unit="1", low=0.0, below=0.5, doc="standing over rated power (fit, see above)"
    )
    capacity_evaporator: float = parameter(
        default=0.025, unit="1/K", low=0.0, high=0.1, doc="capacity gain by chilled water (guess)"
    )
    capacity_condenser: float = parameter(
        default=0.01, unit="1/K", low=0.0, high=0.1, doc="capacity loss by condenser water (guess)"
    )

    def check(self) -> None:
        """Check that the rating stays below Carnot."""
        if self.eta >= 1.0:
            self.reject(
                "COP_nominal", f"would be {self.eta:.2f} of Carnot between the refrigerant temperatures"
            )

    @property
    def P_nominal(self) -> float:
        """Rated power [W]."""
        return self.Q_dot_nominal / self.COP_nominal

    @functools.cached_property
    def eta(self) -> float:
        """Share of Carnot between refrigerant temperatures at the rating point, standing power apart."""
        T_e, lift = (float(v) for v in self._lift(self.Q_dot_nominal, self.T_chw_out_nominal,
        self.T_cw_in_nominal,
                                                  self.m_cw_nominal))  # fmt: skip
        return self.Q_dot_nominal * lift / T_e / (self.P_nominal * (1.0 - self.standing_share))

    def _lift(
        self, Q_evap: Signal, T_chw_out: Signal, T_cw_in: Signal, m_cw: Signal
    ) -> tuple[Signal, Signal]:
        """Evaporating temperature and lift [K], equation (3)."""
        PLR = Q_evap / self.Q_dot_nominal
        T_e = T_chw_out - self.approach_evaporator * PLR
        T_out = _leaving(Q_evap * (1.0 + 1.0 / self.COP_nominal), T_cw_in, m_cw, self.Q_dot_nominal)
        return T_e, ops.smooth_max(T_out + self.approach_condenser * PLR - T_e, MIN_LIFT, 0.5)

    def capacity(self, T_chw_out: Signal, T_cw_in: Signal) -> Signal:
        """Full-load capacity [W]: linear around the rating point, never below a tenth of it."""
        factor = (
            1.0
            + self.capacity_evaporator * (T_chw_out - self.T_chw_out_nominal)
            - self.capacity_condenser * (T_cw_in - self.T_cw_in_nominal)
        )
        return self.Q_dot_nominal * ops.smooth_max(factor, 0.1, 0.01)

    def P_el(self, Q_evap: Signal, T_chw_out: Signal, T_cw_in: Signal, m_cw: Signal) -> Signal:
        """Electric power [W] of a running machine, equation (4); more than zero even at no load."""
        T_e, lift = self._lift(Q_evap, T_chw_out, T_cw_in, m_cw)
        return Q_evap * lift / (T_e * self.eta) + self.standing_share * self.P_nominal
