"""What there is: every weather and workload by name, where it comes from and whether it is at hand."""

import dataclasses

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


def catalogue() -> list[Entry]:
    """All entries, in reading order."""
    entries = [Entry(n, "weather", "embedded", True, f.removesuffix(".epw.gz"), "public domain") for n, f in EMBEDDED.items()]
    named = {file: name for name, file in REMOTE.items()} | {FRONTIER_FILE: "frontier"}
    for file, r in registry().items():
        kind = file.split("/")[0]
        name = named.get(file, file.split("/")[1].removesuffix(".csv"))
        entries.append(Entry(name, kind, "remote", local_copy(file) is not None, r.what, r.licence, file))
    entries.append(Entry("frontier_like", "workload", "generated", True, "a day with Frontier's character", "BSD-3-Clause"))
    entries += [Entry(n, "workload", "generated", True, "see data/jobs.toml", "BSD-3-Clause") for n in GENERATED]
    return entries
