"""Comparison: several controllers, the oracle and its proof, on one scenario."""

import dataclasses
import difflib
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
from lowlift.models.liquid_hall import LiquidHall
from lowlift.sim.closed_loop import Record, Run, simulate
from lowlift.sim.kpis import kpi_records
from lowlift.sim.scenario import Scenario

CONTROLLERS = ("FixedSetpoint", "AsOperated", "Guideline36", "SiteTuned", "StaticOptimal", "MPC")
"""Controllers by name, in table order; AsOperated exists for Frontier only."""
PERFECT, HALVED = "MPC with perfect forecasts", "Oracle on half the grid"
GRID = 300.0


class UnknownControllerError(ValueError):
    """A controller name that does not exist; the message lists near ones."""


@dataclasses.dataclass
class Comparison:
    """Records and KPIs of one scenario."""

    plant: LiquidHall
    scenario: Scenario
    records: dict[str, Record]
    """By controller; the oracle last."""
    proof_records: dict[str, Record]
    """Runs that only prove the oracle."""

    @functools.cached_property
    def rows(self) -> list[dict[str, Any]]:
        """KPI records of the controllers, for ``kpis.json``."""
        return kpi_records(self.plant, self.scenario, self.records)

    def kpis(self) -> pd.DataFrame:
        """The comparison table."""
        frame = pd.DataFrame(self.rows).set_index("controller")
        return frame.drop(columns=["energy_by_use_kWh", "violations_Kh"])

    @functools.cached_property
    def proof(self) -> dict[str, Any]:
        """The oracle's self-proof (CONTROL 1); empty without an oracle."""
        if "Oracle" not in self.records:
            return {}
        rows = {r["controller"]: r for r in self.rows}
        oracle = rows["Oracle"]
        below = [
            name for name, r in rows.items()
            if name != "Oracle" and r["energy_facility_kWh"] < oracle["energy_facility_kWh"]
            and r["violation_Kh"] <= oracle["violation_Kh"] + 1e-9
        ]  # fmt: skip
        result: dict[str, Any] = {"nobody_below": not below, "below": below}
        if self.proof_records:
            extra = {r["controller"]: r for r in kpi_records(self.plant, self.scenario, self.records | self.proof_records)}
            if HALVED in extra:
                change = extra[HALVED]["energy_cooling_kWh"] - oracle["energy_cooling_kWh"]
                result["grid_halving_change"] = change / oracle["energy_cooling_kWh"]
            if PERFECT in extra:
                result["perfect_mpc_gap_closed"] = extra[PERFECT]["gap_closed"]
                result["perfect_mpc_gap_closed_g36"] = extra[PERFECT]["gap_closed_g36"]
        return result


def make_run(name: str, plant: LiquidHall, scenario: Scenario) -> Run:
    """A controller by name, with the forecaster it is entitled to.

    Raises:
        UnknownControllerError: no such controller (for this plant).
    """
    site = plant.site
    past_only = Persistence()

    def perfect(grid: float) -> Perfect:
        return Perfect(scenario.step, scenario.q_cdu(plant), scenario.q_air, scenario.T_wb, scenario.T_db, grid)

    def rule() -> Controller:
        return Guideline36(site)

    first = round(scenario.warm_up / scenario.step)
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
        makers["AsOperated"] = lambda: Run(AsOperated(site, scenario.q_cdu(plant)[first:]))
    if name not in makers:
        known = [n for n in makers if n not in (PERFECT, HALVED)]
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
        hint = f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(known)}"
        raise UnknownControllerError(f"unknown controller {name!r} for {site.name}; {hint}")
    return makers[name]()


def default_controllers(plant: LiquidHall) -> list[str]:
    """All controllers that exist for a plant."""
    return [n for n in CONTROLLERS if n != "AsOperated" or plant.site.name == "frontier"]


def compare(
    plant: LiquidHall,
    scenario: Scenario,
    controllers: Sequence[str | Run] | None = None,
    *,
    oracle: bool = False,
    proof: bool = False,
    progress: Callable[[float], None] | None = None,
) -> Comparison:
    """Run controllers (by name, or a user's own as a :class:`Run`) in lockstep.

    Args:
        plant: the plant.
        scenario: disturbances.
        controllers: names or runs; all named ones if none are given.
        oracle: add the oracle.
        proof: add the runs that prove the oracle (halved grid, MPC with perfect forecasts).
        progress: called with the share done.
    """
    names = default_controllers(plant) if controllers is None else controllers
    runs = [make_run(c, plant, scenario) if isinstance(c, str) else c for c in names]
    n_scored = len(runs) + int(oracle)
    if oracle:
        runs.append(make_run("Oracle", plant, scenario))
    if oracle and proof:
        runs += [make_run(PERFECT, plant, scenario), make_run(HALVED, plant, scenario)]
    records = simulate(plant, scenario, runs, progress=progress)
    named = {r.controller: r for r in records}
    if len(named) != len(records):
        raise ValueError(f"controllers need different names: {[r.controller for r in records]}")
    scored = dict(list(named.items())[:n_scored])
    return Comparison(plant, scenario, scored, {k: v for k, v in named.items() if k not in scored})
