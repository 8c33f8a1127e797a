"""The Riccati step against a dense solve of the whole KKT system."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lowlift.controllers.optimiser.riccati import Quadratic, Step, correction, solve


@dataclasses.dataclass
class Lq:
    """Stages of random problems."""

    stages: list[Quadratic]
    J: np.ndarray
    F: np.ndarray

    def solve(self, dx0: np.ndarray, arrival: tuple[np.ndarray, np.ndarray] | None = None) -> Step:
        return solve(self.stages.__getitem__, self.J, self.F, dx0, arrival)


def _random(n: int, b: int, nx: int, nu: int, rng: np.random.Generator) -> Lq:
    nz = 2 * nx + nu
    J = rng.normal(size=(n, b, nx, nz))
    J[..., nx + nu :] += 4.0 * np.eye(nx)
    stages = []
    for _ in range(n):
        root = rng.normal(size=(b, nz, nz))
        stages.append(Quadratic(root @ root.transpose(0, 2, 1) + 0.1 * np.eye(nz), rng.normal(size=(b, nz))))
    return Lq(stages, J, rng.normal(size=(n, b, nx)))


def _dense(
    lq: Lq, k: int, nx: int, nu: int, dx0: np.ndarray, arrival: tuple[np.ndarray, np.ndarray] | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Problem ``k``: unknowns ``dx0, (du, dw) ...`` and multipliers, in one matrix."""
    n = len(lq.stages)
    size = nx + n * (nu + nx)

    def at(stage: int) -> np.ndarray:
        start = nx + stage * (nu + nx)
        x = np.arange(nx) if stage == 0 else np.arange(start - nx, start)
        return np.concatenate([x, np.arange(start, start + nu + nx)])

    H, g = np.zeros((size, size)), np.zeros(size)
    fixed = nx if arrival is None else 0
    A, r = np.zeros((n * nx + fixed, size)), np.zeros(n * nx + fixed)
    for j, q in enumerate(lq.stages):
        index = at(j)
        H[np.ix_(index, index)] += q.Phi[k]
        g[index] += q.phi[k]
        A[j * nx : (j + 1) * nx, index] += lq.J[j, k]
        r[j * nx : (j + 1) * nx] = -lq.F[j, k]
    if arrival is None:
        A[n * nx :, :nx], r[n * nx :] = np.eye(nx), dx0[k]
    else:
        H[:nx, :nx] += arrival[0][k]
        g[:nx] += arrival[1][k]
    kkt = np.block([[H, A.T], [A, np.zeros((len(A), len(A)))]])
    solved = np.linalg.solve(kkt, np.concatenate([-g, r]))
    body = solved[nx:size].reshape(n, nu + nx)
    return solved[:nx], body, solved[size : size + n * nx].reshape(n, nx)


@settings(max_examples=40)
@given(
    n=st.integers(1, 6), nx=st.integers(1, 4), nu=st.integers(1, 4), b=st.integers(1, 3), seed=st.integers(0, 2**32 - 1), free=st.booleans()
)
def test_step_is_that_of_the_dense_system(n: int, nx: int, nu: int, b: int, seed: int, free: bool) -> None:
    rng = np.random.default_rng(seed)
    lq = _random(n, b, nx, nu, rng)
    dx0 = rng.normal(size=(b, nx))
    arrival = (np.broadcast_to(2.0 * np.eye(nx), (b, nx, nx)), rng.normal(size=(b, nx))) if free else None
    step = lq.solve(dx0, arrival)
    assert step.convex.all()
    for k in range(b):
        x0, body, y = _dense(lq, k, nx, nu, dx0, arrival)
        scale = 1.0 + max(np.abs(body).max(), np.abs(y).max())
        np.testing.assert_allclose(step.dx0[k], x0, atol=1e-7 * scale)
        np.testing.assert_allclose(step.dz[:, k, nx:], body, atol=1e-7 * scale)
        np.testing.assert_allclose(step.dy[:, k], y, atol=1e-7 * scale)


def test_concave_controls_are_told_and_lead_downhill() -> None:
    rng = np.random.default_rng(4)
    lq = _random(5, 2, 2, 2, rng)
    lq.F[:] = 0.0
    lq.stages[3].Phi[1, 2:4, 2:4] -= 300.0 * np.eye(2)
    step = lq.solve(np.zeros((2, 2)))
    np.testing.assert_array_equal(step.convex, [True, False])
    downhill = sum(np.einsum("bi,bi->b", q.phi, step.dz[k]) for k, q in enumerate(lq.stages))
    assert np.all(downhill < 0.0)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 6))
def test_correction_makes_positive_definite_and_leaves_what_is(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(1, n, n))
    good = root @ root.transpose(0, 2, 1) + 0.1 * np.eye(n)
    np.testing.assert_array_equal(correction(good), 0.0)
    any_symmetric = root + root.transpose(0, 2, 1)
    added = correction(any_symmetric)
    assert np.all(added >= 0.0)
    assert np.linalg.eigvalsh(any_symmetric + added[..., None] * np.eye(n)).min() > 0.0


def test_correction_is_measured_by_its_own_row() -> None:
    """A control at its bound, with an enormous barrier term, must not hold another one where it is."""
    matrix = np.array([[[1e12, 1.0, 0.0], [1.0, -1e-2, 0.0], [0.0, 0.0, 1e-6]]])
    added = correction(matrix)[0]
    assert added[0] == added[2] == 0.0
    assert added[1] == pytest.approx(0.02, rel=1e-6)


@pytest.mark.parametrize("dependent", [False, True])
def test_a_stage_whose_end_state_is_not_determined_is_told(dependent: bool) -> None:
    """Also where its rows are dependent but for rounding; the other problem must not notice."""
    lq, dx0 = _random(3, 2, 2, 1, np.random.default_rng(0)), np.zeros((2, 2))
    before = lq.solve(dx0)
    assert before.singular.tolist() == [-1, -1]
    lq.J[1:, 1, :, 3:] = [[0.1, 0.3], [0.7, 2.1]] if dependent else 0.0
    step = lq.solve(dx0)
    assert step.singular.tolist() == [-1, 1]
    np.testing.assert_allclose(step.dz[:, 0], before.dz[:, 0], rtol=1e-12)
    np.testing.assert_allclose(step.dy[:, 0], before.dy[:, 0], rtol=1e-12)


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_units_do_not_make_a_stage_singular(scale: float) -> None:
    lq, dx0 = _random(3, 2, 2, 1, np.random.default_rng(0)), np.zeros((2, 2))
    lq.J[1, :, 0] *= scale
    lq.F[1, :, 0] *= scale
    lq.J[1, :, :, 4] *= scale
    assert lq.solve(dx0).singular.tolist() == [-1, -1]
