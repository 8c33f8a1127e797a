"""Cooling tower cell by the YorkCalc correlation.

What
    A manufacturer's counterflow tower as a polynomial for the approach: the form of EnergyPlus' ``CoolingTower:VariableSpeed`` and of
    Modelica Buildings' ``YorkCalc``. Prefer the Merkel cell (:mod:`lowlift.thermal.tower`) for optimisation; this one reproduces
    studies made with the correlation.

Equations
    ::

        approach = sum_ijk c_ijk (L/G)^i R^j t_wb^k,  i, j, k = 0, 1, 2      (t_wb in C, R the range in K)    (1)
        L/G = lambda (m_w / m_w,n) / r,  lambda such that the rating point holds                              (2)
        R + approach(R) = D = T_w,in - T_wb                                                                   (3)
        R = eps D,  eps = R(D_c) / D_c,  D_c = D held between the drives of the least and the largest range    (4)
        eps <= 0.98:  water never leaves below the wet bulb                                                   (5)

    (1) is quadratic in ``R``, so (3) has a closed root and needs no iteration. With the fan off the heat is ``y_natural`` of that at
    full speed; between off and ``y_min`` a smooth step joins the two, and above ``y_min`` the correlation holds wherever it gives
    more than natural draught. Every bound is blended over a stated width and exact outside it.

Validity
    Wet bulb -34.4 C to 29.4 C, range 1.1 K to 22.2 K, L/G 0.125 to 8, water flow 0.75 to 1.25 of nominal as published (the ratio
    enters through L/G only). Outside, arguments are held at the edge and the effectiveness of the edge is used: a polynomial
    must not extrapolate. Leaving water falls with fan speed everywhere; it rises with the wet bulb for drives up to 25 K, beyond which
    the polynomial turns in hard frost (by up to 0.2 K per K). ``lambda`` is 1.00904 for 25.6 C, approach 3.9 K, range 5.6 K.

Comparison with EnergyPlus: the main differences are
    1. EnergyPlus returns water below the wet bulb at part fan flow and low load; (4) and (5) exclude it. 2. EnergyPlus switches
    to natural draught; here it is joined smoothly. 3. Leaving water agrees within 0.006 K (median) and 0.07 K (worst) over 600 hours.

Sources
    EnergyPlus Engineering Reference, Variable Speed Cooling Towers, table of YorkCalc coefficients; Modelica Buildings library,
    ``Fluid.HeatExchangers.CoolingTowers.Correlations.yorkCalc``.
"""

import functools

from lowlift.thermal import ops
from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.ops import Signal
from lowlift.thermal.tower_cell import CP_WATER, TowerCell, TowerState, wet_bulb_of_gain

ZERO_C = 273.15
COEFFICIENTS = (
    ((-0.359741205, -0.055053608, 0.0023850432),
     (0.173926877, -0.0248473764, 0.00048430224),
     (-0.005589849456, 0.0005770079712, -0.00001342427256)),
    ((2.84765801111111, -0.121765149, 0.0014599242),
     (1.680428651, -0.0166920786, -0.0007190532),
     (-0.025485194448, 0.0000487491696, 0.00002719234152)),
    ((-0.0653766255555556, -0.002278167, 0.0002500254),
     (-0.0910565458, 0.00318176316, 0.000038621772),
     (-0.0034285382352, 0.00000856589904, -0.000001516821552)),
)  # fmt: skip
"""``c[i][j][k]`` of equation (1): powers of L/G, of the range and of the wet bulb."""
WET_BULB_RANGE = (238.75, 302.594)
"""Wet bulbs of the correlation [K]."""
RANGE_MIN, RANGE_MAX = 1.1111, 22.2222
"""Ranges of the correlation [K]."""
LIQUID_GAS_RANGE = (0.125, 8.0)
VERTEX_SHARE = 0.8
"""The range never goes beyond this share of the one where the drive (3) is largest, so that its root stays unique."""
EPS_MAX = 0.98
"""Largest effectiveness: the share of the drive that the water can give up."""
DRIVE_LEAST = 0.5
"""Floor of the drive at the least range, where the correlation has no approach left [K]."""
T_WIDTH, LG_WIDTH, EPS_WIDTH, Y_WIDTH, NATURAL_WIDTH = 0.1, 0.02, 0.02, 0.01, 0.005
"""Widths of the blends [K], the others [1]."""
DRIVE_WIDTH = 1e-3
"""Rounding of the drive where water enters at the wet bulb: colder water is not cooled [K]."""


def _held(x: Signal, low: float, high: float, width: float) -> Signal:
    """``x`` held in ``[low, high]``, exact inside except within ``width`` of the ends."""
    return ops.blended_min(ops.blended_max(x, low, width), high, width)


def _in_range(T_wb: Signal, LG: Signal) -> tuple[Signal, Signal, Signal]:
    """The approach as a quadratic of the range: its three coefficients at the given wet bulb [K] and L/G."""
    t = _held(T_wb, *WET_BULB_RANGE, T_WIDTH) - ZERO_C
    ratio = _held(LG, *LIQUID_GAS_RANGE, LG_WIDTH)
    a, b, c = (ops.polynomial(ratio, [ops.polynomial(t, COEFFICIENTS[i][j]) for i in range(3)]) for j in range(3))
    return a, b, c


def approach(R: Signal, T_wb: Signal, LG: Signal) -> Signal:
    """Leaving water above the wet bulb [K] by equation (1), for a range ``R`` [K]; wet bulb [K] and L/G are held in bounds.

    >>> round(float(approach(5.6, 298.75, 1.00904)), 3)
    3.9
    """
    a, b, c = _in_range(T_wb, LG)
    return a + R * (b + c * R)


def effectiveness(drive: Signal, T_wb: Signal, LG: Signal) -> Signal:
    """Share of the drive ``T_w,in - T_wb`` [K] that the water gives up, equations (3) to (5)."""
    a, b, c = _in_range(T_wb, LG)
    slope = 1.0 + b  # of the drive at no range; c is negative, so the drive rises up to the vertex of a parabola
    R_vertex = 0.5 * VERTEX_SHARE * slope / ops.smooth_max(-c, 0.0, 1e-6)
    R_high = ops.blended_min(R_vertex, RANGE_MAX, T_WIDTH)
    D_low = ops.blended_max(a + RANGE_MIN * (slope + c * RANGE_MIN), DRIVE_LEAST, T_WIDTH)
    D_high = a + R_high * (slope + c * R_high)
    D = ops.blended_min(ops.blended_max(drive, D_low, T_WIDTH), D_high, T_WIDTH)
    R = 2.0 * (D - a) / (slope + ops.sqrt(slope * slope + 4.0 * c * (D - a)))
    return ops.blended_min(R / D, EPS_MAX, EPS_WIDTH)


class Calibrated(Component):
    """What components described by the correlation share: the water flow for which their rating point lies on it; abstract."""

    def check(self) -> None:
        """The rating point must lie on the correlation."""
        try:
            self.flow_calibration  # noqa: B018 - derived on access, fails when impossible
        except ValueError:
            self.reject("approach_nominal", "the correlation does not reach it between 0.5 and 2 times its own water flow")

    def excess_range(self, LG: float) -> float:
        """Range beyond the rated one [K] at the rating point's drive, full fan speed and ``L/G`` of the correlation."""
        raise NotImplementedError

    @functools.cached_property
    def flow_calibration(self) -> float:
        """``lambda`` of equation (2): rated water flow over that of the correlation."""
        from scipy.optimize import brentq

        return float(brentq(self.excess_range, 0.5, 2.0, rtol=1e-13))


class YorkTowerCell(Calibrated, TowerCell):
    """One cell by the correlation, rated like the Merkel cell.

    Declared range: wet bulb 253 K to 302 K, water 275 K to 325 K, fan 0 to 1, water flow 0.3 to 1.25 of nominal, down to none.

    >>> cell = YorkTowerCell(Q_dot_nominal=1.172e6, T_wb_nominal=298.75, approach_nominal=3.9, range_nominal=5.6,
    ...                      V_air_nominal=32.0, P_fan_nominal=1.22e4)
    >>> round(cell.flow_calibration, 5)
    1.00904
    >>> state = cell.leave(308.25, cell.m_w_nominal, 298.75, 101325.0, 1.0)
    >>> round(float(state.T_w_out) - 298.75, 3)
    3.9
    """

    y_min: float = parameter(default=0.15, unit="1", above=0.05, below=0.5, doc="fan speed below which natural draught takes over")

    def excess_range(self, LG: float) -> float:
        """Range beyond the rated one [K], equation (4)."""
        drive = self.approach_nominal + self.range_nominal
        return float(effectiveness(drive, self.T_wb_nominal, LG)) * drive - self.range_nominal

    @property
    def ranges(self) -> dict[str, Range]:
        """Water [K, kg/s], wet bulb [K], pressure [Pa] and fan speed."""
        return {
            "T_w_in": Range(275.0, 325.0, "K"), "m_w": Range(0.3 * self.m_w_nominal, 1.25 * self.m_w_nominal, "kg/s"),
            "T_wb": Range(253.0, 302.0, "K"), "p": Range(6.0e4, 1.05e5, "Pa"), "y": Range(0.0, 1.0),
        }  # fmt: skip

    def cooling(self, drive: Signal, T_wb: Signal, x: Signal, y: Signal) -> Signal:
        """Share of the drive given up at water flow ratio ``x`` and fan speed ``y``, natural draught included."""
        L = self.flow_calibration * x
        natural = self.y_natural * effectiveness(drive, T_wb, L)
        alone = effectiveness(drive, T_wb, L / ops.blended_max(y, self.y_min, Y_WIDTH))
        fan = ops.blended_max(alone, natural, NATURAL_WIDTH)  # in the cold the correlation falls below natural draught
        return natural + ops.smooth_step(y / self.y_min) * (fan - natural)

    def leave(self, T_w_in: Signal, m_w: Signal, T_wb: Signal, p: Signal, y: Signal, T_db: Signal | None = None) -> TowerState:
        """One cell with water ``m_w`` [kg/s] at ``T_w_in`` and fan speed ``y``; air saturated unless ``T_db`` is given."""
        drive = ops.smooth_max(T_w_in - T_wb, 0.0, DRIVE_WIDTH)
        R = self.cooling(drive, T_wb, m_w / self.m_w_nominal, y) * drive
        Q = m_w * CP_WATER * R
        rho, w_in = self.air(T_wb if T_db is None else T_db, T_wb, p)
        m_da = self.V_air_nominal * rho * self.air_ratio(y) / (1.0 + w_in)
        return TowerState(T_w_in - R, Q, wet_bulb_of_gain(Q / m_da, T_wb, drive, p), m_da, w_in)
