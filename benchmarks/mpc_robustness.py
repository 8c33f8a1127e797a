"""How the optimiser core ends on random problems, and whether what it calls solved is solved.

Problems (``mpc_robustness_cases``): both liquid halls, loads from 0.3 to 2 times the rated one, weather, limits, prices, chillers, pumps,
cells and initial states; some cannot be solved, some are not numbers. Each family is solved as one batch from cold starts. Of every problem
called converged the KKT error is computed anew from the returned point, by a path of its own (``mpc_kkt``): it is *wrong* where that
exceeds the tolerance or a hard limit is broken by more. IPOPT solves a random sample of the same problems from the same starts.

Usage: ``python benchmarks/mpc_robustness.py [--problems 1000] [--stages 48] [--ipopt 100 | --ipopt all] [--quick] [--json]``
"""

import argparse
import collections
import itertools
import json
import math
import sys
from typing import Any

import numpy as np
from mpc_kkt import Kkt, KktCheck
from mpc_robustness_cases import Family, families
from simulate import machine

from lowlift.controllers.optimiser import BatchResult, Outcome, cold_start, make_solver

LOADS = (0.0, 0.7, 1.0, 1.3, np.inf)
"""Edges of the loads over which success is shown."""
AGREEMENT = 1e-4
"""Relative difference of objectives up to which two solvers found the same optimum."""
OPTIMUM = 1e-4
"""KKT error up to which IPOPT's point is an optimum; its own tolerance is that of the core, in other scales."""


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


def solved(family: Family, result: BatchResult, check: Kkt, tolerance: float) -> dict[str, Any]:
    """Counts of a family, and the worst that was called converged."""
    ok = result.converged
    failed = wrong(result, check, tolerance)
    worst = {name: float(getattr(check, name)[ok].max(initial=0.0)) for name in ("error", "hard")}
    off = np.abs(check.objective - result.objective) / np.maximum(np.abs(check.objective), 1e-12)
    return {
        "site": family.site, "kind": family.kind, "problems": family.data.size, "converged": int(ok.sum()),
        "flagged": dict(collections.Counter(Outcome(v).name for v in result.outcome[~ok])), "wrong": int(failed.sum()),
        "wrong_problems": [{"index": int(i), "error": float(check.error[i]), "hard": float(check.hard[i])} for i in np.flatnonzero(failed)],
        "worst_error": worst["error"], "worst_hard_violation": worst["hard"], "worst_objective_error": float(off[ok].max(initial=0.0)),
        "iterations": {"median": float(np.median(result.iterations)), "most": int(result.iterations.max())},
        "ms_per_problem": 1e3 * result.seconds / family.data.size,
    }  # fmt: skip


def compare(family: Family, chosen: np.ndarray, result: BatchResult, check: KktCheck, tolerance: float) -> list[dict[str, Any]]:
    """IPOPT on some problems of a family: one record each."""
    data = family.data.take(chosen)
    theirs = make_solver(family.problem, "ipopt", tolerance=tolerance).solve(data, cold_start(family.problem, data))
    found = check(data, theirs.point)
    records = []
    for k, i in enumerate(chosen):
        ours, other = float(result.objective[i]), float(found.objective[k])
        records.append({
            "site": family.site, "kind": family.kind, "index": int(i), "load": float(family.load[i]),
            "outcome": Outcome(int(result.outcome[i])).name, "core_converged": bool(result.converged[i]),
            "ipopt_optimum": bool(found.error[k] <= OPTIMUM), "ipopt_error": float(found.error[k]), "objective": ours,
            "ipopt_objective": other,
            "difference": abs(ours - other) / max(abs(ours), abs(other), 1e-12), "ipopt_iterations": int(theirs.iterations[k]),
        })  # fmt: skip
    return records


def verdict(records: list[dict[str, Any]]) -> dict[str, Any]:
    """What the comparison with IPOPT came to."""
    both = [r for r in records if r["core_converged"] and r["ipopt_optimum"]]
    apart = [r for r in both if r["difference"] > AGREEMENT]
    agreeing = [r["difference"] for r in both if r["difference"] <= AGREEMENT]
    return {
        "compared": len(records), "both_solved": len(both), "agree": len(agreeing),
        "largest_difference_agreeing": max(agreeing, default=0.0),
        "other_optima": apart, "core_lower": sum(r["objective"] < r["ipopt_objective"] for r in apart),
        "core_alone": sum(r["core_converged"] and not r["ipopt_optimum"] for r in records),
        "neither": sum(not r["core_converged"] and not r["ipopt_optimum"] for r in records),
        "ipopt_alone": [r for r in records if not r["core_converged"] and r["ipopt_optimum"]],
    }  # fmt: skip


def collect(args: argparse.Namespace) -> dict[str, Any]:
    """Everything that is measured, as one document."""
    compiled = False if args.path == "numpy" else True if args.path == "kernel" else None
    of_family, not_numbers, records, by_load = [], [], [], np.zeros((len(LOADS) - 1, 2), dtype=int)
    made = families(args.problems, args.stages, args.seed)
    finite = sum(f.data.size for f in made if f.kind != "not a number")
    share = 1.0 if args.ipopt == "all" else min(1.0, int(args.ipopt) / finite)
    pick = np.random.default_rng([args.seed, 99])
    for family in made:
        if family.kind == "not a number":
            not_numbers.append(refused(family, compiled))
            continue
        solver, check = make_solver(family.problem, "core", tolerance=args.tolerance, compiled=compiled), KktCheck(family.problem)
        result = solver.solve(family.data, cold_start(family.problem, family.data))
        of_family.append(solved(family, result, check(family.data, result.point), args.tolerance))
        say(f"{family.site}, {family.kind}: {int(result.converged.sum())} of {family.data.size} converged in {result.seconds:.1f} s")
        for k, (low, high) in enumerate(itertools.pairwise(LOADS)):
            inside = (family.load >= low) & (family.load < high)
            by_load[k] += int(inside.sum()), int(result.converged[inside].sum())
        size = math.ceil(share * family.data.size)
        chosen = np.sort(pick.permutation(family.data.size)[:size])
        if chosen.size:
            records += compare(family, chosen, result, check, args.tolerance)
            say(f"{family.site}, {family.kind}: IPOPT on {chosen.size} done")
    totals = {name: sum(f[name] for f in of_family) for name in ("problems", "converged", "wrong")}
    flagged: collections.Counter[str] = collections.Counter()
    for f in of_family:
        flagged.update(f["flagged"])
    return {
        "case": {"problems": args.problems, "stages": args.stages, "horizon_h": 24, "tolerance": args.tolerance, "seed": args.seed,
                 "path": args.path},
        "machine": machine(), "families": of_family, "not_numbers": not_numbers,
        "totals": totals | {"flagged": dict(flagged), "refused": sum(f["problems"] for f in not_numbers),
                            "refused_by_name": sum(f["refused_by_name"] for f in not_numbers)},
        "by_load": [{"from": low, "to": high if np.isfinite(high) else None, "problems": int(n), "converged": int(ok)}
                    for low, high, (n, ok) in zip(LOADS[:-1], LOADS[1:], by_load, strict=True)],
        "ipopt": verdict(records),
    }  # fmt: skip


def print_table(found: dict[str, Any]) -> None:
    case, totals = found["case"], found["totals"]
    print(f"{case['problems']} problems of {case['stages']} stages over 24 h, tolerance {case['tolerance']:g}, seed {case['seed']}")
    print(", ".join(f"{k} {v}" for k, v in found["machine"].items()))
    print("\n| site | family | problems | converged | flagged | wrong | worst error | iterations, median / most | ms each |")
    print("| --- | --- | ---: | ---: | --- | ---: | ---: | ---: | ---: |")
    for f in found["families"]:
        flagged = ", ".join(f"{n} {name.lower()}" for name, n in f["flagged"].items()) or "none"
        iterations = f"{f['iterations']['median']:.0f} / {f['iterations']['most']}"
        print(f"| {f['site']} | {f['kind']} | {f['problems']} | {f['converged']} | {flagged} | {f['wrong']} | {f['worst_error']:.1e} "
              f"| {iterations} | {f['ms_per_problem']:.0f} |")  # fmt: skip
    for f in found["not_numbers"]:
        print(f"| {f['site']} | {f['kind']} | {f['problems']} | | {f['refused_by_name']} refused by name | | | | |")
    print("\n| load over rated | problems | converged |\n| --- | ---: | ---: |")
    for row in found["by_load"]:
        to = "" if row["to"] is None else f" to {row['to']:g}"
        print(f"| from {row['from']:g}{to} | {row['problems']} | {row['converged']} |")
    print(f"\nsuccess {totals['converged']}, flagged {sum(totals['flagged'].values())}, refused by name {totals['refused_by_name']} of "
          f"{totals['refused']}, wrong {totals['wrong']}")  # fmt: skip
    of = found["ipopt"]
    print(f"IPOPT on {of['compared']}: both solved {of['both_solved']}, of which {of['agree']} agree to {AGREEMENT:g} "
          f"(largest difference {of['largest_difference_agreeing']:.1e}); core alone {of['core_alone']}, IPOPT alone "
          f"{len(of['ipopt_alone'])}, neither {of['neither']}")  # fmt: skip
    for title, rows in (("other local optima", of["other_optima"]), ("solved by IPOPT alone", of["ipopt_alone"])):
        for r in rows:
            print(f"  {title}: {r['site']}, {r['kind']} {r['index']}, load {r['load']:.2f}, core {r['objective']:.6g} "
                  f"({r['outcome'].lower()}), IPOPT {r['ipopt_objective']:.6g}")  # fmt: skip


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, help="default: 1000; quick: 60")
    parser.add_argument("--stages", type=int, help="over 24 h; default: 48; quick: 12")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tolerance", type=float, default=1e-6)
    parser.add_argument("--ipopt", help="problems that IPOPT solves too, a number or all; default: 100; quick: 6")
    parser.add_argument("--path", choices=("auto", "kernel", "numpy"), default="auto")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    args = parser.parse_args(given)
    small = {"problems": 60, "stages": 12, "ipopt": "6"}
    for name, value in {"problems": 1000, "stages": 48, "ipopt": "100"}.items():
        if getattr(args, name) is None:
            setattr(args, name, small[name] if args.quick else value)
    return args


def main() -> None:
    args = arguments()
    found = collect(args)
    if args.json:
        print(json.dumps(found, indent=2))
    else:
        print_table(found)
    if found["totals"]["wrong"]:
        sys.exit("a problem was called converged that is not")


if __name__ == "__main__":
    main()
