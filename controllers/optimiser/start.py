"""First points: without a solution before, or a solution moved on in time."""

import dataclasses

import numpy as np

from lowlift.controllers.optimiser.inequalities import Inequalities
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.problem import BatchData, StageProblem

SLACK = 0.1
"""Slacks of a cold start."""
INSIDE = 0.6
"""Controls of a cold start: share of the way from the lower to the upper bound."""


def cold_start(problem: StageProblem, data: BatchData) -> Iterate:
    """Everything stays where it is, controls between their bounds (zero where there are none); no multipliers."""
    p, n, b = problem, problem.n_stages, data.size
    low, high = (np.broadcast_to(v, (n, b, p.nu)) if own is None else own
                 for v, own in ((p.u_low, data.u_low), (p.u_high, data.u_high)))  # fmt: skip
    bounded = np.isfinite(low) & np.isfinite(high)
    with np.errstate(invalid="ignore"):
        u = np.where(bounded, low + INSIDE * (high - low), np.clip(0.0, low, high))
    m = Inequalities(p).size
    w = np.clip(np.broadcast_to(data.x0, (n, b, p.nx)), p.w_low, p.w_high)
    return Iterate(data.x0.copy(), u, w, np.full((n, b, p.ns), SLACK), np.ones((n, b, m)), np.zeros((n, b, m)), np.zeros((n, b, p.ny)))


def joined(points: list[Iterate]) -> Iterate:
    """One batch of several."""
    names = [f.name for f in dataclasses.fields(Iterate)]
    return Iterate(**{k: np.concatenate([getattr(q, k) for q in points], axis=0 if k == "x0" else 1) for k in names})


@dataclasses.dataclass(frozen=True)
class Shift:
    """Moves solutions on in time, on a grid that need not be uniform.

    States are interpolated; what a stage holds (controls, slacks, distances, multipliers) comes from the stage that contains the middle
    of the moved stage. Multipliers scale with their stage: those of inequalities with the weight of its cost, those of the dynamics with
    whatever the dynamics' rows were scaled by.
    """

    edges: np.ndarray
    """Stage boundaries, ``(N + 1,)`` [s]."""
    weight: np.ndarray
    """Weight of each stage's cost ``(N,)``, any unit."""
    row_scale: np.ndarray
    """Scale ``(N,)`` by which rows ``F = (w - x - dt f) / scale`` were divided."""

    def __call__(self, point: Iterate, passed: float, x0: np.ndarray) -> Iterate:
        """The same plan ``passed`` seconds later, from initial states ``(B, n_x)``. Beyond the end the last state and stage hold on."""
        edges = self.edges
        later = np.minimum(edges + passed, edges[-1])
        k = np.clip(np.searchsorted(edges, later, side="right") - 1, 0, len(edges) - 2)
        share = ((later - edges[k]) / (edges[k + 1] - edges[k]))[1:, None, None]
        states = np.concatenate([point.x0[None], point.w])
        w = states[k[1:]] * (1.0 - share) + states[k[1:] + 1] * share
        middle = np.minimum(0.5 * (edges[1:] + edges[:-1]) + passed, 0.5 * (edges[-2] + edges[-1]))
        stage = np.searchsorted(edges, middle, side="right") - 1
        of_cost = (self.weight / self.weight[stage])[:, None, None]
        of_rows = (self.row_scale / self.row_scale[stage])[:, None, None]
        return Iterate(x0.copy(), point.u[stage], w, point.s[stage], point.t[stage], of_cost * point.lam[stage], of_rows * point.y[stage])
