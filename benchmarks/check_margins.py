"""Whether MPC keeps the limits of Frontier on days that neither tuned nor score anything, beside SiteTuned.

The 15th of each month with typical weather and a generated load of its own seed, and afternoons under AI jobs, whose racks jump further
within a sample than ``frontier_like`` lets them. For each controller prints cooling energy corrected for stored heat, violation, and the
smallest distance to each limit. Companion of ``docs/decisions/0013-margins.md``.
Usage: ``python benchmarks/check_margins.py [--hours 6] [--warm-up 1] [--first 0] [--controllers MPC,SiteTuned]``.
"""

import argparse

import numpy as np

from lowlift.models import load
from lowlift.sim.closed_loop import simulate
from lowlift.sim.entrants import make_run
from lowlift.sim.kpis import kpis
from lowlift.sim.scenario import build_scenario

CASES = (
    # month, load, seed
    *((month, "frontier_like", 100 + month) for month in range(1, 13)),
    (7, "llm_training", 201),
    (7, "gpt3_pretraining", 202),
    (4, "bert_finetuning", 301),
    (10, "bert_finetuning", 302),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=6.0, help="length of each case; up to 12 h it begins at noon, else at midnight")
    parser.add_argument("--warm-up", type=float, default=1.0, help="hours before it")
    parser.add_argument("--first", type=int, default=0, help="case to begin with")
    parser.add_argument("--controllers", default="MPC,SiteTuned")
    args = parser.parse_args()
    plant, hour = load("frontier"), "T12:00" if args.hours <= 12.0 else ""
    for month, workload, seed in CASES[args.first :]:
        scenario = build_scenario(plant, weather="dulles", workload=workload, start=f"2024-{month:02d}-15{hour}", days=args.hours / 24.0,
                                  warm_up=3600.0 * args.warm_up, seed=seed)  # fmt: skip
        jump = float(np.diff(scenario.scored_loads(plant).q_rack, axis=0).max())
        print(f"{scenario.name} {workload} seed {seed}: the hottest rack of a CDU jumps by up to {jump / 1e3:.0f} kW in a sample")
        for run in simulate(plant, scenario, [make_run(name, plant, scenario) for name in args.controllers.split(",")]):
            k = kpis(run)
            cooling = k.energy_cooling_kWh + k.energy_facility_corrected_kWh - k.energy_facility_kWh
            nearest = ", ".join(f"{limit.name} {limit.margin_K:.2f} K" for limit in k.limits if limit.margin_K < 5.0)
            broken = f"{k.violation_Kh:.5f} K h, up to {k.max_violation_K:.2f} K"
            print(f"  {k.controller:12s} {cooling:8.1f} kWh, {broken}; {nearest}", flush=True)


if __name__ == "__main__":
    main()
