"""A schedule of faults as a TOML file.

::

    [[fault]]
    name = "supply sensor reads low"    # kind and place where nothing is said
    what = "bias"                       # see lowlift.hil.fault
    where = "T_supply[3]"
    from = 900                          # s of plant time; 0 where nothing is said
    to = 2700                           # for good where nothing is said
    size = -2.0                         # unit of the site: K
    seed = 1                            # of random ones
    by_hand = false                     # true: waits to be switched, whatever its times

A commissioning script may stand in for it (:mod:`lowlift.hil.commission_file`): its faults wait to be switched.
"""

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lowlift.data.hints import hint
from lowlift.hil.fault import Fault, FaultError, check, fault_of, unique
from lowlift.models.plant import Plant


def load_faults(path: str | Path, plant: Plant) -> tuple[Fault, ...]:
    """The faults of a file, in its order, all of them fit for the plant.

    Raises:
        FaultError: unreadable, or an entry is wrong; names file, entry and field.
    """
    try:
        record = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FaultError(f"{path}: {error}") from error
    if "step" in record:
        return tuple(dataclasses.replace(fault, by_hand=True) for fault in faults_of(record, plant, str(path)))
    for key in record:
        if key != "fault":
            raise FaultError(f"{path}: unknown key {key!r}; {hint(key, ['fault'])}")
    return faults_of(record, plant, str(path))


def faults_of(record: Mapping[str, Any], plant: Plant, source: str) -> tuple[Fault, ...]:
    """The faults of the array ``fault`` of a file's contents.

    Raises:
        FaultError: an entry is wrong; names ``source``, entry and field.
    """
    entries = record.get("fault", [])
    if not isinstance(entries, list):
        raise FaultError(f"{source}: fault must be an array of tables: write [[fault]]")
    faults = []
    for k, entry in enumerate(entries):
        at = f"{source}: fault {k + 1}"
        faults.append(check(fault_of(entry, at), plant, at))
    return unique(faults)
