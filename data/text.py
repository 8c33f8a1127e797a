"""Text of files from people: bytes to UTF-8 lines, or an error that says what the bytes look like and what to do."""

import codecs
from pathlib import Path

from lowlift.data.errors import DataError, DialectError

BOMS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}


def read_text(path: Path) -> str:
    """UTF-8 text of a file, with or without byte-order mark.

    Raises:
        DataError: the file cannot be read.
        DialectError: it is in another encoding, or no text at all; names the line and byte.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    return decode(path, raw)


def decode(path: Path, raw: bytes, *, tolerant: bool = False) -> str:
    """The same for bytes at hand; ``path`` is for the message. ``tolerant`` takes Latin-1 too, where only free text can have accents."""
    for mark, name in BOMS.items():
        if raw.startswith(mark):
            raise DialectError(f"{path}: written in {name}; save it as UTF-8")
    if b"\0" in raw:
        raise DialectError(f"{path}: byte {raw.index(0)} is zero: not a text file, or UTF-16 without its mark; save it as UTF-8 text")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if tolerant:
            return raw.decode("latin-1")
        line = raw.count(b"\n", 0, error.start) + 1
        raise DialectError(f"{path}: line {line} (byte {error.start}) is not UTF-8 (Latin-1?); save the file as UTF-8") from error
