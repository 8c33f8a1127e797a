"""The modes of a heat ladder: equal to the matrix exponential, heat and inlet accounted for, regular without flow."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

from lowlift.thermal.ladder import Ladder, Lumps, dot

parts = st.lists(st.floats(-1.5, 1.5).map(lambda e: 10.0**e), min_size=6, max_size=6)
"""Conductances and capacities within a factor of a thousand."""


def propagator(ladder: Ladder, h: float) -> np.ndarray:
    """What :meth:`Ladder.decay` does to each lump's unit deviation, by columns."""
    done = [ladder.decay(h).apply(Lumps(*unit)) for unit in np.eye(3)]
    return np.array([[getattr(v, name) for v in done] for name in ("chip", "plate", "cool")])


@given(parts, st.floats(0.1, 10.0))
def test_decay_is_the_matrix_exponential(values: list[float], h: float) -> None:
    g1, g2, g3, C1, C2, C3 = values
    K = np.array([[g1, -g1, 0.0], [-g1, g1 + g2, -g2], [0.0, -g2, g2 + g3]])
    exact = expm(-K / np.array([[C1], [C2], [C3]]) * h)
    assert np.abs(propagator(Ladder(*values), h) - exact).max() < 1e-11


@given(parts)
def test_modes_account_for_heat_and_inlet(values: list[float]) -> None:
    ladder = Ladder(*values)
    modes, C = ladder.modes, sum(values[3:])
    assert modes.rate[0] >= modes.rate[1] >= modes.rate[2] > 0.0
    assert sum(modes.gain) == pytest.approx(1.0)
    # An inlet one kelvin warmer ends in all lumps one kelvin warmer, with the heat of all capacities.
    warmed = modes.leave(modes.gain)
    assert (warmed.chip, warmed.plate, warmed.cool) == pytest.approx((1.0, 1.0, 1.0))
    assert dot(modes.heat, modes.gain) == pytest.approx(C)
    back = modes.leave(modes.enter(Lumps(7.0, -2.0, 0.5)))
    assert (back.chip, back.plate, back.cool) == pytest.approx((7.0, -2.0, 0.5), abs=1e-8)


def test_without_flow_heat_stays_and_only_spreads() -> None:
    ladder = Ladder(50.0, 20.0, 0.0, 60.0, 350.0, 180.0)
    left = ladder.decay(1e5).apply(Lumps(10.0, 0.0, 0.0))
    assert (left.chip, left.plate, left.cool) == pytest.approx((600.0 / 590.0,) * 3)
    assert max(abs(gain) for gain in ladder.modes.gain[:2]) < 1e-9
