"""A log of decisions by people: who did what and when, with every later change to the file found.

A chain (:mod:`lowlift.bms.chain`) with a keeper of its end: the file ``<name>.head`` beside the log holds number and hash of the last
record, so that lines taken off the end are missed too. A line that a crash left half written was never acknowledged: readers ignore it, the
next writer takes it off. The chain shows edits by those who cannot rewrite all of it and the head; it is no signature.

Records say their version, ``v``: 2. Those without one are of the older form that the chain reads as well.
"""

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from lowlift.bms.chain import ZEROS, Chain, ChainError, End
from lowlift.sim.files import write_text

VERSION = 2
WAIT = 10.0
"""Longest wait for another writer [s]."""
_FIELDS = frozenset({"at", "who", "what", "about"})


class LedgerError(ChainError):
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
        self._chain = Chain(path, fields=_FIELDS, first=1, damaged=LedgerError)

    def entries(self) -> list[Entry]:
        """All records, checked.

        Raises:
            LedgerError: edited, damaged, or shorter than it was.
        """
        return self._checked()[0]

    def append(self, who: str, what: str, about: dict[str, Any], at: pd.Timestamp | None = None) -> Entry:
        """Add a record; on return it is on disk. Take :meth:`lock` around reading and appending what depends on it.

        Raises:
            LedgerError: the log is damaged; nothing is added.
            WriteError: it cannot be written.
        """
        with self.lock():
            _, end = self._checked()
            if self._head() is None:
                # Before the first record, so that a crash between the two leaves no log without its head.
                self._keep(0, ZEROS)
            moment = (pd.Timestamp.now(tz="UTC") if at is None else at.tz_convert("UTC")).floor("ms")
            content = {"v": VERSION, "at": moment.isoformat(), "who": who, "what": what, "about": about}
            after = self._chain.append([content], end)
            self._keep(end.n, after.head)
            return Entry(n=end.n, at=moment, who=who, what=what, about=about, previous=end.head, hash=after.head)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """One writer at a time, over processes and threads; may be nested within a thread.

        Raises:
            LedgerError: another holds it for too long.
            WriteError: there is no such folder, or no permission.
        """
        with self._chain.lock(WAIT):
            yield

    def _checked(self) -> tuple[list[Entry], End]:
        # The head first: a record appended in between makes the log longer, never shorter than its head.
        head, walk = self._head(), self._chain.walk()
        result = [self._entry(record) for record in walk]
        if head is not None:
            n, hash_ = head
            if len(result) < n or (n > 0 and result[n - 1].hash != hash_):
                raise LedgerError(f"{self.path}: has {len(result)} records, its head says {n}: records were taken off or replaced")
        elif result:
            raise LedgerError(f"{self.head}: is missing beside a log of {len(result)} records")
        return result, walk.end

    def _entry(self, record: dict[str, Any]) -> Entry:
        try:
            if record.get("v", VERSION) != VERSION:
                raise ValueError(f"version {record['v']}: must be {VERSION}")
            at = pd.Timestamp(record["at"])
        except ValueError as error:
            raise LedgerError(f"{self.path}: record {record['n']}: {error}") from error
        own = {name: record[name] for name in ("n", "who", "what", "about", "hash")}
        return Entry(at=at, previous=record["before"], **own)

    def _keep(self, n: int, hash_: str) -> None:
        write_text(self.head, json.dumps({"n": n, "hash": hash_}) + "\n")

    def _head(self) -> tuple[int, str] | None:
        try:
            record = json.loads(self.head.read_text(encoding="utf-8"))
            return int(record["n"]), str(record["hash"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LedgerError(f"{self.head}: is damaged ({error})") from error
