"""A day of the full plant under the predictive controller on the grid of A: plans solved to convergence, and plans in real time."""

from typing import Any

import numpy as np
from mpc_case import DAY_A, SEED_A
from mpc_own import REAL_TIME, TOLERANCE, real_time_solver

from lowlift.controllers.interface import Status
from lowlift.controllers.mpc import MPC
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.problem import BatchData
from lowlift.controllers.optimiser.result import BatchResult
from lowlift.controllers.optimiser.solver import CoreSolver, Solver
from lowlift.controllers.optimiser.store import core_parts
from lowlift.models import load
from lowlift.models.liquid_hall import LiquidHall
from lowlift.sim.closed_loop import Run, simulate
from lowlift.sim.entrants import make_run
from lowlift.sim.kpis import kpis
from lowlift.sim.scenario import build_scenario


class RealTime:
    """Real-time steps where a plan was there before, convergence where there was none."""

    def __init__(self, first: Solver, step: Solver) -> None:
        self.problem, self.first, self.step = first.problem, first, step
        self.build_seconds = 0.0

    def solve(self, data: BatchData, start: Iterate, *, dual: bool = False) -> BatchResult:
        """See :class:`lowlift.controllers.optimiser.solver.Solver`."""
        return (self.step if dual else self.first).solve(data, start, dual=dual)


def full_plant(days: float, stages: int = 96, seconds: float = 900.0) -> dict[str, Any]:
    """Key figures of both, in one lockstep batch from the same state."""
    plant = load("gb200_hall")
    scenario = build_scenario(plant, start=DAY_A, days=days, seed=SEED_A)
    runs = []
    for name in ("converged", "real_time"):
        made = make_run("MPC", plant, scenario)
        controller = _controller(plant, made.controller, name, (seconds,) * stages)
        runs.append(Run(controller, made.forecaster))
    table = {}
    for run, done in zip(runs, simulate(plant, scenario, runs), strict=True):
        k = kpis(done)
        decisions = [d for _, d in done.scored_decisions()]
        table[run.controller.name] = {
            "energy_cooling_kWh": k.energy_cooling_kWh, "energy_facility_corrected_kWh": k.energy_facility_corrected_kWh,
            "violation_Kh": k.violation_Kh, "median_ms": float(np.median([d.solve_ms for d in decisions])), "decisions": len(decisions),
            "fallbacks": sum(d.status is Status.FALLBACK for d in decisions),
            "median_kkt_error": float(np.median([d.kkt_error for d in decisions])),
        }  # fmt: skip
    a, b = (table[name] for name in ("converged", "real_time"))
    # Facility energy is mostly the load's: the difference is related to what cooling takes.
    more = b["energy_facility_corrected_kWh"] - a["energy_facility_corrected_kWh"]
    return {"days": days, "rti_iterations": REAL_TIME, "runs": table, "real_time_over_converged": more / a["energy_cooling_kWh"]}


def _controller(plant: LiquidHall, made: Any, name: str, stages: tuple[float, ...]) -> MPC:
    controller = MPC(plant, made.fallback, stages=stages, period=stages[0], name=name, backend="core")
    parts = core_parts(controller.ocp.structure)
    converged = CoreSolver(parts, tolerance=TOLERANCE)
    controller.problem.solver = converged if name == "converged" else RealTime(converged, real_time_solver(parts, REAL_TIME))
    return controller
