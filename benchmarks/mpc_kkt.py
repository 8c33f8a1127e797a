"""KKT errors from a returned point alone, by a path of their own: CasADi's virtual machine and NumPy sums, none of the core's code.

Of the core only the order of the stacked multipliers is taken over, as its documentation states it: path rows, lower and upper bounds of
controls, lower and upper bounds of end states (only bounds that exist), slacks. Distances that a solver carries along are not used, and
bounds are the problem's own, not relaxed: complementarity is the product of a multiplier and the distance that is left to its constraint;
where a constraint is broken there is none left, and its violation counts as infeasibility.
"""

import dataclasses

import numpy as np

from lowlift.controllers.optimiser import BatchData, Iterate, StageProblem

FREE = 1e9
"""Bounds at least this far away are none."""
MEAN_MULTIPLIER = 100.0
"""Mean size of multipliers from which on dual residuals are taken relative to it, as IPOPT's ``s_max``."""


@dataclasses.dataclass(frozen=True)
class Kkt:
    """Errors of all problems, arrays ``(B,)``, in the problems' scaled units."""

    infeasibility: np.ndarray
    """Largest violation of a row or bound, dynamics included."""
    hard: np.ndarray
    """Largest violation of what no slack softens: hard path rows, bounds of controls and end states."""
    stationarity: np.ndarray
    complementarity: np.ndarray
    sign: np.ndarray
    """Largest multiplier of an inequality that points the wrong way."""
    scale: np.ndarray
    objective: np.ndarray

    @property
    def error(self) -> np.ndarray:
        """Largest error, dual ones over their scale; infinite where something is not a number."""
        dual = np.maximum.reduce([self.stationarity, self.complementarity, self.sign]) / self.scale
        error = np.maximum(self.infeasibility, dual)
        return np.where(np.isfinite(error), error, np.inf)


class KktCheck:
    """Computes the KKT errors of points of one structure."""

    def __init__(self, problem: StageProblem) -> None:
        import casadi as ca

        p = self.problem = problem
        x, u, w, q = (ca.SX.sym(n, k) for n, k in (("x", p.nx), ("u", p.nu), ("w", p.nx), ("p", p.n_parameters)))
        y, lam = ca.SX.sym("y", p.nx), ca.SX.sym("lam", p.nc)
        stage = p.stage(x, u, w, q)
        # Adjoint sweeps of every part on its own, so that nothing is shared with the function of which the core's derivatives are made.
        slopes = [
            ca.gradient(stage.cost, v) + ca.jtimes(stage.dynamics, v, y, True) + ca.jtimes(stage.path, v, lam, True) for v in (x, u, w)
        ]
        outputs = [ca.densify(ca.SX(e)) for e in (stage.dynamics, stage.path, stage.cost, *slopes)]
        self._stage = ca.Function("check", [x, u, w, q, y, lam], outputs)

    def __call__(self, data: BatchData, point: Iterate) -> Kkt:
        """Errors of a batch of points with given initial states."""
        p, n, b = self.problem, self.problem.n_stages, data.size
        x = np.concatenate([data.x0[None], point.w[:-1]])
        lam, y, s = point.lam, point.y, point.s
        inputs = (x, point.u, point.w, data.p, y, lam[..., : p.nc])
        F, c, cost, gx, gu, gw = (np.asarray(v).T.reshape(n, b, -1) for v in self._stage(*(v.reshape(n * b, -1).T for v in inputs)))
        softened = np.array([j is not None for j in p.slack_of_row])
        over = c.copy()
        for i, j in enumerate(p.slack_of_row):
            if j is not None:
                over[..., i] -= s[..., j]
        low = np.broadcast_to(p.u_low, (n, b, p.nu)) if data.u_low is None else data.u_low
        high = np.broadcast_to(p.u_high, (n, b, p.nu)) if data.u_high is None else data.u_high
        at = [np.flatnonzero(v) for v in (p.u_low > -FREE, p.u_high < FREE, p.w_low > -FREE, p.w_high < FREE)]
        rows = [over, (low - point.u)[..., at[0]], (point.u - high)[..., at[1]], (p.w_low - point.w)[..., at[2]],
                (point.w - p.w_high)[..., at[3]], -s]  # fmt: skip
        G = np.concatenate(rows, axis=-1)
        parts = np.split(lam, np.cumsum([r.shape[-1] for r in rows])[:-1], axis=-1)
        gu, gw = gu.copy(), gw.copy()
        gw[:-1] += gx[1:]
        for gradient, part, index, sign in zip((gu, gu, gw, gw), parts[1:5], at, (-1.0, 1.0, -1.0, 1.0), strict=True):
            gradient[..., index] += sign * part
        gs = data.slack_linear + 2.0 * data.slack_quadratic * s - parts[5]
        for i, j in enumerate(p.slack_of_row):
            if j is not None:
                gs[..., j] -= parts[0][..., i]
        penalty = (data.slack_linear * s + data.slack_quadratic * s**2).sum(axis=(0, 2))
        mean = (np.abs(lam).sum(axis=(0, 2)) + np.abs(y).sum(axis=(0, 2))) / (n * (lam.shape[2] + p.nx))
        bounds = np.concatenate(rows[1:5], axis=-1)
        hard = np.maximum(_most(np.maximum(over[..., ~softened], 0.0)), _most(np.maximum(bounds, 0.0)))
        return Kkt(
            infeasibility=np.maximum(_most(F), _most(np.maximum(G, 0.0))), hard=hard,
            stationarity=np.maximum.reduce([_most(gu), _most(gw), _most(gs)]), complementarity=_most(lam * np.minimum(G, 0.0)),
            sign=_most(np.minimum(lam, 0.0)), scale=np.maximum(1.0, mean / MEAN_MULTIPLIER), objective=cost.sum(axis=(0, 2)) + penalty,
        )  # fmt: skip


def _most(v: np.ndarray) -> np.ndarray:
    """Largest size over stages and components."""
    result: np.ndarray = np.abs(v).max(axis=(0, 2), initial=0.0)
    return result
