"""The oracle's self-proof: whoever needs less energy at no more violation refutes it."""

import dataclasses

import pytest
import synthetic_runs as synthetic
from models_halls import hall

from lowlift.sim.compare import Comparison
from lowlift.sim.entrants import HALVED, PERFECT
from lowlift.sim.kpis import table
from lowlift.sim.scenario import build_scenario
from lowlift.sim.trajectory import Trajectory


def proven(runs: dict[str, Trajectory], proof_runs: dict[str, Trajectory]) -> Comparison:
    plant = hall("gb200_hall")
    scenario = build_scenario(plant, days=0.01, warm_up=0.0, workload="llm_training")
    return Comparison(plant, scenario, runs, proof_runs)


def hotter(run: Trajectory, kelvin: float) -> Trajectory:
    """The same run with one chip above its limit for ten minutes."""
    chip = run.frame["T_chip[1]"].to_numpy().copy()
    chip[run.n_warmup : run.n_warmup + 10] = run.site.limits.T_chip_max + kelvin
    return dataclasses.replace(run, frame=run.frame.assign(**{"T_chip[1]": chip}))


def saving(name: str, share: float) -> Trajectory:
    return synthetic.run(name, scale=share)


def test_an_oracle_below_everybody_stands() -> None:
    runs = synthetic.comparison()
    proof = proven(runs, {PERFECT: saving(PERFECT, 0.832), HALVED: saving(HALVED, 0.829)}).proof
    assert proof["nobody_below"] is True
    assert proof["below"] == []
    assert proof["perfect_mpc_gap_closed"] == pytest.approx((0.9 - 0.832) / (0.9 - 0.83))
    assert proof["perfect_mpc_gap_closed_g36"] == pytest.approx((1.0 - 0.832) / (1.0 - 0.83))
    # Half the grid may find a little less: it is a measure of the grid, no competitor.
    assert proof["grid_halving_change"] == pytest.approx((0.829 - 0.83) / 0.83)


@pytest.mark.parametrize("place", ["runs", "proof runs"])
def test_a_gap_closed_by_more_than_all_of_it_refutes_the_oracle(place: str) -> None:
    runs, better = synthetic.comparison(), saving(PERFECT, 0.82)
    named = ({**runs, PERFECT: better}, {}) if place == "runs" else (runs, {PERFECT: better})
    comparison = proven(*named)
    figures = table([*runs.values(), better]).set_index("controller")
    assert figures.loc[PERFECT, "gap_closed"] > 1.0
    assert comparison.proof["nobody_below"] is False
    assert comparison.proof["below"] == [PERFECT]


def test_less_energy_at_more_violation_is_no_refutation_but_at_equal_violation_it_is() -> None:
    runs = synthetic.comparison()
    runs["MPC"] = hotter(saving("MPC", 0.82), 1.0)
    assert proven(runs, {}).proof["nobody_below"] is True
    runs["Oracle"] = hotter(runs["Oracle"], 1.0)
    assert proven(runs, {}).proof["below"] == ["MPC"]
    runs["Oracle"] = hotter(runs["Oracle"], 2.0)
    assert proven(runs, {}).proof["below"] == ["MPC"]


def test_heat_left_in_the_loops_is_no_saving() -> None:
    runs = synthetic.comparison()
    cooling = sum(float(runs["Oracle"].scored[name].sum()) for name in runs["Oracle"].sheet.cooling) * runs["Oracle"].step
    assert proven(runs | {"MPC": saving("MPC", 0.82)}, {}).proof["below"] == ["MPC"]
    stored = synthetic.run("MPC", scale=0.82, stored_gain=0.5 * cooling)
    assert proven(runs | {"MPC": stored}, {}).proof["nobody_below"] is True


def test_without_an_oracle_there_is_nothing_to_prove() -> None:
    runs = synthetic.comparison()
    del runs["Oracle"]
    assert proven(runs, {}).proof == {}
