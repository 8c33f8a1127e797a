"""acados as a peer; run by ``mpc_peers.py`` in an environment of its own.

Dynamics are acados's implicit Runge-Kutta scheme with one Radau stage, which is implicit Euler. Cost and limits belong to the end of a
stage under its controls, acados has them at the start of the next: the controls of the stage before are carried along as states. So it is
the same nonlinear program, save that each soft row has a slack of its own (acados knows no shared ones), which matters only where both rows
of one slack are broken. Exact Hessian, made convex by acados (``regularize_method``), partial condensing with HPIPM.
"""

import ctypes
import importlib.metadata
import os
import time
from pathlib import Path
from typing import Any

import acados
import numpy as np
from mpc_graph import apply_graph
from mpc_worker import PeerCase, serve

os.environ["ACADOS_SOURCE_DIR"] = acados.DIR
os.environ["TERA_PATH"] = acados.TERA_PATH
os.environ["ACADOS_PYTHON_INTERFACE_PATH"] = acados.TEMPLATE_DIR
for _name in ("libblasfeo.so", "libhpipm.so", "libqpOASES_e.so", "libacados.so"):
    ctypes.CDLL(str(Path(acados.LIB_DIR) / _name), mode=ctypes.RTLD_GLOBAL)

import casadi as ca  # noqa: E402 - the package's own
from acados.acados_template import AcadosModel, AcadosOcp, AcadosOcpSolver  # noqa: E402

STIFF = 1e8
"""Rate at which the copy of the controls follows them [1/stage]: what is missing at its end is one part in this."""
FAR = 1e9
"""What acados takes for infinity."""
REGULARIZE = "MIRROR"
"""The one that converges here: with PROJECT steps stay far from the solution, with PROJECT_REDUC_HESS and CONVEXIFY HPIPM fails."""
DAMPING = 0.01
"""Levenberg-Marquardt term: without it full steps circle around the solution on some days."""
STEP = 0.9
"""Step length on the way to convergence; real-time steps are full ones."""
MOST_STEPS = 100
"""Real-time iterations of a cold solve."""


class Acados:
    """One compiled solver."""

    def __init__(self, case: PeerCase, variant: str) -> None:
        began = time.perf_counter()
        self.case, h = case, case.head
        self.n, self.nx, self.nu = h["n_stages"], h["nx"], h["nu"]
        x, u, before = ca.SX.sym("x", self.nx), ca.SX.sym("u", self.nu), ca.SX.sym("before", self.nu)
        p, p_before = ca.SX.sym("p", h["n_parameters"]), ca.SX.sym("p_before", h["n_parameters"])
        full, dot = ca.vertcat(x, before), ca.SX.sym("dot", self.nx + self.nu)
        f = apply_graph(h["continuous"], x, u, p)[0]
        _, c, cost = apply_graph(h["continuous"], x, before, p_before)
        ocp, model = AcadosOcp(), AcadosModel()
        model.name = f"case_{h['name']}_{variant}"
        model.x, model.u, model.p, model.xdot = full, u, ca.vertcat(p, p_before), dot
        model.f_impl_expr = dot - ca.vertcat(h["stage_seconds"] * f, STIFF * (u - before))
        model.cost_expr_ext_cost_0 = ca.SX(0.0)
        model.cost_expr_ext_cost = model.cost_expr_ext_cost_e = cost
        model.con_h_expr = model.con_h_expr_e = c
        ocp.model, ocp.dims.N = model, self.n
        ocp.cost.cost_type_0 = ocp.cost.cost_type = ocp.cost.cost_type_e = "EXTERNAL"
        nc, k = c.shape[0], ocp.constraints
        k.lh, k.uh = np.full(nc, -FAR), np.zeros(nc)
        k.lh_e, k.uh_e = k.lh, k.uh
        self.soft = np.array([i for i, j in enumerate(h["slack_of_row"]) if j is not None])
        k.idxsh = k.idxsh_e = self.soft
        of = np.array([h["slack_of_row"][i] for i in self.soft])
        linear, quadratic = case.slack_linear[0, 0, of], case.slack_quadratic[0, 0, of]
        q = ocp.cost
        q.zl = q.zu = q.zl_e = q.zu_e = linear
        # acados halves its quadratic penalty.
        q.Zl = q.Zu = q.Zl_e = q.Zu_e = 2.0 * quadratic
        k.lbu, k.ubu, k.idxbu = case.u_low, case.u_high, np.arange(self.nu)
        k.x0, ocp.parameter_values = np.r_[case.x0[0], case.u_cold], np.r_[case.p[0, 0], case.p[0, 0]]
        o, tolerance = ocp.solver_options, h["tolerance"]
        # Costs are sums over stages here: a stage counts as one unit of time.
        o.tf, o.integrator_type, o.nlp_solver_type, o.hessian_approx = float(self.n), "IRK", "SQP_RTI", "EXACT"
        o.collocation_type, o.sim_method_num_stages, o.sim_method_num_steps = "GAUSS_RADAU_IIA", 1, 1
        o.qp_solver, o.regularize_method = "PARTIAL_CONDENSING_HPIPM", REGULARIZE
        o.qp_solver_cond_N, o.levenberg_marquardt = self.n, DAMPING
        o.qp_tol, o.qp_solver_iter_max, o.qp_solver_warm_start = tolerance, 100, 1
        self.solver = AcadosOcpSolver(_in(ocp, case.folder / model.name), json_file=str(case.folder / f"{model.name}.json"))
        # What the first node would be charged and limited for is past.
        self.solver.constraints_set(0, "uh", np.full(nc, FAR))
        self.about = {
            "version": importlib.metadata.version("comma-deps-acados"), "casadi": ca.__version__, "build_s": time.perf_counter() - began,
            "nlp_solver": "SQP_RTI", "hessian": "EXACT", "regularize_method": REGULARIZE, "levenberg_marquardt": DAMPING,
            "step_length_to_convergence": STEP, "qp_solver": o.qp_solver, "qp_solver_cond_N": o.qp_solver_cond_N,
            "qp_tol": tolerance, "hpipm_mode": o.hpipm_mode, "scheme": "implicit Runge-Kutta of one Radau stage (implicit Euler)",
        }  # fmt: skip

    def solve(self, i: int, mode: str, x0: np.ndarray) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """See :class:`mpc_worker.Peer`; ``rti`` is one real-time iteration, ``warm`` and ``cold`` as many as it takes."""
        case, solver = self.case, self.solver
        for k in range(self.n + 1):
            solver.set(k, "p", np.r_[case.p[min(k, self.n - 1), i], case.p[max(k - 1, 0), i]])
        if mode == "cold":
            solver.reset()
            for k in range(self.n + 1):
                solver.set(k, "x", np.r_[x0, case.u_cold])
            for k in range(self.n):
                solver.set(k, "u", case.u_cold)
        else:
            self._shift()
        first = np.r_[x0, case.u_cold]
        solver.set(0, "lbx", first)
        solver.set(0, "ubx", first)
        solver.options_set("step_length", 1.0 if mode == "rti" else STEP)
        seconds, steps, status = 0.0, 0, 0
        error = np.inf
        for _ in range(1 if mode == "rti" else MOST_STEPS):
            status = solver.solve()
            seconds += float(solver.get_stats("time_tot")[0])
            steps += 1
            error = float(np.max(solver.get_residuals()))
            if error <= case.head["tolerance"]:
                break
        numbers = {
            "seconds": seconds, "iterations": steps, "qp_iterations": int(np.sum(solver.get_stats("qp_iter"))), "status": str(status),
            "converged": error <= case.head["tolerance"], "kkt_error": error, "objective": float(solver.get_cost()),
            "linearise_s": float(solver.get_stats("time_lin")[0]), "qp_s": float(solver.get_stats("time_qp")[0]),
        }  # fmt: skip
        u = np.array([solver.get(k, "u") for k in range(self.n)])
        return numbers, {"u": u, "w": np.array([solver.get(k + 1, "x")[: self.nx] for k in range(self.n)])}

    def _shift(self) -> None:
        for field, last in (("x", self.n + 1), ("u", self.n), ("pi", self.n), ("sl", self.n), ("su", self.n)):
            values = [self.solver.get(k, field) for k in range(last)]
            for k in range(last - 1):
                if values[k].shape == values[k + 1].shape:
                    self.solver.set(k, field, values[k + 1])


def _in(ocp: Any, folder: Path) -> Any:
    ocp.code_export_directory = str(folder)
    return ocp


if __name__ == "__main__":
    serve(Acados)
