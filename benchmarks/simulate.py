"""Speed and error of the batched plant step against ``solve_ivp`` and CasADi's ``cvodes`` on the same equations, in one run.

Case: ``gb200_hall`` (237 states) at rest at 50 % load; inputs are held, and after ten minutes every rack's heat steps to its own new level
(80-100 %). Every plant has its own pumps, valves, fans, weather and loads. Each batch runs through its declared steps, short after the load
step and long where inputs are held, as the compiled kernel and in pure NumPy; the peers (``simulate_case.py``) run single plants of the
same batch at rtol 1e-6. All are timed one after the other, again and again; medians are compared. All deliver the same samples,
the first 5 s after the load step. Errors are the largest over all states, samples and checked plants against ``solve_ivp`` at rtol 1e-9.

Usage: ``python benchmarks/simulate.py [--batches 1 64 1024 8192] [--path auto] [--repeats 5] [--quick] [--json]``
"""

import argparse
import functools
import itertools
import json
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
from machine import machine
from simulate_case import AFTER, BEFORE, Case, Peers, make_case

from lowlift.models.course import Course, Leg
from lowlift.models.step import Integrator

YEAR = 365.25 * 86400.0
GOALS = {1024: 5e3, 8192: 1e4}
"""Least ratio to ``solve_ivp`` that is wanted, by batch."""
LEAST_TIMED = 0.02
"""Runs that are shorter are repeated until this time has passed [s]."""
ERROR_MAX = 0.05
"""Largest error allowed [K]."""


def measure(
    case: Case, courses: list[Course], peers: Peers, batches: list[int], plants: int, repeats: int
) -> tuple[dict[str, dict[str, dict[str, float]]], dict[str, list[np.ndarray]]]:
    """Speeds of everybody by batch, medians of alternating runs, and the samples of each path, one array a batch.

    Speeds are simulated years per second, and milliseconds of processor time per plant, which other work on the machine hardly disturbs.
    """
    kept = {(c.path, b): c.run(case.x[:b], case.legs(b)).x for c in courses for b in batches}
    for name in Peers.NAMES:
        peers.run(name, 0)
    noted: dict[str, dict[str, list[tuple[float, float]]]] = {}

    def timed(name: str, batch: int, run: Callable[[], object], plants: int) -> None:
        runs, begun, cpu = 0, time.perf_counter(), time.process_time()
        while runs == 0 or time.perf_counter() - begun < LEAST_TIMED:
            run()
            runs += 1
        years = runs * plants * case.seconds / YEAR / (time.perf_counter() - begun)
        noted.setdefault(name, {}).setdefault(str(batch), []).append((years, 1e3 * (time.process_time() - cpu) / (runs * plants)))

    for _ in range(repeats):
        for c, b in itertools.product(courses, batches):
            timed(c.path, b, functools.partial(c.run, case.x[:b], case.legs(b), out=kept[c.path, b]), b)
        for name in Peers.NAMES:
            timed(name, 1, lambda name=name: [peers.run(name, b) for b in range(plants)], plants)
    medians = {
        name: {b: dict(zip(("years_per_s", "cpu_ms_per_plant"), np.median(v, axis=0).tolist(), strict=True)) for b, v in by_batch.items()}
        for name, by_batch in noted.items()
    }
    return medians, {c.path: [kept[c.path, b] for b in batches] for c in courses}


def errors(case: Case, samples: dict[str, list[np.ndarray]], peers: Peers, checked: int) -> dict[str, float]:
    """Largest error [K] of each path (over all batches) and peer, at all states and samples of the first plants."""
    reference = Peers(case, rtol=1e-9)
    exact = np.stack([reference.run("solve_ivp_compiled", b) for b in range(checked)], axis=1)
    worst = {path: max(float(np.abs(x[:, :checked] - exact[:, : x.shape[1]]).max()) for x in arrays) for path, arrays in samples.items()}
    for name in Peers.NAMES:
        worst[name] = max(float(np.abs(peers.run(name, b) - exact[:, b]).max()) for b in range(checked))
    return worst


def memory(case: Case, course: Course, batch: int) -> dict[str, float]:
    """Kilobytes per plant: what the caller hands over, what the run needs at most beyond that, and what a full record holds."""
    legs = case.legs(batch)
    tracemalloc.start()
    course.run(case.x[:batch], legs, record="last")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    inputs = case.x[0].nbytes + legs[0].u[0].nbytes + sum(leg.d[0].nbytes for leg in legs)
    record = 8 * case.plant.states.size * (len(BEFORE) + len(AFTER))
    return {"inputs_kB": inputs / 1e3, "run_kB": peak / batch / 1e3, "record_kB": record / 1e3}


def every_15_s(case: Case, course: Course, batch: int, repeats: int) -> float:
    """Simulated years per second with steps of 15 s throughout, as a closed loop takes them, keeping the last state."""
    legs = [Leg((15.0,) * 20, case.u[:batch], case.after[:batch])]
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        course.run(case.x[:batch], legs, record="last")
        times.append(time.perf_counter() - begun)
    return batch * 300.0 / YEAR / float(np.median(times))


def observed_orders(case: Case) -> list[float]:
    """Orders of all loop nodes from step lengths of 4, 2, 1 and 0.5 s over one minute, beginning one minute after the load step."""
    plant, u, d = case.plant, case.u[:1], case.after[:1]
    racks = [plant.states.slices[name] for name in ("T_chip", "T_plate", "T_cool")]
    loops = np.delete(np.arange(plant.states.size), np.concatenate([np.arange(s.start, s.stop) for s in racks]))

    def after_a_minute(h: float, x: np.ndarray) -> np.ndarray:
        integrator = Integrator(plant, h)
        for _ in range(round(60.0 / h)):
            x = integrator.step(x, u, d)[0]
        return x

    x = after_a_minute(0.5, case.x[:1])
    exact = after_a_minute(1.0 / 32.0, x)
    steps = [float(np.abs(after_a_minute(h, x) - exact)[:, loops].max()) for h in (4.0, 2.0, 1.0, 0.5)]
    return [float(np.log2(a / b)) for a, b in itertools.pairwise(steps)]


def collect(args: argparse.Namespace) -> dict[str, object]:
    """Everything that is measured, as one document."""
    largest = max(args.batches)
    case = make_case(largest)
    first = Course(case.plant, args.path, args.threads)
    courses = [first] if first.path == "numpy" else [first, Course(case.plant, "numpy", args.threads)]
    peers = Peers(case, rtol=1e-6)
    speeds, samples = measure(case, courses, peers, args.batches, min(args.plants, largest), args.repeats)
    worst = errors(case, samples, peers, min(args.check, largest))
    paths = {}
    for course in courses:
        speed = speeds[course.path]
        paths[course.path] = {
            "how": course.how,
            "threads": course.threads,
            "years_per_s": {b: v["years_per_s"] for b, v in speed.items()},
            "cpu_ms_per_plant": {b: v["cpu_ms_per_plant"] for b, v in speed.items()},
            "ratio": {peer: {b: v["years_per_s"] / speeds[peer]["1"]["years_per_s"] for b, v in speed.items()} for peer in Peers.NAMES},
            "worst_error_K": worst[course.path],
            "memory_per_plant": memory(case, course, largest),
            "years_per_s_every_15_s": every_15_s(case, course, largest, args.repeats),
        }
    of_peers = {name: {**speeds[name]["1"], "worst_error_K": worst[name]} for name in Peers.NAMES}
    reached = {str(b): paths[first.path]["ratio"]["solve_ivp"][str(b)] for b in args.batches if b in GOALS}
    return {
        "case": {"plant": "gb200_hall", "states": case.plant.states.size, "simulated_s_per_plant": case.seconds,
                 "steps": len(BEFORE) + len(AFTER), "checked_plants": min(args.check, largest), "repeats": args.repeats},
        "machine": machine(), "path": first.path, "paths": paths, "peers": of_peers,
        "goals": {"ratio_to_solve_ivp": {b: {"wanted": GOALS[int(b)], "measured": v} for b, v in reached.items()},
                  "worst_error_K": {"allowed": ERROR_MAX, "measured": max(worst[c.path] for c in courses)}},
        "observed_orders": observed_orders(case),
    }  # fmt: skip


def print_table(found: dict[str, object]) -> None:
    case, peers = found["case"], found["peers"]
    print(f"{case['plant']}: {case['states']} states, {case['simulated_s_per_plant']:.0f} s in {case['steps']} steps")
    print(", ".join(f"{k} {v}" for k, v in found["machine"].items()))
    print(f"\n{'':20s} {'batch':>6s} {'years/s':>10s} {'cpu ms':>9s} {'error K':>8s}" + "".join(f"  {'x ' + name:>20s}" for name in peers))
    for name, peer in peers.items():
        print(f"{name:20s} {1:6d} {peer['years_per_s']:10.5f} {peer['cpu_ms_per_plant']:9.3f} {peer['worst_error_K']:8.4f}")
    for path, of in found["paths"].items():
        for b, years in of["years_per_s"].items():
            ratios = "".join(f"  {of['ratio'][name][b]:20,.0f}" for name in peers)
            cpu = of["cpu_ms_per_plant"][b]
            print(f"{path:20s} {b:>6s} {years:10.4f} {cpu:9.4f} {of['worst_error_K']:8.4f}{ratios}")
    for path, of in found["paths"].items():
        kB = of["memory_per_plant"]
        print(f"\n{path}: {of['how']}; {of['threads']} threads; {of['years_per_s_every_15_s']:.2f} years/s at steps of 15 s throughout")
        print("  kB per plant at the largest batch: " + ", ".join(f"{name[:-3]} {value:.1f}" for name, value in kB.items()))
    print(f"\nobserved orders of the loop nodes: {', '.join(f'{p:.2f}' for p in found['observed_orders'])}")
    for b, goal in found["goals"]["ratio_to_solve_ivp"].items():
        print(f"batch {b}: {goal['measured']:,.0f} times solve_ivp, {goal['wanted']:,.0f} wanted")
    error = found["goals"]["worst_error_K"]
    print(f"worst error {error['measured']:.4f} K, {error['allowed']} K allowed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, nargs="+", help="default: 1 64 1024 8192; quick: 1 64")
    parser.add_argument("--path", choices=("auto", "kernel", "numpy"), default="auto", help="kernel: fail without a C compiler")
    parser.add_argument("--threads", type=int, help="by default one a processor")
    parser.add_argument("--plants", type=int, default=2, help="plants that each peer runs in a repeat")
    parser.add_argument("--check", type=int, default=16, help="plants whose error is measured")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="small batches, one repeat, one plant checked")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    args = parser.parse_args()
    if args.batches is None:
        args.batches = [1, 64] if args.quick else [1, 64, 1024, 8192]
    if args.quick:
        args.plants, args.check, args.repeats = 1, 1, 1
    found = collect(args)
    if args.json:
        print(json.dumps(found, indent=2))
    else:
        print_table(found)


if __name__ == "__main__":
    main()
