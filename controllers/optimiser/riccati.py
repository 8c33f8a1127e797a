"""One Newton step of a batch of stage-wise quadratic problems by a Riccati recursion.

Stage ``k`` has the variables ``z = (dx, du, dw)``, a quadratic model ``z' Phi z / 2 + phi' z`` and the linear dynamics ``J z + F = 0``,
with the end state's block of ``J`` regular. The end state is eliminated first (``dw = A dx + B du + b``), then the controls:

    Q = [I T]' Phi [I T] with the value function of what follows added to the end state's block,
    K = -Q_uu^{-1} Q_ux,   P = Q_xx + Q_xu K.

The step minimises where every ``Q_uu`` is positive definite, which is exactly the condition that the whole system has the right inertia.
Where one is not, its Cholesky pivots are corrected on the way (P. E. Gill and W. Murray, "Newton-type methods for unconstrained and
linearly constrained optimization", Mathematical Programming 7 (1974) 311-350): a negative pivot is turned round. That adds to the
Hessian only there where it lacks, in that problem, that stage and that direction, and needs no second factorisation. Every pivot is
measured by its own row's diagonal entry, not by the largest: barrier terms of controls at their bounds grow without limit, and a
correction of that size would hold all other controls where they are.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

SMALLEST_PIVOT = 1e-11
"""Least pivot of ``Q_uu`` relative to the diagonal entry it came from that counts as positive."""
REPLACED = 1e-8
"""Least pivot, relative to the same, that takes the place of one that does not."""
SMALLEST_SCALE = 1e-16
"""Least scale of a row relative to the largest one."""
MOST_CANCELLED = 1e13
"""Largest diagonal entry of ``|A^-1| |A|`` (one for a diagonal matrix, whatever the units of its rows and columns) at which the inverse
still has digits to trust."""


@dataclasses.dataclass(frozen=True)
class Quadratic:
    """The quadratic model of one stage, all problems."""

    Phi: np.ndarray
    """``(B, n_z, n_z)``, symmetric."""
    phi: np.ndarray
    """``(B, n_z)``."""


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
    singular: np.ndarray
    """``(B,)``: first stage whose dynamics do not determine its end state, and then the step means nothing; -1 where all do."""


def correction(matrix: np.ndarray) -> np.ndarray:
    """What to add to the diagonals of symmetric matrices ``(B, n, n)`` to make them positive definite: zero where they are.

    >>> correction(np.array([[[2.0, 1.0], [1.0, 2.0]], [[1.0, 2.0], [2.0, 1.0]]]))
    array([[0., 0.],
           [0., 6.]])
    """
    scale = np.abs(np.diagonal(matrix, axis1=1, axis2=2))
    scale = np.maximum(scale, np.maximum(SMALLEST_SCALE * np.max(scale, axis=1, initial=0.0), 1e-300)[:, None])
    try:
        pivots = np.diagonal(np.linalg.cholesky(matrix), axis1=1, axis2=2) ** 2
        if (pivots > SMALLEST_PIVOT * scale).all():
            return np.zeros(matrix.shape[:2])
    except np.linalg.LinAlgError:
        pass
    a, n = matrix.copy(), matrix.shape[-1]
    added = np.zeros(a.shape[:2])
    with np.errstate(all="ignore"):
        for j in range(n):
            pivot, column = a[:, j, j], a[:, j + 1 :, j]
            beside = np.max(column**2 / scale[:, j + 1 :], axis=1, initial=0.0)
            turned = np.maximum(np.maximum(np.abs(pivot), beside), REPLACED * scale[:, j])
            added[:, j] = np.where(pivot > SMALLEST_PIVOT * scale[:, j], 0.0, turned - pivot)
            a[:, j + 1 :, j + 1 :] -= column[:, :, None] * (column / (pivot + added[:, j])[:, None])[:, None, :]
    return added


def solve(
    stage: Callable[[int], Quadratic], J: np.ndarray, F: np.ndarray, dx0: np.ndarray, arrival: tuple[np.ndarray, np.ndarray] | None
) -> Step:
    """Backward and forward sweep.

    Args:
        stage: the quadratic model of stage ``k``; asked for twice.
        J: dynamics ``(N, B, n_x, n_z)``.
        F: their residuals ``(N, B, n_x)``.
        dx0: given change of the initial state ``(B, n_x)``; ignored where it is free.
        arrival: Hessian ``(B, n_x, n_x)`` and gradient ``(B, n_x)`` of the arrival cost where the initial state is free.

    """
    n, b, nx, nz = J.shape
    nv = nz - nx
    nu = nv - nx
    W, singular = inverses(J[..., nv:])
    T, offset = -(W @ J[..., :nv]), -_times(W, F)
    K, ahead = np.empty((n, b, nu, nx)), np.empty((n, b, nu))
    values, slopes = np.empty((n, b, nx, nx)), np.empty((n, b, nx))
    P, pv = np.zeros((b, nx, nx)), np.zeros((b, nx))
    convex = np.ones(b, dtype=bool)
    diagonal = np.arange(nu)
    for k in range(n - 1, -1, -1):
        q, Tt = stage(k), T[k].transpose(0, 2, 1)
        values[k], slopes[k] = P, pv
        # (Phi_vw + T' Phi_ww), used for the quadratic and for the linear part.
        side = q.Phi[:, :nv, nv:] + Tt @ (q.Phi[:, nv:, nv:] + P)
        Q = q.Phi[:, :nv, :nv] + side @ T[k] + Tt @ q.Phi[:, nv:, :nv]
        g = q.phi[:, :nv] + _times(Tt, q.phi[:, nv:] + pv) + _times(side, offset[k])
        Quu = Q[:, nx:, nx:]
        added = correction(Quu)
        convex &= ~added.any(axis=1)
        Quu[:, diagonal, diagonal] += added
        solved = np.linalg.solve(Quu, np.concatenate([Q[:, nx:, :nx], g[:, nx:, None]], axis=2))
        K[k], ahead[k] = -solved[:, :, :nx], -solved[:, :, nx]
        P = Q[:, :nx, :nx] + Q[:, :nx, nx:] @ K[k]
        P = 0.5 * (P + P.transpose(0, 2, 1))
        pv = g[:, :nx] + _times(Q[:, :nx, nx:], ahead[k])
    if arrival is not None:
        H0 = P + arrival[0]
        added = correction(H0)
        convex &= ~added.any(axis=1)
        H0[:, np.arange(nx), np.arange(nx)] += added
        dx0 = -np.linalg.solve(H0, (pv + arrival[1])[..., None])[..., 0]
    dz, pull = np.empty((n, b, nz)), np.empty((n, b, nx))
    dx = dx0
    for k in range(n):
        q = stage(k)
        dz[k, :, :nx] = dx
        dz[k, :, nx:nv] = _times(K[k], dx) + ahead[k]
        dx = dz[k, :, nv:] = _times(T[k], dz[k, :, :nv]) + offset[k]
        pull[k] = _times(q.Phi[:, nv:], dz[k]) + q.phi[:, nv:] + _times(values[k], dx) + slopes[k]
    return Step(dx0, dz, -_times(W.swapaxes(2, 3), pull), convex, singular)


def inverses(matrices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inverses of ``(N, B, n, n)``, and for each problem the first stage whose matrix has none, or -1; identities stand in for those.

    >>> inverses(np.array([[[[2.0]], [[0.0]]], [[[4.0]], [[1.0]]]]))[1]
    array([-1,  0])
    """
    try:
        result = np.linalg.inv(matrices)
        none = np.zeros(matrices.shape[:2], dtype=bool)
    except np.linalg.LinAlgError:
        none = np.linalg.slogdet(matrices)[0] == 0.0
        result = np.linalg.inv(_or_identity(matrices, none))
    with np.errstate(all="ignore"):
        cancelled = (np.abs(result) * np.abs(matrices.swapaxes(2, 3))).sum(axis=3).max(axis=2, initial=0.0)
    none |= cancelled > MOST_CANCELLED
    if not none.any():
        return result, np.full(matrices.shape[1], -1)
    return _or_identity(result, none), first_of(none)


def first_of(wrong: np.ndarray) -> np.ndarray:
    """First stage of each problem that is marked in ``(N, B)``; -1 where none is."""
    result: np.ndarray = np.where(wrong.any(axis=0), wrong.argmax(axis=0), -1)
    return result


def _or_identity(matrices: np.ndarray, none: np.ndarray) -> np.ndarray:
    return np.where(none[..., None, None], np.eye(matrices.shape[-1]), matrices)


def _times(matrix: np.ndarray, vector: np.ndarray) -> np.ndarray:
    result: np.ndarray = (matrix @ vector[..., None])[..., 0]
    return result
