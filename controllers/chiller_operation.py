"""How a chilled-water plant is operated: its regulatory layer, its protection, its controllers."""

from collections.abc import Mapping

from lowlift.controllers.chiller_protection import ChillerInterlocks, reading_rules, safety
from lowlift.controllers.chiller_regulator import ChillerRegulator
from lowlift.controllers.chiller_rules import ChillerFixedSetpoint, ChillerGuideline36
from lowlift.controllers.chiller_static import ChillerStaticOptimal
from lowlift.controllers.chiller_tuned import ChillerSiteTuned
from lowlift.controllers.operation import Entry, Operation
from lowlift.controllers.registry import PREDICTIVE, entry, operated_elsewhere, unavailable
from lowlift.models.chiller_site import ChillerSite


def controllers(site: ChillerSite) -> Mapping[str, Entry]:
    """Controllers by name, in table order."""
    return {
        "FixedSetpoint": entry(lambda plant: ChillerFixedSetpoint(plant.site)),
        "Guideline36": entry(lambda plant: ChillerGuideline36(plant.site)),
        "SiteTuned": entry(lambda plant: ChillerSiteTuned(plant.site)),
        "StaticOptimal": entry(ChillerStaticOptimal),
    }


def missing(site: ChillerSite) -> Mapping[str, str]:
    """Predictive controllers, because the plant forgets its past in less time than a decision takes."""
    reasons = dict.fromkeys(PREDICTIVE, "its water stores heat for about a minute, so that a plan has nothing to gain over StaticOptimal")
    return unavailable(site, controllers(site), reasons) | operated_elsewhere(site)


OPERATION = Operation(
    regulator=ChillerRegulator, interlocks=ChillerInterlocks, safety=safety, readings=reading_rules, controllers=controllers,
    missing=missing,
)  # fmt: skip
