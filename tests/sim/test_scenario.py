"""Scenarios: which part of a load is played when, on which clock, and what is refused before a run starts."""

import gzip
import os
from importlib import resources

import numpy as np
import pandas as pd
import pytest
from models_halls import hall

from lowlift.data.errors import MissingDataError, RemoteDataError, StaleMirrorError
from lowlift.data.remote import MIRROR
from lowlift.data.weather import EMBEDDED
from lowlift.sim.scenario import ScenarioError, build_scenario

mirror = pytest.mark.skipif(not os.environ.get(MIRROR), reason="needs the mirror of remote data")
HALL = hall("gb200_hall")
FRONTIER = hall("frontier")


def load_file(tmp_path, start: str = "2023-07-04T00:00-07:00", periods: int = 96, freq: str = "15min"):
    """A load whose n-th row is 4000 + n kW."""
    stamps = pd.date_range(start, periods=periods, freq=freq)
    path = tmp_path / "load.csv"
    path.write_text("time,total_kW\n" + "".join(f"{t.isoformat()},{4000 + k}\n" for k, t in enumerate(stamps)), encoding="utf-8")
    return path


def year_of_tucson() -> list[str]:
    return gzip.decompress((resources.files("lowlift.data") / "weather" / EMBEDDED["tucson"]).read_bytes()).decode().splitlines()


def power(scenario) -> np.ndarray:
    return (scenario.q_rack.sum(axis=1) + scenario.q_air) / 1e3


def test_a_file_of_one_day_is_enough_for_one_day(tmp_path) -> None:
    scenario = build_scenario(HALL, workload=str(load_file(tmp_path)), days=1.0)
    assert scenario.days == 1.0 and scenario.start == pd.Timestamp("2023-07-04T00:00-07:00")
    np.testing.assert_allclose(power(scenario)[:961], 4000.0)
    assert power(scenario)[-1] == pytest.approx(4095.0)
    assert any("held 4 h" in note for note in scenario.provenance)


def test_F12_too_short_names_both_spans_with_two_decimals(tmp_path) -> None:
    with pytest.raises(
        ScenarioError,
        match=r"load covers 1\.00 days, 2023-07-04 00:00-07:00 to 2023-07-05 00:00-07:00; "
        r"1\.17 days are needed, 2023-07-04 00:00-07:00 to 2023-07-05 04:00-07:00",
    ):
        build_scenario(HALL, workload=str(load_file(tmp_path)), days=28 / 24)


def test_start_cuts_the_period_out_of_a_file_and_the_hours_before_it_are_the_warm_up(tmp_path) -> None:
    path = str(load_file(tmp_path, periods=192))
    scenario = build_scenario(HALL, workload=path, start="07-05", days=0.5)
    assert scenario.start == pd.Timestamp("2023-07-05T00:00-07:00")
    assert power(scenario)[0] == pytest.approx(4080.0) and power(scenario)[960] == pytest.approx(4096.0)
    assert not any("held" in note for note in scenario.provenance)
    scenario = build_scenario(HALL, workload=path, start="2023-07-04T01:00", days=0.5)
    assert power(scenario)[960] == pytest.approx(4004.0)
    assert any("held 3 h" in note for note in scenario.provenance)


@pytest.mark.parametrize("start", ["07-03", "07-05", "2024-07-04"])
def test_start_outside_a_file_is_refused(tmp_path, start: str) -> None:
    with pytest.raises(ScenarioError, match=r"load covers 1\.00 days, 2023-07-04 00:00"):
        build_scenario(HALL, workload=str(load_file(tmp_path)), start=start, days=1.0)


def test_start_of_generated_loads() -> None:
    assert build_scenario(HALL, days=0.01).start == pd.Timestamp("2023-01-01", tz="Etc/GMT+7")
    assert build_scenario(HALL, days=0.01, start="07-04").start == pd.Timestamp("2023-07-04", tz="Etc/GMT+7")


def test_frontier_like_keeps_its_day_without_weather_and_moves_with_one() -> None:
    scenario = build_scenario(FRONTIER, workload="frontier_like", days=2.0)
    assert scenario.days == 2.0 and scenario.start == pd.Timestamp("2024-04-07", tz="America/New_York")
    assert np.ptp(power(scenario)[-5760:]) > 5e3
    with pytest.raises(ScenarioError, match=r"covers 1\.00 days, 2024-04-07 00:00-04:00 .* name a weather to play it on another day"):
        build_scenario(FRONTIER, workload="frontier_like", start="07-04")
    moved = build_scenario(FRONTIER, workload="frontier_like", weather="chicago", start="07-04")
    assert moved.start == pd.Timestamp("2023-07-04", tz="Etc/GMT+6") and moved.T_wb.mean() > 285.0


@mirror
def test_the_measured_day_is_cut_by_start() -> None:
    whole, part = build_scenario(FRONTIER), build_scenario(FRONTIER, start="2024-04-07T06:00", days=0.25)
    np.testing.assert_array_equal(part.q_rack[960:], whole.q_rack[960 + 1440 : 960 + 2880])
    np.testing.assert_array_equal(part.q_rack[:960], whole.q_rack[960 + 480 : 960 + 1440])
    assert whole.workload == "frontier" and whole.measured
    with pytest.raises(ScenarioError, match="2024-04-07 00:00-04:00 to 2024-04-08 00:00-04:00"):
        build_scenario(FRONTIER, start="04-08")


@pytest.mark.parametrize("offset", ["+00:00", "-07:00", "+05:30"])
def test_the_clock_of_a_scenario_is_the_local_standard_time_of_its_weather(tmp_path, offset: str) -> None:
    scenario = build_scenario(HALL, workload=str(load_file(tmp_path, f"2023-07-04T00:00{offset}")), days=0.5)
    assert str(scenario.index.tz) == "Etc/GMT+7" and scenario.start.tz == scenario.index.tz
    assert scenario.start == pd.Timestamp(f"2023-07-04T00:00{offset}")


def test_finer_files_with_an_odd_end_are_averaged(tmp_path) -> None:
    scenario = build_scenario(HALL, workload=str(load_file(tmp_path, periods=727, freq="5s")), days=1 / 24, warm_up=0.0)
    assert power(scenario)[0] == pytest.approx(4001.0) and scenario.n == 240


def test_generated_loads_follow_the_clock_in_the_warm_up_too() -> None:
    early = build_scenario(HALL, workload="llm_inference", start="07-04", days=0.25)
    late = build_scenario(HALL, workload="llm_inference", start="2023-07-03T20:00", days=10 / 24, warm_up=0.0)
    assert early.index[0] == late.index[0]
    np.testing.assert_array_equal(early.q_rack, late.q_rack)


def offline(tmp_path, monkeypatch) -> None:
    import pooch

    def unreachable(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.delenv(MIRROR, raising=False)
    monkeypatch.setenv("LOWLIFT_CACHE", str(tmp_path))
    monkeypatch.setattr(pooch, "retrieve", unreachable)


def test_the_plants_own_measured_day_is_replaced_offline_and_says_so(tmp_path, monkeypatch) -> None:
    offline(tmp_path, monkeypatch)
    scenario = build_scenario(FRONTIER, start="04-07")
    assert scenario.workload == "frontier_like" and not scenario.measured
    assert any("the measured day was not to be had" in note for note in scenario.provenance)


def test_a_measured_day_asked_for_by_name_is_never_replaced(tmp_path, monkeypatch) -> None:
    offline(tmp_path, monkeypatch)
    with pytest.raises(RemoteDataError, match=rf"Set {MIRROR} to a folder.*or run `lowlift data get"):
        build_scenario(FRONTIER, workload="frontier")


def test_a_stale_mirror_is_never_replaced(tmp_path, monkeypatch) -> None:
    (tmp_path / "workload").mkdir()
    (tmp_path / "workload" / "frontier_cdu_power_2024-04-07.csv").write_text("time\n", encoding="utf-8")
    monkeypatch.setenv(MIRROR, str(tmp_path))
    with pytest.raises(StaleMirrorError, match="SHA-256 differs"):
        build_scenario(FRONTIER)


def test_loads_of_another_plant_are_refused() -> None:
    with pytest.raises(ScenarioError, match="has 25 CDUs, plant gb200_hall has 8"):
        build_scenario(HALL, workload="frontier_like", days=0.1)


def test_weather_of_one_year_plays_from_its_second_day_and_is_refused_before(tmp_path) -> None:
    lines = year_of_tucson()
    path = tmp_path / "year.epw"
    path.write_text("\n".join(lines[:8] + [f"2021,{line.split(',', 1)[1]}" for line in lines[8:]]) + "\n", encoding="utf-8")
    scenario = build_scenario(HALL, weather=str(path), start="01-02", days=0.1)
    assert scenario.start.year == 2021 and scenario.weather_past is None
    with pytest.raises(MissingDataError, match="weather year covers 2021-01-01 01:00"):
        build_scenario(HALL, weather=str(path), start="01-01", days=0.1)


def test_repairs_are_told(tmp_path) -> None:
    lines = load_file(tmp_path).read_text(encoding="utf-8").splitlines()
    lines[10], lines[11] = lines[11], lines[10]
    lines[20] = lines[20].replace(",4019", ",-3")
    path = tmp_path / "worn.csv"
    path.write_text("\n".join([*lines, lines[-1], ""]), encoding="utf-8")
    with pytest.warns(UserWarning, match="2 rows were out of order"):
        scenario = build_scenario(HALL, workload=str(path))
    said = "workload worn repaired: 2 rows out of order sorted, 1 repeated rows dropped, 1 small negative values set to zero"
    assert said in scenario.provenance
    assert not any("repaired" in note for note in build_scenario(HALL, workload=str(load_file(tmp_path))).provenance)


def test_filled_weather_is_told(tmp_path) -> None:
    lines = year_of_tucson()
    cells = lines[1000].split(",")
    lines[1000] = ",".join([*cells[:6], "99.9", *cells[7:]])
    path = tmp_path / "gaps.epw"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert "weather gaps repaired: 1 missing values interpolated" in build_scenario(HALL, weather=str(path), days=0.1).provenance


@mirror
def test_traces_of_requests_keep_their_hour_and_cpu_loads_go_anywhere() -> None:
    chat = build_scenario(HALL, workload="azure_llm_conv_2023", days=0.04)
    assert chat.start == pd.Timestamp("2023-11-16T18:16Z") and str(chat.index.tz) == "Etc/GMT+7"
    with pytest.raises(ScenarioError, match=r"azure_llm_conv_2023 covers 0\.04 days, 2023-11-16 18:16\+00:00"):
        build_scenario(HALL, workload="azure_llm_conv_2023", start="07-04", days=0.04)
    year = build_scenario(HALL, workload="google_cluster_cpu_hourly", start="07-04", days=0.1)
    assert year.start == pd.Timestamp("2023-07-04", tz="Etc/GMT+7") and not year.measured
