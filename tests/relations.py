"""Relations of the components with the range of each argument, and which relations there are."""

import dataclasses
import importlib
import inspect
import itertools
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from lowlift import thermal
from lowlift.thermal.component import Component

HOME = "lowlift.thermal."
RANDOM_POINTS = 30
CORNERS_MAX = 64


@dataclasses.dataclass(frozen=True)
class Relation:
    """One function of scalars with its domain."""

    name: str
    """Home and qualified name, as ``coldplate.ColdPlate.T_chip``."""
    owner: str
    """Class of the instance that it is bound to, empty for functions."""
    call: Callable[..., Any]
    """Takes the arguments in the order of :attr:`arguments`."""
    arguments: Mapping[str, tuple[float, float]]
    points: Sequence[Mapping[str, float]] = ()
    """Further points of the edge, others in the middle: zero flow, balanced streams, no difference."""

    def random(self, n: int = RANDOM_POINTS, seed: int = 1) -> list[np.ndarray]:
        """Samples inside the domain, one array an argument."""
        rng = np.random.default_rng(seed)
        return [rng.uniform(low, high, n) for low, high in self.arguments.values()]

    def edge(self) -> list[np.ndarray]:
        """Corners of the domain (a random selection where there are many) and the further points."""
        bounds = list(self.arguments.values())
        corners = np.array(list(itertools.product(*bounds)) if len(bounds) <= 12 else [], dtype=float)
        if len(corners) > CORNERS_MAX:
            corners = np.random.default_rng(2).permutation(corners)[:CORNERS_MAX]
        middle = {name: 0.5 * (low + high) for name, (low, high) in self.arguments.items()}
        unknown = {name for point in self.points for name in point} - middle.keys()
        assert not unknown, f"{self.name}: points name {unknown}"
        more = np.array([list((middle | dict(point)).values()) for point in self.points]).reshape(-1, len(bounds))
        return list(np.concatenate([corners.reshape(-1, len(bounds)), more]).T)

    def samples(self) -> list[np.ndarray]:
        """Random points and the edge."""
        return [np.concatenate(pair) for pair in zip(self.random(), self.edge(), strict=True)]


def relation(
    target: Callable[..., Any],
    *,
    call: Callable[..., Any] | None = None,
    fixed: Mapping[str, Any] | None = None,
    points: Sequence[Mapping[str, float]] = (),
    **ranges: tuple[float, float],
) -> Relation:
    """A relation over ``ranges``; arguments that are not named take the range that their component declares.

    Args:
        target: function or bound method under test.
        call: takes scalars in the order of ``ranges`` and uses ``target`` with them, where it does not take scalars itself.
        fixed: arguments that are no signals.
        points: further points of the edge.
        **ranges: ``(low, high)`` by name of argument.
    """
    owner = getattr(target, "__self__", None)
    function = getattr(target, "__func__", target)
    owner_name = type(owner).__name__ if owner is not None else ""
    name = f"{function.__module__.removeprefix(HOME)}.{function.__qualname__}"
    if call is not None:
        return Relation(name, owner_name, call, ranges, points)
    fixed = fixed or {}
    declared = owner.ranges if isinstance(owner, Component) else {}
    arguments: dict[str, tuple[float, float]] = {}
    for key, parameter in inspect.signature(target).parameters.items():
        if key in ranges:
            arguments[key] = ranges[key]
        elif key in declared and key not in fixed:
            arguments[key] = (declared[key].low, declared[key].high)
        elif key not in fixed and parameter.default is inspect.Parameter.empty:
            raise TypeError(f"{name}: no range of {key}")
    surplus = ranges.keys() - arguments.keys()
    if surplus:
        raise TypeError(f"{name} does not take {surplus}")
    return Relation(name, owner_name, lambda *x: target(**dict(zip(arguments, x, strict=True)), **fixed), arguments, points)


def _takes_signals(function: Callable[..., Any]) -> bool:
    return any("Any" in str(p.annotation) for p in inspect.signature(function).parameters.values())


def _holds_signals(kind: type) -> bool:
    return (
        dataclasses.is_dataclass(kind) and not issubclass(kind, Component) and any("Any" in str(f.type) for f in dataclasses.fields(kind))
    )


def public_relations() -> Iterator[str]:
    """Names of all public functions and methods of :mod:`lowlift.thermal` that take a signal or belong to a record of signals."""
    for info in pkgutil.iter_modules(thermal.__path__):
        module = importlib.import_module(HOME + info.name)
        for name, value in vars(module).items():
            if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
                continue
            if inspect.isfunction(value) and _takes_signals(value):
                yield f"{info.name}.{name}"
            if inspect.isclass(value):
                for member, raw in vars(value).items():
                    function = raw.__func__ if isinstance(raw, staticmethod | classmethod) else raw
                    if member.startswith("_") or not inspect.isfunction(function):
                        continue
                    if _takes_signals(function) or _holds_signals(value):
                        yield f"{info.name}.{name}.{member}"


def public_components() -> Iterator[str]:
    """Names of the components that users build."""
    for name in thermal.__all__:
        value = getattr(thermal, name)
        if inspect.isclass(value) and issubclass(value, Component) and value is not Component:
            yield name
