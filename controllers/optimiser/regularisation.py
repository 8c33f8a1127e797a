"""Directions that lead downhill: the inertia correction around Newton's direction.

Corrected pivots (:mod:`.riccati`) do where a Hessian is a little concave; where they lead to short steps, a multiple of the identity is
added until nothing needs correction. Each problem has a multiple of its own and remembers it.
"""

from typing import NamedTuple

import numpy as np

from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.measures import Measures
from lowlift.controllers.optimiser.newton import Newton, System

TAU = 0.99
"""Share of the way to a bound that a step may go, at least."""
SHORT = 0.1
"""Longest step below which a direction with corrected pivots is not trusted."""
SHIFT_FIRST, SHIFT_LEAST, SHIFT_MOST = 1e-4, 1e-10, 1e8
SHIFT_UP_FIRST, SHIFT_UP, SHIFT_DOWN = 100.0, 8.0, 1.0 / 3.0
"""Inertia correction: first value, limits, growth and fall."""


class Trusted(NamedTuple):
    """Directions of a batch to go along."""

    step: Iterate
    primal: np.ndarray
    """Longest step lengths ``(B,)``."""
    dual: np.ndarray
    """The same of multipliers of inequalities."""
    singular: np.ndarray
    """``(B,)``: stage for which there is no direction whatever is added, else -1."""


def trusted_direction(newton: Newton, measures: Measures, system: System, mu: np.ndarray, shift: np.ndarray) -> Trusted:
    """Directions and their longest steps.

    Args:
        newton: finds directions.
        measures: measures how far they may be gone.
        system: where we are.
        mu: barrier parameters ``(B,)``.
        shift: what was added to a problem's Hessian when it last needed it, else zero ``(B,)``; brought up to date.
    """
    direction, convex, singular = newton.direction(system, mu, np.zeros(mu.size))
    tau = np.maximum(TAU, 1.0 - mu)
    primal, dual = measures.reach(system.point, direction, tau)
    bad = np.flatnonzero(~convex & ~(primal >= SHORT) | (singular >= 0))
    if not bad.size:
        return Trusted(direction, primal, dual, singular)
    trial = np.where(shift[bad] > 0.0, np.maximum(SHIFT_LEAST, SHIFT_DOWN * shift[bad]), SHIFT_FIRST)
    fresh = shift[bad] == 0.0
    while bad.size:
        shift[bad] = trial
        again, convex, singular[bad] = newton.direction(system.take(bad), mu[bad], trial)
        keep = ~(convex & (singular[bad] < 0)) & (trial <= SHIFT_MOST)
        done = np.flatnonzero(~keep)
        direction.put(bad[done], again.take(done))
        grown = trial * np.where(fresh, SHIFT_UP_FIRST, SHIFT_UP)
        bad, trial, fresh = bad[keep], grown[keep], fresh[keep]
    primal, dual = measures.reach(system.point, direction, tau)
    return Trusted(direction, primal, dual, singular)
