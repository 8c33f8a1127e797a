"""The closed loop on both sites: balances, equal starts, one regulatory layer, reproducibility."""

import numpy as np
import pytest
from models_halls import hall

from lowlift.controllers.interface import Status
from lowlift.sim.closed_loop import Run, simulate
from lowlift.sim.compare import UnavailableControllerError, UnknownControllerError, compare, make_run
from lowlift.sim.scenario import ScenarioError, build_scenario


def short(name: str, **options):
    plant = hall(name)
    options = {"days": 1 / 24, "warm_up": 1800.0, "workload": "frontier_like" if name == "frontier" else "llm_training"} | options
    return plant, build_scenario(plant, **options)


@pytest.mark.parametrize("name", ["gb200_hall", "frontier"])
def test_comparison_closes_its_balances_and_starts_equal(name: str) -> None:
    plant, scenario = short(name)
    result = compare(plant, scenario, ["FixedSetpoint", "Guideline36", "SiteTuned", "StaticOptimal", "MPC"], oracle=True)
    starts = {run.stored_initial for run in result.runs.values()}
    assert len(starts) == 1
    for row in result.rows:
        assert row["energy_balance_residual"] < 1e-9
        assert row["pue"] == pytest.approx(row["energy_facility_kWh"] / row["energy_it_kWh"])
        assert row["pue"] > 1.0
        assert row["fallbacks"] == 0
    use = {row["controller"]: row["energy_facility_corrected_kWh"] for row in result.rows}
    assert use["MPC"] < use["FixedSetpoint"]
    for _, decision in result.runs["MPC"].decisions:
        assert decision.status in (Status.OPTIMAL, Status.SUBOPTIMAL)


def test_a_run_is_reproducible_and_batch_mates_do_not_matter() -> None:
    plant, scenario = short("gb200_hall")
    alone = simulate(plant, scenario, [make_run("Guideline36", plant, scenario)])[0]
    company = simulate(plant, scenario, [make_run("FixedSetpoint", plant, scenario), make_run("Guideline36", plant, scenario)])[1]
    np.testing.assert_allclose(alone.frame.to_numpy(float), company.frame.to_numpy(float), rtol=1e-6, atol=1e-6)


def test_a_controller_of_the_users_own() -> None:
    from lowlift.controllers.constant import Constant

    plant, scenario = short("frontier", days=0.25 / 24)
    values = {"T_supply_set": 305.0, "V_sec_set": 0.02, "dp_set": 5e4, "T_tower_set": 297.0, "m_cw_set": 600.0}
    run = compare(plant, scenario, [Run(Constant(plant.site, "mine", values))]).runs["mine"]
    assert run.components("m_cw")[-1, 0] == pytest.approx(600.0, rel=0.02)


def test_unknown_controller_suggests() -> None:
    plant, scenario = short("gb200_hall", days=0.1 / 24)
    with pytest.raises(UnknownControllerError, match="did you mean SiteTuned"):
        make_run("SiteTunde", plant, scenario)
    with pytest.raises(UnavailableControllerError, match="of frontier only; gb200_hall has none"):
        make_run("AsOperated", plant, scenario)


def test_scenario_errors() -> None:
    with pytest.raises(ScenarioError, match="expected MM-DD"):
        short("gb200_hall", start="July")


def test_wet_bulb_of_the_scenario_lies_below_dry_bulb() -> None:
    _, scenario = short("gb200_hall", days=2.0, start="07-04")
    assert np.all(scenario.T_wb <= scenario.T_db + 1e-6)
    assert scenario.index[round(scenario.warm_up / scenario.step)] == scenario.start
