"""Loads: generated, measured, from files; and the damaged files of the fault list."""

import os

import numpy as np
import pandas as pd
import pytest

from lowlift.data import catalogue, fetch, frontier_like, load_frontier, load_workload
from lowlift.data.errors import (
    DataError,
    DialectError,
    DuplicateTimestampError,
    MissingDataError,
    RemoteDataError,
    TimeZoneError,
    UnitPlausibilityError,
    UnknownNameError,
)
from lowlift.data.jobs import TrainingJob, presets
from lowlift.data.remote import MIRROR
from lowlift.data.workload import GENERATED

mirror = pytest.mark.skipif(not os.environ.get(MIRROR), reason="needs the mirror of remote data")
HALL = {"n_units": 64, "unit_power": 125e3, "liquid_share": 0.85}


def statistics(heat: np.ndarray) -> dict[str, float]:
    total = heat.sum(axis=1) / 1e6
    return {
        "mean": total.mean(), "low": total.min(), "high": total.max(), "15 s": np.abs(np.diff(total)).max(),
        "5 min": np.abs(total[20:] - total[:-20]).max(), "cdu low": heat.min() / 1e6, "cdu high": heat.max() / 1e6,
    }  # fmt: skip


@mirror
def test_frontier_as_measured() -> None:
    load = load_frontier()
    s = statistics(load.q_liquid)
    assert load.measured and load.q_liquid.shape == (5760, 25)
    assert s["mean"] == pytest.approx(16.12, abs=0.01)
    assert s["5 min"] == pytest.approx(19.4, abs=0.1)
    np.testing.assert_allclose(load.q_liquid.sum() / load.P_it.sum(), 0.945)
    assert 275.0 < load.T_wb.min() < load.T_wb.max() < 287.0


@mirror
def test_generated_day_has_the_statistics_of_the_measured_one() -> None:
    real = statistics(load_frontier().q_liquid)
    like = [statistics(frontier_like(seed).q_liquid) for seed in range(8)]
    for key, tolerance in (("mean", 0.15), ("high", 0.08), ("15 s", 0.1), ("5 min", 0.1), ("cdu high", 0.2)):
        assert np.mean([s[key] for s in like]) == pytest.approx(real[key], rel=tolerance), key
    assert np.mean([s["low"] for s in like]) == pytest.approx(real["low"], abs=1.8)


def test_seeds() -> None:
    a, b, c = frontier_like(1), frontier_like(1), frontier_like(2)
    np.testing.assert_array_equal(a.q_liquid, b.q_liquid)
    assert np.any(a.q_liquid != c.q_liquid)


@pytest.mark.parametrize("name", GENERATED)
def test_generated_jobs(name: str) -> None:
    start = pd.Timestamp("2023-07-04", tz="Etc/GMT+7")
    load = load_workload(name, **HALL, days=1.0, start=start)
    assert load.q_liquid.shape == (5760, 64)
    np.testing.assert_allclose(load.q_liquid * 0.15, load.q_air * 0.85)
    assert 0.0 < load.P_it.min() and load.P_it.max() <= 64 * 125e3
    np.testing.assert_array_equal(load_workload(name, **HALL, days=1.0, start=start).q_liquid, load.q_liquid)


def test_aggregation_keeps_energy() -> None:
    load = load_workload("llm_training", **HALL, days=0.25)
    coarse = load.aggregate(900.0)
    assert coarse.P_it.sum() * 900.0 == pytest.approx(load.P_it.sum() * 15.0, rel=1e-12)
    with pytest.raises(DataError, match=r"step = 40\.0 s"):
        load.aggregate(40.0)


def test_job_length_is_six_n_d_over_flops() -> None:
    job = presets()["gpt3_pretraining"]
    assert isinstance(job, TrainingJob)
    assert job.duration_s == pytest.approx(6 * 175e9 * 300e9 / (2304 * 2500e12 * 0.40))


def test_inference_is_diurnal() -> None:
    load = load_workload("llm_inference", **HALL, days=1.0, start=pd.Timestamp("2023-07-04", tz="UTC"))
    by_hour = load.P_it.reshape(24, -1).mean(axis=1)
    assert 13 <= int(np.argmax(by_hour)) <= 17
    assert by_hour.min() < 0.8 * by_hour.max()


def file(tmp_path, text: str, bom: bool = False):
    path = tmp_path / "load.csv"
    path.write_text(text, encoding="utf-8-sig" if bom else "utf-8")
    return path


def rows(values, stamps=None, header="time,total_kW", zone="+00:00") -> str:
    stamps = stamps or [str(t).replace(" ", "T")[:19] for t in pd.date_range("2023-07-04", periods=len(values), freq="15min")]
    return "\n".join([header, *(f"{t}{zone},{v}" for t, v in zip(stamps, values, strict=True))]) + "\n"


def load(path, **options):
    return load_workload(path, **HALL, days=0.04, **options)


def test_csv_in_kilowatts(tmp_path) -> None:
    got = load(file(tmp_path, rows([6000.0] * 8)))
    assert got.P_it.max() == pytest.approx(6e6)
    assert got.q_liquid.shape == (8, 64)


def test_D03_byte_order_mark(tmp_path) -> None:
    assert load(file(tmp_path, rows([6000.0] * 8), bom=True)).P_it.max() == pytest.approx(6e6)


def test_F04_semicolons_and_commas(tmp_path) -> None:
    text = rows([6000.0] * 8).replace(",", ";").replace("6000.0", "6000,5")
    with pytest.raises(DialectError, match="';' seen; set --delimiter"):
        load(file(tmp_path, text))
    with pytest.raises(DialectError, match=r"not a number with the decimal mark '\.'; set --decimal ','"):
        load(file(tmp_path, text), delimiter=";")
    assert load(file(tmp_path, text), delimiter=";", decimal=",").P_it.max() == pytest.approx(6.0005e6)


def test_F05_unordered_rows_are_sorted_with_a_warning(tmp_path) -> None:
    lines = rows([float(6000 + k) for k in range(8)]).splitlines()
    lines[2], lines[5] = lines[5], lines[2]
    with pytest.warns(UserWarning, match="2 rows were out of order"):
        got = load(file(tmp_path, "\n".join(lines)))
    assert np.all(np.diff(got.P_it) > 0.0)


def test_F06_conflicting_duplicates(tmp_path) -> None:
    lines = rows([6000.0] * 8).splitlines()
    with pytest.raises(DuplicateTimestampError, match="carries"):
        load(file(tmp_path, "\n".join([*lines, lines[-1].replace("6000", "5000")])))
    assert load(file(tmp_path, "\n".join([*lines, lines[-1]]))).report.dropped_duplicates == 1


def test_F07_naive_time_stamps(tmp_path) -> None:
    path = file(tmp_path, rows([6000.0] * 8, zone=""))
    with pytest.raises(TimeZoneError, match="carry no zone"):
        load(path)
    assert load(path, zone="Europe/Berlin").P_it.size == 8


def test_D06_autumn_hour_comes_twice(tmp_path) -> None:
    stamps = pd.date_range("2025-10-26 00:00", "2025-10-26 23:45", freq="15min", tz="Europe/Berlin")
    naive = [str(t)[:19].replace(" ", "T") for t in stamps]
    got = load_workload(file(tmp_path, rows([6000.0] * len(naive), naive, zone="")), **HALL, days=1.0, zone="Europe/Berlin")
    assert len(got.P_it) == 100


def test_F08_gap(tmp_path) -> None:
    lines = rows([6000.0] * 12).splitlines()
    with pytest.raises(MissingDataError, match="s between rows"):
        load(file(tmp_path, "\n".join(lines[:4] + lines[8:])))


def test_F09_negative_load(tmp_path) -> None:
    with pytest.raises(DataError, match=r"row 5 .*heat load must be >= 0 W"):
        load(file(tmp_path, rows([6000.0] * 3 + [-3000.0] + [6000.0] * 4)))
    got = load(file(tmp_path, rows([6000.0] * 3 + [-3.0] + [6000.0] * 4)))
    assert got.report.clipped == 1 and got.P_it.min() == 0.0


def test_F10_wrong_unit(tmp_path) -> None:
    with pytest.raises(UnitPlausibilityError, match="1000"):
        load(file(tmp_path, rows([6000.0] * 8, header="time,total_MW")))
    with pytest.raises(UnitPlausibilityError, match="1000"):
        load(file(tmp_path, rows([6000.0] * 8, header="time,total_W")))


def test_D09_cut_off_line_names_the_byte(tmp_path) -> None:
    with pytest.raises(DialectError, match=r"line 9 \(byte \d+\)"):
        load(file(tmp_path, rows([6000.0] * 8)[:-17]))


def test_unknown_names() -> None:
    with pytest.raises(UnknownNameError, match="did you mean llm_training"):
        load_workload("llm_trainng", **HALL, days=1.0)
    with pytest.raises(UnknownNameError):
        fetch("nothing.csv")


def test_remote_without_mirror_or_network(tmp_path, monkeypatch) -> None:
    import pooch

    def unreachable(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.delenv(MIRROR, raising=False)
    monkeypatch.setenv("LOWLIFT_CACHE", str(tmp_path))
    monkeypatch.setattr(pooch, "retrieve", unreachable)
    with pytest.raises(RemoteDataError, match=f"Set {MIRROR} to a folder"):
        load_frontier()
    with pytest.raises(RemoteDataError, match="lowlift data get"):
        load_workload("frontier", n_units=25, unit_power=1e6, liquid_share=0.945, days=1.0)


def test_stale_mirror_is_refused(tmp_path, monkeypatch) -> None:
    folder = tmp_path / "workload"
    folder.mkdir()
    (folder / "frontier_cdu_power_2024-04-07.csv").write_text("time\n", encoding="utf-8")
    monkeypatch.setenv(MIRROR, str(tmp_path))
    with pytest.raises(RemoteDataError, match="SHA-256 differs"):
        load_frontier()


def test_catalogue() -> None:
    entries = {e.name: e for e in catalogue()}
    assert entries["tucson"].available and entries["tucson"].where == "embedded"
    assert entries["frontier"].where == "remote" and entries["frontier"].licence == "MIT"
    assert entries["llm_training"].where == "generated"
