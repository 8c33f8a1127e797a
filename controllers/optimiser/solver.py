"""Solvers of one interface: the core, fatrop and IPOPT, found again where the same structure is asked for twice."""

import dataclasses
import time
from typing import Literal, Protocol, get_args

import numpy as np

from lowlift.controllers.optimiser.derivatives import Hessian
from lowlift.controllers.optimiser.interior_point import NAME, InteriorPoint, Options
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.problem import BatchData, StageProblem
from lowlift.controllers.optimiser.reference import FatropSolver, IpoptSolver
from lowlift.controllers.optimiser.result import BatchResult, Outcome
from lowlift.controllers.optimiser.start import cold_start
from lowlift.controllers.optimiser.store import Parts, core_parts, kept, structure_key
from lowlift.controllers.optimiser.wide import COLD as WIDE_COLD
from lowlift.controllers.optimiser.wide import WARM as WIDE_WARM
from lowlift.controllers.optimiser.wide import wide_parts
from lowlift.controllers.optimiser.wide_problem import WideProblem

Backend = Literal["auto", "core", "fatrop", "ipopt"]
COLD = Options()
"""First barrier parameter and distance from bounds where the start brings no multipliers."""
WARM = Options(mu=3e-5, push=1e-3, max_iterations=30)
"""First barrier parameter, distance from bounds and iterations where the start brings multipliers."""
RESTART = 1e-2
"""KKT error of a warm real-time problem above which it starts cold again."""
SECOND = Options(mu=1.0, push=0.1)
"""First barrier parameter and distance from bounds of a second attempt. Of random problems it solves more from a cold start than the usual
0.1 and 0.01, but it needs longer where the first point is nearly feasible."""
FEW = 3
"""Up to so many problems a loop over fatrop is faster than the core without a compiled kernel."""


class Solver(Protocol):
    """Solves batches of one structure."""

    problem: StageProblem
    """The structure; of a wide problem its flat form, in which its data, points and results are."""

    @property
    def build_seconds(self) -> float:
        """Time spent on building so far [s]."""

    def solve(self, data: BatchData, start: Iterate, *, dual: bool = False) -> BatchResult:
        """Solve a batch.

        Args:
            data: the problems.
            start: first points.
            dual: whether the start brings multipliers worth using.

        Raises:
            ValueError: something does not fit the structure or is not a number.
        """


class CoreSolver:
    """The interior-point core.

    Problems that a warm start leads astray (loads that jumped, machines that came or went) start cold again, and what a cold start does not
    solve is tried once more from further inside its bounds. Algebraic controls, which have no bounds to start between, do so from the given
    start without its multipliers. Iterations count all attempts.

    Args:
        parts: what it is made of.
        tolerance: KKT error at which a problem is solved; the barrier ends at an eleventh of it, so plans stay that little inside limits.
        real_time: number of iterations after which every problem ends; ``None``: until it converges.
        max_iterations: iterations after which a problem is given up.
        cold: first barrier parameter and push where the start brings no multipliers.
        warm: first barrier parameter, push and most iterations where the start brings multipliers.
        restart: KKT error after real-time iterations above which a warm problem starts cold and is solved to the end: the next plan would
            begin from it and go further astray. Infinite where the agreed number of iterations must hold whatever comes out.

    Raises:
        ValueError: one of these settings is out of its range.
    """

    name = NAME

    def __init__(
        self, parts: Parts, *, tolerance: float = 1e-6, real_time: int | None = None, max_iterations: int = 100, cold: Options = COLD,
        warm: Options = WARM, restart: float = RESTART,
    ) -> None:  # fmt: skip
        if not restart >= 0.0:
            raise ValueError(f"restart = {restart}: must be at least 0")
        self.problem, self.parts = parts.rows.problem, parts
        self.build_seconds, self.restart = 0.0, restart
        self._method = InteriorPoint(parts.rows, parts.evaluator, parts.newton, parts.measures)
        self._cold = Options(tolerance=tolerance, real_time=real_time, max_iterations=max_iterations, mu=cold.mu, push=cold.push)
        self._again = dataclasses.replace(self._cold, real_time=None)
        self._second = dataclasses.replace(self._again, mu=SECOND.mu, push=SECOND.push)
        self._warm = dataclasses.replace(self._cold, mu=warm.mu, push=warm.push, max_iterations=min(warm.max_iterations, max_iterations))

    def solve(self, data: BatchData, start: Iterate, *, dual: bool = False) -> BatchResult:
        """Solve a batch; see :class:`Solver`."""
        result = self._method.solve(data, start, self._warm if dual else self._cold, dual=dual)
        agreed = (result.outcome == Outcome.REAL_TIME) & ((result.kkt_error <= self.restart) | (not dual))
        for options in (self._again, self._second) if dual else (self._second,):
            failed = np.flatnonzero(~result.converged & ~agreed)
            if failed.size:
                some = data.take(failed)
                fresh = dual and not self.problem.algebraic
                again = self._method.solve(some, cold_start(self.problem, some) if fresh else start.take(failed), options)
                again.iterations += result.iterations[failed]
                result.iterations[failed] = again.iterations
                result.improve(failed, again)
        return result


class Fallback:
    """Asks a second solver about those problems of a batch that the first one did not solve, and keeps the better answer.

    Args:
        first: asked about all.
        second: asked, from the same start, about problems that neither converged nor have a KKT error up to ``accept``. What was to end
            after a number of iterations has not failed.
        accept: KKT error up to which the first answer stands all the same.
    """

    def __init__(self, first: Solver, second: Solver, *, accept: float = 0.0) -> None:
        self.problem, self.first, self.second, self.accept = first.problem, first, second, accept

    @property
    def build_seconds(self) -> float:
        """Time spent on building so far [s]."""
        return self.first.build_seconds + self.second.build_seconds

    def solve(self, data: BatchData, start: Iterate, *, dual: bool = False) -> BatchResult:
        """Solve a batch; see :class:`Solver`."""
        result = self.first.solve(data, start, dual=dual)
        done = result.converged | (result.outcome == Outcome.REAL_TIME) | (result.kkt_error <= self.accept)
        failed = np.flatnonzero(~done)
        if failed.size:
            result.improve(failed, self.second.solve(data.take(failed), start.take(failed)))
        return result


class FewElsewhere:
    """The core for batches and another solver for a few problems, up to :data:`FEW`."""

    def __init__(self, core: Solver, other: Solver) -> None:
        self.problem, self.core, self.other = core.problem, core, other

    @property
    def build_seconds(self) -> float:
        """Time spent on building so far [s]."""
        return self.core.build_seconds + self.other.build_seconds

    def solve(self, data: BatchData, start: Iterate, *, dual: bool = False) -> BatchResult:
        """Solve a batch; see :class:`Solver`."""
        return (self.other if data.size <= FEW else self.core).solve(data, start, dual=dual)


def make_solver(
    problem: StageProblem | WideProblem, backend: Backend = "auto", *, tolerance: float = 1e-6, real_time: int | None = None,
    compiled: bool | None = None, hessian: Hessian = "exact",
) -> Solver:  # fmt: skip
    """A solver of a structure; one that was made before for an equal structure is handed out again. Threads may share it: the core solves
    in all of them at once, fatrop and IPOPT in one after the other.

    Args:
        problem: the structure. Of a wide one the core eliminates the blocks, and fatrop and IPOPT get its flat form, in which all its
            numbers are; its first points must bring algebraic controls at which the model has a value.
        backend: ``auto`` is the core, except that a few problems go to fatrop where the core has no compiled kernel (and no number of
            iterations is asked for, which fatrop cannot promise, and the problem is not wide, of which fatrop would pay the cube).
        tolerance: KKT error at which a problem is solved.
        real_time: of the core only: number of iterations after which every problem ends.
        compiled: of the core: whether it has a compiled kernel; ``None``: where one can be made.
        hessian: of the core only: ``exact``, or ``gauss_newton``, that of the cost alone, with corrected pivots where it is concave. The
            second one is for costs that are sums of squares; it costs a quarter less to evaluate and converges linearly. Where the
            curvature that matters is that of dynamics and limits, as in plans of halls, it does not converge, and says so.

    Raises:
        ValueError: algebraic controls of a structure that is not wide, a backend or Hessian that does not exist, real-time iterations or
            a Hessian of a backend that has no choice, or a tolerance or a number of iterations that is not positive.
        CompilerError: a kernel is required and cannot be made.
        LoweringError: a kernel is required and a graph cannot be printed as C, or any path and it cannot be printed as NumPy either.
    """
    if backend not in get_args(Backend):
        raise ValueError(f"backend = {backend!r}: must be one of {', '.join(get_args(Backend))}")
    if hessian not in get_args(Hessian):
        raise ValueError(f"hessian = {hessian!r}: must be one of {', '.join(get_args(Hessian))}")
    if hessian != "exact" and backend in ("fatrop", "ipopt"):
        raise ValueError(f"hessian = {hessian!r} with backend {backend!r}: only the core leaves curvature out")
    if real_time is not None and backend in ("fatrop", "ipopt"):
        raise ValueError(f"real_time = {real_time} with backend {backend!r}: only the core ends after a given number of iterations")
    began = time.perf_counter()
    key, wide = structure_key(problem), isinstance(problem, WideProblem)
    if isinstance(problem, WideProblem):
        parts = wide_parts(problem, key, compiled, hessian)
    else:
        parts = core_parts(problem, key, compiled, hessian)
    n_stages = parts.rows.problem.n_stages
    building = time.perf_counter() - began

    def core() -> CoreSolver:
        cold, warm = (WIDE_COLD, WIDE_WARM) if wide else (COLD, WARM)
        solver = CoreSolver(parts, tolerance=tolerance, real_time=real_time, cold=cold, warm=warm)
        solver.build_seconds = building
        return solver

    def other(kind: type[FatropSolver] | type[IpoptSolver]) -> Solver:
        return kept((kind.name, key, n_stages, tolerance, parts.how), lambda: kind(parts, tolerance=tolerance))

    if backend in ("fatrop", "ipopt"):
        return other(FatropSolver if backend == "fatrop" else IpoptSolver)
    own = kept(("core", key, n_stages, tolerance, real_time, hessian, parts.how), core)
    # The one place where a backend is chosen.
    if backend == "core" or real_time is not None or parts.compiled or wide:
        return own
    return FewElsewhere(own, other(FatropSolver))
