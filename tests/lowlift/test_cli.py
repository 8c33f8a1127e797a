"""The command line: results for good input, one line and exit code 2 for bad input, never a traceback."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from lowlift.cli import app

runner = CliRunner()


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
    ],
)
def test_F45_user_errors(arguments: list[str], said: str) -> None:
    result = runner.invoke(app, arguments)
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_lists() -> None:
    assert "tucson" in runner.invoke(app, ["data", "list"]).stdout
    assert "T_supply_set" in runner.invoke(app, ["describe", "frontier"]).stdout
    plants = runner.invoke(app, ["plants"]).stdout
    assert plants.count("ok") == 2


def test_compare_writes_everything(tmp_path) -> None:
    out = tmp_path / "out"
    arguments = ["compare", "--plant", "gb200_hall", "--days", "0.02", "--controllers", "FixedSetpoint,Guideline36", "--out", str(out)]
    result = runner.invoke(app, arguments)
    assert result.exit_code == 0, result.output
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
