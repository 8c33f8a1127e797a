"""``lowlift schedule``: a schedule from file to approval to roll-back, and readings to savings."""

import dataclasses
from pathlib import Path

import pandas as pd
import pytest
from meter_readings import readings
from schedule_cases import MADE, altered, schedule
from typer.testing import CliRunner

from lowlift.bms.formats import FORMATS, write_schedule
from lowlift.cli import app

runner = CliRunner()


def said(*arguments: object, code: int = 0) -> str:
    done = runner.invoke(app, ["schedule", *map(str, arguments)])
    assert done.exit_code == code, done.output + str(done.exception)
    return done.output


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return (
        write_schedule(schedule(), tmp_path / "a.json", now=MADE),
        write_schedule(altered(schedule(), 1, value=30.3), tmp_path / "b.ics", now=MADE),
    )


def test_from_export_to_roll_back(tmp_path: Path, files: tuple[Path, Path]) -> None:
    a, b = files
    store, plant = tmp_path / "store", "gb200_hall"
    assert all(name in said("formats") for name in FORMATS)
    assert "50 rows of 2 points" in said("check", b)
    for form in FORMATS.values():
        out = tmp_path / f"c{form.suffix}"
        assert str(out.name) in said("export", a, out).replace("\n", "")
        assert schedule().checksum in said("check", out)
        assert said("diff", a, out).endswith("no row differs\n")
    assert "30.25 -> 30.3 degC (+0.05)" in said("diff", a, b, code=1)
    assert "no schedule is approved" in said("current", "--store", store, "--plant", plant, code=2)
    assert "in force from 2030-07-04" in said("approve", a, "--store", store, "--who", "Ada")
    assert "x.pdf" in said("preview", b, tmp_path / "x.pdf", "--store", store).replace("\n", "")
    said("approve", b, "--store", store, "--who", "Bo", "--why", "warmer", "--over", schedule().checksum)
    assert "look at the difference again" in said("approve", a, "--store", store, "--who", "Cy", "--over", schedule().checksum, code=2)
    assert altered(schedule(), 1, value=30.3).checksum in said(
        "current", "--store", store, "--plant", plant, "--out", tmp_path / "now.json"
    )
    assert said("diff", b, tmp_path / "now.json").endswith("no row differs\n")
    assert f"{schedule().checksum} in force again" in said("roll-back", "--store", store, "--plant", plant, "--who", "Cy")
    log = said("log", "--store", store, "--plant", plant)
    assert "by Bo (warmer)" in log and log.count("approve") == 2 and log.count("roll back") == 1
    assert "no schedule is in force" in said("roll-back", "--store", store, "--plant", plant)


def test_refusals_are_one_line_with_the_row(tmp_path: Path, files: tuple[Path, Path]) -> None:
    a, b = files
    b.write_text(b.read_text().replace("X-LOWLIFT-VALUE:30.3", "X-LOWLIFT-VALUE:30.4"))
    assert "lowlift: " in said("check", b, code=2) and "row 2" in said("check", b, code=2)
    assert "made for gb200_hall, not for frontier" in said("check", a, "--plant", "frontier", code=2)
    assert "its name ends like no format" in said("export", a, tmp_path / "a.xlsx", code=2)
    assert "cannot be read" in said("check", tmp_path / "nothing.ics", code=2)
    options = ("--store", tmp_path / "s", "--plant", "gb200_hall", "--address", "127.0.0.1", "--instance", 1, "--bind", "127.0.0.1/32")
    assert "no schedule is approved" in said("send", *options, code=2)


def test_a_schedule_does_not_say_where_its_limits_are(tmp_path: Path) -> None:
    file = write_schedule(dataclasses.replace(schedule(), site=str(tmp_path / "wide.toml")), tmp_path / "evil.json", now=MADE)
    assert "no packaged plant: give its plant with --plant" in " ".join(said("check", file, code=2).split())


def test_savings(tmp_path: Path) -> None:
    for name, start, days, saved in (("before", "2028-01-01", 366, 0.0), ("after", "2029-03-01", 120, 0.15)):
        frame: pd.DataFrame = readings(start, days, 4, saved=saved).drop(columns="truth_kWh")
        frame.rename_axis("time").to_csv(tmp_path / f"{name}.csv")
    before, after = tmp_path / "before.csv", tmp_path / "after.csv"
    text = said("savings", before, after, "--zone", "Europe/Berlin", "--out", tmp_path / "r.html")
    assert "with 90 % confidence between" in text and "NOT GOOD" not in text and (tmp_path / "r.html").exists()
    assert "NOT GOOD ENOUGH" in said("savings", after, before, "--zone", "Europe/Berlin", code=1)
    (tmp_path / "a.toml").write_text('[[adjustment]]\nwhat = "two racks gone"\nenergy_kWh = -900\nuncertainty_kWh = 90\n')
    assert "two racks gone | -900 ± 90 kWh" in said(
        "savings", before, after, "--zone", "Europe/Berlin", "--adjustments", tmp_path / "a.toml"
    )
    poor: pd.DataFrame = readings("2028-01-01", 366, 4, noise=0.6).drop(columns="truth_kWh")
    poor.rename_axis("time").to_csv(tmp_path / "poor.csv")
    assert "fails its fit criteria: CV(RMSE)" in said("savings", tmp_path / "poor.csv", after, "--zone", "Europe/Berlin", code=2)
    assert "NOT GOOD ENOUGH: CV(RMSE)" in said("savings", tmp_path / "poor.csv", after, "--zone", "Europe/Berlin", "--poor", code=1)
    assert "overlap" in said("savings", before, before, "--zone", "Europe/Berlin", code=2)
