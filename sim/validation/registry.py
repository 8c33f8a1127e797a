"""All kinds of tables that can be recomputed, by name."""

from lowlift.sim.validation import air, chillers, dynamics, evaporative, exchangers, hydraulics, plants, plates, published, servers, towers
from lowlift.sim.validation.spec import TableSpec

FAMILIES = (air, exchangers, towers, evaporative, chillers, servers, hydraulics, dynamics, plates, plants, published)
TABLES: dict[str, TableSpec] = {spec.name: spec for family in FAMILIES for spec in family.TABLES}
"""Kinds of tables by name."""
