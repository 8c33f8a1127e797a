"""One interface: solvers agree, nothing unsolved passes as solved, and what was built is found again."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from compiler_here import needs_compiler
from plan_situations import situation
from stage_problems import room, rooms

from lowlift.controllers.chiller_day import Mode, held
from lowlift.controllers.ocp import Weights
from lowlift.controllers.optimiser import (
    BatchData,
    BatchResult,
    CoreSolver,
    Fallback,
    Iterate,
    Outcome,
    StageProblem,
    cold_start,
    make_solver,
    store,
)
from lowlift.controllers.optimiser.interior_point import InteriorPoint, Options
from lowlift.controllers.optimiser.solver import FEW, SECOND, FewElsewhere
from lowlift.controllers.optimiser.store import core_parts, forget, structure_key
from lowlift.controllers.plan_problem import PlanProblem
from lowlift.models.kernel_build import build
from lowlift.models.lowering import LoweringError

STAGES = (300.0,) * 3 + (1200.0,) * 2


def halls(name: str) -> tuple[StageProblem, BatchData]:
    """Plans of a hall at several loads and dew points, some of which break limits."""
    moments = [situation(name, load) for load in (0.4, 0.7, 0.95)] + [situation(name, 0.8, T_supply=318.15)]
    plan = PlanProblem(moments[0][0], STAGES, None, 1.7)
    posed = [plan.pose(m, forecast) for _, m, forecast in moments]
    on = [Mode(k, k) for k in (0, 1, 1, 1)] if moments[0][0].site.chilled is not None else [Mode(0, 0)] * 4
    data = np.array([q.data(held(mode, len(STAGES))) for q, mode in zip(posed, on, strict=True)])
    x0, counts, floor = (np.array([getattr(q, k) for q in posed]) for k in ("x0", "counts", "floor"))
    return plan.ocp.structure, plan.ocp.batch(x0, data, counts, 1.7, floor)


@pytest.mark.parametrize("name", ["gb200_hall", "frontier"])
def test_core_and_ipopt_agree_on_halls(name: str) -> None:
    problem, data = halls(name)
    start = cold_start(problem, data)
    core = make_solver(problem, "core", tolerance=1e-7, compiled=False).solve(data, start)
    other = make_solver(problem, "ipopt", tolerance=1e-7, compiled=False).solve(data, start)
    assert core.converged.all() and np.all(other.kkt_error <= 1e-5)
    np.testing.assert_allclose(core.objective, other.objective, rtol=1e-4)


@pytest.mark.slow  # without kernels on disk from before
@needs_compiler
def test_kernel_and_numpy_agree_on_a_hall() -> None:
    """Cold and warm, converged and after a few iterations, to 1e-8, in as many iterations."""
    problem, data = halls("gb200_hall")
    numpy, kernel = (core_parts(problem, compiled=compiled) for compiled in (False, True))
    start, dual = cold_start(problem, data), False
    for real_time in (None, 3, None):
        one, two = (CoreSolver(parts, real_time=real_time).solve(data, start, dual=dual) for parts in (numpy, kernel))
        assert real_time or one.converged.all()
        np.testing.assert_array_equal(one.iterations, two.iterations)
        np.testing.assert_array_equal(one.outcome, two.outcome)
        for name in ("x0", "u", "w", "s"):
            np.testing.assert_allclose(getattr(one.point, name), getattr(two.point, name), atol=1e-8, err_msg=name)
        np.testing.assert_allclose(one.objective, two.objective, rtol=1e-8)
        # From the first plan, warm, for a state that has moved on.
        start, dual = one.point, True
        data = dataclasses.replace(data, x0=one.point.w[0])


def test_all_solvers_agree_on_rooms() -> None:
    problem, data = room(), rooms(room(), 8)
    start = cold_start(problem, data)
    found = {b: make_solver(problem, b, tolerance=1e-6, compiled=False).solve(data, start) for b in ("core", "fatrop", "ipopt")}
    for name, result in found.items():
        assert result.converged.all() and set(result.solver) == {name}
        # Barriers end near a tenth of the tolerance, for each of some sixty limits.
        np.testing.assert_allclose(result.objective, found["ipopt"].objective, rtol=1e-5, atol=6e-6)
        np.testing.assert_allclose(result.point.u, found["ipopt"].point.u, atol=1e-3)


@pytest.mark.parametrize("backend", ["core", "fatrop", "ipopt"])
def test_what_cannot_be_kept_is_never_called_solved(backend: str) -> None:
    """A hard limit beyond the heater's reach; the other problem of the batch is none the worse."""
    problem = room(hard=True)
    data = rooms(problem, 2, least=-4.0)
    data.p[:, 1, 2] = 50.0
    found = make_solver(problem, backend, tolerance=1e-6, compiled=False).solve(data, cold_start(problem, data))
    assert found.converged.tolist() == [True, False]
    assert found.outcome[1] in (Outcome.INFEASIBLE, Outcome.ITERATIONS) and found.infeasibility[1] > 1.0


@pytest.mark.parametrize("backend", ["core", "fatrop", "ipopt"])
@pytest.mark.parametrize("field", ["x0", "p", "slack_linear"])
def test_what_is_not_a_number_is_named(backend: str, field: str) -> None:
    problem, data = room(), rooms(room(), 2)
    getattr(data, field)[(0, 0)] = np.nan
    with pytest.raises(ValueError, match=rf"room: {field} at \[0, 0.*\] is nan: must be a number"):
        make_solver(problem, backend, compiled=False).solve(data, cold_start(problem, data))


def test_a_model_without_a_value_is_no_solution() -> None:
    """``y ** 1.5`` has none where rounding pushes a control below zero."""
    problem, data = room(price_exponent=1.5), rooms(room(), 2)
    start = cold_start(problem, data)
    start.u[0, 1] = np.nan
    found = make_solver(problem, "core", compiled=False).solve(data, start)
    assert found.outcome.tolist() == [Outcome.CONVERGED, Outcome.NOT_A_NUMBER]


@pytest.mark.parametrize("dual", [False, True])
def test_what_is_not_solved_is_tried_once_more_from_further_inside(dual: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    problem, data = room(), rooms(room(), 3)
    solver = CoreSolver(core_parts(problem, compiled=False))
    first, asked = solver.solve(data, cold_start(problem, data)), []
    solve = InteriorPoint.solve

    def failing(self: InteriorPoint, data: BatchData, start: Iterate, options: Options, *, dual: bool = False) -> BatchResult:
        result = solve(self, data, start, options, dual=dual)
        asked.append((options.mu, options.push, data.size))
        if options.mu != SECOND.mu:
            result.outcome[-1], result.kkt_error[-1] = Outcome.STALLED, 1.0
        return result

    monkeypatch.setattr(InteriorPoint, "solve", failing)
    found = solver.solve(data, first.point, dual=dual)
    assert found.converged.all()
    assert [size for *_, size in asked] == ([3, 1, 1] if dual else [3, 1])
    assert asked[-1][:2] == (SECOND.mu, SECOND.push)
    assert found.iterations[2] > found.iterations[:2].max()
    np.testing.assert_allclose(found.objective, first.objective, rtol=1e-5, atol=1e-5)


def test_equal_structures_share_a_solver() -> None:
    forget()
    first = make_solver(room(), "core", compiled=False)
    assert make_solver(room(), "core", compiled=False) is first and first.build_seconds > 0.0
    assert make_solver(room(), "core", compiled=False, tolerance=1e-4) is not first
    assert make_solver(room(hard=True), "core", compiled=False) is not first
    longer = make_solver(room(n=12), "core", compiled=False)
    assert isinstance(longer, CoreSolver) and isinstance(first, CoreSolver)
    assert longer is not first and longer.parts.evaluator.functions is first.parts.evaluator.functions


def test_the_key_follows_the_model_and_not_the_horizon() -> None:
    assert structure_key(room()) == structure_key(room(n=9))
    others = [room(name="other"), room(hard=True), room(price_exponent=3.0), dataclasses.replace(room(), u_high=np.array([1.0, 2.0]))]
    assert len({structure_key(p) for p in [room(), *others]}) == 5


def test_weights_and_stage_lengths_do_not_change_a_hall() -> None:
    plant = situation("frontier")[0]
    one, other = (PlanProblem(plant, stages, w, 1.7) for stages, w in ((STAGES, None), ((600.0,) * 9, Weights(water=2.0, slack=5.0))))
    assert structure_key(one.ocp.structure) == structure_key(other.ocp.structure)


class Refusing:
    """Solves nothing of what it is asked."""

    def __init__(self, true: CoreSolver, errors: np.ndarray) -> None:
        self.problem, self.true, self.errors, self.build_seconds = true.problem, true, errors, 1.0

    def solve(self, data: BatchData, start: Iterate, *, dual: bool = False) -> BatchResult:
        result = self.true.solve(data, start)
        result.kkt_error, result.outcome = self.errors.copy(), np.where(self.errors <= 1e-6, Outcome.CONVERGED, Outcome.STALLED)
        result.solver = np.full(data.size, "refusing", dtype="<U16")
        return result


def test_only_what_failed_is_solved_again() -> None:
    problem, data = room(), rooms(room(), 3)
    core = make_solver(problem, "core", compiled=False)
    assert isinstance(core, CoreSolver)
    ipopt = make_solver(problem, "ipopt", compiled=False)
    found = Fallback(Refusing(core, np.array([1e-8, np.nan, 1e-4])), ipopt, accept=1e-3).solve(data, cold_start(problem, data))
    assert found.solver.tolist() == ["refusing", "ipopt", "refusing"]
    assert found.kkt_error[1] <= 1e-6 and found.kkt_error[2] == 1e-4
    single = Fallback(Refusing(core, np.array([1e-2])), ipopt, accept=1e-3)
    assert single.solve(data.take(np.array([2])), cold_start(problem, data.take(np.array([2])))).solver.tolist() == ["ipopt"]


def test_without_a_compiler_few_problems_go_to_fatrop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    build.cache_clear()
    forget()
    problem, data = room(), rooms(room(), FEW + 1)
    solver = make_solver(problem, "auto")
    assert isinstance(solver, FewElsewhere) and "no-such-compiler" in core_parts(problem).how
    alone = data.take(np.array([0]))
    assert solver.solve(alone, cold_start(problem, alone)).solver.tolist() == ["fatrop"]
    assert solver.solve(data, cold_start(problem, data)).solver.tolist() == ["core"] * (FEW + 1)
    assert isinstance(make_solver(problem, "auto", real_time=2), CoreSolver)
    forget()


@needs_compiler
def test_asked_for_or_not_there_is_one_kernel() -> None:
    forget()
    assert core_parts(room()) is core_parts(room(), compiled=True)
    assert make_solver(room(), "core") is make_solver(room(), "core", compiled=True)
    assert make_solver(room(), "ipopt") is make_solver(room(), "ipopt", compiled=True)
    assert core_parts(room(), compiled=False) is not core_parts(room())


def test_a_graph_that_has_no_c_form_is_solved_in_numpy(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def refuse(_: object) -> None:
        raise LoweringError("no C form of that")

    forget()
    monkeypatch.setattr(store, "KernelEvaluator", refuse)
    problem, data = room(), rooms(room(), 2)
    parts = core_parts(problem)
    assert not parts.compiled and parts.how == "no C form of that" and "room: NumPy instead" in caplog.text
    assert make_solver(problem, "core").solve(data, cold_start(problem, data)).converged.all()
    with pytest.raises(LoweringError, match="no C form of that"):
        core_parts(problem, compiled=True)
    forget()


THREADS = """
import sys, threading
import numpy as np
from stage_problems import room, rooms
from lowlift.controllers.optimiser import cold_start, make_solver
from lowlift.controllers.optimiser.store import KEPT, kept

sys.setswitchinterval(1e-5)
data = rooms(room(), 6)
found, failed = [], []

def work():
    try:
        for backend in ("fatrop", "ipopt", "core"):
            problem = room()
            found.append(make_solver(problem, backend, compiled=False).solve(data, cold_start(problem, data)).objective)
        for k in range(4 * KEPT):
            kept(("thing", k % (2 * KEPT)), object)
    except BaseException as error:
        failed.append(error)
        raise

threads = [threading.Thread(target=work) for _ in range(6)]
[t.start() for t in threads]
[t.join() for t in threads]
assert not failed and len(found) == 18, failed
assert max(np.abs(v - found[0]).max() for v in found) < 1e-5
"""


def test_threads_share_solvers() -> None:
    """In a process of its own: what goes wrong here ends the whole process."""
    paths = [*map(str, Path(__file__).parents[2:4]), os.environ.get("PYTHONPATH", "")]
    there = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, env=there)
    assert done.returncode == 0, done.stderr[-2000:]


class Scripted:
    """Ends as it is told."""

    def __init__(self, true: CoreSolver, *errors: float) -> None:
        self.true, self.errors = true, list(errors)

    def solve(self, data: BatchData, start: Iterate, options: Options, *, dual: bool = False) -> BatchResult:
        result = self.true._method.solve(data, start, dataclasses.replace(options, real_time=None), dual=False)
        result.kkt_error[:], result.outcome[:] = self.errors.pop(0), Outcome.STALLED
        result.point.u[:] = len(self.errors)
        return result


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [(1e-4, np.nan, 1), (1e-4, 1e-2, 1), (1e-4, np.inf, 1), (np.nan, 1e-2, 0), (np.nan, np.nan, 1), (1e-4, 1e-5, 0)],
)
def test_the_better_of_two_attempts_is_kept(first: float, second: float, kept: int) -> None:
    problem, data = room(), rooms(room(), 1)
    solver = CoreSolver(core_parts(problem, compiled=False))
    solver._method = Scripted(CoreSolver(solver.parts), first, second)  # type: ignore[assignment]
    found = solver.solve(data, cold_start(problem, data))
    assert np.all(found.point.u == kept)
    np.testing.assert_equal(found.kkt_error[0], (second, first)[kept])


def test_real_time_iterations_end_when_agreed_unless_they_lead_astray() -> None:
    problem, data = room(), rooms(room(), 3)
    plan = make_solver(problem, "core", compiled=False).solve(data, cold_start(problem, data)).point
    moved = dataclasses.replace(data, x0=data.x0 + 0.05)
    parts = core_parts(problem, compiled=False)
    strict = CoreSolver(parts, real_time=2, restart=np.inf).solve(moved, plan, dual=True)
    assert np.all(strict.iterations <= 2) and np.all(strict.kkt_error < 0.1)
    limit = float(np.median(strict.kkt_error))
    found = CoreSolver(parts, real_time=2, restart=limit).solve(moved, plan, dual=True)
    astray = strict.kkt_error > limit
    assert astray.any() and not astray.all()
    assert found.converged[astray].all() and np.all(found.iterations[astray] > 2)
    np.testing.assert_array_equal(found.kkt_error[~astray], strict.kkt_error[~astray])
    with pytest.raises(ValueError, match="real_time = 2 with backend 'fatrop'"):
        make_solver(problem, "fatrop", real_time=2)
    with pytest.raises(ValueError, match="backend = 'best'"):
        make_solver(problem, "best")


def test_a_warm_start_that_leads_astray_starts_cold() -> None:
    problem, data = room(), rooms(room(), 4)
    core = make_solver(problem, "core", compiled=False)
    wrong = cold_start(problem, data)
    rng = np.random.default_rng(3)
    wrong.w, wrong.lam, wrong.y = wrong.w + 40.0 * rng.normal(size=wrong.w.shape), wrong.lam + 1e6, 1e3 * rng.normal(size=wrong.y.shape)
    best = core.solve(data, cold_start(problem, data))
    found = core.solve(data, wrong, dual=True)
    assert found.converged.all()
    np.testing.assert_allclose(found.objective, best.objective, rtol=1e-5)
