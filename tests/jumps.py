"""Whether a function jumps: zoom into the largest change along a path again and again; a jump remains, a steep slope does not."""

from collections.abc import Callable

import numpy as np

PIECES, LEVELS = 16, 11
NOTHING = 1e-9
"""Size, in the unit of an output, below which it is rounding."""


def largest_jump(along: Callable[[np.ndarray], np.ndarray], nothing: float = NOTHING) -> float:
    """What is left of the largest change of any output over its size; ``along`` takes ``t`` in 0..1 (n,) and returns (outputs, n)."""
    grid, worst = np.linspace(0.0, 1.0, PIECES + 1), 0.0
    size = np.abs(along(grid)).max(axis=1) + nothing
    for output in range(len(size)):
        low, high, change = 0.0, 1.0, 0.0
        for _ in range(LEVELS):
            t = low + (high - low) * grid
            changes = np.abs(np.diff(along(t)[output]))
            k = int(changes.argmax())
            low, high, change = t[k], t[k + 1], float(changes[k])
        worst = max(worst, change / size[output])
    return worst
