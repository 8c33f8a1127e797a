"""Remote files by registry and hash: from a local mirror, from the cache, or from their publisher."""

import csv
import dataclasses
import functools
import hashlib
import os
from importlib import resources
from pathlib import Path

from lowlift.data.errors import RemoteDataError, StaleMirrorError, UnknownNameError

MIRROR = "LOWLIFT_DATA_MIRROR"
CACHE = "LOWLIFT_CACHE"
TIMEOUT = (5.0, 60.0)
"""Time to connect, and between packets [s]."""


@dataclasses.dataclass(frozen=True)
class RemoteFile:
    """One line of the registry."""

    file: str
    url: str
    sha256: str
    licence: str
    citation: str
    what: str


@functools.cache
def registry() -> dict[str, RemoteFile]:
    """All registered files by their path."""
    text = (resources.files("lowlift.data") / "registry.csv").read_text(encoding="utf-8")
    return {row["file"]: RemoteFile(**row) for row in csv.DictReader(text.splitlines())}


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def local_copy(file: str) -> Path | None:
    """Where a verified copy lies already (mirror or cache), if anywhere.

    Raises:
        StaleMirrorError: the mirror holds the file with another hash.
    """
    entry = _entry(file)
    mirror = os.environ.get(MIRROR)
    if mirror:
        path = Path(mirror) / file
        if path.is_file():
            if _sha256(path) != entry.sha256:
                raise StaleMirrorError(f"{path}: SHA-256 differs from the registry's {entry.sha256}; the mirror is stale")
            return path
    cached = _cache() / file
    return cached if cached.is_file() and _sha256(cached) == entry.sha256 else None


def fetch(file: str) -> Path:
    """Path of a verified copy of a registered file; downloads it into the cache if it must.

    Raises:
        UnknownNameError: not in the registry.
        RemoteDataError: no mirror has it and its publisher cannot be reached, or the hash does not match.
    """
    entry, path = _entry(file), local_copy(file)
    if path is not None:
        return path
    import pooch

    try:
        target = _cache() / file
        return Path(
            pooch.retrieve(
                entry.url, f"sha256:{entry.sha256}", fname=target.name, path=target.parent, downloader=pooch.HTTPDownloader(timeout=TIMEOUT)
            )
        )
    except Exception as error:
        # pooch passes on whatever the HTTP library raises; all of it means: not to be had.
        raise RemoteDataError(
            f"{file} is neither mirrored nor downloadable ({type(error).__name__}). Set {MIRROR} to a folder that holds it, "
            f"or run `lowlift data get` where {entry.url} can be reached."
        ) from error


def _cache() -> Path:
    if os.environ.get(CACHE):
        return Path(os.environ[CACHE])
    import pooch

    return Path(pooch.os_cache("lowlift"))


def _entry(file: str) -> RemoteFile:
    if file not in registry():
        raise UnknownNameError("remote file", file, registry())
    return registry()[file]
