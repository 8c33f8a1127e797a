"""The point image: what the plant shows and what it is told, shared by one plant and any number of protocol servers.

The plant publishes whole snapshots; readers get the newest one, which never changes, so nobody waits for a step. Writers are answered at
once: a write is checked against the point table and either kept, in full, or refused, in full. The plant takes all commands together at the
beginning of its next step. Values are in site units here; the plant's side is in SI.
"""

import collections
import dataclasses
import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from lowlift.wire.point import RefusedError
from lowlift.wire.point_list import PointList

KEPT = 10_000
"""Events kept; older ones are dropped, so that a run of months stays within its memory."""


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
    """``write``, ``refused``, ``mode``, ``supervision``, ``alarm``, ``run``."""
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
        self._commands = values.copy()
        self._writes = np.zeros(len(points), dtype=int)
        values.setflags(write=False)
        self._snapshot = Snapshot(t=0.0, step=0, values=values)
        self._events: collections.deque[Event] = collections.deque(maxlen=KEPT)
        self._listeners: list[Callable[[Snapshot], None]] = []
        self.n_refused = 0
        """Writes refused since the start."""
        self.failed = ""
        """Why the plant has failed: nothing moves any more, and no reading holds. Empty while it lives."""

    # -- for protocol servers -------------------------------------------------------------------------------------

    def read(self) -> Snapshot:
        """The newest snapshot."""
        return self._snapshot

    def value(self, position: int) -> float:
        """What a reader is shown of one point now: for a command, what was written last."""
        if self.points.points[position].writable:
            return float(self._commands[position])
        return float(self._snapshot.values[position])

    def values(self) -> np.ndarray:
        """The same for all points."""
        with self._lock:
            result = self._snapshot.values.copy()
            result[self.points.writable] = self._commands[self.points.writable]
        return result

    def write(self, values: Mapping[str, Any], source: str) -> None:
        """Take all of these commands, or none.

        Args:
            values: site units, by point name.
            source: who writes.

        Raises:
            RefusedError: a point is unknown or read-only, or a value is no number, of the wrong type or out of range.
        """
        accepted: dict[int, float] = {}
        for name, wanted in values.items():
            try:
                position = self.points.position(name)
                accepted[position] = self.points.points[position].accept(wanted)
            except RefusedError as error:
                self.refused(source, name, str(error))
                raise
        t = self._snapshot.t
        with self._lock:
            for position, value in accepted.items():
                point, before = self.points.points[position], self._commands[position]
                self._commands[position] = value
                self._writes[position] += 1
                if value != before and point.signal != "heartbeat":
                    self._events.append(Event(t=t, kind="write", source=source, point=point.name, text=f"{before:.7g} -> {value:.7g}"))

    def refused(self, source: str, point: str, text: str) -> None:
        """Remember a refusal; protocols call it for what is refused before it reaches a point."""
        with self._lock:
            self.n_refused += 1
            self._events.append(Event(t=self._snapshot.t, kind="refused", source=source, point=point, text=text))

    def subscribe(self, listener: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Call ``listener`` with every snapshot, in the plant's thread: it must return at once. Returns what ends the subscription."""
        with self._lock:
            self._listeners = [*self._listeners, listener]

        def end() -> None:
            with self._lock:
                self._listeners = [known for known in self._listeners if known is not listener]

        return end

    # -- for the plant --------------------------------------------------------------------------------------------

    def commands(self) -> tuple[np.ndarray, np.ndarray]:
        """Commands of all points in SI (others are zero), and how often each has been written."""
        with self._lock:
            values, writes = self._commands.copy(), self._writes.copy()
        return self.points.to_si(values), writes

    def command(self, values: Mapping[int, float]) -> None:
        """Set commands by position, site units: what the plant itself takes back or restores."""
        with self._lock:
            for position, value in values.items():
                self._commands[position] = value

    def publish(self, t: float, step: int, si: np.ndarray) -> None:
        """Show new values, SI, of all points; those of commands are replaced by what is commanded."""
        values = self.points.from_si(si)
        with self._lock:
            values[self.points.writable] = self._commands[self.points.writable]
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
            self._events.append(Event(t=self._snapshot.t, kind=kind, source=source, point=point, text=text))

    def events(self) -> list[Event]:
        """Events since the start, oldest first, as far as they are kept."""
        with self._lock:
            return list(self._events)
