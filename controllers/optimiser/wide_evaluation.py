"""Evaluating wide problems: the core's stages and all blocks of all stages, two calls whatever their numbers."""

import dataclasses

import numpy as np

from lowlift.controllers.optimiser.evaluation import Evaluator, FirstOrder, SecondOrder, Values
from lowlift.controllers.optimiser.graphs import Graphs
from lowlift.controllers.optimiser.wide_problem import WideProblem


@dataclasses.dataclass(frozen=True)
class BlockDerivatives:
    """Of all blocks, ``(N, B, M, components)``; see :class:`~.wide_functions.BlockFunctions`."""

    e: np.ndarray
    gradient: np.ndarray
    de: np.ndarray
    dc: np.ndarray
    dphi: np.ndarray
    hessian: np.ndarray

    def take(self, index: np.ndarray) -> "BlockDerivatives":
        """Of some problems."""
        return BlockDerivatives(*(getattr(self, f.name)[:, index] for f in dataclasses.fields(self)))

    def scaled(self, factor: np.ndarray) -> "BlockDerivatives":
        """With costs and multipliers times ``(B,)``."""
        rows = factor[None, :, None, None]
        return dataclasses.replace(self, gradient=self.gradient * rows, hessian=self.hessian * rows)


@dataclasses.dataclass(frozen=True)
class WideSecondOrder(SecondOrder):
    """Values and gradients of the flat problem; ``dF``, ``dc`` and ``hessian`` are those of the core alone."""

    core: SecondOrder
    """The core without its blocks, but for the residuals of ``E``, which have the sums in them."""
    blocks: BlockDerivatives

    def take(self, index: np.ndarray) -> "WideSecondOrder":
        """Of some problems."""
        return self._with(super().take(index), self.core.take(index), self.blocks.take(index))

    def scaled(self, factor: np.ndarray) -> "WideSecondOrder":
        """With costs and multipliers times ``(B,)``."""
        return self._with(super().scaled(factor), self.core.scaled(factor), self.blocks.scaled(factor))

    @staticmethod
    def _with(whole: SecondOrder, core: SecondOrder, blocks: BlockDerivatives) -> "WideSecondOrder":
        return WideSecondOrder(**{f.name: getattr(whole, f.name) for f in dataclasses.fields(SecondOrder)}, core=core, blocks=blocks)


class WideEvaluator:
    """Evaluates the flat form of a wide problem.

    Args:
        problem: the problem.
        core: evaluates the core.
        graphs: the block's functions.
    """

    def __init__(self, problem: WideProblem, core: Evaluator, graphs: Graphs) -> None:
        self.problem, self.core, self.graphs = problem, core, graphs
        self.functions = core.functions

    def values(self, x: np.ndarray, u: np.ndarray, w: np.ndarray, p: np.ndarray) -> Values:
        """Values only."""
        c = self.problem.core
        core = self.core.values(x, u[..., : c.nu], w, p[..., : c.n_parameters])
        e, path, cost, phi = self.graphs("block_light", *self._inputs(x, u, w, p))
        return self._joined(core, e, path, cost, phi)

    def first(self, x: np.ndarray, u: np.ndarray, w: np.ndarray, p: np.ndarray, y: np.ndarray, lam: np.ndarray) -> FirstOrder:
        """Values and gradient."""
        second = self.second(x, u, w, p, y, lam)
        return FirstOrder(second.values, second.gradient)

    def second(self, x: np.ndarray, u: np.ndarray, w: np.ndarray, p: np.ndarray, y: np.ndarray, lam: np.ndarray) -> WideSecondOrder:
        """Values and all derivatives."""
        c, s = self.problem.core, self.problem.structure
        core = self.core.second(x, u[..., : c.nu], w, p[..., : c.n_parameters], y[..., : c.ny], lam[..., : c.nc])
        multipliers = (self._blocks(y, c.ny, s.determined), self._blocks(lam, c.nc, s.nc), self._rows(y[..., c.nx + self.problem.sums]))
        e, path, cost, phi, slope, gradient, *rest = self.graphs("block_full", *self._inputs(x, u, w, p), *multipliers)
        values = self._joined(core.values, e, path, cost, phi)
        with_sums = dataclasses.replace(core, values=dataclasses.replace(core.values, F=values.F[..., : c.ny]))
        blocks = BlockDerivatives(*(self._by_block(v) for v in (e, gradient, *rest)))
        return WideSecondOrder(
            values, self._spread(core.slope, self._by_block(slope)), self._spread(core.gradient, blocks.gradient), core.dF, core.dc,
            core.hessian, with_sums, blocks,
        )  # fmt: skip

    def _inputs(self, x: np.ndarray, u: np.ndarray, w: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, ...]:
        problem, c, s = self.problem, self.problem.core, self.problem.structure
        z = np.concatenate([x, u[..., : c.nu], w], axis=-1)
        shared = np.repeat(p[..., None, list(s.shared)], problem.size, axis=2)
        return (self._blocks(u, c.nu, s.nv), self._rows(z[..., problem.links]), self._blocks(p, c.n_parameters, len(s.own)),
                self._rows(shared))  # fmt: skip

    def _blocks(self, flat: np.ndarray, start: int, size: int) -> np.ndarray:
        """The blocks' share of a flat array, a block a row: ``(N, B M, size)``."""
        n, b = flat.shape[:2]
        return flat[..., start:].reshape(n, b * self.problem.size, size)

    def _rows(self, v: np.ndarray) -> np.ndarray:
        return v.reshape(v.shape[0], -1, v.shape[-1])

    def _by_block(self, rows: np.ndarray) -> np.ndarray:
        return rows.reshape(rows.shape[0], -1, self.problem.size, rows.shape[-1])

    def _joined(self, core: Values, e: np.ndarray, path: np.ndarray, cost: np.ndarray, phi: np.ndarray) -> Values:
        problem, (n, b) = self.problem, core.cost.shape
        F = np.concatenate([core.F, e.reshape(n, b, -1)], axis=-1)
        total = np.add.reduceat(self._by_block(phi), problem.families, axis=2)
        for k, first in enumerate(problem.families):
            F[..., problem.core.nx + problem.sums[first]] -= total[:, :, k]
        return Values(F, np.concatenate([core.c, path.reshape(n, b, -1)], axis=-1), core.cost + cost.reshape(n, b, -1).sum(axis=-1))

    def _spread(self, core: np.ndarray, blocks: np.ndarray) -> np.ndarray:
        """A gradient of the flat problem from the core's and from the blocks' with respect to their variables and links."""
        problem, c, nv = self.problem, self.problem.core, self.problem.structure.nv
        n, b = core.shape[:2]
        core = core.copy()
        total = np.add.reduceat(blocks[..., nv:], problem.families, axis=2)
        for k, first in enumerate(problem.families):
            for j, column in enumerate(problem.links[first]):
                core[..., column] += total[:, :, k, j]
        own = blocks[..., :nv].reshape(n, b, -1)
        return np.concatenate([core[..., : c.nx + c.nu], own, core[..., c.nx + c.nu :]], axis=-1)
