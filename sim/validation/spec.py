"""What a validation table is: columns that are given, columns that are recomputed, tolerances, laws, and the machine behind it."""

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lowlift.data.errors import DataError
from lowlift.thermal.component import Component, ParameterError, Range

if TYPE_CHECKING:
    from lowlift.sim.validation.context import Context

ZERO_C = 273.15
Array = np.ndarray


class ValidationError(ValueError):
    """A table cannot be used at all; the message says what would be right."""


class Refusal(ValueError):
    """Rows that cannot be recomputed; the message says why."""


@dataclasses.dataclass(frozen=True)
class Given:
    """An input column: finite numbers within bounds, or text."""

    name: str
    low: float = -math.inf
    high: float = math.inf
    text: bool = False


@dataclasses.dataclass(frozen=True)
class Out:
    """An output column.

    Its tolerance stands in the column ``tol`` of the table (the table's default where it has no such column); it is relative to the
    expected value if the name ends in ``_rel``, else absolute, unless ``per`` names the quantity that it multiplies.
    """

    name: str
    tol: str | None = None
    floor: float = 1e-12
    """Least tolerance, in the unit of the column: for values of zero."""
    per: "Callable[[Rows], Array] | None" = None

    def allowed(self, tolerance: Array, expected: Array, rows: "Rows") -> Array:
        """Largest error that still counts as inside, row by row."""
        if self.per is not None:
            size = np.abs(self.per(rows))
        else:
            size = np.abs(expected) if (self.tol or "").endswith("_rel") else np.ones_like(expected)
        return np.maximum(tolerance * size, self.floor)


@dataclasses.dataclass(frozen=True)
class Rows:
    """Sound rows of a table: numbers and texts of its input columns."""

    numbers: Mapping[str, Array]
    texts: Mapping[str, Array]
    context: "Context"

    def __len__(self) -> int:
        return len(next(iter((self.numbers | self.texts).values()))) if self.numbers or self.texts else 0  # type: ignore[operator]

    def __getitem__(self, name: str) -> Array:
        return self.numbers[name]

    def kelvin(self, *names: str) -> list[Array]:
        """Columns in C as kelvin."""
        return [self.numbers[n] + ZERO_C for n in names]

    def take(self, index: Array) -> "Rows":
        """Some of the rows."""
        return Rows({k: v[index] for k, v in self.numbers.items()}, {k: v[index] for k, v in self.texts.items()}, self.context)


@dataclasses.dataclass
class Computed:
    """Recomputed columns, rows that break a law, rows outside a validity range, and rows refused with the reason."""

    values: dict[str, Array]
    broken: dict[str, Array] = dataclasses.field(default_factory=dict)
    refused: dict[int, str] = dataclasses.field(default_factory=dict)
    beyond: dict[str, Array] = dataclasses.field(default_factory=dict)
    """Computed all the same, as the component's documentation says: worth knowing, no failure."""


ROUNDING = 0.01
"""Temperatures further than this outside a range count [K]; less is rounding of the table. Other quantities: this share of its width."""


def outside(machine: Component | Mapping[str, Range], **arguments: Array | float) -> dict[str, Array]:
    """Flags of rows outside the declared ranges of a machine, named by the argument; for :attr:`Computed.beyond`.

    Raises:
        KeyError: no range is declared for an argument.
    """
    ranges = machine.ranges if isinstance(machine, Component) else machine
    flags = {}
    for name, value in arguments.items():
        bound = ranges[name]
        width = bound.high - bound.low
        slack = ROUNDING if bound.unit == "K" else ROUNDING * width if math.isfinite(width) else 0.0
        flags[f"{name} outside its declared range"] = np.atleast_1d(bound.excess(value) > slack)
    return flags


@dataclasses.dataclass(frozen=True, kw_only=True)
class TableSpec:
    """One kind of table."""

    name: str
    title: str
    kind: str
    """``component``, ``plant``, ``trend`` (only order is judged) or ``figures`` (single published values)."""
    given: Sequence[Given]
    out: Sequence[Out]
    tolerances: Mapping[str, float]
    """Defaults of the ``tol_*`` columns; those that no shipped table has are the library's own."""
    compute: Callable[[Rows], Computed]
    source: str
    differences: Sequence[str] = ()
    """What a reader should know before trusting the agreement."""
    order: Sequence[str] = ()
    """Columns of the shipped table, for placing output columns that a file lacks; outputs after inputs if empty."""
    more: Callable[[Sequence[str]], Sequence[Out]] | None = None
    """Further output columns that a header may ask for."""
    verdict: Callable[[Rows, Mapping[str, Array]], str | None] | None = None
    """A judgement on the whole table, a complaint or None, in place of the share inside tolerance."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the input columns."""
        return tuple(g.name for g in self.given)

    def outputs(self, header: Iterable[str] = ()) -> tuple[Out, ...]:
        """Output columns, with those that only this header asks for."""
        return (*self.out, *(self.more(list(header)) if self.more else ()))

    def columns(self) -> tuple[str, ...]:
        """Inputs and outputs in the order of the shipped table."""
        return tuple(self.order) or (*self.inputs, *(o.name for o in self.out))


def grouped(rows: Rows, keys: Sequence[str], work: Callable[[Rows, tuple[object, ...]], Computed]) -> Computed:
    """Compute rows machine by machine: rows with equal ``keys`` together. A machine that cannot exist refuses its rows only."""
    columns = [rows.texts[k] if k in rows.texts else rows.numbers[k] for k in keys]
    groups: dict[tuple[object, ...], list[int]] = {}
    for i, key in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
        groups.setdefault(key, []).append(i)
    total = Computed({})
    for key, members in groups.items():
        index = np.array(members)
        try:
            part = work(rows.take(index), key)
        except (ParameterError, DataError, Refusal) as error:
            label = ", ".join(f"{k} = {v}" for k, v in zip(keys, key, strict=True))
            total.refused.update(dict.fromkeys(members, f"{label}: {error}"))
            continue
        for name, value in part.values.items():
            total.values.setdefault(name, np.full(len(rows), np.nan))[index] = value
        for flags, own in ((total.broken, part.broken), (total.beyond, part.beyond)):
            for name, flag in own.items():
                flags.setdefault(name, np.zeros(len(rows), dtype=bool))[index] = flag
        total.refused.update({members[i]: why for i, why in part.refused.items()})
    return total
