"""Elementary functions that serve NumPy arrays and CasADi expressions alike.

Physics in this package is written with plain arithmetic and the functions below; they dispatch on the type
of their arguments. A signal over ``n`` components is an array of shape ``(..., n)`` in NumPy (the leading
axes are the batch) and an ``n x 1`` column in CasADi; a plant-level signal has ``n = 1``. Physics never indexes
an axis: sums over components and the traffic between racks and their CDU go through :func:`sum_components`,
:func:`segment_sum` and :func:`gather`.

CasADi is imported only when a CasADi expression is met, so NumPy users never wait for it. ``math.*`` must not
be used in physics (``math.exp(SX)`` is silently nan), nor NumPy's own ``where`` and ``maximum`` on expressions.
"""

import functools
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

Signal = Any
"""A float, an array of shape ``(..., n)``, or a CasADi SX, MX or DM column of shape ``(n, 1)``."""


def is_symbolic(*values: Signal) -> bool:
    """Whether any argument is a CasADi matrix or expression (SX, MX or DM)."""
    return any(type(v).__module__.startswith("casadi") for v in values)


def _casadi() -> Any:
    import casadi

    return casadi


def exp(x: Signal) -> Signal:
    """The exponential."""
    return _casadi().exp(x) if is_symbolic(x) else np.exp(x)


def log(x: Signal) -> Signal:
    """The natural logarithm."""
    return _casadi().log(x) if is_symbolic(x) else np.log(x)


def sqrt(x: Signal) -> Signal:
    """The square root."""
    return _casadi().sqrt(x) if is_symbolic(x) else np.sqrt(x)


def expm1(x: Signal) -> Signal:
    """``exp(x) - 1`` without cancellation."""
    return _casadi().expm1(x) if is_symbolic(x) else np.expm1(x)


def log1p(x: Signal) -> Signal:
    """``log(1 + x)`` without cancellation."""
    return _casadi().log1p(x) if is_symbolic(x) else np.log1p(x)


def tanh(x: Signal) -> Signal:
    """The hyperbolic tangent."""
    return _casadi().tanh(x) if is_symbolic(x) else np.tanh(x)


def cos(x: Signal) -> Signal:
    """The cosine."""
    return _casadi().cos(x) if is_symbolic(x) else np.cos(x)


def arccos(x: Signal) -> Signal:
    """The inverse cosine."""
    return _casadi().acos(x) if is_symbolic(x) else np.arccos(x)


def absolute(x: Signal) -> Signal:
    """The absolute value (kink at zero; see :func:`smooth_abs`)."""
    return _casadi().fabs(x) if is_symbolic(x) else np.abs(x)


def maximum(a: Signal, b: Signal) -> Signal:
    """The larger of two signals (kink where they meet; see :func:`smooth_max`)."""
    return _casadi().fmax(a, b) if is_symbolic(a, b) else np.maximum(a, b)


def minimum(a: Signal, b: Signal) -> Signal:
    """The smaller of two signals (kink where they meet; see :func:`smooth_min`)."""
    return _casadi().fmin(a, b) if is_symbolic(a, b) else np.minimum(a, b)


def clip(x: Signal, low: Signal, high: Signal) -> Signal:
    """Limit ``x`` to ``[low, high]`` (kinks at both ends)."""
    return minimum(maximum(x, low), high)


def where(condition: Signal, a: Signal, b: Signal) -> Signal:
    """``a`` where the condition holds, else ``b``; both branches are evaluated, so both must be finite."""
    return _casadi().if_else(condition, a, b) if is_symbolic(condition, a, b) else np.where(condition, a, b)


def smooth_max(a: Signal, b: Signal, width: float) -> Signal:
    """Twice-differentiable maximum ``(a + b + sqrt((a - b)^2 + width^2)) / 2``.

    Never below the true maximum and above it by at most ``width / 2`` (where ``a = b``); the excess falls as
    ``width^2 / (4 |a - b|)``. ``width`` has the unit of the arguments.
    """
    d = a - b
    return 0.5 * (a + b + sqrt(d * d + width * width))


def smooth_min(a: Signal, b: Signal, width: float) -> Signal:
    """Twice-differentiable minimum, never above the true one and below it by at most ``width / 2``."""
    d = a - b
    return 0.5 * (a + b - sqrt(d * d + width * width))


def ramp(x: Signal, width: float) -> Signal:
    """``max(x, 0)``, exact outside ``|x| < width`` and a parabola inside, above it by at most ``width / 4``; C1."""
    inside = clip(x, -width, width) + width
    return inside * inside / (4.0 * width) + maximum(x - width, 0.0)


def blended_max(a: Signal, b: Signal, width: float) -> Signal:
    """Once-differentiable maximum, exact where the arguments differ by more than ``width``; see :func:`ramp`."""
    return b + ramp(a - b, width)


def blended_min(a: Signal, b: Signal, width: float) -> Signal:
    """Once-differentiable minimum, exact where the arguments differ by more than ``width``; see :func:`ramp`."""
    return b - ramp(b - a, width)


def at_least(x: Signal, small: Signal) -> Signal:
    """``x`` from ``2 small`` on, never below ``small``; C1. For flows that divide heat which does not end with them."""
    return blended_max(x, small, small)


def taken(supply: Signal, width: float) -> Signal:
    """Share of a supply that a demand of one takes: ``blended_min(supply, 1, width) / supply``, one where there is no supply."""
    return 1.0 - ramp(supply - 1.0, width) / maximum(supply, 1.0 - width)


def one_way(x: Signal, width: float) -> Signal:
    """``max(x, 0)`` that never exceeds it: zero up to ``x = 0``, exact from ``width`` on, a cubic between; C1.

    For what may flow one way only: a check valve, an exchanger that is switched off before it would heat.
    """
    s = clip(x / width, 0.0, 1.0)
    return maximum(x, 0.0) * s * (2.0 - s)


def smooth_step(x: Signal) -> Signal:
    """0 up to ``x = 0``, 1 from ``x = 1``, ``3 x^2 - 2 x^3`` between; C1."""
    s = clip(x, 0.0, 1.0)
    return s * s * (3.0 - 2.0 * s)


def smooth_abs(x: Signal, width: float) -> Signal:
    """Smooth absolute value ``sqrt(x^2 + width^2)``: exact far from zero, ``width`` at zero."""
    return sqrt(x * x + width * width)


def softplus(x: Signal, width: float) -> Signal:
    """Smooth ramp ``width * log(1 + exp(x / width))``: 0 far below zero, ``x`` far above, ``0.69 width`` at zero.

    Written so that it overflows on neither side.
    """
    z = x / width
    return width * (maximum(z, 0.0) + log1p(exp(-absolute(z))))


def exprel(z: Signal) -> Signal:
    """``(exp(z) - 1) / z`` with value 1 and smooth derivatives at ``z = 0``.

    Below ``|z| = 0.01`` the Taylor series is used: the first derivative of the quotient loses digits there.
    """
    small = absolute(z) < 1e-2
    safe = where(small, 1.0, z)
    series = 1.0 + z * (1 / 2 + z * (1 / 6 + z * (1 / 24 + z * (1 / 120 + z * (1 / 720 + z / 5040)))))
    return where(small, series, expm1(safe) / safe)


def exprel_slope(z: Signal) -> Signal:
    """``(e^z - 1 - z) / z^2``, 1/2 at zero: the mean of an exponential approach over its step."""
    small = absolute(z) < 1e-2
    safe = where(small, 1.0, z)
    series = 1 / 2 + z * (1 / 6 + z * (1 / 24 + z * (1 / 120 + z * (1 / 720 + z / 5040))))
    return where(small, series, (exprel(safe) - 1.0) / safe)


def power(x: Signal, exponent: float, small: float) -> Signal:
    """``x^exponent`` for ``x >= 0`` with finite value and slope at zero: ``(x^2 + small^2)^(exponent / 2)``.

    Relative excess over the exact power is below ``exponent / 2 * (small / x)^2``. ``small`` is in the unit of
    ``x``.
    """
    return exp(0.5 * exponent * log(x * x + small * small))


def polynomial(x: Signal, coefficients: Sequence[float]) -> Signal:
    """``c0 + c1 x + c2 x^2 + ...`` by Horner's rule."""
    result: Signal = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        result = c + x * result
    return result


def interpolate(x: Signal, xs: Sequence[float], ys: Sequence[float]) -> Signal:
    """Piecewise-linear interpolation, constant outside the table; ``xs`` strictly increasing.

    Written as a sum of clipped ramps, so it lowers to plain arithmetic (``casadi.interpolant`` does not).
    """
    result: Signal = ys[0]
    for x0, x1, y0, y1 in zip(xs[:-1], xs[1:], ys[:-1], ys[1:], strict=True):
        result = result + (y1 - y0) * clip((x - x0) / (x1 - x0), 0.0, 1.0)
    return result


def sum_components(x: Signal) -> Signal:
    """Sum over components: ``(..., n) -> (..., 1)`` in NumPy, ``n x 1 -> 1 x 1`` in CasADi."""
    return _casadi().sum1(x) if is_symbolic(x) else np.sum(x, axis=-1, keepdims=True)


def segment_sum(x: Signal, membership: np.ndarray) -> Signal:
    """Sum the components of each segment: ``(..., n) -> (..., m)``.

    ``membership`` is a constant ``(n, m)`` matrix; entry ``(i, j)`` is the weight of component ``i`` in segment
    ``j`` (1 where it belongs, 0 elsewhere).
    """
    if is_symbolic(x):
        ca = _casadi()
        return ca.mtimes(ca.sparsify(ca.DM(membership.T)), x)
    return np.matmul(x, membership)


def segment_max(x: Signal, starts: np.ndarray) -> Signal:
    """Largest component of each segment: ``(..., n) -> (..., m)``.

    Segments lie one after the other; ``starts`` (m,) holds the first component of each, rising from 0, none empty.
    """
    if is_symbolic(x):
        ca = _casadi()
        edges = [*(int(k) for k in starts), int(x.shape[0])]
        parts = [[x[k] for k in range(a, b)] for a, b in itertools.pairwise(edges)]
        return ca.vertcat(*(functools.reduce(ca.fmax, part) for part in parts))
    return np.maximum.reduceat(x, starts, axis=-1)


def gather(x: Signal, index: np.ndarray) -> Signal:
    """Give every component the value of its segment: ``(..., m) -> (..., n)`` with ``index`` of shape ``(n,)``.

    A plant-level signal (``m = 1``) is returned as it is: it broadcasts.
    """
    if is_symbolic(x):
        return x if x.shape[0] == 1 else x[[int(i) for i in index]]
    x = np.asarray(x)
    return x if x.ndim == 0 or x.shape[-1] == 1 else np.take(x, index, axis=-1)


def constant(values: np.ndarray, like: Signal) -> Signal:
    """A constant per-component vector of shape ``(n,)`` in the array type of ``like``."""
    return _casadi().DM(values) if is_symbolic(like) else np.asarray(values, dtype=float)


def split(x: Signal, sizes: Sequence[int]) -> list[Signal]:
    """Cut a signal of ``sum(sizes)`` components into consecutive signals of the given sizes."""
    edges = np.concatenate([[0], np.cumsum(sizes)]).astype(int)
    if is_symbolic(x):
        return [x[int(a) : int(b)] for a, b in itertools.pairwise(edges)]
    return [x[..., a:b] for a, b in itertools.pairwise(edges)]


def stack(parts: Sequence[Signal]) -> Signal:
    """Join signals along the component axis: the inverse of :func:`split`; NumPy batches broadcast."""
    if is_symbolic(*parts):
        return _casadi().vertcat(*parts)
    arrays = [np.atleast_1d(np.asarray(p, dtype=float)) for p in parts]
    batch = np.broadcast_shapes(*(a.shape[:-1] for a in arrays))
    result = np.empty((*batch, sum(a.shape[-1] for a in arrays)))
    start = 0
    for a in arrays:
        result[..., start : start + a.shape[-1]] = a
        start += a.shape[-1]
    return result
