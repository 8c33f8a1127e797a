"""What there is: every weather and workload by name, where it comes from and whether it is at hand."""

import dataclasses

from lowlift.data.errors import StaleMirrorError
from lowlift.data.remote import local_copy, registry
from lowlift.data.weather import EMBEDDED, REMOTE
from lowlift.data.workload import FRONTIER_FILE, GENERATED


@dataclasses.dataclass(frozen=True)
class Entry:
    """One line of ``lowlift data list``."""

    name: str
    kind: str
    where: str
    """embedded, remote or generated."""
    available: bool
    """Usable now without a network."""
    what: str
    licence: str
    file: str = ""
    """Registry path of a remote file."""
    stale: bool = False
    """The mirror holds another edition of the file."""

    @property
    def state(self) -> str:
        """Whether it can be used, in words."""
        return "at hand" if self.available else "stale" if self.stale else "to fetch"


def catalogue() -> list[Entry]:
    """All entries, in reading order."""
    entries = [Entry(n, "weather", "embedded", True, f.removesuffix(".epw.gz"), "public domain") for n, f in EMBEDDED.items()]
    named = {file: name for name, file in REMOTE.items()} | {FRONTIER_FILE: "frontier"}
    for file, r in registry().items():
        kind = file.split("/")[0]
        name = named.get(file, file.split("/")[1].removesuffix(".csv"))
        what = r.what if kind != "grid" else f"{r.what}; data only"
        available, stale = _at_hand(file)
        entries.append(Entry(name, kind, "remote", available, what, r.licence, file, stale))
    entries.append(Entry("frontier_like", "workload", "generated", True, "a day with Frontier's character", "BSD-3-Clause"))
    entries += [Entry(n, "workload", "generated", True, "see data/jobs.toml", "BSD-3-Clause") for n in GENERATED]
    return entries


def _at_hand(file: str) -> tuple[bool, bool]:
    """Whether a verified copy lies here, and whether the mirror's is another edition."""
    try:
        return local_copy(file) is not None, False
    except StaleMirrorError:
        return False, True
