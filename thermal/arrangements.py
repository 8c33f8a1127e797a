"""Effectiveness of further exchanger arrangements; counterflow and unmixed crossflow are in :mod:`lowlift.thermal.exchange`.

Equations (``exprel(x) = (e^x - 1) / x`` keeps all of them regular at no transfer units and at any ratio of streams)::

    parallel flow:            eps = NTU exprel(-NTU (1 + C_r))                                              (1)
    one shell pass, two tube passes (or a multiple):
                              E = NTU exprel(-NTU s),  s = sqrt(1 + C_r^2)
                              eps = 2 E / ((1 + C_r) E + 1 + exp(-NTU s))                                   (2)
    crossflow, larger stream mixed:   a = NTU exprel(-NTU),       eps = a exprel(-C_r a)                    (3)
    crossflow, smaller stream mixed:  b = NTU exprel(-C_r NTU),   eps = b exprel(-b)                        (4)
    one stream boils or condenses (C_r = 0):  eps = NTU exprel(-NTU)                                        (5)

Validity
    ``NTU >= 0``, ``0 <= C_r <= 1``.

Assumptions
    Constant properties and conductance, no loss, no conduction along the wall.

Sources
    Kays and London, Compact Heat Exchangers, 3rd ed. (1984), ch. 2; Incropera et al., Fundamentals of Heat and Mass Transfer, ch. 11.
"""

from lowlift.thermal import ops
from lowlift.thermal.ops import Signal


def effectiveness_parallel(NTU: Signal, C_ratio: Signal) -> Signal:
    """Parallel flow, equation (1).

    >>> round(float(effectiveness_parallel(10.0, 1.0)), 6)
    0.5
    """
    return NTU * ops.exprel(-NTU * (1.0 + C_ratio))


def effectiveness_shell_tube(NTU: Signal, C_ratio: Signal) -> Signal:
    """Shell and tube with one shell pass and two tube passes or a multiple, equation (2).

    >>> round(float(effectiveness_shell_tube(2.0, 0.5)), 3)
    0.693
    """
    units = NTU * ops.sqrt(1.0 + C_ratio * C_ratio)
    E = NTU * ops.exprel(-units)
    return 2.0 * E / ((1.0 + C_ratio) * E + 1.0 + ops.exp(-units))


def effectiveness_crossflow_larger_mixed(NTU: Signal, C_ratio: Signal) -> Signal:
    """Crossflow, the stream of larger capacity mixed, the other not, equation (3).

    >>> round(float(effectiveness_crossflow_larger_mixed(1.0, 1.0)), 3)
    0.469
    """
    a = NTU * ops.exprel(-NTU)
    return a * ops.exprel(-C_ratio * a)


def effectiveness_crossflow_smaller_mixed(NTU: Signal, C_ratio: Signal) -> Signal:
    """Crossflow, the stream of smaller capacity mixed, the other not, equation (4).

    >>> round(float(effectiveness_crossflow_smaller_mixed(1.0, 0.5)), 3)
    0.545
    """
    b = NTU * ops.exprel(-C_ratio * NTU)
    return b * ops.exprel(-b)


def effectiveness_phase_change(NTU: Signal) -> Signal:
    """Boiler or condenser, equation (5).

    >>> round(float(effectiveness_phase_change(1.0)), 3)
    0.632
    """
    return NTU * ops.exprel(-NTU)
