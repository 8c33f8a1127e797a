"""``ll.compare``: what it takes, what it refuses before anything runs, what one gets back."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import synthetic_runs as synthetic
from models_halls import hall

import lowlift as ll
from lowlift.controllers.constant import Constant
from lowlift.sim import compare as comparing
from lowlift.sim.compare import Comparison, ControllerError, DuplicateControllerError, UnknownControllerError

PLANT = hall("gb200_hall")
VALUES = {"T_supply_set": 306.0, "V_sec_set": 0.015, "dp_set": 3e4, "T_tower_set": 297.0, "m_cw_set": 200.0, "split": 0.0,
          "T_chw_set": 291.0, "T_air_set": 298.0, "air_ratio_set": 1.05}  # fmt: skip


@pytest.fixture(scope="module")
def scenario() -> ll.Scenario:
    return ll.build_scenario(PLANT, start="07-04", days=0.5 / 24, warm_up=600.0)


class Watching(Constant):
    """A plain controller that keeps the forecasts it was given."""

    def reset(self, batch: int) -> None:
        super().reset(batch)
        self.seen: list[ll.controllers.Forecast | None] = []

    def decide(self, measurement, forecast):
        self.seen.append(forecast)
        return super().decide(measurement, forecast)


@pytest.fixture(scope="module")
def own() -> Watching:
    return Watching(PLANT.site, "Mine", VALUES)


@pytest.fixture(scope="module")
def runs(scenario: ll.Scenario, own: Watching) -> Comparison:
    mpc = ll.controllers.MPC(PLANT, ll.controllers.Guideline36(PLANT.site))
    return ll.compare(PLANT, scenario, ["Guideline36", ll.Run(ll.controllers.SiteTuned(PLANT.site)), own, mpc])


def test_names_runs_and_plain_controllers_side_by_side(runs: Comparison) -> None:
    assert list(runs) == ["Guideline36", "SiteTuned", "Mine", "MPC"] and len(runs) == 4
    assert runs["MPC"] is runs.runs["MPC"]
    assert {decision.status for _, decision in runs["MPC"].decisions} == {ll.controllers.Status.OPTIMAL}
    with pytest.raises(KeyError, match="did you mean MPC"):
        _ = runs["MCP"]


def test_a_plain_controller_is_given_forecasts_from_the_past_only(runs: Comparison, own: Watching, scenario: ll.Scenario) -> None:
    last = own.seen[-1]
    assert last is not None
    at = round((scenario.warm_up + 1500.0) / scenario.step)
    smoothed = scenario.loads(PLANT).q_cdu[at - 8 : at].mean(axis=0)
    np.testing.assert_allclose(last.q_cdu, np.tile(smoothed, (len(last.q_cdu), 1)))


def test_a_plain_oracle_knows_the_future(scenario: ll.Scenario) -> None:
    from lowlift.sim.entrants import enter

    oracle = ll.controllers.Oracle(PLANT, ll.controllers.Guideline36(PLANT.site), grid=600.0)
    run = enter(oracle, PLANT, scenario)
    assert isinstance(run.forecaster, ll.controllers.Perfect) and run.forecaster.grid == 600.0


def test_table_figures_report_and_schedule(runs: Comparison, tmp_path: Path) -> None:
    table = runs.kpis()
    assert list(table["controller"]) == list(runs) and (table["pue"] > 1.0).all()
    del table["pue"]
    assert "pue" in runs.kpis()
    figures = runs.plot()
    assert list(figures) == ["energy", "temperatures", "setpoints", "power", "heat", "plan"]
    assert all(figure.axes for figure in figures.values())
    page = runs.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert all(name in page for name in runs)
    for name in ("setpoints.csv", "setpoints.json"):
        back = ll.sim.import_schedule(runs["MPC"].schedule().export(tmp_path / name), PLANT.site)
        assert back.controller == "MPC" and back.valid_to == runs.scenario.index[-1] + pd.Timedelta(seconds=15)


@pytest.mark.parametrize(
    ("entrants", "options", "error", "said"),
    [
        (["MPC", "SiteTuned", "MPC"], {}, DuplicateControllerError, "more than one controller is called MPC: give each its own name"),
        (["Guideline36", ll.controllers.Guideline36(PLANT.site)], {}, DuplicateControllerError, "called Guideline36"),
        (["MPC", "Oracle"], {"oracle": True}, DuplicateControllerError, "Oracle is added by oracle=True"),
        ([], {}, ControllerError, "no controllers to compare; name some of FixedSetpoint"),
        ([ll.controllers.Guideline36], {}, ControllerError, r"Guideline36 is a class: pass a controller made from it, as Guide"),
        ([{"name": "x"}], {}, ControllerError, "is no controller: it has no name, no period, no reset, no decide"),
        (["SiteTunde"], {}, UnknownControllerError, "did you mean SiteTuned"),
    ],
)  # fmt: skip
def test_what_cannot_take_part_is_refused_before_anything_runs(entrants, options, error, said, scenario, monkeypatch) -> None:
    def simulate(*args: object, **kwargs: object) -> None:
        raise AssertionError("simulated")

    monkeypatch.setattr(comparing, "simulate", simulate)
    with pytest.raises(error, match=said):
        ll.compare(PLANT, scenario, entrants, **options)
    assert issubclass(error, ValueError)


def test_the_oracle_of_a_list_is_scored_and_its_proof_is_not(scenario: ll.Scenario, monkeypatch) -> None:
    taken: list[str] = []

    def simulate(plant, scenario, runs, progress):
        taken.extend(run.controller.name for run in runs)
        return [synthetic.run(name, days=0.25) for name in taken]

    monkeypatch.setattr(comparing, "simulate", simulate)
    result = ll.compare(PLANT, scenario, ["Guideline36"], oracle=True, proof=True)
    assert list(result.runs) == ["Guideline36", "Oracle"]
    assert list(result.proof_runs) == ["MPC with perfect forecasts", "Oracle on half the grid"]
