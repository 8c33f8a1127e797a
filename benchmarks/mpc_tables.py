"""What ``mpc.py`` measures, from solves to tables and ratios."""

import dataclasses
from typing import Any

import numpy as np
from mpc_case import Case
from mpc_loop import StageMap
from mpc_own import REAL_TIME, TOLERANCE, CoreSolver, Entrant, Foreign, Solved, core_parts_by_path, log, real_time_solver

from lowlift.controllers.ocp import T_SCALE
from lowlift.controllers.optimiser.interior_point import Options
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.problem import BatchData
from lowlift.controllers.optimiser.result import BatchResult, Outcome
from lowlift.controllers.optimiser.solver import Solver, make_solver
from lowlift.controllers.optimiser.start import cold_start

REFERENCE = "ipopt"
"""Whose objectives the others are compared with."""
SAME, DEFAULTS = 1e-3, 1e-2
"""Largest relative difference of objectives that counts as the same solution, under the same and under another discretisation."""
OTHER_SCHEME = ("dompc_default", "dompc_points")
AGREE = 1e-4
"""The same for batches against IPOPT."""
NEAR = 0.1
"""Standard deviation of initial states around what was planned, where a batch is moved on [K]."""


def sequence(case: Case, entrants: list[Entrant]) -> dict[str, list[Solved]]:
    """All moments in turn, at each everybody one after the other: cold at the first, then from their own last solutions."""
    found: dict[str, list[Solved]] = {e.name: [] for e in entrants}
    for i in range(case.size):
        log(f"{case.name}: moment {i + 1} of {case.size}")
        for e in entrants:
            found[e.name].append(e.solve(i, "warm" if i else "cold"))
    return found


def sequence_table(case: Case, entrants: list[Entrant], found: dict[str, list[Solved]]) -> dict[str, Any]:
    """One row a solver; times are medians over the warm moments."""
    stage_map = StageMap(case)
    reference = np.array([s.objective for s in found[REFERENCE]])
    table = {}
    for e in entrants:
        solves = found[e.name]
        objective = np.array([s.objective for s in solves])
        difference = objective / reference - 1.0
        row: dict[str, Any] = {
            "warm_ms": 1e3 * _median([s.seconds for s in solves[1:]]), "cold_ms": 1e3 * solves[0].seconds,
            "warm_iterations": _median([s.iterations for s in solves[1:]]), "cold_iterations": solves[0].iterations,
            "converged": sum(s.converged for s in solves), "solves": len(solves), "worst_kkt_error": max(s.kkt_error for s in solves),
            "not_converged": sorted({s.status for s in solves if not s.converged}), "about": e.about,
        }  # fmt: skip
        replayed = [stage_map.replay(case.one(i), np.clip(s.u, case.problem.u_low, case.problem.u_high)) for i, s in enumerate(solves)]
        cost = np.array([c for c, _ in replayed])
        row["replayed_difference"] = _spread(cost / reference - 1.0)
        row["worst_hard_row_replayed"] = max(w for _, w in replayed)
        row["objective_difference"] = _spread(difference)
        row["allowed_difference"] = DEFAULTS if e.name in OTHER_SCHEME else SAME
        row["other_optima"] = [
            {"moment": i, "difference": float(difference[i])}
            for i, s in enumerate(solves)
            if s.converged and abs(difference[i]) > row["allowed_difference"]
        ]
        table[e.name] = row
    return table


def converged_peers(case: Case, entrants: list[Entrant], found: dict[str, list[Solved]]) -> dict[str, Any]:
    """What real-time peers find at the first and the last moment when they go on until they have converged, from nothing."""
    table = {}
    for e in entrants:
        if isinstance(e, Foreign) and e.warm == "rti":
            solves = {i: e.solve(i, "cold") for i in sorted({0, case.size - 1})}
            table[e.name] = [
                {"moment": i, "difference": s.objective / found[REFERENCE][i].objective - 1.0, "iterations": s.iterations,
                 "kkt_error": s.kkt_error, "converged": s.converged, "ms": 1e3 * s.seconds} for i, s in solves.items()
            ]  # fmt: skip
    return table


def batch(case: Case, repeats: int, loop: int, checked: int) -> dict[str, Any]:
    """The batch on all paths, fatrop and IPOPT in a loop over the first problems, alternating.

    Args:
        case: cold problems.
        repeats: of all but IPOPT.
        loop: problems that fatrop solves in a repeat.
        checked: problems that IPOPT solves, once, for comparison.
    """
    parts = core_parts_by_path(case)
    start = cold_start(case.problem, case.data)
    core = {path: CoreSolver(p, tolerance=TOLERANCE) for path, (p, _) in parts.items()}
    fatrop = make_solver(case.problem, "fatrop", tolerance=TOLERANCE)
    log(f"{case.name}: building fatrop")
    fatrop.solve(case.one(0), start.take(np.array([0])))
    times: dict[str, list[float]] = {name: [] for name in (*core, "fatrop")}
    results: dict[str, BatchResult] = {}
    for k in range(repeats):
        for path, solver in core.items():
            log(f"{case.name}: repeat {k + 1} of {repeats}, {path}")
            results[path] = solver.solve(case.data, start)
            times[path].append(results[path].seconds / case.size)
        log(f"{case.name}: repeat {k + 1} of {repeats}, fatrop")
        results["fatrop"], seconds = _loop(fatrop, case, loop, start)
        times["fatrop"].append(seconds)
    log(f"{case.name}: IPOPT on {checked} problems")
    ipopt = make_solver(case.problem, "ipopt", tolerance=TOLERANCE)
    ipopt.solve(case.one(0), start.take(np.array([0])))
    results["ipopt"], seconds = _loop(ipopt, case, checked, start)
    times["ipopt"] = [seconds]
    table = {name: _batch_row(times[name], results[name], results["ipopt"]) for name in times}
    for path, (p, seconds) in parts.items():
        table[path] |= {"parts_s": seconds, "how": p.how}
    warm = {}
    for path, (p, _) in parts.items():
        solver = real_time_solver(p, REAL_TIME)
        taken = [solver.solve(*_moved_on(case, results[path], seed), dual=True).seconds for seed in range(repeats)]
        warm[path] = {"problems_per_s": case.size / _median(taken), "iterations": REAL_TIME}
    return {"solvers": table, "warm_rti": warm, "repeats": repeats}


def _moved_on(case: Case, found: BatchResult, seed: int) -> tuple[BatchData, Iterate]:
    """The problems a stage later, from states near those that were planned, and the plans moved on."""
    x0 = found.point.w[0] + NEAR / T_SCALE * np.random.default_rng(seed).normal(size=found.point.x0.shape)
    data = dataclasses.replace(case.data, x0=x0, p=np.concatenate([case.data.p[1:], case.data.p[-1:]]))
    return data, case.ocp.shift(found.point, case.stage_seconds, x0)


def _loop(solver: Solver, case: Case, size: int, start: Iterate) -> tuple[BatchResult, float]:
    """Solve one after the other; results, and the median time of those that the solver solves: where it fails is not held against it."""
    found = [solver.solve(case.one(i), start.take(np.array([i]))) for i in range(size)]
    result = found[0].take(np.zeros(size, dtype=int))
    for i, one in enumerate(found):
        result.put(np.array([i]), one)
    return result, _median([r.seconds for r in found if r.converged[0]])


def _batch_row(times: list[float], found: BatchResult, ipopt: BatchResult) -> dict[str, Any]:
    both = min(found.objective.size, ipopt.objective.size)
    comparable = found.converged[:both] & ipopt.converged[:both]
    difference = found.objective[:both] / ipopt.objective[:both] - 1.0
    away = np.flatnonzero(comparable & (np.abs(difference) > AGREE))
    names, counts = np.unique([Outcome(v).name for v in found.outcome], return_counts=True)
    return {
        "ms_per_problem": 1e3 * _median(times), "problems": int(found.outcome.size),
        "outcomes": dict(zip(names.tolist(), counts.tolist(), strict=True)),
        "iterations": {q: float(np.percentile(found.iterations, v)) for q, v in (("median", 50), ("90_percent", 90), ("most", 100))},
        "worst_kkt_error_of_converged": float(np.max(found.kkt_error[found.converged], initial=0.0)),
        "wrong": int(np.sum(found.converged & ~(found.kkt_error <= TOLERANCE))),
        "compared_with_ipopt": int(comparable.sum()),
        "median_difference": _median(np.abs(difference[comparable]).tolist()),
        "other_optima": [{"problem": int(i), "difference": float(difference[i])} for i in away],
    }  # fmt: skip


def warm_options() -> dict[str, float]:
    """How the core starts warm, for the record."""
    from lowlift.controllers.optimiser.solver import WARM

    options: Options = WARM
    return {"mu": options.mu, "push": options.push}


def summary(a: dict[str, Any], b: dict[str, Any]) -> dict[str, float | None]:
    """Ratios of medians, above one where the package is faster; none where a peer or a path is missing.

    Single problems are compared on the kernel where there is one: it is what the default controller runs on. Of do-mpc's two variants on
    its own scheme the faster one counts. There is no ratio where the core left problems unsolved or found other objectives than IPOPT.
    """
    path = "core_kernel" if "core_kernel" in a else "core_numpy"

    def warm(peer: str, own: str) -> float | None:
        solved = own in a and (own.endswith("_rti") or _good(a[own]))
        return a[peer]["warm_ms"] / a[own]["warm_ms"] if peer in a and solved else None

    defaults = [v for v in (warm(name, path) for name in OTHER_SCHEME) if v is not None]

    def per_problem(own: str) -> float | None:
        return b["fatrop"]["ms_per_problem"] / b[own]["ms_per_problem"] if own in b and not b[own]["wrong"] else None

    return {
        "warm_vs_dompc_default": min(defaults, default=None), "warm_vs_dompc_same": warm("dompc_same", path),
        "rti_vs_acados": warm("acados_rti", f"{path}_rti"), "batch_vs_fatrop_numpy": per_problem("numpy"),
        "batch_vs_fatrop_kernel": per_problem("kernel"),
    }  # fmt: skip


def _good(row: dict[str, Any]) -> bool:
    return row["converged"] == row["solves"] and abs(row["objective_difference"]["median"]) <= row["allowed_difference"]


def _median(values: list[Any]) -> float:
    return float(np.median(values)) if values else float("nan")


def _spread(values: np.ndarray) -> dict[str, float]:
    return {"median": float(np.median(values)), "least": float(values.min()), "most": float(values.max())}
