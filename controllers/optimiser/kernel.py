"""The compiled path: evaluation and directions in C, equal to the NumPy path up to rounding, never required."""

import ctypes
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from lowlift.controllers.optimiser.derivatives import StageFunctions
from lowlift.controllers.optimiser.evaluation import FirstOrder, SecondOrder, Values
from lowlift.controllers.optimiser.inequalities import Inequalities
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.kernel_source import LANES, direction_source, evaluation_source
from lowlift.controllers.optimiser.newton import NumpyNewton, System
from lowlift.models.kernel_build import build

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
        arrays = [np.ascontiguousarray(v) for v in inputs]
        outputs = [np.empty((n, b, f.nnz_out(k))) for k in range(f.n_out())]
        getattr(self._library, f"run_{name}")(ctypes.c_long(0), ctypes.c_long(n * b), _pointers(arrays), _pointers(outputs))
        return outputs


class KernelNewton:
    """Directions in C; problems whose dynamics need exchanges of rows go to NumPy.

    Raises:
        CompilerError: no C compiler.
    """

    def __init__(self, rows: Inequalities, functions: StageFunctions, threads: int = 1) -> None:
        self.rows, self.threads = rows, threads
        self._numpy = NumpyNewton(rows, functions)
        self._library, self.how = build(direction_source(rows, functions))
        self._space: dict[int, np.ndarray] = {}

    def direction(self, system: System, mu: np.ndarray, shift: np.ndarray) -> tuple[Iterate, np.ndarray]:
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

        def some(first: int, last: int, slot: int) -> None:
            space = self._space.get(slot)
            if space is None or space.size < size + 8:
                space = self._space[slot] = np.empty(size + 8)
            start = ctypes.c_void_p(space.ctypes.data + -space.ctypes.data % 64)
            call(*(ctypes.c_long(v) for v in (n, b, first, last)), _pointers(arrays), into, ctypes.c_void_p(flags.ctypes.data), start)

        share = -(-b // (self.threads * lanes)) * lanes
        spans = [(k, min(k + share, b), slot) for slot, k in enumerate(range(0, b, share))]
        if len(spans) == 1:
            some(*spans[0])
        else:
            with ThreadPoolExecutor(len(spans)) as pool:
                list(pool.map(lambda span: some(*span), spans))
        hard = np.flatnonzero(flags < 0.0)
        good = flags > 0.0
        if hard.size:
            again, well = self._numpy.direction(system.take(hard), mu[hard], shift[hard])
            out.put(hard, again)
            good[hard] = well
        return out, good


def _pointers(arrays: "list[np.ndarray] | list[np.ndarray | None]") -> ctypes.Array[ctypes.c_void_p]:
    return (ctypes.c_void_p * len(arrays))(*(None if v is None else v.ctypes.data for v in arrays))
