"""One implicit stage of the facility nodes: two Newton steps with one exact Jacobian, factorised symbolically.

The facility equations are nonlinear through tower and chiller only and have few nodes (about 17), so a stage is one straight line of a few
thousand scalar operations. It exists once, as a CasADi function made from :class:`~lowlift.models.facility.FacilitySide`, and is printed
to NumPy for batches (:mod:`lowlift.models.lowering`) and to C (:mod:`lowlift.models.kernel_source`).
"""

import functools
from typing import Any

import numpy as np

from lowlift.models.facility import FLUXES, FacilityInputs, FacilitySide
from lowlift.models.lowering import lower
from lowlift.thermal import ops
from lowlift.thermal.ops import Signal

NEWTON_STEPS = 2


def facility_stage(side: FacilitySide, guess: Signal, base: Signal, coupling: Signal, inputs: Signal, hg: Signal) -> tuple[Signal, ...]:
    """Solve ``z = base + hg slope(z)`` from ``guess``; returns ``z`` [K], the slopes there [K/s] and the fluxes there.

    Args:
        side: the facility equations.
        guess: first guess of the nodes [K].
        base: what the nodes would be without this stage [K].
        coupling: ``[K0, K1]`` [W], [W/K]: the CDUs give ``K0 - K1 T_fws`` to the facility water.
        inputs: :class:`~lowlift.models.facility.FacilityInputs`, stacked.
        hg: weight of the stage, ``gamma h`` [s].
    """
    if ops.is_symbolic(guess):
        return tuple(stage_function(side)(guess, base, coupling, inputs, hg))
    rows = [np.ascontiguousarray(np.moveaxis(v, -1, 0)) for v in (guess, base, coupling, inputs)]
    outputs = _lowered(side)(*rows, np.full((1,) + (1,) * (guess.ndim - 1), hg))
    return tuple(np.moveaxis(v, 0, -1) for v in outputs)


@functools.lru_cache(maxsize=16)
def stage_function(side: FacilitySide) -> Any:
    """The stage as a CasADi function of ``guess, base, coupling, inputs, hg``."""
    import casadi as ca

    n, names = len(side.nodes), FacilityInputs.names()
    z, base, K = ca.SX.sym("z", n), ca.SX.sym("base", n), ca.SX.sym("K", 2)
    i, hg = ca.SX.sym("i", len(names)), ca.SX.sym("hg")
    inputs = FacilityInputs(**{name: i[k] for k, name in enumerate(names)})

    def slopes(at: Any) -> tuple[Any, Any]:
        T = {name: at[k] for k, name in enumerate(side.nodes)}
        heat, fluxes = side.equations(T, K[0] - K[1] * at[side.hall], inputs)
        dz = ca.vertcat(*(heat[name] / C for name, C in zip(side.nodes, side.capacities(), strict=True)))
        return dz, ca.vertcat(*(getattr(fluxes, name) for name in FLUXES))

    point = ca.SX.sym("point", n)
    residual = ca.Function("residual", [point, base, K, i, hg], [point - base - hg * slopes(point)[0]])
    jacobian = ca.jacobian(residual(z, base, K, i, hg), z)
    current = z
    for _ in range(NEWTON_STEPS):
        # One Jacobian a stage: common-subexpression elimination keeps a single factorisation.
        current = current - eliminate(jacobian, residual(current, base, K, i, hg))
    outputs = [ca.densify(v) for v in (current, *slopes(current))]
    return ca.Function("facility_stage", [z, base, K, i, hg], outputs, {"cse": True})


@functools.lru_cache(maxsize=16)
def _lowered(side: FacilitySide) -> Any:
    return lower(stage_function(side))


def eliminate(A: Any, b: Any) -> Any:
    """Solve ``A x = b`` symbolically by Gaussian elimination without pivoting, skipping structural zeros.

    For the diagonally dominant matrices of implicit steps; prints to straight-line code of a few hundred operations.
    """
    import casadi as ca

    n = b.shape[0]
    rows = [{j: A[i, j] for j in range(n) if A.sparsity().has_nz(i, j)} for i in range(n)]
    rhs = [b[i] for i in range(n)]
    for k in range(n):
        for i in range(k + 1, n):
            if k in rows[i]:
                factor = rows[i].pop(k) / rows[k][k]
                for j, value in rows[k].items():
                    if j > k:
                        rows[i][j] = rows[i].get(j, 0.0) - factor * value
                rhs[i] = rhs[i] - factor * rhs[k]
    x: list[Any] = [None] * n
    for i in reversed(range(n)):
        total = rhs[i]
        for j, value in rows[i].items():
            if j > i:
                total = total - value * x[j]
        x[i] = total / rows[i][i]
    return ca.vertcat(*x)
