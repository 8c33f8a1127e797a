"""Snapshots of a served plant: everything that its next step depends on, in one JSON file that is whole or absent.

States, actuators and commands are stored by name of their vectors; the memory of regulatory layer, interlocks and envelope (integrators,
timers) is found by walking their attributes, so that a layer needs no code for it. Arrays are stored bit by bit: a restored plant goes on
as the other would have. The file says for which points and which scenario it was made, and carries a checksum over its contents; it holds
data only, and reading one runs no code.

Commands are stored with all their slots and who holds them, so that an operator's stays an operator's. The heartbeat is not: it was alive
when the file was written, and says nothing about who is there when it is read. Version 1 kept what was in force alone; to read it would be
to invent who holds what, and it is refused.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lowlift.controllers.audit import AuditLog
from lowlift.hil.fmu_plant import FmuPlant
from lowlift.hil.served_plant import ServedPlant
from lowlift.models.plant import Plant
from lowlift.sim.files import write_text
from lowlift.wire.image import HEARTBEAT
from lowlift.wire.points import ALONE, FAIL_SAFE, SUPERVISED
from lowlift.wire.priorities import LOWEST, Slot

FORMAT = "lowlift-snapshot/2"
PACKAGES = ("lowlift.controllers.", "lowlift.hil.")
"""Where objects with a memory live; sites and tables have none, and the states of plants are vectors."""
SETTINGS = ("heartbeat", "timeout")
"""What an operator may choose anew when a run goes on."""
DTYPES = ("float64", "bool", "int64")
VECTORS = ("x", "u", "own", "flux")
OPEN = ("_before", "_cold", "_held", "_last", "_lost_for", "_mean", "_stopped_at")
"""Memory in which *never* and *unknown* are no finite numbers."""
OWN = {("supervision", "state"): (ALONE, SUPERVISED, FAIL_SAFE)}
"""Memory that has one of few values."""


class SnapshotError(ValueError):
    """A snapshot is unreadable, edited, of another version, plant or scenario; nothing has been restored."""


def check_goes_back(plant: Plant) -> None:
    """Whether a plant can be put back to a snapshot at all.

    Raises:
        SnapshotError: it is an FMU that goes on only from where it stands.
    """
    if isinstance(plant, FmuPlant) and not plant.goes_back:
        raise SnapshotError(f"{plant.file.path.name}: no snapshots and no records: this FMU cannot be brought to a state, it goes on from "
                            'where it is; where all of its states are mapped, put restart = "states" into the mapping')  # fmt: skip


def save(served: ServedPlant, path: str | Path) -> Path:
    """Write a snapshot; only between two steps.

    Raises:
        SnapshotError: this plant cannot go back to one.
        WriteError: no room, no permission.
    """
    check_goes_back(served.plant)
    return write(described(served), path)


def write(record: dict[str, Any], path: str | Path) -> Path:
    """Write what :func:`described` has said, at any time; raises WriteError as :func:`save` does."""
    return write_text(path, json.dumps(record, indent=1, allow_nan=False) + "\n")


def described(served: ServedPlant) -> dict[str, Any]:
    """A snapshot as plain data, checksum included; only between two steps."""
    record: dict[str, Any] = {
        "format": FORMAT, "plant": served.plant.site.name, "points": served.points_hash, "scenario": served.scenario.name,
        "disturbances": served.course_hash, "step_s": served.step_size, "k": served.k,
        "commands": {name: [[s.priority, s.value, s.source] for s in served.image.slots(k)] for name, k in _kept(served).items()},
        "vectors": {name: _packed(getattr(served, name)) for name in VECTORS},
        "memory": {name: _collect(owner) for name, owner in _owners(served)},
    }  # fmt: skip
    record["checksum"] = _checksum(record)
    return record


def restore(served: ServedPlant, path: str | Path) -> None:
    """Put a served plant back to a snapshot of the same plant and scenario; only between two steps.

    Raises:
        SnapshotError: as its text says; the plant is as it was.
    """
    check_goes_back(served.plant)
    if served.watch is not None:
        raise SnapshotError(f"{path}: not while the run is recorded: its record goes from step to step, and could not be replayed")
    put_back(served, _read(path), path)


def put_back(served: ServedPlant, snapshot: dict[str, Any], source: str | Path, *, supervised: bool = False) -> None:
    """The same from plain data, as :func:`described` gives it.

    Args:
        served: the plant.
        snapshot: the data.
        source: where they are from.
        supervised: whether whoever had a beating heart goes on with it at once, as in a replay; otherwise the plant is alone until a beat.

    Raises:
        SnapshotError: as its text says; the plant is as it was.
    """
    check_goes_back(served.plant)
    record, path = _checked(snapshot, source), source
    expected = {
        "plant": served.plant.site.name, "points": served.points_hash, "scenario": served.scenario.name,
        "disturbances": served.course_hash, "step_s": served.step_size,
    }  # fmt: skip
    for key, value in expected.items():
        if record.get(key) != value:
            raise SnapshotError(f"{path}: made for {key} {record.get(key)!r}, this run has {value!r}")
    try:
        k = _like(0, record["k"], "k")
        if not 0 <= k < 2**53:
            raise ValueError(f"k = {k}: must be at least 0, and steps that a float can count")
        vectors = {name: _like(getattr(served, name), _unpacked(record["vectors"][name]), f"vectors.{name}") for name in VECTORS}
        slots = _slots(served, _like({}, record["commands"], "commands"))
        served.faults.check_described(record["memory"]["faults"]["described"], "memory.faults.described")
        plans = [plan for name, owner in _owners(served) for plan in _planned(owner, record["memory"][name], name)]
    except (ArithmeticError, AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        said = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        raise SnapshotError(f"{path}: incomplete or of another version: {said}") from error
    for target, name, value in plans:
        setattr(target, name, value)
    served.image.restore(slots)
    if not supervised:
        served.supervision.restarted(k * served.step_size)
        served.faults.arrived[served.image.points.position("heartbeat.cmd")] = 0.0
    served.resume(k, **vectors)


def _kept(served: ServedPlant) -> dict[str, int]:
    """Positions of the commands that a snapshot keeps, by name."""
    points = served.image.points.points
    return {points[int(k)].name: int(k) for k in served.image.points.writable if points[int(k)].signal != HEARTBEAT}


def _slots(served: ServedPlant, commands: dict[str, Any]) -> dict[int, list[Slot]]:
    """Slots by position; raises what names the command that cannot be."""
    kept, result = _kept(served), {}
    for name in kept.keys() ^ commands.keys():
        raise KeyError(f"commands.{name}" if name in kept else f"a command for commands.{name}")
    for name, held in commands.items():
        filled: list[Slot] = []
        for priority, value, source in held:
            if type(priority) is not int or not 1 <= priority <= LOWEST or any(s.priority == priority for s in filled):
                raise ValueError(f"commands.{name}: priority {priority!r}: must be 1 to {LOWEST}, each once")
            if not isinstance(source, str):
                raise TypeError(f"commands.{name}: the holder must be a text, not {type(source).__name__}")
            filled.append(Slot(priority, served.image.points.points[kept[name]].accept(value), source))
        result[kept[name]] = filled
    return result


def _owners(served: ServedPlant) -> tuple[tuple[str, object], ...]:
    return (("layer", served.layer), ("envelope", served.envelope), ("supervision", served.supervision), ("faults", served.faults))


def _read(path: str | Path) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"), parse_constant=_no_number)
    except (OSError, ValueError, RecursionError) as error:
        raise SnapshotError(f"{path}: unreadable: {error}") from error
    return record


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no JSON")


def _checked(snapshot: Any, path: str | Path) -> dict[str, Any]:
    """A snapshot without its checksum, which must fit."""
    if not isinstance(snapshot, dict) or snapshot.get("format") != FORMAT:
        older = isinstance(snapshot, dict) and snapshot.get("format") == "lowlift-snapshot/1"
        why = "; an older one does not say who holds which command: begin anew" if older else ""
        raise SnapshotError(f"{path}: no snapshot of this version ({FORMAT}){why}")
    record = {key: value for key, value in snapshot.items() if key != "checksum"}
    stated = snapshot.get("checksum")
    if stated != _checksum(record):
        raise SnapshotError(f"{path}: the checksum does not belong to its contents: edited or damaged")
    return record


def _members(owner: object) -> Iterator[tuple[str, Any]]:
    """Attributes that may hold memory: values, arrays, dictionaries of them, and objects with a memory of their own."""
    for name, value in sorted(vars(owner).items()):
        if name in SETTINGS:
            continue
        if value is None or isinstance(value, bool | int | float | str | np.ndarray | dict) or _has_memory(value):
            yield name, value


def _has_memory(value: object) -> bool:
    # A plant is whatever has an integrator; also one that lives here, as somebody else's behind an FMU.
    if isinstance(value, AuditLog) or hasattr(value, "integrator") or not type(value).__module__.startswith(PACKAGES):
        return False
    settings = getattr(type(value), "__dataclass_params__", None)
    frozen = settings is not None and settings.frozen
    return hasattr(value, "__dict__") and not frozen


def _collect(owner: object) -> dict[str, Any]:
    result = {}
    for name, value in _members(owner):
        if _has_memory(value):
            result[name] = {"object": _collect(value)}
        elif not _is_table(value):
            result[name] = _packed(value)
    return result


def _is_table(value: object) -> bool:
    """Whether a dictionary holds more than memory: it is made anew by who owns it."""
    return isinstance(value, dict) and not all(isinstance(k, str) and _is_plain(v) for k, v in value.items())


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float | str | np.ndarray)


def _planned(owner: object, stored: dict[str, Any], path: str) -> Iterator[tuple[object, str, Any]]:
    """Assignments that put an object back; objects keep their identity, because others may hold them too."""
    have = {name: value for name, value in _members(owner) if not _is_table(value)}
    for name in have.keys() ^ stored.keys():
        raise KeyError(f"memory.{path}.{name}" if name in have else f"a place for memory.{path}.{name}")
    for name, value in stored.items():
        at = f"{path}.{name}"
        if _has_memory(have[name]):
            if not (isinstance(value, dict) and "object" in value):
                raise TypeError(f"memory.{at} = {value!r}: must be an object")
            yield from _planned(have[name], value["object"], at)
        else:
            found = _like(have[name], _unpacked(value), f"memory.{at}", finite=name not in OPEN)
            if (path, name) in OWN and found not in OWN[path, name]:
                raise ValueError(f"memory.{at} = {found!r}: must be one of {', '.join(map(str, OWN[path, name]))}")
            yield owner, name, found


def _like(standing: Any, found: Any, at: str, *, finite: bool = True) -> Any:
    """What was found, if it can stand in the place of what stands there.

    What has not been needed yet is none, empty, or an array without elements, and takes the form that it then has.
    """
    if isinstance(standing, np.ndarray) and isinstance(found, np.ndarray):
        grown = 0 in (standing.size, found.size) and standing.ndim == found.ndim
        if standing.dtype != found.dtype or not (grown or standing.shape == found.shape):
            raise ValueError(f"{at}: {found.dtype} of shape {found.shape}, must be {standing.dtype} of shape {standing.shape}")
    elif isinstance(standing, dict) and isinstance(found, dict):
        for key, value in found.items():
            _like(standing.get(key), value, f"{at}[{key}]", finite=finite)
    elif (standing is None or found is None) and not isinstance(found, str | dict):
        pass
    elif type(standing) is not type(found):
        raise TypeError(f"{at} = {found!r}: must be {_word(standing)}, not {_word(found)}")
    if finite and isinstance(found, float | np.ndarray) and not np.isfinite(found).all():
        raise ValueError(f"{at}: must be finite")
    return found


def _word(value: object) -> str:
    return "nothing" if value is None else type(value).__name__


def _packed(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        if value.dtype.name not in DTYPES:
            raise SnapshotError(f"an array of type {value.dtype} has no place in a snapshot")
        data = base64.b64encode(np.ascontiguousarray(value).astype(value.dtype.newbyteorder("<")).tobytes()).decode("ascii")
        return {"dtype": value.dtype.name, "shape": list(value.shape), "data": data}
    if isinstance(value, dict):
        return {"entries": {key: _packed(v) for key, v in value.items()}}
    if isinstance(value, float):
        return {"float": value.hex()}
    return value


def _unpacked(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "entries" in value:
        return {key: _unpacked(v) for key, v in value["entries"].items()}
    if "float" in value:
        return float.fromhex(value["float"])
    if value["dtype"] not in DTYPES:
        raise ValueError(f"array of type {value['dtype']!r}")
    flat = np.frombuffer(base64.b64decode(value["data"], validate=True), dtype=np.dtype(value["dtype"]).newbyteorder("<"))
    return flat.astype(value["dtype"]).reshape(value["shape"])


def _checksum(record: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("utf-8")).hexdigest()
