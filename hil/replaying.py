"""A recorded run, run again: same begin, same commands, same faults, and every reading compared bit by bit."""

from collections.abc import Callable

import numpy as np

from lowlift.hil import snapshot
from lowlift.hil.faults import Switch
from lowlift.hil.record import Record, RecordError, check_fits
from lowlift.hil.served_plant import ServedPlant

COMPARED = ("true", "read", "position", "setpoints")


def replay(record: Record, served: ServedPlant, progress: Callable[[float], object] = lambda share: None) -> None:
    """Run a record again on the same plant, which is at the record's end afterwards.

    Args:
        record: the run.
        served: a served plant of the same site, scenario and step; what it has done before does not matter.
        progress: told the share done.

    Raises:
        RecordError: it is another plant, or it goes another way: names step and reading.
        SnapshotError: the begin of the record does not fit.
    """
    check_fits(record, served)
    snapshot.put_back(served, record.begin, "record")
    commands = np.zeros(len(served.image.points))
    changes: dict[int, list[tuple[int, float]]] = {}
    for step, point, value in record.commands:
        changes.setdefault(step, []).append((point, value))
    for k in range(record.n):
        for point, value in changes.get(k, ()):
            commands[point] = value
        for switch in record.switches(k):
            _switch(served, switch)
        served.step(commands)
        _compare(record, served, k)
        progress((k + 1) / record.n)


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
            raise RecordError(
                f"step {k + 1} of {record.n}: {what} {names[what][j]} is {now[what][0, j]!r}, the record has {then[j]!r}: "
                "another version of the plant or of the library"
            )
