"""Who takes part in ``mpc.py``, behind one interface: the core on its paths, fatrop, IPOPT, and peers in processes of their own."""

import dataclasses
import sys
import time
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from mpc_case import Case
from mpc_peers import PeerError, PeerProcess, environment, write_case

from lowlift.controllers.optimiser.interior_point import Options
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.result import Outcome
from lowlift.controllers.optimiser.solver import CoreSolver, Solver, make_solver
from lowlift.controllers.optimiser.start import cold_start
from lowlift.controllers.optimiser.store import Parts, core_parts
from lowlift.models.kernel_build import CompilerError

TOLERANCE = 1e-6
"""KKT error at which a problem counts as solved, for everybody."""
REAL_TIME = 4
"""Iterations of a real-time step of the core: chosen on other days, 3 March, 14 May and 10 August, whose closed loops cost within 0.01 % of
converged ones; six moments of a day start cold again, because loads have jumped."""
REAL_TIME_START = Options(mu=3e-6, push=1e-3)
"""Barrier parameter and push of real-time steps: few iterations cannot bring them down from far."""
VARIANTS = {"dompc": (("default", "warm"), ("points", "warm"), ("same", "warm")), "acados": (("rti", "rti"),)}
"""What each peer builds, and what it calls a warm step."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Solved:
    """One solve."""

    seconds: float
    iterations: int
    objective: float
    kkt_error: float
    status: str
    converged: bool
    u: np.ndarray
    """Controls ``(N, n_u)``."""


class Entrant(Protocol):
    """A solver of one case, which remembers its last solution."""

    name: str
    about: dict[str, Any]

    def solve(self, i: int, mode: str, x0: np.ndarray | None = None) -> Solved:
        """Solve problem ``i``: ``cold``, or ``warm`` from its own last solution, moved on by a stage."""

    def close(self) -> None:
        """Free what it holds."""


class Own:
    """A solver of the package."""

    def __init__(self, name: str, case: Case, solver: Solver, first: Solver | None = None, **about: Any) -> None:
        self.name, self.case, self.solver = name, case, solver
        self.first = solver if first is None else first
        """Solves what has nothing before it: real-time steps begin from a solution."""
        self.about = {"build_s": solver.build_seconds, "tolerance": TOLERANCE, **about}
        self._last: Iterate | None = None

    def solve(self, i: int, mode: str, x0: np.ndarray | None = None) -> Solved:
        """See :class:`Entrant`."""
        case, data = self.case, self.case.one(i, x0)
        warm = mode != "cold"
        if warm and self._last is None:
            raise ValueError(f"{self.name}: nothing was solved before problem {i}")
        start = case.ocp.shift(self._last, case.stage_seconds, data.x0) if warm and self._last else cold_start(case.problem, data)
        solver = self.solver if warm else self.first
        built, began = solver.build_seconds, time.perf_counter()
        found = solver.solve(data, start, dual=warm)
        # Solvers that are built when they are first used must not count that as solving.
        seconds = time.perf_counter() - began - (solver.build_seconds - built)
        self.about["build_s"] = self.solver.build_seconds
        self._last = found.point
        return Solved(
            seconds=seconds, iterations=int(found.iterations[0]), objective=float(found.objective[0]), kkt_error=float(found.kkt_error[0]),
            status=Outcome(found.outcome[0]).name, converged=bool(found.converged[0]), u=found.point.u[:, 0],
        )  # fmt: skip

    def close(self) -> None:
        """Nothing to free."""


class Foreign:
    """A peer in a process of its own. Its ``warm`` may go by another name: acados takes real-time steps."""

    def __init__(self, name: str, process: PeerProcess, warm: str = "warm") -> None:
        self.name, self.process, self.warm, self.about = name, process, warm, process.about

    def solve(self, i: int, mode: str, x0: np.ndarray | None = None) -> Solved:
        """See :class:`Entrant`."""
        numbers, arrays = self.process.solve(i, "cold" if mode == "cold" else self.warm, x0)
        return Solved(u=arrays["u"], **{f.name: numbers[f.name] for f in dataclasses.fields(Solved) if f.name != "u"})

    def close(self) -> None:
        """End its process."""
        self.process.close()


def core_parts_by_path(case: Case) -> dict[str, tuple[Parts, float]]:
    """The core's parts by path, with the time it took to build them: ``numpy``, and ``kernel`` where there is a compiler."""
    found = {}
    for path, compiled in (("numpy", False), ("kernel", True)):
        began = time.perf_counter()
        try:
            found[path] = core_parts(case.problem, compiled=compiled), time.perf_counter() - began
        except CompilerError as error:
            log(f"no {path}: {error}")
    return found


def real_time_solver(parts: Parts, steps: int) -> CoreSolver:
    """The core with a fixed number of iterations."""
    return CoreSolver(parts, tolerance=TOLERANCE, real_time=steps, warm=REAL_TIME_START)


def own_entrants(case: Case) -> list[Entrant]:
    """Everybody of the package: the core to convergence and in real time, fatrop, IPOPT."""
    entrants: list[Entrant] = []
    for path, (parts, seconds) in core_parts_by_path(case).items():
        solver, about = CoreSolver(parts, tolerance=TOLERANCE), {"how": parts.how, "parts_s": seconds}
        entrants.append(Own(f"core_{path}", case, solver, **about))
        entrants.append(Own(f"core_{path}_rti", case, real_time_solver(parts, REAL_TIME), solver, **about, iterations=REAL_TIME))
    for name in ("fatrop", "ipopt"):
        entrants.append(Own(name, case, make_solver(case.problem, name, tolerance=TOLERANCE)))  # type: ignore[arg-type]
    return entrants


def peer_entrants(case: Case, folder: Path, names: list[str], root: Path, *, install: bool) -> tuple[list[Entrant], dict[str, str]]:
    """Peers that can take part, and why others cannot."""
    entrants: list[Entrant] = []
    missing: dict[str, str] = {}
    write_case(case, folder, TOLERANCE)
    for name in names:
        for variant, warm in VARIANTS[name]:
            title = f"{name}_{variant}"
            try:
                python = environment(name, root, install=install)
                log(f"{title}: building")
                entrants.append(Foreign(title, PeerProcess(python, f"mpc_{name}.py", variant, folder), warm))
            except PeerError as error:
                missing[title] = str(error)
                log(f"{title}: {error}")
    return entrants, missing


def log(message: str) -> None:
    """Progress goes to standard error: standard output is for results."""
    print(message, file=sys.stderr, flush=True)
