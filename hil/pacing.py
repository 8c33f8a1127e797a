"""Pacing on the monotonic clock: deadlines on a fixed grid, so that lateness of one step never shifts the next ones.

Step ``k`` is due at ``begin + k period``. What is late is counted and made up for without waiting; only when more than :data:`LAG` seconds
behind (a suspended machine, a plant too large for its speed) the grid begins anew, and the lost time is counted. The wall clock is only
watched: a jump of it changes nothing and is reported.
"""

import collections
import dataclasses
import math
import time
from collections.abc import Callable

LAG = 5.0
"""Most that is made up for [s]."""
LATE = 1.0
"""A step that begins this share of its period late has missed its deadline [1]: the step before should have been over."""
JUMP = 1.0
"""Change of the wall clock against the monotonic one that is worth a word [s]."""
REMEMBERED = 100
"""Missed deadlines whose instants are kept."""
FINEST, PER_DECADE, DECADES = 1e-6, 50, 8
"""Lateness is counted in classes from 1 us to 100 s, 4.7 % wide."""


class Jitter:
    """How late steps began: a histogram of constant size."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._classes = [0] * (PER_DECADE * DECADES + 2)
        self.n, self.largest, self.missed = 0, 0.0, 0
        self.misses: collections.deque[tuple[float, float]] = collections.deque(maxlen=REMEMBERED)
        """Instants of the latest missed deadlines on the monotonic clock, and how late the steps began [s]."""

    def add(self, lateness: float, period: float, due: float = math.nan) -> None:
        """One step that began ``lateness`` seconds after it was ``due``."""
        late = max(lateness, 0.0)
        k = 0 if late < FINEST else min(1 + int(PER_DECADE * math.log10(late / FINEST)), len(self._classes) - 1)
        self._classes[k] += 1
        self.n += 1
        self.largest = max(self.largest, late)
        if late >= LATE * period:
            self.missed += 1
            self.misses.append((due, late))

    def quantile(self, share: float) -> float:
        """Lateness that a share of the steps does not exceed [s], to the upper edge of its class; 0 before the first step."""
        wanted, seen = share * self.n, 0
        for k, count in enumerate(self._classes):
            seen += count
            if count and seen >= wanted:
                return min(FINEST * 10.0 ** (k / PER_DECADE), self.largest)
        return 0.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class PaceReport:
    """How a run kept its time."""

    steps: int
    p50: float
    """Lateness [s]."""
    p99: float
    largest: float
    missed: int
    """Steps that began a period or more late."""
    lost: float
    """Time by which the grid has been moved because it was too far behind [s]."""
    clock_jumps: int
    """Of the wall clock."""
    misses: tuple[tuple[float, float], ...] = ()
    """The latest missed deadlines: instants on the monotonic clock, and how late the steps began [s]."""

    @property
    def text(self) -> str:
        """In one line."""
        return (
            f"{self.steps} steps, late by {1e3 * self.p50:.3g} ms (p50), {1e3 * self.p99:.3g} ms (p99), {1e3 * self.largest:.3g} ms (max); "
            f"{self.missed} missed deadlines, {self.lost:.3g} s lost, {self.clock_jumps} jumps of the wall clock"
        )


class Pacer:
    """Keeps a loop on its grid.

    Args:
        period: real time of one step [s].
        clock: monotonic time [s].
        wait: waits for at most so many seconds; may return early.
        wall: time of day [s].
        jumped: told by how much the wall clock jumped [s].
    """

    def __init__(
        self, period: float, *, clock: Callable[[], float] = time.monotonic, wait: Callable[[float], object] = time.sleep,
        wall: Callable[[], float] = time.time, jumped: Callable[[float], None] | None = None,
    ) -> None:  # fmt: skip
        self.clock, self._wait, self._wall, self._jumped = clock, wait, wall, jumped
        self.jitter = Jitter()
        self.lost, self.clock_jumps = 0.0, 0
        self.restart(period)

    def restart(self, period: float | None = None) -> None:
        """Begin the grid anew: the next step is due one period from now."""
        if period is not None:
            if not (math.isfinite(period) and period > 0.0):
                raise ValueError(f"period = {period} s: must be above 0")
            self.period = period
        self._begin, self._k = self.clock(), 1
        self._apart = self._wall() - self._begin

    @property
    def due(self) -> float:
        """When the next step is due, on the monotonic clock [s]."""
        return self._begin + self._k * self.period

    def rest(self, ahead: float = 0.0, most: float = math.inf) -> bool:
        """Wait towards the next step, for ``most`` seconds at most; returns whether it is due, or ``ahead`` seconds before that."""
        left = self.due - ahead - self.clock()
        if left > 0.0:
            self._wait(min(left, most))
        return self.clock() >= self.due - ahead

    def begun(self) -> None:
        """The step that was due begins now."""
        now = self.clock()
        lateness = now - self.due
        self.jitter.add(lateness, self.period, self.due)
        self._k += 1
        if lateness > LAG:
            self.lost += lateness
            self._begin, self._k = now, 1
        apart = self._wall() - now
        if abs(apart - self._apart) > JUMP:
            self.clock_jumps += 1
            if self._jumped is not None:
                self._jumped(apart - self._apart)
            self._apart = apart

    def report(self) -> PaceReport:
        """So far."""
        j = self.jitter
        return PaceReport(steps=j.n, p50=j.quantile(0.5), p99=j.quantile(0.99), largest=j.largest, missed=j.missed, lost=self.lost,
                          clock_jumps=self.clock_jumps, misses=tuple(j.misses))  # fmt: skip
