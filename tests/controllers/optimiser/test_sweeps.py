"""Jacobians and Hessians by sweeps over nodes, against CasADi's own."""

import casadi as ca
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lowlift.controllers.optimiser.sweeps import Sweeps
from lowlift.controllers.plan_problem import PlanProblem
from lowlift.models import load

UNARY = (
    ca.sin,
    ca.exp,
    ca.sqrt,
    ca.tanh,
    ca.fabs,
    lambda a: a * a,
    lambda a: 1.0 / a,
    lambda a: -a,
    lambda a: ca.fmax(a, 0.8),
    lambda a: a**1.7,
)
BINARY = (
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / b,
    ca.fmin,
    lambda a, b: ca.if_else(a < b, a * b, b),
)
STEPS = st.lists(st.tuples(st.integers(0, 15), st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=25)


def _agree(outputs: ca.SX, v: ca.SX, others: ca.SX, seed: int) -> None:
    """Same values and no nonzero that CasADi's derivatives do not have."""
    weights = ca.SX.sym("weights", outputs.numel())
    hessian, gradient = ca.hessian(ca.dot(weights, outputs), v)
    sweeps = Sweeps(outputs, v)
    lower, slope = sweeps.hessian(weights)
    ours, theirs = (
        [sweeps.jacobian(), lower, slope, sweeps.gradient(weights)],
        [ca.jacobian(outputs, v), ca.tril(hessian), gradient, gradient],
    )
    f, g = (ca.Function(name, [v, others, weights], [ca.densify(e) for e in some]) for name, some in (("f", ours), ("g", theirs)))
    rng = np.random.default_rng(seed)
    at = [rng.uniform(0.3, 1.5, s.numel()) for s in (v, others, weights)]
    for mine, reference in zip(f.call(at), g.call(at), strict=True):
        a, b = np.array(mine), np.array(reference)
        scale = np.max(np.abs(b[np.isfinite(b)]), initial=1.0)
        np.testing.assert_allclose(a / scale, b / scale, rtol=1e-9, atol=1e-11)


@settings(deadline=None, max_examples=60)
@given(steps=STEPS, seed=st.integers(0, 1000))
def test_random_graphs(steps: list[tuple[int, int, int]], seed: int) -> None:
    v, p = ca.SX.sym("v", 3), ca.SX.sym("p", 2)
    values = [*ca.vertsplit(v), *ca.vertsplit(p), ca.SX(0.7)]
    for operation, first, second in steps:
        a, b = values[first % len(values)], values[second % len(values)]
        # Kept near one, so that no chain of operations leaves the numbers that can be compared.
        result = UNARY[operation](0.5 + ca.fabs(a)) if operation < len(UNARY) else BINARY[operation - len(UNARY)](a, 1.0 + ca.fabs(b))
        values.append(result / (1.0 + ca.fabs(result)) + 0.3)
    _agree(ca.vertcat(values[-1], values[len(values) // 2], 2.0 * v[0] + p[0], ca.SX(3.0)), v, p, seed)


@pytest.mark.parametrize("site", ["gb200_hall", "frontier"])
def test_stages_of_halls(site: str) -> None:
    s = PlanProblem(load(site), (900.0,) * 4, None, 1.7).ocp.structure
    x, u, w, p = (ca.SX.sym(n, k) for n, k in (("x", s.nx), ("u", s.nu), ("w", s.nx), ("p", s.n_parameters)))
    stage = s.stage(x, u, w, p)
    _agree(ca.vertcat(stage.dynamics, stage.path, stage.cost), ca.vertcat(x, u, w), p, 0)


def test_what_depends_on_nothing_has_no_derivatives() -> None:
    v, p = ca.SX.sym("v", 2), ca.SX.sym("p")
    sweeps = Sweeps(ca.vertcat(ca.SX(0), p, v[1]), v)
    lower, slope = sweeps.hessian(ca.SX([5.0, 6.0, 7.0]))
    assert sweeps.jacobian().sparsity().get_triplet() == ([2], [1])
    assert lower.nnz() == 0
    assert [float(k) for k in ca.vertsplit(slope)] == [0.0, 7.0]


def test_fewer_operations_than_colours() -> None:
    """Why it is there: a third fewer on a hall."""
    s = PlanProblem(load("gb200_hall"), (900.0,) * 4, None, 1.7).ocp.structure
    x, u, w, p = (ca.SX.sym(n, k) for n, k in (("x", s.nx), ("u", s.nu), ("w", s.nx), ("p", s.n_parameters)))
    y, lam = ca.SX.sym("y", s.ny), ca.SX.sym("lam", s.nc)
    stage, v = s.stage(x, u, w, p), ca.vertcat(x, u, w)
    outputs = ca.vertcat(stage.dynamics, stage.path, stage.cost)
    weights = ca.vertcat(y, lam, 1.0)
    plain = ca.tril(ca.hessian(ca.dot(weights, outputs), v)[0])
    by = [
        ca.Function("h", [x, u, w, p, y, lam], [h], {"cse": True}).n_instructions() for h in (Sweeps(outputs, v).hessian(weights)[0], plain)
    ]
    assert by[0] < 0.75 * by[1]
