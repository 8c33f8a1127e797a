"""The folder of results: every file is written whatever controllers took part."""

from pathlib import Path

from typer.testing import CliRunner

from lowlift.cli import app


def test_compare_writes_its_folder_with_a_controller_that_plans_no_course(tmp_path: Path) -> None:
    options = ["--controllers", "StaticOptimal,Guideline36", "--days", "0.02", "--out", str(tmp_path / "d")]
    done = CliRunner().invoke(app, ["compare", *options], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    names = {path.name for path in (tmp_path / "d").iterdir()}
    assert {"report.html", "kpis.json", "energy.png", "heat.png", "setpoints.csv", "trajectory.parquet"} <= names
    assert "plan.png" not in names
