"""Plant-years against EnergyPlus: errors by end use, the best tower offset, and the time, in one run.

Case: every row of ``plant_annual_energyplus.csv`` (weather, chilled-water setpoint, tower offset), all of them in one vectorised run, once
with EnergyPlus's two plant iterations an hour and once with a balanced condenser loop. EnergyPlus took 1.3 s for a plant-year on the
same kind of machine (one core); it is not run here.

Usage: ``python benchmarks/plant_year.py [--reference tests/reference] [--weather FOLDER] [--repeats 3]``
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd

from lowlift.models.chiller_plant import ChillerPlant, reference_plant
from lowlift.models.outdoor import find_weather, outdoor_air
from lowlift.models.plant_optimum import best_offset
from lowlift.models.plant_year import YearCase, Years, daily_load, run_years

ENERGYPLUS_SECONDS = 1.3
K, KWH = 273.15, 3.6e6


def print_errors(years: Years, table: pd.DataFrame) -> None:
    own = {"e_chiller_kWh": years.E_chiller / KWH, "e_tower_fan_kWh": years.E_fan / KWH, "e_pumps_kWh": years.E_pumps / KWH,
           "water_makeup_m3": years.makeup, "water_evap_m3": years.evaporation}  # fmt: skip
    for name, value in own.items():
        error = 100.0 * (value / table[name].to_numpy() - 1.0)
        print(f"  {name:16s} worst {np.abs(error).max():6.3f} %   median {np.median(np.abs(error)):6.3f} %   mean {error.mean():+6.3f} %")
    error = np.abs(years.pue_cooling - table.pue_cooling_only.to_numpy())
    print(f"  {'PUE':16s} worst {error.max():.6f}   median {np.median(error):.6f}")
    print(f"  hours unmet: {years.unmet_share.max():.4f} (EnergyPlus {table.frac_hours_chw_unmet.max():.4f})")


def print_optima(plant: ChillerPlant, table: pd.DataFrame, cases: list[YearCase], years: Years, load: np.ndarray, iterations: int) -> None:
    table = table.assign(own=years.pue_cooling, row=np.arange(len(table)))
    groups = list(table.groupby(["weather", "t_chw_set_C"], sort=False))
    start = time.perf_counter()
    best = best_offset(plant, [cases[int(rows.row.iloc[0])] for _, rows in groups], load, iterations=iterations)
    print(f"Best offset by grid and golden section: {time.perf_counter() - start:.1f} s for {len(groups)} cases")
    print("  weather                    CHW C   EnergyPlus grid      own grid             own optimum")
    for i, (_, rows) in enumerate(groups):
        e, o = rows.loc[rows.pue_cooling_only.idxmin()], rows.loc[rows.own.idxmin()]
        print(
            f"  {e.weather[:26]:26s} {e.t_chw_set_C:4.1f}   {e.tower_offset_K:4.1f} K  {e.pue_cooling_only:.6f}   "
            f"{o.tower_offset_K:4.1f} K  {o.own:.6f}   {best.offset[i]:5.2f} K  {best.pue[i]:.6f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--reference", type=Path, default=Path(__file__).parents[1] / "tests" / "reference")
    parser.add_argument("--weather", type=Path, help="folder with EPW files of climates that are not embedded")
    parser.add_argument("--repeats", type=int, default=3)
    a = parser.parse_args()
    table = pd.read_csv(a.reference / "plant_annual_energyplus.csv")
    plant = reference_plant(json.loads((a.reference / "plant_chiller_coefficients.json").read_text()))
    load = daily_load()
    start = time.perf_counter()
    air = {name: outdoor_air(find_weather(name, a.weather)) for name in table.weather.unique()}
    print(f"Weather: {len(air)} files read in {time.perf_counter() - start:.2f} s")
    cases = [YearCase(air=air[r.weather], T_chw_set=r.t_chw_set_C + K, offset=r.tower_offset_K) for r in table.itertuples()]
    for iterations, title in ((None, "Balanced condenser loop"), (2, "EnergyPlus's two plant iterations")):
        seconds = []
        for _ in range(a.repeats):
            start = time.perf_counter()
            years = run_years(plant, cases, load, iterations=iterations)
            seconds.append(time.perf_counter() - start)
        took, theirs = float(np.median(seconds)), ENERGYPLUS_SECONDS * len(cases)
        print(f"{title}: {len(cases)} plant-years in {took:.2f} s on one core; EnergyPlus {theirs:.0f} s: {theirs / took:.0f} times faster")
        print_errors(years, table)
    print_optima(plant, table, cases, years, load, 2)


if __name__ == "__main__":
    main()
