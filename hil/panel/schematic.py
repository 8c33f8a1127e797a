"""A diagram as SVG, once for wide and once for narrow screens: the same grid, transposed.

Every figure is an empty text that names its points; the page fills it. Nothing in it has a style of its own, so that colours, light and
dark come from the page and its content security policy can forbid inline styles.
"""

import dataclasses
import html
from collections.abc import Sequence

from lowlift.hil.panel.diagram import Block, Diagram, Item, Loop
from lowlift.hil.panel.symbols import SYMBOLS

HEAD, ROW, PAD = 34, 22, 10
"""Heights of a block's title and of a row, and space around [px]."""
LEAST = 90
"""Least height of a block: two pipes and their figures beside it [px]."""
TILE, TILE_HEIGHT, TILE_GAP = 50, 34, 4


@dataclasses.dataclass(frozen=True, kw_only=True)
class Layout:
    """Measures of one rendering [px]."""

    name: str
    transposed: bool
    block: int
    """Width of a block."""
    across: int
    """Between columns."""
    down: int
    """Between rows."""
    least: int
    """Width of the drawing: a small plant is not blown up."""
    margin: int = 2


WIDE = Layout(name="wide", transposed=False, block=190, across=96, down=44, least=1060)
NARROW = Layout(name="narrow", transposed=True, block=180, across=18, down=58, least=380)


@dataclasses.dataclass(frozen=True)
class _Box:
    x: float
    y: float
    w: float
    h: float

    @property
    def mid(self) -> tuple[float, float]:
        return self.x + self.w / 2, self.y + self.h / 2


def schematic_svg(diagram: Diagram, layout: Layout, title: str) -> str:
    """The drawing.

    Args:
        diagram: what to draw, fitted to its plant.
        layout: for which screen.
        title: read aloud by screen readers.
    """
    boxes, width, height = _placed(diagram.blocks, layout)
    parts = [_loop(loop, boxes[loop.a], boxes[loop.b], layout) for loop in diagram.loops]
    parts += [_block(b, boxes[b.key]) for b in diagram.blocks]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" class="schematic {layout.name}" role="group" '
        f'aria-label="{_attribute(title)}">\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _placed(blocks: Sequence[Block], layout: Layout) -> tuple[dict[str, _Box], float, float]:
    """Where blocks stand: every row as high as its highest block, blocks of a row side by side at its top."""
    cells = {b.key: (b.at[::-1] if layout.transposed else b.at) for b in blocks}
    columns, rows = sorted({c for c, _ in cells.values()}), sorted({r for _, r in cells.values()})
    heights = {r: max(_height(b, layout) for b in blocks if cells[b.key][1] == r) for r in rows}
    tops, y = {}, float(layout.margin)
    for r in rows:
        tops[r] = y
        y += heights[r] + layout.down
    used = len(columns) * (layout.block + layout.across) - layout.across + 2 * layout.margin
    width = max(used, layout.least)
    boxes = {}
    for b in blocks:
        column, row = cells[b.key]
        x = (width - used) / 2 + layout.margin + columns.index(column) * (layout.block + layout.across)
        boxes[b.key] = _Box(x, tops[row], layout.block, _height(b, layout))
    return boxes, width, y - layout.down + layout.margin


def _height(b: Block, layout: Layout) -> float:
    tile_rows = -(-len(b.tile_points) // _per_row(layout.block))
    return max(HEAD + ROW * len(b.items) + (tile_rows * (TILE_HEIGHT + TILE_GAP) + 6 if tile_rows else 0) + PAD, LEAST)


def _per_row(width: float) -> int:
    return int((width - 2 * PAD + TILE_GAP) // (TILE + TILE_GAP))


def _block(b: Block, box: _Box) -> str:
    out = [
        f'<g class="block" role="group" aria-label="{_attribute(b.title)}">',
        f'<rect class="body" x="{box.x:g}" y="{box.y:g}" width="{box.w:g}" height="{box.h:g}" rx="8"/>',
        f'<g class="symbol" transform="translate({box.x + PAD:g} {box.y + 7:g}) scale(.85)" aria-hidden="true">{SYMBOLS[b.symbol]}</g>',
        f'<text class="title" x="{box.x + PAD + 28:g}" y="{box.y + 22:g}">{html.escape(b.title)}</text>',
    ]
    y = box.y + HEAD + 12
    for i in b.items:
        out.append(f'<text class="label" x="{box.x + PAD:g}" y="{y:g}">{html.escape(i.words)}</text>')
        out.append(_value(i, box.x + box.w - PAD, y, "end"))
        y += ROW
    y -= 8
    per_row = _per_row(box.w)
    for k, point in enumerate(b.tile_points):
        x0 = box.x + PAD + (k % per_row) * (TILE + TILE_GAP)
        y0 = y + (k // per_row) * (TILE_HEIGHT + TILE_GAP)
        words, named = _attribute(f"{b.tile_words} {k + 1}"), _attribute(point)
        out.append(
            f'<g class="tile" data-tile="{k + 1}" data-point="{named}" data-words="{words}" role="button" '
            f'tabindex="{-1 if k else 0}" aria-label="{words}">'
            f'<rect x="{x0:g}" y="{y0:g}" width="{TILE}" height="{TILE_HEIGHT}" rx="4"/>'
            f'<text class="number" x="{x0 + 5:g}" y="{y0 + 13:g}">{k + 1}</text>'
            f'<text class="v" x="{x0 + TILE - 5:g}" y="{y0 + 28:g}" text-anchor="end" data-points="{named}" '
            'data-bare="1">–</text></g>'
        )
    out.append("</g>")
    return "\n".join(out)


def _value(i: Item, x: float, y: float, anchor: str) -> str:
    points = _attribute(" ".join(i.points))
    what = _attribute(f"{i.words or i.signal}")
    return (
        f'<text class="v" x="{x:g}" y="{y:g}" text-anchor="{anchor}" data-points="{points}" data-reduce="{i.reduce}" '
        f'data-words="{what}">–</text>'
    )


def _loop(loop: Loop, a: _Box, b: _Box, layout: Layout) -> str:
    """Two lines from block to block: straight between neighbours, with their figures where there is room, else round one corner."""
    flow = _attribute(" ".join(loop.flow_points))
    out = [f'<g class="loop" data-flow="{flow}">']
    (ax, ay), (bx, by) = a.mid, b.mid
    beside, below = a.y == b.y, a.x == b.x
    for kind, items, shift in (("cold", loop.cold, -1), ("warm", loop.warm, 1)):
        if beside:
            left, right = (a, b) if ax < bx else (b, a)
            y = max(a.y, b.y) + min(a.h, b.h) / 2 + 20 * shift
            path, at, anchor = f"M{left.x + left.w:g} {y:g}H{right.x:g}", (left.x + left.w + layout.across / 2, y - 7), "middle"
        elif below:
            upper, lower = (a, b) if ay < by else (b, a)
            x = upper.x + upper.w / 2 + (12 if shift > 0 else -72)
            path, at, anchor = f"M{x:g} {upper.y + upper.h:g}V{lower.y:g}", (x + 8, _between(upper, lower)), "start"
        elif layout.transposed:
            x, y = ax + 8 * shift, by + 8 * shift
            path, at, anchor = f"M{x:g} {a.y + a.h:g}V{y:g}H{b.x + b.w if bx < ax else b.x:g}", (0.0, 0.0), ""
        else:
            x, y = bx + 8 * shift, ay + 8 * shift
            path, at, anchor = f"M{a.x + a.w if ax < bx else a.x:g} {y:g}H{x:g}V{b.y + b.h if by < ay else b.y:g}", (0.0, 0.0), ""
        out.append(f'<path class="pipe {kind}" d="{path}"/><path class="stream {kind}" d="{path}"/>')
        room = layout.across if beside else layout.down
        if anchor and room > 50:
            out += [_value(i, at[0], at[1] + (27 * k if beside else 17 * k), anchor) for k, i in enumerate(items)]
    out.append("</g>")
    return "".join(out)


def _between(upper: _Box, lower: _Box) -> float:
    return (upper.y + upper.h + lower.y) / 2


def _attribute(text: str) -> str:
    return html.escape(text, quote=True)
