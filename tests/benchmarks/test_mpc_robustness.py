"""The quick variant of ``benchmarks/mpc_robustness.py``, and that its own check of KKT errors notices what is wrong."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from lowlift.controllers.optimiser import BatchData, StageProblem, StageSymbols, cold_start, make_solver

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def modules():
    sys.path.insert(0, str(FOLDER))
    try:
        yield importlib.import_module("mpc_robustness"), importlib.import_module("mpc_kkt")
    finally:
        sys.path.remove(str(FOLDER))


def small_problem() -> tuple[StageProblem, BatchData]:
    """Two stages of ``w = x + u`` with a price on ``u``, a hard least level, a soft highest one and bounds of both kinds."""

    def stage(x, u, w, p):
        return StageSymbols(dynamics=w - x - u, path=[p - w, w - 1.5], cost=u**2 + u)

    def vertical(x, u, w, p):
        import casadi as ca

        symbols = stage(x, u, w, p)
        return StageSymbols(dynamics=symbols.dynamics, path=ca.vertcat(*symbols.path), cost=symbols.cost)

    problem = StageProblem(
        name="levels", n_stages=2, states=("level",), controls=("flow",), rows=("least", "most"), row_scale=(1.0, 1.0),
        row_units=("m", "m"), slack_of_row=(None, 0), n_parameters=1, u_low=np.array([-1.0]), u_high=np.array([0.6]),
        w_low=np.array([-np.inf]), w_high=np.array([3.0]), stage=vertical,
    )  # fmt: skip
    least = np.array([0.2, 1.0])[:, None, None]
    data = BatchData(x0=np.zeros((1, 1)), p=least, slack_linear=np.full((2, 1, 1), 5.0), slack_quadratic=np.ones((2, 1, 1)))
    return problem, data


def test_check_confirms_a_solution_and_notices_errors(modules) -> None:
    _, mpc_kkt = modules
    problem, data = small_problem()
    result = make_solver(problem, "core", compiled=False).solve(data, cold_start(problem, data))
    check = mpc_kkt.KktCheck(problem)
    found = check(data, result.point)
    assert result.converged.all()
    assert found.error[0] <= 1e-6
    assert found.objective[0] == pytest.approx(result.objective[0], rel=1e-9)
    for name, part, column in (("u", "hard", 0), ("w", "infeasibility", 0), ("y", "stationarity", 0), ("s", "complementarity", 0)):
        spoilt = result.point.take(np.array([0]))
        getattr(spoilt, name)[0, 0, column] += 1.0
        assert getattr(check(data, spoilt), part)[0] > 1e-2, name
    spoilt = result.point.take(np.array([0]))
    spoilt.lam[0, 0, 1] = -1.0
    assert check(data, spoilt).sign[0] == 1.0
    spoilt.y[:] = np.nan
    assert check(data, spoilt).error[0] == np.inf


def test_point_called_converged_without_being_so_counts_as_wrong(modules) -> None:
    mpc_robustness, mpc_kkt = modules
    problem, data = small_problem()
    result = make_solver(problem, "core", compiled=False).solve(data, cold_start(problem, data))
    check = mpc_kkt.KktCheck(problem)
    assert not mpc_robustness.wrong(result, check(data, result.point), 1e-6).any()
    result.point.u += 1e-3
    assert mpc_robustness.wrong(result, check(data, result.point), 1e-6).all()


def test_random_problems_are_solved_or_flagged_and_never_wrong(modules, capsys) -> None:
    mpc_robustness, _ = modules
    found = mpc_robustness.collect(mpc_robustness.arguments(["--quick"]))
    totals = found["totals"]
    assert totals["wrong"] == 0, json.dumps(found["families"], indent=1)
    assert found["refused_by_name"] == found["refused"] >= 2
    assert totals["problems"] + found["refused"] == 24
    assert totals["converged"] + sum(totals["outcomes"].values()) == totals["problems"]
    # Some problems cannot be solved, and most can.
    assert totals["flagged_impossible"] == sum(f["problems"] for f in found["families"] if f["kind"] == "impossible") >= 2
    assert totals["converged"] > totals["problems"] / 2
    for by in found["by_class"].values():
        assert sum(c["problems"] for c in by.values()) == totals["problems"]
    for family in found["families"]:
        assert family["worst_error"] <= 1e-6
        assert family["worst_hard_violation"] <= 1e-6
        assert family["worst_objective_error"] < 1e-8
    ipopt = found["ipopt"]
    assert ipopt["compared"] == 6
    assert ipopt["both_solved"] == ipopt["agree"] + len(ipopt["other_optima"])
    assert ipopt["agree"] > 0
    mpc_robustness.print_tables(found)
    assert "wrong 0" in capsys.readouterr().out
