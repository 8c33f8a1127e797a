"""Content lines of iCalendar (RFC 5545, section 3.1): folding, escaping, parameters, nested components."""

import dataclasses
import re
from collections.abc import Iterable
from pathlib import Path

from lowlift.sim.schedule_rows import ScheduleError

OCTETS = 75
"""Longest line without its break."""
_LINE = re.compile(r'(?P<name>[A-Za-z0-9-]+)(?P<params>(?:;[A-Za-z0-9-]+=(?:"[^"]*"|[^";:]*))*):(?P<value>.*)', re.DOTALL)
_PARAM = re.compile(r';([A-Za-z0-9-]+)=("[^"]*"|[^";:]*)')
_ESCAPES = {"\\\\": "\\", "\\;": ";", "\\,": ",", "\\n": "\n", "\\N": "\n"}


@dataclasses.dataclass
class Component:
    """One ``BEGIN:`` … ``END:`` with its properties (parameters and raw value, by name) and inner components."""

    name: str
    properties: dict[str, list[tuple[dict[str, str], str]]] = dataclasses.field(default_factory=dict)
    inner: list["Component"] = dataclasses.field(default_factory=list)

    def raw(self, name: str) -> tuple[dict[str, str], str] | None:
        """Parameters and raw value of a property that is there exactly once, else none."""
        found = self.properties.get(name, [])
        return found[0] if len(found) == 1 else None

    def text(self, name: str) -> str | None:
        """Unescaped text of such a property."""
        found = self.raw(name)
        return None if found is None else unescaped(found[1])


def escaped(text: str) -> str:
    r"""TEXT value (section 3.3.11).

    >>> escaped("a;b, c")
    'a\\;b\\, c'
    """
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def unescaped(text: str) -> str:
    """Inverse of :func:`escaped`."""
    return re.sub(r"\\[\\;,nN]", lambda found: _ESCAPES[found[0]], text)


def folded(lines: Iterable[str]) -> str:
    """Lines of at most 75 octets, continued by a blank, never within a character; CRLF at every end."""
    out = []
    for line in lines:
        part = ""
        for character in line:
            if len((part + character).encode()) > OCTETS:
                out.append(part)
                part = " "
            part += character
        out.append(part)
    return "\r\n".join(out) + "\r\n"


def parsed(text: str, source: str | Path) -> Component:
    """The outermost component of a stream.

    Raises:
        ScheduleError: no iCalendar stream; the message says which line.
    """
    lines = re.sub(r"\r?\n[ \t]", "", text.lstrip("\ufeff")).splitlines()
    root = Component("")
    open_: list[Component] = [root]
    for line in lines:
        if not line.strip():
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            raise ScheduleError(f"{source}: not iCalendar: cannot read the line {line[:60]!r}")
        name, value = found["name"].upper(), found["value"]
        if name == "BEGIN":
            inner = Component(value.upper())
            open_[-1].inner.append(inner)
            open_.append(inner)
        elif name == "END":
            if value.upper() != open_[-1].name or len(open_) == 1:
                raise ScheduleError(f"{source}: not iCalendar: END:{value} closes {open_[-1].name or 'nothing'}")
            open_.pop()
        else:
            params = {key.upper(): item.strip('"') for key, item in _PARAM.findall(found["params"])}
            open_[-1].properties.setdefault(name, []).append((params, value))
    if len(open_) > 1:
        raise ScheduleError(f"{source}: not iCalendar: ends within {open_[-1].name}, perhaps half written")
    if [part.name for part in root.inner] != ["VCALENDAR"]:
        raise ScheduleError(f"{source}: not iCalendar: must hold one VCALENDAR")
    return root.inner[0]
