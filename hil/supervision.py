"""Who decides the setpoints of a served plant: the commands as they stand, a supervisor with a heartbeat, or nobody.

- *alone*: nobody has ever beaten, or the last supervisor has handed back by writing 0: commands are obeyed, none of them is stale.
- *supervised*: the heartbeat, a counter, has moved within ``timeout`` seconds of plant time.
- *fail-safe*: it has not. Setpoints go to the fail-safe values of the safety envelope until it moves again and has moved for as long as
  the envelope wants. A counter that is written again and again with the same value stands still: a hung program is no supervisor.

Handing back also takes back the setpoint commands: they return to their defaults, as BACnet's relinquishing does.
"""

from lowlift.wire.points import ALONE, FAIL_SAFE, SUPERVISED

HEARTBEAT = 300.0
"""Longest silence of a supervisor [s of plant time]."""

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

    def see(self, t: float, beat: float) -> bool:
        """Take note of the heartbeat at plant time ``t``; returns whether the supervisor has just handed back."""
        moved, self.beat = beat != self.beat, beat
        if moved and beat == 0.0:
            self.state = ALONE
            return True
        if moved:
            self._moved_at = t
            self.state = SUPERVISED
        elif self.state != ALONE and t - self._moved_at > self.timeout:
            self.state = FAIL_SAFE
        return False
