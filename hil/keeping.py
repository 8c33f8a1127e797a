"""The snapshots that are kept while a plant runs: written in a thread of its own, so that a slow disk costs no deadline."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lowlift.hil import snapshot


class Keeper:
    """Writes the newest snapshot, one at a time; those that a slow disk has no time for are dropped.

    Args:
        path: of the file.
        complain: told, in the thread that writes, why a snapshot could not be written; the one before is intact.
    """

    def __init__(self, path: str | Path, complain: Callable[[Exception], object]) -> None:
        self._path, self._complain = path, complain
        self._changed = threading.Condition()
        self._newest: dict[str, Any] | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._loop, name=f"snapshots {path}", daemon=True)

    def put(self, record: dict[str, Any]) -> None:
        """Let a snapshot be written, as :func:`lowlift.hil.snapshot.described` gives it; returns at once."""
        with self._changed:
            if self._closing:
                return
            self._newest = record
            self._changed.notify()
            if not self._thread.is_alive():
                self._thread.start()

    def close(self) -> None:
        """Wait until what was put is written; nothing is taken from then on."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()

    def _loop(self) -> None:
        while (record := self._next()) is not None:
            try:
                snapshot.write(record, self._path)
            except Exception as error:
                self._complain(error)

    def _next(self) -> dict[str, Any] | None:
        """The newest one as soon as there is one; none where there will be no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._newest is not None or self._closing)
            record, self._newest = self._newest, None
            return record
