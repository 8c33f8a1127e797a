"""How a hybrid hall is operated: its regulatory layer, its protection, its controllers."""

from collections.abc import Callable, Mapping
from typing import Any

from lowlift.controllers.hybrid_protection import HybridInterlocks, reading_rules, safety
from lowlift.controllers.hybrid_regulator import HybridRegulator
from lowlift.controllers.hybrid_rules import HybridFixedSetpoint, HybridGuideline36
from lowlift.controllers.hybrid_static import HybridStaticOptimal
from lowlift.controllers.interface import Controller
from lowlift.controllers.operation import Entry, Knowledge, Operation
from lowlift.models.hybrid_site import HybridSite

PREDICTIVE = ("MPC", "Oracle", "MPC with perfect forecasts", "Oracle on half the grid")


def controllers(site: HybridSite) -> Mapping[str, Entry]:
    """Controllers by name, in table order."""

    def entry(make: Callable[[Any], Controller], knows: Knowledge = Knowledge.NOTHING) -> Entry:
        return Entry(make=lambda plant, loads: make(plant), knows=knows)

    return {
        "FixedSetpoint": entry(lambda plant: HybridFixedSetpoint(plant.site)),
        "Guideline36": entry(lambda plant: HybridGuideline36(plant.site)),
        "StaticOptimal": entry(HybridStaticOptimal),
    }


def missing(site: HybridSite) -> Mapping[str, str]:
    """Predictive controllers and the tuned baseline."""
    have = ", ".join(controllers(site))
    reasons = {name: "there is no prediction model of a hybrid hall" for name in PREDICTIVE}
    reasons["SiteTuned"] = "no constants are tuned for a hybrid hall"
    return {name: f"{name} is not available for {site.name}: {why}; controllers are {have}" for name, why in reasons.items()} | {
        "AsOperated": f"controller AsOperated is the published operation of frontier only; {site.name} has none"
    }


OPERATION = Operation(
    regulator=HybridRegulator, interlocks=HybridInterlocks, safety=safety, readings=reading_rules, controllers=controllers, missing=missing,
)  # fmt: skip
