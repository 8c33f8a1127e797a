"""Newton's direction of wide problems: blocks eliminated, what they leave folded into the core, the core's recursion, and back.

A block is a small system of its own once its links and the multipliers of its sums are given (:mod:`.wide_functions`). What all blocks
of a stage leave behind adds up to terms of the core's quadratic model and to

    J dz - S dy + r = 0        in place of        J dz + r = 0

for the rows ``E``. With ``S = L L'`` that is the same as ``J dz + L ds + r = 0`` with additional controls ``s`` that cost ``s's/2``; now
the rows determine the algebraic controls, which are replaced, and an ordinary stage with the core's states remains. All pivots together,
those of the blocks and those of the recursion, tell the inertia of the whole system.
"""

from typing import Protocol

import numpy as np

from lowlift.controllers.optimiser.derivatives import StageFunctions
from lowlift.controllers.optimiser.evaluation import SecondOrder, Values
from lowlift.controllers.optimiser.graphs import Graphs
from lowlift.controllers.optimiser.inequalities import Inequalities
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.newton import Direction, Newton, System
from lowlift.controllers.optimiser.pattern import Pattern
from lowlift.controllers.optimiser.problem import StageProblem
from lowlift.controllers.optimiser.riccati import first_of
from lowlift.controllers.optimiser.wide_evaluation import WideSecondOrder
from lowlift.controllers.optimiser.wide_problem import WideProblem

ENORMOUS = 1e30
"""Steps beyond this are none."""


class Recursion(Protocol):
    """Makes the recursion over stages without inequalities."""

    def __call__(self, rows: Inequalities, functions: StageFunctions) -> Newton:
        """Of a structure."""


class WideNewton:
    """Directions of the flat form of a wide problem.

    Args:
        problem: the problem.
        rows: inequalities of its flat form.
        functions: of its core.
        graphs: the block's functions.
        recursion: for what remains of the stages.
    """

    def __init__(self, problem: WideProblem, rows: Inequalities, functions: StageFunctions, graphs: Graphs, recursion: Recursion) -> None:
        self.problem, self.rows, self.functions, self.graphs = problem, rows, functions, graphs
        self.core_rows = Inequalities(problem.core)
        self._pattern = Pattern(self.core_rows, functions)
        self._of_core = _positions(self.core_rows, rows)
        self._summed = np.unique(problem.sums)
        self.recursion = recursion(*_plain(problem.core, self._summed.size))

    def direction(self, system: System, mu: np.ndarray, shift: np.ndarray) -> Direction:
        """Directions of all problems."""
        rows, c, point = self.rows, self.problem.core, system.point
        second = system.second
        assert isinstance(second, WideSecondOrder)  # noqa: S101 - the evaluator of a wide problem made it
        r = system.G + point.t
        sigma = point.lam / point.t
        rho = sigma * r + mu[None, :, None] / point.t - point.lam
        _, _, gs = rows.pull_back(rho)
        D = 2.0 * system.slack_quadratic + sigma[..., rows.at_slack] + rows.joined(sigma[..., rows.path])
        e = -(system.slack_gradient + gs)
        back, offset, left, good = self._eliminate(system, second, (sigma, rho, point.lam), (D, e), shift)

        Phi, phi, J = self._core(second.core, (sigma, rho, point.lam), (D, e), shift)
        F, S = second.core.values.F.copy(), np.zeros((*D.shape[:2], c.algebraic, c.algebraic))
        self._fold(left, Phi, phi, J, F, S)
        dx0, dz, dy, well, singular = self._core_direction(system, Phi, phi, J, F, S)
        dv, dn, change = self._restore(second, back, offset, dz, dy)

        n, b = D.shape[:2]
        du = np.concatenate([dz[..., c.nx : c.nx + c.nu], dv.reshape(n, b, -1)], axis=-1)
        dw = dz[..., c.nx + c.nu :]
        changes = np.concatenate([self._pattern.along(second.core.dc, dz), change.reshape(n, b, -1)], axis=-1)
        ds = (e + rows.joined(sigma[..., rows.path] * changes)) / D
        along = rows.along(changes, du, dw, ds)
        whole = Iterate(dx0, du, dw, ds, -(r + along), sigma * along + rho, np.concatenate([dy, dn.reshape(n, b, -1)], axis=-1))
        return Direction(whole, good & well, singular)

    def _core(
        self, second: SecondOrder, barrier: tuple[np.ndarray, ...], slacks: tuple[np.ndarray, ...], shift: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """``Phi, phi, J`` of the core without its inequalities and without blocks."""
        rows, c = self.core_rows, self.problem.core
        sigma, rho, lam = (v[..., self._of_core] for v in barrier)
        D, e = (v[..., : c.ns] for v in slacks)
        n, b = sigma.shape[:2]
        gu, gw, _ = rows.pull_back(rho + lam)
        path = sigma[..., rows.path]
        phi = second.gradient + self._pattern.pull(second.dc, rho[..., rows.path] - path * ((e / D) @ rows.softening.T))
        phi[..., c.nx : c.nx + c.nu] += gu
        phi[..., c.nx + c.nu :] += gw
        entries = self._pattern.entries(second.hessian, second.dc, sigma, D, shift)
        J = np.zeros((n, b, c.ny, c.nz))
        J[..., self.functions.dynamics_at[0], self.functions.dynamics_at[1]] = second.dF
        return self._pattern.matrix(entries.reshape(n * b, -1)).reshape(n, b, c.nz, c.nz), phi, J

    def _eliminate(
        self, system: System, second: WideSecondOrder, barrier: tuple[np.ndarray, np.ndarray, np.ndarray],
        slacks: tuple[np.ndarray, np.ndarray], shift: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray, list[np.ndarray], np.ndarray]:  # fmt: skip
        """The way back of every block, what families of blocks leave behind, and which problems' blocks have the right inertia."""
        problem, rows, c, s = self.problem, self.rows, self.problem.core, self.problem.structure
        (sigma, rho, lam), (D, e), m, d = barrier, slacks, self.problem.size, second.blocks
        n, b = D.shape[:2]
        gu, _, _ = rows.pull_back(rho + lam)
        diagonal = np.zeros_like(gu) + shift[None, :, None]
        diagonal[..., rows.u_low] += sigma[..., rows.at_u_low]
        diagonal[..., rows.u_high] += sigma[..., rows.at_u_high]
        path = slice(c.nc, rows.path.stop)
        of_row = np.array([-1 if j is None else j for j in s.slack_of_row], dtype=np.intp)
        ratio = np.zeros((n, b, m, s.ns + 1))
        ratio[..., : s.ns] = (e / D)[..., c.ns :].reshape(n, b, m, s.ns)
        local = sigma[..., path].reshape(n, b, m, s.nc)
        pulled = rho[..., path].reshape(n, b, m, s.nc) - local * ratio[..., of_row]
        inputs = (d.de, d.dc, d.dphi, d.hessian, d.gradient, gu[..., c.nu :].reshape(n, b, m, s.nv),
                  diagonal[..., c.nu :].reshape(n, b, m, s.nv), d.e, local, pulled,
                  (1.0 / D[..., c.ns :]).reshape(n, b, m, s.ns))  # fmt: skip
        out = self.graphs("block_eliminate", *(v.reshape(n, b * m, v.shape[-1]) for v in inputs))
        ok, *left, back, offset = (v.reshape(n, b, m, v.shape[-1]) for v in out)
        good: np.ndarray = ok.min(axis=(0, 2, 3)) > 0.0
        return back, offset, [np.add.reduceat(v, problem.families, axis=2) for v in left], good

    def _fold(self, left: list[np.ndarray], Phi: np.ndarray, phi: np.ndarray, J: np.ndarray, F: np.ndarray, S: np.ndarray) -> None:
        """Add what families leave behind to the core."""
        problem, nx = self.problem, self.problem.core.nx
        H, slopes, soft, gradient, residual = left
        for k, first in enumerate(problem.families):
            links, sums = problem.links[first], problem.sums[first]
            nl, ns = links.size, sums.size
            # Columns one after the other, as CasADi has them; a link may be seen twice.
            for j, column in enumerate(links):
                phi[..., column] += gradient[:, :, k, j]
                for i, row in enumerate(links):
                    Phi[..., row, column] += H[:, :, k, j * nl + i]
                for i, row in enumerate(sums):
                    J[..., nx + row, column] += slopes[:, :, k, j * ns + i]
            for j, column in enumerate(sums):
                for i, row in enumerate(sums):
                    S[..., row, column] += soft[:, :, k, j * ns + i]
            # The sums themselves are in the residual already.
            F[..., nx + sums] += residual[:, :, k]

    def _core_direction(
        self, system: System, Phi: np.ndarray, phi: np.ndarray, J: np.ndarray, F: np.ndarray, S: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """``dx0, dz, dy`` of the core, which problems are convex, and their singular stages."""
        c, n, b = self.problem.core, *phi.shape[:2]
        nx, na, k = c.nx, c.algebraic, self._summed.size
        first = nx + c.nu - na
        own, alg = np.r_[0:first, nx + c.nu : c.nz], np.arange(first, first + na)
        # S = L L' on the rows that blocks add to.
        weights, vectors = np.linalg.eigh(S[..., self._summed[:, None], self._summed])
        L = np.zeros((n, b, na, k))
        L[..., self._summed, :] = vectors * np.sqrt(np.maximum(weights, 0.0))[..., None, :]
        E, known = J[..., nx:, :], np.concatenate([J[..., nx:, :first], L, J[..., nx:, nx + c.nu :], F[..., nx:, None]], axis=-1)
        solved, undetermined = _solve(E[..., alg], known)
        # z = T (x, u, s, w) + t.
        columns = first + k + nx
        T, t = np.zeros((n, b, c.nz, columns)), np.zeros((n, b, c.nz))
        T[..., own, np.r_[0:first, first + k : columns]] = 1.0
        T[..., alg, :], t[..., alg] = -solved[..., :-1], -solved[..., -1]
        across = Phi @ T
        quadratic = T.swapaxes(2, 3) @ across
        quadratic[..., np.arange(first, first + k), np.arange(first, first + k)] += 1.0
        linear = (T.swapaxes(2, 3) @ (phi[..., None] + Phi @ t[..., None]))[..., 0]
        dynamics, residual = J[..., :nx, :] @ T, F[..., :nx] + (J[..., :nx, :] @ t[..., None])[..., 0]
        step, convex, singular = self._recursion(system, quadratic, linear, dynamics, residual)
        reduced, y = np.concatenate([step.x, step.u, step.w], axis=-1), step.y
        # A concave problem's step may be out of all bounds; what is no number is refused later on, without overflowing before.
        lost = ~(np.abs(reduced).max(axis=(0, 2)) < ENORMOUS)
        if lost.any():
            reduced, y = (np.where(lost[None, :, None], np.nan, v) for v in (reduced, y))
            convex = convex & ~lost
        dz = (T @ reduced[..., None])[..., 0] + t
        pull = ((Phi @ dz[..., None])[..., 0] + phi)[..., alg] + (J[..., :nx, alg].swapaxes(2, 3) @ y[..., None])[..., 0]
        # What is no number is not singular.
        finite = np.isfinite(E).all(axis=(0, 2, 3))
        undetermined = np.where(finite, undetermined, -1)
        multipliers, _ = _solve(E[..., alg].swapaxes(2, 3), pull[..., None])
        y = np.concatenate([y, -multipliers[..., 0]], axis=-1)
        return dz[0, :, :nx], dz, y, convex & finite, np.where(undetermined >= 0, undetermined, singular)

    def _recursion(self, system: System, Phi: np.ndarray, phi: np.ndarray, J: np.ndarray, F: np.ndarray) -> Direction:
        n, b, nz = phi.shape
        nx = F.shape[-1]
        none = np.zeros((n, b, 0))
        # Columns one after the other, as the functions of a plain stage say.
        lower, full = np.tril_indices(nz), np.zeros(b)
        second = SecondOrder(Values(F, none, np.zeros((n, b))), phi, phi, J.reshape(n, b, -1), none, Phi[..., lower[0], lower[1]])
        point = Iterate(np.zeros((b, nx)), np.zeros((n, b, nz - 2 * nx)), np.zeros((n, b, nx)), none, none, none, np.zeros((n, b, nx)))
        return self.recursion.direction(System(point, second, none, none, none, system.dx0, system.arrival), full, full)

    def _restore(
        self, second: WideSecondOrder, back: np.ndarray, offset: np.ndarray, dz: np.ndarray, dy: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Changes of the blocks' variables, of the multipliers of their equations, and of their path rows."""
        problem, (n, b) = self.problem, dz.shape[:2]
        inputs = (back, offset, dz[..., problem.links], dy[..., problem.core.nx + problem.sums], second.blocks.dc)
        dv, dn, change = self.graphs("block_restore", *(v.reshape(n, b * problem.size, v.shape[-1]) for v in inputs))
        return dv, dn, change


def _solve(A: np.ndarray, B: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``A^-1 B`` and, per problem, the first stage whose matrix is singular, or -1."""
    singular = ~np.isfinite(A).all(axis=(2, 3))
    if A.shape[-1]:
        scale = np.max(np.abs(A), axis=(2, 3))
        singular |= np.abs(np.linalg.det(np.where(singular[..., None, None], 0.0, A / np.maximum(scale, 1e-300)[..., None, None]))) < 1e-12
    if singular.any():
        A = np.where(singular[..., None, None], np.eye(A.shape[-1]), A)
    return np.linalg.solve(A, B), first_of(singular)


def _positions(core: Inequalities, flat: Inequalities) -> np.ndarray:
    """Where the core's inequalities stand among all."""
    nu, parts = core.problem.nu, [np.arange(core.problem.nc)]
    bounds = ((flat.at_u_low, flat.u_low), (flat.at_u_high, flat.u_high))
    parts += [at.start + np.flatnonzero(of < nu) for at, of in bounds]
    parts += [np.arange(at.start, at.stop) for at in (flat.at_w_low, flat.at_w_high)]
    return np.concatenate([*parts, flat.at_slack.start + np.arange(core.problem.ns)])


def _plain(core: StageProblem, k: int) -> tuple[Inequalities, StageFunctions]:
    """Structure of what remains of a stage: no inequalities, dense matrices."""
    nu = core.nu - core.algebraic + k
    free = np.full(nu, np.inf)
    plain = StageProblem(
        name=core.name, n_stages=core.n_stages, states=core.states, controls=("control",) * nu, rows=(), row_scale=(), row_units=(),
        slack_of_row=(), n_parameters=0, u_low=-free, u_high=free, w_low=np.full(core.nx, -np.inf),
        w_high=np.full(core.nx, np.inf), stage=core.stage,
    )  # fmt: skip
    dense = np.divmod(np.arange(core.nx * plain.nz), plain.nz)
    empty = np.zeros(0, dtype=np.intp)
    return Inequalities(plain), StageFunctions(None, None, None, dense, (empty, empty), np.tril_indices(plain.nz))
