"""Values and derivatives of wide problems against the flat problem's own graphs, and solutions against IPOPT."""

import dataclasses

import numpy as np
import pytest
from wide_cases import BLOCKS, batch, by_ipopt, cold, taps, wide_interior_point

from lowlift.controllers.optimiser import BatchResult, Clock, Explanation, cold_start, explain, make_solver
from lowlift.controllers.optimiser.evaluation import Evaluator, FirstOrder, NumpyEvaluator
from lowlift.controllers.optimiser.interior_point import Options
from lowlift.controllers.optimiser.wide_functions import block_functions


def test_values_and_gradients_are_those_of_the_flat_problem() -> None:
    problem, rng = taps(2), np.random.default_rng(0)
    flat, data = problem.flat, batch(problem, 3)
    q = cold(problem, data)
    u, w = q.u + rng.uniform(-0.2, 0.2, q.u.shape), q.w + rng.uniform(-0.2, 0.2, q.w.shape)
    y, lam = rng.normal(0.0, 1.0, q.y.shape), rng.uniform(0.0, 1.0, (2, 3, flat.nc))
    ours, plain = wide_interior_point(problem, kernel=False).evaluator, NumpyEvaluator(flat)
    a, b = ours.second(q.x, u, w, data.p, y, lam), plain.second(q.x, u, w, data.p, y, lam)
    light, first = ours.values(q.x, u, w, data.p), ours.first(q.x, u, w, data.p, y, lam)
    for name in ("F", "c", "cost"):
        expected = getattr(b.values, name)
        for values in (a.values, light, first.values):
            np.testing.assert_allclose(getattr(values, name), expected, rtol=1e-12, atol=1e-12)
    for name in ("slope", "gradient"):
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=1e-11, atol=1e-11)
    np.testing.assert_array_equal(first.gradient, a.gradient)


def test_solutions_are_those_of_ipopt() -> None:
    problem = taps(4)
    method, size = wide_interior_point(problem, kernel=False), 6
    data = batch(problem, size, seed=7)
    start = cold(problem, data)
    found = method.solve(data, start, Options(tolerance=1e-9))
    assert found.converged.all()
    for k in range(size):
        one = np.array([k])
        expected = by_ipopt(problem.flat, data.take(one), start.take(one), 1e-10)
        assert found.objective[k] == pytest.approx(expected, rel=1e-6)


def test_graphs_do_not_grow_with_stages() -> None:
    few, many = (block_functions(taps(n).structure) for n in (2, 50))
    assert [f.n_instructions() for f in few.all] == [f.n_instructions() for f in many.all]


def test_structures_that_do_not_fit_are_refused() -> None:
    problem = taps(2)
    with pytest.raises(ValueError, match=r"taps: links has shape \(2, 2\): must be \(5, 2\)"):
        dataclasses.replace(problem, links=problem.links[:2])
    with pytest.raises(ValueError, match="taps: sums has entries outside 0 to 3"):
        dataclasses.replace(problem, sums=problem.sums + 2)
    mixed = np.array([0, 2, 1, 3, 4])
    with pytest.raises(ValueError, match="side by side"):
        dataclasses.replace(problem, links=problem.links[mixed], sums=problem.sums[mixed])
    with pytest.raises(ValueError, match=r"block: low has shape \(2,\): must be \(3,\)"):
        dataclasses.replace(problem.structure, low=np.zeros(2))
    with pytest.raises(ValueError, match="equations has 1 rows: must be 2"):
        block_functions(dataclasses.replace(problem.structure, determined=2))
    assert problem.size == BLOCKS


def test_a_plan_is_explained_and_starts_cold_like_any_other() -> None:
    problem = taps(3)
    flat, data = problem.flat, batch(problem, 2, 1)
    method = wide_interior_point(problem, kernel=False)
    start = cold_start(flat, data)
    assert start.y.shape == (3, 2, flat.ny)
    found = method.solve(data, start, Options())
    assert found.converged.all() and found.take(np.array([1])).solver.tolist() == ["core"]
    clock = Clock(900.0 * np.arange(4), np.full(3, 0.25))

    def told(result: BatchResult) -> Explanation:
        return explain(method.rows, method.evaluator, data, result, clock, problem=1)

    assert "largest KKT errors" in str(told(found)) and told(found).violations["softened"].all()
    # Of the flat form: states, the core's algebraic controls, then each block's determined variable.
    names = ["dynamics of hot", "dynamics of cold", *(f"equation of {c}" for c in problem.core.controls[1:]),
             *(f"equation of T[tap {k}]" for k in range(BLOCKS))]  # fmt: skip
    for j, name in enumerate(names):
        evaluator = Shifted(method.evaluator, j)
        worst = explain(method.rows, evaluator, data, found, clock, problem=1).violations.iloc[0]
        assert worst["constraint"] == name and worst["amount"] == pytest.approx(0.5, abs=1e-5)
        assert worst["from_min"] == 15.0 and not worst["softened"]


class Shifted:
    """Evaluates with an error in one row of ``F``, in the second stage."""

    def __init__(self, true: Evaluator, row: int) -> None:
        self.true, self.row = true, row

    def first(self, *arguments: np.ndarray) -> FirstOrder:
        there = self.true.first(*arguments)
        there.values.F[1, :, self.row] += 0.5
        return there


def test_who_cannot_solve_a_wide_problem_says_so() -> None:
    for backend in ("core", "fatrop", "ipopt"):
        with pytest.raises(ValueError, match=r"taps: algebraic = 9: must be 0, unless it is the core of a WideProblem"):
            make_solver(taps(2).flat, backend, compiled=False)
