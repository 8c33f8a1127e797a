"""The compiled path equals the NumPy path."""

import dataclasses

import numpy as np
import pytest
from compiler_here import needs_compiler
from core_cases import batch, cold, methods, tanks

from lowlift.controllers.optimiser.interior_point import Options
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.newton import System

pytestmark = needs_compiler


def _somewhere(size: int, seed: int, *, arrival: bool, w_high: float) -> tuple:
    n = 7
    problem = tanks(n, w_high=w_high)
    data = batch(n, size, seed, arrival=arrival)
    plain, compiled = methods(problem, kernel=False), methods(problem, kernel=True)
    rng = np.random.default_rng(seed + 1)
    point = cold(problem, data)
    shapes = dataclasses.asdict(point)
    point = Iterate(**{name: v + rng.uniform(0.05, 0.3, v.shape) for name, v in shapes.items()})
    return problem, data, plain, compiled, point


@pytest.mark.parametrize(("size", "arrival", "w_high"), [(1, False, np.inf), (3, True, 4.0), (9, False, 4.0), (17, True, np.inf)])
def test_evaluation_direction_and_measures(size: int, arrival: bool, w_high: float) -> None:
    _, data, plain, compiled, q = _somewhere(size, 3, arrival=arrival, w_high=w_high)
    rows = plain.rows
    bounds = rows.bounds(data)
    arguments = (q.x, q.u, q.w, data.p, q.y, q.lam[..., rows.path])
    one, two = plain.evaluator.second(*arguments), compiled.evaluator.second(*arguments)
    for a, b in (
        (plain.evaluator.values(*arguments[:4]), compiled.evaluator.values(*arguments[:4])),
        (plain.evaluator.first(*arguments), compiled.evaluator.first(*arguments)),
        (one, two),
    ):
        _same(dataclasses.asdict(a), dataclasses.asdict(b))
    G = plain.measures.stack(one.values.c, q, bounds)
    _same({"G": G}, {"G": compiled.measures.stack(one.values.c, q, bounds)})
    residuals = [m.measures.residuals(data, q, one, G) for m in (plain, compiled)]
    _same(*(dataclasses.asdict(r) for r in residuals))
    slope = (data.arrival @ (q.x0 - data.x0)[..., None])[..., 0] if arrival else None
    system = System(
        q, one, G, residuals[0].slack_gradient, data.slack_quadratic, data.x0 - q.x0, (data.arrival, slope) if arrival else None
    )
    mu, shift = np.linspace(0.01, 0.1, size), np.linspace(0.0, 2.0, size)
    (d, good, _), (e, well, _) = (m.newton.direction(system, mu, shift) for m in (plain, compiled))
    np.testing.assert_array_equal(good, well)
    _same(dataclasses.asdict(d), dataclasses.asdict(e))
    tau = np.full(size, 0.99)
    for measure in (
        lambda m: m.measures.reach(q, d, tau),
        lambda m: dataclasses.astuple(m.measures.merit(data, q, one.values, G)),
        lambda m: m.measures.slope(data, q, d, one),
        lambda m: dataclasses.astuple(m.measures.moved(q, d, 0.3 * tau, 0.7 * tau)),
    ):
        for a, b in zip(measure(plain), measure(compiled), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10)


def test_what_is_not_a_number_stays_so() -> None:
    _, data, plain, compiled, q = _somewhere(4, 5, arrival=False, w_high=np.inf)
    arguments = (q.x, q.u, q.w, data.p, q.y, q.lam[..., plain.rows.path])
    second = plain.evaluator.second(*arguments)
    second.values.F[2, 1, 0] = np.nan
    G = plain.measures.stack(second.values.c, q, plain.rows.bounds(data))
    for m in (plain, compiled):
        error = m.measures.residuals(data, q, second, G).error(0.0)
        np.testing.assert_array_equal(np.isnan(error), [False, True, False, False])


@pytest.mark.parametrize("size", [1, 20])
def test_solutions(size: int) -> None:
    n = 12
    problem, data = tanks(n), batch(n, size)
    one, two = (methods(problem, kernel=kernel).solve(data, cold(problem, data), Options()) for kernel in (False, True))
    assert one.converged.all()
    np.testing.assert_array_equal(one.iterations, two.iterations)
    np.testing.assert_allclose(one.objective, two.objective, rtol=1e-8)
    np.testing.assert_allclose(one.point.u, two.point.u, atol=1e-8)


@pytest.mark.parametrize("kind", [np.float32, np.int64, np.bool_])
@pytest.mark.parametrize("kernel", [False, True])
def test_numbers_of_any_real_kind_mean_what_they_say(kernel: bool, kind: type) -> None:
    """A kernel reads memory, so what it gets must be double precision."""
    n = 6
    problem, data = tanks(n), batch(n, 4)
    whole = {name: np.round(getattr(data, name)).astype(kind) for name in ("x0", "p", "slack_linear")}
    whole["slack_linear"] = np.full(data.slack_linear.shape, 1, dtype=kind)
    given = dataclasses.replace(data, **whole)
    meant = dataclasses.replace(data, **{name: v.astype(float) for name, v in whole.items()})
    start = cold(problem, meant)
    rounded = Iterate(**{name: np.round(v).astype(kind) for name, v in vars(start).items()})
    solver = methods(problem, kernel=kernel)
    one, two = (solver.solve(d, q, Options(max_iterations=5)) for d, q in ((given, rounded), (meant, _as_float(rounded))))
    np.testing.assert_array_equal(one.point.u, two.point.u)
    evaluator = solver.evaluator
    single = (start.x, start.u, start.w, meant.p)
    for a, b in zip(*(vars(evaluator.values(*(v.astype(k) for v in single))).values() for k in (np.float32, float)), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def _as_float(point: Iterate) -> Iterate:
    return Iterate(**{name: v.astype(float) for name, v in vars(point).items()})


def test_what_is_no_real_number_is_named() -> None:
    data = batch(3, 2)
    with pytest.raises(ValueError, match=r"p holds complex128: must be real numbers"):
        dataclasses.replace(data, p=data.p + 1j)
    with pytest.raises(ValueError, match=r"u holds object"):
        dataclasses.replace(cold(tanks(3), data), u=np.full((3, 2, 2), None))


def _same(one: dict, two: dict) -> None:
    for name, value in one.items():
        if isinstance(value, dict):
            _same(value, two[name])
            continue
        scale = 1.0 + np.max(np.abs(value), initial=0.0)
        np.testing.assert_allclose(value, two[name], atol=1e-9 * scale, rtol=0.0, err_msg=name)
