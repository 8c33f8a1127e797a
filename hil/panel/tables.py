"""A plant of whose structure no drawing is known, an FMU for one: its signals in tables, by what they measure."""

from lowlift.hil.panel.diagram import Block, Diagram, Item, components
from lowlift.hil.panel.shown import Shown
from lowlift.models.plant import Plant
from lowlift.wire.plan_courses import COOLING, PUE

GROUPS = (
    ("temperatures", "Temperatures", "thermometer", ("degC", "K")),
    ("flows", "Flows", "pump", ("kg/s", "L/s", "m3/s")),
    ("pressures", "Pressures", "gauge", ("kPa", "Pa")),
    ("powers", "Powers and heat", "power", ("kW", "W")),
    ("numbers", "Positions, numbers", "fan", ("1",)),
)
"""Key, title, symbol and site units."""
OTHER = ("others", "Other", "gauge")
MOST = 14
"""Signals in one block."""
LETTERS = 14
"""Of a name beside its figure."""


def tables_of(plant: Plant, shown: Shown) -> Diagram:
    """All signals of a plant, readings and meters first, without any line that would claim what flows where."""
    sheet, known = plant.site.sheet, components(shown)
    signals = [s.name for s in sheet.measurements.signals] + [*sheet.powers, *sheet.waters, COOLING, PUE]
    signals += [f"{s.name}.fbk" for s in sheet.setpoints.signals] + [s.name for s in plant.actuators.signals]
    groups: dict[tuple[str, str, str], list[Item]] = {key: [] for key in (*(group[:3] for group in GROUPS), OTHER)}
    for name in dict.fromkeys(signals):
        if name in known:
            unit = shown.columns[shown.index[known[name][0]]].unit
            group = next((g[:3] for g in GROUPS if unit in g[3]), OTHER)
            words = ("↑" if len(known[name]) > 1 else "") + (f"{name[:-4].removesuffix('_set')} asked" if name.endswith(".fbk") else name)
            groups[group].append(Item(words=_cut(words), signal=name, points=known[name]))
    parts = [
        (key if k == 0 else f"{key}{k + 1}", title if k == 0 else f"{title} {k + 1}", symbol, tuple(items[k * MOST : (k + 1) * MOST]))
        for (key, title, symbol), items in groups.items() for k in range(-(-len(items) // MOST))
    ]  # fmt: skip
    blocks = (Block(key=k, title=t, symbol=s, at=(n // 2, n % 2), items=items) for n, (k, t, s, items) in enumerate(parts))
    return Diagram(blocks=tuple(blocks), loops=())


def _cut(words: str) -> str:
    return words if len(words) <= LETTERS else f"{words[: LETTERS - 1]}…"
