"""The YorkCalc correlation of a cooling tower: approach as a polynomial of wet bulb, range and liquid-to-gas ratio.

Equation::

    approach = sum_ijk c_ijk (L/G)^i R^j t_wb^k,  i, j, k = 0, 1, 2        (t_wb in C, R the range in K)       (1)

It is quadratic in each argument, so the range that closes ``T_w,in = T_wb + approach + R`` and the ratio that meets a given
approach are roots of quadratics and need no iteration.

Validity
    Wet bulb -34.4 C to 26.7 C, range 1.1 K to 22.2 K, approach 1.1 K to 40 K, L/G up to 8.

Source
    EnergyPlus Engineering Reference, Variable Speed Cooling Towers, table of YorkCalc coefficients; York International,
    "YORKcalc Software, Chiller-Plant Energy-Estimating Program", form 160.00-SG2, 2002.
"""

from lowlift.thermal import ops
from lowlift.thermal.ops import Signal

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


def approach(R: Signal, T_wb: Signal, LG: Signal) -> Signal:
    """Leaving water above the wet bulb [K] by equation (1), for a range ``R`` [K], wet bulb [K] and L/G.

    >>> round(float(approach(5.6, 298.75, 1.00904)), 3)
    3.9
    """
    t_wb = T_wb - ZERO_C
    return ops.polynomial(LG, [ops.polynomial(R, [ops.polynomial(t_wb, c) for c in row]) for row in COEFFICIENTS])
