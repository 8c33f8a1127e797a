"""How far to go along a direction: steps are halved until a filter accepts the point (:mod:`.filters`)."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from lowlift.controllers.optimiser.evaluation import Values
from lowlift.controllers.optimiser.filters import Filters
from lowlift.controllers.optimiser.inequalities import Bounds
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.measures import Measures, Merit
from lowlift.controllers.optimiser.problem import BatchData

BACKTRACKS = 30


class Place(NamedTuple):
    """Where a batch is, and its problems."""

    point: Iterate
    data: BatchData
    bounds: Bounds
    merit: Merit
    """At the point."""

    def take(self, index: np.ndarray) -> "Place":
        """Of some problems."""
        return Place(self.point.take(index), self.data.take(index), self.bounds.take(index), self.merit.take(index))


class Searched(NamedTuple):
    """Of a batch, ``(B,)`` each."""

    alpha: np.ndarray
    """Accepted step lengths; zero where there is none."""
    stuck: np.ndarray
    """Where there is none."""
    unseen: np.ndarray
    """Where there is none because even the last point that was tried has no value."""


def search(
    measures: Measures, filters: Filters, values: Callable[[Iterate, BatchData, np.ndarray], Values], here: Place, direction: Iterate,
    longest: np.ndarray, slopes: tuple[np.ndarray, np.ndarray], mu: np.ndarray,
) -> Searched:  # fmt: skip
    """Search along a direction.

    Args:
        measures: measures points.
        filters: of these problems; points are added to them.
        values: evaluates points of some problems, given their numbers in the batch.
        here: where the batch is.
        direction: where to.
        longest: first step lengths ``(B,)``.
        slopes: derivatives of the cost and of the barrier term along the direction.
        mu: barrier parameters ``(B,)``.
    """
    theta, phi, slope = here.merit.theta, here.merit.phi(mu), slopes[0] - mu * slopes[1]
    everyone = np.arange(mu.size)
    smallest = filters.smallest(everyone, slope, theta)
    alpha, waiting, stuck, last = longest.copy(), everyone, np.zeros(mu.size, dtype=bool), np.empty(mu.size)
    for _ in range(BACKTRACKS):
        part, along = here, direction
        if waiting.size < everyone.size:
            part, along = here.take(waiting), direction.take(waiting)
        trial = measures.moved(part.point, along, alpha[waiting], np.zeros(waiting.size))
        found = values(trial, part.data, waiting)
        merit = measures.merit(part.data, trial, found, measures.stack(found.c, trial, part.bounds))
        before, after = (theta[waiting], phi[waiting]), (merit.theta, merit.phi(mu[waiting]))
        last[waiting] = after[0] + after[1]
        accepted, corner = filters.accept(waiting, alpha[waiting], slope[waiting], before, after)
        filters.add(waiting[corner], before[0][corner], before[1][corner])
        waiting = waiting[~accepted]
        alpha[waiting] *= 0.5
        hopeless = alpha[waiting] < smallest[waiting]
        stuck[waiting[hopeless]] = True
        waiting = waiting[~hopeless]
        if not waiting.size:
            break
    stuck[waiting] = True
    alpha[stuck] = 0.0
    return Searched(alpha, stuck, stuck & ~np.isfinite(last))
