"""Faults of actuators and of their power: what a plant's machines and valves do, of what they are told.

They act behind everything that decides: regulatory layer, hand-off-auto stations, interlocks. Those go on from their own commands, as a
controller does that has no feedback of position, and see the fault only in what the plant then measures. When a fault is over, the actuator
goes to its command at its own stroke or ramp rate.
"""

import math
from collections.abc import Sequence

import numpy as np

from lowlift.hil.fault import Fault, What, columns, signal
from lowlift.hil.machinery import Part, part_of
from lowlift.hil.station import STOPPED, stopped
from lowlift.models.plant import Plant


class ActuatorFaults:
    """Positions of all actuators of one plant.

    Args:
        plant: the plant.
        step: plant step [s].
        points: where site units come from.
        u: positions at the begin, ``(1, nu)``.
    """

    def __init__(self, plant: Plant, step: float, u: np.ndarray) -> None:
        self.table, self._step = plant.actuators, step
        self.position = u.copy()
        """Where the actuators are, ``(1, nu)``, SI."""
        self._away = np.zeros(u.shape, dtype=bool)
        self._held: dict[str, np.ndarray] = {}
        self._lines: dict[str, np.ndarray] = {}
        parts = np.array([part_of(s).value for s in self.table.signals for _ in range(s.size)])
        self._stopped = stopped(self.table)
        self._powered = np.isin(parts, (Part.MACHINE.value, Part.COUNT.value, Part.PACKAGED.value))
        self._driven = parts == Part.VALVE.value

    def act(self, command: np.ndarray, faults: Sequence[tuple[Fault, float | None]]) -> np.ndarray:
        """Positions ``(1, nu)`` during the next step.

        Args:
            command: what they are told, ``(1, nu)``.
            faults: those in force, with their sizes in SI.
        """
        if not faults and not self._away.any():
            self._held, self._lines = {}, {}
            self.position = command
            return command
        target, reach = command.copy(), (self.table.rate * self._step)[None].copy()
        limited, at_once = self._away.copy(), np.zeros(command.shape, dtype=bool)
        for fault, size in faults:
            if fault.what is What.POWER:
                target = np.where(self._powered, self._stopped, np.where(self._driven, self.position, target))
                at_once |= self._powered
                limited |= True
                continue
            at = columns(self.table, fault.where)
            limited[:, at] = True
            if fault.what is What.SLOW:
                reach[:, at] *= 1.0 if size is None else size
            elif fault.what is What.DELAY:
                target[:, at] = self._delayed(fault, target[:, at])
            elif fault.what is What.STUCK:
                target[:, at] = self._held.setdefault(fault.title, self.position[:, at].copy()) if size is None else size
            else:
                at_once[:, at] = self._fail(fault, size, target, at)
        moved = np.where(at_once, target, np.clip(target, self.position - reach, self.position + reach))
        position = np.where(limited, moved, command)
        self._away = limited & (position != command)
        titles = {fault.title for fault, _ in faults}
        self._held = {title: value for title, value in self._held.items() if title in titles}
        self._lines = {title: value for title, value in self._lines.items() if title in titles}
        self.position = position
        return position

    def _fail(self, fault: Fault, size: float | None, target: np.ndarray, at: list[int]) -> bool:
        """Set the target of a failed actuator; whether it gets there at once."""
        s = signal(self.table, fault.where)
        part = part_of(s)
        if part is Part.COUNT:
            # Nothing is lost of those that do not run while enough others are there.
            target[:, at] = np.minimum(target[:, at], 0.0 if size is None else max(s.high - size, 0.0))
        elif part is Part.MACHINE:
            target[:, at] = STOPPED
        else:
            target[:, at] = STOPPED if size is None else max(size, STOPPED)
        return part is not Part.VALVE

    def _delayed(self, fault: Fault, now: np.ndarray) -> np.ndarray:
        """The command of ``size`` seconds ago; before that, where the actuator was at the begin."""
        steps = max(math.ceil((fault.size or 0.0) / self._step - 1e-9), 1)
        line = self._lines.get(fault.title)
        if line is None:
            line = np.repeat(now * 0.0 + self.position[:, columns(self.table, fault.where)], steps, axis=0)
        due = line[:1].copy()
        self._lines[fault.title] = np.concatenate([line[1:], now])
        return due
