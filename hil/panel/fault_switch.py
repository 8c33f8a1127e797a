"""What a fault library has to offer so that the panel shows a button for each of its faults."""

import dataclasses
from collections.abc import Sequence
from typing import Protocol, runtime_checkable


@dataclasses.dataclass(frozen=True, kw_only=True)
class FaultButton:
    """One fault that can be switched on and off."""

    name: str
    """Unique; what :meth:`FaultSwitch.switch` takes."""
    words: str
    """What it does, in one line."""
    group: str = ""
    """Heading that it stands under, like ``sensors``."""
    active: bool = False
    """Whether it is in force."""


@runtime_checkable
class FaultSwitch(Protocol):
    """Faults that can be pressed while the plant runs; called from other threads than the plant's."""

    def buttons(self) -> Sequence[FaultButton]:
        """All faults, in the order in which they are shown."""

    def switch(self, name: str, on: bool) -> None:
        """Put one in force from the next step on, or end it.

        Raises:
            ValueError: there is none of that name, or it cannot be switched now; the text says why.
        """
