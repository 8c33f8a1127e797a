"""What links share whose protocol library is asynchronous: an event loop in a thread of its own, and one call at a time into it."""

import abc
import asyncio
import threading
from collections.abc import Collection, Coroutine, Mapping
from typing import Any, Self, TypeVar

from lowlift.wire.event_loop import end_tasks, run
from lowlift.wire.link import LinkError, LinkTimeoutError
from lowlift.wire.point_list import PointList

T = TypeVar("T")
GRACE = 5.0
"""Beyond the protocol's own time limits [s]: then the library hangs."""


class AsyncLink(abc.ABC):
    """See :class:`lowlift.wire.link.Link`; derived classes say how their protocol does it, in coroutines that share one event loop.

    Args:
        points: what is where on the other side.
        timeout: longest wait for one answer [s].
    """

    priorities: bool

    def __init__(self, points: PointList, *, timeout: float = 3.0) -> None:
        self.points, self.timeout = points, timeout
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    @abc.abstractmethod
    def url(self) -> str:
        """Where the other side is."""

    def connect(self) -> None:
        """Connect; harmless when connected.

        Raises:
            LinkError: nobody answers.
        """
        if self._loop is not None:
            return
        loop = self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=run, args=(loop,), name=f"link {self.url}", daemon=True)
        self._thread.start()
        self._call(self._open())

    def close(self) -> None:
        """Let go of the connection; harmless when there is none."""
        loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is None or thread is None:
            return
        try:
            asyncio.run_coroutine_threadsafe(self._end(), loop).result(self.timeout + GRACE)
        except TimeoutError:
            # The library does not let go: its thread dies with the process.
            return
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(GRACE)
        if not thread.is_alive():
            loop.close()

    def __enter__(self) -> Self:
        self.connect()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def read(self, names: Collection[str] | None = None) -> dict[str, float]:
        """See :meth:`lowlift.wire.link.Link.read`."""
        positions = range(len(self.points)) if names is None else sorted({self.points.position(name) for name in names})
        return self._call(self._read(list(positions)))

    def write(self, values: Mapping[str, float]) -> None:
        """See :meth:`lowlift.wire.link.Link.write`."""
        self._call(self._write(self.points.accept(values)))

    # -- of each protocol; all of these run in the link's own loop ---------------------------------------------------

    @abc.abstractmethod
    async def _open(self) -> None:
        """Connect."""

    @abc.abstractmethod
    async def _close(self) -> None:
        """Let go, whatever the state of the connection."""

    @abc.abstractmethod
    async def _read(self, positions: list[int]) -> dict[str, float]:
        """Points by name, SI."""

    @abc.abstractmethod
    async def _write(self, values: Mapping[int, float]) -> None:
        """Commands by position, accepted values in site units."""

    # -- the loop ---------------------------------------------------------------------------------------------------

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it in the loop; what the network does becomes a :class:`LinkError`, after which the link is closed."""
        if self._loop is None:
            work.close()
            raise LinkError(f"{self.url}: not connected")
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result()
        except LinkError:
            self.close()
            raise
        except TimeoutError as error:
            self.close()
            raise LinkTimeoutError(f"{self.url} does not answer within {self.timeout:g} s") from error
        except OSError as error:
            self.close()
            raise LinkError(f"{self.url}: {error}") from error

    async def _end(self) -> None:
        await self._close()
        await end_tasks()
