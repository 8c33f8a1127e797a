"""Counts of ``mpc_robustness.py`` and their tables."""

import collections
from typing import Any

import numpy as np

HEAD = (
    "| | problems | solved | flagged | impossible by design | IPOPT failed too | IPOPT alone solved | not compared | wrong | "
    "equal optima | other optima | core alone |\n| --- |" + " ---: |" * 11
)


def counts(records: list[dict[str, Any]], agreement: float) -> dict[str, Any]:
    """How some problems ended.

    Flagged problems are divided into those that nothing can solve, those that IPOPT did not solve either, those that it solved, and those
    that it was not given; solved ones that IPOPT solved too have equal objectives (within ``agreement``) or are other local optima.
    """
    ok, flagged = [r for r in records if r["converged"]], [r for r in records if not r["converged"]]
    possible = [r for r in flagged if not r["impossible"]]
    both = [r for r in ok if "ipopt" in r and r["ipopt"]["optimum"]]

    def worst(name: str) -> float:
        return max((r[name] for r in ok), default=0.0)

    iterations = [r["iterations"] for r in records]
    return {
        "problems": len(records), "converged": len(ok), "flagged": len(flagged),
        "outcomes": dict(collections.Counter(r["outcome"] for r in flagged)),
        "flagged_impossible": len(flagged) - len(possible),
        "flagged_ipopt_failed": sum("ipopt" in r and not r["ipopt"]["optimum"] for r in possible),
        "flagged_ipopt_solved": sum("ipopt" in r and r["ipopt"]["optimum"] for r in possible),
        "flagged_not_compared": sum("ipopt" not in r for r in possible),
        "wrong": sum(r["wrong"] for r in records), "wrong_problems": [r for r in records if r["wrong"]],
        "equal_optima": sum(r["ipopt"]["difference"] <= agreement for r in both),
        "other_optima": sum(r["ipopt"]["difference"] > agreement for r in both),
        "core_alone": sum("ipopt" in r and not r["ipopt"]["optimum"] for r in ok),
        "worst_error": worst("error"), "worst_hard_violation": worst("hard"), "worst_objective_error": worst("objective_error"),
        "iterations": {"median": float(np.median(iterations)), "most": max(iterations)} if iterations else None,
        "ms_per_problem": float(np.mean([r["ms"] for r in records])) if records else None,
    }  # fmt: skip


def row(title: str, c: dict[str, Any]) -> str:
    """One line of the table."""
    names = ("problems", "converged", "flagged", "flagged_impossible", "flagged_ipopt_failed", "flagged_ipopt_solved",
             "flagged_not_compared", "wrong", "equal_optima", "other_optima", "core_alone")  # fmt: skip
    return f"| {title} | " + " | ".join(str(c[name]) for name in names) + " |"


def print_tables(found: dict[str, Any]) -> None:
    """Everything, for people."""
    case, of, totals = found["case"], found["ipopt"], found["totals"]
    print(f"{case['problems']} problems of {case['stages']} stages over 24 h, tolerance {case['tolerance']:g}, seed {case['seed']}")
    print(", ".join(f"{k} {v}" for k, v in found["machine"].items()))
    print("\n" + HEAD)
    for name, by in found["by_class"].items():
        for value in sorted(by):
            print(row(f"{name}: {value}", by[value]))
    print(row("all", totals))
    print("\n| site | limits | problems | solved | flagged | worst error | iterations, median / most | ms each |")
    print("| --- | --- | ---: | ---: | --- | ---: | ---: | ---: |")
    for f in found["families"]:
        flagged = ", ".join(f"{n} {name.lower()}" for name, n in f["outcomes"].items()) or "none"
        iterations = f"{f['iterations']['median']:.0f} / {f['iterations']['most']}"
        print(f"| {f['site']} | {f['kind']} | {f['problems']} | {f['converged']} | {flagged} | {f['worst_error']:.1e} | {iterations} "
              f"| {f['ms_per_problem']:.0f} |")  # fmt: skip
    print(f"\nsolved {totals['converged']}, flagged {totals['flagged']}, refused by name {found['refused_by_name']} of "
          f"{found['refused']}, wrong {totals['wrong']}")  # fmt: skip
    print(f"IPOPT on {of['compared']}: both solved {of['both_solved']}, of which {of['agree']} with equal objectives "
          f"(largest difference {of['largest_difference_agreeing']:.1e}); core alone {of['core_alone']}, IPOPT alone "
          f"{len(of['ipopt_alone'])}, neither {of['neither']}")  # fmt: skip
    for title, rows in (("other local optima", of["other_optima"]), ("solved by IPOPT alone", of["ipopt_alone"])):
        for r in rows:
            print(f"  {title}: {r['site']}, {r['kind']} {r['index']}, load {r['load']:.2f}, core {r['objective']:.6g} "
                  f"({r['outcome'].lower()}), IPOPT {r['ipopt']['objective']:.6g}")  # fmt: skip
