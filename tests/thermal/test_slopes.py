"""S2 for every relation: exact derivatives equal finite differences, and nothing jumps where modes change."""

import casadi as ca
import numpy as np
import pytest
from backends import as_function, slopes
from jumps import largest_jump
from relation_table import RELATIONS
from relations import Relation, relation

from lowlift.thermal import ops

STEP = 1e-6
"""Step of the difference quotients, relative to the range of an argument."""
CURVATURE = 1e-4
"""What curvature and rounding may add to a slope, relative to the change of an output over its argument's range."""
PATHS = 6
JUMP = 1e-7
"""Largest change that is left of a continuous function after zooming in, over the size of the output."""
JUMPING = {
    "psychrometrics.wet_bulb": "a bulb carries ice or water: the relations differ at freezing",
    "psychrometrics.humidity_ratio_from_wet_bulb": "the same",
    "mixing.mix": "its flag of fog is 0 or 1",
    "tower_control.SetpointTower.fan": "beyond the largest range of the correlation the fan is taken to run at full speed",
}
"""Relations that are discontinuous, and why."""


def named(relation: Relation) -> str:
    return f"{relation.name}:{relation.owner}"


@pytest.mark.parametrize("relation", RELATIONS, ids=named)
def test_S2_derivatives_equal_finite_differences(relation: Relation) -> None:
    """At random points, between the difference quotients to either side: they differ only where there is a corner."""
    samples = relation.random(20, seed=3)
    f = as_function(ca.SX, relation.call, len(samples))
    value = f.map(samples[0].size)

    def at(*x: np.ndarray) -> np.ndarray:
        return np.asarray(value(*(v[None, :] for v in x)))

    with np.errstate(all="ignore"):
        exact = slopes(f)(*samples)
    here = at(*samples)
    for k, (low, high) in enumerate(relation.arguments.values()):
        h = STEP * (high - low)
        left, right = ((at(*samples[:k], samples[k] + d, *samples[k + 1 :]) - here) / d for d in (-h, h))
        size = np.maximum(np.abs(exact[:, k]).max(axis=1), (np.abs(here).max(axis=1) + 1e-12) / (high - low))
        rounding = 1e-14 * np.abs(here).max(axis=1) / h
        slack = (CURVATURE * size + rounding)[:, None]
        assert np.all(exact[:, k] >= np.minimum(left, right) - slack), list(relation.arguments)[k]
        assert np.all(exact[:, k] <= np.maximum(left, right) + slack), list(relation.arguments)[k]


def jump(relation: Relation) -> float:
    """Largest jump of any output along straight paths through the domain."""
    ends = relation.random(2 * PATHS, seed=4)
    f = as_function(ca.SX, relation.call, len(ends))

    def path(k: int) -> float:
        return largest_jump(lambda t: np.asarray(f.map(t.size)(*((e[k] + (e[PATHS + k] - e[k]) * t)[None] for e in ends))))

    return max(path(k) for k in range(PATHS))


@pytest.mark.parametrize("relation", RELATIONS, ids=named)
def test_S2_no_jump_where_modes_change(relation: Relation) -> None:
    assert jump(relation) < JUMP or relation.name in JUMPING


def test_a_jump_would_be_noticed() -> None:
    step = relation(lambda x: ops.where(x > 0.3, x + 1e-3, x), call=lambda x: ops.where(x > 0.3, x + 1e-3, x), x=(0.0, 1.0))
    assert jump(step) > 1e-4
