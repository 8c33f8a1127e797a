"""Chained logs: files to which records are only ever appended, each sealed with the hash of the one before.

One record a line, JSON: ``n``, its number, whatever belongs to it, ``before``, the hash of the record before (of the first one: zeros), and
last ``hash``, the SHA-256 of the line up to it. A record that is changed, taken out, put in or moved breaks the chain from there on. What a
chain cannot show is that its end has been cut off: who must know keeps the last hash elsewhere and compares. It is no signature.

A record counts from its line break on. A process that is killed while writing leaves a torn line at the end: readers pass over it, and the
next writer either takes it off, or seals its length and hash in a record of kind ``torn``, without which nothing torn may stand in the
middle. A file that does not begin as a record does is no log.

A file that has grown to its limit is renamed to ``<name>.1``, ``<name>.2``, … and the chain goes on in a new one. Who writes holds
``<name>.lock``.

Records of an older form, with ``previous`` in the place of ``before`` and the hash over their sorted content, are read and gone on from.
"""

import contextlib
import dataclasses
import errno
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lowlift.sim.file_lock import LockedError, locked
from lowlift.sim.files import WriteError, sync_folder

ZEROS = "0" * 64
"""Stands for the record before the first one."""
TORN = "torn"
_SEAL = ',"hash":"'
_BINARY = getattr(os, "O_BINARY", 0)

Record = dict[str, Any]


class ChainError(ValueError):
    """A log is not what its writer wrote, or another is writing it; the message names file and line."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class End:
    """Where a chain ends."""

    n: int
    """Number of the next record."""
    head: str
    """Hash of the last record."""
    torn: bytes = b""
    """What a killed writer left after it."""


class Chain:
    """One chained log.

    Args:
        path: the file; those that it was rotated to lie beside it.
        fields: what every record has beside number and hashes.
        first: number of the first record.
        seal: makes the content of the record of kind ``torn`` out of length and hash of a torn line; none: such lines are taken off.
        limit: size from which on a new file is begun [B]; never if none.
        damaged: error class of what is not as it was written, or is being written by another.
        unwritten: error class of what cannot be written.
    """

    def __init__(
        self, path: str | Path, *, fields: frozenset[str], first: int = 0, seal: Callable[[Record], Record] | None = None,
        limit: int | None = None, damaged: type[Exception] = ChainError, unwritten: type[OSError] = WriteError,
    ) -> None:  # fmt: skip
        self.path, self.fields, self.first, self.seal, self.limit = Path(path), fields, first, seal, limit
        self.damaged, self.unwritten = damaged, unwritten
        self._mine = threading.local()

    def files(self) -> list[Path]:
        """The files of the chain that are there, the oldest first."""
        folder, stem = self.path.parent, f"{self.path.name}."
        names = [p.name.removeprefix(stem) for p in folder.iterdir() if p.name.startswith(stem)] if folder.is_dir() else []
        turned = [folder / f"{stem}{k}" for k in sorted(int(name) for name in names if name.isascii() and name.isdigit())]
        return [*turned, self.path] if self.path.exists() else turned

    def walk(self) -> "Walk":
        """All records from the first one on; see :class:`Walk`."""
        return Walk(self, self.files())

    def tail(self, count: int = 1) -> tuple[list[Record], End]:
        """The last records and the end of the chain; reads, and checks, as few files as hold them."""
        files = self.files()
        for k in reversed(range(len(files))):
            walk = Walk(self, files, skip=k)
            found = list(walk)
            if len(found) >= count or k == 0:
                return found[max(len(found) - count, 0) :], walk.end
        return [], End(n=self.first, head=ZEROS)

    def append(self, contents: Sequence[Mapping[str, Any]], end: End) -> End:
        """Add records; on return they are on the disk. To be called by who holds the lock.

        Args:
            contents: of each record, in plain JSON types.
            end: where the chain ends now. After an error it must be read again.

        Returns:
            Where it ends then.
        """
        lead, cut = b"", 0
        if end.torn and self.seal is None:
            cut = len(end.torn)
        elif end.torn and self.seal is not None:
            contents = [self.seal({"bytes": len(end.torn), "sha256": _sha(end.torn)}), *contents]
            lead = b"\n"
        lines, n, head = [lead], end.n, end.head
        for content in contents:
            line = json.dumps({"n": n} | dict(content) | {"before": head}, separators=(",", ":"), ensure_ascii=False, allow_nan=False)[:-1]
            n, head = n + 1, _sha(line.encode())
            lines.append(f'{line}{_SEAL}{head}"}}\n'.encode())
        try:
            if contents and not end.torn:
                self._rotate()
            self._write(b"".join(lines), cut)
        except OSError as error:
            raise self.unwritten(f"{self.path}: could not be written ({error.strerror or error})") from error
        return End(n=n, head=head)

    @contextlib.contextmanager
    def lock(self, wait: float = 0.0) -> Iterator[None]:
        """One writer at a time, over processes and threads; may be nested within a thread.

        Args:
            wait: how long another writer is waited for [s].
        """
        if getattr(self._mine, "held", False):
            yield
            return
        if os.path.isdir(self.path):
            raise self.unwritten(f"{self.path}: is a folder, not a file")
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(locked(self.path, wait))
            except LockedError as error:
                since = f" for more than {wait:g} s; try again" if wait else ""
                raise self.damaged(f"{self.path}: is being written by another process{since}") from error
            except OSError as error:
                raise self.unwritten(f"{self.path}: cannot be opened ({error.strerror})") from error
            self._mine.held = True
            try:
                yield
            finally:
                self._mine.held = False

    def _rotate(self) -> None:
        if self.limit is None or not self.path.exists() or self.path.stat().st_size < self.limit:
            return
        turned = [file for file in self.files() if file != self.path]
        k = int(turned[-1].name.rpartition(".")[2]) + 1 if turned else 1
        os.rename(self.path, self.path.with_name(f"{self.path.name}.{k}"))

    def _write(self, data: bytes, cut: int) -> None:
        begun = not self.path.exists()
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | _BINARY, 0o644)
        try:
            if cut:
                os.ftruncate(file, os.fstat(file).st_size - cut)
            while data:
                written = os.write(file, data)
                if not written:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                data = data[written:]
            os.fsync(file)
        finally:
            os.close(file)
        if begun:
            sync_folder(self.path.parent)


class Walk:
    """Goes once through the records of a chain, the oldest first, and checks each; what is known at the end stands in its attributes.

    Args:
        chain: whose.
        files: of the chain, the oldest first.
        skip: how many of them are left out; the next one then begins as its first record says.

    Raises:
        ChainError: while going, at the first line that is not what was written; or the error class of the chain.
    """

    def __init__(self, chain: Chain, files: Sequence[Path], *, skip: int = 0) -> None:
        self._chain, self._files, self._skip = chain, files, skip
        self.end = End(n=chain.first, head=ZEROS)
        self.repaired = 0
        """Torn lines within, each followed by the record that seals it."""

    def __iter__(self) -> Iterator[Record]:
        self._known = self._skip == 0
        seen, ahead = set(self._files), list(self._files[self._skip :])
        while ahead:
            file = ahead.pop(0)
            data = self._read(file)
            if not ahead:
                # A writer may have begun a new file since the list was made, and this may be it.
                ahead = [new for new in self._chain.files() if new not in seen]
                seen.update(ahead)
                if ahead:
                    ahead.append(file)
                    continue
            yield from self._file(file, data, last=not ahead)

    def _read(self, file: Path) -> bytes:
        try:
            return file.read_bytes()
        except OSError as error:
            raise self._chain.damaged(f"{file}: cannot be read ({error.strerror})") from error

    def _file(self, file: Path, data: bytes, last: bool) -> Iterator[Record]:
        damaged = self._chain.damaged
        *lines, rest = data.split(b"\n")
        pieces: list[bytes] = []
        for number, raw in enumerate(lines, 1):
            record = _unsealed(raw)
            if record is None and _is_part(raw):
                # It may stand if the next record says so and knows it, or if nothing comes after it.
                pieces.append(raw)
                continue
            if record is not None and not self._known:
                self.end, self._known = End(n=record["n"], head=record["before"]), True
            if record is None or (record["n"], record["before"]) != (self.end.n, self.end.head) or not self._chain.fields <= record.keys():
                raise damaged(f"{file}: line {number}: {self._why(raw)}")
            if (record.get("kind") == TORN) != bool(pieces):
                what = "is torn, and nothing seals it" if pieces else "seals a torn line that is not there"
                raise damaged(f"{file}: line {number - len(pieces)}: {what}")
            torn = b"\n".join(pieces)
            if pieces and (record.get("bytes"), record.get("sha256")) != (len(torn), _sha(torn)):
                raise damaged(f"{file}: line {number - len(pieces)}: has been changed after it was torn")
            self.repaired += bool(pieces)
            pieces = []
            self.end = End(n=record["n"] + 1, head=record["hash"])
            yield record
        torn = b"\n".join([*pieces, rest])
        # Without any record it may be somebody's file of another kind, which is not ours to go on with.
        alone = self._skip == 0 and self.end.n == self._chain.first
        if alone and torn.strip(b"\0") not in (b"", b"{") and not torn.startswith(b'{"'):
            raise damaged(f"{file}: line 1: does not begin as a record does: this file is no log")
        if torn and not last:
            raise damaged(f"{file}: line {len(lines) - len(pieces) + 1}: is torn, and nothing seals it")
        self.end = dataclasses.replace(self.end, torn=torn)

    def _why(self, raw: bytes) -> str:
        try:
            record = json.loads(raw)
            before, number = record["before"] if "before" in record else record["previous"], record["n"]
        except (ValueError, KeyError, TypeError):
            return "is no record"
        if before != self.end.head or number != self.end.n:
            expected = f"record {self.end.n} was to come"
            return f"record {number} does not follow, {expected}: something is missing, added or changed before it"
        lacking = sorted(self._chain.fields - record.keys())
        return f"record {number} has no {lacking[0]}" if lacking else f"record {number} has been changed: its hash is another one"


def _unsealed(raw: bytes) -> Record | None:
    """A record whose own hash holds, or nothing."""
    try:
        line = raw.decode()
        record = json.loads(line)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        return None
    if not isinstance(record, dict) or not isinstance(record.get("n"), int) or "hash" not in record:
        return None
    if "before" not in record:
        return _older(record)
    cut = line.rfind(_SEAL)
    sealed = cut >= 0 and line[cut:] == f'{_SEAL}{record["hash"]}"}}' and _sha(line[:cut].encode()) == record["hash"]
    return record if sealed else None


def _older(record: Record) -> Record | None:
    stated = record.pop("hash")
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    if "previous" not in record or stated != _sha(text.encode()):
        return None
    return record | {"before": record.pop("previous"), "hash": stated}


def _is_part(raw: bytes) -> bool:
    """Part of a record is no JSON."""
    try:
        json.loads(raw)
    except (ValueError, RecursionError):
        return True
    return False


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
