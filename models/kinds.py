"""Kinds of plants: which form a site file has, what builds the site from it, its sheet, and the plant itself. Loaded when first needed."""

import dataclasses
import importlib
from typing import Any

from lowlift.data.hints import hint
from lowlift.models.plant import Plant, SiteRecord


@dataclasses.dataclass(frozen=True)
class Kind:
    """Where the parts of one kind of plant are, as ``module:name`` below ``lowlift.models``."""

    form: str
    """The pydantic model of its site file; its ``[site]`` section may carry ``kind``."""
    build: str
    """Makes the site record from it."""
    sheet: str
    """Makes the plant's sheet from the record."""
    plant: str
    """Made from a site record."""

    def get(self, part: str) -> Any:
        """The object behind one of the fields."""
        module, name = getattr(self, part).split(":")
        return getattr(importlib.import_module(f"lowlift.models.{module}"), name)


DEFAULT = "liquid_hall"
"""Kind of a site file that names none."""
KINDS = {
    "liquid_hall": Kind("liquid_schema:LiquidFile", "site_build:build_site", "liquid_tables:sheet", "liquid_hall:LiquidHall"),
    "chiller_plant": Kind("chiller_schema:ChillerFile", "chiller_build:build_site", "chiller_tables:sheet", "chiller_loops:ChillerLoops"),
    "air_hall": Kind("air_schema:AirFile", "air_build:build_site", "air_tables:sheet", "air_hall:AirHall"),
    "hybrid_hall": Kind("hybrid_schema:HybridFile", "hybrid_build:build_site", "hybrid_tables:sheet", "hybrid_hall:HybridHall"),
}


class UnknownKindError(ValueError):
    """A kind of plant that does not exist; the message lists near ones."""


def kind_of(name: str) -> Kind:
    """A kind by name.

    Raises:
        UnknownKindError: there is none of that name.
    """
    if name not in KINDS:
        raise UnknownKindError(f"unknown kind of plant {name!r}; {hint(name, KINDS)}")
    return KINDS[name]


def plant_of(site: SiteRecord) -> Plant:
    """The plant of a site."""
    plant: Plant = kind_of(site.kind).get("plant")(site)
    return plant
