"""Sphinx extension: expands the directives of these pages before they are parsed, and shortens what autodoc repeats."""

import dataclasses
import pkgutil
import re
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from sphinx.ext.napoleon import Config, GoogleDocstring
from sphinx.util.nodes import make_refnode

from _ext.catalogue import public_components, resolve
from _ext.directives import expanded

if TYPE_CHECKING:
    from docutils.nodes import Element
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

PUBLIC = re.compile(r"(?:(lowlift\.[a-z]+\.))?(.+)", re.DOTALL)
"""A package, if the name begins with one, and the rest."""
ANY = re.compile(r"(: (~?typing\.)?Any\b)( = )?")


def expand(app: "Sphinx", docname: str, source: list[str]) -> None:
    """Put the text in place of every directive of ours."""
    source[0] = expanded(source[0])


def shorten_docstring(app: "Sphinx", what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """What a component's docstring says stands on its page already."""
    if what == "class" and any(obj is resolve(n) for n in public_components()):
        lines.clear()


def shorten_signature(
    app: "Sphinx", what: str, name: str, obj: Any, options: Any, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """Records are built from the fields that stand below; ``Any`` stands for a signal and says nothing."""
    if what == "class" and (dataclasses.is_dataclass(obj) or issubclass(obj, BaseModel)):
        return "", None
    if signature is not None:
        signature = ANY.sub(lambda match: "=" if match[3] else "", signature)
    return signature, None if returns is not None and ANY.fullmatch(f": {returns}") else returns


def google_style(app: "Sphinx", what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """``Args:``, ``Returns:`` and ``Raises:`` as field lists. Attributes are left alone: a colon there does not end a type."""
    if what not in ("attribute", "data", "property"):
        lines[:] = str(GoogleDocstring(lines, Config(), app, what, name, obj, options)).split("\n")


def resolve_reference(app: "Sphinx", env: "BuildEnvironment", node: "pending_xref", contnode: "Element") -> "Element | None":
    """Resolve a public name (``lowlift.models.LiquidHall.steady``), or one without its module, where only one object bears it.

    What exists in the code but has no entry here stays plain text; what does not exist is left to Sphinx, which warns.
    """
    target = node.get("reftarget", "")
    if node.get("refdomain") != "py" or not target:
        return None
    package, short = PUBLIC.fullmatch(target).group(1, 2)  # type: ignore[union-attr]
    objects = env.domains.python_domain.objects
    places = {(o.docname, o.node_id) for name, o in objects.items() if name.startswith(package or "") and name.endswith(f".{short}")}
    if len(places) == 1:
        docname, anchor = places.pop()
        return make_refnode(app.builder, node["refdoc"], docname, anchor, contnode)
    module, cls = node.get("py:module"), node.get("py:class")
    scopes = ("", f"{module}.", f"{module}.{cls}.")
    return contnode if any(exists(f"{scope}{target}") for scope in scopes) else None


def exists(name: str) -> bool:
    """Whether a dotted name stands for something in the code, annotated fields included."""
    owner, _, last = name.rpartition(".")
    try:
        return hasattr(pkgutil.resolve_name(owner), last) or last in getattr(pkgutil.resolve_name(owner), "__annotations__", {})
    except (ImportError, AttributeError, ValueError):
        return False


def setup(app: "Sphinx") -> dict[str, bool]:
    """Connect the hooks."""
    app.connect("source-read", expand)
    app.connect("autodoc-process-docstring", shorten_docstring)
    app.connect("autodoc-process-docstring", google_style)
    app.connect("missing-reference", resolve_reference)
    app.connect("autodoc-process-signature", shorten_signature)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
