"""Comparison: several controllers, the oracle and its proof, on one scenario."""

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from lowlift.data.hints import hint
from lowlift.models.liquid_hall import LiquidHall
from lowlift.sim.closed_loop import simulate
from lowlift.sim.entrants import (
    HALVED,
    PERFECT,
    SENSITIVITY,
    ControllerError,
    DuplicateControllerError,
    Entrant,
    UnknownControllerError,
    as_operated_name,
    check_names,
    default_controllers,
    enter,
    make_run,
    name_of,
    proof_names,
)
from lowlift.sim.kpis import records, table
from lowlift.sim.scenario import Scenario
from lowlift.sim.trajectory import Trajectory

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "HALVED", "Comparison", "ControllerError", "DuplicateControllerError", "UnknownControllerError", "compare", "default_controllers",
    "make_run", "proof_names",
]  # fmt: skip

CONDITIONS = (
    "the published figures are for one year at 10-minute steps, with a surrogate model, perfect knowledge and unpublished limits; "
    "ours is one cool April day, forecasts from the past only, the limits of the site file"
)


@dataclasses.dataclass
class Comparison:
    """Runs of several controllers on one scenario: ``comparison["MPC"]`` is what happened under MPC."""

    plant: LiquidHall
    scenario: Scenario
    runs: dict[str, Trajectory]
    """By controller; the oracle last."""
    proof_runs: dict[str, Trajectory]
    """Runs that only prove the oracle."""

    def __getitem__(self, name: str) -> Trajectory:
        everything = self.runs | self.proof_runs
        if name not in everything:
            raise KeyError(f"no run of {name!r}; {hint(name, everything)}")
        return everything[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.runs)

    def __len__(self) -> int:
        return len(self.runs)

    def kpis(self) -> pd.DataFrame:
        """The comparison table, one row a controller: energies, PUE, WUE, violations, share of the oracle's gap closed, and more."""
        return self._table.copy()

    @functools.cached_property
    def _table(self) -> pd.DataFrame:
        return table(self.runs.values())

    def plot(self) -> "dict[str, Figure]":
        """Figures by name: ``energy``, ``temperatures``, ``setpoints``, ``power``, ``heat`` and, where a controller plans, ``plan``."""
        from lowlift.sim.outputs import figures

        return figures(self)

    def report(self, path: str | Path) -> Path:
        """Write one self-contained HTML page.

        Raises:
            WriteError: no room, no permission.
        """
        from lowlift.sim.outputs import page
        from lowlift.sim.report import report

        return report(page(self), path)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """KPI records of the controllers, for ``kpis.json``."""
        return records(self._table)

    @functools.cached_property
    def published(self) -> dict[str, Any]:
        """Frontier only: saving of liquid cooling energy against as-operated beside the published figures; else empty."""
        if "AsOperated" not in self.runs or "MPC" not in self.runs:
            return {}
        everything = self.runs | self.proof_runs

        def liquid(name: str) -> float:
            run = everything[name]
            return float(run.power().sum() - run.power("P_air_path").sum())

        own = liquid("MPC")
        savings = {"as declared": 1.0 - own / liquid("AsOperated")}
        for shift in SENSITIVITY:
            if as_operated_name(shift) in everything:
                savings[f"limits {shift:+.0f} K"] = 1.0 - own / liquid(as_operated_name(shift))
        return {"savings": savings, "published": PUBLISHED, "conditions": CONDITIONS}

    @property
    def published_lines(self) -> list[str]:
        """The same in words."""
        if not self.published:
            return []
        own = ", ".join(f"{100 * v:.1f} % ({k})" for k, v in self.published["savings"].items())
        theirs = ", ".join(f"{100 * v:.1f} % ({k})" for k, v in PUBLISHED.items())
        return [
            f"liquid cooling energy saved against as-operated: {own}",
            f"published: {theirs}; {CONDITIONS}",
        ]

    @functools.cached_property
    def proof(self) -> dict[str, Any]:
        """The oracle's self-proof (CONTROL 1); empty without an oracle."""
        if "Oracle" not in self.runs:
            return {}
        rows = {r["controller"]: r for r in records([*self.runs.values(), *self.proof_runs.values()])}
        oracle = rows["Oracle"]
        below = [
            name for name, r in rows.items()
            if name not in ("Oracle", HALVED) and r["energy_facility_corrected_kWh"] < oracle["energy_facility_corrected_kWh"]
            and r["violation_Kh"] <= oracle["violation_Kh"] + 1e-9
        ]  # fmt: skip
        result: dict[str, Any] = {"nobody_below": not below, "below": below}
        if HALVED in rows:
            change = rows[HALVED]["energy_facility_corrected_kWh"] - oracle["energy_facility_corrected_kWh"]
            result["grid_halving_change"] = change / oracle["energy_cooling_kWh"]
        if PERFECT in rows:
            result["perfect_mpc_gap_closed"] = rows[PERFECT]["gap_closed"]
            result["perfect_mpc_gap_closed_g36"] = rows[PERFECT]["gap_closed_g36"]
        return result


PUBLISHED = {"with ramp limits": 0.278, "with optimised flow fractions": 0.353}
"""Savings of cooling energy against as-operated Frontier, one year at 10 min with a surrogate and perfect knowledge (arXiv 2603.01198 and
2605.15516)."""


def compare(
    plant: LiquidHall,
    scenario: Scenario,
    controllers: Sequence[Entrant] | None = None,
    *,
    oracle: bool = False,
    proof: bool | Sequence[str] = False,
    progress: Callable[[float], None] | None = None,
) -> Comparison:
    """Run controllers in lockstep on one scenario, each on its own copy of the plant.

    Args:
        plant: the plant.
        scenario: disturbances.
        controllers: names, plain controllers (any object with ``name``, ``period``, ``reset`` and ``decide``; it is given forecasts from
            the past only) or a :class:`Run` with another forecaster; all named ones if none are given.
        oracle: add the oracle.
        proof: with the oracle, add the runs that prove it (see :func:`proof_names`), or those named.
        progress: called with the share done.

    Raises:
        UnknownControllerError: a name that does not exist for this plant.
        DuplicateControllerError: a name comes twice.
        ControllerError: nobody takes part, or something is no controller.
    """
    entrants: list[Entrant] = [*(default_controllers(plant) if controllers is None else controllers)]
    added = ["Oracle"] if oracle else []
    n_scored = len(entrants) + len(added)
    if oracle and proof:
        added += proof_names([name_of(e) for e in entrants]) if isinstance(proof, bool) else proof
    check_names(entrants, added)
    runs = [enter(e, plant, scenario) for e in [*entrants, *added]]
    done = simulate(plant, scenario, runs, progress=progress)
    finished = {r.controller: dataclasses.replace(r, setting=scenario.setting) for r in done}
    scored = dict(list(finished.items())[:n_scored])
    return Comparison(plant, scenario, scored, {k: v for k, v in finished.items() if k not in scored})
