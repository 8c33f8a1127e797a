"""Record of a run: what came in, which faults were switched, what was true and what was read, step by step; enough to run it again.

One file, whole or absent: a zip of arrays and of one JSON text with the identity of plant and scenario, the snapshot at its begin, commands
and switched faults where they changed, and events. A checksum covers everything. It holds data only; reading one runs no code.
"""

import dataclasses
import hashlib
import io
import itertools
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from lowlift.hil import snapshot
from lowlift.hil.fault import Fault, fault_of
from lowlift.hil.fault_points import fault_points
from lowlift.hil.faults import Switch
from lowlift.hil.fmu_plant import FmuPlant
from lowlift.hil.served_plant import ServedPlant
from lowlift.models.plant import Plant
from lowlift.sim.files import write_bytes

FORMAT = "lowlift-record/5"
ARRAYS = ("t", "true", "read", "position", "setpoints")
"""Of every step: plant time at its end; readings as they are and as they were read; actuators; setpoints in force; SI."""
DIFFERS = {
    "points": "the record is of another point list than this run: of another version of the plant, or with other fault points",
    "disturbances": "the record is of other heat and weather than this run, whatever their scenarios are called",
}
"""What is said where checksums differ."""
FIXED_TIME = (1980, 1, 1, 0, 0, 0)
"""Equal runs give equal files."""


class RecordError(ValueError):
    """A record is unreadable, edited, of another version, plant or scenario, or the replay has left it; the text says which."""


class DepartureError(RecordError):
    """A replay has come to other values than the record; names the first step and reading."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """A run as it was; arrays are ``(n, ...)`` over its steps."""

    plant: str
    fmu: str
    """Model and token of the FMU that took the place of the plant's physics; empty where none did."""
    points: str
    """Checksum of the point list."""
    scenario: str
    described: str | None
    """The scenario as the run was given it, see :func:`lowlift.hil.default_scenario.scenario_of`."""
    fault_points: tuple[dict[str, Any], ...]
    """Descriptions of the faults that had points of their own."""
    disturbances: str
    """Checksum of heat and weather."""
    step_s: float
    heartbeat_s: float
    """Longest silence of a supervisor."""
    begin: dict[str, Any]
    """Snapshot at its begin."""
    commands: tuple[tuple[int, int, float], ...]
    """Step, point and value (SI) of every command that differs from the step before; all of them at the first."""
    humans: tuple[tuple[int, int, bool], ...]
    """Step, setpoint and whether a human holds it, where that differs from the step before; at the first, nobody does."""
    switched: tuple[tuple[int, str, dict[str, Any] | None], ...]
    """Step, name and description of every fault begun from outside; None where it was ended."""
    events: tuple[dict[str, Any], ...]
    t: np.ndarray
    true: np.ndarray
    read: np.ndarray
    position: np.ndarray
    setpoints: np.ndarray

    @property
    def n(self) -> int:
        """Steps."""
        return len(self.t)

    def switches(self, step: int) -> list[Switch]:
        """What was switched at the begin of a step."""
        return [Switch(name, None if said is None else _switched(said)) for at, name, said in self.switched if at == step]


class Recorder:
    """Writes down what a served plant does from now on; one at a time.

    Args:
        served: the plant, between two steps.
        described: its scenario as it was given, so that a replay need not be told.
    """

    def __init__(self, served: ServedPlant, described: str | None = None) -> None:
        if served.watch is not None:
            raise RecordError("this plant is being recorded already")
        self.served, self._described = served, described
        self._begin = snapshot.described(served)
        self._commands: list[tuple[int, int, float]] = []
        self._switched: list[tuple[int, str, dict[str, Any] | None]] = []
        self._humans: list[tuple[int, int, bool]] = []
        self._before = np.full(len(served.image.points), np.nan)
        self._humans_before = np.zeros_like(served.humans)
        self._rows: dict[str, list[np.ndarray]] = {name: [] for name in ARRAYS}
        # Not how many there are: old ones are dropped while new ones come.
        self._last_before = next(reversed(served.image.events()), None)
        # As the schedule has them, in the order of the points: what has been pressed has other times, and stands elsewhere.
        pressed = sorted(fault_points(served.image.points, served.faults.scheduled), key=lambda at: at[0])
        self._fault_points = tuple(fault.record for _, fault in pressed)
        served.watch = self._watch

    @property
    def n(self) -> int:
        """Steps so far."""
        return len(self._rows["t"])

    def _watch(self, served: ServedPlant, commands: np.ndarray) -> None:
        n = self.n
        for k in np.flatnonzero(commands != self._before):
            self._commands.append((n, int(k), float(commands[k])))
        self._before = commands
        for k in np.flatnonzero(served.humans != self._humans_before):
            self._humans.append((n, int(k), bool(served.humans[k])))
        self._humans_before = served.humans
        for switch in served.faults.switched:
            self._switched.append((n, switch.name, None if switch.fault is None else switch.fault.record))
        now = (np.array(served.t), served.true[0], served.read[0], served.faults.position[0], served.envelope.setpoints[0])
        for name, value in zip(ARRAYS, now, strict=True):
            self._rows[name].append(value.copy())

    def stop(self) -> Record:
        """End the recording and return it.

        Raises:
            RecordError: there was no step.
        """
        self.served.watch = None
        if not self.n:
            raise RecordError("nothing to record: the plant has not moved")
        arrays: dict[str, Any] = {name: np.array(rows) for name, rows in self._rows.items()}
        new = itertools.takewhile(lambda event: event is not self._last_before, reversed(self.served.image.events()))
        events = tuple(dataclasses.asdict(event) for event in reversed(list(new)))
        return Record(
            **_identity(self.served), described=self._described, fault_points=self._fault_points, begin=self._begin,
            commands=tuple(self._commands), humans=tuple(self._humans), switched=tuple(self._switched), events=events, **arrays,
        )  # fmt: skip


def save_record(record: Record, path: str | Path) -> Path:
    """Write a record.

    Raises:
        WriteError: no room, no permission.
    """
    parts = {f"{name}.npy": _bytes(getattr(record, name)) for name in ARRAYS}
    said = {f.name: getattr(record, f.name) for f in dataclasses.fields(record) if f.name not in ARRAYS}
    parts["run.json"] = json.dumps({"format": FORMAT, **said}, allow_nan=False).encode("utf-8")
    parts["checksum"] = _checksum(parts).encode("ascii")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            info = zipfile.ZipInfo(name, FIXED_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(info, data)
    return write_bytes(path, out.getvalue())


def load_record(path: str | Path) -> Record:
    """Read a record.

    Raises:
        RecordError: unreadable, edited, or of another version.
    """
    try:
        with zipfile.ZipFile(path) as file:
            parts = {name: file.read(name) for name in file.namelist()}
    except (OSError, zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise RecordError(f"{path}: unreadable: {error}") from error
    stated = parts.pop("checksum", b"").decode("ascii", "replace")
    if "run.json" not in parts or stated != _checksum(parts):
        raise RecordError(f"{path}: the checksum does not belong to its contents: no record, edited or damaged")
    said = json.loads(parts["run.json"])
    if said.pop("format", None) != FORMAT:
        raise RecordError(f"{path}: no record of this version ({FORMAT})")
    for name in ("commands", "humans", "switched", "events", "fault_points"):
        said[name] = tuple(tuple(row) if isinstance(row, list) else row for row in said[name])
    return Record(**said, **{name: np.load(io.BytesIO(parts[f"{name}.npy"]), allow_pickle=False) for name in ARRAYS})


def check_fits(record: Record, served: ServedPlant) -> None:
    """Whether a plant is the one that was recorded.

    Raises:
        RecordError: it is another one; names what differs.
    """
    for key, value in _identity(served).items():
        if getattr(record, key) != value:
            raise RecordError(DIFFERS.get(key) or f"the record is of {key} {getattr(record, key)!r}, this run has {value!r}")


def _identity(served: ServedPlant) -> dict[str, Any]:
    return {"plant": served.plant.site.name, "fmu": _fmu(served.plant), "points": served.points_hash, "scenario": served.scenario.name,
            "disturbances": served.course_hash, "step_s": served.step_size, "heartbeat_s": served.supervision.timeout}  # fmt: skip


def _fmu(plant: Plant) -> str:
    if not isinstance(plant, FmuPlant):
        return ""
    described = plant.file.description
    return f"{described.modelName} {described.instantiationToken}"


def _switched(said: dict[str, Any]) -> Fault:
    return fault_of(said, "record: fault")


def _bytes(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array, allow_pickle=False)
    return out.getvalue()


def _checksum(parts: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(parts):
        digest.update(f"{name}\0{len(parts[name])}\0".encode())
        digest.update(parts[name])
    return digest.hexdigest()
