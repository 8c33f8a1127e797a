"""Savings measured on simulated meters of a plant whose savings are known, because both ways of running it were simulated."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import synthetic_runs

from lowlift.bms.meter import Meter, meter_of, metered
from lowlift.bms.savings import measure_savings
from lowlift.models.chiller_plant import reference_plant
from lowlift.models.outdoor import find_weather, outdoor_air
from lowlift.models.plant_year import YearCase, daily_load, run_hours

KWH = 3.6e6
REFERENCE = Path(__file__).parents[1] / "reference"


def test_a_year_with_other_setpoints_after_a_year_as_before() -> None:
    """Another year's weather (1 K warmer at changing times) and load; wet bulb and load are metered, everything else is the plant's."""
    plant = reference_plant(json.loads((REFERENCE / "plant_chiller_coefficients.json").read_text()))
    air = outdoor_air(find_weather("USA_VA_Sterling-Washington.Dulles.Intl.AP.724030_TMY3"))
    hours = len(air.T_wb)
    shift = 1.0 + 1.5 * np.sin(2.0 * np.pi * np.arange(hours) / (24.0 * 17.0))
    other = dataclasses.replace(air, T_wb=air.T_wb + shift)
    days = np.arange(hours) / 24.0
    before, load = (
        daily_load(hours) * (share + 0.06 * np.sin(2.0 * np.pi * days / period)) for share, period in ((1.0, 23.0), (0.98, 40.0))
    )
    old = [YearCase(air=a, T_chw_set=280.15, offset=3.0) for a in (air, other)]
    new = YearCase(air=other, T_chw_set=285.15, offset=3.0)

    def read(case: YearCase, Q_it: np.ndarray, year: int) -> Meter:
        h = run_hours(plant, [case], Q_it)
        P = (h.P_chiller + h.P_fan + h.P_pumps)[0]
        index = pd.date_range(f"{year}-01-01", periods=hours, freq="h", tz="Etc/GMT+5")
        frame = pd.DataFrame({"energy_kWh": P / 1e3, "T_wb_degC": case.air.T_wb - 273.15, "it_kWh": Q_it / 1e3}, index=index)  # fmt: skip
        return metered(frame, str(year))

    baseline, reporting = read(old[0], before, 2029), read(new, load, 2030)
    truth = read(old[1], load, 2030).energy - reporting.energy
    found = measure_savings(baseline, reporting)
    assert found.good and found.significant and truth > 0.03 * reporting.energy
    assert abs(found.avoided - truth) < found.uncertainty < 0.5 * truth

    steady = read(old[0], daily_load(hours), 2029)
    assert any("IT load changed by" in p for p in measure_savings(steady, reporting).problems)


def test_meters_of_a_pair_of_runs() -> None:
    base = synthetic_runs.run("SiteTuned", days=20.0, step=300.0, start="2024-06-01")
    better = synthetic_runs.run("MPC", days=10.0, step=300.0, start="2024-07-01", scale=0.9)
    before, after = meter_of(base), meter_of(better)
    assert before.frequency == "hourly" and len(after.frame) == 240
    assert after.energy == pytest.approx(float(np.sum(better.power())) * 300.0)
    found = measure_savings(before, after)
    as_before = synthetic_runs.run("SiteTuned", days=10.0, step=300.0, start="2024-07-01")
    truth = float(np.sum(as_before.power() - better.power())) * 300.0
    assert found.avoided == pytest.approx(truth, rel=0.03) and found.share == pytest.approx(0.1, abs=0.005)
    whole = meter_of(better, whole=True)
    assert whole.energy - after.energy == pytest.approx(float(np.sum(better.scored["P_it"] + better.scored["P_losses"])) * 300.0)
