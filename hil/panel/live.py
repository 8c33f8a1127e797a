"""What a page is told again and again: values, state of the run, new events; one message per look."""

import dataclasses
import math
from typing import Any

import numpy as np

from lowlift.hil.panel.commands import holders
from lowlift.hil.panel.fault_switch import FaultSwitch
from lowlift.hil.panel.plans import PlanBoard
from lowlift.hil.panel.shown import Shown
from lowlift.hil.runner import Runner
from lowlift.wire.image import HEARTBEAT, Event, PointImage

FIRST_EVENTS = 200
"""Events that a page gets when it opens."""


class Tail:
    """New events of an image, from one look to the next."""

    def __init__(self, image: PointImage) -> None:
        self._image = image
        self._last: Event | None = None

    def new(self) -> list[dict[str, Any]]:
        """Events since the last look, oldest first; the newest :data:`FIRST_EVENTS` at the first one and after a flood."""
        events = self._image.events()
        fresh: list[Event] = []
        for event in reversed(events):
            if event is self._last or len(fresh) >= FIRST_EVENTS:
                break
            fresh.append(event)
        if events:
            self._last = events[-1]
        return [dataclasses.asdict(event) for event in reversed(fresh)]


class Look:
    """Messages for one page.

    Args:
        runner: the run.
        shown: columns.
        plans: newest plan.
        faults: what can be switched, where something can.
    """

    def __init__(self, runner: Runner, shown: Shown, plans: PlanBoard, faults: FaultSwitch | None) -> None:
        self._runner, self._shown, self._plans, self._faults = runner, shown, plans, faults
        self._tail = Tail(runner.served.image)
        self._plan: object = None
        self._told: np.ndarray | None = None
        points = runner.served.image.points
        self._commands = np.array([k for k in points.writable if points.points[int(k)].signal != HEARTBEAT], dtype=int)

    def message(self) -> dict[str, Any]:
        """The state of everything now; plan and holders of commands only where they are new ones."""
        image, runner = self._runner.served.image, self._runner
        t, values = image.read().t, self._shown.values(image.values())
        said: dict[str, Any] = {
            "t": t, "values": rounded(values), "run": run_state(runner), "events": self._tail.new(), "refused": image.n_refused,
        }  # fmt: skip
        if self._faults is not None:
            said["faults"] = [dataclasses.asdict(b) for b in self._faults.buttons()]
        told = image.revisions()[self._commands]
        if self._told is None or (told != self._told).any():
            self._told = told
            said["held"] = holders(image)
        if self._plans.newest is not self._plan:
            self._plan = self._plans.newest
            said["plan"] = None if self._plans.newest is None else self._plans.newest.record
        return said


def run_state(runner: Runner) -> dict[str, Any]:
    """Pace of a run, without waiting for its lock."""
    return {
        "running": runner.running, "paused": runner.paused, "speed": runner.speed, "missed": runner.pacer.jitter.missed,
        "failure": None if runner.failure is None else f"{type(runner.failure).__name__}: {runner.failure}",
    }  # fmt: skip


def rounded(values: np.ndarray) -> list[float | None]:
    """Seven significant digits, as float32 would have; none where there is no number."""
    return [float(f"{v:.7g}") if math.isfinite(v) else None for v in values.tolist()]
