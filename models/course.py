"""Many plants through declared steps: the batch form of the integrator, on all processors.

A course is a sequence of legs; over a leg actuators and disturbances are held, and its steps may be long where nothing changes. What is
held is computed once (:mod:`lowlift.models.scheme`). Plants do not know of each other, so a batch is cut into blocks that fit the
processor's cache, each block goes through the whole course, and threads share the blocks: neither NumPy nor the kernel holds Python's
lock while it computes.

Two equal paths, to 1e-9: ``numpy``, and ``kernel``, the same scheme printed as C (:mod:`lowlift.models.kernel_source`) and compiled once
for this machine. :attr:`Outcome.path` says which one ran and :attr:`Outcome.how` how, or why there was no kernel.

>>> import numpy as np, lowlift as ll
>>> plant = ll.models.load("gb200_hall", check=False)
>>> u, full, half = ll.models.full_actuators(plant), *(ll.models.design_disturbances(plant, share) for share in (1.0, 0.5))
>>> course = ll.models.Course(plant, "numpy")
>>> done = course.run(plant.steady(u, half), [ll.models.Leg((60.0,), u, half), ll.models.Leg((15.0, 30.0, 60.0), u, full)])
>>> done.t.tolist(), done.x.shape == (4, 1, plant.states.size), done.path
([60.0, 75.0, 105.0, 165.0], True, 'numpy')
"""

import ctypes
import dataclasses
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from lowlift.models.facility import FLUXES
from lowlift.models.kernel_build import CompilerError, build
from lowlift.models.kernel_source import LANES, kernel_source
from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.scheme import Operator, Scheme, Setting

PATHS = ("auto", "kernel", "numpy")
NUMPY_BLOCK = 2048
"""Plants of a block in NumPy."""
KERNEL_BLOCK = 16 * LANES
"""Most plants of a block in the kernel, which works on :data:`LANES` at a time: small enough that threads end together."""


@dataclasses.dataclass(frozen=True)
class Leg:
    """Steps over which actuators and disturbances are held."""

    steps: Sequence[float]
    """Lengths [s]."""
    u: np.ndarray
    """Actuators (b, nu)."""
    d: np.ndarray
    """Disturbances (b, nd)."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of a batch."""

    t: np.ndarray
    """Ends of the recorded steps [s], shape (n,)."""
    x: np.ndarray
    """States there, shape (n, b, nx)."""
    fluxes: np.ndarray
    """Means of the facility fluxes over every step, shape (steps, b, 8), in :data:`~lowlift.models.facility.FLUXES` order."""
    path: str
    """``kernel`` or ``numpy``."""
    how: str
    """Compiler and options of the kernel, or why NumPy ran."""


class Course:
    """Runs batches of one plant.

    Args:
        plant: the plant.
        path: ``kernel``, ``numpy``, or ``auto``: the kernel where a C compiler is found, else NumPy.
        threads: how many share a batch; by default one a processor.

    Raises:
        CompilerError: ``kernel`` is asked for and cannot be had.
    """

    def __init__(self, plant: LiquidHall, path: str = "auto", threads: int | None = None) -> None:
        if path not in PATHS:
            raise ValueError(f"path = {path!r}: must be one of {', '.join(PATHS)}")
        if threads is not None and threads < 1:
            raise ValueError(f"threads = {threads}: must be at least 1")
        self.plant = plant
        self.threads = _processors() if threads is None else threads
        self._library: ctypes.CDLL | None = None
        self.how = "asked for"
        if path != "numpy":
            try:
                self._library, self.how = build(kernel_source(plant))
            except CompilerError as error:
                if path == "kernel":
                    raise
                self.how = str(error)
        self.path = "numpy" if self._library is None else "kernel"

    def run(self, x: np.ndarray, legs: Sequence[Leg], *, record: str = "all", out: np.ndarray | None = None) -> Outcome:
        """All plants through all legs.

        Args:
            x: states at the start (b, nx).
            legs: what is held, one after the other.
            record: ``all`` steps' states or the ``last`` one's only.
            out: array (n, b, nx) to take the recorded states; a new one by default.

        Raises:
            ValueError: a shape or a step does not fit; says which.
        """
        x = np.ascontiguousarray(x, dtype=float)
        legs = [_checked(self.plant, leg, len(x), k) for k, leg in enumerate(legs)]
        ends = np.cumsum([h for leg in legs for h in leg.steps])
        if x.ndim != 2 or x.shape[1] != self.plant.states.size or not len(x) or not len(ends):
            raise ValueError(f"x of shape {x.shape} and {len(ends)} steps: (b, {self.plant.states.size}), a plant and a step are needed")
        if record not in ("all", "last"):
            raise ValueError(f"record = {record!r}: must be all or last")
        rows = np.arange(len(ends)) if record == "all" else np.where(np.arange(len(ends)) == len(ends) - 1, 0, -1)
        shape = (int(rows.max()) + 1, *x.shape)
        states = np.empty(shape) if out is None else out
        if states.shape != shape or states.dtype != float or not states.flags.c_contiguous:
            raise ValueError(f"out of shape {states.shape} and type {states.dtype}: a contiguous array of floats {shape} is needed")
        fluxes = np.empty((len(ends), len(x), len(FLUXES)))
        share = -(-len(x) // self.threads)
        block = NUMPY_BLOCK if self._library is None else min(KERNEL_BLOCK, -(-share // LANES) * LANES)
        make_work = self._numpy_work if self._library is None else self._kernel_work
        work = make_work(x, legs, rows, states, fluxes)
        spans = [(a, min(a + block, len(x))) for a in range(0, len(x), block)]
        if min(self.threads, len(spans)) == 1:
            for span in spans:
                work(*span)
        else:
            with ThreadPoolExecutor(min(self.threads, len(spans))) as pool:
                list(pool.map(lambda span: work(*span), spans))
        return Outcome(ends[rows >= 0], states, fluxes, self.path, self.how)

    def _kernel_work(
        self, x: np.ndarray, legs: list[Leg], rows: np.ndarray, states: np.ndarray, fluxes: np.ndarray
    ) -> Callable[[int, int], None]:
        library = self._library
        assert library is not None  # noqa: S101 - asked before
        library.course_work.restype = ctypes.c_long
        n_work = library.course_work()
        h = np.array([h for leg in legs for h in leg.steps])
        of_step = np.repeat(np.arange(len(legs)), [len(leg.steps) for leg in legs]).astype(ctypes.c_long)
        sample = rows.astype(ctypes.c_long)
        u, d = ((ctypes.c_void_p * len(legs))(*(getattr(leg, name).ctypes.data for leg in legs)) for name in ("u", "d"))

        def work(first: int, last: int) -> None:
            space = np.empty(n_work + 8)
            start = space.ctypes.data + -space.ctypes.data % 64
            library.course(
                *(ctypes.c_long(v) for v in (first, last, len(x), len(h))), _pointer(h), _pointer(of_step), u, d,
                _pointer(x), _pointer(sample), _pointer(states), _pointer(fluxes), ctypes.c_void_p(start),
            )  # fmt: skip

        return work

    def _numpy_work(
        self, x: np.ndarray, legs: list[Leg], rows: np.ndarray, states: np.ndarray, fluxes: np.ndarray
    ) -> Callable[[int, int], None]:
        scheme = Scheme(self.plant)

        def work(first: int, last: int) -> None:
            part, now, k = slice(first, last), x[first:last], 0
            setting: Setting | None = None
            operator: Operator | None = None
            before: np.ndarray | None = None
            for leg in legs:
                u, d = leg.u[part], leg.d[part]
                if setting is None or leg.u is not before:
                    setting, operator, before = scheme.setting(u), None, leg.u
                load = scheme.load(setting, u, d)
                inside = scheme.enter(now, setting, load)
                for j, h in enumerate(leg.steps):
                    if operator is not None and h == 2.0 * operator.h:
                        operator = scheme.doubled(setting, operator)
                    elif operator is None or h != operator.h:
                        operator = scheme.operator(setting, h)
                    inside, fluxes[k, part] = scheme.advance(inside, setting, operator, load)
                    if rows[k] >= 0 or j + 1 == len(leg.steps):
                        now = scheme.leave(inside, setting, load)
                    if rows[k] >= 0:
                        states[rows[k], part] = now
                    k += 1

        return work


def _processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def _checked(plant: LiquidHall, leg: Leg, batch: int, k: int) -> Leg:
    """The leg with contiguous arrays of floats."""
    u, d = (np.ascontiguousarray(v, dtype=float) for v in (leg.u, leg.d))
    for name, value, size in (("u", u, plant.actuators.size), ("d", d, plant.disturbances.size)):
        if value.shape != (batch, size):
            raise ValueError(f"legs[{k}].{name} of shape {value.shape}: ({batch}, {size}) is needed")
    steps = tuple(float(h) for h in leg.steps)
    if not all(np.isfinite(h) and h > 0.0 for h in steps):
        raise ValueError(f"legs[{k}].steps = {steps} s: all must be above 0")
    return Leg(steps, u, d)
