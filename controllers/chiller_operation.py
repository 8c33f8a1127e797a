"""How a chilled-water plant is operated: its regulatory layer, its protection, its controllers."""

from collections.abc import Callable, Mapping
from typing import Any

from lowlift.controllers.chiller_protection import ChillerInterlocks, reading_rules, safety
from lowlift.controllers.chiller_regulator import ChillerRegulator
from lowlift.controllers.chiller_rules import ChillerFixedSetpoint, ChillerGuideline36
from lowlift.controllers.chiller_static import ChillerStaticOptimal
from lowlift.controllers.interface import Controller
from lowlift.controllers.operation import Entry, Operation
from lowlift.models.chiller_site import ChillerSite

PLANNED = ("MPC", "Oracle", "MPC with perfect forecasts", "Oracle on half the grid")


def controllers(site: ChillerSite) -> Mapping[str, Entry]:
    """Controllers by name, in table order."""

    def entry(make: Callable[[Any], Controller]) -> Entry:
        return Entry(make=lambda plant, loads: make(plant))

    return {
        "FixedSetpoint": entry(lambda plant: ChillerFixedSetpoint(plant.site)),
        "Guideline36": entry(lambda plant: ChillerGuideline36(plant.site)),
        "StaticOptimal": entry(ChillerStaticOptimal),
    }


def missing(site: ChillerSite) -> Mapping[str, str]:
    """Predictive controllers, because the plant forgets its past in less time than a decision takes; tuned constants."""
    have = ", ".join(controllers(site))
    why = "its water stores heat for about a minute, so that a plan has nothing to gain over StaticOptimal"
    reasons = {name: f"{name} is not available for {site.name}: {why}; controllers are {have}" for name in PLANNED}
    return reasons | {
        "SiteTuned": f"SiteTuned is not available for {site.name}: Guideline36 is within one per cent of StaticOptimal, so no "
        f"constants are tuned; controllers are {have}",
        "AsOperated": f"controller AsOperated is the published operation of frontier only; {site.name} has none",
    }


OPERATION = Operation(
    regulator=ChillerRegulator, interlocks=ChillerInterlocks, safety=safety, readings=reading_rules, controllers=controllers,
    missing=missing,
)  # fmt: skip
