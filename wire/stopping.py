"""Signals that ask a process to end: heard, so that it ends in order."""

import contextlib
import signal
import threading
from collections.abc import Iterator

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
SHELL = 128
"""What shells add to the number of a signal for an exit code [1]."""


@contextlib.contextmanager
def stopping(stop: threading.Event) -> Iterator[list[int]]:
    """Interrupt, termination and hang-up set ``stop``; yields the numbers of those that have come, in their order.

    Only the main thread may ask for signals: in another one nothing comes. A hang-up that the process was told to ignore (``nohup``) is
    ignored still.
    """
    heard: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield heard
        return

    def hear(number: int, frame: object) -> None:
        heard.append(number)
        stop.set()

    wanted = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    wanted = [number for number in wanted if number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, hear) for number in wanted}
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
