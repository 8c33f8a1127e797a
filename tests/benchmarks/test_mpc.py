"""``benchmarks/mpc.py`` on two tiny problems without peers: one document, its ratios, the exchange with peers. Speeds are not judged."""

import dataclasses
import importlib
import json
import math
import sys
import types
from pathlib import Path

import casadi as ca
import numpy as np
import pytest

from lowlift.controllers.optimiser.problem import BatchData, StageProblem, StageSymbols
from lowlift.controllers.optimiser.start import Shift

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SUMMARY = {"warm_vs_dompc_default", "warm_vs_dompc_same", "rti_vs_acados", "batch_vs_fatrop_numpy", "batch_vs_fatrop_kernel"}
N, DT = 5, 900.0
WORKER = """
import numpy as np
from mpc_worker import serve
class Echo:
    about = {"who": "echo"}
    def __init__(self, case, variant):
        print("noise that must not reach the answers")
        if variant == "broken":
            raise RuntimeError("cannot be built")
        self.case = case
    def solve(self, i, mode, x0):
        numbers = {"seconds": 0.5, "iterations": 3, "objective": float(x0[0]), "kkt_error": 0.0, "status": mode, "converged": True}
        return numbers, {"u": self.case.p[:, i, :1]}
serve(Echo)
"""


@pytest.fixture(autouse=True)
def beside(monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def tank(name: str, problems: int):
    """A tank that is filled against losses, cheapest within a soft limit; implicit Euler."""
    scale = 1.0 + DT / 300.0

    def stage(x, u, w, p):
        return StageSymbols(dynamics=(w - x - (u - 0.5 * w)) / scale, path=p[0] - w, cost=u**2 + 0.01 * ca.sumsqr(w - x))

    problem = StageProblem(
        name=name, n_stages=N, states=("level",), controls=("flow",), rows=("least level",), row_scale=(1.0,), row_units=("m",),
        slack_of_row=(0,), n_parameters=1, u_low=np.array([0.0]), u_high=np.array([2.0]), w_low=np.array([-np.inf]),
        w_high=np.array([np.inf]), stage=stage,
    )  # fmt: skip
    wanted = np.linspace(0.5, 1.5, problems)
    data = BatchData(x0=np.linspace(0.4, 1.0, problems)[:, None], p=np.tile(wanted[None, :, None], (N, 1, 1)),
                     slack_linear=np.full((N, problems, 1), 3.0), slack_quadratic=np.ones((N, problems, 1)))  # fmt: skip
    shift = Shift(np.arange(N + 1) * DT, np.ones(N), np.full(N, scale))
    ocp = types.SimpleNamespace(structure=problem, shift=shift, stages=np.full(N, DT))
    return importlib.import_module("mpc_case").Case(name=name, data=data, ocp=ocp)


@pytest.fixture
def document(monkeypatch, capsys, tmp_path) -> dict:
    mpc = importlib.import_module("mpc")
    monkeypatch.setattr(mpc, "case_a", lambda moments, stages: tank("A", moments))
    monkeypatch.setattr(mpc, "case_b", lambda problems, stages: tank("B", problems))
    given = [
        "--json",
        "--moments",
        "3",
        "--batch",
        "4",
        "--repeats",
        "1",
        "--loop",
        "2",
        "--checked",
        "3",
        "--plant-days",
        "0",
        "--no-install",
    ]
    monkeypatch.setattr(sys, "argv", ["mpc.py", *given, "--peers-folder", str(tmp_path / "peers")])
    mpc.main()
    return json.loads(capsys.readouterr().out)


def test_one_document_with_ratios_and_missing_peers(document, capsys) -> None:
    assert set(document["summary"]) == SUMMARY
    assert all(document["summary"][k] is None for k in ("warm_vs_dompc_default", "warm_vs_dompc_same", "rti_vs_acados"))
    assert set(document["A"]["missing"]) == {"dompc_default", "dompc_points", "dompc_same", "acados_rti"}
    assert all("not installed" in why for why in document["A"]["missing"].values())
    b = document["B"]["solvers"]
    for path in {"numpy", "kernel"} & set(b):
        expected = b["fatrop"]["ms_per_problem"] / b[path]["ms_per_problem"]
        assert document["summary"][f"batch_vs_fatrop_{path}"] == pytest.approx(expected)
    importlib.import_module("mpc").print_tables(document)
    assert "missing: dompc is not installed" in capsys.readouterr().out


def test_solvers_agree_and_plans_replay_to_their_objectives(document) -> None:
    solvers = document["A"]["solvers"]
    assert {"core_numpy", "core_numpy_rti", "fatrop", "ipopt"} <= set(solvers)
    for name in ("core_numpy", "fatrop", "ipopt"):
        assert solvers[name]["converged"] == solvers[name]["solves"] == 3
        assert max(abs(solvers[name]["objective_difference"][k]) for k in ("least", "most")) < 1e-4
        # Limits are kept to the tolerance only, and the replay charges what is missing.
        assert max(abs(solvers[name]["replayed_difference"][k]) for k in ("least", "most")) < 1e-3
    for row in document["B"]["solvers"].values():
        assert row["wrong"] == 0
        assert row["other_optima"] == []
        assert sum(row["outcomes"].values()) == row["problems"]
    loops = document["A"]["closed_loop"].values()
    assert sum(loop["over_converged"] == 0.0 for loop in loops) >= 1
    assert all(loop["moments"] == 3 and loop["worst_hard_row"] == 0.0 for loop in loops)


def test_page_takes_the_figures(document, tmp_path) -> None:
    page = importlib.import_module("mpc_page")
    text = (BENCHMARKS.parent / "docs" / page.PAGE).read_text(encoding="utf-8")
    (tmp_path / page.PAGE).write_text(text, encoding="utf-8")
    page.write_page(document, tmp_path)
    written = (tmp_path / page.PAGE).read_text(encoding="utf-8")
    assert written.split(page.BEGIN)[0] == text.split(page.BEGIN)[0]
    assert written.split(page.END)[1] == text.split(page.END)[1]
    assert "peer or path missing" in written
    assert f"| {document['A']['solvers']['fatrop']['warm_ms']:.2f} |" in written
    assert (tmp_path / page.PLOT).read_text(encoding="utf-8").count("<svg") == 1
    page.write_page(document, tmp_path)
    assert (tmp_path / page.PAGE).read_text(encoding="utf-8") == written


def test_printed_graphs_rebuild_the_stage(tmp_path) -> None:
    peers, graph, worker = (importlib.import_module(f"mpc_{name}") for name in ("peers", "graph", "worker"))
    case = tank("A", 2)
    peers.write_case(case, tmp_path, 1e-6)
    read = worker.PeerCase.read(tmp_path)
    x, u, w, p = (ca.SX.sym(name) for name in "xuwp")
    rebuilt = ca.Function("f", [x, u, w, p], graph.apply_graph(read.head["implicit"], x, u, w, p))
    s = case.problem.stage(x, u, w, p)
    own = ca.Function("g", [x, u, w, p], [s.dynamics, s.path, s.cost])
    for point in np.random.default_rng(0).uniform(-2.0, 2.0, (20, 4)):
        assert [float(v) for v in rebuilt(*point)] == pytest.approx([float(v) for v in own(*point)], rel=1e-14)
    # The continuous form is what implicit Euler is made of: dx/dt of the tank is (u - w/2) in a stage.
    f = ca.Function("f", [x, u, p], graph.apply_graph(read.head["continuous"], x, u, p))
    assert float(f(0.8, 0.3, 1.0)[0]) == pytest.approx((0.3 - 0.4) / DT, rel=1e-12)
    assert float(f(0.8, 0.3, 1.0)[2]) == pytest.approx(0.3**2 + 0.01 * 0.1**2, rel=1e-12)
    np.testing.assert_array_equal(read.x0, case.data.x0)


def test_peers_answer_by_files_and_say_why_they_cannot(tmp_path, monkeypatch) -> None:
    peers, own = importlib.import_module("mpc_peers"), importlib.import_module("mpc_own")
    case = tank("A", 2)
    peers.write_case(case, tmp_path, 1e-6)
    (tmp_path / "echo.py").write_text(WORKER, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(BENCHMARKS))
    process = peers.PeerProcess(Path(sys.executable), str(tmp_path / "echo.py"), "any", tmp_path)
    entrant = own.Foreign("echo", process, "rti")
    try:
        assert entrant.about == {"who": "echo"}
        solved = entrant.solve(1, "warm", np.array([7.0]))
    finally:
        entrant.close()
    assert (solved.objective, solved.status, solved.seconds) == (7.0, "rti", 0.5)
    np.testing.assert_array_equal(solved.u, case.data.p[:, 1, :1])
    assert not list(tmp_path.glob("any_*.npz"))
    with pytest.raises(peers.PeerError, match="cannot be built"):
        peers.PeerProcess(Path(sys.executable), str(tmp_path / "echo.py"), "broken", tmp_path)


def test_ratios_are_null_without_kernel_and_where_the_core_did_not_solve() -> None:
    tables = importlib.import_module("mpc_tables")
    row = {"warm_ms": 2.0, "converged": 5, "solves": 5, "objective_difference": {"median": 1e-5}, "allowed_difference": 1e-3}
    a = {"core_numpy": row, "dompc_same": {"warm_ms": 10.0}}
    b = {"numpy": {"ms_per_problem": 4.0, "wrong": 0}, "fatrop": {"ms_per_problem": 8.0}}
    for worse in ({"converged": 4}, {"objective_difference": {"median": -2e-3}}):
        assert tables.summary({**a, "core_numpy": row | worse}, b)["warm_vs_dompc_same"] is None
    assert tables.summary(a, {**b, "numpy": {"ms_per_problem": 4.0, "wrong": 1}})["batch_vs_fatrop_numpy"] is None
    found = tables.summary(a, b)
    assert set(found) == SUMMARY
    assert found["warm_vs_dompc_same"] == 5.0
    assert found["batch_vs_fatrop_numpy"] == 2.0
    assert found["batch_vs_fatrop_kernel"] is None
    assert importlib.import_module("mpc")._finite({"x": [math.nan, 1.0]}) == {"x": [None, 1.0]}
    assert dataclasses.is_dataclass(importlib.import_module("mpc_own").Solved)
