"""The audit log of a control client: a chain (:mod:`lowlift.bms.chain`) that one writer holds, and that loses nothing.

Of each record ``n`` counts from 0, ``at`` is the time of day (UTC), ``t`` the plant's time [s], ``kind`` and whatever belongs to it. A torn
line stays where it is, sealed by the next writer. A writer goes on from the last file alone, however long the log has become;
:func:`verify` reads all of it.
"""

import contextlib
import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from lowlift.bms.chain import TORN, Chain, ChainError, Walk
from lowlift.sim.files import WriteError

LIMIT = 2**25
"""Size from which on a new file is begun [B]: a client of one hall writes it in about a week."""
_FIELDS = frozenset({"at", "t", "kind"})


class AuditError(ChainError):
    """A log is not what its writer wrote; the message names the line."""


class AuditWriteError(WriteError):
    """A record cannot be written: nothing may be done that is not on record."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is known of a log that holds."""

    records: int
    first: str
    """Time of day of the first record; empty where there is none."""
    last: str
    head: str
    """Hash of the last record."""
    kinds: Mapping[str, int]
    """Records by kind."""
    torn: int
    """Bytes of a torn line at the end [B]: a writer was killed; every record before it is whole."""
    repaired: int
    """Torn lines within, each followed by the record that seals it."""
    files: int
    """Files that the log was cut into."""

    @property
    def text(self) -> str:
        """In words."""
        if not self.records:
            return f"no records; {self.torn} bytes of a torn one" if self.torn else "no records"
        kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(self.kinds.items(), key=lambda item: -item[1]))
        ends = f"; a torn line of {self.torn} bytes at the end: its writer was killed" if self.torn else ""
        within = f"; {self.repaired} torn lines within, sealed" if self.repaired else ""
        where = f" in {self.files} files" if self.files > 1 else ""
        return f"{self.records} records{where} from {self.first} to {self.last} hold ({kinds}){within}{ends}; head {self.head}"


def verify(path: str | Path) -> Verdict:
    """Check every record of a log and the chain between them, over all its files.

    Raises:
        AuditError: unreadable, or a line that is not what was written.
    """
    chain = _there(path)
    walk, kinds, first, last = chain.walk(), dict[str, int](), "", ""
    for record in walk:
        first, last = first or record["at"], record["at"]
        kinds[record["kind"]] = kinds.get(record["kind"], 0) + 1
    return Verdict(records=walk.end.n, first=first, last=last, head=walk.end.head, kinds=kinds, torn=len(walk.end.torn),
                   repaired=walk.repaired, files=len(chain.files()))  # fmt: skip


def records(path: str | Path) -> Iterator[dict[str, Any]]:
    """The records of a log that holds, oldest first.

    Raises:
        AuditError: see :func:`verify`.
    """
    yield from list(_there(path).walk())


def tail(path: str | Path, count: int) -> list[dict[str, Any]]:
    """The last records of a log; only the files that hold them are read and checked.

    Raises:
        AuditError: see :func:`verify`.
    """
    return _there(path).tail(count)[0]


class AuditTrail:
    """Appends to a log. One writer at a time; several records given at once reach the disk together, in order.

    Args:
        path: the file; gone on with where it exists and holds.
        now: time of day.
        limit: size from which on a new file is begun [B].

    Raises:
        AuditError: what is there is damaged, or is being written by somebody else.
        AuditWriteError: the file cannot be opened.
    """

    def __init__(self, path: str | Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC), limit: int = LIMIT) -> None:
        self.path, self._now = Path(path), now
        self._chain = _chain(path, seal=lambda content: self._content(math.nan, TORN, content), limit=limit)
        with contextlib.ExitStack() as held:
            held.enter_context(self._chain.lock())
            self._end = self._chain.append([], self._chain.tail()[1])
            self._lock = held.pop_all()
        self._failed = False

    @property
    def n(self) -> int:
        """Records in the log."""
        return self._end.n

    @property
    def head(self) -> str:
        """Hash of the last record."""
        return self._end.head

    def past(self) -> Iterator[dict[str, Any]]:
        """The records of the two newest files, oldest first: of the last week at least, for one hall.

        Raises:
            AuditError: see :func:`verify`.
        """
        files = self._chain.files()
        yield from Walk(self._chain, files, skip=max(len(files) - 2, 0))

    def append(self, t: float, *entries: tuple[str, Mapping[str, Any]]) -> None:
        """Append records and see to it that they are on the disk.

        Args:
            t: plant time [s]; not a number where it is unknown.
            entries: kind and content of each.

        Raises:
            AuditWriteError: no room, no permission.
            AuditError: what is there has been damaged since a record could not be written.
        """
        if self._failed:
            # The write that failed may have left half a line behind, or whole ones.
            self._end, self._failed = self._chain.tail()[1], False
        self._failed = True
        self._end = self._chain.append([self._content(t, kind, content) for kind, content in entries], self._end)
        self._failed = False

    def close(self) -> None:
        """Let go of the file; harmless when done twice."""
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _content(self, t: float, kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
        at = self._now().isoformat(timespec="milliseconds")
        return {"at": at, "t": _plain(t), "kind": kind} | {key: _plain(value) for key, value in content.items()}


def _chain(path: str | Path, seal: Callable[[dict[str, Any]], dict[str, Any]] | None = None, limit: int | None = None) -> Chain:
    return Chain(path, fields=_FIELDS, seal=seal, limit=limit, damaged=AuditError, unwritten=AuditWriteError)


def _there(path: str | Path) -> Chain:
    chain = _chain(path)
    if not chain.files():
        raise AuditError(f"{path}: No such file")
    return chain


def _plain(value: Any) -> Any:
    """As JSON has it: numbers with nine digits, none where there is no number."""
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    number = float(value)
    return float(f"{number:.9g}") if math.isfinite(number) else None
