"""The setting of a scenario: place, weather, load and what is assumed, in fields that travel with every run."""

import os
from pathlib import Path

import pytest
import synthetic_runs as synthetic
from models_halls import hall

import lowlift as ll
from lowlift.data.remote import MIRROR
from lowlift.sim.scenario import build_scenario
from lowlift.sim.setting import Setting

HALL, FRONTIER = hall("gb200_hall"), hall("frontier")


def test_a_generated_load_under_a_typical_year() -> None:
    s = build_scenario(HALL, weather="port_angeles", workload="llm_training", start="07-04", days=0.1, seed=3).setting
    assert (s.site, s.place, s.zone, s.workload, s.load) == (
        "gb200_hall",
        "Port Angeles",
        "Etc/GMT+8",
        "llm_training",
        "llm training, seed 3",
    )
    assert "TMY3" in s.weather and not s.measured and not s.dry_bulb_assumed


def test_a_load_of_the_users_own_keeps_its_name_and_files_of_weather_theirs(tmp_path: Path) -> None:
    import gzip
    from importlib import resources

    from lowlift.data.weather import EMBEDDED

    weather = tmp_path / "roof_station.epw"
    weather.write_bytes(gzip.decompress((resources.files("lowlift.data") / "weather" / EMBEDDED["tucson"]).read_bytes()))
    load = tmp_path / "my_load.csv"
    load.write_text("time,total_kW\n2023-07-04T00:00-07:00,4000\n2023-07-04T12:00-07:00,4000\n", encoding="utf-8")
    s = build_scenario(HALL, weather=str(weather), workload=str(load), days=0.5).setting
    assert (s.place, s.workload, s.load, s.measured) == ("roof_station", "my_load", "user file my_load.csv", True)


def test_a_generated_day_that_brings_its_wet_bulb_is_nowhere() -> None:
    s = build_scenario(FRONTIER, workload="frontier_like", days=0.1).setting
    assert (s.place, s.weather, s.load) == ("", "", "frontier like, seed 0") and s.dry_bulb_assumed
    moved = build_scenario(FRONTIER, workload="frontier_like", weather="chicago", start="07-04", days=0.1).setting
    assert moved.place == "Chicago" and not moved.dry_bulb_assumed


@pytest.mark.skipif(not os.environ.get(MIRROR), reason="needs the mirror of remote data")
def test_the_measured_day_is_oak_ridges_unless_the_weather_is_another_ones() -> None:
    s = build_scenario(FRONTIER, days=0.1).setting
    assert (s.place, s.zone) == ("Oak Ridge, Tennessee", "America/New_York") and s.measured and s.dry_bulb_assumed
    assert s.load.startswith("Frontier CDU heat")


def test_runs_of_a_comparison_carry_it_and_files_keep_it(tmp_path: Path) -> None:
    scenario = build_scenario(HALL, start="07-04", days=0.1 / 24, warm_up=0.0)
    run = ll.compare(HALL, scenario, ["FixedSetpoint"])["FixedSetpoint"]
    assert run.setting == scenario.setting
    back = ll.sim.read_parquet(run.to_parquet(tmp_path / "run.parquet"))
    assert isinstance(back.setting, Setting) and back.setting == run.setting
    assert ll.sim.read_parquet(synthetic.run(days=0.25).to_parquet(tmp_path / "bare.parquet")).setting is None
