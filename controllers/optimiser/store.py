"""What is built once and found again: the core's parts by structure whatever the horizon, solvers by structure, horizon and settings."""

import dataclasses
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from lowlift.controllers.optimiser.evaluation import Evaluator, NumpyEvaluator
from lowlift.controllers.optimiser.inequalities import Inequalities
from lowlift.controllers.optimiser.newton import Newton, NumpyNewton
from lowlift.controllers.optimiser.problem import StageProblem

KEPT = 64
"""Things kept; the one that was asked for longest ago goes first."""

T = TypeVar("T")

_store: OrderedDict[Hashable, Any] = OrderedDict()


@dataclasses.dataclass(frozen=True)
class Parts:
    """What the core is made of."""

    evaluator: Evaluator
    newton: Newton
    compiled: bool
    """Whether a compiled kernel is at work."""


def structure_key(problem: StageProblem) -> str:
    """Digest of all that makes a structure but its horizon: names, bounds, softening and the stage's own expressions.

    The expressions themselves are part of the digest, so structures that were built twice from equal inputs are the same, and those of a
    changed model never are.
    """
    import casadi as ca

    p = problem
    v = [ca.SX.sym(name, k) for name, k in (("x", p.nx), ("u", p.nu), ("w", p.nx), ("p", p.n_parameters))]
    s = p.stage(*v)
    graph = ca.Function("stage", v, [s.dynamics, s.path, s.cost]).serialize()
    digest = hashlib.sha256(graph.encode())
    for f in dataclasses.fields(p):
        if f.name not in ("stage", "n_stages"):
            value = getattr(p, f.name)
            digest.update(f"{f.name}={value.tolist() if hasattr(value, 'tolist') else value!r};".encode())
    return digest.hexdigest()


def core_parts(problem: StageProblem, rows: Inequalities, key: str) -> Parts:
    """Evaluator and Newton's method of a structure; the evaluator is shared by all horizons."""
    evaluator = kept(("evaluator", key), lambda: NumpyEvaluator(problem))
    return kept(("parts", key, problem.n_stages), lambda: Parts(evaluator, NumpyNewton(rows, evaluator.functions), compiled=False))


def kept(key: Hashable, make: Callable[[], T]) -> T:
    """What was made for this key before, or is made now."""
    if key not in _store:
        _store[key] = make()
    _store.move_to_end(key)
    while len(_store) > KEPT:
        _store.popitem(last=False)
    result: T = _store[key]
    return result


def forget() -> None:
    """Forget everything that was kept."""
    _store.clear()
