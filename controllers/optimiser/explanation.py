"""Plans in words: which limits are broken and by how much, which ones hold the plan where it is and at what price, what is not yet solved.

A multiplier says by how much the cost falls where its limit gives way by one unit in one stage. Divided by the length of the stage it is a
price per unit and hour, comparable between stages of different lengths.
"""

import dataclasses
from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from lowlift.controllers.optimiser.checks import softened_by
from lowlift.controllers.optimiser.evaluation import Evaluator
from lowlift.controllers.optimiser.inequalities import Inequalities
from lowlift.controllers.optimiser.problem import BatchData
from lowlift.controllers.optimiser.residuals import lagrangian_gradient
from lowlift.controllers.optimiser.result import BatchResult

NEGLIGIBLE = 1e-4
"""Price below which a limit is not worth a line, and violation (scaled) that counts as none."""
SHOWN = 8
"""Lines of each table in text."""


@dataclasses.dataclass(frozen=True)
class Clock:
    """How stages and costs of a structure translate into time and money."""

    edges: np.ndarray
    """Stage boundaries, seconds from now, ``(N + 1,)``."""
    hours: np.ndarray
    """Hours for which each stage counts in the cost, ``(N,)``."""
    unit: float = 1.0
    """One unit of the objective in this currency."""
    currency: str = "of the objective"


class Label(NamedTuple):
    """Name, unit and size of one unit of a scaled quantity."""

    name: str
    unit: str
    scale: float


@dataclasses.dataclass(frozen=True)
class Explanation:
    """Tables about one plan, the most important line first."""

    title: str
    violations: pd.DataFrame
    """Limits that the plan breaks: ``constraint, from_min, to_min, amount, unit, softened``."""
    active: pd.DataFrame
    """Limits that hold the plan: ``constraint, from_min, to_min, price, per, distance, unit``; sorted by price per scaled unit."""
    kkt: pd.DataFrame
    """Largest errors in scaled units: ``kind, name, from_min, to_min, error``."""

    @property
    def worst(self) -> str:
        """The largest violation in words; empty where there is none."""
        if self.violations.empty:
            return ""
        row = self.violations.to_dict("records")[0]
        return f"{row['constraint']} broken by {row['amount']:.3g} {row['unit']} {_when(row)}"

    def __str__(self) -> str:
        """All tables as text."""
        violations, active, kkt = (table.to_dict("records") for table in (self.violations, self.active, self.kkt))
        return "\n".join([
            self.title,
            f"broken limits: {len(violations)}",
            *(f"  {r['amount']:9.3g} {r['unit']}: {r['constraint']} {_when(r)}{' (softened)' if r['softened'] else ''}"
              for r in violations[:SHOWN]),
            f"active limits: {len(active)}",
            *(f"  {r['price']:9.3g} {r['per']}: {r['constraint']} {_when(r)}" for r in active[:SHOWN]),
            "largest KKT errors, scaled:",
            *(f"  {r['error']:9.1e} {r['kind']}: {r['name']} {_when(r)}" for r in kkt),
        ])  # fmt: skip


def explain(
    rows: Inequalities, evaluator: Evaluator, data: BatchData, result: BatchResult, clock: Clock, *, problem: int = 0, largest: int = 3
) -> Explanation:
    """Explain one problem of a batch.

    Args:
        rows: the structure's inequalities.
        evaluator: evaluates stages.
        data: the problems.
        result: their results.
        clock: times and money of the structure.
        problem: which problem of the batch.
        largest: how many of the largest errors of each kind.
    """
    at = np.array([problem])
    data, result = data.take(at), result.take(at)
    q, p = result.point, rows.problem
    there = evaluator.first(q.x, q.u, q.w, data.p, q.y, q.lam[..., rows.path])
    G = rows.stack(there.values.c, q.u, q.w, q.s, rows.bounds(data))[:, 0]
    labels, states = inequality_labels(rows), _labels(p.states, p.state_units, p.state_scale)
    broken = G.copy()
    broken[:, rows.path] = there.values.c[:, 0]
    softened = [*(j is not None for j in p.slack_of_row), *[False] * (len(labels) - p.nc)]
    equations = [*(Label(f"dynamics of {s.name}", s.unit, s.scale) for s in states),
                 *(Label(f"equation of {name}", "", 1.0) for name in p.equation_names)]  # fmt: skip
    error = lagrangian_gradient(rows, data, q, there.gradient)
    along = [*(f"along {c}" for c in p.controls), *(f"along {s} at the end" for s in p.states),
             *(f"along the slack of {softened_by(p, j)}" for j in range(p.ns))]  # fmt: skip
    # Slacks may be anything above zero and their rows less than nothing: what solvers leave is judged on rows with slacks.
    primal = np.concatenate([np.abs(there.values.F[:, 0]), np.maximum(G, 0.0)], axis=1)
    dual = np.abs(np.concatenate([error.u, error.w, error.s], axis=2)[:, 0])
    report = [
        _largest("primal", [s.name for s in [*equations, *labels]], primal, clock, largest),
        _largest("dual", along, dual, clock, largest),
        _largest("complementarity", [s.name for s in labels], np.maximum(-G, 0.0) * q.lam[:, 0], clock, largest),
    ]
    title = f"{p.name}: {result.ending(0)}, KKT error {result.kkt_error[0]:.1e}"
    return Explanation(
        title,
        _violations([*equations, *labels], [*[False] * p.ny, *softened], np.hstack([np.abs(there.values.F[:, 0]), broken]), clock),
        _active(labels, G, q.lam[:, 0], clock),
        pd.concat(report, ignore_index=True),
    )


def inequality_labels(rows: Inequalities) -> list[Label]:
    """Names of all rows of the stack, in its order."""
    p = rows.problem
    controls, states = _labels(p.controls, p.control_units, p.control_scale), _labels(p.states, p.state_units, p.state_scale)
    path = [Label(*row) for row in zip(p.rows, p.row_units, p.row_scale, strict=True)]

    def bound(of: list[Label], index: np.ndarray, side: str) -> list[Label]:
        return [Label(f"{of[i].name}, {side} bound", of[i].unit, of[i].scale) for i in index]

    slacks = [Label(f"slack of {softened_by(p, j)}, lower bound", "", 1.0) for j in range(p.ns)]
    return [*path, *bound(controls, rows.u_low, "lower"), *bound(controls, rows.u_high, "upper"), *bound(states, rows.w_low, "lower"),
            *bound(states, rows.w_high, "upper"), *slacks]  # fmt: skip


def _labels(names: tuple[str, ...], units: tuple[str, ...], scales: tuple[float, ...]) -> list[Label]:
    return [Label(*row) for row in zip(names, units or ("",) * len(names), scales or (1.0,) * len(names), strict=True)]


def _times(clock: Clock, stages: np.ndarray) -> dict[str, np.ndarray]:
    return {"from_min": clock.edges[stages] / 60.0, "to_min": clock.edges[stages + 1] / 60.0}


def _violations(labels: list[Label], softened: list[bool], broken: np.ndarray, clock: Clock) -> pd.DataFrame:
    stage, row = np.nonzero(broken > NEGLIGIBLE)
    scale = np.array([label.scale for label in labels])
    order = np.argsort(-broken[stage, row], kind="stable")
    stage, row = stage[order], row[order]
    return pd.DataFrame({
        "constraint": [labels[j].name for j in row], **_times(clock, stage), "amount": broken[stage, row] * scale[row],
        "unit": [labels[j].unit for j in row], "softened": [softened[j] for j in row],
    })  # fmt: skip


def _active(labels: list[Label], G: np.ndarray, lam: np.ndarray, clock: Clock) -> pd.DataFrame:
    scale = np.array([label.scale for label in labels])
    price = lam * clock.unit / clock.hours[:, None] / scale
    # Of a product that is nearly zero, the multiplier is the larger factor where the limit is active.
    named = np.array(["slack of" not in label.name for label in labels])
    stage, row = np.nonzero((lam > np.maximum(-G, 0.0)) & (price * scale > NEGLIGIBLE) & named)
    order = np.argsort(-(price * scale)[stage, row], kind="stable")
    stage, row = stage[order], row[order]
    return pd.DataFrame({
        "constraint": [labels[j].name for j in row], **_times(clock, stage), "price": price[stage, row],
        "per": [f"{clock.currency} per {_unit(labels[j])} and hour" for j in row], "distance": -G[stage, row] * scale[row],
        "unit": [labels[j].unit for j in row],
    })  # fmt: skip


def _unit(label: Label) -> str:
    return label.unit if label.unit not in ("", "1") else "unit"


def _largest(kind: str, names: list[str], errors: np.ndarray, clock: Clock, n: int) -> pd.DataFrame:
    order = np.argsort(-errors, axis=None, kind="stable")[:n]
    stage, row = np.unravel_index(order, errors.shape)
    return pd.DataFrame({"kind": kind, "name": [names[j] for j in row], **_times(clock, stage), "error": errors[stage, row]})


def _when(row: Mapping[Hashable, Any]) -> str:
    return f"from {row['from_min']:.4g} to {row['to_min']:.4g} min"
