"""Evaluating all stages of all problems: the NumPy path, from lowered CasADi graphs."""

import dataclasses
from typing import Protocol

import numpy as np

from lowlift.controllers.optimiser.derivatives import StageFunctions, stage_functions
from lowlift.controllers.optimiser.problem import StageProblem
from lowlift.models.lowering import Lowered, lower

BLOCK = 4096
"""Stages evaluated together: an operand of that many numbers stays in the first cache."""


@dataclasses.dataclass(frozen=True)
class Values:
    """Values of all stages of all problems."""

    F: np.ndarray
    """Dynamics ``(N, B, n_x)``."""
    c: np.ndarray
    """Path rows ``(N, B, n_c)``."""
    cost: np.ndarray
    """``(N, B)``."""

    def scaled(self, factor: np.ndarray) -> "Values":
        """With costs times ``(B,)``."""
        return Values(self.F, self.c, self.cost * factor)


@dataclasses.dataclass(frozen=True)
class FirstOrder:
    """Values and the gradient of the Lagrangian."""

    values: Values
    gradient: np.ndarray
    """Of ``l + y.F + lam.c`` with respect to ``(x, u, w)``, ``(N, B, n_z)``."""

    def scaled(self, factor: np.ndarray) -> "FirstOrder":
        """With costs and multipliers times ``(B,)``."""
        return FirstOrder(self.values.scaled(factor), self.gradient * factor[None, :, None])


@dataclasses.dataclass(frozen=True)
class SecondOrder:
    """Values and derivatives; matrices by their nonzeros."""

    values: Values
    slope: np.ndarray
    """Gradient of the cost ``(N, B, n_z)``."""
    gradient: np.ndarray
    """Of the Lagrangian ``l + y.F + lam.c``, ``(N, B, n_z)``."""
    dF: np.ndarray
    """Nonzeros ``(N, B, nnz)``, columns of the last axis as in :class:`~.derivatives.StageFunctions`."""
    dc: np.ndarray
    hessian: np.ndarray
    """Lower triangle of the Lagrangian's Hessian."""

    def scaled(self, factor: np.ndarray) -> "SecondOrder":
        """With costs and multipliers times ``(B,)``."""
        rows = factor[None, :, None]
        return SecondOrder(self.values.scaled(factor), self.slope * rows, self.gradient * rows, self.dF, self.dc, self.hessian * rows)

    def take(self, index: np.ndarray) -> "SecondOrder":
        """Of some problems."""
        v = self.values
        values = Values(*(np.take(part, index, axis=1) for part in (v.F, v.c, v.cost)))
        return SecondOrder(values, *(np.take(getattr(self, f.name), index, axis=1) for f in dataclasses.fields(SecondOrder)[1:]))


class Evaluator(Protocol):
    """Evaluates stages: by NumPy or by a compiled kernel."""

    functions: StageFunctions

    def values(self, x: np.ndarray, u: np.ndarray, w: np.ndarray, p: np.ndarray) -> Values:
        """Values only."""

    def first(self, x: np.ndarray, u: np.ndarray, w: np.ndarray, p: np.ndarray, y: np.ndarray, lam: np.ndarray) -> FirstOrder:
        """Values and gradient."""

    def second(self, x: np.ndarray, u: np.ndarray, w: np.ndarray, p: np.ndarray, y: np.ndarray, lam: np.ndarray) -> SecondOrder:
        """Values and all derivatives."""


class NumpyEvaluator:
    """The stage functions lowered to vectorised NumPy."""

    def __init__(self, problem: StageProblem, functions: StageFunctions | None = None) -> None:
        self.functions = stage_functions(problem) if functions is None else functions
        self._light, self._first, self._full = (lower(f) for f in (self.functions.light, self.functions.first, self.functions.full))

    def values(self, x: np.ndarray, u: np.ndarray, w: np.ndarray, p: np.ndarray) -> Values:
        """Values only."""
        F, c, cost = by_blocks(self._light, x, u, w, p)
        return Values(F, c, cost[..., 0])

    def first(self, x: np.ndarray, u: np.ndarray, w: np.ndarray, p: np.ndarray, y: np.ndarray, lam: np.ndarray) -> FirstOrder:
        """Values and gradient."""
        F, c, cost, gradient = by_blocks(self._first, x, u, w, p, y, lam)
        return FirstOrder(Values(F, c, cost[..., 0]), gradient)

    def second(self, x: np.ndarray, u: np.ndarray, w: np.ndarray, p: np.ndarray, y: np.ndarray, lam: np.ndarray) -> SecondOrder:
        """Values and all derivatives."""
        F, c, cost, slope, gradient, dF, dc, hessian = by_blocks(self._full, x, u, w, p, y, lam)
        return SecondOrder(Values(F, c, cost[..., 0]), slope, gradient, dF, dc, hessian)


def by_blocks(function: Lowered, *inputs: np.ndarray) -> list[np.ndarray]:
    """Call a lowered function on ``(N, B, n)`` arrays, as many stages at a time as the cache likes, silent where it has no value."""
    n, b = inputs[0].shape[:2]
    flat = [v.reshape(n * b, v.shape[-1]) for v in inputs]
    parts = []
    for start in range(0, max(n * b, 1), BLOCK):  # once for none, to know the shapes
        with np.errstate(all="ignore"):  # who asks looks for what is not finite; the kernel says nothing either
            parts.append(function(*(np.ascontiguousarray(v[start : start + BLOCK].T, dtype=float) for v in flat)))
    result = []
    for j in range(len(parts[0])):
        rows = np.concatenate([part[j].T for part in parts]) if len(parts) > 1 else np.ascontiguousarray(parts[0][j].T)
        result.append(rows.reshape(n, b, rows.shape[-1]))
    return result
