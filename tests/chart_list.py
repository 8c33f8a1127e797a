"""Every chart of the report by name, drawn from a set of runs."""

from collections.abc import Callable

from lowlift.sim import plots
from lowlift.sim.kpis import table
from lowlift.sim.trajectory import Trajectory

Runs = dict[str, Trajectory]


def two(runs: Runs) -> Runs:
    return {name: runs[name] for name in ("SiteTuned", "MPC")}


DRAW: dict[str, Callable[[Runs], object]] = {
    "energy_bars": plots.energy_bars,
    "cumulative_cooling": lambda r: plots.cumulative_cooling(r, "SiteTuned"),
    "power_over_time": lambda r: plots.power_over_time(r["MPC"], r["SiteTuned"]),
    "conditions": lambda r: plots.conditions(r["MPC"]),
    "temperatures": lambda r: plots.temperatures(two(r)),
    "setpoints": lambda r: plots.setpoints(two(r)),
    "running_pue": plots.running_pue,
    "savings": lambda r: plots.savings(r["MPC"], r["SiteTuned"]),
    "gap_bars": lambda r: plots.gap_bars(table(r.values())),
    "plan_against_actual": lambda r: plots.plan_against_actual(r["MPC"]),
    "heat_flow": lambda r: plots.heat_flow(r["MPC"]),
}
