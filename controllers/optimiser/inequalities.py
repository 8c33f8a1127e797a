"""All inequalities of a stage in one stack, ``G + t = 0`` with ``t > 0``: path rows, bounds, slacks.

Order: path rows ``c - S s``, lower bounds of controls, upper ones, lower bounds of end states, upper ones, ``-s``. Rows other than the path
rows are linear with slopes of one, so their ``t`` is the distance itself from the first iterate on.
"""

import dataclasses
import functools
import itertools

import numpy as np

from lowlift.controllers.optimiser.checks import FREE
from lowlift.controllers.optimiser.problem import BatchData, StageProblem

RELAXED = 1e-8
"""Bounds are moved outwards by this much (relative to their size, at least one), so that fixed variables have an interior."""


@dataclasses.dataclass(frozen=True)
class Bounds:
    """Bounds of one batch, ``(N, B, ·)``, only those that exist."""

    u_low: np.ndarray
    u_high: np.ndarray
    w_low: np.ndarray
    w_high: np.ndarray

    def take(self, index: np.ndarray) -> "Bounds":
        """Of some problems."""
        return Bounds(*(np.take(getattr(self, f.name), index, axis=1) for f in dataclasses.fields(self)))


class Inequalities:
    """Which rows there are and where they lie in the stack."""

    def __init__(self, problem: StageProblem) -> None:
        self.problem = problem
        self.u_low = np.flatnonzero(problem.u_low > -FREE)
        self.u_high = np.flatnonzero(problem.u_high < FREE)
        self.w_low = np.flatnonzero(problem.w_low > -FREE)
        self.w_high = np.flatnonzero(problem.w_high < FREE)
        self.softened = np.array([i for i, j in enumerate(problem.slack_of_row) if j is not None], dtype=np.intp)
        self.slack = np.array([j for j in problem.slack_of_row if j is not None], dtype=np.intp)
        order = np.argsort(self.slack, kind="stable")
        place = np.arange(order.size) - np.searchsorted(self.slack[order], self.slack[order])
        self._layers = [(self.softened[order[place == k]], self.slack[order[place == k]]) for k in range(int(place.max(initial=-1)) + 1)]
        """Rows and their slacks, no slack twice in a layer."""
        sizes = (problem.nc, self.u_low.size, self.u_high.size, self.w_low.size, self.w_high.size, problem.ns)
        edges = np.concatenate([[0], np.cumsum(sizes)])
        self.path, self.at_u_low, self.at_u_high, self.at_w_low, self.at_w_high, self.at_slack = (
            slice(int(a), int(b)) for a, b in itertools.pairwise(edges)
        )
        self.size = int(edges[-1])

    @functools.cached_property
    def softening(self) -> np.ndarray:
        """``S``, ``(n_c, n_s)``."""
        result = np.zeros((self.problem.nc, self.problem.ns))
        result[self.softened, self.slack] = 1.0
        return result

    def joined(self, v: np.ndarray) -> np.ndarray:
        """``S' v``: values of path rows ``(..., n_c)`` added up at their slacks ``(..., n_s)``."""
        result = np.zeros((*v.shape[:-1], self.problem.ns))
        for rows, slacks in self._layers:
            result[..., slacks] += v[..., rows]
        return result

    def bounds(self, data: BatchData) -> Bounds:
        """Bounds of a batch, a little relaxed."""
        p, shape = self.problem, (self.problem.n_stages, data.size)

        def full(own: np.ndarray | None, structure: np.ndarray, at: np.ndarray, sign: float) -> np.ndarray:
            value = np.broadcast_to(structure, (*shape, structure.size)) if own is None else own
            kept = np.clip(value[..., at], -FREE, FREE)
            result: np.ndarray = kept + sign * RELAXED * np.maximum(1.0, np.abs(kept))
            return result

        return Bounds(
            full(data.u_low, p.u_low, self.u_low, -1.0), full(data.u_high, p.u_high, self.u_high, 1.0),
            full(None, p.w_low, self.w_low, -1.0), full(None, p.w_high, self.w_high, 1.0),
        )  # fmt: skip

    def stack(self, c: np.ndarray, u: np.ndarray, w: np.ndarray, s: np.ndarray, b: Bounds) -> np.ndarray:
        """``G`` of all stages, ``(N, B, m)``."""
        soft = c.copy()
        soft[..., self.softened] -= s[..., self.slack]
        return np.concatenate(
            [soft, b.u_low - u[..., self.u_low], u[..., self.u_high] - b.u_high, b.w_low - w[..., self.w_low],
             w[..., self.w_high] - b.w_high, -s], axis=-1)  # fmt: skip

    def along(self, dc: np.ndarray, du: np.ndarray, dw: np.ndarray, ds: np.ndarray) -> np.ndarray:
        """Change of ``G`` along a direction, ``dc`` that of the path rows without slacks."""
        soft = dc.copy()
        soft[..., self.softened] -= ds[..., self.slack]
        return np.concatenate([soft, -du[..., self.u_low], du[..., self.u_high], -dw[..., self.w_low], dw[..., self.w_high], -ds], axis=-1)

    def pull_back(self, lam: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What multipliers of bounds and slacks add to the gradients of ``u``, ``w`` and ``s`` (path rows add to that of ``s`` only)."""
        p = self.problem
        shape = lam.shape[:-1]
        gu, gw = np.zeros((*shape, p.nu)), np.zeros((*shape, p.nx))
        gu[..., self.u_low] -= lam[..., self.at_u_low]
        gu[..., self.u_high] += lam[..., self.at_u_high]
        gw[..., self.w_low] -= lam[..., self.at_w_low]
        gw[..., self.w_high] += lam[..., self.at_w_high]
        gs = -self.joined(lam[..., self.path]) - lam[..., self.at_slack]
        return gu, gw, gs

    def interior(self, v: np.ndarray, low: np.ndarray, high: np.ndarray, at: tuple[np.ndarray, np.ndarray], push: float) -> np.ndarray:
        """Move variables inside their bounds by ``push`` (relative to the room where that is small)."""
        result = v.copy()
        lower, upper = np.full(v.shape, -np.inf), np.full(v.shape, np.inf)
        lower[..., at[0]], upper[..., at[1]] = low, high
        room = upper - lower
        inside = np.minimum(push, 0.25 * room)
        np.clip(result, lower + inside, upper - inside, out=result)
        return result
