"""Fouling: a plant whose exchangers, cold plates or tower fill carry less heat than their data sheets say.

The fouled plant is the same plant built from a site with a lower conductance, so that its equations, its balances and its integrator are
those of any plant. Its regulatory layer, its envelope and its limits are those of the clean one: nobody has told them. All units of a kind
foul alike, because a site has one data sheet for them.
"""

import dataclasses
import functools
from typing import Any

from lowlift.models.kinds import KINDS, plant_of
from lowlift.models.plant import Plant, SiteRecord
from lowlift.thermal.coldplate import ColdPlate

PLACES = {
    "cdu": ("cdu.exchanger", "exchanger"), "cold_plate": ("cold_plate",), "economiser": ("economiser",), "tower_fill": ("tower",),
    "dry_cooler_warm": ("warm.cooler",), "dry_cooler_cold": ("cold.cooler",),
}  # fmt: skip
"""Where the records of sites keep what can foul."""


def equipment(site: SiteRecord) -> dict[str, str]:
    """What can foul at a site: path of its component by name."""
    return {name: path for name, paths in PLACES.items() for path in paths if _can_foul(_at(site, path))}


def can_foul(plant: Plant) -> dict[str, str]:
    """The same of a plant; nothing where its physics are not this library's equations, as of an FMU, which keeps its parameters."""
    own = plant.site.kind in KINDS and type(plant) is KINDS[plant.site.kind].get("plant")
    return equipment(plant.site) if own else {}


def fouled(plant: Plant, lost: dict[str, float]) -> Plant:
    """The plant with less conductance.

    Args:
        plant: the clean plant.
        lost: share of the conductance that is lost, by name of :func:`equipment`.
    """
    if not any(lost.values()):
        return plant
    site = plant.site
    for name, share in lost.items():
        site = _replaced(site, equipment(site)[name].split("."), 1.0 - share)
    return plant_of(site)


def _can_foul(component: Any) -> bool:
    return isinstance(component, ColdPlate) or hasattr(component, "fouling")


def _at(site: Any, path: str) -> Any:
    return functools.reduce(lambda holder, name: getattr(holder, name, None), path.split("."), site)


def _replaced(holder: Any, path: list[str], left: float) -> Any:
    if path:
        return dataclasses.replace(holder, **{path[0]: _replaced(getattr(holder, path[0]), path[1:], left)})
    if isinstance(holder, ColdPlate):
        return dataclasses.replace(holder, R_plate_coolant_nominal=holder.R_plate_coolant_nominal / left)
    return dataclasses.replace(holder, fouling=holder.fouling * left)
