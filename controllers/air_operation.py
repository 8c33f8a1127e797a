"""How an air hall is operated: its regulatory layer, its protection, its controllers."""

from collections.abc import Callable, Mapping
from typing import Any

from lowlift.controllers.air_protection import AirInterlocks, reading_rules, safety
from lowlift.controllers.air_regulator import AirRegulator
from lowlift.controllers.air_rules import AirFixedSetpoint, AirGuideline36
from lowlift.controllers.air_static import AirStaticOptimal
from lowlift.controllers.interface import Controller
from lowlift.controllers.operation import Entry, Operation
from lowlift.models.air_site import AirSite

NO_MODEL = ("MPC", "Oracle", "MPC with perfect forecasts", "Oracle on half the grid")


def controllers(site: AirSite) -> Mapping[str, Entry]:
    """Controllers by name, in table order."""

    def entry(make: Callable[[Any], Controller]) -> Entry:
        return Entry(make=lambda plant, loads: make(plant))

    return {
        "FixedSetpoint": entry(lambda plant: AirFixedSetpoint(plant.site)),
        "Guideline36": entry(lambda plant: AirGuideline36(plant.site)),
        "StaticOptimal": entry(AirStaticOptimal),
    }


def missing(site: AirSite) -> Mapping[str, str]:
    """Predictive controllers and the tuned baseline."""
    have = ", ".join(controllers(site))
    why = "there is no prediction model of an air hall"
    reasons = {name: f"{name} is not available for {site.name}: {why}; controllers are {have}" for name in NO_MODEL}
    return reasons | {
        "SiteTuned": f"SiteTuned is not available for {site.name}: no constants are tuned for an air hall; controllers are {have}",
        "AsOperated": f"controller AsOperated is the published operation of frontier only; {site.name} has none",
    }


OPERATION = Operation(
    regulator=AirRegulator, interlocks=AirInterlocks, safety=safety, readings=reading_rules, controllers=controllers, missing=missing,
)  # fmt: skip
