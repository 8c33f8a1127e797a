"""Who else decides: a higher BACnet priority, a command that somebody else has written, an actuator in hand or off, the local switch.

Humans win, always. Where there are priorities, one above ours is theirs until they relinquish it. Where there are none, a command that
stands at a value which we have never written is somebody's: it is left alone for ``yield_for`` seconds of plant time, or until it is back
at a value of ours. Defaults are nobody's when the client begins, and after a restart of the site.

When the client begins and its log knows of no armed run at this site, what stands is what it is asked to go on from. When the log does, a
value is ours if it is among the last that the log says we wrote or went on from; everything else that stands is somebody's, with the whole
of ``yield_for`` before it.
"""

import collections
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lowlift.wire.link import Link
from lowlift.wire.point_list import PointList
from lowlift.wire.points import AUTO, MODES

REMEMBERED = 4096
"""Values of ours that are known again: a site restored from its last snapshot shows an old one."""
RECALLED = 256
"""Values of each command that are recalled from the log."""
SAME = 2e-5
"""Difference over the range that is none: values travel as float32 [1]."""


class Humans:
    """Watches the commands of one site.

    Args:
        link: to the site.
        commands: setpoint commands of ours.
        yield_for: how long a foreign value is left alone where there are no priorities [s of plant time].
        recalled: as :func:`recall` gives them.
    """

    def __init__(
        self, link: Link, commands: tuple[str, ...], yield_for: float, recalled: Mapping[str, Sequence[float]] | None = None
    ) -> None:
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
        self._goes_on = recalled is None
        for name, values in (recalled or {}).items():
            self._own[name].extend(values)

    def wrote(self, values: Mapping[str, float]) -> None:
        """Remember what we have written, SI."""
        for name, value in values.items():
            self._own[name].append(value)
            self._until_written.pop(name, None)

    def tried(self, values: Mapping[str, float]) -> None:
        """Remember what was on its way when the connection was lost, SI: it may have arrived, and is nobody else's then."""
        for name, value in values.items():
            self._own[name].append(value)

    def accept(self, values: Mapping[str, float]) -> dict[str, float]:
        """Defaults are nobody's, until we have written again; so is all that stands at the first take-over of a client without a past.

        Returns:
            What stands and is nobody's without being a default, SI.
        """
        found: dict[str, float] = {}
        for name in self.commands:
            point = self.link.points[name]
            default = math.nan if point.default is None else point.to_si(point.default)
            self._until_written[name] = values[name] if self._goes_on else default
            if self._goes_on and math.isfinite(values[name]) and not self._near(name, values[name], default):
                found[name] = values[name]
        self._goes_on = False
        return found

    def ours(self, values: Mapping[str, float]) -> set[str]:
        """Commands that stand at a value of ours."""
        return {name for name in self.commands if any(self._near(name, values[name], one) for one in self._own[name])}

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
            self.decide = {
                name: "written by somebody else" if math.isfinite(values[name]) else "cannot be read"
                for name in self.commands if self._foreign(t, name, values[name])
            }  # fmt: skip
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


def recall(past: Iterable[Mapping[str, Any]], points: PointList, commands: Sequence[str]) -> dict[str, list[float]] | None:
    """What we have written at a site, or gone on from, by an audit log.

    Args:
        past: its records, oldest first; they may begin in the middle of a run.
        points: of the site.
        commands: setpoint commands of ours.

    Returns:
        SI, by command, oldest first; none where the log knows of no armed run at this site.
    """
    found: dict[str, collections.deque[float]] = {name: collections.deque(maxlen=RECALLED) for name in commands}
    armed: bool | None = None
    known = False
    for record in past:
        kind = record["kind"]
        if kind == "start":
            armed = record.get("site") == points.site and bool(record.get("writes"))
        elif kind == "take-over" and armed:
            known = True
        elif kind in ("write", "accepted") and armed is not False:
            known = True
            for name, value in record["values"].items():
                if name in found and isinstance(value, int | float):
                    found[name].append(points[name].to_si(float(value)))
    return {name: list(values) for name, values in found.items()} if known else None
