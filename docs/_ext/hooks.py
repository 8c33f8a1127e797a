"""Sphinx extension: expands the directives of these pages before they are parsed, and shortens what autodoc repeats."""

import inspect
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from _ext.catalogue import public_components, resolve
from _ext.outline import own_text
from _ext.page import component_page
from _ext.reference import public_names
from _ext.signal_tables import signal_tables

if TYPE_CHECKING:
    from sphinx.application import Sphinx

EXPANSIONS: dict[str, Callable[[str], str]] = {"component": component_page, "public": public_names, "signals": signal_tables}
DIRECTIVE = re.compile(rf"^```\{{({'|'.join(EXPANSIONS)})\}} (\S+)\n```$", re.MULTILINE)
ANY = re.compile(r"(: (~?typing\.)?Any\b)( = )?")


def expand(app: "Sphinx", docname: str, source: list[str]) -> None:
    """Put the text in place of every directive of ours."""
    source[0] = DIRECTIVE.sub(lambda match: EXPANSIONS[match[1]](match[2]), source[0])


def shorten_docstring(app: "Sphinx", what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """A component's outline stands on its page already: its class entry keeps the first words."""
    if what == "class" and any(obj is resolve(n) for n in public_components()):
        lines[:] = own_text(obj)[0].split("\n\n")[0].split("\n")


def shorten_signature(
    app: "Sphinx", what: str, name: str, obj: Any, options: Any, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """Components are built from their data sheet; ``Any`` stands for a signal and says nothing."""
    if what == "class" and any(obj is resolve(n) for n in public_components() if inspect.isclass(resolve(n))):
        return "", None
    if signature is not None:
        signature = ANY.sub(lambda match: "=" if match[3] else "", signature)
    return signature, None if returns is not None and ANY.fullmatch(f": {returns}") else returns


def setup(app: "Sphinx") -> dict[str, bool]:
    """Connect the hooks."""
    app.connect("source-read", expand)
    app.connect("autodoc-process-docstring", shorten_docstring)
    app.connect("autodoc-process-signature", shorten_signature)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
