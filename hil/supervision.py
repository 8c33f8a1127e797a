"""Who decides the setpoints of a served plant: the commands as they stand, a supervisor with a heartbeat, or nobody.

- *alone*: nobody has ever beaten, or the last supervisor has handed back by writing 0: commands are obeyed, none of them is stale.
- *supervised*: the heartbeat, a counter, has moved within ``timeout`` seconds of plant time.
- *fail-safe*: it has not. Setpoints go to the fail-safe values of the safety envelope until it moves again and has moved for as long as
  the envelope wants. A counter that is written again and again with the same value stands still: a hung program is no supervisor.

A supervisor is who beats, and what it holds are the commands that the same client has written below the priority of an operator. Handing
back takes these back, so that the next slot, or at last the default, is in force; falling silent stops them from being obeyed. What anybody
else has written is somebody else's: it stays, and it is obeyed in fail-safe too, also from beneath what a silent supervisor holds.

After a restart the plant is alone until a beat moves. Where a supervisor was in charge before and none comes within ``timeout``, what it
held is taken back.
"""

from collections.abc import Sequence

from lowlift.wire.points import ALONE, FAIL_SAFE, SUPERVISED
from lowlift.wire.priorities import OPERATOR, Slot

HEARTBEAT = 300.0
"""Longest silence of a supervisor [s of plant time]."""
REMEMBERED = 64
"""Supervisors that are known again: each connection of a client is one."""

__all__ = ["ALONE", "FAIL_SAFE", "HEARTBEAT", "SUPERVISED", "Supervision"]


class Supervision:
    """Watches the heartbeat.

    Args:
        timeout: longest silence [s of plant time].
    """

    def __init__(self, timeout: float = HEARTBEAT) -> None:
        self.timeout = timeout
        self.state = ALONE
        self.beat = 0.0
        self._moved_at = 0.0
        self._expected = False
        self._known: dict[str, float] = {}

    def see(self, t: float, beat: float, source: str = "") -> bool:
        """Take note of the heartbeat at plant time ``t``, and of who has written it.

        Returns:
            Whether what supervisors hold is to be taken back: the last one has handed back, or has not come back after a restart.
        """
        moved, self.beat = beat != self.beat, beat
        if moved and beat == 0.0:
            self.state, self._expected = ALONE, False
            return True
        if moved:
            self._moved_at, self._expected = t, False
            self.state = SUPERVISED
            self._remember(t, source)
        elif t - self._moved_at > self.timeout:
            if self.state != ALONE:
                self.state = FAIL_SAFE
            elif self._expected:
                self._expected = False
                return True
        return False

    def owns(self, slot: Slot) -> bool:
        """Whether a slot is held by a client that has beaten, also before: what it writes after its good-bye is no human's."""
        return slot.priority > OPERATOR and slot.source in self._known

    def beneath(self, slots: Sequence[Slot]) -> Slot | None:
        """The highest slot of somebody else, where a supervisor's stands above it; ``slots`` of one command, the highest first."""
        others = [slot for slot in slots if not self.owns(slot)]
        return others[0] if others and others[0] is not slots[0] else None

    def restarted(self, t: float) -> None:
        """The plant goes on at ``t`` from a snapshot, and whoever was there may be gone."""
        self._expected = self._expected or self.state != ALONE
        self.state, self.beat, self._moved_at = ALONE, 0.0, t

    def _remember(self, t: float, source: str) -> None:
        if source:
            self._known.pop(source, None)
            self._known[source] = t
            for oldest in list(self._known)[:-REMEMBERED]:
                del self._known[oldest]
