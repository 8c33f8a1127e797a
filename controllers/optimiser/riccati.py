"""One Newton step of a batch of stage-wise quadratic problems by a Riccati recursion.

Stage ``k`` has the variables ``z = (dx, du, dw)``, a quadratic model ``z' Phi z / 2 + phi' z`` and the linear dynamics ``J z + F = 0``,
with the end state's block of ``J`` regular. The end state is eliminated first (``dw = A dx + B du + b``), then the controls:

    Q = [I T]' Phi [I T] with the value function of what follows added to the end state's block,
    K = -Q_uu^{-1} Q_ux,   P = Q_xx + Q_xu K.

The step minimises where every ``Q_uu`` is positive definite, which is exactly the condition that the whole system has the right inertia.
Where one is not, its Cholesky pivots are corrected on the way (P. E. Gill and W. Murray, "Newton-type methods for unconstrained and
linearly constrained optimization", Mathematical Programming 7 (1974) 311-350): a negative pivot is turned round. That adds to the
Hessian only there where it lacks, in that problem, that stage and that direction, and needs no second factorisation.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

SMALLEST_PIVOT = 1e-11
"""Least pivot of ``Q_uu`` relative to its largest diagonal entry that counts as positive."""
REPLACED = 1e-8
"""Least pivot, relative to the same, that takes the place of one that does not."""


@dataclasses.dataclass(frozen=True)
class Quadratic:
    """One stage of all problems."""

    Phi: np.ndarray
    """``(B, n_z, n_z)``, symmetric."""
    phi: np.ndarray
    """``(B, n_z)``."""
    J: np.ndarray
    """``(B, n_x, n_z)``."""
    F: np.ndarray
    """``(B, n_x)``."""


@dataclasses.dataclass(frozen=True)
class Step:
    """Solution of the quadratic problems."""

    dx0: np.ndarray
    """``(B, n_x)``."""
    dz: np.ndarray
    """``(N, B, n_z)``."""
    dy: np.ndarray
    """Multipliers of the dynamics ``(N, B, n_x)``."""
    convex: np.ndarray
    """``(B,)``: every ``Q_uu`` was positive definite as it was."""


def correction(matrix: np.ndarray) -> np.ndarray:
    """What to add to the diagonals of symmetric matrices ``(B, n, n)`` to make them positive definite: zero where they are.

    >>> correction(np.array([[[2.0, 1.0], [1.0, 2.0]], [[1.0, 2.0], [2.0, 1.0]]]))
    array([[0., 0.],
           [0., 6.]])
    """
    a = matrix.copy()
    n = a.shape[-1]
    added = np.zeros(a.shape[:2])
    largest = np.maximum(np.max(np.abs(np.diagonal(a, axis1=1, axis2=2)), axis=1, initial=0.0), 1e-300)
    with np.errstate(all="ignore"):
        for j in range(n):
            pivot, column = a[:, j, j], a[:, j + 1 :, j]
            beside = np.max(np.abs(column), axis=1, initial=0.0)
            turned = np.maximum(np.maximum(np.abs(pivot), beside**2 / largest), REPLACED * largest)
            added[:, j] = np.where(pivot > SMALLEST_PIVOT * largest, 0.0, turned - pivot)
            a[:, j + 1 :, j + 1 :] -= column[:, :, None] * (column / (pivot + added[:, j])[:, None])[:, None, :]
    return added


def solve(
    n: int, nx: int, nu: int, stage: Callable[[int], Quadratic], dx0: np.ndarray, arrival: tuple[np.ndarray, np.ndarray] | None
) -> Step:
    """Backward and forward sweep.

    Args:
        n: stages.
        nx: states.
        nu: controls.
        stage: the quadratic model of stage ``k``; asked for twice.
        dx0: given change of the initial state ``(B, n_x)``; ignored where it is free.
        arrival: Hessian ``(B, n_x, n_x)`` and gradient ``(B, n_x)`` of the arrival cost where the initial state is free.
    """
    b, nv = dx0.shape[0], nx + nu
    T, offset = np.empty((n, b, nx, nv)), np.empty((n, b, nx))
    K, ahead = np.empty((n, b, nu, nx)), np.empty((n, b, nu))
    values = np.empty((n, b, nx, nx))
    slopes = np.empty((n, b, nx))
    P, pv = np.zeros((b, nx, nx)), np.zeros((b, nx))
    convex = np.ones(b, dtype=bool)
    for k in range(n - 1, -1, -1):
        q = stage(k)
        T[k], offset[k] = _eliminate(q, nv)
        values[k], slopes[k] = P, pv
        Pw = q.Phi[:, nv:, nv:] + P
        # (Phi_vw + T' Phi_ww), used for the quadratic and for the linear part.
        side = q.Phi[:, :nv, nv:] + T[k].transpose(0, 2, 1) @ Pw
        Q = q.Phi[:, :nv, :nv] + side @ T[k] + T[k].transpose(0, 2, 1) @ q.Phi[:, nv:, :nv]
        g = q.phi[:, :nv] + _times(T[k].transpose(0, 2, 1), q.phi[:, nv:] + pv) + _times(side, offset[k])
        Quu = Q[:, nx:, nx:]
        added = correction(Quu)
        convex &= (added == 0.0).all(axis=1)
        Quu[:, np.arange(nu), np.arange(nu)] += added
        solved = np.linalg.solve(Quu, np.concatenate([Q[:, nx:, :nx], g[:, nx:, None]], axis=2))
        K[k], ahead[k] = -solved[:, :, :nx], -solved[:, :, nx]
        P = Q[:, :nx, :nx] + Q[:, :nx, nx:] @ K[k]
        P = 0.5 * (P + P.transpose(0, 2, 1))
        pv = g[:, :nx] + _times(Q[:, :nx, nx:], ahead[k])
    if arrival is not None:
        H0 = P + arrival[0]
        added = correction(H0)
        convex &= (added == 0.0).all(axis=1)
        H0[:, np.arange(nx), np.arange(nx)] += added
        dx0 = -np.linalg.solve(H0, (pv + arrival[1])[..., None])[..., 0]
    dz, dy = np.empty((n, b, nv + nx)), np.empty((n, b, nx))
    dx = dx0
    for k in range(n):
        q = stage(k)
        du = _times(K[k], dx) + ahead[k]
        v = np.concatenate([dx, du], axis=1)
        dw = _times(T[k], v) + offset[k]
        dz[k] = np.concatenate([v, dw], axis=1)
        pull = _times(q.Phi[:, nv:], dz[k]) + q.phi[:, nv:] + _times(values[k], dw) + slopes[k]
        dy[k] = -np.linalg.solve(q.J[:, :, nv:].transpose(0, 2, 1), pull[..., None])[..., 0]
        dx = dw
    return Step(dx0, dz, dy, convex)


def _eliminate(q: Quadratic, nv: int) -> tuple[np.ndarray, np.ndarray]:
    solved = -np.linalg.solve(q.J[:, :, nv:], np.concatenate([q.J[:, :, :nv], q.F[:, :, None]], axis=2))
    return solved[:, :, :nv], solved[:, :, nv]


def _times(matrix: np.ndarray, vector: np.ndarray) -> np.ndarray:
    result: np.ndarray = (matrix @ vector[..., None])[..., 0]
    return result
