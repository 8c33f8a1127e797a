"""Tune the SiteTuned baseline of a site by the cross-entropy method, all candidates of a round in one lockstep batch.

Tuning uses another season and another load seed than the comparison scores. Prints the best constants; they are entered by hand in
``controllers/site_tuned.py``. Usage: ``python benchmarks/tune_site.py frontier|gb200_hall [--rounds 14] [--batch 40]``.
"""

import argparse
import dataclasses

import numpy as np

from lowlift.controllers.guideline36 import Guideline36
from lowlift.controllers.site_tuned import RANGES, SiteTuned, SiteTuning
from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.site import load_site
from lowlift.sim.closed_loop import Run, simulate
from lowlift.sim.kpis import kpis
from lowlift.sim.scenario import build_scenario
from lowlift.sim.trajectory import Trajectory

SEASONS = {
    # weather, workload, first day, seed: never the period that is scored
    "frontier": ("dulles", "frontier_like", "10-20", 5),
    "gb200_hall": ("tucson", "llm_training", "05-20", 11),
}
PENALTY = 150.0
"""kWh charged for each K h of violation."""


def score(run: Trajectory) -> tuple[float, float, float]:
    """Penalised energy, cooling energy corrected for stored heat [kWh], violation [K h]."""
    k = kpis(run)
    cooling = k.energy_cooling_kWh + k.energy_facility_corrected_kWh - k.energy_facility_kWh
    return cooling + PENALTY * k.violation_Kh, cooling, k.violation_Kh


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", choices=sorted(SEASONS))
    parser.add_argument("--rounds", type=int, default=14)
    parser.add_argument("--batch", type=int, default=40)
    args = parser.parse_args()
    plant = LiquidHall(load_site(args.site))
    weather, workload, start, seed = SEASONS[args.site]
    scenario = build_scenario(plant, weather=weather, workload=workload, start=start, days=1.0, seed=seed)
    rng = np.random.default_rng(0)
    names = list(RANGES)
    low, high = np.array([RANGES[n][0] for n in names]), np.array([RANGES[n][1] for n in names])
    best = np.array([getattr(SiteTuned(plant.site).k, n) for n in names], dtype=float)
    best_score, mean, spread = np.inf, best.copy(), 0.3 * (high - low)
    for round_ in range(args.rounds):
        points = np.clip(mean + spread * rng.standard_normal((args.batch, len(names))), low, high)
        points[0] = best
        tunings = [SiteTuning(**dict(zip(names, map(float, p), strict=True))) for p in points]
        runs = [Run(SiteTuned(plant.site, tuning)) for tuning in tunings]
        if round_ == 0:
            runs.append(Run(Guideline36(plant.site)))
        scores = [score(r) for r in simulate(plant, scenario, runs)]
        if round_ == 0:
            print("Guideline36", [round(x, 2) for x in scores.pop()], flush=True)
            print("present constants", [round(x, 2) for x in scores[0]], flush=True)
        order = np.argsort([s[0] for s in scores])
        elite = points[order[: max(2, args.batch // 4)]]
        # The spread falls slowly: a narrow elite of one round may sit in a side valley.
        mean, spread = elite.mean(axis=0), np.maximum(elite.std(axis=0), 0.6 * spread)
        if scores[order[0]][0] < best_score:
            best, best_score = points[order[0]], scores[order[0]][0]
        shown = SiteTuning(**dict(zip(names, best.round(3).tolist(), strict=True)))
        print(round_, [round(x, 2) for x in scores[order[0]]], dataclasses.asdict(shown), flush=True)


if __name__ == "__main__":
    main()
