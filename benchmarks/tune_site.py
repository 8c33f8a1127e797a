"""Tune the SiteTuned baseline of a site by the cross-entropy method, all candidates of a round in one lockstep batch.

Tuning uses other days and other load seeds than any comparison scores. What is minimised is cooling energy, corrected for stored heat, with
a price on violation and, where a hall's optimum prices its water, on water. Prints the best constants of one half of the year; they are
entered by hand in the ``TUNINGS`` of the kind of plant. With ``--check`` nothing is tuned: the constants in force are compared with
Guideline36 on the tuning days and on a held-out day that no constant has seen.
Usage: ``python benchmarks/tune_site.py SITE warm|cool [--rounds 14] [--batch 40] [--spread 0.3] [--workers 2] [--check all|held-out]``.
"""

import argparse
import concurrent.futures
import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from lowlift.controllers import air_tuned, chiller_tuned, hybrid_tuned, site_tuned
from lowlift.controllers.half_year import Half
from lowlift.controllers.interface import Controller
from lowlift.controllers.operation import operation_of
from lowlift.models import load
from lowlift.models.plant import Loads, Plant
from lowlift.sim.closed_loop import Run, simulate
from lowlift.sim.kpis import kpis
from lowlift.sim.scenario import build_scenario
from lowlift.sim.trajectory import Trajectory


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kind:
    """What is tuned in one kind of plant."""

    controller: Any
    constants: Any
    ranges: Mapping[str, tuple[float, float]]
    tunings: Mapping[str, Mapping[Half, Any]]


KINDS = {
    "liquid_hall": Kind(controller=site_tuned.SiteTuned, constants=site_tuned.SiteTuning, ranges=site_tuned.RANGES,
                        tunings=site_tuned.TUNINGS),
    "air_hall": Kind(controller=air_tuned.AirSiteTuned, constants=air_tuned.AirTuning, ranges=air_tuned.RANGES, tunings=air_tuned.TUNINGS),
    "hybrid_hall": Kind(controller=hybrid_tuned.HybridSiteTuned, constants=hybrid_tuned.HybridTuning, ranges=hybrid_tuned.RANGES,
                        tunings=hybrid_tuned.TUNINGS),
    "chiller_plant": Kind(controller=chiller_tuned.ChillerSiteTuned, constants=chiller_tuned.ChillerTuning, ranges=chiller_tuned.RANGES,
                          tunings=chiller_tuned.TUNINGS),
}  # fmt: skip


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """Where and when a site is tuned."""

    weather: str
    workload: str
    days: Mapping[Half, Mapping[str, int]]
    """Starts over each half of the year, never scored, each with the seed of its load: what never binds while tuning is not tuned."""
    held_out: Mapping[Half, tuple[str, int]]
    """A whole day that is not tuned on, with its seed, for the check."""
    hours: float = 24.0
    """Length of each period that is tuned on."""
    step: float = 15.0
    """Of the plant [s]."""
    penalty: float = 150.0
    """Charged for each K h of violation [kWh]."""
    water_price: float = 0.0
    """Of a cubic metre of make-up water [kWh]."""


DAYS: dict[Half, dict[str, int]] = {
    "warm": {"05-17T20:00": 21, "06-23T10:00": 22, "08-12T12:00": 21},
    "cool": {"11-14T10:00": 22, "01-24T22:00": 21, "03-19T11:00": 22},
}
HELD_OUT: dict[Half, tuple[str, int]] = {"warm": ("09-14", 23), "cool": ("02-26", 23)}
CASES = {
    "frontier": Case(weather="dulles", workload="frontier_like",
                     days={"warm": {"05-25": 5, "07-10": 6, "10-20": 7}, "cool": {"01-20": 5, "03-12": 6, "11-15": 7}},
                     held_out=HELD_OUT),
    "gb200_hall": Case(weather="tucson", workload="llm_training",
                       days={"warm": {"05-20": 11, "07-22": 12, "09-05": 13}, "cool": {"02-10": 11, "03-25": 12, "11-20": 13}},
                       held_out=HELD_OUT),
    "air_hall": Case(weather="tucson", workload="llm_training", days=DAYS, held_out=HELD_OUT, hours=10.0, step=30.0, penalty=1000.0),
    "hybrid_hall": Case(weather="tucson", workload="llm_training", days=DAYS | {"warm": DAYS["warm"] | {"09-14T10:00": 23}},
                        held_out=HELD_OUT | {"warm": ("05-29", 24)}, hours=10.0, step=30.0, penalty=1000.0,
                        water_price=3.0),
    "chiller_plant": Case(weather="chicago", workload="llm_training", days=DAYS, held_out=HELD_OUT, hours=10.0, step=30.0,
                          penalty=1000.0),
}  # fmt: skip
"""Seeds of a case alternate, so that no constant fits the pauses of one load. Water is priced as StaticOptimal of the hybrid hall does."""


def score(run: Trajectory, case: Case) -> tuple[float, float, float, float]:
    """Priced energy, cooling energy corrected for stored heat [kWh], violation [K h], water [m^3]."""
    k = kpis(run)
    cooling = k.energy_cooling_kWh + k.energy_facility_corrected_kWh - k.energy_facility_kWh
    water = 1e-3 * k.water_l
    return cooling + case.penalty * k.violation_Kh + case.water_price * water, cooling, k.violation_Kh, water


def guideline36(plant: Plant) -> Controller:
    """The baseline of the plant's kind."""
    return operation_of(plant.site).controllers(plant.site)["Guideline36"].make(plant, no_loads)


def no_loads() -> Loads:
    raise RuntimeError("Guideline36 asks for the loads of the run")


def run_day(site: str, start: str, seed: int, tunings: list[Any], *, hours: float, step: float) -> list[tuple[float, float, float, float]]:
    """Scores of many tunings on one period; ``None`` is Guideline36."""
    plant, case = load(site), CASES[site]
    scenario = build_scenario(plant, weather=case.weather, workload=case.workload, start=start, days=hours / 24.0, seed=seed, step=step)
    tuned = KINDS[plant.site.kind].controller
    runs = [Run(guideline36(plant) if k is None else tuned(plant.site, k)) for k in tunings]
    return [score(r, case) for r in simulate(plant, scenario, runs)]


def check(site: str, half: Half, which: str) -> None:
    """Guideline36 and the constants in force, day by day."""
    case, tuning = CASES[site], KINDS[load(site).site.kind].tunings[site][half]
    periods = [(*case.held_out[half], 24.0, "held out")]
    if which == "all":
        periods = [(start, seed, case.hours, "tuned on") for start, seed in case.days[half].items()] + periods
    print("start        hours            Guideline36: kWh     K h  m3     SiteTuned: kWh     K h  m3")
    for start, seed, hours, words in periods:
        guideline, tuned = run_day(site, start, seed, [None, tuning], hours=hours, step=case.step)
        rows = "     ".join(f"{cooling:12.1f} {violation:8.4f} {water:6.2f}" for _, cooling, violation, water in (guideline, tuned))
        print(f"{start:12s} {hours:4.0f} {words} {rows}  {100.0 * (tuned[1] / guideline[1] - 1.0):+.2f} %", flush=True)


def tune(site: str, half: Half, *, rounds: int, batch: int, spread_share: float, workers: int) -> None:
    """The cross-entropy method."""
    case, kind = CASES[site], KINDS[load(site).site.kind]
    rng = np.random.default_rng(0)
    names = list(kind.ranges)
    low, high = np.array([kind.ranges[n][0] for n in names]), np.array([kind.ranges[n][1] for n in names])
    begin = kind.tunings.get(site, {}).get(half, kind.constants())
    best = np.array([getattr(begin, n) for n in names], dtype=float)
    best_score, mean, spread = np.inf, best.copy(), spread_share * (high - low)
    with concurrent.futures.ProcessPoolExecutor(workers) as pool:
        for round_ in range(rounds):
            points = np.clip(mean + spread * rng.standard_normal((batch, len(names))), low, high)
            points[0] = best
            tunings = [kind.constants(**dict(zip(names, map(float, p), strict=True))) for p in points]
            asked = tunings if round_ else [*tunings, None]
            jobs = [
                pool.submit(run_day, site, start, seed, asked, hours=case.hours, step=case.step) for start, seed in case.days[half].items()
            ]
            scores = np.sum([job.result() for job in jobs], axis=0)
            if round_ == 0:
                print("Guideline36", scores[-1].round(2), "present constants", scores[0].round(2), flush=True)
                scores = scores[:-1]
            order = np.argsort(scores[:, 0])
            elite = points[order[: max(2, batch // 4)]]
            # The spread falls slowly: a narrow elite of one round may sit in a side valley.
            mean, spread = elite.mean(axis=0), np.maximum(elite.std(axis=0), 0.6 * spread)
            if scores[order[0], 0] < best_score:
                best, best_score = points[order[0]], scores[order[0], 0]
            shown = kind.constants(**dict(zip(names, best.round(3).tolist(), strict=True)))
            print(round_, scores[order[0]].round(2), dataclasses.asdict(shown), flush=True)
    edge = [n for n, value, a, b in zip(names, best, low, high, strict=True) if min(value - a, b - value) < 0.01 * (b - a)]
    if edge:
        print("at the edge of their range:", ", ".join(edge))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", choices=sorted(CASES))
    parser.add_argument("half", choices=["warm", "cool"])
    parser.add_argument("--rounds", type=int, default=14)
    parser.add_argument("--batch", type=int, default=40)
    parser.add_argument("--spread", type=float, default=0.3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--check", choices=["all", "held-out"], help="compare the constants in force with Guideline36 on these days")
    args = parser.parse_args()
    if args.check:
        check(args.site, args.half, args.check)
    else:
        tune(args.site, args.half, rounds=args.rounds, batch=args.batch, spread_share=args.spread, workers=args.workers)


if __name__ == "__main__":
    main()
