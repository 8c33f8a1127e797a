"""How the optimiser core ends on random problems, and whether what it calls solved is solved.

Problems (``mpc_robustness_cases``): both liquid halls, loads from 0.3 to 2 times the rated one, weather, limits, prices, chillers, pumps,
cells and initial states; some cannot be solved, some are not numbers. Each family is solved in batches from cold starts. Of every problem
called converged the KKT error is computed anew from the returned point, by a path of its own (``mpc_kkt``): it is *wrong* where that
exceeds the tolerance, where a hard limit is broken by more, or where the problem was made so that nothing can solve it. IPOPT solves the
same problems, or a random sample of them, from the same starts.

Usage: ``python benchmarks/mpc_robustness.py [--problems 1000] [--stages 48] [--ipopt all | --ipopt 200] [--quick] [--json]``
"""

import argparse
import json
import sys
import time
from typing import Any

import numpy as np
from machine import machine
from mpc_kkt import Kkt, KktCheck
from mpc_robustness_cases import Family, families
from mpc_robustness_table import counts, print_tables

from lowlift.controllers.optimiser import BatchResult, Outcome, cold_start, make_solver

AGREEMENT = 1e-4
"""Relative difference of objectives up to which two solvers found the same optimum."""
OPTIMUM = 1e-4
"""KKT error up to which IPOPT's point is an optimum; its own tolerance is that of the core, in other scales."""
BATCH = 128
"""Problems of the core at a time."""
NEWS = 20.0
"""Progress is told this often [s]."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def refused(family: Family, compiled: bool | None) -> dict[str, Any]:
    """Problems that are not numbers, one by one: each must be refused with the name and place of what is wrong."""
    solver, named = make_solver(family.problem, "core", compiled=compiled), 0
    for i in range(family.data.size):
        one = family.data.take(np.array([i]))
        name, array = ("x0", one.x0) if not np.isfinite(one.x0).all() else ("p", one.p)
        place = np.argwhere(~np.isfinite(array))[0].tolist()
        try:
            solver.solve(one, cold_start(family.problem, one))
        except ValueError as error:
            named += str(error).startswith(f"{family.problem.name}: {name} at {place} is ")
    return {"site": family.site, "kind": family.kind, "problems": family.data.size, "refused_by_name": named}


def wrong(result: BatchResult, check: Kkt, tolerance: float) -> np.ndarray:
    """Problems called converged that are not."""
    failed: np.ndarray = result.converged & ~((check.error <= tolerance) & (check.hard <= tolerance))
    return failed


def solved(family: Family, check: KktCheck, args: argparse.Namespace, compiled: bool | None) -> list[dict[str, Any]]:
    """What the core says of the problems of a family, and what the check says of that: one record each."""
    solver, records, took = make_solver(family.problem, "core", tolerance=args.tolerance, compiled=compiled), [], 0.0
    for first in range(0, family.data.size, BATCH):
        index = np.arange(first, min(first + BATCH, family.data.size))
        data = family.data.take(index)
        result = solver.solve(data, cold_start(family.problem, data))
        found = check(data, result.point)
        failed = wrong(result, found, args.tolerance) | (result.converged & (family.kind == "impossible"))
        took += result.seconds
        for k, i in enumerate(index):
            records.append({
                "site": family.site, "kind": family.kind, "index": int(i), "load": float(family.load[i]),
                "classes": {name: str(of[i]) for name, of in family.classes.items()}, "impossible": family.kind == "impossible",
                "outcome": Outcome(int(result.outcome[k])).name, "converged": bool(result.converged[k]), "wrong": bool(failed[k]),
                "error": float(found.error[k]), "hard": float(found.hard[k]), "objective": float(result.objective[k]),
                "objective_error": abs(float(found.objective[k] - result.objective[k])) / max(abs(float(found.objective[k])), 1e-12),
                "iterations": int(result.iterations[k]), "ms": 1e3 * result.seconds / index.size,
            })  # fmt: skip
    say(f"{family.site}, {family.kind}: {sum(r['converged'] for r in records)} of {len(records)} converged in {took:.1f} s")
    return records


class Progress:
    """Tells how far the comparison with IPOPT is and how long it may still take."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.began, self.told = total, 0, time.perf_counter(), time.perf_counter()

    def step(self) -> None:
        """One problem is done."""
        self.done += 1
        now = time.perf_counter()
        if now - self.told >= NEWS or self.done == self.total:
            left = (now - self.began) / self.done * (self.total - self.done)
            say(f"IPOPT: {self.done} of {self.total} problems, about {left / 60.0:.1f} min left")
            self.told = now


def compare(family: Family, check: KktCheck, records: list[dict[str, Any]], tolerance: float, progress: Progress) -> None:
    """IPOPT on some problems of a family; what it finds is added to their records."""
    solver = make_solver(family.problem, "ipopt", tolerance=tolerance)
    for record in records:
        data = family.data.take(np.array([record["index"]]))
        theirs = solver.solve(data, cold_start(family.problem, data))
        found = check(data, theirs.point)
        ours, other = record["objective"], float(found.objective[0])
        record["ipopt"] = {
            "optimum": bool(found.error[0] <= OPTIMUM), "error": float(found.error[0]), "objective": other,
            "difference": abs(ours - other) / max(abs(ours), abs(other), 1e-12), "iterations": int(theirs.iterations[0]),
            "ms": 1e3 * theirs.seconds,
        }  # fmt: skip
        progress.step()


def verdict(records: list[dict[str, Any]]) -> dict[str, Any]:
    """What the comparison with IPOPT came to."""
    compared = [r for r in records if "ipopt" in r]
    both = [r for r in compared if r["converged"] and r["ipopt"]["optimum"]]
    apart = [r for r in both if r["ipopt"]["difference"] > AGREEMENT]
    agreeing = [r["ipopt"]["difference"] for r in both if r["ipopt"]["difference"] <= AGREEMENT]
    return {
        "compared": len(compared), "both_solved": len(both), "agree": len(agreeing),
        "largest_difference_agreeing": max(agreeing, default=0.0),
        "other_optima": apart, "core_lower": sum(r["objective"] < r["ipopt"]["objective"] for r in apart),
        "core_alone": sum(r["converged"] and not r["ipopt"]["optimum"] for r in compared),
        "neither": sum(not r["converged"] and not r["ipopt"]["optimum"] for r in compared),
        "ipopt_alone": [r for r in compared if not r["converged"] and r["ipopt"]["optimum"]],
    }  # fmt: skip


def collect(args: argparse.Namespace) -> dict[str, Any]:
    """Everything that is measured, as one document."""
    compiled = False if args.path == "numpy" else True if args.path == "kernel" else None
    made = families(args.problems, args.stages, args.seed)
    finite = [f for f in made if f.kind != "not a number"]
    not_numbers = [refused(f, compiled) for f in made if f.kind == "not a number"]
    checks = [KktCheck(f.problem) for f in finite]
    by_family = [solved(f, check, args, compiled) for f, check in zip(finite, checks, strict=True)]
    records = [r for of in by_family for r in of]
    size = len(records) if args.ipopt == "all" else min(int(args.ipopt), len(records))
    chosen = {id(records[i]) for i in np.random.default_rng([args.seed, 99]).permutation(len(records))[:size]}
    progress = Progress(size)
    for family, check, of in zip(finite, checks, by_family, strict=True):
        some = [r for r in of if id(r) in chosen]
        if some:
            compare(family, check, some, args.tolerance, progress)
    names = list(finite[0].classes)
    return {
        "case": {"problems": args.problems, "stages": args.stages, "horizon_h": 24, "tolerance": args.tolerance, "seed": args.seed,
                 "path": args.path, "ipopt": args.ipopt},
        "machine": machine(), "totals": counts(records, AGREEMENT), "not_numbers": not_numbers,
        "refused": sum(f["problems"] for f in not_numbers), "refused_by_name": sum(f["refused_by_name"] for f in not_numbers),
        "families": [{"site": f.site, "kind": f.kind} | counts(of, AGREEMENT) for f, of in zip(finite, by_family, strict=True)],
        "by_class": {name: {value: counts([r for r in records if r["classes"][name] == value], AGREEMENT)
                            for value in dict.fromkeys(r["classes"][name] for r in records)} for name in names},
        "ipopt": verdict(records), "records": records,
    }  # fmt: skip


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, help="default: 1000; quick: 24")
    parser.add_argument("--stages", type=int, help="over 24 h; default: 48; quick: 8")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tolerance", type=float, default=1e-6)
    parser.add_argument("--ipopt", help="problems that IPOPT solves too, a number or all; default: all; quick: 6")
    parser.add_argument("--path", choices=("auto", "kernel", "numpy"), default="auto")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    args = parser.parse_args(given)
    small = {"problems": 24, "stages": 8, "ipopt": "6"}
    for name, value in {"problems": 1000, "stages": 48, "ipopt": "all"}.items():
        if getattr(args, name) is None:
            setattr(args, name, small[name] if args.quick else value)
    return args


def main() -> None:
    args = arguments()
    found = collect(args)
    if args.json:
        print(json.dumps(found, indent=2))
    else:
        print_tables(found)
    if found["totals"]["wrong"]:
        sys.exit("a problem was called converged that is not")


if __name__ == "__main__":
    main()
