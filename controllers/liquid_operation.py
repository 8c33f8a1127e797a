"""How a liquid hall is operated: its regulatory layer, its protection, its controllers."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from lowlift.controllers.fixed import AsOperated, FixedSetpoint
from lowlift.controllers.guideline36 import Guideline36
from lowlift.controllers.interface import Controller
from lowlift.controllers.interlocks import Interlocks
from lowlift.controllers.liquid_readings import reading_rules
from lowlift.controllers.mpc import MPC
from lowlift.controllers.operation import Entry, Knowledge, Operation, SafetyRules
from lowlift.controllers.oracle import Oracle
from lowlift.controllers.registry import AS_OPERATED, HALVED, OPERATED_SITE, PERFECT, entry, operated_elsewhere
from lowlift.controllers.regulatory import RegulatoryLayer
from lowlift.controllers.site_tuned import SiteTuned
from lowlift.controllers.static import StaticOptimal
from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.liquid_tables import chilled_water_is_dry
from lowlift.models.plant import Loads
from lowlift.models.site import Site

GRID = 300.0
AS_OPERATED_VARIANTS: dict[str, dict[str, float]] = {
    "AsOperated, limits -5 K": {"limit_shift": -5.0},
    "AsOperated, limits +5 K": {"limit_shift": 5.0},
    "AsOperated, tower water 20 °C": {"T_tower": 293.15},
}
"""Sensitivity of the as-operated run: other limits behind its flow [K], colder tower water [K]."""


def controllers(site: Site) -> Mapping[str, Entry]:
    """Controllers by name, in table order; AsOperated exists for Frontier only."""

    def of_site(make: Callable[[Site], Controller]) -> Entry:
        return entry(lambda plant: make(plant.site))

    def planned(make: Callable[..., Controller], knows: Knowledge, *, listed: bool = True, **options: Any) -> Entry:
        return Entry(make=lambda plant, loads: make(plant, Guideline36(plant.site), **options), knows=knows, listed=listed)

    operated = {}
    if site.name == OPERATED_SITE:
        variants: dict[str, dict[str, float]] = {AS_OPERATED: {}} | AS_OPERATED_VARIANTS
        operated = {
            name: Entry(make=functools.partial(_as_operated, name=name, options=options), listed=name == AS_OPERATED)
            for name, options in variants.items()
        }
    past, future = Knowledge.PAST, Knowledge.FUTURE
    return {
        "FixedSetpoint": of_site(FixedSetpoint),
        **operated,
        "Guideline36": of_site(Guideline36),
        "SiteTuned": of_site(SiteTuned),
        "StaticOptimal": planned(StaticOptimal, past),
        "MPC": planned(MPC, past),
        "Oracle": planned(Oracle, future, listed=False, grid=GRID),
        PERFECT: planned(MPC, future, listed=False, name=PERFECT),
        HALVED: planned(Oracle, future, listed=False, grid=GRID / 2, name=HALVED),
    }


def missing(site: Site) -> Mapping[str, str]:
    """AsOperated, everywhere but on Frontier."""
    return {} if site.name == OPERATED_SITE else operated_elsewhere(site)


def _as_operated(plant: LiquidHall, loads: Callable[[], Loads], *, name: str, options: Mapping[str, float]) -> Controller:
    seen = loads()
    return AsOperated(plant.site, seen.q_cdu, seen.q_rack, limit_shift=options.get("limit_shift", 0.0), T_tower=options.get("T_tower"),
                      name=name)  # fmt: skip


def safety(site: Site) -> SafetyRules:
    """Full flow, water as cold as the dew point allows.

    The margin holds for the secondary supply, for tower water (the facility supply is never colder than it, so the hall's pipes stay dry)
    and for chilled water where the site's own range is dry.
    """
    low = {s.name: s.low for s in site.sheet.setpoints.signals}
    fail_safe = {"T_supply_set": site.limits.T_supply_min, "T_tower_set": low["T_tower_set"] + 5.0}
    if site.chilled is not None:
        fail_safe |= {"T_chw_set": low["T_chw_set"], "T_air_set": low["T_air_set"] + 2.0, "split": 0.0}
    dry = ("T_supply_set", "T_tower_set", *(("T_chw_set",) if chilled_water_is_dry(site) else ()))
    return SafetyRules(fail_safe=fail_safe, dry=dry, dew_point_margin=site.limits.dew_point_margin, T_dew=site.T_dew_hall)


OPERATION = Operation(
    regulator=RegulatoryLayer, interlocks=Interlocks, safety=safety, readings=reading_rules, controllers=controllers, missing=missing,
)  # fmt: skip
