"""Comparison: several controllers, the oracle and its proof, on one scenario."""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from lowlift.controllers.fixed import AsOperated, FixedSetpoint
from lowlift.controllers.forecast import Perfect, Persistence
from lowlift.controllers.guideline36 import Guideline36
from lowlift.controllers.interface import Controller
from lowlift.controllers.mpc import MPC
from lowlift.controllers.oracle import Oracle
from lowlift.controllers.site_tuned import SiteTuned
from lowlift.controllers.static import StaticOptimal
from lowlift.data.hints import hint
from lowlift.models.liquid_hall import LiquidHall
from lowlift.sim.closed_loop import Run, simulate
from lowlift.sim.kpis import records, table
from lowlift.sim.scenario import Scenario
from lowlift.sim.trajectory import Trajectory

CONTROLLERS = ("FixedSetpoint", "AsOperated", "Guideline36", "SiteTuned", "StaticOptimal", "MPC")
"""Controllers by name, in table order; AsOperated exists for Frontier only."""
PERFECT, HALVED = "MPC with perfect forecasts", "Oracle on half the grid"
GRID = 300.0
CONDITIONS = (
    "the published figures are for one year at 10-minute steps, with a surrogate model, perfect knowledge and unpublished limits; "
    "ours is one cool April day, forecasts from the past only, the limits of the site file"
)


class UnknownControllerError(ValueError):
    """A controller name that does not exist; the message lists near ones."""


@dataclasses.dataclass
class Comparison:
    """Records and KPIs of one scenario."""

    plant: LiquidHall
    scenario: Scenario
    runs: dict[str, Trajectory]
    """By controller; the oracle last."""
    proof_runs: dict[str, Trajectory]
    """Runs that only prove the oracle."""

    @functools.cached_property
    def figures(self) -> pd.DataFrame:
        """The comparison table, one row a controller."""
        return table(self.runs.values())

    @property
    def rows(self) -> list[dict[str, Any]]:
        """KPI records of the controllers, for ``kpis.json``."""
        return records(self.figures)

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
SENSITIVITY = (-5.0, 5.0)
"""Shifts of the limits that define the as-operated flow [K]."""


def as_operated_name(shift: float) -> str:
    """Name of the as-operated run with shifted limits."""
    return f"AsOperated, limits {shift:+.0f} K"


def make_run(name: str, plant: LiquidHall, scenario: Scenario) -> Run:
    """A controller by name, with the forecaster it is entitled to.

    Raises:
        UnknownControllerError: no such controller (for this plant).
    """
    site = plant.site
    past_only = Persistence()

    def perfect(grid: float) -> Perfect:
        return Perfect(scenario.step, scenario.q_cdu(plant), scenario.q_hottest(plant), scenario.q_air, scenario.T_wb, scenario.T_db, grid)

    def rule() -> Controller:
        return Guideline36(site)

    makers: dict[str, Callable[[], Run]] = {
        "FixedSetpoint": lambda: Run(FixedSetpoint(site)),
        "Guideline36": lambda: Run(Guideline36(site)),
        "SiteTuned": lambda: Run(SiteTuned(site)),
        "StaticOptimal": lambda: Run(StaticOptimal(plant, rule()), past_only),
        "MPC": lambda: Run(MPC(plant, rule()), past_only),
        "Oracle": lambda: Run(Oracle(plant, rule(), grid=GRID), perfect(GRID)),
        PERFECT: lambda: Run(MPC(plant, rule(), name=PERFECT), perfect(GRID)),
        HALVED: lambda: Run(Oracle(plant, rule(), grid=GRID / 2, name=HALVED), perfect(GRID / 2)),
    }
    if site.name == "frontier":
        makers["AsOperated"] = functools.partial(_as_operated, plant, scenario, 0.0)
        for shift in SENSITIVITY:
            makers[as_operated_name(shift)] = functools.partial(_as_operated, plant, scenario, shift)
    if name not in makers:
        known = [n for n in (*CONTROLLERS, "Oracle") if n in makers]
        if name == "AsOperated":
            raise UnknownControllerError(f"controller AsOperated is the published operation of frontier only; {site.name} has none")
        raise UnknownControllerError(f"unknown controller {name!r} for {site.name}; {hint(name, known)}")
    return makers[name]()


def _as_operated(plant: LiquidHall, scenario: Scenario, shift: float) -> Run:
    scored = slice(round(scenario.warm_up / scenario.step), None)
    name = as_operated_name(shift) if shift else "AsOperated"
    return Run(AsOperated(plant.site, scenario.q_cdu(plant)[scored], scenario.q_hottest(plant)[scored], limit_shift=shift, name=name))


def proof_names(controllers: Sequence[str]) -> list[str]:
    """Runs that prove the oracle: halved grid, MPC with perfect forecasts, and as-operated with shifted limits where it takes part."""
    shifted = [as_operated_name(shift) for shift in SENSITIVITY] if "AsOperated" in controllers else []
    return [PERFECT, HALVED, *shifted]


def default_controllers(plant: LiquidHall) -> list[str]:
    """All controllers that exist for a plant."""
    return [n for n in CONTROLLERS if n != "AsOperated" or plant.site.name == "frontier"]


def compare(
    plant: LiquidHall,
    scenario: Scenario,
    controllers: Sequence[str | Run] | None = None,
    *,
    oracle: bool = False,
    proof: bool | Sequence[str] = False,
    progress: Callable[[float], None] | None = None,
) -> Comparison:
    """Run controllers (by name, or a user's own as a :class:`Run`) in lockstep.

    Args:
        plant: the plant.
        scenario: disturbances.
        controllers: names or runs; all named ones if none are given.
        oracle: add the oracle.
        proof: add the runs that prove the oracle (see :func:`proof_names`), or those named.
        progress: called with the share done.
    """
    names = default_controllers(plant) if controllers is None else controllers
    runs = [make_run(c, plant, scenario) if isinstance(c, str) else c for c in names]
    n_scored = len(runs) + int(oracle)
    if oracle:
        runs.append(make_run("Oracle", plant, scenario))
    if oracle and proof:
        wanted = proof_names([run.controller.name for run in runs]) if isinstance(proof, bool) else proof
        runs += [make_run(name, plant, scenario) for name in wanted]
    finished = simulate(plant, scenario, runs, progress=progress)
    named = {r.controller: r for r in finished}
    if len(named) != len(finished):
        raise ValueError(f"controllers need different names: {[r.controller for r in finished]}")
    scored = dict(list(named.items())[:n_scored])
    return Comparison(plant, scenario, scored, {k: v for k, v in named.items() if k not in scored})
