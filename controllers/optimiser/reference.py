"""fatrop and IPOPT behind the same interface as the core, with a verdict that is computed here.

A return string is never trusted: the KKT error of every result is computed from the solver's own multipliers by the code that judges the
core's iterates, and decides alone whether a problem counts as converged.
"""

import abc
import time
from typing import Any

import numpy as np

from lowlift.controllers.optimiser.checks import check_settings, check_start
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.judge import judge
from lowlift.controllers.optimiser.nlp import ShootingProgram
from lowlift.controllers.optimiser.problem import BatchData
from lowlift.controllers.optimiser.result import BatchResult, Outcome
from lowlift.controllers.optimiser.scaling import cost_scale
from lowlift.controllers.optimiser.store import CASADI, Parts


class ProgramSolver(abc.ABC):
    """One problem of a batch after the other, by a solver of CasADi's. Threads may share it; of all such solvers, one runs at a time.

    Args:
        parts: the core's, for the verdict.
        tolerance: KKT error up to which a problem counts as converged.
        max_iterations: iterations after which the solver gives up.

    Raises:
        ValueError: a tolerance that is no positive number, or no iterations.
    """

    name = ""

    def __init__(self, parts: Parts, *, tolerance: float, max_iterations: int = 150) -> None:
        check_settings(tolerance=tolerance, max_iterations=max_iterations)
        self.problem, self.parts = parts.rows.problem, parts
        self.tolerance, self.max_iterations = tolerance, max_iterations
        self.build_seconds = 0.0
        """Time spent on building solvers so far [s]."""
        self._programs: dict[bool, ShootingProgram] = {}
        self._solvers: dict[tuple[bool, bytes], Any] = {}

    def solve(self, data: BatchData, start: Iterate, *, dual: bool = False) -> BatchResult:
        """Solve a batch in a loop.

        Args:
            data: the problems.
            start: first points.
            dual: ignored: fatrop does not take multipliers, and IPOPT starts anew with its own.

        Raises:
            ValueError: something does not fit the structure or is not a number.
        """
        began = time.perf_counter()
        data.check(self.problem)
        check_start(self.problem, data, start, dual=False, inequalities=self.parts.rows.size)
        with CASADI:
            found = self._solve(data, start)
        found.seconds = time.perf_counter() - began
        return found

    def prepare(self, data: BatchData) -> None:
        """Build what these problems need, so that solving them takes the time of solving only.

        Raises:
            ValueError: something does not fit the structure or is not a number.
        """
        data.check(self.problem)
        with CASADI:
            program = self._program(data.arrival is not None)
            for i in range(data.size):
                low, high = program.bounds(data, i)
                self._solver(program, low == high)

    def _solve(self, data: BatchData, start: Iterate) -> BatchResult:
        program = self._program(data.arrival is not None)
        sizes = [program.nlp[key].numel() for key in ("x", "g", "x")]
        z, lam_g, lam_x = (np.empty((data.size, size)) for size in sizes)
        iterations = np.zeros(data.size, dtype=int)
        scale = cost_scale(self.problem, self.parts.evaluator, data, start)
        for i in range(data.size):
            low, high = program.bounds(data, i)
            solver = self._solver(program, low == high)
            lbg, ubg = program.row_bounds
            r = solver(x0=np.clip(program.guess(start, i), low, high), p=program.parameters(data, i, scale[i]), lbx=low, ubx=high,
                       lbg=lbg, ubg=ubg)  # fmt: skip
            z[i], lam_g[i], lam_x[i] = (np.asarray(r[key]).ravel() for key in ("x", "lam_g", "lam_x"))
            lam_g[i], lam_x[i] = lam_g[i] / scale[i], lam_x[i] / scale[i]
            iterations[i] = int(solver.stats().get("iter_count", 0))
        found = judge(self.parts.rows, self.parts.evaluator, data, program.iterate(data, z, lam_g, lam_x), scale)
        ended = np.where(found.infeasibility > 1e3 * self.tolerance, Outcome.INFEASIBLE, Outcome.STALLED)
        ended[iterations >= self.max_iterations] = Outcome.ITERATIONS
        ended[found.kkt_error <= self.tolerance] = Outcome.CONVERGED
        ended[~np.isfinite(found.kkt_error)] = Outcome.NOT_A_NUMBER
        found.outcome, found.iterations, found.solver = ended, iterations, np.full(data.size, self.name, dtype="<U16")
        return found

    @abc.abstractmethod
    def _options(self, program: ShootingProgram) -> dict[str, Any]:
        """What the solver is told."""

    def _program(self, free_initial: bool) -> ShootingProgram:
        if free_initial not in self._programs:
            self._programs[free_initial] = ShootingProgram(self.parts.rows, free_initial=free_initial)
        return self._programs[free_initial]

    def _solver(self, program: ShootingProgram, fixed: np.ndarray) -> Any:
        """The solver for this set of fixed variables.

        CasADi's interface would build fatrop anew where the set changes, and forget its options.
        """
        import casadi as ca

        key = (program.free_initial, fixed.tobytes())
        if key not in self._solvers:
            began = time.perf_counter()
            options = {"expand": True, "print_time": False, "error_on_fail": False} | self._options(program)
            self._solvers[key] = ca.nlpsol(f"{self.name}_program", self.name, program.nlp, options)
            self.build_seconds += time.perf_counter() - began
        return self._solvers[key]


class FatropSolver(ProgramSolver):
    """fatrop, which finds the stages by itself; it does not take multipliers of a previous solution.

    Its barrier ends near a tenth of its tolerance, which keeps plans a little inside their limits and raises the cost by that times the
    number of limits.
    """

    name = "fatrop"

    def _options(self, program: ShootingProgram) -> dict[str, Any]:
        inner = {"tol": self.tolerance, "max_iter": self.max_iterations, "mu_init": 0.1, "print_level": 0}
        return {"structure_detection": "auto", "equality": program.equality.tolist(), "fatrop": inner}


class IpoptSolver(ProgramSolver):
    """IPOPT on the same program."""

    name = "ipopt"

    def _options(self, program: ShootingProgram) -> dict[str, Any]:
        return {"ipopt": {"tol": self.tolerance, "max_iter": self.max_iterations, "print_level": 0, "sb": "yes", "mu_strategy": "adaptive"}}
