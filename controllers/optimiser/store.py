"""What is built once and found again: the core's parts by structure whatever the horizon, solvers by structure, horizon and settings."""

import dataclasses
import hashlib
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from lowlift.controllers.optimiser.derivatives import stage_functions
from lowlift.controllers.optimiser.evaluation import Evaluator, NumpyEvaluator
from lowlift.controllers.optimiser.inequalities import Inequalities
from lowlift.controllers.optimiser.kernel import KernelEvaluator, KernelMeasures, KernelNewton
from lowlift.controllers.optimiser.measures import Measures, NumpyMeasures
from lowlift.controllers.optimiser.newton import Newton, NumpyNewton
from lowlift.controllers.optimiser.problem import StageProblem
from lowlift.models.kernel_build import CompilerError

KEPT = 64
"""Things kept; the one that was asked for longest ago goes first."""

T = TypeVar("T")

_keys: "weakref.WeakKeyDictionary[StageProblem, str]" = weakref.WeakKeyDictionary()
_store: OrderedDict[Hashable, Any] = OrderedDict()


@dataclasses.dataclass(frozen=True)
class Parts:
    """What the core is made of."""

    rows: Inequalities
    evaluator: Evaluator
    newton: Newton
    measures: Measures
    how: str
    """How its kernel was compiled; for NumPy, why there is none."""
    compiled: bool


def structure_key(problem: StageProblem) -> str:
    """Digest of all that makes a structure but its horizon: names, bounds, softening and the stage's own expressions.

    The expressions themselves are part of the digest, so structures that were built twice from equal inputs are the same, and those of a
    changed model never are.
    """
    if problem in _keys:
        return _keys[problem]
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
    return _keys.setdefault(problem, digest.hexdigest())


def core_parts(problem: StageProblem, key: str | None = None, compiled: bool | None = None) -> Parts:
    """The core's parts for a structure; horizons share them.

    Args:
        problem: the structure.
        key: its digest, where it is known already.
        compiled: whether to compile a kernel; ``None``: where there is a compiler.

    Raises:
        CompilerError: a kernel is required and cannot be made.
    """
    key = structure_key(problem) if key is None else key

    def make() -> Parts:
        rows = Inequalities(problem)
        functions = kept(("functions", key), lambda: stage_functions(problem))
        why = "not asked for"
        if compiled is not False:
            try:
                evaluator = KernelEvaluator(functions)
                return Parts(rows, evaluator, KernelNewton(rows, functions), KernelMeasures(rows, functions), evaluator.how, True)
            except CompilerError as error:
                if compiled:
                    raise
                why = str(error)
        return Parts(rows, NumpyEvaluator(problem, functions), NumpyNewton(rows, functions), NumpyMeasures(rows), why, False)

    return kept(("parts", key, problem.n_stages, compiled), make)


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
