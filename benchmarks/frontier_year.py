"""Where Frontier's as-operated cooling energy goes over a year, for several temperatures of the tower water.

One day a month (the 15th) of generated load and typical weather; prints the share of each end use in the liquid cooling energy, and the
liquid cooling power over IT power. Companion of ``docs/frontier_site.md``. Usage: ``python benchmarks/frontier_year.py [--months 12]``.
"""

import argparse

from lowlift.controllers.fixed import AsOperated
from lowlift.models import load
from lowlift.sim.closed_loop import Run, simulate
from lowlift.sim.kpis import kpis
from lowlift.sim.scenario import build_scenario

TOWER_WATER_DEGC = (None, 26.0, 23.0, 20.0, 17.0)
"""Tower leaving water; ``None`` is what the facility supply needs."""
USES = ("cdu_pumps", "fws_pumps", "cw_pumps", "tower_fans")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--months", type=int, default=12)
    args = parser.parse_args()
    plant = load("frontier")
    total: dict[str, dict[str, float]] = {}
    for k in range(args.months):
        month = 1 + k * 12 // args.months
        scenario = build_scenario(plant, weather="dulles", workload="frontier_like", start=f"2024-{month:02d}-15", days=1.0, seed=month)
        loads = scenario.scored_loads(plant)
        runs = [
            Run(AsOperated(plant.site, loads.q_cdu, loads.q_rack, T_tower=None if T is None else T + 273.15, name=str(T or "declared")))
            for T in TOWER_WATER_DEGC
        ]
        for run in simulate(plant, scenario, runs):
            sums = total.setdefault(run.controller, {})
            for use, energy in kpis(run).end_uses_kWh.items():
                sums[use] = sums.get(use, 0.0) + energy
        print(f"month {month} done", flush=True)
    print("tower water / degC | " + " | ".join(USES) + " | liquid cooling over IT")
    for name, sums in total.items():
        liquid = sum(sums[use] for use in USES)
        shares = " | ".join(f"{100 * sums[use] / liquid:.1f} %" for use in USES)
        print(f"{name} | {shares} | {liquid / sums['it']:.4f}")


if __name__ == "__main__":
    main()
