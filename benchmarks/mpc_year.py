"""A year of closed-loop predictive control for many designs in lockstep: one batched solve every quarter of an hour.

Plans look 24 h ahead, in 32 stages that grow from a quarter of an hour to an hour or in 96 alike (``--grid``), and start from the plan
before, moved on with its multipliers; a real-time step does an agreed number of iterations (``--iterations``; 0: until it converges).
Plans with too large a KKT error are solved again to the end and counted. What a design is: ``mpc_year_designs``; what the plant is:
``mpc_year_plant``; the loop: ``mpc_year_loop``; tables and plot: ``mpc_year_report``. On some steps IPOPT and fatrop solve the problem of
one design from the same start; their time, and that of do-mpc where ``--dompc-ms`` gives it, is extrapolated to the same loop. Times are by
wall clock and by processor: on a machine that others use only the latter says much.

Usage: ``python benchmarks/mpc_year.py [--days 365] [--designs 64] [--threads 2] [--compare-days 1] [--profile] [--quick] [--json]``
"""

import argparse
import cProfile
import json
import pstats
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from machine import machine
from mpc_year_designs import GRIDS, PER_STEP, PERIOD, World, designs
from mpc_year_loop import TOLERANCE, Record, Threads, run
from mpc_year_report import PER_DAY, by_design, plot, print_tables

from lowlift.controllers.optimiser import Solver, core_parts, make_solver
from lowlift.controllers.plan_problem import PlanProblem
from lowlift.controllers.solution import ACCEPTABLE
from lowlift.models import load
from lowlift.models.liquid_hall import LiquidHall

SITE = "gb200_hall"
FATROP_TOLERANCE = 1e-4
"""A tighter one it seldom reaches on these plans, whatever time it takes; where it does not reach this one, it is counted."""
YEAR_DAYS = 365


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def worlds(plant: LiquidHall, n: int, days: float, args: argparse.Namespace, grid: str) -> World:
    plans = PlanProblem(plant, GRIDS[grid], None, 1.7)
    steps = PlanProblem(plant, (PERIOD / PER_STEP,) * PER_STEP, None, 1.7)
    return World(plans, steps, plant, designs(n, args.seed), days=days, start=args.start, seed=args.seed)


class Progress:
    """Tells now and then how far a run is and when it ends."""

    def __init__(self, name: str) -> None:
        self._name, self._began, self._told = name, time.perf_counter(), 0.0

    def __call__(self, done: int, of: int) -> None:
        """Tell, every twenty seconds and at the end."""
        now = time.perf_counter()
        if now - self._told > 20.0 or done == of:
            self._told = now
            left = (now - self._began) * (of - done) / done
            say(f"{self._name}: day {done / PER_DAY:.2f} of {of / PER_DAY:.2f}, {left / 60.0:.1f} min to go")


def speed(record: Record, b: int) -> dict[str, Any]:
    """Times of a run and what a year would take at the same pace."""
    n, wall = len(record.kkt_error), sum(record.seconds.values())
    to_year = YEAR_DAYS * PER_DAY / n
    return {
        "plans": n * b, "wall_s": wall, "processor_s": record.processor_seconds, "steps_per_s": n / wall,
        "wall_ms_per_plan": 1e3 * wall / (n * b), "processor_ms_per_plan": 1e3 * record.processor_seconds / (n * b),
        "year_wall_h": wall * to_year / 3600.0, "year_processor_h": record.processor_seconds * to_year / 3600.0,
        "share": {name: v / wall for name, v in record.seconds.items()},
    }  # fmt: skip


def quality(record: Record) -> dict[str, Any]:
    """How well plans were solved; the first, cold one of each design apart."""
    later = record.kkt_error[1:]
    return {
        "kkt_error": {f"p{q}": float(np.percentile(later, q)) for q in (50, 90, 100)} if later.size else None,
        "solved_again_share": float(record.rescued.mean()), "flagged_share": float(record.flagged.mean()),
        "flagged": int(record.flagged.sum()),
    }  # fmt: skip


def peers(world: World, record: Record, dompc_ms: float | None) -> dict[str, Any]:
    """Time a plan of others on the kept steps, one design a step, built beforehand; and what the same loop would take them."""
    problem = world.plans.ocp.structure
    solvers: dict[str, Solver] = {
        "core, to the end": make_solver(problem, "core", tolerance=TOLERANCE),
        "fatrop": make_solver(problem, "fatrop", tolerance=FATROP_TOLERANCE),
        "ipopt": make_solver(problem, "ipopt", tolerance=TOLERANCE),
    }  # fmt: skip
    plans, found = YEAR_DAYS * PER_DAY * len(world.designs), {}
    for name, solver in solvers.items():
        wall, processor, converged, objective = [], [], 0, []
        for i, (k, (data, start)) in enumerate(sorted(record.kept.items())):
            j = np.array([(7 * i) % data.size])
            one, first = data.take(j), start.take(j)
            if not i:
                solver.solve(one, first, dual=True)  # built here
            began, used = time.perf_counter(), time.process_time()
            result = solver.solve(one, first, dual=True)
            wall.append(1e3 * (time.perf_counter() - began))
            processor.append(1e3 * (time.process_time() - used))
            converged += bool(result.kkt_error[0] <= 1e-3)
            objective.append(float(result.objective[0]))
            say(f"{name}, plan {k}: {processor[-1]:.0f} ms")
        ms = float(np.median(processor))
        found[name] = {"solved": len(wall), "converged": converged, "wall_ms": float(np.median(wall)), "processor_ms": ms,
                       "year_processor_h": ms * plans / 3.6e6, "objective": objective}  # fmt: skip
    if dompc_ms is not None:
        found["do-mpc (given)"] = {"processor_ms": dompc_ms, "year_processor_h": dompc_ms * plans / 3.6e6}
    return found


def compare(plant: LiquidHall, args: argparse.Namespace) -> dict[str, Any]:
    """Closed-loop cost of real-time plans over that of converged ones."""
    found, base = {}, None
    size = min(args.compare_designs, args.designs)
    for name, grid, iterations in (
        ("uniform, converged", "uniform", None), ("growing, converged", "growing", None),
        ("growing, 1 iteration", "growing", 1), ("growing, 2 iterations", "growing", 2),
    ):  # fmt: skip
        world = worlds(plant, size, args.compare_days, args, grid)
        record = run(world, real_time=iterations, accept=args.accept, threads=args.threads, progress=Progress(name))
        cost, excess = (PERIOD / 3600.0 * record.meters[k].sum(axis=0) for k in ("cost", "excess"))
        violation = excess.sum(axis=1)
        base = (cost, violation) if base is None else base
        found[name] = {
            "cost": cost.tolist(), "relative_difference": (cost / base[0] - 1.0).tolist(), "violation_Kh": violation.tolist(),
            "violation_difference_Kh": (violation - base[1]).tolist(), **quality(record),
            "chiller_hours": (PERIOD / 3600.0 * record.chillers.sum(axis=0)).tolist(),
            "processor_ms_per_plan": speed(record, len(world.designs))["processor_ms_per_plan"],
        }  # fmt: skip
    return {"days": args.compare_days, "designs": [d.words for d in world.designs], "runs": found}


def profiled(profile: cProfile.Profile, most: int = 14) -> list[dict[str, Any]]:
    """Functions by their own time."""
    stats: dict[Any, Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    total = sum(v[2] for v in stats.values())
    rows = sorted(stats.items(), key=lambda item: -item[1][2])[:most]
    root = Path(__file__).resolve().parents[1]
    return [{"where": f"{_short(file, root)}:{line} {name}", "calls": v[1], "own_share": v[2] / total, "with_called_share": v[3] / total}
            for (file, line, name), v in rows]  # fmt: skip


def _short(file: str, root: Path) -> str:
    path = Path(file)
    return (
        str(path.resolve().relative_to(root)) if path.is_absolute() and path.resolve().is_relative_to(root) else "/".join(path.parts[-2:])
    )


def collect(args: argparse.Namespace) -> dict[str, Any]:
    """Everything that is measured, as one document."""
    plant = load(SITE, check=False)
    began = time.perf_counter()
    world = worlds(plant, args.designs, args.days, args, args.grid)
    made = time.perf_counter()
    how = Threads(world.plans.ocp.structure, args.threads, None).how
    core_parts(world.steps.ocp.structure)
    built = time.perf_counter()
    say(f"years made in {made - began:.1f} s, solver built in {built - made:.1f} s: {how}")
    keep = tuple(sorted({int(v) for v in np.linspace(1, world.n - 1, args.peer_steps)})) if args.peer_steps else ()
    profile = cProfile.Profile() if args.profile else None
    if profile is not None:
        profile.enable()
    record = run(world, real_time=args.iterations or None, accept=args.accept, threads=args.threads, keep=keep, progress=Progress("year"))
    if profile is not None:
        profile.disable()
    found = {
        "case": {"site": SITE, "days": args.days, "start": args.start, "designs": args.designs, "stages": len(world.plans.ocp.stages),
                 "grid": args.grid, "states": world.plans.ocp.structure.nx, "controls": world.plans.ocp.structure.nu,
                 "iterations": args.iterations, "accept": args.accept, "threads": args.threads, "seed": args.seed, "how": how},
        "machine": machine(), "build_s": {"years": made - began, "solver": built - made}, "speed": speed(record, args.designs),
        "quality": quality(record), "designs": by_design(world, record),
        "peers": peers(world, record, args.dompc_ms) if keep else {}, "profile": profiled(profile) if profile is not None else [],
        "compare": compare(plant, args) if args.compare_days > 0.0 else None,
    }  # fmt: skip
    if args.plot is not None:
        plot(world, record, args.plot)
    return found


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=float, help="default: 365; quick: 0.0625, six plans")
    parser.add_argument("--designs", type=int, help="at most and by default 64; quick: 4")
    parser.add_argument("--start", default="01-01", help="first day")
    parser.add_argument("--grid", choices=tuple(GRIDS), default="growing", help="stages of plans")
    parser.add_argument("--iterations", type=int, default=0, help="of a plan; 0: until it converges")
    parser.add_argument("--accept", type=float, default=ACCEPTABLE, help="KKT error above which a plan is solved again")
    parser.add_argument("--threads", type=int, default=1, help="that share a batch")
    parser.add_argument("--peer-steps", type=int, help="steps on which fatrop and IPOPT solve one design's problem; default: 5; quick: 1")
    parser.add_argument("--dompc-ms", type=float, help="time of one plan by do-mpc, measured elsewhere")
    parser.add_argument("--compare-days", type=float, help="length of the comparison with converged plans; default: 1; quick: 0.0625")
    parser.add_argument("--compare-designs", type=int, default=4)
    parser.add_argument("--profile", action="store_true", help="say where the time goes, by function (slows the run a little)")
    parser.add_argument("--plot", type=Path, help="file for a plot")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    args = parser.parse_args(given)
    small = {"days": 0.0625, "designs": 4, "peer_steps": 1, "compare_days": 0.0625}
    for name, value in {"days": 365.0, "designs": 64, "peer_steps": 5, "compare_days": 1.0}.items():
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


if __name__ == "__main__":
    main()
