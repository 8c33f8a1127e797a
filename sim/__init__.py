"""Scenarios, the closed loop, exact KPIs, comparison, charts, report and setpoint schedules.

Comparisons start at :func:`lowlift.compare`; here are the records it works with, and the charts as the module ``plots``.
"""

from typing import TYPE_CHECKING

from lowlift.lazy import lazy

if TYPE_CHECKING:
    from lowlift.sim import plots
    from lowlift.sim.closed_loop import Run, simulate
    from lowlift.sim.compare import Comparison
    from lowlift.sim.entrants import ControllerError, DuplicateControllerError, UnavailableControllerError, UnknownControllerError
    from lowlift.sim.files import WriteError
    from lowlift.sim.kpis import Kpis
    from lowlift.sim.scenario import Scenario, ScenarioError, build_scenario
    from lowlift.sim.schedule import Schedule, import_schedule, schedule_from
    from lowlift.sim.schedule_rows import ScheduleError
    from lowlift.sim.trajectory import Trajectory, TrajectoryError, read_parquet

__all__ = [
    "Comparison", "ControllerError", "DuplicateControllerError", "Kpis", "Run", "Scenario", "ScenarioError", "Schedule", "ScheduleError",
    "Trajectory", "TrajectoryError", "UnavailableControllerError", "UnknownControllerError", "WriteError", "build_scenario",
    "import_schedule", "plots", "read_parquet", "schedule_from", "simulate",
]  # fmt: skip

_HOME = {
    "Run": "closed_loop", "simulate": "closed_loop", "Comparison": "compare", "ControllerError": "entrants",
    "DuplicateControllerError": "entrants", "UnavailableControllerError": "entrants", "UnknownControllerError": "entrants",
    "WriteError": "files", "Kpis": "kpis", "plots": "plots", "Scenario": "scenario", "ScenarioError": "scenario",
    "build_scenario": "scenario", "Schedule": "schedule", "import_schedule": "schedule", "schedule_from": "schedule",
    "ScheduleError": "schedule_rows", "Trajectory": "trajectory", "TrajectoryError": "trajectory", "read_parquet": "trajectory",
}  # fmt: skip

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy(__name__, {name: f"{__name__}.{module}" for name, module in _HOME.items()}, __all__)
