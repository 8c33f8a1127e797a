"""The hybrid hall in the closed loop: limits kept through pauses of a job in summer and frost, water only when asked for, a report."""

import pytest
from models_hybrid import hybrid

from lowlift.controllers.interface import Status
from lowlift.sim.compare import UnavailableControllerError, compare, make_run
from lowlift.sim.scenario import build_scenario

NAMES = ["FixedSetpoint", "Guideline36", "StaticOptimal"]


def scenario(weather: str, start: str, hours: float):
    return build_scenario(hybrid(), weather=weather, workload="llm_training", start=start, days=hours / 24.0, warm_up=3600.0)


def test_a_summer_morning_is_kept_by_all_and_the_optimum_is_cheapest(tmp_path) -> None:
    result = compare(hybrid(), scenario("tucson", "07-04", 2.0), NAMES)
    rows = {row["controller"]: row for row in result.rows}
    for row in rows.values():
        assert row["energy_balance_residual"] < 1e-9
        assert row["violation_Kh"] < 0.02
        assert row["fallbacks"] == 0
        assert row["wue_l_per_kWh"] > 0.3
    use = {name: row["energy_facility_corrected_kWh"] for name, row in rows.items()}
    assert use["StaticOptimal"] < use["Guideline36"] < use["FixedSetpoint"]
    assert all(d.status in (Status.OPTIMAL, Status.SUBOPTIMAL) for _, d in result.runs["StaticOptimal"].decisions)
    page = result.report(tmp_path / "report.html").read_text(encoding="utf-8")
    for words in ("warm dry-cooler fans", "there is no open tower", "Warm dry coolers"):
        assert words in page


def test_frost_needs_neither_water_nor_machines() -> None:
    result = compare(hybrid(), scenario("dulles", "01-15", 2.0), ["Guideline36", "StaticOptimal"])
    for row in result.rows:
        assert row["wue_l_per_kWh"] == 0.0
        assert row["violation_Kh"] < 0.2
    run = result.runs["StaticOptimal"]
    assert float(run.components("wet_cold").max()) == float(run.components("wet_warm").max()) == 0.0
    assert result.rows[1]["energy_chillers_kWh"] < 0.1 * result.rows[1]["energy_cooling_kWh"]


def test_predictive_controllers_say_why_they_are_missing() -> None:
    with pytest.raises(UnavailableControllerError, match="MPC is not available for hybrid_hall: there is no prediction model"):
        make_run("MPC", hybrid(), scenario("tucson", "07-04", 0.1))
