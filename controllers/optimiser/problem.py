"""The form of the problems that the optimiser core solves: a batch of optimal control problems of one structure.

Every problem of a batch is

    minimise    sum_k  l(x_k, u_k, w_k, p_k) + a_k . s_k + b_k . s_k^2          (+ an arrival cost, where the initial state is free)
    subject to  F(x_k, u_k, w_k, p_k) = 0,   x_{k+1} = w_k,   x_0 given
                c(x_k, u_k, w_k, p_k) <= S s_k,   s_k >= 0
                u_low <= u_k <= u_high,   w_low <= w_k <= w_high

with ``F`` of as many rows as there are states, solvable for the end state ``w_k``. Explicit dynamics are ``w - f(x, u)``; implicit schemes
are written as they are. Stage lengths, weights and terminal terms enter through the stage parameters ``p_k``: a cost on ``w_{N-1}`` with
a weight that is zero elsewhere is a terminal cost. A row of ``c`` may be softened by one slack, and a slack may soften several rows.

Arrays of a batch are ``(stages, problems, components)``.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from lowlift.controllers.optimiser.checks import check_data, check_structure
from lowlift.controllers.optimiser.iterate import as_floats


@dataclasses.dataclass(frozen=True, kw_only=True)
class StageSymbols:
    """What a model makes of its symbols: expressions of one stage (CasADi SX)."""

    dynamics: Any
    """``F``, as many rows as states and algebraic controls."""
    path: Any
    """``c``."""
    cost: Any
    """``l``, a scalar in any unit. A problem counts as solved where the gradient of the Lagrangian, per unit of a variable, is within the
    tolerance. Slopes of the cost from a hundredth to a thousand are taken as they are, and others scaled to about one (:mod:`.scaling`), so
    that a cost far smaller is improved too, and one far larger not solved for long."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class StageProblem:
    """Structure of an optimal control problem: sizes, names, bounds and the expressions of a stage.

    Raises:
        ValueError: sizes do not match, bounds cross or are no numbers, a slack has a negative number, a scale is not positive, or
            there is no state.
    """

    name: str
    n_stages: int
    states: tuple[str, ...]
    controls: tuple[str, ...]
    rows: tuple[str, ...]
    """Names of the path rows."""
    row_scale: tuple[float, ...]
    """Size of one unit of each path row in the unit of :attr:`row_units`."""
    row_units: tuple[str, ...]
    slack_of_row: tuple[int | None, ...]
    """Number of the slack that softens each path row, from 0; ``None``: hard. A number that no row has is a slack that stays zero."""
    n_parameters: int
    u_low: np.ndarray
    """``(n_u,)``; infinite where there is no bound."""
    u_high: np.ndarray
    w_low: np.ndarray
    w_high: np.ndarray
    stage: Callable[[Any, Any, Any, Any], StageSymbols]
    """``(x, u, w, p)`` to the stage's expressions."""
    state_scale: tuple[float, ...] = ()
    """Size of one unit of each state in the unit of :attr:`state_units`; empty: one."""
    state_units: tuple[str, ...] = ()
    control_scale: tuple[float, ...] = ()
    control_units: tuple[str, ...] = ()
    algebraic: int = 0
    """So many controls, the last ones, are determined by equations of the stage: as many rows of ``F`` beyond the dynamics."""
    equations: tuple[str, ...] = ()
    """Names of these rows; empty: those of the controls that they determine, the last ones."""

    def __post_init__(self) -> None:
        for name, size in (("u_low", self.nu), ("u_high", self.nu), ("w_low", self.nx), ("w_high", self.nx)):
            if getattr(self, name).shape != (size,):
                raise ValueError(f"{self.name}: {name} has shape {getattr(self, name).shape}: must be ({size},)")
        for name in ("row_scale", "row_units", "slack_of_row"):
            if len(getattr(self, name)) != self.nc:
                raise ValueError(f"{self.name}: {name} has {len(getattr(self, name))} entries: must be {self.nc}, one a path row")
        for name, size in (("state_scale", self.nx), ("state_units", self.nx), ("control_scale", self.nu), ("control_units", self.nu)):
            if len(getattr(self, name)) not in (0, size):
                raise ValueError(f"{self.name}: {name} has {len(getattr(self, name))} entries: must be {size} or none")
        if len(self.equations) not in (0, self.algebraic):
            raise ValueError(f"{self.name}: equations has {len(self.equations)} entries: must be {self.algebraic}, one an algebraic row")
        check_structure(self)

    @property
    def equation_names(self) -> tuple[str, ...]:
        """Names of the rows of ``F`` beyond the dynamics."""
        return self.equations or self.controls[self.nu - self.algebraic :]

    @property
    def nx(self) -> int:
        """States."""
        return len(self.states)

    @property
    def nu(self) -> int:
        """Controls."""
        return len(self.controls)

    @property
    def nc(self) -> int:
        """Path rows."""
        return len(self.rows)

    @functools.cached_property
    def ns(self) -> int:
        """Slacks."""
        return max((j + 1 for j in self.slack_of_row if j is not None), default=0)

    @property
    def ny(self) -> int:
        """Rows of ``F``."""
        return self.nx + self.algebraic

    @property
    def nz(self) -> int:
        """Variables of a stage without slacks: state, controls, end state."""
        return 2 * self.nx + self.nu


@dataclasses.dataclass(frozen=True, kw_only=True)
class BatchData:
    """The numbers that make problems of a structure; whatever real numbers they are given as, they are held in double precision.

    Bounds may be narrower than the structure's, never wider; what is unbounded there must stay so.

    Raises:
        ValueError: something does not hold real numbers.
    """

    x0: np.ndarray
    """Initial states ``(B, n_x)``; where it is free, the mean of the arrival cost."""
    p: np.ndarray
    """Stage parameters ``(N, B, n_p)``."""
    slack_linear: np.ndarray
    """``a``, ``(N, B, n_s)``, positive."""
    slack_quadratic: np.ndarray
    """``b``, ``(N, B, n_s)``, not negative."""
    u_low: np.ndarray | None = None
    """``(N, B, n_u)``; the structure's where it is missing."""
    u_high: np.ndarray | None = None
    arrival: np.ndarray | None = None
    """Weight ``(B, n_x, n_x)`` of the arrival cost ``(x_0 - mean)' W (x_0 - mean) / 2``, symmetric and without negative eigenvalues;
    where it is given, the initial state is free."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value is not None:
                object.__setattr__(self, name, as_floats(name, value))

    @property
    def size(self) -> int:
        """Number of problems."""
        return int(self.x0.shape[0])

    def take(self, index: np.ndarray) -> "BatchData":
        """Some of the problems."""

        def some(v: np.ndarray | None) -> np.ndarray | None:
            return None if v is None else np.take(v, index, axis=1)

        return BatchData(
            x0=self.x0[index], p=np.take(self.p, index, axis=1), slack_linear=np.take(self.slack_linear, index, axis=1),
            slack_quadratic=np.take(self.slack_quadratic, index, axis=1), u_low=some(self.u_low), u_high=some(self.u_high),
            arrival=None if self.arrival is None else self.arrival[index],
        )  # fmt: skip

    def check(self, problem: StageProblem) -> None:
        """Raise a ``ValueError`` that names what does not fit the structure, is not a number or breaks what is said of it above."""
        check_data(problem, self)
