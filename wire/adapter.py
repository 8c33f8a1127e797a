"""What every protocol server is: something that shows a point image to the outside, in a thread and an event loop of its own.

To add a protocol, derive from :class:`Adapter` and write three coroutines; they all run in the adapter's own loop:

- :meth:`Adapter.open` binds, and returns when clients can connect;
- :meth:`Adapter.refresh` pushes a snapshot to whoever has subscribed (BACnet COV, OPC UA monitored items); a protocol that is only polled
  reads the image when it is asked and need not do anything;
- :meth:`Adapter.close` lets go of the port.

Reads go through :meth:`lowlift.wire.image.PointImage.value`, writes through :meth:`~lowlift.wire.image.PointImage.write`; the adapter turns
a :class:`~lowlift.wire.point.RefusedError` into its protocol's own error code by the error's ``refusal``.
"""

import abc
import asyncio
import contextlib
import ipaddress
import logging
import threading
import urllib.parse
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from lowlift.wire.event_loop import end_tasks, run, settle
from lowlift.wire.image import PointImage, Snapshot
from lowlift.wire.right_of_way import courteous_loop

logger = logging.getLogger(__name__)

START_WITHIN, STOP_WITHIN = 120.0, 10.0
"""Longest time to open and to close [s]."""


class ServeError(RuntimeError):
    """A protocol server cannot start: its port is taken, its address is not ours, or its library is missing."""


class Adapter(abc.ABC):
    """A protocol server.

    Args:
        image: what it shows.
    """

    protocol: ClassVar[str]
    """Name on the command line."""
    pushes: ClassVar[bool] = False
    """Whether it wants :meth:`refresh`."""
    refresh_every: float = 0.1
    """Least real time between two refreshes [s]: a fast plant makes more snapshots than anybody can look at."""

    def __init__(self, image: PointImage) -> None:
        self.image = image
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._pushing = threading.Lock()
        self._pending = False
        self._refreshing = False
        self._end_subscription: Callable[[], None] | None = None

    @property
    @abc.abstractmethod
    def url(self) -> str:
        """Where clients find it, once it is open."""

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return is_loopback(urllib.parse.urlsplit(self.url).hostname or "")

    @abc.abstractmethod
    async def open(self) -> None:
        """Bind and serve; returns when clients can connect.

        Raises:
            OSError: the port is taken or the address is not ours.
        """

    @abc.abstractmethod
    async def close(self) -> None:
        """Stop serving and let go of the port."""

    async def refresh(self, snapshot: Snapshot) -> None:
        """Push a snapshot to subscribers; only called where :attr:`pushes`, one at a time, and not for every step of a fast plant."""
        raise NotImplementedError(f"{self.protocol} wants snapshots pushed and does not say how")

    def start(self) -> None:
        """Serve in a thread of its own.

        Raises:
            ServeError: it cannot.
        """
        loop = self._loop = courteous_loop(self.image.way)
        self._thread = threading.Thread(target=run, args=(loop,), name=f"{self.protocol} server", daemon=True)
        self._thread.start()
        try:
            self._call(self.open(), START_WITHIN)
        except BaseException as error:
            self._end_loop()
            if isinstance(error, OSError | TimeoutError):
                raise ServeError(f"{self.protocol}: cannot serve at {self.url}: {error}") from error
            raise
        if self.pushes:
            self._end_subscription = self.image.subscribe(self._published, commands=True)

    def stop(self) -> None:
        """Stop serving; harmless where it does not."""
        if self._loop is None:
            return
        if self._end_subscription is not None:
            self._end_subscription()
        try:
            self._call(self.close(), STOP_WITHIN)
        finally:
            self._end_loop()

    def _call(self, work: Coroutine[Any, Any, None], within: float) -> None:
        if self._loop is None:
            raise RuntimeError("not started")
        asyncio.run_coroutine_threadsafe(work, self._loop).result(within)

    def _end_loop(self) -> None:
        loop, thread, self._loop = self._loop, self._thread, None
        if loop is None or thread is None:
            return
        try:
            asyncio.run_coroutine_threadsafe(end_tasks(), loop).result(STOP_WITHIN)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(STOP_WITHIN)
            if not thread.is_alive():
                loop.close()

    # -- pushing: at most one refresh at a time, always ending with the newest snapshot ---------------------------

    def _published(self, snapshot: Snapshot) -> None:
        loop, before = self._loop, self._is_pending(True)
        if loop is not None and not before:
            # A loop that has just been closed shows nothing any more; whoever writes is not to hear of it.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._begin_refresh)

    def _is_pending(self, now: bool) -> bool:
        """Whether something was to be pushed, and whether it is from now on; the plant and who writes have threads of their own."""
        with self._pushing:
            before, self._pending = self._pending, now
        return before

    def _begin_refresh(self) -> None:
        if not self._refreshing and self._loop is not None:
            self._refreshing = True
            self._task = self._loop.create_task(self._refresh_all())

    async def _refresh_all(self) -> None:
        try:
            while self._is_pending(False):
                try:
                    await self.refresh(self.image.read())
                except Exception:
                    logger.exception("%s: a snapshot could not be pushed", self.protocol)
                await asyncio.sleep(self.refresh_every)
        finally:
            self._refreshing = False


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine only.

    >>> is_loopback("127.0.0.1"), is_loopback("0.0.0.0"), is_loopback("localhost")
    (True, False, True)
    """
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def accept_no_more(server: Any) -> None:
    """Let a server's accepted connections begin and take no others, so that closing it closes them all.

    A connection whose task has not begun when asyncio closes its server is an error there (3.11), and its socket stays open.

    Args:
        server: asyncio's; none where nothing listens.
    """
    loop = asyncio.get_running_loop()
    # Loops that do not watch sockets themselves accept in another way.
    with contextlib.suppress(NotImplementedError):
        for listening in getattr(server, "sockets", None) or ():
            loop.remove_reader(listening.fileno())
    await settle()
