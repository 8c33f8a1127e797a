"""The folder of results: every file is written whatever controllers took part."""

from pathlib import Path

import numpy as np
import pytest
import synthetic_runs as synthetic
from models_halls import hall
from typer.testing import CliRunner

from lowlift.cli import app
from lowlift.controllers.interface import setpoint_table
from lowlift.sim.compare import Comparison, compare, make_run, proof_names
from lowlift.sim.entrants import AS_OPERATED_VARIANTS
from lowlift.sim.outputs import published
from lowlift.sim.published import conditions
from lowlift.sim.scenario import build_scenario

FRONTIER = hall("frontier")
DAY = build_scenario(FRONTIER, workload="frontier_like", weather="chicago", start="07-04", days=0.25)


def test_compare_writes_its_folder_with_a_controller_that_plans_no_course(tmp_path: Path) -> None:
    options = ["--controllers", "StaticOptimal,Guideline36", "--days", "0.02", "--out", str(tmp_path / "d")]
    done = CliRunner().invoke(app, ["compare", *options], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    names = {path.name for path in (tmp_path / "d").iterdir()}
    assert {"report.html", "kpis.json", "energy.png", "heat.png", "setpoints.csv", "trajectory.parquet"} <= names
    assert "plan.png" not in names


def test_published_figures_carry_their_assumptions() -> None:
    scales = {"AsOperated": 1.0, "MPC": 0.7, "AsOperated, limits -5 K": 1.2, "AsOperated, tower water 20 °C": 1.1}
    runs = {name: synthetic.run(name, site="frontier", scale=k, days=0.25) for name, k in scales.items()}
    remarks = dict.fromkeys(("AsOperated", "AsOperated, limits -5 K"), "they run at full flow")
    scored = {name: runs.pop(name) for name in ("AsOperated", "MPC")}
    comparison = Comparison(FRONTIER, DAY, scored, runs, remarks)
    told = published(comparison)
    assert told is not None
    assert told.note == "they run at full flow"
    assert told.saving == pytest.approx(0.3)
    assert told.sensitivity == {
        "limits -5 K, not deliverable: pumps at full flow": pytest.approx(1.0 - 0.7 / 1.2),
        "tower water 20 °C": pytest.approx(1.0 - 0.7 / 1.1),
    }
    assert told.conditions == conditions(DAY)
    line, theirs = comparison.published_lines
    assert "41.7 % (limits -5 K, not deliverable: pumps at full flow); 36.4 % (tower water 20 °C)" in line
    assert line.endswith("; as declared: they run at full flow")
    assert theirs.startswith("published: 27.8 % (with ramp limits)")
    assert published(Comparison(FRONTIER, DAY, {"MPC": scored["MPC"]}, {})) is None


def test_conditions_are_those_of_the_scenario() -> None:
    T_wb = DAY.T_wb[round(DAY.warm_up / DAY.step) :].mean() - 273.15
    assert f"ours are for 6 hours (4 July 2023) at a mean wet bulb of {T_wb:.1f} °C" in conditions(DAY)
    assert "April" not in conditions(DAY) and T_wb > 10.0
    for said in (
        "three subloops share one water temperature",
        "facility flow is scaled with the CDU flow",
        "at what the highest heat needs",
    ):
        assert said in conditions(DAY)


def test_variants_of_as_operated_run_with_it_and_one_has_colder_tower_water() -> None:
    assert proof_names(["AsOperated", "MPC"])[2:] == list(AS_OPERATED_VARIANTS) and len(proof_names(["MPC"])) == 2
    made = {name: make_run(name, FRONTIER, DAY).controller for name in ("AsOperated", *AS_OPERATED_VARIANTS)}
    at = setpoint_table(FRONTIER.site).names.index("T_tower_set")
    setpoints = {name: c.decide(None, None).setpoints[0] for name, c in made.items()}  # type: ignore[arg-type]
    assert {name: c.name for name, c in made.items()} == {name: name for name in made}
    cold, usual = setpoints["AsOperated, tower water 20 °C"], setpoints["AsOperated"]
    assert cold[at] == 293.15 < usual[at]
    np.testing.assert_array_equal(np.delete(cold, at), np.delete(usual, at))


def test_a_comparison_keeps_what_controllers_say_of_themselves() -> None:
    short = build_scenario(FRONTIER, workload="frontier_like", days=0.05 / 24, warm_up=0.0)
    result = compare(FRONTIER, short, ["AsOperated", "AsOperated, limits -5 K"])
    noted = {name: getattr(make_run(name, FRONTIER, short).controller, "note", "") for name in result}
    assert result.remarks == {name: note for name, note in noted.items() if note}
    assert "they run at full flow" in result.remarks["AsOperated, limits -5 K"]
