"""What is built once and found again: the core's parts by structure whatever the horizon, solvers by structure, horizon and settings.

Threads may ask at the same time. CasADi's graphs and solvers are not made for that, so whatever builds or runs them holds :data:`CASADI`.
"""

import dataclasses
import hashlib
import logging
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from lowlift.controllers.optimiser.derivatives import Hessian, StageFunctions, stage_functions
from lowlift.controllers.optimiser.evaluation import Evaluator, NumpyEvaluator
from lowlift.controllers.optimiser.inequalities import Inequalities
from lowlift.controllers.optimiser.kernel import KernelEvaluator, KernelMeasures, KernelNewton
from lowlift.controllers.optimiser.measures import Measures, NumpyMeasures
from lowlift.controllers.optimiser.newton import Newton, NumpyNewton
from lowlift.controllers.optimiser.problem import StageProblem
from lowlift.controllers.optimiser.wide_problem import BlockStructure, WideProblem
from lowlift.models.kernel_build import CompilerError
from lowlift.models.lowering import LoweringError

KEPT = 64
"""Things kept; the one that was asked for longest ago goes first."""

T = TypeVar("T")

CASADI = threading.RLock()
"""Held by whoever builds CasADi graphs or runs its solvers, and while something is built for the store."""

logger = logging.getLogger(__name__)
_keys: "weakref.WeakKeyDictionary[StageProblem | WideProblem, str]" = weakref.WeakKeyDictionary()
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


def structure_key(problem: StageProblem | WideProblem) -> str:
    """Digest of all that makes a structure but its horizon: names, bounds, softening and the stage's own expressions; of a wide one
    those of its core and of one block, and who is joined to what.

    The expressions themselves are part of the digest, so structures that were built twice from equal inputs are the same, and those of a
    changed model never are.
    """
    with CASADI:
        if problem not in _keys:
            _keys[problem] = _wide_digest(problem) if isinstance(problem, WideProblem) else _digest(problem)
        return _keys[problem]


def _digest(p: StageProblem) -> str:
    import casadi as ca

    v = [ca.SX.sym(name, k) for name, k in (("x", p.nx), ("u", p.nu), ("w", p.nx), ("p", p.n_parameters))]
    s = p.stage(*v)
    graph = ca.Function("stage", v, [s.dynamics, s.path, s.cost]).serialize()
    return _digest_of(graph, p, "stage", "n_stages")


def _wide_digest(p: WideProblem) -> str:
    return _digest_of(structure_key(p.core) + block_key(p.structure), p, "core", "structure")


def block_key(s: BlockStructure) -> str:
    """Digest of all that makes a block."""
    import casadi as ca

    with CASADI:
        sizes = {"v": s.nv, "links": len(s.links), "own": len(s.own), "shared": len(s.shared)}
        v = [ca.SX.sym(name, k) for name, k in sizes.items()]
        b = s.block(*v)
        return _digest_of(ca.Function("block", v, [b.equations, b.path, b.cost, b.sums]).serialize(), s, "block")


def _digest_of(graph: str, structure: Any, *without: str) -> str:
    digest = hashlib.sha256(graph.encode())
    for f in dataclasses.fields(structure):
        if f.name not in without:
            value = getattr(structure, f.name)
            digest.update(f"{f.name}={value.tolist() if hasattr(value, 'tolist') else value!r};".encode())
    return digest.hexdigest()


def core_parts(problem: StageProblem, key: str | None = None, compiled: bool | None = None, hessian: Hessian = "exact") -> Parts:
    """The core's parts for a structure; horizons share them.

    Args:
        problem: the structure.
        key: its digest, where it is known already.
        compiled: whether to compile a kernel; ``None``: where one can be made. :attr:`Parts.how` says why there is none.
        hessian: of the whole Lagrangian, or of the cost alone.

    Raises:
        ValueError: the structure has algebraic controls, which only :func:`~.wide.wide_parts` knows to solve.
        CompilerError: a kernel is required and cannot be made.
        LoweringError: a kernel is required and a graph cannot be printed as C, or any path and it cannot be printed as NumPy either.
    """
    if problem.algebraic:
        raise ValueError(
            f"{problem.name}: algebraic = {problem.algebraic}: must be 0, unless it is the core of a WideProblem and that is given"
        )
    key = structure_key(problem) if key is None else key
    place = ("parts", key, problem.n_stages, hessian)

    def functions() -> StageFunctions:
        return kept(("functions", key, hessian), lambda: stage_functions(problem, hessian))

    def numpy(why: str) -> Parts:
        rows, f = Inequalities(problem), functions()
        evaluator = kept(("numpy", key, hessian), lambda: NumpyEvaluator(problem, f))
        return Parts(rows, evaluator, NumpyNewton(rows, f), NumpyMeasures(rows), why, False)

    def kernel() -> Parts:
        rows, f = Inequalities(problem), functions()
        evaluator = KernelEvaluator(f)
        return Parts(rows, evaluator, KernelNewton(rows, f), KernelMeasures(rows, f), evaluator.how, True)

    return on_a_path(place, problem.name, compiled, kernel, numpy)


def on_a_path(
    place: tuple[Hashable, ...], name: str, compiled: bool | None, kernel: Callable[[], Parts], numpy: Callable[[str], Parts]
) -> Parts:
    """Parts of the path that is asked for, made once.

    Args:
        place: key of the structure and horizon.
        name: of the structure, for the log.
        compiled: whether to compile a kernel; ``None``: where one can be made.
        kernel: makes compiled parts.
        numpy: makes the others, given the reason why.

    Raises:
        CompilerError: a kernel is required and cannot be made.
        LoweringError: a kernel is required and a graph cannot be printed as C, or any path and it cannot be printed as NumPy either.
    """

    def whichever() -> Parts:
        try:
            return kept((*place, True), kernel)
        except (CompilerError, LoweringError) as error:
            logger.warning("%s: NumPy instead of a compiled kernel: %s", name, error)
            return numpy(str(error))

    if compiled is None:
        return kept((*place, None), whichever)
    return kept((*place, compiled), kernel if compiled else lambda: numpy("not asked for"))


def kept(key: Hashable, make: Callable[[], T]) -> T:
    """What was made for this key before, or is made now; by one thread, while others wait."""
    with CASADI:
        result: T = _store[key] if key in _store else make()
        _store[key] = result
        _store.move_to_end(key)
        while len(_store) > KEPT:
            _store.popitem(last=False)
        return result


def forget() -> None:
    """Forget everything that was kept."""
    with CASADI:
        _store.clear()
