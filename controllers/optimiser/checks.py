"""What a structure, the numbers of a batch and first points must be; errors name field, place, value and bound."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from lowlift.controllers.optimiser.iterate import Iterate
    from lowlift.controllers.optimiser.problem import BatchData, StageProblem

FREE = 1e9
"""Bounds at least this far away are none."""
ROUNDING = 1e-9
"""By how much, relative to their size (at least one), bounds may cross or be wider than those of the structure."""


def check_structure(p: "StageProblem") -> None:
    """Raise a ``ValueError`` that names what cannot be right in a structure."""
    if not p.states:
        raise ValueError(f"{p.name}: states is empty: must name at least one; stages that nothing joins are problems of their own")
    for name, value, least in (("n_stages", p.n_stages, 1), ("n_parameters", p.n_parameters, 0)):
        if value < least:
            raise ValueError(f"{p.name}: {name} = {value}: must be at least {least}")
    if not 0 <= p.algebraic <= p.nu:
        raise ValueError(f"{p.name}: algebraic = {p.algebraic}: must be 0 to {p.nu}, its controls")
    for what, low, high, names, scales, units in (
        ("u", p.u_low, p.u_high, p.controls, p.control_scale, p.control_units),
        ("w", p.w_low, p.w_high, p.states, p.state_scale, p.state_units),
    ):
        check_bounds(p.name, what, low, high, names, scales, units)
    check_softening(p.name, p.rows, p.slack_of_row)
    for name, of in (("row_scale", p.rows), ("state_scale", p.states), ("control_scale", p.controls)):
        for item, scale in zip(of, getattr(p, name), strict=False):
            if not 0.0 < scale < np.inf:
                raise ValueError(f"{p.name}: {name} of {item} is {scale}: must be a positive number")


def check_bounds(
    owner: str, what: str, low: np.ndarray, high: np.ndarray, names: Sequence[str], scales: Sequence[float] = (), units: Sequence[str] = ()
) -> None:
    """Raise a ``ValueError`` where bounds of one stage are no numbers, leave nothing, or cross."""
    for k, (name, a, b) in enumerate(zip(names, low, high, strict=True)):
        for side, value, wrong in (("low", a, np.inf), ("high", b, -np.inf)):
            if np.isnan(value) or value == wrong:
                raise ValueError(f"{owner}: {what}_{side} of {name} is {value}: must be a number or {-wrong}")
        if _beyond(a, b):
            raise ValueError(f"{owner}: {what}_low of {name} is {_shown(a, k, scales, units)}: must be at most {what}_high, "
                             f"{_shown(b, k, scales, units)}")  # fmt: skip


def check_softening(owner: str, rows: Sequence[str], slack_of_row: Sequence[int | None]) -> None:
    """Raise a ``ValueError`` where a slack has a negative number. A number may be missing: its slack softens nothing and is zero."""
    for row, j in zip(rows, slack_of_row, strict=True):
        if j is not None and j < 0:
            raise ValueError(f"{owner}: slack_of_row of {row} is {j}: must be at least 0, or None for a hard row")


def check_data(p: "StageProblem", data: "BatchData") -> None:
    """Raise a ``ValueError`` that names what does not fit the structure or is not a number."""
    n, b = p.n_stages, data.size
    shapes = {
        "x0": (b, p.nx), "p": (n, b, p.n_parameters), "slack_linear": (n, b, p.ns), "slack_quadratic": (n, b, p.ns),
        "u_low": (n, b, p.nu), "u_high": (n, b, p.nu), "arrival": (b, p.nx, p.nx),
    }  # fmt: skip
    for name, shape in shapes.items():
        value = getattr(data, name)
        if value is None:
            continue
        if value.shape != shape:
            raise ValueError(f"{p.name}: {name} has shape {value.shape}: must be {shape}")
        wrong = np.isnan(value) if name in ("u_low", "u_high") else ~np.isfinite(value)
        if wrong.any():
            where = np.argwhere(wrong)[0].tolist()
            raise ValueError(f"{p.name}: {name} at {where} is {value[tuple(where)]}: must be a number")
    for name, value, bad, bound in (
        ("slack_linear", data.slack_linear, data.slack_linear <= 0.0, "above 0"),
        ("slack_quadratic", data.slack_quadratic, data.slack_quadratic < 0.0, "at least 0"),
    ):
        if bad.any():
            k, i, j = np.argwhere(bad)[0].tolist()
            raise ValueError(f"{p.name}: {name} of the slack of {softened_by(p, j)} in stage {k} of problem {i} is {value[k, i, j]:g}: "
                             f"must be {bound}")  # fmt: skip
    if data.u_low is not None or data.u_high is not None:
        _check_bounds_of_data(p, data)
    if data.arrival is not None:
        _check_arrival(p.name, data.arrival)


def softened_by(p: "StageProblem", j: int) -> str:
    """Name of the first row that a slack softens."""
    return p.rows[p.slack_of_row.index(j)] if j in p.slack_of_row else f"nothing (number {j})"


def check_start(p: "StageProblem", data: "BatchData", start: "Iterate", *, dual: bool, inequalities: int) -> None:
    """Raise a ``ValueError`` where a first point has another shape than its problems. Distances, and without ``dual`` multipliers, do not
    matter.
    """
    n, b = p.n_stages, data.size
    shapes: dict[str, tuple[int, ...]] = {"x0": (b, p.nx), "u": (n, b, p.nu), "w": (n, b, p.nx), "s": (n, b, p.ns)}
    if dual:
        shapes |= {"lam": (n, b, inequalities), "y": (n, b, p.ny)}
    for name, shape in shapes.items():
        if getattr(start, name).shape != shape:
            raise ValueError(f"{p.name}: {name} of the start has shape {getattr(start, name).shape}: must be {shape}")


def check_settings(**settings: float | None) -> None:
    """Raise a ``ValueError`` for a count below one, or another setting that is no positive number; ``None`` passes."""
    for name, value in settings.items():
        count = name in ("max_iterations", "real_time")
        if value is not None and not (value >= 1 if count else 0.0 < value < np.inf):
            raise ValueError(f"{name} = {value}: must be {'at least 1' if count else 'a positive number'}")


def _check_bounds_of_data(p: "StageProblem", data: "BatchData") -> None:
    shape = (p.n_stages, data.size, p.nu)
    low, high = (np.broadcast_to(structure, shape) if own is None else own
                 for structure, own in ((p.u_low, data.u_low), (p.u_high, data.u_high)))  # fmt: skip
    has_low, has_high = p.u_low > -FREE, p.u_high < FREE
    crossing = _beyond(low, high)
    for name, value, other, wrong, words in (
        ("u_low", low, p.u_low, (low > -FREE) & ~has_low, "must be -inf: the structure has no such bound, and none can be added"),
        ("u_high", high, p.u_high, (high < FREE) & ~has_high, "must be inf: the structure has no such bound, and none can be added"),
        ("u_low", low, p.u_low, _beyond(p.u_low, low) & has_low, "must be at least the structure's"),
        ("u_high", high, p.u_high, _beyond(high, p.u_high) & has_high, "must be at most the structure's"),
        ("u_low", low, high, crossing, "must be at most u_high"),
    ):  # fmt: skip
        if wrong.any():
            k, i, j = np.argwhere(wrong)[0].tolist()
            bound = _shown(np.broadcast_to(other, shape)[k, i, j], j, p.control_scale, p.control_units)
            raise ValueError(f"{p.name}: {name} of {p.controls[j]} in stage {k} of problem {i} is "
                             f"{_shown(value[k, i, j], j, p.control_scale, p.control_units)}: {words}, {bound}")  # fmt: skip


def _check_arrival(owner: str, weight: np.ndarray) -> None:
    size = np.max(np.abs(weight), axis=(1, 2), initial=0.0)
    skew = np.max(np.abs(weight - weight.transpose(0, 2, 1)), axis=(1, 2), initial=0.0)
    if (skew > ROUNDING * size).any():
        i = int(np.argmax(skew > ROUNDING * size))
        raise ValueError(f"{owner}: arrival of problem {i} differs from its transpose by {skew[i]:.3g}: must be symmetric")
    least = np.linalg.eigvalsh(weight)[:, 0]
    if (least < -ROUNDING * size).any():
        i = int(np.argmax(least < -ROUNDING * size))
        raise ValueError(f"{owner}: arrival of problem {i} has an eigenvalue of {least[i]:.3g}: must be at least 0")


def _beyond(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Whether lower bounds are above upper ones, by more than rounding."""
    with np.errstate(invalid="ignore"):  # infinite ones on the same side
        result: np.ndarray = low - high > ROUNDING * np.maximum(1.0, np.minimum(np.abs(low), np.abs(high)))
    return result


def _shown(value: float, k: int, scales: Sequence[float], units: Sequence[str]) -> str:
    """A scaled number in its unit."""
    unit = units[k] if units and units[k] not in ("", "1") else ""
    return f"{value * (scales[k] if scales else 1.0):g} {unit}".rstrip()
