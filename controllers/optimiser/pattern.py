"""Where a stage's condensed Hessian has entries, and what they are: sums over nonzeros as products with constant matrices.

A path row with few nonzeros gives few products; all products of all rows are formed at once and added up by one matrix of zeros and ones.
"""

import numpy as np

from lowlift.controllers.optimiser.derivatives import StageFunctions
from lowlift.controllers.optimiser.inequalities import Inequalities


class Pattern:
    """Entries of the lower triangle of ``Phi`` of one structure."""

    def __init__(self, rows: Inequalities, functions: StageFunctions) -> None:
        p = rows.problem
        self.rows, self.nz = rows, p.nz
        self._row, self._column = functions.path_at
        slack = np.array([-1 if j is None else j for j in p.slack_of_row], dtype=np.intp)
        # Products of nonzeros: of a row with itself, and of all rows of a slack with each other.
        count = range(self._row.size)
        own = [(i, j) for i in count for j in count if self._row[i] == self._row[j] and self._column[i] >= self._column[j]]
        of = slack[self._row]
        shared = [(i, j) for i in count for j in count if of[i] == of[j] >= 0 and self._column[i] >= self._column[j]]
        self._own, self._shared = _pairs(own), _pairs(shared)
        self._slack_of_pair = of[self._shared[0]]
        diagonal = np.arange(p.nx, p.nz)
        places: dict[tuple[int, int], int] = {}
        parts = [functions.hessian_at, *(self._places_of(pair) for pair in (self._own, self._shared)), (diagonal, diagonal)]
        at = [[places.setdefault((int(i), int(j)), len(places)) for i, j in zip(*part, strict=True)] for part in parts]
        self._add = [_incidence(index, len(places)) for index in at]
        self._i, self._j = (np.array([place[axis] for place in places], dtype=np.intp) for axis in (0, 1))
        nv = p.nx + p.nu
        bounded = [*(rows.u_low), *(rows.u_high), *(nv - p.nx + rows.w_low), *(nv - p.nx + rows.w_high)]
        self._add_bounds = _incidence(bounded, p.nz - p.nx)
        self._to_columns = _incidence(list(self._column), p.nz)
        self._to_rows = _incidence(list(self._row), p.nc)

    def _places_of(self, pair: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        return self._column[pair[0]], self._column[pair[1]]

    def entries(self, hessian: np.ndarray, dc: np.ndarray, sigma: np.ndarray, D: np.ndarray, shift: np.ndarray) -> np.ndarray:
        """All entries ``(N, B, ·)``.

        Args:
            hessian: nonzeros of the Lagrangian's Hessian.
            dc: nonzeros of the path rows' slopes.
            sigma: ``lam / t`` of all inequalities.
            D: the slacks' diagonal.
            shift: added to the diagonal of controls and end states ``(B,)``.
        """
        weighted = sigma[..., self._row] * dc
        own = weighted[..., self._own[0]] * dc[..., self._own[1]]
        shared = weighted[..., self._shared[0]] * weighted[..., self._shared[1]] / -D[..., self._slack_of_pair]
        diagonal = sigma[..., self.rows.path.stop : self.rows.at_slack.start] @ self._add_bounds + shift[None, :, None]
        parts = (hessian, own, shared, diagonal)
        result: np.ndarray = sum(part @ add for part, add in zip(parts, self._add, strict=True))
        return result

    def matrix(self, entries: np.ndarray) -> np.ndarray:
        """Symmetric matrices ``(B, n_z, n_z)`` of entries ``(B, ·)``."""
        Phi = np.zeros((len(entries), self.nz, self.nz))
        Phi[:, self._i, self._j] = entries
        Phi[:, self._j, self._i] = entries
        return Phi

    def pull(self, dc: np.ndarray, multipliers: np.ndarray) -> np.ndarray:
        """Path rows' multipliers as gradients ``(N, B, n_z)``."""
        result: np.ndarray = (multipliers[..., self._row] * dc) @ self._to_columns
        return result

    def along(self, dc: np.ndarray, dz: np.ndarray) -> np.ndarray:
        """Change of the path rows along a direction ``(N, B, n_c)``."""
        result: np.ndarray = (dz[..., self._column] * dc) @ self._to_rows
        return result


def _pairs(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(pairs, dtype=np.intp).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _incidence(to: list[int], size: int) -> np.ndarray:
    """Ones that add entry ``k`` to place ``to[k]``."""
    matrix = np.zeros((len(to), size))
    matrix[np.arange(len(to)), to] = 1.0
    return matrix
