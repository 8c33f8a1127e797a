"""Plans replayed on the prediction model itself: what controls really cost, and closed loops of solvers that do not converge."""

from typing import Any

import numpy as np
from mpc_case import Case
from mpc_own import Entrant

from lowlift.controllers.optimiser.problem import BatchData


class StageMap:
    """One stage forward: the end state by Newton's method, the cost with the slacks that the limits need."""

    def __init__(self, case: Case) -> None:
        import casadi as ca

        p = case.problem
        x, u, w, q = (ca.SX.sym(n, k) for n, k in (("x", p.nx), ("u", p.nu), ("w", p.nx), ("p", p.n_parameters)))
        s = p.stage(x, u, w, q)
        self._end = ca.rootfinder("end", "newton", {"x": w, "p": ca.vertcat(x, u, q), "g": s.dynamics}, {"abstol": 1e-10, "max_iter": 100})
        self._stage = ca.Function("stage", [x, u, w, q], [s.path, s.cost])
        self.rows = np.array([-1 if j is None else j for j in p.slack_of_row])

    def step(self, x: np.ndarray, u: np.ndarray, data: BatchData, k: int) -> tuple[np.ndarray, float, float]:
        """End state, cost, and how much the worst hard row is broken, of stage ``k`` of a single problem."""
        p = data.p[k, 0]
        w = np.asarray(self._end(x, np.concatenate([x, u, p]))).ravel()
        path, cost = (np.asarray(v).ravel() for v in self._stage(x, u, w, p))
        slack = np.zeros(data.slack_linear.shape[2])
        np.maximum.at(slack, self.rows[self.rows >= 0], path[self.rows >= 0])
        penalty = data.slack_linear[k, 0] @ slack + data.slack_quadratic[k, 0] @ slack**2
        return w, float(cost[0] + penalty), float(np.max(path[self.rows < 0], initial=0.0))

    def replay(self, data: BatchData, u: np.ndarray) -> tuple[float, float]:
        """Cost of a plan's controls ``(N, n_u)`` on this model, and the worst broken hard row."""
        x, total, worst = data.x0[0], 0.0, 0.0
        for k, controls in enumerate(u):
            x, cost, broken = self.step(x, controls, data, k)
            total, worst = total + cost, max(worst, broken)
        return total, worst


def closed_loop(case: Case, entrant: Entrant) -> dict[str, Any]:
    """Every moment in turn: solve from the state that the last decision has led to, apply the first stage.

    The next state is the prediction model's own, under the loads and weather of the moment: what is compared is solvers, not models.
    """
    stage_map, x = StageMap(case), case.data.x0[0]
    total, worst, restarted, seconds, errors = 0.0, 0.0, 0, [], []
    agreed = entrant.about.get("iterations", np.inf)
    for i in range(case.size):
        solved = entrant.solve(i, "warm" if i else "cold", x)
        data = case.one(i, x)
        x, cost, broken = stage_map.step(x, np.clip(solved.u[0], case.problem.u_low, case.problem.u_high), data, 0)
        total, worst = total + cost, max(worst, broken)
        if i:
            seconds.append(solved.seconds)
            errors.append(solved.kkt_error)
            restarted += solved.iterations > agreed
    return {
        "cost": total, "worst_hard_row": worst, "moments": case.size, "restarted": int(restarted),
        "median_kkt_error": float(np.median(errors)),
        "median_ms": 1e3 * float(np.median(seconds)), "most_ms": 1e3 * max(seconds, default=np.nan),
    }  # fmt: skip
