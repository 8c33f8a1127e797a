"""The point image: what the plant shows and what it is told, shared by one plant and any number of protocol servers.

The plant publishes whole snapshots; readers get the newest one, which never changes, so nobody waits for a step. Writers are answered at
once: a write is checked against the point table and either kept, in full, or refused, in full. The plant takes all commands together at the
beginning of its next step. Values are in site units here; the plant's side is in SI.

Who wins is decided here, once, for all protocols: every command has sixteen slots (:mod:`lowlift.wire.priorities`), and what is in force is
the highest that is filled. Only the heartbeat is not arbitrated: it is no wish but a sign of life, and whoever has beaten last is alive, so
that a write of it empties its other slots.
"""

import collections
import contextlib
import dataclasses
import heapq
import itertools
import operator
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import numpy as np

from lowlift.wire.point import Refusal, RefusedError
from lowlift.wire.point_list import PointList
from lowlift.wire.priorities import LOWEST, PriorityArrays, Slot
from lowlift.wire.right_of_way import RightOfWay

KEPT, REFUSALS_KEPT = 10_000, 2_000
"""Events kept, and refusals beside them; older ones are dropped, so that a run of months stays within its memory. Whoever sends nonsense
drives out nothing but nonsense."""
HEARTBEAT = "heartbeat"
"""Signal of the supervisor's counter."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Everything that the plant shows at one instant."""

    t: float
    """Plant time since the start of the run [s]."""
    step: int
    """Steps done."""
    values: np.ndarray
    """Of all points in site units, read-only; commands as they were at the begin of the step."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Event:
    """Something to be remembered: a write, a refusal, a change of mode, an alarm."""

    t: float
    """Plant time [s]."""
    kind: str
    """``write``, ``release``, ``refused``, ``mode``, ``supervision``, ``alarm``, ``run``."""
    source: str
    """Who: protocol and client, or ``plant``."""
    point: str
    text: str


class PointImage:
    """Newest snapshot, commands in force, events. All methods may be called from any thread."""

    def __init__(self, points: PointList) -> None:
        self.points = points
        self._lock = threading.Lock()
        values = np.array([0.0 if p.default is None else p.default for p in points.points])
        self._told = PriorityArrays(values)
        values.setflags(write=False)
        self._snapshot = Snapshot(t=0.0, step=0, values=values)
        self._events: collections.deque[tuple[int, Event]] = collections.deque(maxlen=KEPT)
        self._refusals: collections.deque[tuple[int, Event]] = collections.deque(maxlen=REFUSALS_KEPT)
        self._order = itertools.count()
        self._listeners: list[Callable[[Snapshot], None]] = []
        self._hear_commands: list[Callable[[Snapshot], None]] = []
        self.way = RightOfWay()
        """Taken by the plant for its steps; servers give way."""
        self.n_refused = 0
        """Writes refused since the start."""
        self.failed = ""
        """Why the plant has failed: nothing moves any more, and no reading holds. Empty while it lives."""

    # -- for protocol servers -------------------------------------------------------------------------------------

    def read(self) -> Snapshot:
        """The newest snapshot."""
        return self._snapshot

    def value(self, position: int) -> float:
        """What a reader is shown of one point now: for a command, what is in force of all that was written."""
        if self.points.points[position].writable:
            return float(self._told.values[position])
        return float(self._snapshot.values[position])

    def values(self) -> np.ndarray:
        """The same for all points."""
        with self._lock:
            result = self._snapshot.values.copy()
            result[self.points.writable] = self._told.values[self.points.writable]
        return result

    def slots(self, position: int) -> tuple[Slot, ...]:
        """Filled slots of a command, the one in force first; none where its default is in force."""
        with self._lock:
            return self._told.at(position)

    def in_force(self, position: int) -> Slot | None:
        """The slot of a command that is in force; none where its default is."""
        return self._told.top[position]

    def revisions(self) -> np.ndarray:
        """How often the slots of each point have changed: who shows slots looks at those that did."""
        with self._lock:
            return self._told.revisions.copy()

    def write(self, values: Mapping[str, Any], source: str, priority: int = LOWEST) -> None:
        """Take all of these commands into their slots, or none. What of them is in force is another matter: see :meth:`in_force`.

        A plant that has failed takes none, since nothing would come of it; slots can still be let go.

        Args:
            values: site units, by point name.
            source: who writes.
            priority: the slot, from 1 to 16; the lowest for protocols that know none.

        Raises:
            RefusedError: a point is unknown or read-only, a value is no number, of the wrong type or out of range, there is no such
                slot, or the plant has failed.
        """
        accepted: dict[int, float] = {}
        for name, wanted in values.items():
            with self._refusing(source, name):
                if self.failed:
                    raise RefusedError(Refusal.OUT_OF_SERVICE, f"{name}: the plant has failed: {self.failed}")
                position = self.points.position(name)
                accepted[position] = self.points.points[position].accept(wanted)
                _check(priority, name)
        with self._lock:
            for position, value in accepted.items():
                self._fill(position, Slot(priority, value, source))
        self._tell_of_commands()

    def relinquish(self, names: Collection[str], source: str, priority: int) -> None:
        """Empty the slot ``priority`` of all of these commands, or of none; one that is empty stays so.

        Args:
            names: of points.
            source: who lets go.
            priority: the slot, from 1 to 16.

        Raises:
            RefusedError: a point is unknown or read-only, or there is no such slot.
        """
        positions = []
        for name in names:
            with self._refusing(source, name):
                positions.append(self.points.position(name))
                if not self.points[name].writable:
                    raise RefusedError(Refusal.READ_ONLY, f"{name} is a {self.points[name].role.value} and cannot be released")
                _check(priority, name)
        with self._lock:
            for position in positions:
                self._empty(position, priority, source)
        self._tell_of_commands()

    def refused(self, source: str, point: str, text: str) -> None:
        """Remember a refusal; protocols call it for what is refused before it reaches a point."""
        with self._lock:
            self.n_refused += 1
            self._remember("refused", source, point, text)

    def subscribe(self, listener: Callable[[Snapshot], None], *, commands: bool = False) -> Callable[[], None]:
        """Call ``listener`` with every snapshot, in the plant's thread: it must return at once.

        Args:
            listener: hears of it.
            commands: call it, in the thread of who writes, also when commands change between two snapshots: a plant may stand still.

        Returns:
            What ends the subscription.
        """
        with self._lock:
            self._listeners = [*self._listeners, listener]
            self._hear_commands = [*self._hear_commands, listener] if commands else self._hear_commands

        def end() -> None:
            with self._lock:
                self._listeners, self._hear_commands = (
                    [known for known in those if known is not listener] for those in (self._listeners, self._hear_commands)
                )

        return end

    # -- for the plant --------------------------------------------------------------------------------------------

    def commands(self) -> tuple[np.ndarray, list[Slot | None]]:
        """Commands of all points in SI (others are zero), and the slot that each is from; none where it is the default."""
        with self._lock:
            values, top = self._told.values.copy(), list(self._told.top)
        return self.points.to_si(values), top

    def take_back(self, positions: Collection[int], belongs: Callable[[Slot], bool]) -> int:
        """Empty the slots of these commands that belong to somebody who has gone; returns how many there were."""
        with self._lock:
            gone = [(k, slot.priority) for k in positions for slot in self._told.at(k) if belongs(slot)]
            for position, priority in gone:
                self._empty(position, priority, "plant")
        self._tell_of_commands()
        return len(gone)

    def restore(self, slots: Mapping[int, Collection[Slot]]) -> None:
        """Put back the slots of commands by position; what is not named is empty, as the heartbeat of those who were there."""
        with self._lock:
            for position in self.points.writable:
                self._told.replace(int(position), slots.get(int(position), ()))

    def publish(self, t: float, step: int, si: np.ndarray) -> None:
        """Show new values, SI, of all points; those of commands are replaced by what is commanded."""
        values = self.points.from_si(si)
        with self._lock:
            values[self.points.writable] = self._told.values[self.points.writable]
            values.setflags(write=False)
            self._snapshot = snapshot = Snapshot(t=t, step=step, values=values)
            listeners = self._listeners
        for listener in listeners:
            listener(snapshot)

    def fail(self, reason: str) -> None:
        """Show that the plant has failed: readings are no numbers from now on; only its time stands where it stood."""
        self.failed = reason
        last, values = self._snapshot, self.values()
        values[[k for k, p in enumerate(self.points.points) if not p.writable and p.name != "elapsed"]] = np.nan
        self.publish(last.t, last.step, self.points.to_si(values))

    def note(self, kind: str, point: str, text: str, source: str = "plant") -> None:
        """Remember an event."""
        with self._lock:
            self._remember(kind, source, point, text)

    def events(self) -> list[Event]:
        """Events since the start, oldest first, as far as they are kept."""
        with self._lock:
            others, refusals = list(self._events), list(self._refusals)
        return [event for _, event in heapq.merge(others, refusals, key=operator.itemgetter(0))] if refusals else [e for _, e in others]

    def _tell_of_commands(self) -> None:
        for listener in self._hear_commands:
            listener(self._snapshot)

    @contextlib.contextmanager
    def _refusing(self, source: str, name: str) -> Iterator[None]:
        try:
            yield
        except RefusedError as error:
            self.refused(source, name, str(error))
            raise

    def _fill(self, position: int, slot: Slot) -> None:
        point, before = self.points.points[position], self._told.top[position]
        was, own = float(self._told.values[position]), {s.priority: s for s in self._told.at(position)}.get(slot.priority)
        self._told.fill(position, slot, alone=point.signal == HEARTBEAT)
        if point.signal == HEARTBEAT:
            return
        if before is not None and before.priority < slot.priority:
            if own is None or own.value != slot.value:
                self._remember("write", slot.source, point.name, f"{slot.value:.7g} waits, {before.held} has {before.value:.7g}")
        elif slot.value != was:
            self._remember("write", slot.source, point.name, f"{was:.7g} -> {slot.value:.7g}")
        elif before is None or before.priority != slot.priority:
            self._remember("write", slot.source, point.name, f"{was:.7g} held at priority {slot.priority}")

    def _empty(self, position: int, priority: int, source: str) -> None:
        point, was = self.points.points[position], float(self._told.values[position])
        before = self._told.empty(position, priority)
        if before is not None and point.signal != HEARTBEAT:
            now = float(self._told.values[position])
            moved = f"{was:.7g} -> {now:.7g}" if now != was else f"{now:.7g} as before"
            self._remember("release", source, point.name, f"{moved}: {before.held} let go")

    def _remember(self, kind: str, source: str, point: str, text: str) -> None:
        kept = self._refusals if kind == "refused" else self._events
        kept.append((next(self._order), Event(t=self._snapshot.t, kind=kind, source=source, point=point, text=text)))


def _check(priority: int, name: str) -> None:
    if not 1 <= priority <= LOWEST:
        raise RefusedError(Refusal.PRIORITY, f"{name} at priority {priority}: must lie between 1 and {LOWEST}")
