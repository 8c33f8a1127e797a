"""Components as data sheets: frozen records whose fields carry unit, description and bounds, and whose relations carry ranges."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, dataclass_transform

import numpy as np

from lowlift.thermal import ops
from lowlift.thermal.ops import Signal

SLACK = 1e-9
"""Excess over a range, relative to its width, that is rounding."""


@dataclasses.dataclass(frozen=True)
class Range:
    """Where a relation is known to hold: bounds of one argument, both inclusive."""

    low: float
    high: float
    unit: str = "1"

    def excess(self, x: Signal) -> Signal:
        """How far ``x`` lies outside; zero inside."""
        return ops.maximum(self.low - x, 0.0) + ops.maximum(x - self.high, 0.0)


class ParameterError(ValueError):
    """A component parameter is missing, not finite or outside its bounds."""


def parameter(
    *,
    default: Any = dataclasses.MISSING,
    unit: str,
    doc: str,
    low: float = -math.inf,
    high: float = math.inf,
    above: float | None = None,
    below: float | None = None,
) -> Any:
    """Declare one data-sheet field of a :class:`Component`.

    ``low`` and ``high`` are inclusive bounds, ``above`` and ``below`` exclusive ones, all in ``unit``. A field
    without a default is mandatory. Fields whose value is a guess say so in ``doc``.
    """
    metadata = {"unit": unit, "doc": doc, "low": low, "high": high, "above": above, "below": below}
    return dataclasses.field(default=default, metadata=metadata)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(parameter,))
class Component:
    """Base of every component: subclassing makes a frozen keyword-only dataclass that checks its fields.

    Raises:
        ParameterError: on construction, naming component, field, value, unit and bound.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Turn the subclass into a frozen, keyword-only dataclass."""
        super().__init_subclass__(**kwargs)
        dataclasses.dataclass(frozen=True, kw_only=True)(cls)

    def __post_init__(self) -> None:
        """Check every declared field; subclasses add relations between fields in :meth:`check`."""
        for f in dataclasses.fields(self):  # type: ignore[arg-type]
            if "unit" in f.metadata:
                self._check_field(f)
        self.check()

    def check(self) -> None:
        """Check relations between fields; override where there are any."""

    @property
    def ranges(self) -> Mapping[str, Range]:
        """Declared validity by argument name of the component's relations; what is not named may be any number."""
        return {}

    def violations(self, **arguments: Signal) -> dict[str, Signal]:
        """How far arguments lie outside their declared ranges, by name and in their units; zero inside.

        Relations never clip silently to a range: they continue as their documentation says, and whoever reports a result asks here.

        Raises:
            KeyError: no range is declared for a name.
        """
        ranges = self.ranges
        unknown = sorted(arguments.keys() - ranges.keys())
        if unknown:
            raise KeyError(f"{type(self).__name__} declares no range of {', '.join(unknown)}; declared are {', '.join(sorted(ranges))}")
        return {name: ranges[name].excess(value) for name, value in arguments.items()}

    def outside(self, **arguments: Signal) -> list[str]:
        """Arguments outside their declared ranges, in words for a report; numbers and arrays only.

        Raises:
            KeyError: no range is declared for a name.
        """
        words = []
        for name, excess in self.violations(**arguments).items():
            bound, excess = self.ranges[name], np.atleast_1d(excess)
            width = bound.high - bound.low
            if excess.max() > (SLACK * width if math.isfinite(width) else 0.0):
                worst = float(np.broadcast_to(arguments[name], excess.shape).flat[int(excess.argmax())])
                words.append(f"{type(self).__name__}: {name} = {worst:.6g} {bound.unit}, declared {bound.low:g} to {bound.high:g}")
        return words

    def _check_field(self, f: "dataclasses.Field[Any]") -> None:
        value = getattr(self, f.name)
        m = f.metadata
        if not isinstance(value, int | float) or isinstance(value, bool):
            self.reject(f.name, f"must be a number in {m['unit']}")
        if not math.isfinite(value):
            self.reject(f.name, "must be finite")
        if value < m["low"]:
            self.reject(f.name, f"must be at least {m['low']}")
        if value > m["high"]:
            self.reject(f.name, f"must be at most {m['high']}")
        if m["above"] is not None and value <= m["above"]:
            self.reject(f.name, f"must be above {m['above']}")
        if m["below"] is not None and value >= m["below"]:
            self.reject(f.name, f"must be below {m['below']}")

    def reject(self, field: str, reason: str) -> None:
        """Raise the error for one field in the form ``ColdPlate.C = -1.0 J/K: must be at least 0.0``."""
        f = next(f for f in dataclasses.fields(self) if f.name == field)  # type: ignore[arg-type]
        unit = f.metadata.get("unit", "")
        shown = f"{getattr(self, field)!r} {unit}".rstrip()
        raise ParameterError(f"{type(self).__name__}.{field} = {shown}: {reason}")
