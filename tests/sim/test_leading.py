"""The run that everything is about: chosen once, by energy at no more violation."""

from pathlib import Path

import pytest
import synthetic_runs as synthetic

from lowlift.sim.kpis import table
from lowlift.sim.leading import in_focus, leading, references
from lowlift.sim.report import ReportInput, chapter
from lowlift.sim.trajectory import Trajectory


def own(scale: float, dT: float = 0.0) -> Trajectory:
    return synthetic.run("Mine", scale=scale, dT=dT, days=0.25)


RUNS = synthetic.comparison(days=0.25)
WITHOUT_MPC = {name: run for name, run in RUNS.items() if name != "MPC"}


def test_mpc_leads_where_it_took_part() -> None:
    assert leading(RUNS) == "MPC"
    assert leading(RUNS | {"Mine": own(0.5)}) == "MPC"


def test_else_the_least_energy_leads_but_never_the_bound() -> None:
    assert leading(WITHOUT_MPC) == "StaticOptimal"
    assert leading(dict(reversed(WITHOUT_MPC.items()))) == "StaticOptimal"
    assert leading({"Oracle": RUNS["Oracle"]}) == "Oracle"


def test_a_users_own_controller_counts_but_not_at_the_price_of_the_limits() -> None:
    assert leading({"Mine": own(0.8)} | WITHOUT_MPC) == "Mine"
    assert leading({"Mine": own(0.8, dT=12.0)} | WITHOUT_MPC) == "StaticOptimal"


def test_the_reference_is_the_strongest_that_is_not_the_hero() -> None:
    assert references(RUNS, "MPC") == ["SiteTuned", "Guideline36", "FixedSetpoint"]
    assert references({"SiteTuned": RUNS["SiteTuned"], "Guideline36": RUNS["Guideline36"]}, "SiteTuned") == ["Guideline36"]
    assert references({"Mine": own(0.8), "Yours": own(0.9), "Oracle": RUNS["Oracle"]}, "Mine") == ["Yours"]
    assert references({"Mine": own(0.8)}, "Mine") == []


def test_the_hero_is_drawn_last() -> None:
    assert list(in_focus(RUNS, "MPC")) == ["SiteTuned", "Oracle", "MPC"]
    assert list(in_focus({"Mine": own(0.8)}, "Mine")) == ["Mine"]


def test_report_and_exported_schedule_are_about_the_same_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lowlift.sim import outputs
    from lowlift.sim.compare import Comparison

    runs = {"Mine": own(0.8)} | WITHOUT_MPC
    about = chapter(ReportInput(title="x", trajectories=runs, table=table(runs.values())), 1)["hero"]
    exported: list[str] = []

    def schedule_from(run: Trajectory) -> None:
        exported.append(run.controller)
        raise InterruptedError

    monkeypatch.setattr(outputs, "schedule_from", schedule_from)
    with pytest.raises(InterruptedError):
        outputs.write_outputs(Comparison(None, None, runs, {}), tmp_path)  # type: ignore[arg-type]
    assert exported == [about] == ["Mine"]
