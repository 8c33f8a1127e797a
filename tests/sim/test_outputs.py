"""The folder of results: every file is written whatever controllers took part."""

import dataclasses
from pathlib import Path

import synthetic_runs as synthetic
from typer.testing import CliRunner

from lowlift.cli import app
from lowlift.sim.compare import CONDITIONS, Comparison
from lowlift.sim.outputs import published


def test_compare_writes_its_folder_with_a_controller_that_plans_no_course(tmp_path: Path) -> None:
    options = ["--controllers", "StaticOptimal,Guideline36", "--days", "0.02", "--out", str(tmp_path / "d")]
    done = CliRunner().invoke(app, ["compare", *options], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    names = {path.name for path in (tmp_path / "d").iterdir()}
    assert {"report.html", "kpis.json", "energy.png", "heat.png", "setpoints.csv", "trajectory.parquet"} <= names
    assert "plan.png" not in names


def test_published_figures_carry_their_assumptions() -> None:
    runs = {name: synthetic.run(name, site="frontier", scale=k, days=0.25) for name, k in (("AsOperated", 1.0), ("MPC", 0.7))}
    runs["AsOperated"].notes.append("they run at full flow")
    scenario = dataclasses.make_dataclass("S", ["provenance"])(("synthetic",))
    comparison = Comparison(None, scenario, runs, {})  # type: ignore[arg-type]
    told = published(comparison)
    assert told is not None
    assert told.note == "they run at full flow"
    assert told.conditions == CONDITIONS
    assert told.saving == comparison.published["savings"]["as declared"]
    assert published(Comparison(None, scenario, {"MPC": runs["MPC"]}, {})) is None  # type: ignore[arg-type]
