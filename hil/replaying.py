"""A recorded run, run again: same begin, same commands, same faults, and every reading compared bit by bit."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lowlift import models
from lowlift.hil import snapshot
from lowlift.hil.default_scenario import scenario_of
from lowlift.hil.fault import fault_of
from lowlift.hil.fault_points import with_fault_points
from lowlift.hil.faults import Switch
from lowlift.hil.fmu_plant import FmuPlant
from lowlift.hil.record import DepartureError, Record, check_fits, load_record
from lowlift.hil.served_plant import ServedPlant
from lowlift.models.plant import Plant
from lowlift.wire.points import points_of

COMPARED = ("true", "read", "position", "setpoints")


def replay(record: Record, served: ServedPlant, progress: Callable[[float], object] = lambda share: None) -> None:
    """Run a record again on the same plant, which is at the record's end afterwards.

    Args:
        record: the run.
        served: a served plant of the same site, scenario and step; what it has done before does not matter.
        progress: told the share done.

    Raises:
        RecordError: it is another plant, scenario, step or heartbeat.
        DepartureError: it goes another way.
        SnapshotError: the begin of the record does not fit.
    """
    check_fits(record, served)
    snapshot.put_back(served, record.begin, "record", supervised=True)
    commands, humans = np.zeros(len(served.image.points)), np.zeros_like(served.humans)
    changes: dict[int, list[tuple[int, float]]] = {}
    for step, point, value in record.commands:
        changes.setdefault(step, []).append((point, value))
    held_by_humans: dict[int, list[tuple[int, bool]]] = {}
    for step, setpoint, held in record.humans:
        held_by_humans.setdefault(step, []).append((setpoint, held))
    for k in range(record.n):
        for point, value in changes.get(k, ()):
            commands[point] = value
        for setpoint, held in held_by_humans.get(k, ()):
            humans[setpoint] = held
        for switch in record.switches(k):
            _switch(served, switch)
        served.step(commands, humans)
        _compare(record, served, k)
        progress((k + 1) / record.n)


def replay_file(
    path: str | Path, *, plant: str | Path | None = None, scenario: str | None = None, fmu: str | Path | None = None,
    mapping: str | Path | None = None, progress: Callable[[float], object] = lambda share: None,
) -> Record:  # fmt: skip
    """Run the record of a file again, on a plant that is made for it, and return it.

    Args:
        path: the file.
        plant: name or site file; the packaged plant that the record names, if not given.
        scenario: see :func:`lowlift.hil.default_scenario.scenario_of`; as the run was given it, if not given.
        fmu: that took the place of the plant's physics.
        mapping: of the FMU's names.
        progress: told the share done.

    Raises:
        RecordError, DepartureError, SnapshotError: see :func:`replay`.
        SiteError, ScenarioError, DataError, FaultError, FmuError, SteadyStateError: what is to be run cannot be made.
    """
    record = load_record(path)
    named = record.plant if plant is None else plant
    with contextlib.ExitStack() as stack:
        made: Plant
        if fmu is None:
            made = models.load(named, check=False)
        else:
            made = stack.enter_context(FmuPlant(fmu, site=named, mapping=mapping))
        pressed = [fault_of(said, "record: fault") for said in record.fault_points]
        points, lived = with_fault_points(points_of(made), pressed), scenario_of(made, record.described if scenario is None else scenario)
        served = ServedPlant(made, lived, step=record.step_s, heartbeat=record.heartbeat_s, points=points)
        replay(record, served, progress)
    return record


def _switch(served: ServedPlant, switch: Switch) -> None:
    if switch.fault is not None:
        served.faults.begin(switch.fault)
    else:
        served.faults.end(switch.name)


def _compare(record: Record, served: ServedPlant, k: int) -> None:
    sheet, actuators = served.plant.site.sheet, served.plant.actuators
    readings = sheet.measurements.names
    names = {"true": readings, "read": readings, "position": actuators.names, "setpoints": sheet.setpoints.names}
    now = {"true": served.true, "read": served.read, "position": served.faults.position, "setpoints": served.envelope.setpoints}
    for what in COMPARED:
        then = getattr(record, what)[k]
        differs = np.flatnonzero((now[what][0] != then) & ~(np.isnan(now[what][0]) & np.isnan(then)))
        if len(differs):
            j = int(differs[0])
            raise DepartureError(
                f"step {k + 1} of {record.n}: {what} {names[what][j]} is {now[what][0, j]!r}, the record has {then[j]!r}: "
                "another version of the plant, its FMU or the library"
            )
