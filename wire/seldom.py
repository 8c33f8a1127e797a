"""Log lines about what may happen thousands of times a second: the first at once, then how many more there were, once a minute."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

EVERY = 60.0
"""Time between two lines [s]."""


class Timer(Protocol):
    """What can be called off."""

    def cancel(self) -> None:
        """It does not happen."""


def _later(seconds: float, act: Callable[[], None]) -> Timer:
    return asyncio.get_running_loop().call_later(seconds, act)


class Seldom:
    """Counts one kind of event. For one event loop.

    Args:
        log: takes a line, as :meth:`logging.Logger.warning` does.
        what: what has happened, in words that go on with a count.
        every: least time between two lines [s].
        later: lets something happen after so many seconds.
    """

    def __init__(
        self, log: Callable[..., Any], what: str, *, every: float = EVERY, later: Callable[[float, Callable[[], None]], Timer] = _later
    ) -> None:
        self._log, self._what, self._every, self._later = log, what, every, later
        self._timer: Timer | None = None
        self._more = 0
        self.n = 0
        """Events so far."""

    def note(self) -> None:
        """It has happened once more."""
        self.n += 1
        if self._timer is not None:
            self._more += 1
            return
        self._log("%s", self._what)
        self._timer = self._later(self._every, self._end)

    def close(self) -> None:
        """Tell what has not been told."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._tell()

    def _end(self) -> None:
        # Quiet for a while: the next one is told at once again.
        self._timer = self._later(self._every, self._end) if self._more else None
        self._tell()

    def _tell(self) -> None:
        if self._more:
            self._log("%s: %d more within %.0f s, %d so far", self._what, self._more, self._every, self.n)
        self._more = 0
