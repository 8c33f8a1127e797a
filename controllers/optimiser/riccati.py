"""One Newton step of a batch of stage-wise quadratic problems by a Riccati recursion.

Stage ``k`` has the variables ``z = (dx, du, dw)``, a quadratic model ``z' Phi z / 2 + phi' z`` and the linear dynamics ``J z + F = 0``, with
the end state's block of ``J`` regular. The end state is eliminated first (``dw = A dx + B du + b``), then the controls:

    Q = [I T]' Phi [I T] with the value function of what follows added to the end state's block,
    K = -Q_uu^{-1} Q_ux,   P = Q_xx + Q_xu K.

The step minimises where every ``Q_uu`` is positive definite; that is exactly the condition that the whole system has the right inertia, and it is
reported problem by problem.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

SMALLEST_PIVOT = 1e-11
"""Least pivot of ``Q_uu`` relative to its largest diagonal entry that counts as positive."""


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
    """``(B,)``: every ``Q_uu`` was positive definite."""


def positive(matrix: np.ndarray) -> np.ndarray:
    """Which symmetric matrices ``(B, n, n)`` are positive definite: Cholesky pivots, one at a time for all.

    >>> positive(np.array([[[2.0, 1.0], [1.0, 2.0]], [[1.0, 2.0], [2.0, 1.0]]]))
    array([ True, False])
    """
    a = matrix.copy()
    n = a.shape[-1]
    least = SMALLEST_PIVOT * np.maximum(np.max(np.abs(np.diagonal(a, axis1=1, axis2=2)), axis=1, initial=0.0), 1e-300)
    good: np.ndarray = np.isfinite(a).all(axis=(1, 2))
    for j in range(n):
        pivot = a[:, j, j]
        good &= pivot > least
        column = a[:, j + 1 :, j]
        with np.errstate(all="ignore"):
            a[:, j + 1 :, j + 1 :] -= column[:, :, None] * (column / np.where(pivot > least, pivot, 1.0)[:, None])[:, None, :]
    return good


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
        good = positive(Quu)
        convex &= good
        if not good.all():
            Quu = np.where(good[:, None, None], Quu, np.eye(nu))
        solved = np.linalg.solve(Quu, np.concatenate([Q[:, nx:, :nx], g[:, nx:, None]], axis=2))
        K[k], ahead[k] = -solved[:, :, :nx], -solved[:, :, nx]
        P = Q[:, :nx, :nx] + Q[:, :nx, nx:] @ K[k]
        P = 0.5 * (P + P.transpose(0, 2, 1))
        pv = g[:, :nx] + _times(Q[:, :nx, nx:], ahead[k])
    if arrival is not None:
        H0 = P + arrival[0]
        good = positive(H0)
        convex &= good
        dx0 = -np.linalg.solve(np.where(good[:, None, None], H0, np.eye(nx)), (pv + arrival[1])[..., None])[..., 0]
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
