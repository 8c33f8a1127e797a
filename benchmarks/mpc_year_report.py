"""What ``mpc_year`` tells of a run: key figures by design, tables, a plot."""

from pathlib import Path
from typing import Any

import numpy as np
from mpc_year_designs import PERIOD, World
from mpc_year_loop import Record
from mpc_year_plant import KINDS

PER_DAY = round(86400.0 / PERIOD)
"""Plans."""


def by_design(world: World, record: Record) -> list[dict[str, Any]]:
    """Key figures of every design over the run; ratios are ratios of integrals."""
    hours, m = PERIOD / 3600.0, record.meters
    of = {name: hours * m[name].sum(axis=0) for name in ("it", "losses", "cooling", "makeup", "cost", "excess")}
    rows = []
    for j, design in enumerate(world.designs):
        most = m["worst"][:, j].max(axis=0)
        rows.append({
            "design": design.words, "climate": design.climate,
            "pue": float(1.0 + (of["losses"][j] + of["cooling"][j]) / of["it"][j]),
            "cooling_MWh": float(of["cooling"][j]), "it_MWh": float(of["it"][j]), "water_m3": float(of["makeup"][j]),
            "cost": float(of["cost"][j]), "violation_Kh": float(of["excess"][j].sum()), "worst_K": float(most.max()),
            "worst_of": KINDS[int(most.argmax())] if most.max() > 0.0 else "",
            "chiller_hours": float(hours * record.chillers[:, j].sum()),
            "chiller_starts": int(np.maximum(np.diff(record.chillers[:, j]), 0).sum()),
            "solved_again": int(record.rescued[:, j].sum()), "flagged": int(record.flagged[:, j].sum()),
        })  # fmt: skip
    return rows


def plot(world: World, record: Record, path: Path) -> None:
    """Annual PUE of every design by climate, and how plans were solved."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows = by_design(world, record)
    names = sorted({r["climate"] for r in rows})
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 3.6), layout="constrained")
    for share, colour in ((1.0, "tab:blue"), (0.6, "tab:orange")):
        some = [r for r, d in zip(rows, world.designs, strict=True) if d.load == share]
        left.scatter([names.index(r["climate"]) for r in some], [r["pue"] for r in some], s=14, color=colour, label=f"{share:.0%} load")
    left.set_xticks(range(len(names)), names)
    left.set_ylabel(f"PUE over {len(record.kkt_error) / PER_DAY:g} days")
    left.legend()
    days = np.arange(len(record.kkt_error)) / PER_DAY
    for q, style in ((50, "-"), (99, ":")):
        right.plot(
            days, np.percentile(record.kkt_error, q, axis=1), style, color="tab:blue", linewidth=0.8, label=f"{q} % of designs below"
        )
    right.set_yscale("log")
    right.set_xlabel("day")
    right.set_ylabel("KKT error of plans")
    right.legend()
    figure.savefig(path, dpi=150)
    plt.close(figure)


def print_tables(found: dict[str, Any]) -> None:
    case, fast, solved = found["case"], found["speed"], found["quality"]
    print(f"{case['designs']} designs of {case['site']}, {case['days']:g} days from {case['start']}, {case['stages']} stages "
          f"({case['grid']}), {case['states']} states, {case['controls']} controls, {case['iterations']} iterations, "
          f"{case['threads']} threads")  # fmt: skip
    print(", ".join(f"{k} {v}" for k, v in found["machine"].items()))
    print(f"\nwall {fast['wall_s']:.1f} s, processor {fast['processor_s']:.1f} s, {fast['steps_per_s']:.2f} steps/s; a plan "
          f"{fast['wall_ms_per_plan']:.2f} ms by wall clock, {fast['processor_ms_per_plan']:.2f} ms of processor; a year of all designs "
          f"{fast['year_wall_h']:.2f} h by wall clock, {fast['year_processor_h']:.2f} h of processor")  # fmt: skip
    print("share of wall time: " + ", ".join(f"{name} {v:.1%}" for name, v in fast["share"].items()))
    print(f"solved again {solved['solved_again_share']:.2%}, flagged {solved['flagged_share']:.3%}, KKT errors {solved['kkt_error']}")
    print("\n| design | PUE | cooling MWh | water m³ | cost | violation K h | worst K | chiller h | starts | solved again | flagged |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: |")
    for r in found["designs"]:
        print(f"| {r['design']} | {r['pue']:.4f} | {r['cooling_MWh']:.1f} | {r['water_m3']:.0f} | {r['cost']:.2f} "
              f"| {r['violation_Kh']:.2f} | {r['worst_K']:.2f} {r['worst_of']} | {r['chiller_hours']:.0f} "
              f"| {r['chiller_starts']} | {r['solved_again']} | {r['flagged']} |")  # fmt: skip
    if found["peers"]:
        print("\n| one plan at a time | ms of processor | converged | a year of this loop, h of processor |\n| --- | ---: | ---: | ---: |")
        for name, p in found["peers"].items():
            print(f"| {name} | {p['processor_ms']:.1f} | {p.get('converged', '')} of {p.get('solved', '')} | {p['year_processor_h']:.1f} |")
    if found["compare"]:
        print(f"\nclosed-loop cost over {found['compare']['days']:g} days against converged plans")
        print("| plans | difference of each design | chiller hours | violation, worst difference K h | again | flagged | processor ms |")
        print("| --- | --- | --- | ---: | ---: | ---: | ---: |")
        for name, r in found["compare"]["runs"].items():
            more = max(r["violation_difference_Kh"], key=abs)
            again, flagged = r["solved_again_share"], r["flagged_share"]
            each = ", ".join(f"{v:+.3%}" for v in r["relative_difference"])
            hours = ", ".join(f"{v:g}" for v in r["chiller_hours"])
            print(f"| {name} | {each} | {hours} | {more:+.3f} | {again:.1%} | {flagged:.2%} | {r['processor_ms_per_plan']:.1f} |")
    for row in found["profile"]:
        print(f"{row['own_share']:6.1%} own, {row['with_called_share']:6.1%} with called, {row['calls']:8d} calls: {row['where']}")
