"""Table of single published figures: those that the library can compute."""

import re

import numpy as np

from lowlift.sim.validation.context import design
from lowlift.sim.validation.spec import Computed, Given, Out, Rows, TableSpec
from lowlift.thermal.fluids import PG25

UNVERIFIED = "from_memory_unverified"
LITRE_PER_MINUTE = 1.0 / 6e4
RISE = re.compile(r"coolant temperature rise at (\d+(?:\.\d+)?) L/min/kW")
FLOW = re.compile(r"flow for an? (\d+(?:\.\d+)?) kW rack")


def figure(quantity: str) -> float | None:
    """A published quantity from the library's coolant (PG25), None if the library does not compute it.

    >>> round(figure("coolant temperature rise at 1.5 L/min/kW"), 2)
    9.98
    """
    d = design("published_points")
    heat = float(PG25.rho(d["T_coolant"]) * PG25.cp(d["T_coolant"]))
    if match := RISE.fullmatch(quantity):
        return 1e3 / (float(match[1]) * LITRE_PER_MINUTE * heat)
    if match := FLOW.fullmatch(quantity):
        return float(match[1]) * 1e3 / (heat * d["rise"]) / LITRE_PER_MINUTE
    return None


def points(rows: Rows) -> Computed:
    """Rows read in a source and computable; the others are named, not judged."""
    values = np.full(len(rows), np.nan)
    refused = {}
    for i, (quantity, status) in enumerate(zip(rows.texts["quantity"], rows.texts["status"], strict=True)):
        value = figure(quantity)
        if status == UNVERIFIED:
            refused[i] = f"not used: status {UNVERIFIED}"
        elif value is None:
            refused[i] = "a figure of its source that no component computes"
        else:
            values[i] = value
    return Computed({"value": values}, refused=refused)


TABLES = (
    TableSpec(
        name="published_points",
        title="Single published figures",
        kind="figures",
        given=(Given("item", text=True), Given("quantity", text=True), Given("status", text=True)),
        out=(Out("value", "tol_published_rel"),),
        tolerances={"tol_published_rel": 0.1},
        compute=points,
        source="vendors and guidelines, as excerpted",
        differences=(
            "Most figures are data of machines or results of whole studies, which no component computes; rows from memory are not used.",
            "Flow of a rack is computed at the guideline's rise of 10 K.",
        ),
        order=("group", "item", "quantity", "value", "unit", "tol_suggest", "source", "status", "note"),
    ),
)
"""Tables of this family."""
