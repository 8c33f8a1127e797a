"""Derivatives of a stage as CasADi functions of scalars, built once for a structure and never for a horizon.

The same three functions serve every stage, so the time to build does not grow with the number of stages.
"""

import dataclasses
from typing import Any, Literal

import numpy as np

from lowlift.controllers.optimiser.problem import StageProblem
from lowlift.controllers.optimiser.sweeps import Sweeps

Hessian = Literal["exact", "gauss_newton"]
"""``exact``: of the whole Lagrangian. ``gauss_newton``: of the cost alone, so that curvature of dynamics and limits is left out."""


@dataclasses.dataclass(frozen=True)
class StageFunctions:
    """What an evaluation needs.

    Inputs of all: ``x, u, w, p``; of ``first`` and ``full`` also the multipliers ``y`` of the dynamics and ``lam`` of the path rows.
    """

    light: Any
    """``F, c, l``."""
    first: Any
    """``F, c, l`` and the gradient of ``l + y.F + lam.c`` with respect to ``(x, u, w)``."""
    full: Any
    """``F, c, l``, gradients of ``l`` and of the Lagrangian, and nonzeros of ``dF``, ``dc`` and its Hessian's lower triangle."""
    dynamics_at: tuple[np.ndarray, np.ndarray]
    """Rows and columns of the nonzeros of ``dF/d(x, u, w)``."""
    path_at: tuple[np.ndarray, np.ndarray]
    hessian_at: tuple[np.ndarray, np.ndarray]


def stage_functions(problem: StageProblem, hessian: Hessian = "exact") -> StageFunctions:
    """Differentiate a stage.

    Args:
        problem: the structure.
        hessian: which one ``full`` has; gradients are those of the whole Lagrangian either way.

    Raises:
        ValueError: the stage's expressions have other sizes than the structure declares.
    """
    import casadi as ca

    nx, nu = problem.nx, problem.nu
    x, u, w, p = (ca.SX.sym(n, k) for n, k in (("x", nx), ("u", nu), ("w", nx), ("p", problem.n_parameters)))
    y, lam = ca.SX.sym("y", problem.ny), ca.SX.sym("lam", problem.nc)
    s = problem.stage(x, u, w, p)
    F, c, cost = (ca.densify(ca.SX(v)) for v in (s.dynamics, s.path, s.cost))
    for name, value, rows in (("dynamics", F, problem.ny), ("path", c, problem.nc), ("cost", cost, 1)):
        if value.numel() != rows:
            raise ValueError(f"{problem.name}: {name} has {value.numel()} rows: must be {rows}")
    sweeps = Sweeps(ca.vertcat(F, c, cost), ca.vertcat(x, u, w))
    weights = ca.vertcat(y, lam, 1.0)
    lower, gradient = lagrangian(sweeps, weights, hessian)
    dF, dc, slope = ca.vertsplit(sweeps.jacobian(), [0, problem.ny, problem.ny + problem.nc, problem.ny + problem.nc + 1])
    options = {"cse": True}
    ins, outs = ["x", "u", "w", "p"], ["F", "c", "cost"]
    light = ca.Function("light", [x, u, w, p], [F, c, cost], ins, outs, options)
    ins += ["y", "lam"]
    first = ca.Function("first", [x, u, w, p, y, lam], [F, c, cost, sweeps.gradient(weights)], ins, [*outs, "gradient"], options)
    outs += ["slope", "gradient", "dF", "dc", "hessian"]
    full = ca.Function("full", [x, u, w, p, y, lam], [F, c, cost, ca.densify(slope.T), gradient, dF, dc, lower], ins, outs, options)
    return StageFunctions(light, first, full, _at(dF), _at(dc), _at(lower))


def lagrangian(sweeps: Sweeps, weights: Any, hessian: Hessian) -> tuple[Any, Any]:
    """Hessian (lower triangle) and gradient of a Lagrangian; the cost is the last of its outputs."""
    import casadi as ca

    lower, gradient = sweeps.hessian(weights)
    if hessian == "gauss_newton":
        lower, _ = sweeps.hessian(ca.vertcat(ca.SX(weights.numel() - 1, 1), 1.0))
    return lower, gradient


def _at(matrix: Any) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = matrix.sparsity().get_triplet()
    return np.array(rows, dtype=np.intp), np.array(columns, dtype=np.intp)
