"""Wide problems: stages with a few variables of their own and many equal blocks beside them, which see the stage at few places only.

A stage has the variables ``z = (x, u, w)`` of an ordinary one (see :mod:`.problem`), here called the *core*. The last controls ``a`` are
algebraic: rows ``E`` of the core determine them. Each block ``i`` has variables ``v_i`` of its own and nothing that lasts beyond the stage:

    minimise    sum_k  l(z_k, p_k) + sum_i l_i(v_ik, z_k)  + slacks
    subject to  F(z_k) = 0,   E(z_k) - sum_i phi_i(v_ik, z_k) = 0
                e_i(v_ik, z_k) = 0,   c_i(v_ik, z_k) <= S s_ik,   v_low <= v_ik <= v_high,   and the core's inequalities

Blocks have one and the same functions ``l, phi, e, c``; they differ by their parameters and by which of the core's variables they see
(*links*) and which rows of ``E`` they enter (*sums*). The last variables of a block are determined by ``e``, which has as many rows.

:attr:`WideProblem.flat` is the same problem as an ordinary structure, with the blocks' variables behind the core's controls, their
equations behind its rows and their parameters behind its own, block by block. Points, bounds, residuals and the interior-point method
know only that form; evaluation (:mod:`.wide_evaluation`) and directions (:mod:`.wide_newton`) use the structure.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from lowlift.controllers.optimiser.checks import check_bounds, check_softening
from lowlift.controllers.optimiser.problem import StageProblem, StageSymbols


@dataclasses.dataclass(frozen=True, kw_only=True)
class BlockSymbols:
    """What a model makes of a block's symbols (CasADi SX)."""

    equations: Any
    """``e``."""
    path: Any
    """``c``."""
    cost: Any
    """``l``, a scalar."""
    sums: Any
    """``phi``."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class BlockStructure:
    """One block, of which there are many.

    Raises:
        ValueError: sizes do not match.
    """

    variables: tuple[str, ...]
    determined: int
    """So many variables, the last ones, are determined by the equations."""
    low: np.ndarray
    high: np.ndarray
    rows: tuple[str, ...]
    row_scale: tuple[float, ...]
    row_units: tuple[str, ...]
    slack_of_row: tuple[int | None, ...]
    links: tuple[str, ...]
    """What it sees of the core."""
    sums: tuple[str, ...]
    """To what it adds."""
    own: tuple[str, ...]
    """Its parameters."""
    shared: tuple[int, ...]
    """Which of the core's parameters it sees."""
    block: Callable[[Any, Any, Any, Any], BlockSymbols]
    """``(v, links, own, shared)`` to its expressions."""

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            if getattr(self, name).shape != (self.nv,):
                raise ValueError(f"block: {name} has shape {getattr(self, name).shape}: must be ({self.nv},)")
        for name in ("row_scale", "row_units", "slack_of_row"):
            if len(getattr(self, name)) != self.nc:
                raise ValueError(f"block: {name} has {len(getattr(self, name))} entries: must be {self.nc}, one a path row")
        check_bounds("block", "v", self.low, self.high, self.variables)
        check_softening("block", self.rows, self.slack_of_row)
        if not 0 <= self.determined <= self.nv:
            raise ValueError(f"block: determined = {self.determined}: must be 0 to {self.nv}, its variables")

    @property
    def nv(self) -> int:
        """Variables."""
        return len(self.variables)

    @property
    def nc(self) -> int:
        """Path rows."""
        return len(self.rows)

    @property
    def ns(self) -> int:
        """Slacks."""
        return max((j + 1 for j in self.slack_of_row if j is not None), default=0)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class WideProblem:
    """A core and its blocks.

    Raises:
        ValueError: links or sums do not fit the core, or equal ones are not side by side.
    """

    core: StageProblem
    """Its ``dynamics`` are ``F`` and ``E``; its last :attr:`~.problem.StageProblem.algebraic` controls are ``a``."""
    structure: BlockStructure
    blocks: tuple[str, ...]
    """Names."""
    links: np.ndarray
    """Positions in ``(x, u, w)`` that each block sees, ``(M, n_links)``."""
    sums: np.ndarray
    """Rows of ``E`` that each block adds to, ``(M, n_sums)``; no row twice in a block."""

    def __post_init__(self) -> None:
        m, s = len(self.blocks), self.structure
        for name, value, columns, end in (
            ("links", self.links, len(s.links), self.core.nz), ("sums", self.sums, len(s.sums), self.core.algebraic),
        ):  # fmt: skip
            if value.shape != (m, columns):
                raise ValueError(f"{self.core.name}: {name} has shape {value.shape}: must be {(m, columns)}")
            if value.size and not (0 <= value.min() and value.max() < end):
                raise ValueError(f"{self.core.name}: {name} has entries outside 0 to {end - 1}")
        if m < 1 or len(np.unique(np.hstack([self.links, self.sums]), axis=0)) != self.families.size:
            raise ValueError(f"{self.core.name}: blocks with equal links and sums must stand side by side")

    @functools.cached_property
    def families(self) -> np.ndarray:
        """First block of each family; blocks of a family have the same links and sums."""
        both = np.hstack([self.links, self.sums])
        return np.flatnonzero(np.r_[True, np.any(both[1:] != both[:-1], axis=1)])

    @property
    def size(self) -> int:
        """Blocks."""
        return len(self.blocks)

    @functools.cached_property
    def flat(self) -> StageProblem:
        """The same problem as an ordinary structure."""
        c, s, m = self.core, self.structure, self.size

        def each(names: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(f"{name}[{block}]" for block in self.blocks for name in names)

        slacks = [None if j is None else c.ns + i * s.ns + j for i in range(m) for j in s.slack_of_row]
        return StageProblem(
            name=c.name, n_stages=c.n_stages, states=c.states, controls=(*c.controls, *each(s.variables)), rows=(*c.rows, *each(s.rows)),
            row_scale=(*c.row_scale, *(s.row_scale * m)), row_units=(*c.row_units, *(s.row_units * m)),
            slack_of_row=(*c.slack_of_row, *slacks), n_parameters=c.n_parameters + m * len(s.own),
            u_low=np.concatenate([c.u_low, np.tile(s.low, m)]), u_high=np.concatenate([c.u_high, np.tile(s.high, m)]),
            w_low=c.w_low, w_high=c.w_high, stage=self._stage, algebraic=c.algebraic + m * s.determined,
            equations=(*c.equation_names, *each(s.variables[s.nv - s.determined :])), state_scale=c.state_scale, state_units=c.state_units,
        )  # fmt: skip

    def _stage(self, x: Any, u: Any, w: Any, p: Any) -> StageSymbols:
        import casadi as ca

        c, s = self.core, self.structure
        own = c.n_parameters + len(s.own) * np.arange(self.size + 1)
        at = c.nu + s.nv * np.arange(self.size + 1)
        core = c.stage(x, u[: c.nu], w, p[: c.n_parameters])
        dynamics, path, cost = ca.SX(core.dynamics), [core.path], core.cost
        z, shared = ca.vertcat(x, u[: c.nu], w), p[list(s.shared)]
        equations = []
        for i in range(self.size):
            v = u[int(at[i]) : int(at[i + 1])]
            b = s.block(v, z[[int(k) for k in self.links[i]]], p[int(own[i]) : int(own[i + 1])], shared)
            for k, row in enumerate(self.sums[i]):
                dynamics[c.nx + int(row)] -= b.sums[k]
            equations.append(b.equations)
            path.append(b.path)
            cost += b.cost
        return StageSymbols(dynamics=ca.vertcat(dynamics, *equations), path=ca.vertcat(*path), cost=cost)
