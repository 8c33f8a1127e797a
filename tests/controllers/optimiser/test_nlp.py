"""The program for solvers from elsewhere: the same cost, rows and multipliers as the stages."""

import dataclasses

import numpy as np
import pytest
from stage_problems import room, rooms

from lowlift.controllers.optimiser import FatropSolver, IpoptSolver, Iterate, cold_start, make_solver
from lowlift.controllers.optimiser.inequalities import Inequalities
from lowlift.controllers.optimiser.measures import NumpyMeasures
from lowlift.controllers.optimiser.nlp import ShootingProgram
from lowlift.controllers.optimiser.store import core_parts

BACKENDS = ("core", "fatrop", "ipopt")


def random_point(rows: Inequalities, data, seed: int = 1) -> Iterate:
    rng, p = np.random.default_rng(seed), rows.problem
    n, b = p.n_stages, data.size
    sizes = {"u": p.nu, "w": p.nx, "s": p.ns, "t": rows.size, "lam": rows.size, "y": p.nx}
    return Iterate(x0=data.x0.copy(), **{k: rng.uniform(0.1, 0.9, (n, b, size)) for k, size in sizes.items()})


def test_cost_and_rows_are_those_of_the_stages() -> None:
    import casadi as ca

    problem = room()
    data, parts = rooms(problem, 2), core_parts(room(), compiled=False)
    program, point = ShootingProgram(parts.rows), random_point(parts.rows, data)
    f = ca.Function("f", [program.nlp["x"], program.nlp["p"]], [program.nlp["f"], program.nlp["g"]])
    values = parts.evaluator.values(point.x, point.u, point.w, data.p)
    G = parts.rows.stack(values.c, point.u, point.w, point.s, parts.rows.bounds(data))
    cost = NumpyMeasures(parts.rows).merit(data, point, values, G).cost
    for i in range(2):
        got, g = (np.asarray(v).ravel() for v in f(program.guess(point, i), program.parameters(data, i)))
        assert got[0] == pytest.approx(cost[i], rel=1e-12)
        inequalities = g[~program.equality].reshape(problem.n_stages, -1)
        np.testing.assert_allclose(inequalities, G[:, i, parts.rows.path], atol=1e-12)
        tail = np.abs(g[program.equality]).sum()
        assert tail == pytest.approx(np.abs(values.F[:, i]).sum(), rel=1e-9)


@pytest.mark.parametrize("backend", ["fatrop", "ipopt"])
def test_multipliers_satisfy_the_same_conditions(backend: str) -> None:
    """The verdict comes from the core's residuals, so multipliers of the wrong sign or place would never pass."""
    problem = room()
    data = rooms(problem, 4)
    found = make_solver(problem, backend, tolerance=1e-6, compiled=False).solve(data, cold_start(problem, data))
    assert found.converged.all() and np.all(found.kkt_error <= 1e-6)
    assert np.all(found.point.lam >= 0.0) and np.abs(found.point.y).max() > 1e-3
    np.testing.assert_allclose(found.point.x0, data.x0)


@pytest.mark.parametrize("kind", [FatropSolver, IpoptSolver])
def test_what_is_prepared_is_not_built_again(kind: type[FatropSolver | IpoptSolver]) -> None:
    problem = room()
    data = rooms(problem, 2)
    solver = kind(core_parts(problem, compiled=False), tolerance=1e-6)
    solver.prepare(data)
    built = solver.build_seconds
    assert built > 0.0 and solver.solve(data, cold_start(problem, data)).converged.all() and solver.build_seconds == built


@pytest.mark.parametrize("backend", ["fatrop", "ipopt"])
def test_fixed_controls_may_change_from_call_to_call(backend: str) -> None:
    problem = room()
    data = rooms(problem, 1)
    solver = make_solver(problem, backend, tolerance=1e-6, compiled=False)
    low, high = (np.tile(v, (problem.n_stages, 1, 1)) for v in (problem.u_low, problem.u_high))
    for k in (0, 1):
        fixed_low, fixed_high = low.copy(), high.copy()
        fixed_low[2, 0, k] = fixed_high[2, 0, k] = 0.25
        pinned = dataclasses.replace(data, u_low=fixed_low, u_high=fixed_high)
        found = solver.solve(pinned, cold_start(problem, pinned))
        core = make_solver(problem, "core", compiled=False).solve(pinned, cold_start(problem, pinned))
        assert found.point.u[2, 0, k] == pytest.approx(0.25, abs=1e-6)
        assert found.objective[0] == pytest.approx(core.objective[0], rel=1e-4)


def test_a_free_initial_state_has_its_arrival_cost() -> None:
    problem, data = room(), rooms(room(), 3)
    weight = np.array([[4.0, 1.0], [1.0, 2.0]])
    free = dataclasses.replace(data, arrival=np.tile(weight, (3, 1, 1)))
    found = {b: make_solver(problem, b, tolerance=1e-6, compiled=False).solve(free, cold_start(problem, free)) for b in BACKENDS}
    given = make_solver(problem, "core", compiled=False).solve(data, cold_start(problem, data))
    for result in found.values():
        assert result.converged.all()
        np.testing.assert_allclose(result.objective, found["core"].objective, rtol=1e-5, atol=6e-6)
        np.testing.assert_allclose(result.point.x0, found["core"].point.x0, atol=1e-3)
        assert np.all(result.objective < given.objective) and np.abs(result.point.x0 - data.x0).max() > 1e-2
