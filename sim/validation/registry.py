"""All kinds of tables that can be recomputed, by name."""

from lowlift.sim.validation import air, evaporative, towers
from lowlift.sim.validation.spec import TableSpec

FAMILIES = (air, evaporative, towers)
TABLES: dict[str, TableSpec] = {spec.name: spec for family in FAMILIES for spec in family.TABLES}
"""Kinds of tables by name."""
