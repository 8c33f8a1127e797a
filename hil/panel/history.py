"""What all columns were in the last hour of real time: a ring that is filled in the plant's thread and read by pages that open late."""

import threading
import time
from collections.abc import Callable, Sequence

import numpy as np

from lowlift.hil.panel.shown import Shown
from lowlift.wire.image import Snapshot

KEPT = 3600
"""Samples."""
EVERY = 1.0
"""Least real time between two of them [s]."""
DRAWN = 600
"""Samples that a page gets: more than its chart has pixels to show."""


class History:
    """A ring of samples.

    Args:
        shown: what is kept of a snapshot.
        every: least real time between two samples [s].
        kept: samples.
        clock: monotonic time [s].
    """

    def __init__(self, shown: Shown, *, every: float = EVERY, kept: int = KEPT, clock: Callable[[], float] = time.monotonic) -> None:
        self._shown, self._every, self._clock = shown, every, clock
        self._lock = threading.Lock()
        self._t = np.zeros(kept)
        self._values = np.zeros((kept, len(shown.columns)), dtype=np.float32)
        self._n, self._last = 0, -np.inf

    def add(self, snapshot: Snapshot) -> None:
        """Take a sample, where it is time for one; plant time that went back (a restored run) begins anew."""
        now = self._clock()
        newest = self._t[(self._n - 1) % len(self._t)] if self._n else -np.inf
        if now - self._last < self._every and snapshot.t >= newest:
            return
        self._last = now
        with self._lock:
            if snapshot.t < newest:
                self._n = 0
            k = self._n % len(self._t)
            self._t[k], self._values[k] = snapshot.t, self._shown.values(snapshot.values)
            self._n += 1

    def series(self, names: Sequence[str], most: int = DRAWN) -> tuple[np.ndarray, np.ndarray]:
        """Plant time [s], shape ``(n,)``, and values, ``(n, len(names))``, oldest first, at most about ``most`` of them.

        Raises:
            KeyError: there is no such column.
        """
        positions = np.array([self._shown.index[name] for name in names], dtype=int)
        with self._lock:
            n = min(self._n, len(self._t))
            order = np.arange(self._n - n, self._n) % len(self._t)
            # Every so many, counted from the newest, which always is there.
            order = order[:: -max(-(-n // most), 1)][::-1]
            return self._t[order], self._values[np.ix_(order, np.array(positions, dtype=np.intp))].astype(float)
