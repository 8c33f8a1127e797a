"""Snapshots of a served plant: everything that its next step depends on, in one JSON file that is whole or absent.

States, actuators and commands are stored by name of their vectors; the memory of regulatory layer, interlocks and envelope (integrators,
timers) is found by walking their attributes, so that a layer needs no code for it. Arrays are stored bit by bit: a restored plant goes on
as the other would have. The file says for which points and which scenario it was made, and carries a checksum over its contents; it holds
data only, and reading one runs no code.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lowlift.controllers.audit import AuditLog
from lowlift.hil.served_plant import ServedPlant
from lowlift.sim.files import write_text

FORMAT = "lowlift-snapshot/1"
PACKAGES = ("lowlift.controllers.", "lowlift.hil.")
"""Where objects with a memory live; plants, sites and tables have none."""
SETTINGS = ("heartbeat", "timeout")
"""What an operator may choose anew when a run goes on."""
DTYPES = ("float64", "bool", "int64")


class SnapshotError(ValueError):
    """A snapshot is unreadable, edited, of another version, plant or scenario; nothing has been restored."""


def save(served: ServedPlant, path: str | Path) -> Path:
    """Write a snapshot; only between two steps.

    Raises:
        WriteError: no room, no permission.
    """
    return write_text(path, json.dumps(described(served), indent=1, allow_nan=False) + "\n")


def described(served: ServedPlant) -> dict[str, Any]:
    """A snapshot as plain data, checksum included; only between two steps."""
    commands = served.image.values()
    record: dict[str, Any] = {
        "format": FORMAT, "plant": served.plant.site.name, "points": served.points_hash, "scenario": served.scenario.name,
        "disturbances": served.course_hash, "step_s": served.step_size, "k": served.k,
        "commands": {served.image.points.points[k].name: float(commands[k]) for k in served.image.points.writable},
        "vectors": {name: _packed(getattr(served, name)) for name in ("x", "u", "own", "flux")},
        "memory": {name: _collect(owner) for name, owner in _owners(served)},
    }  # fmt: skip
    record["checksum"] = _checksum(record)
    return record


def restore(served: ServedPlant, path: str | Path) -> None:
    """Put a served plant back to a snapshot of the same plant and scenario; only between two steps.

    Raises:
        SnapshotError: as its text says; the plant is as it was.
    """
    put_back(served, _read(path), path)


def put_back(served: ServedPlant, snapshot: dict[str, Any], source: str | Path) -> None:
    """The same from plain data, as :func:`described` gives it.

    Raises:
        SnapshotError: as its text says; the plant is as it was.
    """
    record, path = _checked(snapshot, source), source
    expected = {
        "plant": served.plant.site.name, "points": served.points_hash, "scenario": served.scenario.name,
        "disturbances": served.course_hash, "step_s": served.step_size,
    }  # fmt: skip
    for key, value in expected.items():
        if record.get(key) != value:
            raise SnapshotError(f"{path}: made for {key} {record.get(key)!r}, this run has {value!r}")
    try:
        vectors = {name: _unpacked(record["vectors"][name]) for name in ("x", "u", "own", "flux")}
        memory = {name: record["memory"][name] for name, _ in _owners(served)}
        points = served.image.points
        commands = {points.position(name): points[name].accept(value) for name, value in record["commands"].items()}
        plans = [list(_planned(owner, memory[name], name)) for name, owner in _owners(served)]
        k = int(record["k"])
        for name, value in vectors.items():
            if value.shape != getattr(served, name).shape:
                raise ValueError(f"{name} of shape {value.shape}, {getattr(served, name).shape} is expected")
    except (KeyError, TypeError, ValueError) as error:
        raise SnapshotError(f"{path}: incomplete or of another version: {error}") from error
    for plan in plans:
        for target, name, value in plan:
            setattr(target, name, value)
    served.image.command(commands)
    served.resume(k, **vectors)


def _owners(served: ServedPlant) -> tuple[tuple[str, object], ...]:
    return (("layer", served.layer), ("envelope", served.envelope), ("supervision", served.supervision), ("faults", served.faults))


def _read(path: str | Path) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SnapshotError(f"{path}: unreadable: {error}") from error
    return record


def _checked(snapshot: Any, path: str | Path) -> dict[str, Any]:
    """A snapshot without its checksum, which must fit."""
    if not isinstance(snapshot, dict) or snapshot.get("format") != FORMAT:
        raise SnapshotError(f"{path}: no snapshot of this version ({FORMAT})")
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
    if isinstance(value, AuditLog) or not type(value).__module__.startswith(PACKAGES):
        return False
    settings = getattr(type(value), "__dataclass_params__", None)
    frozen = settings is not None and settings.frozen
    return hasattr(value, "__dict__") and not frozen


def _collect(owner: object) -> dict[str, Any]:
    result = {}
    for name, value in _members(owner):
        if _has_memory(value):
            result[name] = {"object": _collect(value)}
        elif not isinstance(value, dict) or all(isinstance(k, str) and _is_plain(v) for k, v in value.items()):
            result[name] = _packed(value)
    return result


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float | str | np.ndarray)


def _planned(owner: object, stored: dict[str, Any], path: str) -> Iterator[tuple[object, str, Any]]:
    """Assignments that put an object back; objects keep their identity, because others may hold them too."""
    have = dict(_members(owner))
    for name, value in stored.items():
        if name not in have:
            raise KeyError(f"{path}.{name}")
        if isinstance(value, dict) and "object" in value:
            yield from _planned(have[name], value["object"], f"{path}.{name}")
        else:
            yield owner, name, _unpacked(value)


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


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _checksum(record: dict[str, Any]) -> str:
    return _hash(json.dumps(record, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("utf-8"))
