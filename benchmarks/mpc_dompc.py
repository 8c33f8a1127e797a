"""do-mpc as a peer; run by ``mpc_peers.py`` in an environment of its own.

``default``: the continuous model under do-mpc's own orthogonal collocation (Radau, degree 2), its soft constraints (linear penalty) and
IPOPT settings; it charges and limits the state at the start of each stage, as is its way. ``points``: the same with limits at all
collocation points (``nl_cons_check_colloc_points``), without which plans alternate between hot and cold from stage to stage. ``same``: a
discrete model whose end state is an algebraic variable under implicit Euler, slacks as inputs: the same nonlinear program as everybody's.
Only the tolerance is set, and printing.
"""

import time
import warnings
from typing import Any

import casadi as ca
import numpy as np
from mpc_graph import apply_graph
from mpc_worker import PeerCase, serve

warnings.simplefilter("ignore")
import do_mpc  # noqa: E402 - warns about parts that are not installed


class DoMpc:
    """One controller object."""

    def __init__(self, case: PeerCase, variant: str) -> None:
        began = time.perf_counter()
        self.case, self.same = case, variant == "same"
        h = case.head
        self.n, self.nx, self.ns = h["n_stages"], h["nx"], h["ns"]
        model = do_mpc.model.Model("discrete" if self.same else "continuous", "SX")
        x = model.set_variable("_x", "x", (self.nx, 1))
        u = model.set_variable("_u", "u", (h["nu"], 1))
        p = model.set_variable("_tvp", "p", (h["n_parameters"], 1))
        rows = h["slack_of_row"]
        if self.same:
            w = model.set_variable("_z", "w", (self.nx, 1))
            model.set_variable("_u", "s", (self.ns, 1))
            model.set_alg("dynamics", apply_graph(h["implicit"], x, u, w, p)[0])
            model.set_rhs("x", w)
        else:
            model.set_rhs("x", apply_graph(h["continuous"], x, u, p)[0])
        model.setup()
        # A model has symbols of its own once it is set up.
        x, u, p = model.x["x"], model.u["u"], model.tvp["p"]
        if self.same:
            s = model.u["s"]
            _, c, cost = apply_graph(h["implicit"], x, u, model.z["w"], p)
            cost = cost + ca.dot(ca.DM(case.slack_linear[0, 0]), s) + ca.dot(ca.DM(case.slack_quadratic[0, 0]), s**2)
            c = ca.vertcat(*(c[i] if j is None else c[i] - s[j] for i, j in enumerate(rows)))
        else:
            _, c, cost = apply_graph(h["continuous"], x, u, p)
        self.mpc = mpc = do_mpc.controller.MPC(model)
        mpc.settings.n_horizon, mpc.settings.t_step = self.n, h["stage_seconds"]
        mpc.settings.nl_cons_check_colloc_points = variant == "points"
        options = {"ipopt.tol": h["tolerance"], "ipopt.print_level": 0, "ipopt.sb": "yes", "print_time": 0, "record_time": True}
        mpc.settings.nlpsol_opts = options
        mpc.set_objective(mterm=ca.SX(0.0), lterm=cost)
        if self.same:
            mpc.set_nl_cons("path", c, ub=0.0)
            mpc.bounds["lower", "_u", "s"] = 0.0
        else:
            soft, hard = ([i for i, j in enumerate(rows) if (j is None) is none] for none in (False, True))
            price = float(case.slack_linear[0, 0, 0])
            mpc.set_nl_cons("soft", ca.vertcat(*(c[i] for i in soft)), ub=0.0, soft_constraint=True, penalty_term_cons=price)
            mpc.set_nl_cons("hard", ca.vertcat(*(c[i] for i in hard)), ub=0.0)
        mpc.bounds["lower", "_u", "u"], mpc.bounds["upper", "_u", "u"] = case.u_low, case.u_high
        self.numbers = mpc.get_tvp_template()
        mpc.set_tvp_fun(lambda t: self.numbers)
        mpc.setup()
        self.objective = ca.Function("objective", [mpc.nlp["x"], mpc.nlp["p"]], [mpc.nlp["f"]])
        self.about = {
            "version": do_mpc.__version__, "casadi": ca.__version__, "build_s": time.perf_counter() - began, "options": options,
            "variables": int(mpc.n_opt_x),
            "scheme": "implicit Euler as algebraic equations" if self.same else
            f"{mpc.settings.state_discretization}, {mpc.settings.collocation_type}, degree {mpc.settings.collocation_deg}",
        }  # fmt: skip

    def solve(self, i: int, mode: str, x0: np.ndarray) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """See :class:`mpc_worker.Peer`."""
        case, mpc = self.case, self.mpc
        for k in range(self.n + 1):
            self.numbers["_tvp", k, "p"] = case.p[min(k, self.n - 1), i]
        if mode == "cold":
            self._from_nothing(x0, case.u_cold)
        elif mode == "warm":
            self._shift()
        else:
            raise NotImplementedError(f"do-mpc has no mode {mode!r}")
        began = time.perf_counter()
        mpc.make_step(x0)
        seconds = time.perf_counter() - began
        stats = mpc.solver_stats
        v = mpc.opt_x_num
        numbers = {
            "seconds": seconds, "solver_seconds": stats["t_wall_total"], "iterations": int(stats["iter_count"]),
            "status": stats["return_status"], "converged": bool(stats["success"]),
            "objective": float(self.objective(v.cat, mpc.opt_p_num.cat)),
            "kkt_error": float(max(stats["iterations"]["inf_pr"][-1], stats["iterations"]["inf_du"][-1])),
        }  # fmt: skip
        arrays = {
            "u": np.array([v["_u", k, 0, "u"].full().ravel() for k in range(self.n)]),
            "w": np.array([v["_x", k + 1, 0, -1].full().ravel() for k in range(self.n)]),
        }
        return numbers, arrays

    def _from_nothing(self, x0: np.ndarray, u: np.ndarray) -> None:
        v = self.mpc.opt_x_num
        v["_x"], v["_u", :, :, "u"] = x0, u
        if self.same:
            v["_z"], v["_u", :, :, "s"] = x0, 0.1
        else:
            v["_eps"] = 0.1
        self.mpc.flags["set_initial_guess"] = True

    def _shift(self) -> None:
        """Everything one stage on; the last stage is held. do-mpc itself would start from the plan as it was."""
        v = self.mpc.opt_x_num
        names = ["_x", "_z", "_u", "_eps"]
        for name in names:
            entries = v[name]
            for k in range(len(entries) - 1):
                v[name, k] = entries[k + 1]


if __name__ == "__main__":
    serve(DoMpc)
