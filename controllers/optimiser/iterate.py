"""Primal and dual variables of a batch."""

import dataclasses
from typing import Any

import numpy as np


def as_floats(name: str, value: Any) -> np.ndarray:
    """An array of double precision, which compiled kernels read as it lies in memory.

    Raises:
        ValueError: it does not hold real numbers; names it.
    """
    array = np.asarray(value)
    if array.dtype == np.float64:
        return array
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name} holds {array.dtype}: must be real numbers")
    return array.astype(np.float64)


@dataclasses.dataclass
class Iterate:
    """A point of a batch, arrays ``(stages, problems, components)``; also used for directions. Whatever real numbers they are given as,
    they are held in double precision.
    """

    x0: np.ndarray
    """Initial states ``(B, n_x)``."""
    u: np.ndarray
    w: np.ndarray
    """States at the end of the stages."""
    s: np.ndarray
    """Slacks that soften path rows."""
    t: np.ndarray
    """Distances of all inequalities, in the order of :class:`~.inequalities.Inequalities`."""
    lam: np.ndarray
    """Their multipliers."""
    y: np.ndarray
    """Multipliers of the dynamics."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            setattr(self, name, as_floats(name, value))

    @property
    def x(self) -> np.ndarray:
        """States at the start of the stages."""
        return np.concatenate([self.x0[None], self.w[:-1]])

    def take(self, index: np.ndarray) -> "Iterate":
        """Some of the problems (copied)."""
        return Iterate(self.x0[index], *(np.take(getattr(self, f.name), index, axis=1) for f in dataclasses.fields(self)[1:]))

    def put(self, index: np.ndarray, other: "Iterate") -> None:
        """Overwrite some of the problems."""
        self.x0[index] = other.x0
        for f in dataclasses.fields(self)[1:]:
            getattr(self, f.name)[:, index] = getattr(other, f.name)

    def moved(self, d: "Iterate", primal: np.ndarray, dual: np.ndarray) -> "Iterate":
        """A step of lengths ``(B,)`` along a direction. Multipliers of the dynamics follow the primal step."""
        a, b = primal[None, :, None], dual[None, :, None]
        return Iterate(
            self.x0 + primal[:, None] * d.x0, self.u + a * d.u, self.w + a * d.w, self.s + a * d.s, self.t + a * d.t,
            self.lam + b * d.lam, self.y + a * d.y,
        )  # fmt: skip
