"""Newton's direction of the barrier problem: inequalities and slacks condensed into a stage, stages joined by Riccati.

With ``Sigma = lam / t``, ``r = G + t`` and ``rho = Sigma r + mu / t - lam`` a row's multiplier changes by ``Sigma dG + rho``. A slack ``s``
that softens the rows ``i`` has a diagonal equation of its own and leaves

    D ds = e + sum_i Sigma_i dc_i,    D = 2 b + Sigma_s + sum_i Sigma_i,    e = sum_i rho_i + rho_s - gradient_s,

so it costs a rank-one term of the stage and no variable of the recursion.
"""

from typing import NamedTuple, Protocol

import numpy as np

from lowlift.controllers.optimiser import riccati
from lowlift.controllers.optimiser.derivatives import StageFunctions
from lowlift.controllers.optimiser.evaluation import SecondOrder
from lowlift.controllers.optimiser.inequalities import Inequalities
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.pattern import Pattern

ROOM = 4_000_000
"""Numbers in the matrices of the problems that are condensed together."""


class Direction(NamedTuple):
    """Directions of a batch and what was found on the way."""

    step: Iterate
    convex: np.ndarray
    """``(B,)``: whether a problem's Hessian was convex as it was."""
    singular: np.ndarray
    """``(B,)``: first stage whose equations do not determine what they must, so that the step means nothing; -1 where there is none."""


class Newton(Protocol):
    """Finds directions: by NumPy or by a compiled kernel."""

    def direction(self, system: "System", mu: np.ndarray, shift: np.ndarray) -> Direction:
        """Directions of all problems; ``shift`` ``(B,)`` is added to the diagonals of their Hessians."""


class System:
    """What a direction is made of, all problems of a batch.

    Args:
        point: where we are.
        second: derivatives there.
        G: the stack of inequalities there.
        slack_gradient: derivative of the Lagrangian with respect to the slacks.
        slack_quadratic: weights of the slacks' squares.
        dx0: what the given initial states lack.
        arrival: Hessian and gradient of the arrival cost where they are free.
    """

    def __init__(self, point: Iterate, second: SecondOrder, G: np.ndarray, slack_gradient: np.ndarray, slack_quadratic: np.ndarray,
                 dx0: np.ndarray, arrival: tuple[np.ndarray, np.ndarray] | None) -> None:  # fmt: skip
        self.point, self.second, self.G = point, second, G
        self.slack_gradient, self.slack_quadratic = slack_gradient, slack_quadratic
        self.dx0, self.arrival = dx0, arrival

    def take(self, index: np.ndarray) -> "System":
        """Of some problems."""
        arrival = None if self.arrival is None else (self.arrival[0][index], self.arrival[1][index])
        G, slack_gradient, slack_quadratic = (np.take(v, index, axis=1) for v in (self.G, self.slack_gradient, self.slack_quadratic))
        return System(self.point.take(index), self.second.take(index), G, slack_gradient, slack_quadratic, self.dx0[index], arrival)


class NumpyNewton:
    """The direction in NumPy: stacked products and solves, one call for all problems.

    Raises:
        NotImplementedError: the structure has algebraic controls, which :mod:`.wide_newton` knows.
    """

    def __init__(self, rows: Inequalities, functions: StageFunctions) -> None:
        if rows.problem.algebraic:
            raise NotImplementedError(f"{rows.problem.name}: {rows.problem.algebraic} algebraic controls: only wide problems may have some")
        self.rows, self.functions = rows, functions
        self._pattern = Pattern(rows, functions)

    def direction(self, system: System, mu: np.ndarray, shift: np.ndarray) -> Direction:
        """Directions of all problems, a cache-sized part of the batch at a time."""
        p = self.rows.problem
        size = mu.size
        part = max(1, ROOM // (p.n_stages * p.nz * p.nx))
        if part >= size:
            return self._some(system, mu, shift)
        done = []
        for start in range(0, size, part):
            index = np.arange(start, min(start + part, size))
            done.append(self._some(system.take(index), mu[index], shift[index]))
        names = ("u", "w", "s", "t", "lam", "y")
        whole = {name: np.concatenate([getattr(d.step, name) for d in done], axis=1) for name in names}
        step = Iterate(x0=np.concatenate([d.step.x0 for d in done]), **whole)
        return Direction(step, np.concatenate([d.convex for d in done]), np.concatenate([d.singular for d in done]))

    def _some(self, system: System, mu: np.ndarray, shift: np.ndarray) -> Direction:
        rows, p, pattern = self.rows, self.rows.problem, self._pattern
        point, second = system.point, system.second
        n, b = point.u.shape[:2]
        nx, nu, nz = p.nx, p.nu, p.nz
        r = system.G + point.t
        sigma = point.lam / point.t
        rho = sigma * r + mu[None, :, None] / point.t - point.lam
        # The gradient has the path rows' multipliers in it, but not those of bounds.
        gu, gw, _ = rows.pull_back(rho + point.lam)
        _, _, gs = rows.pull_back(rho)
        phi = second.gradient.copy()
        phi[..., nx : nx + nu] += gu
        phi[..., nx + nu :] += gw
        # Slacks: D and e.
        path = sigma[..., rows.path]
        D = 2.0 * system.slack_quadratic + sigma[..., rows.at_slack] + path @ rows.softening
        e = -(system.slack_gradient + gs)
        pulled = rho[..., rows.path] - path * ((e / D) @ rows.softening.T)
        phi += pattern.pull(second.dc, pulled)
        entries = pattern.entries(second.hessian, second.dc, sigma, D, shift)
        J = np.zeros((n, b, nx, nz))
        J[..., self.functions.dynamics_at[0], self.functions.dynamics_at[1]] = second.dF

        def stage(k: int) -> riccati.Quadratic:
            return riccati.Quadratic(pattern.matrix(entries[k]), phi[k])

        step = riccati.solve(stage, J, second.values.F, system.dx0, system.arrival)
        du, dw = step.dz[..., nx : nx + nu], step.dz[..., nx + nu :]
        change = pattern.along(second.dc, step.dz)
        ds = (e + (path * change) @ rows.softening) / D
        along = rows.along(change, du, dw, ds)
        dlam = sigma * along + rho
        return Direction(Iterate(step.dx0, du, dw, ds, -(r + along), dlam, step.dy), step.convex, step.singular)
