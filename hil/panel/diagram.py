"""A plant as a diagram: blocks on a grid along the flow of heat, loops between neighbours, and what each of them shows.

Diagrams of the kinds of plants name signals; :func:`fitted` keeps what a plant really has, with one point for each component.
"""

import dataclasses
from collections.abc import Mapping, Sequence

from lowlift.hil.panel.shown import Shown


@dataclasses.dataclass(frozen=True, kw_only=True)
class Item:
    """One figure: a signal, or what remains of its components."""

    words: str
    signal: str
    reduce: str = "max"
    """Of several components: ``max``, ``min``, ``mean`` or ``sum``."""
    points: tuple[str, ...] = ()
    """Filled by :func:`fitted`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Block:
    """A piece of equipment, or several that are alike."""

    key: str
    title: str
    symbol: str
    """One of :mod:`lowlift.hil.panel.symbols`."""
    at: tuple[int, int]
    """Column and row; on a phone row and column."""
    items: tuple[Item, ...]
    tiles: str = ""
    """A signal of which every component gets a tile, in words of :attr:`tile_words`."""
    tile_words: str = ""
    tile_points: tuple[str, ...] = ()
    """Filled by :func:`fitted`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Loop:
    """Two pipes or ducts between neighbours: ``cold`` towards the heat, ``warm`` away from it."""

    a: str
    """Nearer to the heat."""
    b: str
    cold: tuple[Item, ...] = ()
    warm: tuple[Item, ...] = ()
    flow: str = ""
    """Signal that says whether it flows."""
    flow_points: tuple[str, ...] = ()
    """Filled by :func:`fitted`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Diagram:
    """All of a plant."""

    blocks: tuple[Block, ...]
    loops: tuple[Loop, ...]


def item(words: str, signal: str, reduce: str = "max") -> Item:
    """Short for :class:`Item`."""
    return Item(words=words, signal=signal, reduce=reduce)


def components(shown: Shown) -> Mapping[str, tuple[str, ...]]:
    """Points that show what a signal really is, by signal; setpoints in force and positions where no reading shows them."""
    result: dict[str, list[str]] = {}
    for c in shown.columns:
        if c.role in ("sensor", "feedback", "derived"):
            base, _, ending = c.name.partition("[")[0].partition(".")
            key = base if ending in ("", "fbk", "out") else c.name
            if c.name.endswith(".fbk") and not c.name.startswith("alarm"):
                key = f"{base}.fbk"
            result.setdefault(key, []).append(c.name)
    return {key: tuple(names) for key, names in result.items()}


def fitted(diagram: Diagram, shown: Shown) -> Diagram:
    """What a plant really has of a diagram: no figure without a point, no block without one beside meters, no loop without ends.

    Meters alone are no equipment: every hall has the same end uses, and some of them are always zero.
    """
    known = components(shown)

    def items(all_of_them: Sequence[Item]) -> tuple[Item, ...]:
        return tuple(dataclasses.replace(i, points=known[i.signal]) for i in all_of_them if i.signal in known)

    blocks = []
    for b in diagram.blocks:
        have = items(b.items)
        if b.tiles in known or any(not i.signal.startswith("P_") for i in have):
            blocks.append(dataclasses.replace(b, items=have, tile_points=known.get(b.tiles, ())))
    keys = {b.key for b in blocks}
    loops = [
        dataclasses.replace(loop, cold=items(loop.cold), warm=items(loop.warm), flow_points=known.get(loop.flow, ()))
        for loop in diagram.loops
        if {loop.a, loop.b} <= keys
    ]
    return Diagram(blocks=tuple(blocks), loops=tuple(loops))
