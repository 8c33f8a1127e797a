"""Files that are whole or absent: written beside their destination, synced, then renamed into place.

A reader never sees half a file. A process killed while writing leaves the previous file as it was, plus a
hidden ``.name.….partial`` that the next write of that name clears once it is old.
"""

import contextlib
import errno
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

STALE = 3600.0
"""Age after which a left-over partial file is taken for abandoned [s]."""


class WriteError(OSError):
    """A result could not be written; whatever stood under that name before is intact."""


def write_bytes(path: str | Path, data: bytes) -> Path:
    """Write a whole file or nothing.

    Returns:
        The path written.

    Raises:
        WriteError: no room, no permission, no such folder; the message says which.
    """
    with atomic(path) as file:
        file.write(data)
    return Path(path)


def write_text(path: str | Path, text: str) -> Path:
    """Write a whole UTF-8 text file or nothing; see :func:`write_bytes`."""
    return write_bytes(path, text.encode("utf-8"))


def make_folder(path: str | Path) -> Path:
    """Make a folder, with those above it, and make sure that files can be written into it: before hours of work, not after.

    Raises:
        WriteError: it is a file, cannot be made, or takes no files.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (FileExistsError, NotADirectoryError) as error:
        at = next((p for p in (folder, *folder.parents) if p.is_file()), folder)
        raise WriteError(f"{path}: {at} is a file, not a folder; name another folder") from error
    except OSError as error:
        raise WriteError(f"{path}: no folder that takes files ({error.strerror}); name another folder") from error
    return folder


@contextlib.contextmanager
def atomic(path: str | Path) -> Iterator[BinaryIO]:
    """Open a binary file that takes its final name only when the block ends without an error.

    The partial file lies in the same folder, so that the rename stays within one file system; file and folder
    are synced, so that the rename survives a power cut.

    Raises:
        WriteError: the file could not be written in full.
    """
    target = Path(os.path.realpath(path))
    partial = target.with_name(f".{target.name}.{os.getpid()}-{time.monotonic_ns()}.partial")
    with _explained(path):
        _clear_abandoned(target)
        descriptor = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
    try:
        with _explained(path), os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        with _explained(path):
            os.replace(partial, target)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise
    sync_folder(target.parent)


def save_with(path: str | Path, write: Callable[[BinaryIO], None]) -> Path:
    """Let ``write`` fill a binary file (a figure, a table) that appears whole or not at all."""
    with atomic(path) as file:
        write(file)
    return Path(path)


@contextlib.contextmanager
def _explained(path: str | Path) -> Iterator[None]:
    """Turn operating-system errors into one that names the file and what to do."""
    try:
        yield
    except WriteError:
        raise
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        cure = "; free some space and write again" if full else ""
        reason = error.strerror or str(error)
        message = f"{path}: could not be written ({reason}){cure}; any previous file is intact"
        raise WriteError(message) from error


def sync_folder(folder: Path) -> None:
    """Make sure that new and renamed files of a folder survive a power cut, where the system can."""
    # Windows cannot open folders; there the rename itself is journalled.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _clear_abandoned(target: Path) -> None:
    for left in target.parent.glob(f".{target.name}.*.partial"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > STALE:
                left.unlink()
