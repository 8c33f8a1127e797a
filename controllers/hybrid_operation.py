"""How a hybrid hall is operated: its regulatory layer, its protection, its controllers."""

from collections.abc import Mapping

from lowlift.controllers.hybrid_protection import HybridInterlocks, reading_rules, safety
from lowlift.controllers.hybrid_regulator import HybridRegulator
from lowlift.controllers.hybrid_rules import HybridFixedSetpoint, HybridGuideline36
from lowlift.controllers.hybrid_static import HybridStaticOptimal
from lowlift.controllers.hybrid_tuned import HybridSiteTuned
from lowlift.controllers.operation import Entry, Operation
from lowlift.controllers.registry import PREDICTIVE, entry, operated_elsewhere, unavailable
from lowlift.models.hybrid_site import HybridSite


def controllers(site: HybridSite) -> Mapping[str, Entry]:
    """Controllers by name, in table order."""
    return {
        "FixedSetpoint": entry(lambda plant: HybridFixedSetpoint(plant.site)),
        "Guideline36": entry(lambda plant: HybridGuideline36(plant.site)),
        "SiteTuned": entry(lambda plant: HybridSiteTuned(plant.site)),
        "StaticOptimal": entry(HybridStaticOptimal),
    }


def missing(site: HybridSite) -> Mapping[str, str]:
    """Predictive controllers."""
    reasons = dict.fromkeys(PREDICTIVE, "there is no prediction model of a hybrid hall")
    return unavailable(site, controllers(site), reasons) | operated_elsewhere(site)


OPERATION = Operation(
    regulator=HybridRegulator, interlocks=HybridInterlocks, safety=safety, readings=reading_rules, controllers=controllers, missing=missing,
)  # fmt: skip
