"""The write gateway: the only way from a controller to a site. It lets through what the signal table allows, and puts it on record first.

Behind the safety envelope it checks every value once more, by code of its own and against the point list alone: is the point on the
allow-list, is the value a number within its limits, has it moved no faster than its rate since it was last written. What fails is not
clipped but held back, since the envelope should have seen to it. A point that the other side refuses is tried again after 1, 2, 4, …
cycles.

Every batch is written down before it is sent, and again with its outcome: after a kill in between, the log says what was on its way.
"""

import collections
import contextlib
import enum
import math
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from lowlift.bms.audit_log import AuditTrail, AuditWriteError
from lowlift.data.hints import hint
from lowlift.models.plant import Plant
from lowlift.wire.link import Link
from lowlift.wire.point import Point, RefusedError
from lowlift.wire.points import HEARTBEAT_MAX

HEARTBEAT = "heartbeat.cmd"
ROUNDING = 1e-5
"""Change of a value, over its range, that is no change: values travel as float32 [1]."""
RETRY_MAX = 64
"""Most cycles between two attempts at a refused point."""
LAST_BEATS, OLD_BEATS = 4, 4096
"""Beats of ours that may stand while the connection holds, and after it was lost: a site restored from a snapshot shows an old one."""
SLACK = 1.01
"""A value may move by so much of its rate: rounding [1]."""


class GatewayError(ValueError):
    """The gateway is told to write what it may not: an unknown point, or one that no controller writes."""


class Held(enum.StrEnum):
    """Why a value stays behind."""

    ALLOW_LIST = "not on the allow-list"
    LIMITS = "outside limits"
    RATE = "faster than its rate"
    HUMAN = "a human decides"
    REFUSED = "refused by the other side"


def setpoint_commands(plant: Plant) -> tuple[str, ...]:
    """What a controller may write: the setpoints, never modes, hand values or the switch that takes its orders away."""
    return tuple(f"{name}.cmd" for name in plant.site.sheet.setpoints.names)


class Gateway:
    """Writes commands of one controller.

    Args:
        link: to the site.
        trail: where everything is written down first.
        allow: commands that may be written; those of :func:`setpoint_commands` at most.
        commands: commands that a controller has.
        act: whether anything is sent at all; otherwise it is only written down.

    Raises:
        GatewayError: an allowed point that is no setpoint of this plant.
    """

    def __init__(
        self, link: Link, trail: AuditTrail, *, commands: Collection[str], allow: Collection[str] | None = None, act: bool = False
    ) -> None:
        for name in allow or ():
            if name not in commands:
                raise GatewayError(f"{name}: no setpoint of this plant; {hint(name, commands, where=f'lowlift points {link.points.site}')}")
        self.link, self.trail, self.act = link, trail, act
        self.allow = frozenset(commands if allow is None else allow)
        self.held: dict[str, Held] = {}
        """What stayed behind in the last cycle, and why."""
        self.refusals: dict[str, str] = {}
        """Points that the other side refuses now, with its reason."""
        self.written: set[str] = set()
        """Commands that this gateway has written, or tried to, and not taken back."""
        self.attempted: Mapping[str, float] = {}
        """SI, by command: what was on its way when the connection was lost."""
        self.n_refused = 0
        """Writes that the other side has refused, heartbeats among them."""
        self.beat = 0
        self._beats: collections.deque[int] = collections.deque(maxlen=OLD_BEATS)
        self._arrived: float | None = None
        self._patience: dict[str, tuple[int, int]] = {}
        self._last: dict[str, tuple[float, float]] = {}

    @property
    def in_charge(self) -> bool:
        """Whether it has beaten since it was handed the plant."""
        return bool(self._beats)

    def arrive(self, beat: float) -> None:
        """Take note of the heartbeat that stands at a take-over: somebody's before us, or an old one of ours, may stand until the next."""
        self._arrived = beat if not self._beats or beat in self._beats else math.nan

    def found(self, t: float, values: Mapping[str, float]) -> None:
        """What is in force at take-over, SI by command: rates count from here."""
        self._last = {name: (t, value) for name, value in values.items()}

    def send(self, t: float, wanted: Mapping[str, float], standing: Mapping[str, float], *, step: float,
             urgent: Collection[str] = (), human: Collection[str] = ()) -> dict[str, float]:  # fmt: skip
        """Write what may be written and is not there yet.

        Args:
            t: plant time [s].
            wanted: SI, by command.
            standing: what the other side says is commanded now, SI.
            step: least time between two writes, which rates may count on [s].
            urgent: commands that the dew point lifts, for which there is no rate.
            human: commands that a human decides.

        Returns:
            What has been written; in a dry run, what would have been.

        Raises:
            LinkError: the connection is lost; some of it may have arrived. The intent is on record.
            AuditWriteError: nothing has been sent, for it cannot be put on record.
        """
        held = {name: why for name, value in wanted.items() if (why := self._forbids(name, value, t, step, urgent, human)) is not None}
        news = [(name, why) for name, why in held.items() if self.held.get(name) != why]
        self.held = held
        if news:
            self.trail.append(t, *(("held", {"point": name, "value": wanted[name], "why": why.value}) for name, why in news))
        passed = {name: value for name, value in wanted.items() if name not in held}
        changed = {name: value for name, value in passed.items() if not self._same(name, value, standing.get(name, math.nan))}
        self._last |= {name: (t, value) for name, value in passed.items() if name not in changed or not self.act}
        if not changed:
            return {}
        shown = {name: self._site(name, value) for name, value in changed.items()}
        if not self.act:
            self.trail.append(t, ("would-write", {"values": shown}))
            return changed
        self.trail.append(t, ("write", {"values": shown}))
        # All of them may have arrived if the connection is lost now: they are ours to take back.
        before, self.attempted = self.written.copy(), changed
        self.written |= changed.keys()
        taken = self._put(changed)
        self._last |= {name: (t, value) for name, value in taken.items()}
        self.written, self.attempted = before | taken.keys(), {}
        refused = {name: self.refusals[name] for name in changed if name not in taken}
        outcome: list[tuple[str, dict[str, Any]]] = [("written", {"points": list(taken)})] if taken else []
        self.trail.append(t, *outcome, *(("refused", {"point": name, "reason": reason}) for name, reason in refused.items()))
        return taken

    def heartbeat(self, seen: float) -> None:
        """Show that somebody is here.

        Args:
            seen: the heartbeat that the other side knows; another one is written.

        Raises:
            RefusedError: the other side refuses it.
            LinkError: the connection is lost.
        """
        if not self.act:
            return
        last = self.beat or (round(seen) if math.isfinite(seen) else 0)
        if last == 0:
            # Two that begin at the same moment do not count alike, and tell each other apart.
            last = secrets.randbelow(round(HEARTBEAT_MAX))
        self.beat, self._arrived = (last + 1 if last < HEARTBEAT_MAX else 1), math.nan
        self._beats.append(self.beat)
        try:
            self.link.write({HEARTBEAT: float(self.beat)})
        except RefusedError:
            self.n_refused += 1
            raise

    def is_own(self, beat: float) -> bool:
        """Whether a heartbeat that stands on the other side is none, one of our last, or what we have found there."""
        if beat == 0.0 or not math.isfinite(beat) or (self._arrived is None and not self._beats):
            return True
        return beat == self._arrived or beat in list(self._beats)[-LAST_BEATS:]

    def hand_back(self, t: float, human: Collection[str] = ()) -> None:
        """Say good-bye and take back what was written.

        Args:
            t: plant time [s].
            human: commands that a human decides: where there are no priorities, they are the human's to take back.

        Raises:
            LinkError: the connection is lost; the other side will miss the heartbeat.
            AuditWriteError: all has been handed back, but that cannot be put on record.
        """
        if not self.in_charge:
            return
        # Relinquishing what was never written is harmless, and clears what one of ours before us has left behind at our priority.
        names = sorted(self.allow) if self.link.priorities else sorted(self.written.difference(human))
        left = [] if self.link.priorities else sorted(self.written & set(human))
        with self._letting_go(t, "hand-back", {"points": names, "left": left}) as refused:
            # The good-bye comes last: if the connection is lost before it, the site misses the heartbeat and knows that nobody is there.
            self._release(names, refused)
            try:
                self.link.write({HEARTBEAT: 0.0})
            except RefusedError as error:
                refused[HEARTBEAT] = str(error)
            if self.link.priorities:
                self._release([HEARTBEAT], refused)

    def step_aside(self, t: float) -> None:
        """Leave the site to another supervisor, who is in charge of it: what we have written is no longer ours to take back.

        Where there are priorities, and the other one beats at a higher one, our own slots are relinquished below it; at our own
        priority, they are the other one's now.

        Raises:
            LinkError: the connection is lost.
            AuditWriteError: it has stepped aside, but that cannot be put on record.
        """
        if not self.in_charge:
            return
        names = [*sorted(self.allow), HEARTBEAT] if self.link.overridden([HEARTBEAT]) else []
        with self._letting_go(t, "step-aside", {"points": names}) as refused:
            if names:
                self._release(names, refused)

    @contextlib.contextmanager
    def _letting_go(self, t: float, kind: str, content: Mapping[str, Any]) -> Iterator[dict[str, str]]:
        """Around letting go, which is the safe side: a full disk keeps us from writing, and not from that. Takes what was refused."""
        unrecorded, refused = None, dict[str, str]()
        try:
            self.trail.append(t, (kind, content))
        except AuditWriteError as error:
            unrecorded = error
        yield refused
        self.written.clear()
        self._beats.clear()
        self.beat, self._arrived = 0, None
        if unrecorded is not None:
            raise unrecorded
        if refused:
            self.trail.append(t, *(("refused", {"point": name, "reason": reason}) for name, reason in refused.items()))

    def _release(self, names: Sequence[str], refused: dict[str, str]) -> None:
        try:
            self.link.release(names)
        except RefusedError as error:
            if not self.link.priorities and len(names) > 1:
                for name in names:
                    self._release([name], refused)
                return
            refused[names[0] if len(names) == 1 else "hand-back"] = str(error)

    def _forbids(self, name: str, value: float, t: float, step: float, urgent: Collection[str], human: Collection[str]) -> Held | None:
        if name not in self.allow:
            return Held.ALLOW_LIST
        point = self.link.points[name]
        try:
            point.accept(self._site(name, value))
        except RefusedError:
            return Held.LIMITS
        if name in human:
            return Held.HUMAN
        if name not in urgent and name in self._last and not self._keeps_rate(point, value, *self._last[name], t, step):
            return Held.RATE
        wait, left = self._patience.get(name, (0, 0))
        if left > 0:
            self._patience[name] = (wait, left - 1)
            return Held.REFUSED
        return None

    def _keeps_rate(self, point: Point, value: float, before: float, was: float, t: float, step: float) -> bool:
        if point.rate_per_min is None:
            return True
        reach = point.rate_per_min / 60.0 / abs(point.factor) * max(t - before, step)
        return abs(value - was) <= SLACK * reach + ROUNDING * max(abs(value), 1.0)

    def _put(self, values: Mapping[str, float]) -> dict[str, float]:
        """Write all; where somebody among them is refused, each alone. Returns what has been taken."""
        try:
            self.link.write(values)
        except RefusedError as error:
            if len(values) == 1:
                self.n_refused += 1
                (name,) = values
                wait = min(2 * self._patience.get(name, (0, 0))[0] or 1, RETRY_MAX)
                self._patience[name], self.refusals[name] = (wait, wait), str(error)
                return {}
            return {name: value for one in values for name, value in self._put({one: values[one]}).items()}
        for name in values:
            self._patience.pop(name, None)
            self.refusals.pop(name, None)
        return dict(values)

    def _site(self, name: str, value: float) -> float:
        point = self.link.points[name]
        return point.from_si(value)

    def _same(self, name: str, value: float, standing: float) -> bool:
        point = self.link.points[name]
        span = 1.0 if point.low is None or point.high is None else point.high - point.low
        return math.isfinite(standing) and abs(self._site(name, value) - self._site(name, standing)) <= ROUNDING * span
