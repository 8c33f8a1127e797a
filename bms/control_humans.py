"""Who else decides: a higher BACnet priority, a command that somebody else has written, an actuator in hand or off, the local switch.

Humans win, always. Where there are priorities, one above ours is theirs until they relinquish it. Where there are none, a command that
stands at a value which we have never written is somebody's: it is left alone for ``yield_for`` seconds of plant time, or until it is back
at a value of ours. What stands when the client begins is what it is asked to go on from; defaults are nobody's after a restart of the site.
"""

import collections
import math
from collections.abc import Mapping

from lowlift.wire.link import Link
from lowlift.wire.points import AUTO, MODES

REMEMBERED = 4096
"""Values of ours that are known again: a site restored from its last snapshot shows an old one."""
SAME = 2e-5
"""Difference over the range that is none: values travel as float32 [1]."""


class Humans:
    """Watches the commands of one site.

    Args:
        link: to the site.
        commands: setpoint commands of ours.
        yield_for: how long a foreign value is left alone where there are no priorities [s of plant time].
    """

    def __init__(self, link: Link, commands: tuple[str, ...], yield_for: float) -> None:
        self.link, self.commands, self.yield_for = link, commands, yield_for
        self.decide: dict[str, str] = {}
        """Commands that a human decides now, and how that is known."""
        self.in_hand: dict[str, str] = {}
        """Actuators that are not in auto, and what they are in."""
        self.news: list[dict[str, str]] = []
        """What has changed since :meth:`look` was called before."""
        self.modes = [p.name for p in link.points.points if p.name.endswith(".mode")]
        self._own: dict[str, collections.deque[float]] = {name: collections.deque(maxlen=REMEMBERED) for name in commands}
        self._since: dict[str, float] = {}
        self._until_written: dict[str, float] = {}
        self._begun = False

    def wrote(self, values: Mapping[str, float]) -> None:
        """Remember what we have written, SI."""
        for name, value in values.items():
            self._own[name].append(value)
            self._until_written.pop(name, None)

    def accept(self, values: Mapping[str, float]) -> None:
        """What stands at the first take-over is nobody's; at later ones, that is only so for defaults, until we have written again."""
        first = not self._begun
        self._begun = True
        for name in self.commands:
            point = self.link.points[name]
            default = math.nan if point.default is None else point.to_si(point.default)
            self._until_written[name] = values[name] if first else default

    def look(self, t: float, values: Mapping[str, float]) -> dict[str, str]:
        """Who decides what, from all that has been read.

        Raises:
            LinkError: the connection is lost while priorities are read.
        """
        before, hand = self.decide, self.in_hand
        if self.link.priorities:
            suspects = [name for name in self.commands if name in before or not self._ours(name, values[name])]
            found = self.link.overridden(suspects) if suspects else {}
            self.decide = {name: f"priority {priority}" for name, priority in found.items()}
        else:
            self.decide = {name: "written by somebody else" for name in self.commands if self._foreign(t, name, values[name])}
        self.in_hand = {
            name.removesuffix(".mode"): MODES[round(values[name]) - 1]
            for name in self.modes if math.isfinite(values[name]) and 1 <= round(values[name]) <= len(MODES) and round(values[name]) != AUTO
        }  # fmt: skip
        self.news = [
            *({"point": name, "what": f"a human decides: {how}"} for name, how in self.decide.items() if before.get(name) != how),
            *({"point": name, "what": "ours again"} for name in before if name not in self.decide),
            *({"point": name, "what": f"in {mode}"} for name, mode in self.in_hand.items() if hand.get(name) != mode),
            *({"point": name, "what": "back in auto"} for name in hand if name not in self.in_hand),
        ]
        return self.decide

    def _ours(self, name: str, value: float) -> bool:
        """Whether a value that stands is the one that we wrote last."""
        own = self._own[name]
        return bool(own) and self._near(name, value, own[-1])

    def _foreign(self, t: float, name: str, value: float) -> bool:
        known = (self._until_written.get(name, math.nan), *reversed(self._own[name]))
        if any(self._near(name, value, one) for one in known):
            self._since.pop(name, None)
            return False
        if t - self._since.setdefault(name, t) < self.yield_for:
            return True
        self._until_written[name] = value
        return False

    def _near(self, name: str, value: float, other: float) -> bool:
        point = self.link.points[name]
        span = 1.0 if point.low is None or point.high is None else (point.high - point.low) / abs(point.factor)
        return abs(value - other) <= SAME * span
