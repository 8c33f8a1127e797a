"""Tune the SiteTuned baseline of a site by the cross-entropy method, all candidates of a round in one lockstep batch.

Tuning uses other days and other load seeds than the comparison scores. Prints the best constants of one half of the year; they are entered
by hand in ``controllers/site_tuned.py``.
Usage: ``python benchmarks/tune_site.py frontier|gb200_hall warm|cool [--rounds 14] [--batch 40] [--spread 0.3]``.
"""

import argparse
import concurrent.futures
import dataclasses

import numpy as np

from lowlift.controllers.guideline36 import Guideline36
from lowlift.controllers.site_tuned import RANGES, TUNINGS, Half, SiteTuned, SiteTuning
from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.site import load_site
from lowlift.sim.closed_loop import Run, simulate
from lowlift.sim.kpis import kpis
from lowlift.sim.scenario import build_scenario
from lowlift.sim.trajectory import Trajectory

CASES = {
    # weather, workload, seed
    "frontier": ("dulles", "frontier_like", 5),
    "gb200_hall": ("tucson", "llm_training", 11),
}
DAYS: dict[str, dict[Half, tuple[str, ...]]] = {
    "frontier": {"warm": ("05-25", "07-10", "10-20"), "cool": ("01-20", "03-12", "11-15")},
    "gb200_hall": {"warm": ("05-20", "07-22", "09-05"), "cool": ("02-10", "03-25", "11-20")},
}
"""Days over each half of the year, never scored, each with a load of its own seed: what never binds while tuning is not tuned."""
PENALTY = 150.0
"""kWh charged for each K h of violation."""


def score(run: Trajectory) -> tuple[float, float, float]:
    """Penalised energy, cooling energy corrected for stored heat [kWh], violation [K h]."""
    k = kpis(run)
    cooling = k.energy_cooling_kWh + k.energy_facility_corrected_kWh - k.energy_facility_kWh
    return cooling + PENALTY * k.violation_Kh, cooling, k.violation_Kh


def run_day(site: str, start: str, seed: int, tunings: list[SiteTuning | None]) -> list[tuple[float, float, float]]:
    """Scores of many tunings on one day; ``None`` is Guideline36."""
    plant = LiquidHall(load_site(site))
    weather, workload, _ = CASES[site]
    scenario = build_scenario(plant, weather=weather, workload=workload, start=start, days=1.0, seed=seed)
    runs = [Run(Guideline36(plant.site) if k is None else SiteTuned(plant.site, k)) for k in tunings]
    return [score(r) for r in simulate(plant, scenario, runs)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", choices=sorted(CASES))
    parser.add_argument("half", choices=["warm", "cool"])
    parser.add_argument("--rounds", type=int, default=14)
    parser.add_argument("--batch", type=int, default=40)
    parser.add_argument("--spread", type=float, default=0.3)
    args = parser.parse_args()
    (_, _, seed), days = CASES[args.site], DAYS[args.site][args.half]
    rng = np.random.default_rng(0)
    names = list(RANGES)
    low, high = np.array([RANGES[n][0] for n in names]), np.array([RANGES[n][1] for n in names])
    best = np.array([getattr(TUNINGS[args.site][args.half], n) for n in names], dtype=float)
    best_score, mean, spread = np.inf, best.copy(), args.spread * (high - low)
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        for round_ in range(args.rounds):
            points = np.clip(mean + spread * rng.standard_normal((args.batch, len(names))), low, high)
            points[0] = best
            tunings: list[SiteTuning | None] = [SiteTuning(**dict(zip(names, map(float, p), strict=True))) for p in points]
            asked = tunings if round_ else [*tunings, None]
            by_day = [done.result() for done in [pool.submit(run_day, args.site, day, seed + k, asked) for k, day in enumerate(days)]]
            scores = np.sum(by_day, axis=0)
            if round_ == 0:
                print("Guideline36", scores[-1].round(2), "present constants", scores[0].round(2), flush=True)
                scores = scores[:-1]
            order = np.argsort(scores[:, 0])
            elite = points[order[: max(2, args.batch // 4)]]
            # The spread falls slowly: a narrow elite of one round may sit in a side valley.
            mean, spread = elite.mean(axis=0), np.maximum(elite.std(axis=0), 0.6 * spread)
            if scores[order[0], 0] < best_score:
                best, best_score = points[order[0]], scores[order[0], 0]
            shown = SiteTuning(**dict(zip(names, best.round(3).tolist(), strict=True)))
            print(round_, scores[order[0]].round(2), dataclasses.asdict(shown), flush=True)
    edge = [n for n, value, a, b in zip(names, best, low, high, strict=True) if min(value - a, b - value) < 0.01 * (b - a)]
    if edge:
        print("at the edge of their range:", ", ".join(edge))


if __name__ == "__main__":
    main()
