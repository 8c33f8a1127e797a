"""Directions of wide problems against one dense system of the flat problem, its inertia, and the compiled path."""

import numpy as np
import pytest
from compiler_here import needs_compiler
from wide_cases import batch, cold, taps, wide_interior_point

from lowlift.controllers.optimiser.derivatives import stage_functions
from lowlift.controllers.optimiser.evaluation import NumpyEvaluator
from lowlift.controllers.optimiser.inequalities import Inequalities
from lowlift.controllers.optimiser.interior_point import InteriorPoint
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.newton import NumpyNewton, System
from lowlift.controllers.optimiser.wide_problem import WideProblem

STAGES, SIZE = 3, 4
PROBLEM = taps(STAGES)


def somewhere(method: InteriorPoint, problem: WideProblem, seed: int, spread: float) -> tuple[System, np.ndarray, np.ndarray]:
    """A system at a random interior point of a batch, its barrier parameters, and the batch's parameters."""
    rng, flat, data = np.random.default_rng(seed), problem.flat, batch(problem, SIZE, seed)
    point = cold(problem, data)
    for name in ("u", "w", "s"):
        v = getattr(point, name)
        v += rng.uniform(-0.1, 0.1, v.shape)
    point.s += 0.2
    point.t[:] = rng.uniform(0.1, 1.0, point.t.shape)
    point.lam[:] = rng.uniform(0.1, 1.0, point.lam.shape)
    point.y[:] = rng.normal(0.0, spread, point.y.shape)
    rows = method.rows
    second = method.evaluator.second(point.x, point.u, point.w, data.p, point.y, point.lam[..., rows.path])
    G = method.measures.stack(second.values.c, point, rows.bounds(data))
    found = method.measures.residuals(data, point, second, G)
    dx0 = rng.normal(0.0, 0.1, data.x0.shape)
    system = System(point, second, G, found.slack_gradient, data.slack_quadratic, dx0, None)
    assert flat.ny == point.y.shape[-1]
    return system, rng.uniform(1e-3, 1e-1, SIZE), data.p


def dense(problem: WideProblem, system: System, mu: float, p: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, int, int]:
    """Matrix and right side of Newton's system of problem ``k``: variables ``(u, w, s)`` of all stages, ``t``, then multipliers."""
    flat = problem.flat
    rows, f = Inequalities(flat), stage_functions(flat)
    q = system.point.take(np.array([k]))
    d = NumpyEvaluator(flat, f).second(q.x, q.u, q.w, p[:, [k]], q.y, q.lam[..., rows.path])
    n, nx, nu, ns, ny, m = STAGES, flat.nx, flat.nu, flat.ns, flat.ny, rows.size
    per = nu + nx + ns
    size, equations = n * per + n * m, n * ny + n * m
    H, A, g, r = np.zeros((size, size)), np.zeros((equations, size)), np.zeros(size), np.zeros(equations)
    gu, gw, _ = rows.pull_back(q.lam)
    for j in range(n):
        here = per * j
        z = np.concatenate([here - per + nu + np.arange(nx), here + np.arange(nu + nx)])
        known = slice(nx, None) if j == 0 else slice(None)
        hessian, dF, dc = np.zeros((flat.nz, flat.nz)), np.zeros((ny, flat.nz)), np.zeros((flat.nc, flat.nz))
        hessian[f.hessian_at] = d.hessian[j, 0]
        hessian.T[f.hessian_at] = d.hessian[j, 0]
        dF[f.dynamics_at], dc[f.path_at] = d.dF[j, 0], d.dc[j, 0]
        H[np.ix_(z[known], z[known])] += hessian[known, known]
        g[z[known]] += d.gradient[j, 0][known]
        e, i = ny * j, n * ny + m * j
        A[e : e + ny, z[known]] = dF[:, known]
        r[e : e + ny] = d.values.F[j, 0]
        # All inequalities: their slopes by the changes they see.
        slopes = np.zeros((m, flat.nz + ns))
        for column in range(flat.nz + ns):
            v = np.zeros(flat.nz + ns)
            v[column] = 1.0
            slopes[:, column] = rows.along(dc @ v[: flat.nz], v[nx : nx + nu], v[nx + nu : flat.nz], v[flat.nz :])
        at_s = here + nu + nx + np.arange(ns)
        columns = np.concatenate([z, at_s])[known]
        A[i : i + m, columns] = slopes[:, known]
        at_t = n * per + m * j + np.arange(m)
        A[i : i + m, at_t] = np.eye(m)
        r[i : i + m] = system.G[j, k] + q.t[j, 0]
        if j == 0:
            # The initial state moves by a given amount.
            r[e : e + ny] += dF[:, :nx] @ system.dx0[k]
            r[i : i + m] += slopes[:, :nx] @ system.dx0[k]
            g[z[nx:]] += hessian[nx:, :nx] @ system.dx0[k]
        H[at_s, at_s] = 2.0 * system.slack_quadratic[j, k]
        H[at_t, at_t] = q.lam[j, 0] / q.t[j, 0]
        g[here : here + nu + nx] += np.concatenate([gu[j, 0], gw[j, 0]])
        g[at_s] = system.slack_gradient[j, k]
        g[at_t] = q.lam[j, 0] - mu / q.t[j, 0]
    # Multipliers of the inequalities are the unknown change: H dt + dlam = -(lam - mu / t).
    K = np.block([[H, A.T], [A, np.zeros((equations, equations))]])
    return K, -np.concatenate([g, r]), size, equations


@pytest.mark.parametrize("seed", range(3))
def test_direction_is_that_of_the_dense_system(seed: int) -> None:
    method = wide_interior_point(PROBLEM, kernel=False)
    system, mu, p = somewhere(method, PROBLEM, seed, 0.1)
    direction, convex, _ = method.newton.direction(system, mu, np.full(SIZE, 0.0))
    assert convex.all()
    flat = PROBLEM.flat
    per = flat.nu + flat.nx + flat.ns
    for k in range(SIZE):
        K, right, size, _ = dense(PROBLEM, system, mu[k], p, k)
        expected = np.linalg.solve(K, right)
        primal = expected[: STAGES * per].reshape(STAGES, per)
        got = np.concatenate([direction.u[:, k], direction.w[:, k], direction.s[:, k]], axis=1)
        np.testing.assert_allclose(got, primal, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(direction.t[:, k].ravel(), expected[STAGES * per : size], rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(direction.y[:, k].ravel(), expected[size : size + STAGES * flat.ny], rtol=1e-8, atol=1e-9)
        np.testing.assert_allclose(direction.lam[:, k].ravel(), expected[size + STAGES * flat.ny :], rtol=1e-8, atol=1e-9)
        np.testing.assert_allclose(direction.x0[k], system.dx0[k])
        assert np.sum(np.linalg.eigvalsh(K) > 0.0) == size


def test_what_is_said_to_be_convex_has_the_right_inertia() -> None:
    """Large multipliers of the equations: some problems are concave somewhere."""
    method, said = wide_interior_point(PROBLEM, kernel=False), []
    for seed in range(6):
        system, mu, p = somewhere(method, PROBLEM, seed, 3.0)
        _, convex, _ = method.newton.direction(system, mu, np.zeros(SIZE))
        for k in range(SIZE):
            K, _, size, equations = dense(PROBLEM, system, mu[k], p, k)
            values = np.linalg.eigvalsh(K)
            right = np.sum(values > 0.0) == size and np.sum(values < 0.0) == equations
            assert right or not convex[k]
            said.append(bool(convex[k]))
    assert any(said)
    assert not all(said)


def test_shift_makes_every_problem_convex() -> None:
    method = wide_interior_point(PROBLEM, kernel=False)
    system, mu, _ = somewhere(method, PROBLEM, 1, 3.0)
    assert method.newton.direction(system, mu, np.full(SIZE, 1e3)).convex.all()


def test_problems_do_not_disturb_each_other() -> None:
    method = wide_interior_point(PROBLEM, kernel=False)
    system, mu, _ = somewhere(method, PROBLEM, 2, 1.0)
    whole, *_ = method.newton.direction(system, mu, np.zeros(SIZE))
    for k in range(SIZE):
        one = np.array([k])
        alone, *_ = method.newton.direction(system.take(one), mu[one], np.zeros(1))
        assert_equal(whole.take(one), alone)


def test_steps_out_of_all_bounds_are_no_numbers() -> None:
    """Another problem of the batch must not notice; nothing may overflow (warnings are errors)."""
    method = wide_interior_point(PROBLEM, kernel=False)
    system, mu, _ = somewhere(method, PROBLEM, 0, 0.1)
    alone, *_ = method.newton.direction(system, mu, np.zeros(SIZE))
    system.dx0[1] = 1e40
    direction, convex, _ = method.newton.direction(system, mu, np.zeros(SIZE))
    assert convex.tolist() == [True, False, True, True]
    assert np.isnan(direction.u[:, 1]).all()
    others = np.array([0, 2, 3])
    assert_equal(direction.take(others), alone.take(others))


def test_ordinary_directions_refuse_algebraic_controls() -> None:
    with pytest.raises(NotImplementedError, match="taps: 4 algebraic controls"):
        NumpyNewton(Inequalities(PROBLEM.core), stage_functions(PROBLEM.core))


@needs_compiler
def test_compiled_direction_is_the_same() -> None:
    plain, compiled = wide_interior_point(PROBLEM, kernel=False), wide_interior_point(PROBLEM, kernel=True)
    for seed, spread in ((0, 0.1), (1, 0.3), (3, 3.0)):
        system, mu, p = somewhere(plain, PROBLEM, seed, spread)
        q = system.point
        second = compiled.evaluator.second(q.x, q.u, q.w, p, q.y, q.lam[..., plain.rows.path])
        again = System(q, second, system.G, system.slack_gradient, system.slack_quadratic, system.dx0, None)
        (a, convex, _), (b, likewise, _) = (
            plain.newton.direction(system, mu, np.zeros(SIZE)),
            compiled.newton.direction(again, mu, np.zeros(SIZE)),
        )
        assert np.array_equal(convex, likewise)
        # Directions of concave problems pass pivots near zero, which magnify rounding.
        assert_equal(a.take(np.flatnonzero(convex)), b.take(np.flatnonzero(convex)))


def assert_equal(a: Iterate, b: Iterate) -> None:
    for name in ("x0", "u", "w", "s", "t", "lam", "y"):
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=1e-8, atol=1e-9, err_msg=name)
