"""C source of a structure: its stage functions, printed from CasADi graphs, and the tables of its directions."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from lowlift.controllers.optimiser.derivatives import StageFunctions
from lowlift.controllers.optimiser.inequalities import Inequalities
from lowlift.controllers.optimiser.riccati import REPLACED, SMALLEST_PIVOT, SMALLEST_SCALE
from lowlift.models.c_forms import scalar_source
from lowlift.models.kernel_source import packaged

LANES = 8
"""Stages, or problems, computed together."""
PIVOT_DYNAMICS = 1e-6
"""Least pivot, relative to its row, of an elimination of the end state without exchanges; below it NumPy's is used."""
FUNCTIONS = ("light", "first", "full")


def evaluation_source(functions: StageFunctions) -> str:
    """The three functions of a stage; see :func:`graphs_source`."""
    return graphs_source([getattr(functions, name) for name in FUNCTIONS])


def graphs_source(graphs: Sequence[Any]) -> str:
    """CasADi functions as ``run_<name>(begin, end, inputs, outputs)`` on rows ``[stage and problem][component]``."""
    parts = [f"#define LANES {LANES}", packaged("lanes.h")]
    for f in graphs:
        parts += [scalar_source(f), _driver(f)]
    return "\n".join(parts)


def _driver(f: object) -> str:
    name = f.name()  # type: ignore[attr-defined]
    ins = [f.nnz_in(k) for k in range(f.n_in())]  # type: ignore[attr-defined]
    outs = [f.nnz_out(k) for k in range(f.n_out())]  # type: ignore[attr-defined]
    lines = [
        f"void run_{name}(long begin, long end, const double *const *in, double *const *out)", "{",
        *(f"  double a{k}[{max(n, 1)} * LANES] __attribute__((aligned(64)));" for k, n in enumerate(ins)),
        *(f"  double b{k}[{max(n, 1)} * LANES] __attribute__((aligned(64)));" for k, n in enumerate(outs)),
        "  for (long b = begin; b < end; b += LANES) {",
        "    long row[LANES], used = end - b < LANES ? end - b : LANES;",
        "    for (int l = 0; l < LANES; l++)",
        "      row[l] = l < used ? b + l : end - 1;",
        *(f"    gather({n}, in[{k}], row, a{k});" for k, n in enumerate(ins)),
        f"    {name}({', '.join([f'a{k}' for k in range(len(ins))] + [f'b{k}' for k in range(len(outs))])});",
        *(f"    scatter({n}, used, b{k}, row, out[{k}]);" for k, n in enumerate(outs)),
        "  }", "}", "",
    ]  # fmt: skip
    return "\n".join(lines)


def method_source(rows: Inequalities, functions: StageFunctions) -> str:
    """Functions ``direction_8`` and ``direction_1`` (many problems in the lanes of a vector unit, and one by one), and the measures."""
    p = rows.problem
    nv = p.nx + p.nu
    place = np.concatenate([p.nu + np.arange(p.nx), np.arange(p.nu), np.arange(nv, p.nz)])  # (x, u, w) to (u, x, w)
    dc_row, dc_col = functions.path_at[0], place[functions.path_at[1]]
    hessian = np.sort(place[np.stack(functions.hessian_at)], axis=0)
    order = np.lexsort((dc_col, dc_row))
    slack = [-1 if j is None else j for j in p.slack_of_row]
    rows_of_slack = [[i for i, j in enumerate(slack) if j == k] for k in range(p.ns)]
    columns_of_slack = [sorted({int(c) for i in members for c in dc_col[dc_row == i]}) for members in rows_of_slack]
    bounds = [(i, -1) for i in rows.u_low] + [(i, 1) for i in rows.u_high]
    bounds += [(nv + i, -1) for i in rows.w_low] + [(nv + i, 1) for i in rows.w_high]
    sizes = {
        "NX": p.nx, "NU": p.nu, "NV": nv, "NZ": p.nz, "NC": p.nc, "NS": p.ns, "NB": len(bounds), "M": rows.size, "AT_S": p.nc + len(bounds),
        "NUL": rows.u_low.size, "NUH": rows.u_high.size, "NWL": rows.w_low.size, "NWH": rows.w_high.size,
        "NF": functions.dynamics_at[0].size, "NDC": dc_row.size, "NH": functions.hessian_at[0].size,
        "PIVOT_CONTROLS": SMALLEST_PIVOT, "REPLACED": REPLACED, "SMALLEST_SCALE": SMALLEST_SCALE, "PIVOT_DYNAMICS": PIVOT_DYNAMICS,
    }  # fmt: skip
    across = _across(hessian, dc_row, dc_col, columns_of_slack, nv)
    sizes["NVW"] = len(across)
    tables: dict[str, Iterable[int]] = {
        "PLACE": place, "H_ROW": hessian[0], "H_COL": hessian[1], "F_ROW": functions.dynamics_at[0],
        "F_COL": place[functions.dynamics_at[1]], "DC_NZ": order, "DC_COL": dc_col[order],
        "DC_AT": np.searchsorted(dc_row[order], np.arange(p.nc + 1)), "SLACK": slack,
        "SR_AT": _starts(rows_of_slack), "SR_ROW": [i for members in rows_of_slack for i in members],
        "SV_AT": _starts(columns_of_slack), "SV_COL": [c for columns in columns_of_slack for c in columns],
        "B_OF": [*rows.u_low, *rows.u_high, *rows.w_low, *rows.w_high],
        "B_Z": [*(p.nx + rows.u_low), *(p.nx + rows.u_high), *(nv + rows.w_low), *(nv + rows.w_high)],
        "B_COL": [int(c) for c, _ in bounds], "B_SIGN": [s for _, s in bounds],
        "VW_ROW": [i for i, _ in across], "VW_COL": [j - nv for _, j in across],
    }  # fmt: skip
    head = [f"#define {name} {value!r}" for name, value in sizes.items()]
    head += [f"static const int {name}[] = {{{', '.join(str(int(v)) for v in values) or '0'}}};" for name, values in tables.items()]
    head += ["#define JOINED(a, b) a##_##b", "#define JOIN(a, b) JOINED(a, b)", "#define N(name) JOIN(name, LANES)"]
    matrices, directions, measures = (
        packaged(f"{name}.c", "lowlift.controllers.optimiser") for name in ("matrices", "direction", "measures")
    )
    body = f"{matrices}\n{directions}"
    lanes = f"#define LANES {LANES}"
    return "\n".join([lanes, packaged("lanes.h"), *head, measures, body, "#undef LANES", "#define LANES 1", body])


def _across(
    hessian: np.ndarray, dc_row: np.ndarray, dc_col: np.ndarray, columns_of_slack: Sequence[Sequence[int]], nv: int
) -> list[tuple[int, int]]:
    """Where a stage's condensed Hessian may couple states and controls (rows) with end states (columns)."""
    pairs = {(int(i), int(j)) for i, j in hessian.T}
    groups = [[int(c) for c in dc_col[dc_row == i]] for i in np.unique(dc_row)] + [list(columns) for columns in columns_of_slack]
    for columns in groups:
        pairs |= {(a, b) for a in columns for b in columns}
    return sorted((i, j) for i, j in pairs if i < nv <= j)


def _starts(groups: Sequence[Sequence[int]]) -> list[int]:
    return [0, *np.cumsum([len(g) for g in groups]).tolist()]
