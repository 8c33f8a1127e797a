"""The reference of a package: every public name, from its own docstring."""

import importlib
import inspect

DIRECTIVES = {"class": "autoclass", "function": "autofunction", "module": "automodule"}


def public_names(package: str) -> str:
    """Entries for all names in ``__all__`` of a package that are classes, functions or modules of their own."""
    module = importlib.import_module(package)
    entries = []
    for name in module.__all__:
        thing = getattr(module, name)
        if inspect.isclass(thing):
            entries.append(f".. autoclass:: {package}.{name}\n   :members:\n   :undoc-members:")
        elif inspect.isfunction(thing):
            entries.append(f".. autofunction:: {package}.{name}")
        elif inspect.ismodule(thing) and thing.__name__ not in PACKAGES:
            entries.append(f".. automodule:: {thing.__name__}\n   :members:")
    head = f".. py:module:: {package}\n\n"
    return "```{eval-rst}\n" + head + "\n\n".join(entries) + "\n```"


PACKAGES = frozenset(f"lowlift.{name}" for name in ("thermal", "models", "controllers", "sim", "data"))
"""Have pages of their own."""
