"""The page of a component as Markdown: figure, outline, data sheet, example and interface, from the library itself."""

import dataclasses
import html
import inspect
import re
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

from _plots.canvas import all_plots, draw

from _ext.catalogue import companions, home, public_components, resolve
from _ext.datasheet import Row, rows
from _ext.outline import ENERGYPLUS, OTHERS, Part, boxed, outline, own_text
from lowlift.sim.plot_style import narrow, svg
from lowlift.thermal.component import Component

AFTER_FIGURE = ("Equations", "Relation", "Assumptions", "Validity", ENERGYPLUS, OTHERS, "References")


def component_page(name: str) -> str:
    """All of the page of ``name`` but its title and what an author wrote below it."""
    thing = resolve(name)
    module, found = home(thing).__name__, outline(thing)
    prose, example = own_text(thing)
    text = [rst(module, prose) if prose else "", section("What it is", found.get("What it is", []), thing), figure(name)]
    if dataclasses.is_dataclass(thing):
        text.append(data_sheet(rows(thing)))  # type: ignore[arg-type]
    text += [section(title, found.get(title, []), thing) for title in AFTER_FIGURE]
    if example:
        text.append(f"## Example\n\n{rst(module, example)}")
    text.append(interface(name, thing))
    return "\n\n".join(part for part in text if part) + "\n"


def rst(module: str, text: str) -> str:
    """A block of reStructuredText in a page, its references relative to a module."""
    return f"```{{eval-rst}}\n.. py:currentmodule:: {module}\n\n{text}\n```"


def section(title: str, parts: Sequence[Part], thing: Any) -> str:
    """One section: the parts of all docstrings that have it."""
    if not parts:
        return ""
    lines = [f"## {title}"]
    for part in parts:
        if part.origin != home(thing).__name__:
            lines.append(f"Shared by all that build on {{py:mod}}`{part.origin}`:")
        lead = LEADS[title](plain(part.heading)) if title in LEADS else ""
        if lead:
            lines.append(lead)
        lines.append(rst(part.origin, boxed(part.text) if title == "Equations" else part.text))
    return "\n\n".join(lines)


def plain(heading: str) -> str:
    """A heading without what leads over to its list."""
    return heading.removesuffix(": the main differences are").replace("``", "`")


def compared_with(heading: str) -> str:
    """What a part about differences compares with, where its title does not say all of it."""
    thing = re.fullmatch(r"Comparison with EnergyPlus(?: \((.*)\))?", heading)
    if thing:
        return f"With {thing[1]}:" if thing[1] else ""
    return "" if heading == ENERGYPLUS else f"{heading}:"


def after(heading: str) -> str:
    """Whose equations they are, where the heading says so."""
    source = re.search(r"\((.*)\)$", heading)
    return f"After {source[1]}." if source else ""


LEADS: dict[str, Callable[[str], str]] = {ENERGYPLUS: compared_with, OTHERS: compared_with, "Equations": after}
"""What is said before a part of a section, from its heading."""


STACKED = {"Left": "Above", "left": "above", "Right": "Below", "right": "below"}
"""Where panels stand on phones."""


def figure(name: str) -> str:
    """The plot of behaviour, once for wide screens and once for phones, as inline SVG with its caption."""
    function = all_plots()[name]
    panels = function()
    title = f"Behaviour of {name}"
    wide = svg(draw(panels), title, name)
    with narrow():
        phone = svg(draw(panels), title, f"{name}narrow")
    caption = html.escape(" ".join((function.__doc__ or "").split()))
    stacked = re.sub(r"\b(left|right)\b", lambda m: STACKED[m[0]], caption, flags=re.IGNORECASE)
    body = "".join(
        f'<div class="plot {kind}">{drawing}<figcaption>{words}</figcaption></div>'
        for kind, drawing, words in (("wide", wide, caption), ("phone", phone, stacked))
    )
    return f'## Behaviour\n\n```{{raw}} html\n<figure class="behaviour">{body}</figure>\n```'


def data_sheet(sheet: Sequence[Row]) -> str:
    """The fields as a table."""
    lines = [
        "## Data sheet",
        "",
        "```{table}",
        ":class: sheet",
        "",
        "| field | unit | range | default | description |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in sheet:
        cells = (f"`{row.name}`", row.unit, row.bounds, row.default or "*required*", markdown(row.doc))
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join([*lines, "```"])


def markdown(text: str) -> str:
    """The description of a field, which knows no markup but literals, as Markdown."""
    return text.replace("``", "`").replace("*", "\\*")


def interface(name: str, thing: Any) -> str:
    """Class and methods; on the first page of a module also its records and functions."""
    module = home(thing)
    lines = ["## Interface", ""]
    owner = next(n for n in public_components() if home(resolve(n)) is module) == name
    entries = [f".. py:module:: {module.__name__}"] if owner else []
    if inspect.isclass(thing):
        entries.append(api_entry(thing))
    if owner:
        entries += [api_entry(other) for other in companions(module)]
    if inspect.isclass(thing):
        lines += [f"Public as `lowlift.thermal.{name}`. Arguments are floats, arrays with the batch first, or CasADi columns.", ""]
    return "\n".join([*lines, rst(module.__name__, "\n\n".join(entries))])


def api_entry(thing: Any) -> str:
    """Directive that documents a class or function; records of results become tables."""
    path = f"{thing.__module__}.{thing.__qualname__}"
    if inspect.isfunction(thing):
        return f".. autofunction:: {path}"
    if dataclasses.is_dataclass(thing) and not issubclass(thing, Component):
        return record(thing, path)  # type: ignore[arg-type]
    fields = [f.name for f in dataclasses.fields(thing)] if dataclasses.is_dataclass(thing) else []
    return f".. autoclass:: {path}\n   :members:\n   :show-inheritance:\n   :exclude-members: {', '.join([*fields, 'check'])}"


def record(cls: type, path: str) -> str:
    """A record of results: its fields as a table, and its methods."""
    table = [
        ".. list-table::",
        "   :header-rows: 1",
        "   :widths: auto",
        "   :class: sheet",
        "",
        "   * - field",
        "     - unit",
        "     - meaning",
    ]
    for row in rows(cls):
        table += [f"   * - ``{row.name}``", f"     - {row.unit}", f"     - {row.doc}"]
    methods = [name for name, member in vars(cls).items() if not name.startswith("_") and isinstance(member, FunctionType | property)]
    entries = [f".. auto{'property' if isinstance(vars(cls)[m], property) else 'method'}:: {path}.{m}" for m in methods]
    summary = inspect.cleandoc(cls.__doc__ or "")
    inner = "\n\n".join([summary, "\n".join(table), *entries])
    indented = "\n".join(f"   {line}".rstrip() for line in inner.split("\n"))
    return f".. py:class:: {cls.__qualname__}\n\n{indented}"
