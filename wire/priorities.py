"""Who commands what: sixteen slots a command, after ASHRAE 135, clause 19.2, whatever the protocol.

A slot holds a value and who has put it there. The lowest number that is filled is in force; where none is, the point's default is. Modbus
and OPC UA know no priorities and write the last slot; an operator's manual override is slot 8.
"""

import dataclasses
from collections.abc import Iterable

import numpy as np

SLOTS = LOWEST = 16
"""Slots of a command; the last is what a write without a priority fills (19.2.1)."""
OPERATOR = 8
"""*Manual operator* (19.2, table 19-1): this and what is above it belong to people and to protection, what is below to automation."""


@dataclasses.dataclass(frozen=True, slots=True)
class Slot:
    """One filled slot."""

    priority: int
    """From 1, which wins over all others, to :data:`LOWEST`."""
    value: float
    """Site unit."""
    source: str
    """Who holds it."""

    @property
    def held(self) -> str:
        """Who holds it, in words."""
        return f"{self.source} at priority {self.priority}"


class PriorityArrays:
    """The slots of all commands, and what is in force, as an array of its own. Not for several threads: its owner has the lock.

    Args:
        defaults: of all points, site units; only those of commands matter.
    """

    def __init__(self, defaults: np.ndarray) -> None:
        self._defaults = defaults.copy()
        self.values = defaults.copy()
        """What is in force."""
        self.top: list[Slot | None] = [None] * len(defaults)
        """The slot that is in force; none where the default is."""
        self.revisions = np.zeros(len(defaults), dtype=int)
        """How often the slots of each command have changed hands or value."""
        self._slots: list[dict[int, Slot]] = [{} for _ in defaults]

    def at(self, position: int) -> tuple[Slot, ...]:
        """Filled slots of a command, the one in force first."""
        slots = self._slots[position]
        return tuple(slots[priority] for priority in sorted(slots))

    def fill(self, position: int, slot: Slot, *, alone: bool = False) -> None:
        """Fill a slot; ``alone``: and empty all others."""
        if alone:
            self._slots[position].clear()
        self._slots[position][slot.priority] = slot
        self._changed(position)

    def empty(self, position: int, priority: int) -> Slot | None:
        """Empty a slot; returns what was in it."""
        before = self._slots[position].pop(priority, None)
        if before is not None:
            self._changed(position)
        return before

    def replace(self, position: int, slots: Iterable[Slot]) -> None:
        """Fill these slots and empty all others."""
        self._slots[position] = {slot.priority: slot for slot in slots}
        self._changed(position)

    def _changed(self, position: int) -> None:
        slots = self._slots[position]
        top = self.top[position] = slots[min(slots)] if slots else None
        self.values[position] = self._defaults[position] if top is None else top.value
        self.revisions[position] += 1
