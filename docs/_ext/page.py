"""The page of a component as Markdown: figure, outline, data sheet, example and interface, from the library itself."""

import dataclasses
import html
import inspect
import re
from collections.abc import Sequence
from typing import Any

from _plots.canvas import all_plots, draw

from _ext.catalogue import companions, home, public_components, resolve
from _ext.datasheet import Row, rows
from _ext.outline import Part, outline, own_text
from lowlift.sim.plot_style import narrow, svg
from lowlift.thermal.component import Component

AFTER_FIGURE = ("Equations", "Relation", "Assumptions", "Validity", "Differences", "References")


def component_page(name: str) -> str:
    """All of the page of ``name`` but its title and what an author wrote below it."""
    thing = resolve(name)
    found = outline(thing)
    prose, example = own_text(thing)
    text = [prose_block(thing, prose), section("What it is", found.get("What it is", []), thing), figure(name)]
    if dataclasses.is_dataclass(thing):
        text.append(data_sheet(rows(thing)))  # type: ignore[arg-type]
    text += [section(title, found.get(title, []), thing) for title in AFTER_FIGURE]
    if example:
        text.append(f"## Example\n\n{rst(thing, example)}")
    text.append(interface(name, thing))
    return "\n\n".join(part for part in text if part) + "\n"


def rst(thing: Any, text: str) -> str:
    """A block of reStructuredText in a page, its references relative to the module of ``thing``."""
    return f"```{{eval-rst}}\n.. py:currentmodule:: {home(thing).__name__}\n\n{text}\n```"


def prose_block(thing: Any, prose: str) -> str:
    """The docstring's own words; a component's link to its interface below."""
    return rst(thing, prose) if prose else ""


def section(title: str, parts: Sequence[Part], thing: Any) -> str:
    """One section: the parts of all docstrings that have it."""
    if not parts:
        return ""
    lines = [f"## {plain(parts[0].heading) if title == 'Differences' else title}"]
    for k, part in enumerate(parts):
        if part.origin != home(thing).__name__:
            lines.append(f"Shared by all that build on {{py:mod}}`{part.origin}`:")
        elif title == "Differences" and k > 0:
            lines.append(f"**{plain(part.heading)}**")
        elif title == "Equations" and (source := re.search(r"\((.*)\)$", part.heading)):
            lines.append(f"After {source[1].replace('``', '`')}.")
        lines.append(rst(thing, boxed(part.text) if title == "Equations" else part.text))
    return "\n\n".join(lines)


def plain(heading: str) -> str:
    """A heading without what leads over to its list."""
    return heading.split(":  ")[0].removesuffix(": the main differences are").replace("``", "`")


def boxed(text: str) -> str:
    """Equations in a container of their own, which the style sheet sets smaller."""
    body = "\n".join(f"   {line}".rstrip() for line in text.split("\n"))
    return f".. container:: equations\n\n{body}"


def figure(name: str) -> str:
    """The plot of behaviour, once for wide screens and once for phones, as inline SVG with its caption."""
    function = all_plots()[name]
    panels = function()
    title = f"Behaviour of {name}"
    wide = svg(draw(panels), title, name)
    with narrow():
        phone = svg(draw(panels), title, f"{name}narrow")
    caption = html.escape(" ".join((function.__doc__ or "").split()))
    body = f'<div class="plot wide">{wide}</div><div class="plot phone">{phone}</div><figcaption>{caption}</figcaption>'
    return f'## Behaviour\n\n```{{raw}} html\n<figure class="behaviour">{body}</figure>\n```'


def data_sheet(sheet: Sequence[Row]) -> str:
    """The fields as a table."""
    lines = ["## Data sheet", "", "| field | unit | range | default | description |", "| --- | --- | --- | --- | --- |"]
    for row in sheet:
        cells = (f"`{row.name}`", row.unit, row.bounds, row.default or "*required*", markdown(row.doc))
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines)


def markdown(text: str) -> str:
    """A line of reStructuredText without roles as Markdown."""
    return text.replace("``", "`").replace("*", "\\*") if "`" not in text.replace("``", "") else text


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
    return "\n".join([*lines, rst(thing, "\n\n".join(entries))])


def api_entry(thing: Any) -> str:
    """Directive that documents a class or function; records of results become tables."""
    path = f"{thing.__module__}.{thing.__qualname__}"
    if inspect.isfunction(thing):
        return f".. autofunction:: {path}"
    if dataclasses.is_dataclass(thing) and not issubclass(thing, Component):
        return record(thing, path)  # type: ignore[arg-type]
    fields = [f.name for f in dataclasses.fields(thing)] if dataclasses.is_dataclass(thing) else []
    excluded = f"\n   :exclude-members: {', '.join(fields)}" if fields else ""
    return f".. autoclass:: {path}\n   :members:\n   :show-inheritance:{excluded}"


def record(cls: type, path: str) -> str:
    """A record of results: its fields as a table, and its methods."""
    table = [".. list-table::", "   :header-rows: 1", "   :widths: auto", "", "   * - field", "     - unit", "     - meaning"]
    for row in rows(cls):
        table += [f"   * - ``{row.name}``", f"     - {row.unit}", f"     - {row.doc}"]
    methods = [name for name, member in vars(cls).items() if not name.startswith("_") and is_method(member) and member_doc(member)]
    entries = [f".. auto{'property' if isinstance(vars(cls)[m], property) else 'method'}:: {path}.{m}" for m in methods]
    summary = inspect.cleandoc(cls.__doc__ or "")
    inner = "\n\n".join([summary, "\n".join(table), *entries])
    indented = "\n".join(f"   {line}".rstrip() for line in inner.split("\n"))
    return f".. py:class:: {path}\n\n{indented}"


def is_method(member: Any) -> bool:
    """Whether a class attribute is a function or property."""
    return inspect.isfunction(member) or isinstance(member, property)


def member_doc(member: Any) -> str | None:
    """Its docstring."""
    doc: str | None = member.__doc__
    return doc
