"""A wide problem written out flat for IPOPT and fatrop."""

import time
from typing import Any

import casadi as ca
import numpy as np

from lowlift.controllers.optimiser.inequalities import Inequalities
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.problem import BatchData, StageProblem

NAMES = ("ipopt", "fatrop")


def flat_solve(name: str, flat: StageProblem, data: BatchData, start: Iterate, tolerance: float) -> dict[str, Any]:
    """Build and solve the only problem of a batch from a first point; times in s, ``status`` as the solver gives it.

    In the order that fatrop wants: a stage holds its state ``x``, decisions ``(u, w, s)``, and the rows ``x_next - w``, ``F`` and
    ``c - S s``.
    """
    begun, cpu = time.perf_counter(), time.process_time()
    n, nx, nu, ns = flat.n_stages, flat.nx, flat.nu, flat.ns
    symbols = [ca.SX.sym(k, size) for k, size in (("x", nx), ("u", nu), ("w", nx), ("p", flat.n_parameters))]
    made = flat.stage(*symbols)
    stage = ca.Function("stage", symbols, [made.dynamics, made.path, made.cost], {"cse": True})
    softening = ca.sparsify(ca.DM(Inequalities(flat).softening))
    x, cost = ca.MX.sym("x_0", nx), ca.MX(0)
    variables, rows, equality = [x], [], []
    low, high = [np.full(nx, -np.inf)], [np.full(nx, np.inf)]
    below: list[np.ndarray] = []
    first = [data.x0[0]]
    for k in range(n):
        u, w, s = ca.MX.sym(f"u_{k}", nu), ca.MX.sym(f"w_{k}", nx), ca.MX.sym(f"s_{k}", ns)
        F, c, price = stage(x, u, w, ca.DM(data.p[k, 0]))
        a, b = ca.DM(data.slack_linear[k, 0]), ca.DM(data.slack_quadratic[k, 0])
        cost += price + ca.dot(a, s) + ca.dot(b, s * s)
        after = ca.MX.sym(f"x_{k + 1}", nx)
        given = [x - data.x0[0]] if k == 0 else []
        rows += [after - w, *given, F, c - softening @ s]
        equal = nx + nx * len(given) + flat.ny
        equality += [True] * equal + [False] * flat.nc
        below += [np.zeros(equal), np.full(flat.nc, -np.inf)]
        variables += [u, w, s, after]
        low += [flat.u_low, np.full(nx, -np.inf), np.zeros(ns), np.full(nx, -np.inf)]
        high += [flat.u_high, np.full(nx, np.inf), np.full(ns, np.inf), np.full(nx, np.inf)]
        first += [start.u[k, 0], start.w[k, 0], start.s[k, 0], start.w[k, 0]]
        x = after
    nlp = {"x": ca.vertcat(*variables), "f": cost, "g": ca.vertcat(*rows)}
    own: dict[str, Any] = {"print_level": 0, "tol": tolerance, "max_iter": 300}
    options: dict[str, Any] = {"expand": True, "print_time": False, "error_on_fail": False, name: own}
    if name == "ipopt":
        own["sb"] = "yes"
    else:
        options |= {"structure_detection": "auto", "equality": equality}
    solver = ca.nlpsol("flat", name, nlp, options)
    build = time.perf_counter() - begun, time.process_time() - cpu
    begun, cpu = time.perf_counter(), time.process_time()
    found = solver(x0=np.concatenate(first), lbx=np.concatenate(low), ubx=np.concatenate(high), lbg=np.concatenate(below), ubg=0.0)
    stats = solver.stats()
    return {
        "build_wall_s": build[0], "build_cpu_s": build[1], "solve_wall_s": time.perf_counter() - begun,
        "solve_cpu_s": time.process_time() - cpu, "iterations": int(stats.get("iter_count", -1)), "objective": float(found["f"]),
        "status": str(stats.get("return_status", "")) or ("success" if stats["success"] else "failure"),
    }  # fmt: skip
