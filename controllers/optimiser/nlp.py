"""A structure as one nonlinear program for solvers from elsewhere: direct multiple shooting, variables and rows in stage order.

Stage ``k`` holds the state ``x_k`` and the decisions ``(u_k, w_k, s_k)``. The scheme's equality is a row of the stage, so the rows between
stages have the plain form ``x_{k+1} - w_k = 0``, which is how fatrop finds the stages by itself::

    variables   x_0, u_0, w_0, s_0, x_1, u_1, w_1, s_1, ..., x_N
    rows        x_1 - w_0,  [x_0 - x0],  F_0,  c_0 - S s_0,  x_2 - w_1,  F_1,  c_1 - S s_1,  ...
"""

import functools
from typing import Any

import numpy as np

from lowlift.controllers.optimiser.inequalities import Inequalities
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.problem import BatchData, StageProblem


class ShootingProgram:
    """The nonlinear program of a structure; the numbers of a problem are its parameters.

    Args:
        rows: the structure's inequalities.
        free_initial: whether the initial state is free and has an arrival cost.
    """

    def __init__(self, rows: Inequalities, *, free_initial: bool = False) -> None:
        self.rows, self.problem, self.free_initial = rows, rows.problem, free_initial

    @functools.cached_property
    def _tail(self) -> int:
        """Rows of a stage: gap, dynamics, path."""
        return self.problem.nx + self.problem.ny + self.problem.nc

    @functools.cached_property
    def nlp(self) -> dict[str, Any]:
        """Symbols of the program, as CasADi wants them."""
        import casadi as ca

        p = self.problem
        n, nx, nu, ns = p.n_stages, p.nx, p.nu, p.ns
        stage = _stage_function(p)
        softening = ca.sparsify(ca.DM(self.rows.softening))
        x0, P = ca.MX.sym("x0", nx), ca.MX.sym("p", p.n_parameters, n)
        a, b = ca.MX.sym("a", ns, n), ca.MX.sym("b", ns, n)
        W = ca.MX.sym("W", nx, nx) if self.free_initial else ca.MX(0, 0)
        scale = ca.MX.sym("scale")
        x = ca.MX.sym("x_0", nx)
        variables, constraints = [x], []
        cost: Any = 0.5 * ca.bilin(W, x - x0, x - x0) if self.free_initial else 0.0
        for k in range(n):
            u, w, s = ca.MX.sym(f"u_{k}", nu), ca.MX.sym(f"w_{k}", nx), ca.MX.sym(f"s_{k}", ns)
            x_next = ca.MX.sym(f"x_{k + 1}", nx)
            F, c, price = stage(x, u, w, P[:, k])
            cost += price + ca.dot(a[:, k], s) + ca.dot(b[:, k], s**2)
            constraints.append(x_next - w)
            if k == 0 and not self.free_initial:
                constraints.append(x - x0)
            constraints += [F, c - softening @ s]
            variables += [u, w, s, x_next]
            x = x_next
        return {"x": ca.vertcat(*variables), "f": scale * cost, "g": ca.vertcat(*constraints), "p": ca.veccat(scale, x0, P, a, b, W)}

    @functools.cached_property
    def equality(self) -> np.ndarray:
        """Which rows are equalities."""
        p = self.problem
        return self._rows(np.r_[np.ones(p.nx + p.ny, dtype=bool), np.zeros(p.nc, dtype=bool)], True)

    @functools.cached_property
    def row_bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Bounds of the rows."""
        return np.where(self.equality, 0.0, -np.inf), np.zeros(self.equality.size)

    def bounds(self, data: BatchData, i: int) -> tuple[np.ndarray, np.ndarray]:
        """Bounds of the variables of problem ``i``: not relaxed, so that solvers see which are fixed."""
        p, n = self.problem, self.problem.n_stages
        free = np.full((n, p.nx), np.inf)
        u_low = np.broadcast_to(p.u_low, (n, p.nu)) if data.u_low is None else data.u_low[:, i]
        u_high = np.broadcast_to(p.u_high, (n, p.nu)) if data.u_high is None else data.u_high[:, i]
        w_low, w_high = (np.broadcast_to(v, (n, p.nx)) for v in (p.w_low, p.w_high))
        s_low = np.zeros((n, p.ns))
        low = self._join(-free[0], u_low, w_low, s_low, -free)
        high = self._join(free[0], u_high, w_high, s_low + np.inf, free)
        return low, high

    def parameters(self, data: BatchData, i: int, scale: float = 1.0) -> np.ndarray:
        """Parameters of problem ``i``, whose objective is multiplied by ``scale``."""
        parts = [np.array([scale]), data.x0[i], data.p[:, i].ravel(), data.slack_linear[:, i].ravel(), data.slack_quadratic[:, i].ravel()]
        if self.free_initial:
            assert data.arrival is not None  # noqa: S101 - the program is chosen by it
            parts.append(data.arrival[i].ravel())
        return np.concatenate(parts)

    def guess(self, point: Iterate, i: int) -> np.ndarray:
        """Primal variables of problem ``i``."""
        return self._join(point.x0[i], point.u[:, i], point.w[:, i], point.s[:, i], point.w[:, i])

    def iterate(self, data: BatchData, z: np.ndarray, lam_g: np.ndarray, lam_x: np.ndarray) -> Iterate:
        """Points of a batch from solutions ``(B, ·)``: multipliers by side and not negative; distances are left at zero.

        The end states count, not the solver's own copies of them at the start of the next stage: whatever gap a solver leaves becomes an
        error of the dynamics.
        """
        p, rows = self.problem, self.rows
        x0, u, w, s = self._split(z)
        _, mu, mw, ms = self._split(lam_x)
        first = lam_g[:, : p.nx], lam_g[:, p.nx if self.free_initial else 2 * p.nx :]
        tail = np.concatenate(first, axis=1).reshape(len(z), p.n_stages, self._tail).transpose(1, 0, 2)
        y, path = tail[..., p.nx : p.nx + p.ny], tail[..., p.nx + p.ny :]
        lam = np.concatenate(
            [path, -mu[..., rows.u_low], mu[..., rows.u_high], -mw[..., rows.w_low], mw[..., rows.w_high], -ms], axis=-1)  # fmt: skip
        start = x0 if self.free_initial else data.x0.copy()
        return Iterate(start, u, w, s, np.zeros_like(lam), np.maximum(lam, 0.0), y.copy())

    # -- packing ------------------------------------------------------------------------------------------------------

    def _join(self, x0: np.ndarray, u: np.ndarray, w: np.ndarray, s: np.ndarray, x_next: np.ndarray) -> np.ndarray:
        return np.concatenate([x0, np.hstack([u, w, s, x_next]).ravel()])

    def _split(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        p = self.problem
        body = z[:, p.nx :].reshape(len(z), p.n_stages, p.nu + 2 * p.nx + p.ns).transpose(1, 0, 2)
        u, w, s, _ = np.split(body, np.cumsum([p.nu, p.nx, p.ns]), axis=-1)
        return z[:, : p.nx].copy(), u.copy(), w.copy(), s.copy()

    def _rows(self, stage: np.ndarray, initial: bool) -> np.ndarray:
        every = np.tile(stage, self.problem.n_stages)
        if self.free_initial:
            return every
        nx = self.problem.nx
        return np.concatenate([every[:nx], np.full(nx, initial), every[nx:]])


def _stage_function(p: StageProblem) -> Any:
    import casadi as ca

    v = [ca.SX.sym(name, k) for name, k in (("x", p.nx), ("u", p.nu), ("w", p.nx), ("p", p.n_parameters))]
    s = p.stage(*v)
    return ca.Function("stage", v, [ca.densify(ca.SX(e)) for e in (s.dynamics, s.path, s.cost)], {"cse": True})
