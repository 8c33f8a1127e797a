"""The reference of a package: every public name from its own docstring, and what lies behind them."""

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import Any

from _ext.catalogue import companions, home, public_components, resolve
from _ext.outline import boxed, tidy

PACKAGES = frozenset(f"lowlift.{name}" for name in ("thermal", "models", "controllers", "sim", "wire", "hil", "data"))
"""Have pages of their own."""


def public_names(package: str) -> str:
    """Entries for all names in ``__all__`` of a package that are classes, functions or modules of their own."""
    module = importlib.import_module(package)
    entries = [f".. py:module:: {package}"]
    for thing in (getattr(module, name) for name in module.__all__):
        if inspect.ismodule(thing) and thing.__name__ not in PACKAGES:
            entries.append(f".. automodule:: {thing.__name__}\n   :members:")
        elif (inspect.isclass(thing) or inspect.isfunction(thing)) and (package in PACKAGES or not public_in_package(thing)):
            entries.append(entry(thing, members=True))
    return fenced("\n\n".join(entries))


def public_in_package(thing: Any) -> bool:
    """Whether one of the packages already makes a class or function public."""
    package = importlib.import_module(".".join(thing.__module__.split(".")[:2]))
    return thing.__name__ in package.__all__


def entry(thing: Any, *, members: bool) -> str:
    """Directive that documents a class or function where it is defined."""
    path = f"{thing.__module__}.{thing.__qualname__}"
    if inspect.isfunction(thing):
        return f".. autofunction:: {path}"
    return f".. autoclass:: {path}" + ("\n   :members:\n   :undoc-members:" if members else "")


def inner_modules(package: str) -> str:
    """The modules of a package: the first words of each, and those of its classes and functions that are not public."""
    entries = []
    public = {id(getattr(importlib.import_module(p), name)) for p in ("lowlift", package) for name in importlib.import_module(p).__all__}
    for module in submodules(package):
        if id(module) in public:
            continue
        name = module.__name__
        entries.append(f".. py:module:: {name}\n\n``{name.removeprefix('lowlift.')}``\n   {summary(module)}")
        entries += [entry(thing, members=False) for thing in companions(module) if id(thing) not in public]
    return fenced("\n\n".join(entries))


def rest_of_thermal(package: str) -> str:
    """Modules of a package that stand on no component's page, in full."""
    documented = {home(resolve(name)) for name in public_components()}
    entries = [f".. py:module:: {package}"]
    for module in submodules(package):
        if module not in documented:
            entries.append(f"{module.__name__}\n{'-' * len(module.__name__)}\n\n.. automodule:: {module.__name__}\n   :members:")
    return fenced("\n\n".join(entries))


def module_text(name: str) -> str:
    """The docstring of a module as it stands."""
    text = tidy(inspect.cleandoc(importlib.import_module(name).__doc__ or ""))
    return fenced(f".. py:currentmodule:: {name}\n\n{boxed(text)}")


def submodules(package: str) -> list[ModuleType]:
    """All modules of a package, by name."""
    parent = importlib.import_module(package)
    found = sorted(info.name for info in pkgutil.iter_modules(parent.__path__) if not info.ispkg)
    return [importlib.import_module(f"{package}.{name}") for name in found]


def summary(module: ModuleType) -> str:
    """The first paragraph of its docstring, in one line."""
    return " ".join(inspect.cleandoc(module.__doc__ or "").split("\n\n")[0].split())


def fenced(text: str) -> str:
    """A block of reStructuredText in a page."""
    return f"```{{eval-rst}}\n{text}\n```"
