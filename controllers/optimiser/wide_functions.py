"""The graphs of one block: its derivatives, and the elimination of its variables from Newton's system, built once for all blocks.

With ``dl`` the change of what a block sees, ``dy`` that of the multipliers of the sums it adds to, and all its inequalities condensed
into ``H`` and ``g`` (see :mod:`.newton`), a block's part of Newton's system is

    H_vv dv + H_vl dl + e_v' dn - phi_v' dy + g_v = 0
    e_v dv + e_l dl + e                           = 0

and it adds ``H_lv dv + H_ll dl + e_l' dn - phi_l' dy + g_l`` to the core's gradient and ``-phi - phi_v dv - phi_l dl`` to the rows of
its sums. Its determined variables ``d`` follow from its equations, ``dd = -e_d^-1 (e_f df + e_l dl + e)``, its free ones ``f`` from what is
left of the first line, a symmetric system whose pivots are corrected where they are not positive, like those of the recursion
(:mod:`.riccati`). What remains is a small block in ``(dl, dy)``, and an affine way back to ``(dv, dn)``. Graphs of scalars, so that one
call serves all blocks of all stages.
"""

import dataclasses
from typing import Any

import numpy as np

from lowlift.controllers.optimiser.derivatives import Hessian, lagrangian
from lowlift.controllers.optimiser.riccati import REPLACED, SMALLEST_PIVOT, SMALLEST_SCALE
from lowlift.controllers.optimiser.sweeps import Sweeps
from lowlift.controllers.optimiser.wide_problem import BlockStructure


@dataclasses.dataclass(frozen=True)
class BlockFunctions:
    """CasADi functions of one block.

    ``block_light`` ``(v, l, own, shared) -> e, c, cost, phi``; ``block_full`` has the multipliers of ``e``, ``c`` and of the sums as
    further inputs and adds the gradients of the cost and of ``cost + n.e + lam.c - y.phi`` with respect to ``(v, l)``, and the nonzeros
    of ``de``, ``dc``, ``dphi`` and of that Lagrangian's Hessian (lower triangle); ``block_eliminate`` and ``block_restore`` are described
    with their makers.
    """

    light: Any
    full: Any
    eliminate: Any
    restore: Any

    @property
    def all(self) -> list[Any]:
        """All of them."""
        return [self.light, self.full, self.eliminate, self.restore]


def block_functions(s: BlockStructure, hessian: Hessian = "exact") -> BlockFunctions:
    """Differentiate a block; for ``hessian`` see :func:`.stage_functions`.

    Raises:
        ValueError: the block's expressions have other sizes than the structure declares.
    """
    import casadi as ca

    sizes = {"v": s.nv, "links": len(s.links), "own": len(s.own), "shared": len(s.shared)}
    v, links, own, shared = (ca.SX.sym(name, k) for name, k in sizes.items())
    n, lam, y = ca.SX.sym("n", s.determined), ca.SX.sym("lam", s.nc), ca.SX.sym("y", len(s.sums))
    b = s.block(v, links, own, shared)
    e, c, cost, phi = (ca.densify(ca.SX(k)) for k in (b.equations, b.path, b.cost, b.sums))
    for name, value, rows in (("equations", e, s.determined), ("path", c, s.nc), ("cost", cost, 1), ("sums", phi, len(s.sums))):
        if value.numel() != rows:
            raise ValueError(f"block: {name} has {value.numel()} rows: must be {rows}")
    sweeps = Sweeps(ca.vertcat(e, c, phi, cost), ca.vertcat(v, links))
    lower, gradient = lagrangian(sweeps, ca.vertcat(n, lam, -y, 1.0), hessian)
    de, dc, dphi, slope = ca.vertsplit(sweeps.jacobian(), [0, *np.cumsum([k.numel() for k in (e, c, phi, cost)]).tolist()])
    options = {"cse": True}
    light = ca.Function("block_light", [v, links, own, shared], [e, c, cost, phi], options)
    full = ca.Function("block_full", [v, links, own, shared, n, lam, y],
                       [e, c, cost, phi, ca.densify(slope.T), gradient, de, dc, dphi, lower], options)  # fmt: skip
    return BlockFunctions(light, full, _eliminate(s, de, dc, dphi, lower), _restore(s, dc))


def _eliminate(s: BlockStructure, de: Any, dc: Any, dphi: Any, lower: Any) -> Any:
    """The graph of the elimination.

    Inputs: nonzeros of ``de, dc, dphi`` and of the Hessian; the Lagrangian's gradient; gradient and diagonal that bounds (and a shift)
    add to ``v``; ``e``; of the path rows ``Sigma`` and ``rho - Sigma e_s / D``; ``1 / D`` of the slacks. Outputs: one where no pivot
    needed correction, else zero; the remaining block ``(H_ll, J, S)``, column by column, with ``J`` the slopes of the sums' rows and
    ``-S`` their dependence on ``dy``; its gradient and what the sums' residual changes by; the way back, matrix and offset, column by
    column.
    """
    import casadi as ca

    nv, nl, nf = s.nv, len(s.links), s.nv - s.determined
    ins = {name: ca.SX.sym(name, k) for name, k in (
        ("de", de.nnz()), ("dc", dc.nnz()), ("dphi", dphi.nnz()), ("hessian", lower.nnz()), ("gradient", nv + nl), ("bound", nv),
        ("diagonal", nv), ("e", s.determined), ("sigma", s.nc), ("pulled", s.nc), ("inverse", s.ns),
    )}  # fmt: skip
    de, dc, dphi, lower = (ca.SX(m.sparsity(), ins[k]) for m, k in ((de, "de"), (dc, "dc"), (dphi, "dphi"), (lower, "hessian")))
    H = ca.tril2symm(lower) + dc.T @ ca.diag(ins["sigma"]) @ dc + ca.diag(ca.vertcat(ins["diagonal"], ca.SX(nl, 1)))
    for j in range(s.ns):
        members = [i for i, k in enumerate(s.slack_of_row) if k == j]
        joined = ins["sigma"][members].T @ dc[members, :]
        H -= ins["inverse"][j] * (joined.T @ joined)
    g = ins["gradient"] + dc.T @ ins["pulled"] + ca.vertcat(ins["bound"], ca.SX(nl, 1))
    # Determined variables: (v, l) = T (f, l) + t.
    f_at, d_at, l_at = range(nf), range(nf, nv), range(nv, nv + nl)
    fl = [*f_at, *l_at]
    ok = ca.SX(1)
    solved, ok = _solve(de[:, list(d_at)], ca.horzcat(de[:, fl], ins["e"]), ok, symmetric=False)
    T, t = ca.SX(nv + nl, nf + nl), ca.SX(nv + nl, 1)
    T[list(f_at), :nf], T[list(l_at), nf:] = ca.SX.eye(nf), ca.SX.eye(nl)
    T[list(d_at), :], t[list(d_at)] = -solved[:, : nf + nl], -solved[:, nf + nl]
    reduced, slope = T.T @ H @ T, T.T @ (g + H @ t)
    phi_T = dphi @ T
    # Free variables: df = K (dl, dy) + k.
    right = ca.horzcat(reduced[:nf, nf:], -phi_T[:, :nf].T, slope[:nf])
    gain, ok = _solve(reduced[:nf, :nf], right, ok, symmetric=True)
    K, k = -gain[:, :-1], -gain[:, -1]
    left = reduced[nf:, nf:] + reduced[nf:, :nf] @ K[:, :nl]
    J = -(phi_T[:, nf:] + phi_T[:, :nf] @ K[:, :nl])
    S = phi_T[:, :nf] @ K[:, nl:]
    # The way back to v and to the multipliers of the equations: e_d' dn = -(H_d (dv, dl) - phi_d' dy + g_d).
    M = ca.SX(nv + nl, nl + len(s.sums))
    M[:, :] = T[:, :nf] @ K
    M[:, :nl] += T[:, nf:]
    m = T[:, :nf] @ k + t
    rest = H[list(d_at), :] @ M
    rest[:, nl:] -= dphi[:, list(d_at)].T
    N, ok = _solve(de[:, list(d_at)].T, ca.horzcat(rest, H[list(d_at), :] @ m + g[list(d_at)]), ok, symmetric=False)
    back, offset = ca.vertcat(M[:nv, :], -N[:, :-1]), ca.vertcat(m[:nv], -N[:, -1])
    outputs = [ok, left, J, S, slope[nf:] + reduced[nf:, :nf] @ k, -(dphi @ t + phi_T[:, :nf] @ k), back, offset]
    return ca.Function("block_eliminate", list(ins.values()), [ca.densify(v) for v in outputs], {"cse": True})


def _restore(s: BlockStructure, dc: Any) -> Any:
    """``(back, offset, dl, dy, dc) -> dv, dn, dc (dv, dl)``."""
    import casadi as ca

    nl, ny = len(s.links), len(s.sums)
    back, offset = ca.SX.sym("back", (s.nv + s.determined) * (nl + ny)), ca.SX.sym("offset", s.nv + s.determined)
    dl, dy, slopes = ca.SX.sym("dl", nl), ca.SX.sym("dy", ny), ca.SX.sym("dc", dc.nnz())
    both = ca.reshape(back, s.nv + s.determined, nl + ny) @ ca.vertcat(dl, dy) + offset
    change = ca.SX(dc.sparsity(), slopes) @ ca.vertcat(both[: s.nv], dl)
    outputs = [ca.densify(v) for v in (both[: s.nv], both[s.nv :], change)]
    return ca.Function("block_restore", [back, offset, dl, dy, slopes], outputs, {"cse": True})


def _solve(A: Any, B: Any, ok: Any, *, symmetric: bool) -> tuple[Any, Any]:
    """``A^-1 B`` by elimination in the given order, and whether no pivot needed correction.

    A symmetric matrix is made positive definite as :func:`.riccati.correction` does it; a pivot of another one that vanishes is replaced
    by one.
    """
    import casadi as ca

    n = A.shape[0]
    A, B = ca.SX(A), ca.SX(B)
    largest = ca.SX(1e-300)
    for j in range(n):
        largest = ca.fmax(largest, ca.fabs(A[j, j]))
    scale = [ca.fmax(ca.fabs(A[j, j]), SMALLEST_SCALE * largest) if symmetric else largest for j in range(n)]
    for j in range(n):
        pivot, beside = ca.fabs(A[j, j]), ca.SX(0)
        for i in range(j + 1, n):
            beside = ca.fmax(beside, A[i, j] ** 2 / scale[i])
        replaced = ca.fmax(ca.fmax(pivot, beside), REPLACED * scale[j]) if symmetric else ca.SX(1)
        good = (A[j, j] if symmetric else pivot) > SMALLEST_PIVOT * scale[j]
        ok = ca.if_else(good, ok, 0.0)
        A[j, j] = ca.if_else(good, A[j, j], replaced)
        for i in range(j + 1, n):
            ratio = A[i, j] / A[j, j]
            A[i, :] -= ratio * A[j, :]
            B[i, :] -= ratio * B[j, :]
    for j in range(n - 1, -1, -1):
        for i in range(j + 1, n):
            B[j, :] -= A[j, i] * B[i, :]
        B[j, :] = B[j, :] / A[j, j]
    return B, ok
