"""Public names that are imported when first used: what keeps ``import lowlift`` light.

A package lists its names with the module each one lives in and installs two hooks that Python asks for missing attributes and for
``dir()`` (PEP 562). Type checkers read the same names from the package's ``if TYPE_CHECKING`` block.
"""

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any


def lazy(package: str, home: Mapping[str, str], public: list[str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` of a package.

    Args:
        package: full name of the package, its ``__name__``.
        home: for each lazy name the module it lives in, full name; a module's own full name stands for the module itself.
        public: the package's ``__all__``.

    >>> get, names = lazy("lowlift.thermal", {"ops": "lowlift.thermal.ops"}, ["ops"])
    >>> get("ops").__name__, names()
    ('lowlift.thermal.ops', ['ops'])
    """

    def get(name: str) -> Any:
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = importlib.import_module(home[name])
        value = module if home[name] == f"{package}.{name}" else getattr(module, name)
        # The next access finds it without asking here.
        setattr(sys.modules[package], name, value)
        return value

    return get, lambda: sorted(public)
