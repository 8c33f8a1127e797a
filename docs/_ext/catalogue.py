"""Which components the library makes public, and on which page each of them stands."""

import inspect
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from lowlift import thermal

PAGES = Path(__file__).parents[1] / "components"
INFRASTRUCTURE = frozenset({"Component", "ParameterError", "ops"})
"""Public names of :mod:`lowlift.thermal` that are no components: base, error, elementary functions."""
DIRECTIVE = re.compile(r"^```\{component\} (\S+)$", re.MULTILINE)


def public_components() -> list[str]:
    """Names of all public components, and of public modules of relations such as ``psychrometrics``."""
    return [name for name in thermal.__all__ if name not in INFRASTRUCTURE]


def pages(folder: Path = PAGES) -> dict[str, Path]:
    """The page of each component, by name.

    Raises:
        ValueError: two pages claim one component.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*.md")):
        for name in DIRECTIVE.findall(path.read_text(encoding="utf-8")):
            if name in found:
                raise ValueError(f"{name} is on {found[name].name} and on {path.name}: one page a component")
            found[name] = path
    return found


def without(names: Iterable[str], there: Mapping[str, object]) -> list[str]:
    """Those of ``names`` that ``there`` lacks."""
    return [name for name in names if name not in there]


def resolve(name: str) -> Any:
    """The class or module behind a name of :mod:`lowlift.thermal`."""
    if name not in thermal.__all__:
        raise ValueError(f"{name} is no public name of lowlift.thermal")
    return getattr(thermal, name)


def home(thing: Any) -> ModuleType:
    """The module that defines it; a module is its own."""
    module = inspect.getmodule(thing)
    if module is None:
        raise ValueError(f"{thing!r} has no module")
    return module


def companions(module: ModuleType) -> list[Any]:
    """Public classes and functions that a module defines beside its components, in the order of its text."""
    components = [resolve(name) for name in public_components()]
    own = [
        thing for name, thing in vars(module).items()
        if (inspect.isfunction(thing) or inspect.isclass(thing)) and thing.__module__ == module.__name__ and not name.startswith("_")
        and thing not in components
    ]  # fmt: skip
    return sorted(own, key=lambda thing: inspect.getsourcelines(thing)[1])
