"""One process at a time: a lock beside a file, held by who writes it, and let go of by the system where that one is killed."""

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

POLL = 0.01
"""Between two attempts [s]."""


class LockedError(RuntimeError):
    """Somebody else holds the lock."""


@contextlib.contextmanager
def locked(path: str | Path, wait: float = 0.0) -> Iterator[None]:
    """Hold ``<path>.lock``, over processes and threads; the lock's file stays there when it is let go of.

    Args:
        path: of the file that is to be one's own.
        wait: how long somebody else is waited for [s].

    Raises:
        LockedError: somebody else holds it.
        OSError: the lock's file cannot be opened.
    """
    path = Path(path)
    with open(path.with_name(f"{path.name}.lock"), "a+b") as file:
        deadline = time.monotonic() + wait
        while not _try_lock(file):
            if time.monotonic() >= deadline:
                raise LockedError(f"{path}: held by another process")
            time.sleep(POLL)
        try:
            yield
        finally:
            _unlock(file)


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: Any) -> bool:
        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(file: Any) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _try_lock(file: Any) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _unlock(file: Any) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_UN)
