"""Calling several CasADi functions on rows ``(N, B, components)``: lowered to NumPy, or compiled."""

import ctypes
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from lowlift.controllers.optimiser.evaluation import by_blocks
from lowlift.controllers.optimiser.kernel_source import graphs_source
from lowlift.models.kernel_build import build
from lowlift.models.lowering import lower


class Graphs(Protocol):
    """Functions by name."""

    def __call__(self, name: str, *inputs: np.ndarray) -> list[np.ndarray]:
        """Outputs ``(N, B, nonzeros)`` of one of the functions."""


class NumpyGraphs:
    """Functions lowered to NumPy."""

    def __init__(self, functions: Sequence[Any]) -> None:
        self._lowered = {f.name(): lower(f) for f in functions}

    def __call__(self, name: str, *inputs: np.ndarray) -> list[np.ndarray]:
        """Outputs of one of the functions."""
        return by_blocks(self._lowered[name], *inputs)


class KernelGraphs:
    """Functions in C.

    Raises:
        CompilerError: no C compiler.
    """

    def __init__(self, functions: Sequence[Any]) -> None:
        self._sizes = {f.name(): [f.nnz_out(k) for k in range(f.n_out())] for f in functions}
        self._library, self.how = build(graphs_source(functions), "-O1")

    def __call__(self, name: str, *inputs: np.ndarray) -> list[np.ndarray]:
        """Outputs of one of the functions."""
        n, b = inputs[0].shape[:2]
        arrays = [np.ascontiguousarray(v, dtype=float) for v in inputs]
        outputs = [np.empty((n, b, size)) for size in self._sizes[name]]
        pointers = [(ctypes.c_void_p * len(some))(*(v.ctypes.data for v in some)) for some in (arrays, outputs)]
        getattr(self._library, f"run_{name}")(ctypes.c_long(0), ctypes.c_long(n * b), *pointers)
        return outputs
