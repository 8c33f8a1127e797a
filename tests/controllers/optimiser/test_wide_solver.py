"""Wide problems behind the common interface: one call, solvers by structure, and the flat form for solvers from elsewhere."""

import dataclasses
from typing import Any

import casadi as ca
import numpy as np
import pytest
from compiler_here import needs_compiler
from wide_cases import batch, cold, taps

from lowlift.controllers.optimiser import (
    BatchData,
    BatchResult,
    CoreSolver,
    Fallback,
    Iterate,
    Outcome,
    StageSymbols,
    make_solver,
    wide_parts,
)
from lowlift.controllers.optimiser.interior_point import InteriorPoint, Options
from lowlift.controllers.optimiser.store import forget, structure_key
from lowlift.controllers.optimiser.wide import COLD, WARM

STAGES = 4


def test_all_solvers_agree() -> None:
    problem = taps(STAGES)
    data = batch(problem, 3)
    start = cold(problem, data)
    found = {b: make_solver(problem, b, tolerance=1e-6, compiled=False).solve(data, start) for b in ("auto", "core", "fatrop", "ipopt")}
    for name, result in found.items():
        assert result.converged.all() and set(result.solver) == {"core" if name == "auto" else name}
        np.testing.assert_allclose(result.objective, found["ipopt"].objective, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(result.point.u[..., 0], found["ipopt"].point.u[..., 0], atol=1e-3)


def test_equal_structures_share_a_solver_and_horizons_what_was_differentiated() -> None:
    forget()
    first, again = (make_solver(taps(STAGES), compiled=False) for _ in range(2))
    assert first is again and first.build_seconds > 0.0 and first.problem.name == "taps"
    longer = make_solver(taps(9), compiled=False)
    assert isinstance(first, CoreSolver) and isinstance(longer, CoreSolver)
    assert longer is not first and longer.problem.n_stages == 9 and longer.parts.evaluator.functions is first.parts.evaluator.functions
    assert make_solver(taps(STAGES), compiled=False, real_time=2) is not first


def test_the_key_follows_core_blocks_and_who_is_joined_to_what() -> None:
    problem = taps(STAGES)
    assert structure_key(problem) == structure_key(taps(9)) != structure_key(problem.core)
    kinds = np.array([0, 0, 0, 1, 1])
    others = [
        dataclasses.replace(problem, blocks=tuple("abcde")),
        dataclasses.replace(problem, links=np.column_stack([7 + kinds, np.full(5, 5)]), sums=np.column_stack([kinds, np.full(5, 3)])),
        dataclasses.replace(problem, structure=dataclasses.replace(problem.structure, high=np.array([0.9, np.inf, np.inf]))),
        dataclasses.replace(problem, core=dataclasses.replace(problem.core, u_low=problem.core.u_low - 0.01)),
    ]
    assert len({structure_key(p) for p in [problem, *others]}) == 5


def test_warm_starts_have_settings_of_their_own_and_go_back_to_where_they_began(monkeypatch: pytest.MonkeyPatch) -> None:
    """Algebraic controls have no bounds to start between."""
    problem = taps(STAGES)
    data, asked = batch(problem, 2), []
    solver = make_solver(problem, compiled=False)
    plan = solver.solve(data, cold(problem, data)).point
    solve = InteriorPoint.solve

    def failing(self: InteriorPoint, data: BatchData, start: Iterate, options: Options, *, dual: bool = False) -> BatchResult:
        result = solve(self, data, start, options, dual=dual)
        asked.append((options.mu, options.push, dual))
        np.testing.assert_array_equal(start.u, plan.u)
        if dual:
            result.outcome[:], result.kkt_error[:] = Outcome.STALLED, 1.0
        return result

    monkeypatch.setattr(InteriorPoint, "solve", failing)
    assert solver.solve(data, plan, dual=True).converged.all()
    assert asked == [(WARM.mu, WARM.push, True), (COLD.mu, COLD.push, False)]


def test_what_the_core_does_not_solve_goes_to_another_solver() -> None:
    problem = taps(STAGES)
    data = batch(problem, 2)
    core, ipopt = (
        CoreSolver(wide_parts(problem, compiled=False), max_iterations=2),
        make_solver(problem, "ipopt", compiled=False),
    )
    found = Fallback(core, ipopt).solve(data, cold(problem, data))
    assert found.converged.all() and set(found.solver) == {"ipopt"}


def test_numbers_of_another_structure_are_named() -> None:
    problem = taps(STAGES)
    data = batch(problem, 2)
    start = cold(problem, data)
    for backend in ("core", "ipopt"):
        with pytest.raises(ValueError, match=r"taps: p has shape \(4, 2, 3\): must be \(4, 2, 13\)"):
            make_solver(problem, backend, compiled=False).solve(dataclasses.replace(data, p=data.p[..., :3]), start)


@needs_compiler
def test_both_paths_are_equal() -> None:
    problem = taps(STAGES)
    data = batch(problem, 3)
    one, two = (make_solver(problem, "core", compiled=k).solve(data, cold(problem, data)) for k in (False, True))
    np.testing.assert_array_equal(one.iterations, two.iterations)
    np.testing.assert_allclose(one.point.u, two.point.u, atol=1e-8)


@pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=needs_compiler)])
def test_rows_that_do_not_determine_their_variable_make_one_problem_singular(compiled: bool) -> None:
    """From the second stage on, and in one problem of three, a sum says nothing of the heat that it is the sum of."""
    problem = taps(STAGES)

    def stage(x: Any, u: Any, w: Any, p: Any) -> StageSymbols:
        made = problem.core.stage(x, u, w, p)
        rows = ca.SX(made.dynamics)
        rows[-1] *= ca.if_else(p[1] > 2.0, 0.0, 1.0)
        return dataclasses.replace(made, dynamics=rows)

    lost = dataclasses.replace(problem, core=dataclasses.replace(problem.core, stage=stage))
    data = batch(problem, 3)
    data.p[1:, 1, 1] = 3.0
    found = make_solver(lost, "core", compiled=compiled).solve(data, cold(problem, data))
    assert found.outcome.tolist() == [Outcome.CONVERGED, Outcome.SINGULAR, Outcome.CONVERGED]
    assert found.stage.tolist() == [-1, 1, -1]
    others = np.array([0, 2])
    alone = make_solver(problem, "core", compiled=compiled).solve(data.take(others), cold(problem, data.take(others)))
    np.testing.assert_array_equal(found.iterations[others], alone.iterations)
    np.testing.assert_allclose(found.point.u[:, others], alone.point.u, atol=1e-9)
