"""Who goes first in an interpreter that runs one thread at a time: the plant, whose steps are due, before servers, whose clients can wait.

Threads that want the interpreter at the same time share it evenly, whatever is due: with three busy servers a step takes four times as
long. So the plant says when it is about to step, and the servers' event loops begin nothing new until it is done; work that takes
milliseconds gives way in between, too. Nobody waits for long: a plant that never rests holds no server up for more than :data:`LONGEST`
at once, and each thread has :data:`REST` for itself then.
"""

import asyncio
import contextlib
import selectors
import threading
import time
from collections.abc import Iterator

LONGEST = 0.02
"""Longest that anybody is held up at once [s]."""
REST = 0.01
"""Time between two waits of a thread, in which it need not wait [s]."""


class RightOfWay:
    """One taker, any number of threads that give way."""

    def __init__(self) -> None:
        self._free = threading.Event()
        self._free.set()
        self._mine = threading.local()

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Around what others give way to."""
        self._free.clear()
        try:
            yield
        finally:
            self._free.set()

    def give(self) -> None:
        """Wait until nobody has it, and no longer than :data:`LONGEST`; not at all where this thread has just waited."""
        if not self._free.is_set() and time.monotonic() >= getattr(self._mine, "free_until", 0.0):
            self._free.wait(LONGEST)
            self._mine.free_until = time.monotonic() + REST


class _Courteous(selectors.DefaultSelector):
    """Gives way before it says what there is to do."""

    def __init__(self, way: RightOfWay) -> None:
        super().__init__()
        self._way = way

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(timeout)
        self._way.give()
        return ready


def courteous_loop(way: RightOfWay) -> asyncio.AbstractEventLoop:
    """A new event loop that gives way before each of its turns; an ordinary one where the system's loops have no selectors."""
    loop = asyncio.new_event_loop()
    if not isinstance(loop, asyncio.SelectorEventLoop):
        return loop
    loop.close()
    return asyncio.SelectorEventLoop(_Courteous(way))
