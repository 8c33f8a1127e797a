"""The command line: results for good input, one line and exit code 2 for bad input, never a traceback."""

import gzip
import json
import subprocess
import sys
from importlib import resources

import pandas as pd
import pytest
from typer.testing import CliRunner

import lowlift
from lowlift.cli import app

runner = CliRunner()


@pytest.fixture
def bad_files(tmp_path, monkeypatch) -> None:
    """A working folder full of files that users have."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "latin.csv").write_bytes("time,Wärme_kW\n".encode("latin-1"))
    (tmp_path / "utf16.csv").write_bytes("time,total_kW\n".encode("utf-16"))
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)))
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "semicolon.csv").write_text("time;total_kW\n2025-07-04T00:00;6000,5\n2025-07-04T00:15;6000,5\n", encoding="utf-8")
    (tmp_path / "plain.epw.gz").write_text("LOCATION,", encoding="utf-8")
    (tmp_path / "cut.epw.gz").write_bytes(gzip.compress(b"LOCATION," * 99)[:-9])
    (tmp_path / "latin.toml").write_bytes('[site]\nname = "Münster"\n'.encode("latin-1"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["compare", "--plant", "gb200_hal"], "did you mean gb200_hall"),
        (["compare", "--weather", "tuscon"], "did you mean tucson"),
        (["compare", "--workload", "llm_trainin"], "did you mean llm_training"),
        (["compare", "--controllers", "MCP"], "did you mean MPC"),
        (["compare", "--days", "-1"], "--days = -1.0"),
        (["compare", "--start", "summer"], "expected MM-DD"),
        (["describe", "nowhere.toml"], "cannot be read"),
        (["data", "get", "frontierr"], "did you mean frontier"),
        (["compare", "--days", "0.00001"], "days = 1e-05: must be at least one step of 15 s"),
        (["compare", "--days", "nan"], "--days = nan"),
        (["compare", "--seed", "-1"], "--seed = -1: must be at least 0"),
        (["compare", "--controllers", ""], "--controllers '': names none"),
        (["compare", "--controllers", " , "], "names none"),
        (["compare", "--controllers", "MPC,FixedSetpoint,MPC"], "MPC is named more than once"),
        (["compare", "--controllers", "AsOperated"], "frontier only"),
        (["compare", "--controllers", "MPC,Oracle", "--oracle"], "Oracle is added by --oracle"),
        (["compare", "--controllers", "MPC,Oracle on half the grid", "--proof"], "is added by --proof"),
        (["compare", "--zone", "Mars/Base"], "zone 'Mars/Base' (--zone) is unknown"),
        (["compare", "--workload", "latin.csv"], "is not UTF-8"),
        (["compare", "--workload", "utf16.csv"], "written in UTF-16"),
        (["compare", "--workload", "binary.csv"], "not a text file"),
        (["compare", "--workload", "nowhere.csv"], "cannot be read: No such file"),
        (["compare", "--workload", "folder.csv"], "cannot be read"),
        (["compare", "--workload", "semicolon.csv"], "set --delimiter"),
        (["compare", "--workload", "semicolon.csv", "--delimiter", ";"], "set --decimal ','"),
        (["compare", "--workload", "semicolon.csv", "--delimiter", ";", "--decimal", ","], "--zone Europe/Berlin"),
        (["compare", "--weather", "plain.epw.gz"], "not a gzip file"),
        (["compare", "--weather", "cut.epw.gz"], "cut off"),
        (["compare", "--weather", "nowhere.epw"], "no such file"),
        (["compare", "--plant", "latin.toml"], "is not UTF-8"),
        (["plants", "latin.toml"], "is not UTF-8"),
        (["compare", "--out", "latin.csv"], "latin.csv is a file, not a folder"),
        (["compare", "--out", "latin.csv/deeper"], "latin.csv/deeper: latin.csv is a file, not a folder"),
        (["compare", "--out", "/proc/nothing/here"], "name another folder"),
        (["demo", "--out", "latin.csv"], "is a file, not a folder"),
    ],
)
def test_F45_user_errors(arguments: list[str], said: str, bad_files: None) -> None:
    result = runner.invoke(app, arguments)
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_version() -> None:
    assert runner.invoke(app, ["--version"]).stdout == f"lowlift {lowlift.__version__}\n"


def test_a_failed_demo_is_told_in_a_line(tmp_path, monkeypatch) -> None:
    from lowlift.sim import demo

    def fail(out):
        raise demo.DemoError("frontier: no more memory")

    monkeypatch.setattr(demo, "run_demo", fail)
    result = runner.invoke(app, ["demo", "--out", str(tmp_path)])
    assert result.exit_code == 2 and "lowlift: frontier: no more memory" in result.stderr


def test_lists(tmp_path) -> None:
    listed = runner.invoke(app, ["data", "list"]).stdout.splitlines()
    assert listed[0].split() == ["kind", "name", "where", "state", "licence", "what"]
    assert any("tucson" in line for line in listed)
    text = (resources.files("lowlift.models.sites") / "gb200_hall.toml").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(text.replace('"gb200_hall"', '"mine"'), encoding="utf-8")
    assert runner.invoke(app, ["plants", str(tmp_path / "mine.toml")]).stdout.startswith("mine ")
    assert "T_supply_set" in runner.invoke(app, ["describe", "frontier"]).stdout
    plants = runner.invoke(app, ["plants"]).stdout
    assert [line.split()[0] for line in plants.splitlines() if "design day: ok" in line] == lowlift.models.site_names()


def test_compare_writes_everything(tmp_path) -> None:
    out = tmp_path / "out"
    arguments = ["compare", "--plant", "gb200_hall", "--days", "0.02", "--controllers", "FixedSetpoint,Guideline36", "--out", str(out)]
    result = runner.invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "100 %" in result.stderr
    rows = json.loads((out / "kpis.json").read_text(encoding="utf-8"))
    assert [r["controller"] for r in rows] == ["FixedSetpoint", "Guideline36"]
    wanted = {"scenario", "days", "energy_it_kWh", "energy_facility_kWh", "energy_cooling_kWh", "pue", "wue_l_per_kWh", "violation_Kh",
              "max_violation_K", "gap_closed", "energy_balance_residual", "solve_ms_median", "solve_ms_p99", "fallbacks"}  # fmt: skip
    assert wanted <= set(rows[0])
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Guideline36" in page and "http://" not in page.replace("http://www.w3.org", "")
    assert len(list(out.glob("*.png"))) >= 5
    assert len(pd.read_csv(out / "setpoints.csv", comment="#")) > 0
    assert (out / "trajectory.parquet").stat().st_size > 10_000


def test_warnings_and_errors_of_the_program_are_lines(tmp_path) -> None:
    (tmp_path / "short.csv").write_text(
        "time,total_kW\n2023-07-04T00:15Z,6000\n2023-07-04T00:00Z,6000\n2023-07-04T00:30Z,6000\n", encoding="utf-8"
    )
    command = [sys.executable, "-m", "lowlift", "compare", "--workload", "short.csv"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2
    first, second = done.stderr.splitlines()
    assert first == "lowlift: warning: short.csv: 2 rows were out of order and have been sorted"
    assert second.startswith(
        "lowlift: workload short covers 0.03 days, 2023-07-04 00:00+00:00 to 2023-07-04 00:45+00:00; 1.00 days are needed"
    )
