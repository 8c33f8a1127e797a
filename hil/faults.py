"""All faults of a served plant: which are known, which are in force now, and what they do to it; switched while it runs.

A fault is in force from its begin to its end, in plant time. Faults of a schedule come with their times; who presses a key begins one now
and ends it by its name. What is asked for from outside is taken at the begin of the next step, so that a step sees one state, and is
kept in :attr:`Faults.switched` for the record of the run.
"""

import collections
import dataclasses
import functools
import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from lowlift.data.hints import hint
from lowlift.hil.actuator_faults import ActuatorFaults
from lowlift.hil.fault import SENSOR, Fault, FaultError, What, check, fault_of, is_actuator, unique
from lowlift.hil.fouling import fouled
from lowlift.hil.sensor_faults import SensorFaults, in_force
from lowlift.models.plant import Plant, Stepper
from lowlift.wire.point_list import PointList


@dataclasses.dataclass(frozen=True)
class Switch:
    """A fault begun or ended from outside: as :meth:`Faults.begin` and :meth:`Faults.end` take it."""

    name: str
    fault: Fault | None
    """None where it is ended."""


class Faults:
    """The faults of one served plant.

    Args:
        plant: the clean plant.
        step: plant step [s].
        points: its points, for site units.
        u: actuators at the begin, ``(1, nu)``.
        schedule: faults with their times.

    Raises:
        FaultError: a fault does not fit the plant, or two have one name.
    """

    def __init__(self, plant: Plant, step: float, points: PointList, u: np.ndarray, schedule: Sequence[Fault] = ()) -> None:
        self.plant, self._points, self._step = plant, points, step
        self.sensors = SensorFaults(plant, points=points)
        self.actuators = ActuatorFaults(plant, step, u)
        self.scheduled = unique([check(fault, plant, f"fault {k + 1}") for k, fault in enumerate(schedule)])
        """Those of the schedule, as it has them."""
        self.described = _described(self.scheduled)
        """All known faults as JSON: what a snapshot keeps."""
        self.pressed: dict[str, float] = {}
        """Fault points as they were, by name."""
        self.arrived = np.zeros(len(points))
        """Commands that have last come through the gateway, SI, of all points."""
        self.switched: tuple[Switch, ...] = ()
        """What has been switched at the begin of the step at hand."""
        self._requests: collections.deque[Switch] = collections.deque()
        self._plants: dict[tuple[tuple[str, float], ...], tuple[Plant, Stepper]] = {}
        self._use = (plant, plant.integrator(step))
        self._plants[()] = self._use
        for t in [f.begin for f in self.known] + [f.end for f in self.known if math.isfinite(f.end)]:
            self._of(self._lost(self.in_force(t)))

    # -- for everybody; any thread ---------------------------------------------------------------------------------

    @property
    def known(self) -> tuple[Fault, ...]:
        """Faults of the schedule and those switched by hand, with their times."""
        return _known(self.described)

    def in_force(self, t: float) -> list[Fault]:
        """Those in force at plant time ``t`` [s]."""
        return [fault for fault in self.known if in_force(fault, t)]

    def begin(self, fault: Fault) -> None:
        """Let a fault begin with the next step; its own ``end`` is counted from then, and a fault of the same name is replaced.

        What takes time, as a fouled plant's integrator does, is done here, in the caller's thread.

        Raises:
            FaultError: it does not fit the plant.
        """
        check(fault, self.plant)
        self._of(self._lost([*(f for f in self.known if f.what is What.FOULING and f.title != fault.title), fault]))
        self._of(self._lost([fault]))
        self._requests.append(Switch(fault.title, fault))

    def end(self, name: str) -> None:
        """Let a fault end with the next step.

        Raises:
            FaultError: there is none of that name.
        """
        names = [f.title for f in self.known] + [s.name for s in self._requests]
        if name not in names:
            raise FaultError(f"no fault {name!r}; {hint(name, names)}")
        self._requests.append(Switch(name, None))

    # -- for the plant ---------------------------------------------------------------------------------------------

    def take(self, t: float) -> None:
        """Switch what has been asked for, at the begin of the step at plant time ``t`` [s]."""
        asked = []
        while self._requests:
            asked.append(self._requests.popleft())
        self.switched = tuple(asked)
        if asked:
            known = {fault.title: fault for fault in self.known}
            for switch in asked:
                if switch.fault is not None:
                    # Sensors speak again at the end of the step, machines move during it.
                    fault = switch.fault
                    now = t if fault.what not in SENSOR or is_actuator(fault, self.plant) else t + self._step
                    known.pop(switch.name, None)
                    known[switch.name] = dataclasses.replace(fault, begin=now, end=now + fault.end, by_hand=False)
                elif switch.name in known:
                    known[switch.name] = dataclasses.replace(known[switch.name], end=t)
            self.described = _described([f for f in known.values() if f.end > f.begin])
        self._use = self._of(self._lost(self.in_force(t)))

    @property
    def physics(self) -> Plant:
        """The plant as it is: the clean one, or one with fouled equipment."""
        return self._use[0]

    @property
    def stepper(self) -> Stepper:
        """Its integrator."""
        return self._use[1]

    @property
    def position(self) -> np.ndarray:
        """Where the actuators are, ``(1, nu)``, SI."""
        return self.actuators.position

    def act(self, t: float, command: np.ndarray) -> np.ndarray:
        """Positions of the actuators during the step at ``t``, ``(1, nu)``."""
        mine = [f for f in self.in_force(t) if f.what is What.POWER or is_actuator(f, self.plant)]
        return self.actuators.act(command, [(f, self._size(f)) for f in mine])

    def load(self, t: float, d: np.ndarray) -> np.ndarray:
        """Disturbances ``(1, nd)`` of the step at ``t``: what of the IT load is there."""
        left = math.prod(1.0 - (f.size or 0.0) for f in self.in_force(t) if f.what is What.POWER)
        if left == 1.0:
            return d
        table, result = self.plant.disturbances, d.copy()
        for s in table.signals:
            if s.name.startswith("q_"):
                result[:, table.slices[s.name]] *= left
        return result

    def read(self, t: float, true: np.ndarray) -> np.ndarray:
        """Packed readings ``(1, n)`` as sensors show them at ``t``."""
        return self.sensors.read(t, true, [f for f in self.in_force(t) if f.what in SENSOR and not is_actuator(f, self.plant)])

    def offline(self, t: float) -> bool:
        """Whether the gateway is cut off."""
        return any(f.what is What.COMMS for f in self.in_force(t))

    def check_described(self, text: Any, at: str) -> None:
        """Whether :attr:`described` could be this.

        Raises:
            FaultError: it is no list of faults that this plant can have.
        """
        try:
            records = json.loads(text)
            if not isinstance(records, list):
                raise ValueError("no list")
        except (ValueError, TypeError, RecursionError) as error:
            raise FaultError(f"{at}: must be a list of faults as JSON: {error}") from error
        for k, record in enumerate(records):
            check(fault_of(record, f"{at}[{k}]"), self.plant, f"{at}[{k}]")

    def restored(self, t: float) -> None:
        """Memory has been put back from outside: plant and integrator follow it."""
        self._requests.clear()
        self._use = self._of(self._lost(self.in_force(max(t - self._step, 0.0))))

    def _size(self, fault: Fault) -> float | None:
        if fault.size is None or fault.what in (What.SLOW, What.DELAY, What.POWER):
            return fault.size
        name = fault.where if f"{fault.where}.hand" in self._points.index else f"{fault.where}[1]"
        return self._points[f"{name}.hand"].to_si(fault.size)

    @staticmethod
    def _lost(faults: Sequence[Fault]) -> tuple[tuple[str, float], ...]:
        """Shares of conductance lost, by equipment."""
        left: dict[str, float] = {}
        for fault in faults:
            if fault.what is What.FOULING:
                left[fault.where] = left.get(fault.where, 1.0) * (1.0 - (fault.size or 0.0))
        return tuple(sorted((name, 1.0 - share) for name, share in left.items() if share < 1.0))

    def _of(self, lost: tuple[tuple[str, float], ...]) -> tuple[Plant, Stepper]:
        if lost not in self._plants:
            plant = fouled(self.plant, dict(lost))
            stepper = plant.integrator(self._step)
            x, u, d = (np.zeros((1, v.size)) for v in (plant.states, plant.actuators, plant.disturbances))
            with np.errstate(all="ignore"):
                # The first step builds what every later one uses; its values have no meaning.
                stepper.step(x + 300.0, u + 0.5, d)
            self._plants[lost] = plant, stepper
        return self._plants[lost]


@functools.lru_cache(maxsize=64)
def _known(described: str) -> tuple[Fault, ...]:
    return tuple(fault_of(record, "fault") for record in json.loads(described))


def _described(faults: Sequence[Fault]) -> str:
    records: list[dict[str, Any]] = [fault.record for fault in faults]
    return json.dumps(records, allow_nan=False)
