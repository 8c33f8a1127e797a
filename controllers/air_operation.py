"""How an air hall is operated: its regulatory layer, its protection, its controllers."""

from collections.abc import Mapping

from lowlift.controllers.air_protection import AirInterlocks, reading_rules, safety
from lowlift.controllers.air_regulator import AirRegulator
from lowlift.controllers.air_rules import AirFixedSetpoint, AirGuideline36
from lowlift.controllers.air_static import AirStaticOptimal
from lowlift.controllers.air_tuned import AirSiteTuned
from lowlift.controllers.operation import Entry, Operation
from lowlift.controllers.registry import PREDICTIVE, entry, operated_elsewhere, unavailable
from lowlift.models.air_site import AirSite


def controllers(site: AirSite) -> Mapping[str, Entry]:
    """Controllers by name, in table order."""
    return {
        "FixedSetpoint": entry(lambda plant: AirFixedSetpoint(plant.site)),
        "Guideline36": entry(lambda plant: AirGuideline36(plant.site)),
        "SiteTuned": entry(lambda plant: AirSiteTuned(plant.site)),
        "StaticOptimal": entry(AirStaticOptimal),
    }


def missing(site: AirSite) -> Mapping[str, str]:
    """Predictive controllers."""
    reasons = dict.fromkeys(PREDICTIVE, "there is no prediction model of an air hall")
    return unavailable(site, controllers(site), reasons) | operated_elsewhere(site)


OPERATION = Operation(
    regulator=AirRegulator, interlocks=AirInterlocks, safety=safety, readings=reading_rules, controllers=controllers, missing=missing,
)  # fmt: skip
