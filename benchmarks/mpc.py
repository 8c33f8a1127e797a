"""The same optimal control problems for everybody: the core, fatrop, IPOPT, do-mpc and acados, alternating in one run.

A: one ``gb200_hall``, 96 stages of 15 min, moments of one day in turn, everybody warm from its own last solution moved on by a stage
(do-mpc itself would not even move it). B: a batch of different cold problems of a Frontier of two subloops, 48 stages. Tolerances are
equal, times are medians, objectives are compared with IPOPT's. do-mpc and acados are installed into environments of their own under
``--peers-folder`` where a network is there; without them their ratios are null. See ``mpc_case.py``, ``mpc_own.py``, ``mpc_dompc.py``,
``mpc_acados.py``.

Usage: ``python benchmarks/mpc.py [--quick] [--json] [--peers dompc acados | --peers none] [--no-install] [--page]``
"""

import argparse
import contextlib
import json
import math
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from machine import machine
from mpc_case import Case, case_a, case_b
from mpc_loop import closed_loop
from mpc_own import REAL_TIME, REAL_TIME_START, TOLERANCE, VARIANTS, Entrant, log, own_entrants, peer_entrants
from mpc_plant import full_plant
from mpc_tables import batch, converged_peers, sequence, sequence_table, summary, warm_options

IN_LOOP = ("core_numpy", "core_kernel", "core_numpy_rti", "core_kernel_rti", "acados_rti")
"""Whose closed loops are run; the rest converges to the same plans."""


def problem_a(case: Case, args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Table of the warm sequence, and closed loops."""
    entrants: list[Entrant] = own_entrants(case)
    peers, missing = peer_entrants(case, folder, args.peers, args.peers_folder, install=not args.no_install)
    entrants += peers
    try:
        solves = sequence(case, entrants)
        table = sequence_table(case, entrants, solves)
        to_convergence = converged_peers(case, entrants, solves)
        loops = {}
        for e in entrants:
            if e.name in IN_LOOP and (e.name != "core_numpy" or "core_kernel" not in table):
                log(f"{case.name}: closed loop of {e.name}")
                loops[e.name] = closed_loop(case, e)
    finally:
        for e in entrants:
            e.close()
    converged = loops["core_kernel" if "core_kernel" in loops else "core_numpy"]["cost"]
    for loop in loops.values():
        loop["over_converged"] = loop["cost"] / converged - 1.0
    return {**_head(case), "solvers": table, "closed_loop": loops, "to_convergence": to_convergence, "missing": missing}


def collect(args: argparse.Namespace) -> dict[str, Any]:
    """Everything that is measured, as one document."""
    began = time.perf_counter()
    log("A: recording moments")
    with tempfile.TemporaryDirectory() as folder:
        a = problem_a(case_a(args.moments, args.stages_a), args, Path(folder))
    log("B: making problems")
    case = case_b(args.batch, args.stages_b)
    b = {**_head(case), **batch(case, args.repeats, min(args.loop, case.size), min(args.checked, case.size))}
    plant = full_plant(args.plant_days) if args.plant_days > 0.0 else None
    settings = {"tolerance": TOLERANCE, "warm": warm_options(), "rti_iterations": REAL_TIME,
                "rti_start": {"mu": REAL_TIME_START.mu, "push": REAL_TIME_START.push}}  # fmt: skip
    return _finite({
        "summary": summary(a["solvers"], b["solvers"]), "A": a, "B": b, "plant": plant, "settings": settings, "machine": machine(),
        "seconds": time.perf_counter() - began,
    })  # fmt: skip


def _finite(value: Any) -> Any:
    """The document without numbers that JSON does not know: they become null."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _head(case: Case) -> dict[str, Any]:
    p = case.problem
    return {"plant": p.name, "problems": case.size, "stages": p.n_stages, "stage_s": case.stage_seconds, "states": p.nx, "controls": p.nu,
            "path_rows": p.nc, "slacks": p.ns}  # fmt: skip


def print_tables(found: dict[str, Any]) -> None:
    for name, value in found["summary"].items():
        print(f"{name:24s} {'null' if value is None else f'{value:.2f}'}")
    columns = f"{'warm ms':>9s} {'cold ms':>9s} {'iter':>5s} {'converged':>10s} {'KKT':>8s} {'objective':>10s} {'replayed':>10s}"
    print(f"\nA {'':18s} {columns}  others")
    for name, r in found["A"]["solvers"].items():
        done = f"{r['converged']}/{r['solves']}"
        objective, replayed = (_short(r[kind]["median"]) for kind in ("objective_difference", "replayed_difference"))
        print(f"{name:20s} {r['warm_ms']:9.2f} {r['cold_ms']:9.1f} {r['warm_iterations']:5.0f} {done:>10s} "
              f"{_short(r['worst_kkt_error']):>8s} {objective:>10s} {replayed:>10s}  {len(r['other_optima'])}")  # fmt: skip
    for name, why in found["A"]["missing"].items():
        print(f"{name:20s} missing: {why}")
    for name, solves in found["A"]["to_convergence"].items():
        for s in solves:
            print(f"{name:20s} to convergence at moment {s['moment']}: {s['iterations']} iterations, objective {s['difference']:+.1e}")
    print(f"\nclosed loop {'':8s} {'over converged':>14s} {'ms':>8s} {'KKT':>8s}")
    for name, r in found["A"]["closed_loop"].items():
        print(f"{name:20s} {r['over_converged']:+14.2e} {r['median_ms']:8.2f} {_short(r['median_kkt_error']):>8s}")
    if found["plant"] is not None:
        of = found["plant"]
        kept = ", ".join(f"{name} {run['violation_Kh']:.3f} K h" for name, run in of["runs"].items())
        print(f"full plant, {of['days']:g} days: real time over converged {of['real_time_over_converged']:+.2e}; violation {kept}")
    print(f"\nB {'':18s} {'ms/problem':>10s} {'problems':>8s} {'iter':>5s}  outcomes, other optima")
    for name, r in found["B"]["solvers"].items():
        print(f"{name:20s} {r['ms_per_problem']:10.3f} {r['problems']:8d} {r['iterations']['median']:5.0f}  {r['outcomes']}, "
              f"{len(r['other_optima'])} of {r['compared_with_ipopt']}")  # fmt: skip
    for name, r in found["B"]["warm_rti"].items():
        print(f"warm RTI batch, {name}: {r['problems_per_s']:.0f} problems/s")
    print(f"\n{', '.join(f'{k} {v}' for k, v in found['machine'].items())}; {found['seconds']:.0f} s in all")


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.1e}"


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Command line; sizes that are not given follow ``--quick``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few moments and repeats: within ten minutes on two cores")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("--page", action="store_true", help="write docs/benchmarks_mpc.md and its plot from this run")
    parser.add_argument("--peers", nargs="+", choices=(*VARIANTS, "none"), default=list(VARIANTS))
    parser.add_argument("--peers-folder", type=Path, default=Path(__file__).parents[1] / "build" / "peers")
    parser.add_argument("--no-install", action="store_true", help="use peers only where they are installed already")
    for name, what in (("moments", "of A"), ("stages-a", "of A"), ("batch", "problems of B"), ("stages-b", "of B"), ("repeats", "of B"),
                       ("loop", "problems of B that fatrop solves a repeat"), ("checked", "problems of B that IPOPT solves")):  # fmt: skip
        parser.add_argument(f"--{name}", type=int, help=what)
    parser.add_argument("--plant-days", type=float, help="days of the full plant in closed loop, 0 for none")
    args = parser.parse_args(given)
    sizes = {"moments": (6, 96), "stages_a": (96, 96), "batch": (256, 256), "stages_b": (48, 48), "repeats": (1, 3), "loop": (64, 256),
             "checked": (24, 256), "plant_days": (0.25, 1.0)}  # fmt: skip
    for name, (quick, full) in sizes.items():
        if getattr(args, name) is None:
            setattr(args, name, quick if args.quick else full)
    args.peers = [p for p in args.peers if p != "none"]
    args.peers_folder = args.peers_folder.resolve()
    return args


def main() -> None:
    args = arguments()
    # Whatever solvers print must not mix with the document.
    with contextlib.redirect_stdout(sys.stderr):
        found = collect(args)
    if args.page:
        from mpc_page import write_page

        write_page(found, Path(__file__).parents[1] / "docs")
    if args.json:
        print(json.dumps(found, indent=2, allow_nan=False))
    else:
        print_tables(found)


if __name__ == "__main__":
    main()
