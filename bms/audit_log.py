"""The audit log of a control client: a file to which records are only ever appended, each sealed with the hash of the one before.

One record a line, JSON: ``n`` counts from 0, ``at`` is the time of day (UTC), ``t`` the plant's time [s], ``kind`` and whatever belongs to
it, ``before`` the hash of the record before (of the first one: zeros) and last ``hash``, the SHA-256 of the line up to it. A record that is
changed, taken out, put in or moved breaks the chain from there on. What a chain cannot show is that its end has been cut off: who must know
keeps the last hash elsewhere (:attr:`Verdict.head`) and compares.

A record counts from its line break on. A process that is killed while writing leaves a torn one at the end; it stays where it is, and the
next writer seals its length and hash in a record of kind ``torn``, without which nothing torn may stand in the middle.
"""

import contextlib
import dataclasses
import hashlib
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

ZEROS = "0" * 64
"""Stands for the record before the first one."""
TORN = "torn"
_SEAL = ',"hash":"'


class AuditError(ValueError):
    """A log is not what its writer wrote; the message names the line."""


class AuditWriteError(OSError):
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

    @property
    def text(self) -> str:
        """In words."""
        if not self.records:
            return f"no records; {self.torn} bytes of a torn one" if self.torn else "no records"
        kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(self.kinds.items(), key=lambda item: -item[1]))
        ends = f"; a torn line of {self.torn} bytes at the end: its writer was killed" if self.torn else ""
        within = f"; {self.repaired} torn lines within, sealed" if self.repaired else ""
        return f"{self.records} records from {self.first} to {self.last} hold ({kinds}){within}{ends}; head {self.head}"


def verify(path: str | Path) -> Verdict:
    """Check every record of a log and the chain between them.

    Raises:
        AuditError: unreadable, or a line that is not what was written.
    """
    return _scan(path)[0]


def records(path: str | Path) -> Iterator[dict[str, Any]]:
    """The records of a log that holds, oldest first.

    Raises:
        AuditError: see :func:`verify`.
    """
    yield from _scan(path)[1]


class AuditTrail:
    """Appends to a log. One writer at a time; several records given at once reach the disk together, in order.

    Args:
        path: the file; gone on with where it exists and holds.
        now: time of day.

    Raises:
        AuditError: what is there is damaged, or is being written by somebody else.
        AuditWriteError: the file cannot be opened.
    """

    def __init__(self, path: str | Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.path, self._now = Path(path), now
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise AuditWriteError(f"{path}: the audit log cannot be opened ({error.strerror})") from error
        try:
            self._claim()
            verdict, _, fragment = _scan(self.path)
        except BaseException:
            os.close(self._file)
            raise
        self.head, self.n = verdict.head, verdict.records
        if fragment:
            sealed = {"bytes": len(fragment), "sha256": hashlib.sha256(fragment).hexdigest()}
            self._append(b"\n", math.nan, ((TORN, sealed),))

    def append(self, t: float, *entries: tuple[str, Mapping[str, Any]]) -> None:
        """Append records and see to it that they are on the disk.

        Args:
            t: plant time [s]; not a number where it is unknown.
            entries: kind and content of each.

        Raises:
            AuditWriteError: no room, no permission.
        """
        self._append(b"", t, entries)

    def _append(self, first: bytes, t: float, entries: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        lines, head = [], self.head
        at = self._now().isoformat(timespec="milliseconds")
        for k, (kind, content) in enumerate(entries):
            record = {"n": self.n + k, "at": at, "t": _plain(t), "kind": kind} | {key: _plain(v) for key, v in content.items()}
            line = _text(record | {"before": head})[:-1]
            head = hashlib.sha256(line.encode()).hexdigest()
            lines.append(f'{line}{_SEAL}{head}"}}\n')
        self._put(first + "".join(lines).encode())
        self.head, self.n = head, self.n + len(entries)

    def close(self) -> None:
        """Let go of the file; harmless when done twice."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _put(self, data: bytes) -> None:
        try:
            written = os.write(self._file, data)
            if written < len(data):
                raise OSError(None, "no room")
            os.fsync(self._file)
        except OSError as error:
            raise AuditWriteError(f"{self.path}: the audit log cannot be written ({error.strerror})") from error

    def _claim(self) -> None:
        # Where the system has no such locks, two writers would break the chain, which verification shows.
        with contextlib.suppress(ModuleNotFoundError):
            import fcntl

            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise AuditError(f"{self.path}: the audit log is being written by another process") from error


def _text(record: Mapping[str, Any]) -> str:
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


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


def _scan(path: str | Path) -> tuple[Verdict, list[dict[str, Any]], bytes]:
    """Verdict, records, and the torn line at the end."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise AuditError(f"{path}: {error.strerror}") from error
    *lines, tail = data.split(b"\n")
    found: list[dict[str, Any]] = []
    kinds: dict[str, int] = {}
    head, pieces, repaired = ZEROS, list[bytes](), 0
    for number, raw in enumerate(lines, 1):
        record = _record(raw, head)
        if record is None or record["n"] != len(found):
            # Part of a record is no JSON. It may stand if the next record says so and knows it, or if nothing comes after it.
            if not _is_part(raw):
                raise AuditError(f"{path}: line {number}: {_why(raw, head, len(found))}")
            pieces.append(raw)
            continue
        torn = b"\n".join(pieces)
        if (record["kind"] == TORN) != bool(pieces):
            what = "is torn, and nothing seals it" if pieces else "seals a torn line that is not there"
            raise AuditError(f"{path}: line {number - len(pieces)}: {what}")
        if pieces and (record.get("bytes"), record.get("sha256")) != (len(torn), hashlib.sha256(torn).hexdigest()):
            raise AuditError(f"{path}: line {number - len(pieces)}: has been changed after it was torn")
        repaired += bool(pieces)
        pieces = []
        found.append(record)
        kinds[record["kind"]] = kinds.get(record["kind"], 0) + 1
        head = record["hash"]
    fragment = b"\n".join([*pieces, tail]) if pieces or tail else b""
    verdict = Verdict(records=len(found), first=found[0]["at"] if found else "", last=found[-1]["at"] if found else "", head=head,
                      kinds=kinds, torn=len(fragment), repaired=repaired)  # fmt: skip
    return verdict, found, fragment


def _is_part(raw: bytes) -> bool:
    try:
        json.loads(raw)
    except ValueError:
        return True
    return False


def _record(raw: bytes, head: str) -> dict[str, Any] | None:
    """A record that holds, or nothing."""
    try:
        line = raw.decode()
        record = json.loads(line)
    except (UnicodeDecodeError, json.JSONDecodeError):
        return None
    cut = line.rfind(_SEAL)
    if cut < 0 or not isinstance(record, dict) or not {"n", "at", "t", "kind", "before", "hash"} <= record.keys():
        return None
    sealed = line[cut:] == f'{_SEAL}{record["hash"]}"}}' and hashlib.sha256(line[:cut].encode()).hexdigest() == record["hash"]
    return record if sealed and record["before"] == head else None


def _why(raw: bytes, head: str, n: int) -> str:
    try:
        record = json.loads(raw)
        before, number = record["before"], record["n"]
    except (ValueError, KeyError, TypeError):
        return "is no record"
    if before != head or number != n:
        return f"record {number} does not follow record {n - 1}: something is missing, added or changed before it"
    return f"record {number} has been changed: its hash is another one"
