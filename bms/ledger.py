"""An append-only log with a hash chain: who did what and when, with every later change to the file found.

One line is one JSON record with the hash of the one before it. The file ``<name>.head`` beside the log holds number and hash of the last
record, so that lines taken off the end are missed too. The chain shows edits by those who cannot rewrite all of it and the head; it is no
signature. A line that a crash left half written was never acknowledged: readers ignore it, the next writer takes it off.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from lowlift.sim.files import WriteError, write_text

START = "0" * 64
WAIT = 10.0
"""Longest wait for another writer [s]."""


class LedgerError(RuntimeError):
    """A log is damaged or edited; the message names the line."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """One record."""

    n: int
    """Counted from one."""
    at: pd.Timestamp
    """When, in UTC."""
    who: str
    what: str
    about: dict[str, Any]
    """Details, in plain JSON types."""
    previous: str
    hash: str


class Ledger:
    """A log file; many processes may read and append."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.head = self.path.with_name(self.path.name + ".head")
        self._mine = threading.local()

    def entries(self) -> list[Entry]:
        """All records, checked.

        Raises:
            LedgerError: edited, damaged, or shorter than it was.
        """
        # The head first: a record appended in between makes the log longer, never shorter than its head.
        head = self._head()
        whole, _ = self._lines()
        result: list[Entry] = []
        for n, line in enumerate(whole, 1):
            previous = result[-1].hash if result else START
            result.append(_read(self.path, n, line, previous))
        if head is not None:
            n, hash_ = head
            if len(result) < n or (n > 0 and result[n - 1].hash != hash_):
                raise LedgerError(f"{self.path}: has {len(result)} records, its head says {n}: records were taken off or replaced")
        elif result:
            raise LedgerError(f"{self.head}: is missing beside a log of {len(result)} records")
        return result

    def append(self, who: str, what: str, about: dict[str, Any], at: pd.Timestamp | None = None) -> Entry:
        """Add a record; on return it is on disk. Take :meth:`lock` around reading and appending what depends on it.

        Raises:
            LedgerError: the log is damaged; nothing is added.
            WriteError: it cannot be written.
        """
        with self.lock():
            known = self.entries()
            if self._head() is None:
                # Before the first record, so that a crash between the two leaves no log without its head.
                write_text(self.head, json.dumps({"n": 0, "hash": START}) + "\n")
            _, torn = self._lines()
            moment = (pd.Timestamp.now(tz="UTC") if at is None else at.tz_convert("UTC")).floor("ms")
            content = {"n": len(known) + 1, "at": moment.isoformat(), "who": who, "what": what, "about": about}
            content["previous"] = known[-1].hash if known else START
            line = json.dumps(content | {"hash": _hash(content)}, sort_keys=True, ensure_ascii=False, allow_nan=False)
            try:
                with open(self.path, "r+b" if self.path.exists() else "w+b") as file:
                    file.seek(0, os.SEEK_END)
                    if torn:
                        file.truncate(file.tell() - torn)
                        file.seek(0, os.SEEK_END)
                    file.write(line.encode() + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:
                raise WriteError(f"{self.path}: could not be written ({error.strerror or error})") from error
            entry = _read(self.path, len(known) + 1, line, known[-1].hash if known else START)
            write_text(self.head, json.dumps({"n": entry.n, "hash": entry.hash}) + "\n")
            return entry

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """One writer at a time, over processes and threads; may be nested within a thread.

        Raises:
            LedgerError: another holds it for too long.
        """
        if getattr(self._mine, "held", False):
            yield
            return
        with open(self.path.with_name(self.path.name + ".lock"), "a+b") as file:
            deadline = time.monotonic() + WAIT
            while not _try_lock(file):
                if time.monotonic() > deadline:
                    raise LedgerError(f"{self.path}: another process has been writing for more than {WAIT:g} s; try again")
                time.sleep(0.01)
            self._mine.held = True
            try:
                yield
            finally:
                self._mine.held = False
                _unlock(file)

    def _lines(self) -> tuple[list[str], int]:
        """Whole lines, and the number of bytes of one that a crash left half written."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return [], 0
        except OSError as error:
            raise LedgerError(f"{self.path}: cannot be read ({error.strerror})") from error
        *whole, rest = data.split(b"\n")
        return [line.decode("utf-8", "replace") for line in whole], len(rest)

    def _head(self) -> tuple[int, str] | None:
        try:
            record = json.loads(self.head.read_text(encoding="utf-8"))
            return int(record["n"]), str(record["hash"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LedgerError(f"{self.head}: is damaged ({error})") from error


def _read(path: Path, n: int, line: str, previous: str) -> Entry:
    try:
        record = json.loads(line)
        stated = record.pop("hash")
        if stated != _hash(record) or record["previous"] != previous or record["n"] != n:
            raise ValueError("its hash does not belong to it")
        return Entry(**record | {"at": pd.Timestamp(record["at"])}, hash=stated)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LedgerError(f"{path}: line {n} was edited or damaged: {error}") from error


def _hash(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()).hexdigest()


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
