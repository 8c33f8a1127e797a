"""Exact KPIs: every energy is an integral of power, every ratio a ratio of integrals (CONTROL 3).

The scored period begins after the warm-up. Heat that a run holds more (or less) at its end than at the start of the scored period is
charged (or credited) at the run's own mean cooling energy per heat removed, the same rule for every run, the oracle included:
``E_corrected = E + (stored_end - stored_start) E_cooling / Q_removed``.
"""

import dataclasses
import math
from typing import Any

import numpy as np

from lowlift.controllers.interface import Status
from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.step import FLUXES
from lowlift.sim.closed_loop import Record
from lowlift.sim.scenario import Scenario

J_PER_KWH = 3.6e6
RHO_WATER = 998.0
"""Density of make-up water [kg/m^3]."""
GAP_SHARE = 0.02
"""A gap below this share of the reference's cooling energy is not worth a fraction: printed as n/a."""
COOLING = ("cdu_pumps", "fws_pumps", "cw_pumps", "tower_fans", "chillers", "crah_fans", "air_path")
"""End uses that move heat."""


@dataclasses.dataclass(frozen=True)
class Energies:
    """Energies of the scored period [kWh]."""

    it: float
    facility: float
    cooling: float
    facility_corrected: float
    """Facility energy with the stored-heat correction."""
    cooling_corrected: float
    stored_change: float
    """Heat held at the end minus at the start [kWh thermal]."""
    removed: float
    """Heat rejected by the towers [kWh thermal]."""
    residual: float
    """Energy balance residual over IT energy [1]."""
    by_use: dict[str, float]
    """Every end use."""


@dataclasses.dataclass(frozen=True)
class Violation:
    """Excess over one limit, the worst component at each instant."""

    integral: float
    """K h."""
    maximum: float
    """K."""


def scored(scenario: Scenario) -> slice:
    """Steps that count."""
    return slice(round(scenario.warm_up / scenario.step), scenario.n)


def energies(scenario: Scenario, record: Record) -> Energies:
    """Integrate powers and heat over the scored period."""
    part, per = scored(scenario), scenario.step / J_PER_KWH
    use = {name: float(power[part].sum() * per) for name, power in record.powers.items()}
    cooling = sum(use[name] for name in COOLING)
    facility = use["it"] + use["losses"] + cooling
    before = record.stored_initial if part.start == 0 else float(record.stored_heat[part.start - 1])
    stored = (float(record.stored_heat[-1]) - before) / J_PER_KWH
    removed = float(record.fluxes[part, FLUXES.index("Q_tower")].sum() * per)
    liquid = float(scenario.q_rack[part].sum() * per)
    air = float(scenario.q_air[part].sum() * per) if "T_air" in record.readings else 0.0
    work = float(record.Q_work[part].sum() * per)
    residual = abs(liquid + air + work - removed - stored) / use["it"]
    charge = stored * (cooling - use["air_path"]) / removed
    return Energies(
        it=use["it"], facility=facility, cooling=cooling, facility_corrected=facility + charge,
        cooling_corrected=cooling + charge, stored_change=stored, removed=removed, residual=residual, by_use=use,
    )  # fmt: skip


def violations(plant: LiquidHall, scenario: Scenario, record: Record) -> dict[str, Violation]:
    """Excess over every declared limit, by its name."""
    lim, r, part = plant.site.limits, record.readings, scored(scenario)
    floor = np.maximum(lim.T_supply_min, r["T_dew_hall"] + lim.dew_point_margin)
    excess = {
        "chip": r["T_chip"] - lim.T_chip_max,
        "rack outlet": r["T_return_hot"] - lim.T_return_max,
        "dew point": floor - r["T_supply"],
        "basin": lim.T_basin_min - r["T_tower"],
    }
    if lim.T_inlet_max is not None:
        excess["server inlet"] = r["T_inlet"] - lim.T_inlet_max
    result = {}
    for name, value in excess.items():
        worst = np.maximum(value[part].max(axis=-1), 0.0)
        result[name] = Violation(float(worst.sum() * scenario.step / 3600.0), float(worst.max()))
    return result


def gap_closed(energy: float, reference: float, oracle: float, cooling: float) -> float:
    """``(E_reference - E) / (E_reference - E_oracle)``; not a number where the gap is below 2 % of ``cooling``."""
    gap = reference - oracle
    return (reference - energy) / gap if gap > GAP_SHARE * cooling else math.nan


def kpi_records(plant: LiquidHall, scenario: Scenario, records: dict[str, Record]) -> list[dict[str, Any]]:
    """One dictionary a controller, in the form of ``kpis.json``; energies carry the stored-heat correction.

    ``gap_closed`` is against SiteTuned, ``gap_closed_g36`` against Guideline36; both are None where a run is missing or the gap is too
    small to divide by.
    """
    e = {name: energies(scenario, record) for name, record in records.items()}

    def gap(name: str, reference: str) -> float | None:
        if reference not in e or "Oracle" not in e:
            return None
        base = e[reference]
        value = gap_closed(e[name].facility_corrected, base.facility_corrected, e["Oracle"].facility_corrected,
                           base.cooling_corrected)  # fmt: skip
        return None if math.isnan(value) else value

    rows = []
    for name, record in records.items():
        v = violations(plant, scenario, record)
        part = scored(scenario)
        water = sum(record.fluxes[part, FLUXES.index(k)].sum() for k in ("evaporation", "drift", "blowdown"))
        since = [d for t, d in record.decisions if t >= scenario.warm_up - 1e-6]
        ms = np.array([d.solve_ms for d in since])
        rows.append({
            "scenario": scenario.name,
            "controller": name,
            "days": scenario.days,
            "energy_it_kWh": e[name].it,
            "energy_facility_kWh": e[name].facility_corrected,
            "energy_cooling_kWh": e[name].cooling_corrected,
            "pue": e[name].facility_corrected / e[name].it,
            "wue_l_per_kwh": float(water) * scenario.step / RHO_WATER * 1e3 / e[name].it,
            "violation_Kh": sum(x.integral for x in v.values()),
            "max_violation_K": max(x.maximum for x in v.values()),
            "gap_closed": gap(name, "SiteTuned"),
            "gap_closed_g36": gap(name, "Guideline36"),
            "energy_balance_residual": e[name].residual,
            "solve_ms_median": float(np.median(ms)),
            "solve_ms_p99": float(np.percentile(ms, 99)),
            "fallbacks": sum(d.status is Status.FALLBACK for d in since),
            "suboptimal": sum(d.status is Status.SUBOPTIMAL for d in since),
            "stored_change_kWh": e[name].stored_change,
            "energy_by_use_kWh": e[name].by_use,
            "violations_Kh": {k: x.integral for k, x in v.items()},
            "interventions": len(record.interventions),
            "measured_load": scenario.measured,
        })  # fmt: skip
    return rows
