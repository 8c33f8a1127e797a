"""Names, units and slacks of the limits that plans keep, in the order of the rows of :meth:`~lowlift.controllers.ocp.Ocp.stage`."""

from typing import NamedTuple

import numpy as np

from lowlift.models.site import Site

SPARE_SCALE = 0.05
"""Share of its nominal heat by which the hottest CDU may lack valve for one unit of the row."""


class PathRow(NamedTuple):
    """One limit."""

    name: str
    unit: str
    scale: float
    """One unit of the row in this unit."""
    slack: int | None
    """Which slack softens it; ``None``: hard."""


def path_rows(site: Site) -> list[PathRow]:
    """All limits of a stage.

    What holds now and what a surge would break have slacks of their own: a surge that cannot be met must not loosen today's limit. Cold
    towers are softened with the first group's supply: tower water may start below a dew point that has risen.
    """
    g = site.n_groups
    groups = [_group(site, k) for k in range(g)]
    hot, spare, supply, surge = 0, g, 2 * g, 3 * g

    def each(name: str, unit: str, scale: float, first: int | None) -> list[PathRow]:
        return [PathRow(f"{name}, {groups[k]}", unit, scale, None if first is None else first + k) for k in range(g)]

    rows = [
        *each("chip temperature", "K", 1.0, hot), *each("return temperature", "K", 1.0, hot),
        *each("return temperature after a surge", "K", 1.0, surge), *each("chip temperature after a surge", "K", 1.0, surge),
        *each("valve reserve", "of nominal heat", SPARE_SCALE, spare), *each("supply temperature, high", "K", 1.0, supply),
        *each("supply temperature, low", "K", 1.0, supply), *each("header pressure", "bar", 1.0, None),
        PathRow("tower basin temperature, low", "K", 1.0, supply), PathRow("tower flow", "of nominal flow", 1.0, None),
    ]  # fmt: skip
    if site.chilled is not None:
        rows += [
            PathRow("server inlet temperature", "K", 1.0, 4 * g), PathRow("server inlet temperature after a surge", "K", 1.0, 4 * g + 1),
            PathRow("supply air temperature, low", "K", 1.0, 4 * g + 2), PathRow("chilled water temperature, low", "K", 1.0, 4 * g + 2),
            PathRow("chiller capacity", "of nominal capacity", 1.0, None),
        ]  # fmt: skip
    return rows


def _group(site: Site, k: int) -> str:
    cdus = np.flatnonzero(site.group_of_cdu == k) + 1
    return f"group {k + 1} (CDU {cdus[0]}-{cdus[-1]})" if cdus.size > 1 else f"group {k + 1} (CDU {cdus[0]})"
