"""The compiled path: evaluation and directions in C, equal to the NumPy path up to rounding, never required."""

import ctypes
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from lowlift.controllers.optimiser.derivatives import StageFunctions
from lowlift.controllers.optimiser.evaluation import FirstOrder, SecondOrder, Values
from lowlift.controllers.optimiser.inequalities import Bounds, Inequalities
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.kernel_source import LANES, evaluation_source, method_source
from lowlift.controllers.optimiser.measures import Merit
from lowlift.controllers.optimiser.newton import Direction, NumpyNewton, System
from lowlift.controllers.optimiser.problem import BatchData
from lowlift.controllers.optimiser.residuals import MULTIPLIERS, Residuals
from lowlift.models.kernel_build import build

_NOTHING = ctypes.c_char * 0
FEW = 3
"""Up to so many problems are solved one by one: their stages fill the vector unit, the problems would not."""


class KernelEvaluator:
    """The stage functions in C.

    Raises:
        CompilerError: no C compiler.
    """

    def __init__(self, functions: StageFunctions) -> None:
        self.functions = functions
        self._library, self.how = build(evaluation_source(functions), "-O1")

    def values(self, x: np.ndarray, u: np.ndarray, w: np.ndarray, p: np.ndarray) -> Values:
        """Values only."""
        F, c, cost = self._call("light", x, u, w, p)
        return Values(F, c, cost[..., 0])

    def first(self, x: np.ndarray, u: np.ndarray, w: np.ndarray, p: np.ndarray, y: np.ndarray, lam: np.ndarray) -> FirstOrder:
        """Values and gradient."""
        F, c, cost, gradient = self._call("first", x, u, w, p, y, lam)
        return FirstOrder(Values(F, c, cost[..., 0]), gradient)

    def second(self, x: np.ndarray, u: np.ndarray, w: np.ndarray, p: np.ndarray, y: np.ndarray, lam: np.ndarray) -> SecondOrder:
        """Values and all derivatives."""
        F, c, cost, *rest = self._call("full", x, u, w, p, y, lam)
        return SecondOrder(Values(F, c, cost[..., 0]), *rest)

    def _call(self, name: str, *inputs: np.ndarray) -> list[np.ndarray]:
        n, b = inputs[0].shape[:2]
        f = getattr(self.functions, name)
        arrays = [np.ascontiguousarray(v, dtype=float) for v in inputs]
        outputs = [np.empty((n, b, f.nnz_out(k))) for k in range(f.n_out())]
        getattr(self._library, f"run_{name}")(ctypes.c_long(0), ctypes.c_long(n * b), _pointers(arrays), _pointers(outputs))
        return outputs


class KernelNewton:
    """Directions in C; problems whose dynamics need exchanges of rows, or are singular, go to NumPy.

    Raises:
        CompilerError: no C compiler.
    """

    def __init__(self, rows: Inequalities, functions: StageFunctions) -> None:
        self.rows = rows
        self._numpy = NumpyNewton(rows, functions)
        self._library, self.how = build(method_source(rows, functions))
        self._of_thread = threading.local()

    def direction(self, system: System, mu: np.ndarray, shift: np.ndarray) -> Direction:
        """Directions of all problems."""
        q, d, p = system.point, system.second, self.rows.problem
        n, b = q.u.shape[:2]
        weight, slope = (None, None) if system.arrival is None else system.arrival
        inputs = [
            q.t, q.lam, system.G, d.gradient, system.slack_gradient, system.slack_quadratic, d.dF, d.dc, d.hessian, d.values.F,
            system.dx0, mu, shift, weight, slope,
        ]  # fmt: skip
        arrays = [None if v is None else np.ascontiguousarray(v, dtype=float) for v in inputs]
        out = Iterate(np.empty((b, p.nx)), np.empty((n, b, p.nu)), np.empty((n, b, p.nx)), np.empty((n, b, p.ns)),
                      np.empty((n, b, self.rows.size)), np.empty((n, b, self.rows.size)), np.empty((n, b, p.nx)))  # fmt: skip
        flags = np.empty(b)
        into = _pointers([out.x0, out.u, out.w, out.s, out.t, out.lam, out.y])
        lanes = 1 if b <= FEW else LANES
        call = getattr(self._library, f"direction_{lanes}")
        work = getattr(self._library, f"direction_work_{lanes}")
        work.restype = ctypes.c_long
        size = work(ctypes.c_long(n))

        space = self._space(size + 8)
        start = ctypes.c_void_p(space.ctypes.data + -space.ctypes.data % 64)
        call(*(ctypes.c_long(v) for v in (n, b, 0, b)), _pointers(arrays), into, _pointer(flags), start)
        hard = np.flatnonzero(flags < 0.0)
        good, singular = flags > 0.0, np.full(b, -1)
        if hard.size:
            again, good[hard], singular[hard] = self._numpy.direction(system.take(hard), mu[hard], shift[hard])
            out.put(hard, again)
        return Direction(out, good, singular)

    def _space(self, size: int) -> np.ndarray:
        """Room to work in, kept from call to call; every thread has its own."""
        space: np.ndarray | None = getattr(self._of_thread, "space", None)
        if space is None or space.size < size:
            space = self._of_thread.space = np.empty(size)
        return space


class KernelMeasures:
    """Measures in C.

    Raises:
        CompilerError: no C compiler.
    """

    def __init__(self, rows: Inequalities, functions: StageFunctions) -> None:
        self.rows = rows
        self._library, self.how = build(method_source(rows, functions))

    def stack(self, c: np.ndarray, q: Iterate, bounds: Bounds) -> np.ndarray:
        """All inequalities."""
        n, b = c.shape[:2]
        G = np.empty((n, b, self.rows.size))
        inputs = [c, q.u, q.w, q.s, bounds.u_low, bounds.u_high, bounds.w_low, bounds.w_high]
        arrays = [np.ascontiguousarray(v, dtype=float) for v in inputs]
        self._library.stack(ctypes.c_long(n * b), _pointers(arrays), _pointer(G))
        return G

    def residuals(self, data: BatchData, q: Iterate, second: SecondOrder, G: np.ndarray) -> Residuals:
        """KKT residuals."""
        n, b = G.shape[:2]
        slack = np.empty((n, b, self.rows.problem.ns))
        off, worst, most, least, total, products = self._call(
            "residuals", n, b, 6, [q.t, q.lam, G, q.y, second.values.F, second.gradient, data.slack_linear, data.slack_quadratic, q.s,
                                   q.x0, data.x0, data.arrival], slack)  # fmt: skip
        mean = total / (n * (self.rows.size + self.rows.problem.nx))
        return Residuals(slack, off, worst, most, least, products / (n * max(self.rows.size, 1)), np.maximum(1.0, mean / MULTIPLIERS))

    def reach(self, q: Iterate, d: Iterate, tau: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Longest steps."""
        n, b = q.u.shape[:2]
        primal, dual = self._call("falls", n, b, 2, [q.t, d.t, q.lam, d.lam])
        with np.errstate(divide="ignore"):
            return np.minimum(1.0, tau / primal), np.minimum(1.0, tau / dual)

    def merit(self, data: BatchData, q: Iterate, values: Values, G: np.ndarray) -> Merit:
        """What the line search compares."""
        n, b = G.shape[:2]
        inputs = [q.t, G, values.F, values.cost, data.slack_linear, data.slack_quadratic, q.s]
        theta, cost, barrier = self._call("merit", n, b, 3, inputs)
        if data.arrival is not None:
            off = q.x0 - data.x0
            cost += 0.5 * (off * (data.arrival @ off[..., None])[..., 0]).sum(axis=1)
        return Merit(theta, cost, barrier)

    def slope(self, data: BatchData, q: Iterate, d: Iterate, second: SecondOrder) -> tuple[np.ndarray, np.ndarray]:
        """Derivatives of the cost and of the barrier term along a direction."""
        n, b = q.u.shape[:2]
        inputs = [second.slope, q.t, d.t, q.s, d.s, data.slack_linear, data.slack_quadratic, d.x0, d.u, d.w]
        cost, barrier = self._call("slope", n, b, 2, inputs)
        if data.arrival is not None:
            cost += ((data.arrival @ (q.x0 - data.x0)[..., None])[..., 0] * d.x0).sum(axis=1)
        return cost, barrier

    def moved(self, q: Iterate, d: Iterate, primal: np.ndarray, dual: np.ndarray) -> Iterate:
        """A step of lengths ``(B,)`` along a direction."""
        n, b = q.u.shape[:2]
        old, along = ([np.ascontiguousarray(v, dtype=float) for v in (p.u, p.w, p.s, p.t, p.lam, p.y)] for p in (q, d))
        new = [np.empty(v.shape) for v in old]
        lengths = [np.ascontiguousarray(v, dtype=float) for v in (primal, dual)]
        self._library.moved(ctypes.c_long(n), ctypes.c_long(b), _pointers(old), _pointers(along), *map(_pointer, lengths), _pointers(new))
        return Iterate(q.x0 + primal[:, None] * d.x0, *new)

    def _call(self, name: str, n: int, b: int, results: int, inputs: "Sequence[np.ndarray | None]", *first: np.ndarray) -> np.ndarray:
        arrays = [None if v is None else np.ascontiguousarray(v, dtype=float) for v in inputs]
        by_problem = np.empty((results, b))
        getattr(self._library, name)(ctypes.c_long(n), ctypes.c_long(b), _pointers(arrays), _pointers([*first, *by_problem]))
        return by_problem


def _pointers(arrays: "Sequence[np.ndarray | None]") -> ctypes.Array[ctypes.c_void_p]:
    return (ctypes.c_void_p * len(arrays))(*[None if v is None else _address(v) for v in arrays])


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(_address(array))


def _address(array: Any) -> int:
    """Where an array begins; the way through its buffer is several times faster, and a call passes tens of arrays."""
    try:
        return ctypes.addressof(_NOTHING.from_buffer(array))
    except TypeError:  # read-only
        address: int = array.__array_interface__["data"][0]
        return address
