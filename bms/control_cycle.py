"""What one cycle of a control client has done."""

import dataclasses
from collections.abc import Mapping

from lowlift.controllers.interface import Decision


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cycle:
    """What one cycle has done."""

    t: float
    """Plant time since the client began [s]."""
    decision: Decision | None
    """Where the controller's period was up."""
    written: Mapping[str, float]
    """Commands sent, SI; in a dry run, those that would have been."""
    humans: Mapping[str, str]
    """Commands that a human decides, and how that is known."""
    in_hand: Mapping[str, str]
    """Actuators in hand or off."""
    remote: bool
    """Whether the site obeys commands."""
    supervision: str
    """Who decides there, as the site says."""
    fail_safe: bool
    """Whether the client's own envelope is in fail-safe."""
