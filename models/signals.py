"""Signals are data: one record per signal of a plant, the single source of names, units, bounds and rates.

Vector packing, bounds of the optimal control problem, the safety envelope, telemetry, schedules and documentation
all read this table; nobody types a point list twice.
"""

import dataclasses
import enum
import functools
import math
from collections.abc import Mapping, Sequence

import numpy as np

from lowlift.thermal import ops
from lowlift.thermal.ops import Signal


class Role(enum.Enum):
    """What a signal is to its plant."""

    STATE = "state"
    ACTUATOR = "actuator"
    SETPOINT = "setpoint"
    DISTURBANCE = "disturbance"
    OUTPUT = "output"


@dataclasses.dataclass(frozen=True, kw_only=True)
class SignalInfo:
    """One signal: ``size`` components of one kind, in SI units."""

    name: str
    role: Role
    unit: str
    doc: str
    size: int = 1
    per: str = "plant"
    """What its components are: plant, group, cdu or rack."""
    low: float = -math.inf
    high: float = math.inf
    rate: float = math.inf
    """Largest change per second, in unit/s."""

    def components(self) -> list[str]:
        """Flat names: ``T_supply`` or ``T_supply[1]``, ``T_supply[2]``, … counted from one like the site does."""
        return [self.name] if self.per == "plant" else [f"{self.name}[{k + 1}]" for k in range(self.size)]


class SignalVector:
    """A packed vector of signals: sizes, offsets, bounds, packing and unpacking."""

    def __init__(self, signals: Sequence[SignalInfo]) -> None:
        self.signals = tuple(signals)
        edges = np.concatenate([[0], np.cumsum([s.size for s in signals])]).astype(int)
        self.slices = {s.name: slice(int(a), int(b)) for s, a, b in zip(signals, edges[:-1], edges[1:], strict=True)}
        self.size = int(edges[-1])

    def __contains__(self, name: str) -> bool:
        return name in self.slices

    @property
    def names(self) -> list[str]:
        """Flat component names, in packing order."""
        return [c for s in self.signals for c in s.components()]

    def _flat(self, field: str) -> np.ndarray:
        values = np.concatenate([np.full(s.size, getattr(s, field), dtype=float) for s in self.signals])
        values.setflags(write=False)
        return values

    @functools.cached_property
    def low(self) -> np.ndarray:
        """Lower bounds, shape ``(size,)``, read-only."""
        return self._flat("low")

    @functools.cached_property
    def high(self) -> np.ndarray:
        """Upper bounds, shape ``(size,)``, read-only."""
        return self._flat("high")

    @functools.cached_property
    def rate(self) -> np.ndarray:
        """Rate limits per second, shape ``(size,)``, read-only."""
        return self._flat("rate")

    def unpack(self, vector: Signal) -> dict[str, Signal]:
        """Split a packed vector into its signals."""
        parts = ops.split(vector, [s.size for s in self.signals])
        return {s.name: part for s, part in zip(self.signals, parts, strict=True)}

    def pack(self, values: Mapping[str, Signal]) -> Signal:
        """Join signals into a packed vector; a plant-level value fills all components of its signal.

        Raises:
            KeyError: a signal is missing or unknown, named.
            ValueError: a symbolic signal has another number of components.
        """
        unknown = sorted(set(values) - set(self.slices))
        missing = [s.name for s in self.signals if s.name not in values]
        if unknown or missing:
            raise KeyError(f"signals missing: {missing}, unknown: {unknown}")
        if ops.is_symbolic(*values.values()):
            return ops.stack([self._filled(values[s.name], s) for s in self.signals])
        arrays = [np.asarray(values[s.name], dtype=float) for s in self.signals]
        result = np.empty((*np.broadcast_shapes(*(a.shape[:-1] for a in arrays)), self.size))
        for part, array in zip(self.slices.values(), arrays, strict=True):
            result[..., part] = array
        return result

    @staticmethod
    def _filled(value: Signal, s: SignalInfo) -> Signal:
        rows = value.shape[0] if ops.is_symbolic(value) else np.size(value)
        if rows == s.size:
            return value
        if rows != 1:
            raise ValueError(f"{s.name}: {rows} components, {s.size} are declared")
        return ops.stack([value] * s.size)


def columns(names: Sequence[str], matrix: Signal) -> dict[str, Signal]:
    """Columns of a matrix (b, n), or parts of a CasADi column (n, 1), by their ``n`` names, each (b, 1) or (1, 1)."""
    return dict(zip(names, ops.split(matrix, [1] * len(names)), strict=True))
