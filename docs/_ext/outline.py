"""The outline of a component's documentation, read from the docstrings of its class, its module and its bases.

A docstring's outline are its definition lists: a heading at the margin and an indented text, as in ``thermal/dry_cooler.py``. The class
says what is its own, its module what all its classes share, the module of a base class what all of the kind share.
"""

import dataclasses
import inspect
import re
from typing import Any

from _ext.catalogue import home

ENERGYPLUS, OTHERS = "Differences from EnergyPlus", "Other comparisons"
KINDS = {
    "what": "What it is", "equations": "Equations", "relation": "Relation", "assumptions": "Assumptions", "validity": "Validity",
    "comparison": OTHERS, "differences": OTHERS, "sources": "References", "references": "References",
}  # fmt: skip
"""Title of a section by the first word of its heading in a docstring; a heading that names EnergyPlus belongs to :data:`ENERGYPLUS`."""
REQUIRED = ("What it is", "Equations", "Assumptions", "Validity", ENERGYPLUS, "References")
"""What no page may lack."""
HEADING = re.compile(r"^[A-Z][^:]*(?::[^:].*)?$")
NUMBERED = re.compile(r"^(?P<body>.*\S)\s{2,}(?P<number>\(\d+[a-z']?\))\s*$")


@dataclasses.dataclass(frozen=True)
class Part:
    """One section of one docstring."""

    title: str
    heading: str
    """As written, less its first word: what it is compared with, say."""
    text: str
    """Its reStructuredText."""
    origin: str
    """The module it was written for."""


def split(docstring: str, origin: str) -> tuple[str, list[Part]]:
    """What stands before, between and after the sections, and the sections."""
    lines = inspect.cleandoc(docstring).split("\n")
    rest: list[str] = []
    parts: list[Part] = []
    k = 0
    while k < len(lines):
        word = lines[k].split(" ")[0].lower()
        after = lines[k + 1] if k + 1 < len(lines) else ""
        if word in KINDS and HEADING.match(lines[k]) and after.startswith("    "):
            end = k + 1
            while end < len(lines) and (not lines[end].strip() or lines[end].startswith("    ")):
                end += 1
            text = inspect.cleandoc("\n" + "\n".join(lines[k + 1 : end]))
            title = ENERGYPLUS if KINDS[word] == OTHERS and "EnergyPlus" in lines[k] else KINDS[word]
            parts.append(Part(title, lines[k], tidy(text), origin))
            k = end
        else:
            rest.append(lines[k])
            k += 1
    return "\n".join(rest).strip(), parts


def outline(thing: Any) -> dict[str, list[Part]]:
    """Sections of a class or module by title: its own first, then those shared with its module, then those of its bases."""
    sources: list[Any] = []
    for cls in (c for c in inspect.getmro(thing) if c.__module__.startswith("lowlift.")) if inspect.isclass(thing) else ():
        sources += [cls, *([home(cls)] if home(cls) not in sources else [])]
    found: dict[str, list[Part]] = {}
    for source in sources or [thing]:
        docstring = source.__doc__ or ""
        for part in split(docstring, home(source).__name__)[1]:
            found.setdefault(part.title, []).append(part)
    return found


def own_text(thing: Any) -> tuple[str, str]:
    """The prose of a docstring outside its sections, and its example."""
    rest = split(thing.__doc__ or "", home(thing).__name__)[0]
    paragraphs = re.split(r"\n\s*\n", rest)
    example = [p for p in paragraphs if p.lstrip().startswith(">>>")]
    prose = [p for p in paragraphs if p not in example and not p.startswith(("Raises:", "Args:"))]
    return "\n\n".join(prose).strip(), "\n\n".join(example)


def missing(thing: Any) -> list[str]:
    """Required sections that neither class nor module nor bases have."""
    found = outline(thing)
    return [title for title in REQUIRED if title not in found]


def tidy(text: str) -> str:
    """Equation numbers moved up to the equations, and running enumerations set as lists."""
    blocks = re.split(r"(\n\s*\n)", text)
    width = max((len(m["body"]) for line in text.split("\n") if (m := NUMBERED.match(line))), default=0)
    moved = ["\n".join(_moved(line, width) for line in block.split("\n")) for block in blocks]
    return unlisted("".join(enumerated(block) for block in moved))


def unlisted(text: str) -> str:
    """Text whose paragraphs may begin with the number of an equation: reStructuredText would make a list of it."""
    return re.sub(r"^(\s*)\((?=\d+[a-z']?\) )", r"\1\\(", text, flags=re.MULTILINE)


def _moved(line: str, width: int) -> str:
    match = NUMBERED.match(line)
    return f"{match['body']:<{width}}   {match['number']}" if match else line


def enumerated(paragraph: str) -> str:
    """``1. This. 2. That.`` as a list of two; other paragraphs as they are."""
    if not paragraph.startswith("1. ") or "2. " not in paragraph:
        return paragraph
    text, items, k = " ".join(paragraph.split()), [], 1
    while True:
        start = len(f"{k}. ")
        end = text.find(f" {k + 1}. ")
        items.append(text[start:end] if end >= 0 else text[start:])
        if end < 0:
            return "\n".join(f"{n}. {item}" for n, item in enumerate(items, 1))
        text, k = text[end + 1 :], k + 1


def boxed(text: str) -> str:
    """Equations in a container of their own, which the style sheet sets smaller."""
    body = "\n".join(f"   {line}".rstrip() for line in text.split("\n"))
    return f".. container:: equations\n\n{body}"
