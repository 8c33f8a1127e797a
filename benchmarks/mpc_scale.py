"""Cost of planning against horizon and against CDUs: wide plans, in which every CDU has its own pump, valve, temperatures and limits.

Case (``mpc_scale_case.py``): ``gb200_hall`` grown to 2 ... 128 CDUs of eight racks, stages of 15 minutes, every CDU with a load of its
own. The structure is built, a plan is made from nothing (cold), and the next one, a stage later with other temperatures, from the one
before with its multipliers (warm). Build time is that of graphs and their derivatives; on the compiled path also that of the compiler,
into an empty cache, which happens once for a site. Each warm solve is repeated and the median shown. Wall time and processor time of the
process are both given: on a machine that others use as well, the second is steadier.

A flat solve of the same problem, at a small size, by IPOPT and fatrop stands beside it.

Usage: ``python benchmarks/mpc_scale.py [--horizons 24 48 96 192] [--cdus 2 8 32 128] [--path auto] [--plot FILE] [--quick] [--json]``
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
from machine import machine
from mpc_scale_case import RACKS_PER_CDU, STAGE, hall, moment, moved_on, shifted

from lowlift.controllers.optimiser import BatchData, FatropSolver, IpoptSolver, Iterate, Outcome, Solver, WideProblem, make_solver
from lowlift.controllers.optimiser.store import forget
from lowlift.controllers.wide_ocp import WideOcp
from lowlift.models import kernel_build
from lowlift.models.kernel_build import CompilerError, find_compiler
from lowlift.models.wide import WideHall

TOLERANCE, TIGHT = 1e-6, 1e-8
NAMES: tuple[Literal["ipopt", "fatrop"], ...] = ("ipopt", "fatrop")
MARGIN = 1.7
GOAL = {"cdus": 128, "stages": 96, "warm_wall_s": 2.0}


def timed(run: Callable[[], Any]) -> tuple[Any, float, float]:
    """Result, wall time and processor time of the process [s]."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = run()
    return result, time.perf_counter() - wall, time.process_time() - cpu


def built(problem: WideProblem, *, kernel: bool, tolerance: float = TOLERANCE) -> Solver:
    """The core's solver, nothing of it from before."""
    forget()
    return make_solver(problem, "core", tolerance=tolerance, compiled=kernel)


def flat_solve(name: Literal["ipopt", "fatrop"], problem: WideProblem, data: BatchData, start: Iterate) -> dict[str, Any]:
    """Build and solve the flat form; ``status`` is our verdict on what comes back, whatever the solver says."""
    solver = make_solver(problem, name, tolerance=TOLERANCE, compiled=False)
    assert isinstance(solver, FatropSolver | IpoptSolver)  # noqa: S101 - that is what was asked for
    _, build_wall, build_cpu = timed(lambda: solver.prepare(data))
    found, wall, cpu = timed(lambda: solver.solve(data, start))
    return {
        "build_wall_s": build_wall, "build_cpu_s": build_cpu, "solve_wall_s": wall, "solve_cpu_s": cpu,
        "iterations": int(found.iterations[0]), "objective": float(found.objective[0]), "status": Outcome(found.outcome[0]).name,
    }  # fmt: skip


def one(cdus: int, stages: int, *, kernel: bool, repeats: int) -> dict[str, Any]:
    """Build, cold and warm solve of one size."""
    model = WideHall(hall(cdus))
    ocp = WideOcp(model, (STAGE,) * stages, margin=MARGIN)
    solver, build_wall, build_cpu = timed(lambda: built(ocp.problem, kernel=kernel))
    data = ocp.data([moment(model, ocp.stages, 0.0, 0)])
    start = ocp.cold_guess(data)
    cold, cold_wall, cold_cpu = timed(lambda: solver.solve(data, start))
    next_data, guess = ocp.data([moved_on(ocp, cold.point, 1)]), shifted(cold.point)
    runs = [timed(lambda: solver.solve(next_data, guess, dual=True)) for _ in range(repeats)]
    warm = runs[0][0]
    fresh = solver.solve(next_data, ocp.cold_guess(next_data))
    flat = ocp.problem.flat
    return {
        "cdus": cdus, "racks": cdus * RACKS_PER_CDU, "stages": stages, "variables": stages * (flat.nu + flat.nx + flat.ns),
        "inequalities": stages * cold.point.lam.shape[-1], "build_wall_s": build_wall, "build_cpu_s": build_cpu, "cold_wall_s": cold_wall,
        "cold_cpu_s": cold_cpu, "cold_iterations": int(cold.iterations[0]), "warm_wall_s": float(np.median([r[1] for r in runs])),
        "warm_cpu_s": float(np.median([r[2] for r in runs])), "warm_iterations": int(warm.iterations[0]),
        "kkt_error": float(max(cold.kkt_error[0], warm.kkt_error[0])), "converged": all(bool(r.converged[0]) for r in (cold, warm, fresh)),
        "warm_objective": float(warm.objective[0]),
        "warm_against_cold": float(abs(warm.objective[0] - fresh.objective[0]) / abs(fresh.objective[0])),
        "compiler_wall_s": None, "compiler_cpu_s": None,
    }  # fmt: skip


def compiler_time(cdus: int) -> tuple[float, float]:
    """Wall and processor time [s] of the first build of a site, processes of the compiler included; later ones find its kernels."""
    problem = WideOcp(WideHall(hall(cdus)), (STAGE,), margin=MARGIN).problem
    before = os.times()
    _, wall, cpu = timed(lambda: built(problem, kernel=True))
    after = os.times()
    kernel_build.build.cache_clear()
    return wall, cpu + after.children_user + after.children_system - before.children_user - before.children_system


def exponents(table: list[dict[str, Any]]) -> dict[str, float]:
    """Slopes in log-log of processor time an iteration: against stages at the most CDUs, against CDUs at the most stages."""
    found = {}
    for axis, other in (("stages", "cdus"), ("cdus", "stages")):
        largest = max(row[other] for row in table)
        rows = [row for row in table if row[other] == largest]
        if len(rows) > 1:
            cost = [row["cold_cpu_s"] / row["cold_iterations"] for row in rows]
            found[axis] = float(np.polyfit(np.log([row[axis] for row in rows]), np.log(cost), 1)[0])
    return found


def collect(args: argparse.Namespace) -> dict[str, Any]:
    """Everything that is measured, as one document."""
    kernel = args.path == "kernel"
    begun, table = machine(), []
    compiled = {cdus: compiler_time(cdus) for cdus in args.cdus} if kernel else {}
    for cdus in args.cdus:
        for stages in args.horizons:
            row = one(cdus, stages, kernel=kernel, repeats=args.repeats)
            if kernel:
                row["compiler_wall_s"], row["compiler_cpu_s"] = compiled[cdus]
            table.append(row)
            print(f"{cdus} CDUs, {stages} stages: warm {row['warm_wall_s']:.3f} s", file=sys.stderr)
    peers = {}
    if not args.no_peers:
        cdus, stages = args.peer
        model = WideHall(hall(cdus))
        ocp = WideOcp(model, (STAGE,) * stages, margin=MARGIN)
        data = ocp.data([moment(model, ocp.stages, 0.0, 0)])
        ours = one(cdus, stages, kernel=kernel, repeats=args.repeats)
        # What barriers of different ends leave would hide whether the optimum is the same.
        objective = float(built(ocp.problem, kernel=kernel, tolerance=TIGHT).solve(data, ocp.cold_guess(data)).objective[0])
        peers = {"cdus": cdus, "stages": stages, "ours": ours | {"objective": objective}}
        for name in NAMES:
            peers[name] = flat_solve(name, ocp.problem, data, ocp.cold_guess(data))
            peers[name]["objective_difference"] = (peers[name]["objective"] - objective) / abs(objective)
    goal = [row for row in table if row["cdus"] == GOAL["cdus"] and row["stages"] == GOAL["stages"]]
    return {
        "path": args.path, "tolerance": TOLERANCE, "machine": begun, "table": table, "exponents": exponents(table), "peers": peers,
        "goal": GOAL | {"measured_wall_s": goal[0]["warm_wall_s"] if goal else None},
    }  # fmt: skip


def print_table(found: dict[str, Any]) -> None:
    """The document as text."""
    print(f"path {found['path']}, tolerance {found['tolerance']:g}; " + ", ".join(f"{k} {v}" for k, v in found["machine"].items()))
    head = (
        "racks",
        "CDUs",
        "stages",
        "variables",
        "compiler s",
        "build s",
        "cold s",
        "(cpu)",
        "its",
        "warm s",
        "(cpu)",
        "its",
        "warm-cold",
    )
    print("".join(f"{name:>11s}" for name in head))
    for r in found["table"]:
        compiler = "-" if r["compiler_wall_s"] is None else f"{r['compiler_wall_s']:.1f}"
        each = 1e3 * r["warm_cpu_s"] / r["warm_iterations"]
        print(f"{r['racks']:11d}{r['cdus']:11d}{r['stages']:11d}{r['variables']:11d}{compiler:>11s}{r['build_wall_s']:11.2f}"
              f"{r['cold_wall_s']:11.3f}{r['cold_cpu_s']:11.3f}{r['cold_iterations']:11d}{r['warm_wall_s']:11.3f}{r['warm_cpu_s']:11.3f}"
              f"{r['warm_iterations']:11d}{each:11.1f}{r['warm_against_cold']:11.0e}",
              "" if r["converged"] else "not converged")  # fmt: skip
    print("processor time an iteration grows with " + ", ".join(f"{axis} to the {p:.2f}" for axis, p in found["exponents"].items()))
    p = found["peers"]
    if p:
        o = p["ours"]
        print(f"\nthe same problem flat, {p['cdus']} CDUs, {p['stages']} stages, cold:")
        solve = f"{o['cold_wall_s']:8.3f} s ({o['cold_cpu_s']:.3f} cpu), {o['cold_iterations']} its"
        print(f"  ours    build {o['build_wall_s']:8.2f} s, solve {solve}")
        for name in NAMES:
            q = p[name]
            print(f"  {name:7s} build {q['build_wall_s']:8.2f} s, solve {q['solve_wall_s']:8.3f} s ({q['solve_cpu_s']:.3f} cpu), "
                  f"{q['iterations']} its, objective differs by {q['objective_difference']:.1e}, {q['status']}")  # fmt: skip
    g = found["goal"]
    if g["measured_wall_s"] is not None:
        print(f"\n{g['cdus']} CDUs, {g['stages']} stages warm: {g['measured_wall_s']:.2f} s, {g['warm_wall_s']} s wanted")


def plot(found: dict[str, Any], path: Path) -> None:
    """Log-log: processor time against CDUs, and against stages."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import NullLocator

    figure, axes = plt.subplots(1, 2, figsize=(9.0, 3.6), sharey=True, layout="constrained")
    for ax, axis, other, words in zip(axes, ("cdus", "stages"), ("stages", "cdus"), ("CDUs (8 racks each)", "stages"), strict=True):
        rows: list[dict[str, Any]] = []
        for k, value in enumerate(sorted({row[other] for row in found["table"]})):
            rows = sorted((row for row in found["table"] if row[other] == value), key=lambda row: row[axis])
            x = [row[axis] for row in rows]
            label = f"{value} {'stages' if other == 'stages' else 'CDUs'}"
            ax.loglog(x, [row["warm_cpu_s"] for row in rows], "o-", color=f"C{k}", label=f"{label}, warm")
            ax.loglog(x, [row["cold_cpu_s"] for row in rows], "o:", color=f"C{k}", alpha=0.6)
        ax.loglog(x, [row["build_wall_s"] for row in rows], "k--", lw=0.8, label="build")
        ax.set_xlabel(words)
        ax.loglog(x, [1.5 * rows[-1]["cold_cpu_s"] * v / x[-1] for v in x], color="0.6", lw=0.8, label="proportional")
        ax.set_xticks(x, [str(v) for v in x])
        ax.xaxis.set_minor_locator(NullLocator())
        ax.grid(visible=True, which="both", lw=0.3)
        ax.legend(fontsize=7)
    axes[0].set_ylabel("processor time [s] (dotted: cold)")
    figure.savefig(path, dpi=130)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--horizons", type=int, nargs="+", help="default: 24 48 96 192; quick: 12 24")
    parser.add_argument("--cdus", type=int, nargs="+", help="even numbers; default: 2 8 32 128; quick: 2 8")
    parser.add_argument("--path", choices=("auto", "kernel", "numpy"), default="auto", help="auto: kernel with a C compiler, else NumPy")
    parser.add_argument("--repeats", type=int, default=3, help="of warm solves")
    parser.add_argument("--no-peers", action="store_true", help="no flat solves")
    parser.add_argument("--peer", type=int, nargs=2, metavar=("CDUS", "STAGES"), help="size of the flat solves; default: 8 24; quick: 2 4")
    parser.add_argument("--plot", type=Path, help="where to draw the log-log plot")
    parser.add_argument("--quick", action="store_true", help="small sizes, NumPy unless asked otherwise, one repeat, smaller flat solve")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    args = parser.parse_args()
    if args.horizons is None:
        args.horizons = [12, 24] if args.quick else [24, 48, 96, 192]
    if args.cdus is None:
        args.cdus = [2, 8] if args.quick else [2, 8, 32, 128]
    if args.peer is None:
        args.peer = [2, 4] if args.quick else [8, 24]
    if args.quick:
        args.repeats = 1
    if args.path == "auto":
        args.path = "numpy"
        if not args.quick:
            try:
                find_compiler()
                args.path = "kernel"
            except CompilerError as error:
                print(f"NumPy path: {error}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        # Compiled here and now, whatever earlier runs have left.
        kernel_build.cache_folder = lambda: Path(folder)
        found = collect(args)
    if args.plot:
        plot(found, args.plot)
    if args.json:
        print(json.dumps(found, indent=2))
    else:
        print_table(found)


if __name__ == "__main__":
    main()
