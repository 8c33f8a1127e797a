"""Which run the report, pictures and exported setpoints are about, and which one it is compared with: one rule for all of them."""

from collections.abc import Mapping

from lowlift.sim.kpis import kpis
from lowlift.sim.trajectory import Trajectory

REFERENCES = ("SiteTuned", "Guideline36", "AsOperated", "FixedSetpoint")
"""Controllers to compare with, strongest first."""
BOUND = "Oracle"
"""Knows the future: a bound to measure by, not a controller to choose."""


def leading(runs: Mapping[str, Trajectory]) -> str:
    """Name of the run that a reader wants in detail.

    MPC if it took part; else whoever used least energy, the oracle left out, among those that kept the limits no worse than the reference
    (the first of ``REFERENCES`` that took part, else the first run). A user's own controller counts like any other.

    Raises:
        ValueError: there are no runs.
    """
    if not runs:
        raise ValueError("no runs to choose from")
    if "MPC" in runs:
        return "MPC"
    figures = {name: kpis(run) for name, run in runs.items() if name != BOUND} or {name: kpis(run) for name, run in runs.items()}
    first = next((name for name in REFERENCES if name in figures), next(iter(figures)))
    allowed = figures[first].violation_Kh * (1.0 + 1e-9)
    kept = {name: k.energy_facility_corrected_kWh for name, k in figures.items() if k.violation_Kh <= allowed}
    return min(kept, key=lambda name: kept[name])


def references(runs: Mapping[str, Trajectory], hero: str) -> list[str]:
    """Runs that ``hero`` is compared with, the strongest known one first; other controllers only where no known one took part."""
    known = [name for name in REFERENCES if name in runs and name != hero]
    return known or [name for name in runs if name not in (hero, BOUND)] or [name for name in runs if name != hero]


def in_focus(runs: Mapping[str, Trajectory], hero: str) -> dict[str, Trajectory]:
    """Reference, oracle and hero: as many lines as one can tell apart, in the order in which they are drawn, the hero on top."""
    names = [*references(runs, hero)[:1], *([BOUND] if BOUND in runs else []), hero]
    return {name: runs[name] for name in dict.fromkeys(names)}
