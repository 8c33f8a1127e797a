"""A plant that is served: its physics, its regulatory layer and its protection, driven by a point image instead of a controller.

The order of events in a step is that of :func:`lowlift.sim.closed_loop.simulate`, with the commands of the image in place of a decision and
a hand-off-auto station behind the regulatory layer: switch faults, take the commands, watch the heartbeat, repair the readings, pass the
setpoints through the safety envelope (limits, dew point, rates, fail-safe), let the regulatory layer act, apply the stations, interlock,
let machines and valves do what their faults leave of it, step the plant, read the sensors with their faults, publish. A client that decides
what a controller in the loop would decide gets the same trajectory.
"""

import dataclasses
import functools
import hashlib
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lowlift.controllers.envelope import SafetyEnvelope
from lowlift.controllers.operation import regulator_of
from lowlift.hil.fault import Fault
from lowlift.hil.fault_points import fault_points
from lowlift.hil.faults import Faults
from lowlift.hil.fmu_plant import FmuPlant
from lowlift.hil.layout import Layout
from lowlift.hil.station import AUTO, Stations
from lowlift.hil.supervision import ALONE, FAIL_SAFE, HEARTBEAT, Supervision
from lowlift.models.plant import Plant
from lowlift.sim.closed_loop import initial_state
from lowlift.sim.scenario import Scenario, ScenarioError
from lowlift.wire.image import PointImage
from lowlift.wire.point_list import PointList
from lowlift.wire.points import SUPERVISION, points_of, set_default
from lowlift.wire.priorities import OPERATOR, Slot

Disturb = Callable[[float, dict[str, np.ndarray]], dict[str, np.ndarray]]
"""A hook on the readings, as the closed loop has it: what sensors say of the truth at one time."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Start:
    """Where a plant begins; see :func:`lowlift.hil.settling.settled`."""

    x: np.ndarray
    """States, ``(1, nx)``."""
    u: np.ndarray
    """Actuators, ``(1, nu)``."""
    own: np.ndarray
    """What the regulatory layer reports, ``(1, n)``."""


class ServedPlant:
    """One plant, stepped from outside; see :class:`lowlift.hil.runner.Runner` for real time.

    Only one thread may step it. Everybody else works with its :attr:`image` and its ``faults``.

    Args:
        plant: the plant.
        scenario: heat and weather; begins again at its end.
        step: plant step [s]; the scenario's step must be a multiple of it.
        heartbeat: longest silence of a supervisor [s of plant time].
        points: the point list, where a map has changed it.
        disturb: hook on the readings, before the faults of sensors.
        faults: what goes wrong; more can be switched by these while it runs.
        start: where it begins; where a run in simulation begins, if not given.

    Raises:
        ScenarioError: the step does not divide that of the scenario.
        FaultError: a fault does not fit the plant.
    """

    def __init__(
        self, plant: Plant, scenario: Scenario, *, step: float | None = None, heartbeat: float = HEARTBEAT, points: PointList | None = None,
        disturb: Disturb | None = None, faults: Sequence[Fault] = (), start: Start | None = None,
    ) -> None:  # fmt: skip
        self.plant, self.scenario = plant, scenario
        self.step_size = scenario.step if step is None else step
        self._held = round(scenario.step / self.step_size) if self.step_size > 0.0 else 0
        if self._held < 1 or abs(self._held * self.step_size - scenario.step) > 1e-9 * scenario.step:
            raise ScenarioError(f"plant step {self.step_size:g} s: must divide the scenario's, {scenario.step:g} s")
        self.image = PointImage(points_of(plant) if points is None else points)
        self.supervision = Supervision(heartbeat)
        self.disturb = disturb
        self._layout = Layout(plant, self.image.points)
        self._defaults = set_default(plant)
        self._d = scenario.disturbances(plant)
        self._stations = Stations(plant.actuators, self.step_size)
        self.layer = regulator_of(plant, self.step_size)
        self.envelope = SafetyEnvelope(plant, self.step_size, heartbeat=heartbeat)
        self.layer.reset(1)
        self.envelope.reset(1)
        # The plant has been at rest with its default setpoints before anybody looks.
        self.envelope.setpoints = self._defaults[None].copy()
        if start is None:
            x, u = initial_state(plant, self._d[0])
            start = Start(x=x[None], u=u[None], own=self.layer.idle(1))
        self.x, self.u, self.own = start.x, start.u, start.own
        self.k = 0
        self.faults = Faults(plant, self.step_size, self.image.points, self.u, faults)
        self.watch: Callable[[ServedPlant, np.ndarray], None] | None = None
        """Told of every step, with the commands (SI, all points) that it took: records are made here."""
        self.faults.arrived, self._slots = self.image.commands()
        self.humans = np.zeros(len(self._defaults), dtype=bool)
        """Setpoints that a human held in the last step, ``(n_set,)``: they are obeyed in fail-safe too."""
        self._fault_points = fault_points(self.image.points, self.faults.known)
        self._flows = plant.flows(self.u)
        self.flux = plant.flux_vector(self.x, self.u, self._d[:1])
        if not isinstance(plant, FmuPlant):
            # The first step of a process loads the integrator's compiled kernel: before anybody waits for it. An FMU would move on.
            self.faults.stepper.step(self.x, self.u, self._d[:1])
        self._failing: set[str] = set()
        self._alarms = np.zeros(len(self._layout.alarms))
        self._show()

    @functools.cached_property
    def course_hash(self) -> str:
        """What the plant lives through, as a checksum: a snapshot belongs to it."""
        return hashlib.sha256(np.ascontiguousarray(self._d).tobytes()).hexdigest()

    @property
    def t(self) -> float:
        """Plant time since the start of the run [s]."""
        return self.k * self.step_size

    @property
    def points_hash(self) -> str:
        """What commands mean, as a checksum; addresses and labels may change between two runs."""
        return hashlib.sha256(repr(self.image.points.points).encode("utf-8")).hexdigest()

    def step(self, commands: np.ndarray | None = None, humans: np.ndarray | None = None) -> None:
        """One plant step.

        Args:
            commands: SI, of all points, in place of those of the image: for replay.
            humans: with these, which setpoints a human held, ``(n_set,)``.
        """
        t, layout, table = self.t, self._layout, self.plant.site.sheet.measurements
        self._press()
        self.faults.take(t)
        self._tell_faults(t)
        if commands is None:
            commands = self._told(t)
        else:
            # What was taken back then is not in them.
            self._watch_heart(t, commands, None)
            commands, self.humans = commands.copy(), self.humans if humans is None else humans.copy()
        taken = commands.copy()
        requested = self._requested(t, commands)
        readings = table.unpack(self._seen)
        setpoints = self.envelope.allow(t, requested, self.envelope.dew_point(readings))
        asked, self.own = self.layer.act(readings, setpoints, self.u)
        moved = self._stations.apply(self.u, asked, commands[layout.mode], commands[layout.hand])
        self.u = self.envelope.interlock(t, moved, readings)
        position = self.faults.act(t, self.u)
        self._flows = self.faults.physics.flows(position)
        self.x, self.flux = self.faults.stepper.step(self.x, position, self._load(self.k))
        self.k += 1
        if self.k % (self._held * len(self._d)) == 0:
            self.image.note("run", "elapsed", "the scenario begins again")
        self._show()
        if self.watch is not None:
            self.watch(self, taken)

    def start_from(self, setpoints: np.ndarray) -> None:
        """Begin with other setpoints in force, ``(1, n_set)``, than the defaults; before the first step."""
        self.envelope.setpoints = setpoints.copy()
        values = self.image.points.to_si(self.image.read().values)
        values[self._layout.in_force] = setpoints[0]
        self.image.publish(self.t, self.k, values)

    def resume(self, k: int, *, x: np.ndarray, u: np.ndarray, own: np.ndarray, flux: np.ndarray) -> None:
        """Go on from the end of step ``k``: states, actuators, what the regulatory layer reports, fluxes of that step.

        Memories of layer, envelope, supervision and faults are restored by :mod:`lowlift.hil.snapshot`, which checks them and these.
        """
        self._slots = self.image.commands()[1]
        self.k, self.x, self.u, self.own, self.flux = k, x, u, own, flux
        self.faults.restored(self.t)
        self._flows = self.faults.physics.flows(self.faults.position)
        self._show(repair=False)

    def _press(self) -> None:
        """Switch the faults whose points have been written."""
        values = self.image.values()
        for position, fault in self._fault_points:
            before, now = self.faults.pressed.get(fault.title, 0.0), float(values[position])
            if now > before:
                self.faults.begin(dataclasses.replace(fault, begin=0.0, end=math.inf, by_hand=False))
            elif now < before:
                self.faults.end(fault.title)
            self.faults.pressed[fault.title] = now

    def _tell_faults(self, t: float) -> None:
        now = {fault.title: fault for fault in self.faults.in_force(t)}
        for title in now.keys() ^ self._failing:
            self.image.note("fault", "elapsed", f"{title}: {'begins, ' + now[title].words if title in now else 'is over'}")
        self._failing = set(now)

    def _told(self, t: float) -> np.ndarray:
        """Commands that the plant takes now, SI, after those of a supervisor who has gone are taken back."""
        commands = self._arrived(t)
        if self._watch_heart(t, commands, self._slots[self._layout.heartbeat]):
            gone = self.image.take_back([int(p) for p in self._layout.setpoints], self.supervision.owns)
            if gone:
                self.image.note("supervision", "supervision.fbk", f"{gone} commands of the supervisor are taken back")
            commands = self._arrived(t)
        if self.supervision.state == FAIL_SAFE and not self.faults.offline(t):
            for p in map(int, self._layout.setpoints):
                if other := self.supervision.beneath(self.image.slots(p)):
                    self._slots[p] = other
                    # Also while the gateway is cut off, when those that arrived last are obeyed.
                    commands[p] = self.faults.arrived[p] = self.image.points.points[p].to_si(other.value)
        self.humans = np.array([self._is_humans(self._slots[p]) for p in self._layout.setpoints], dtype=bool)
        return commands

    def _arrived(self, t: float) -> np.ndarray:
        """Commands of now; those of before while the gateway is cut off."""
        if not self.faults.offline(t):
            self.faults.arrived, self._slots = self.image.commands()
        return self.faults.arrived.copy()

    def _is_humans(self, slot: Slot | None) -> bool:
        """Without a supervisor nobody can tell a human's command from a program's, except by its priority."""
        if slot is None or self.supervision.owns(slot):
            return False
        return slot.priority <= OPERATOR or self.supervision.state != ALONE

    def _load(self, k: int) -> np.ndarray:
        """Disturbances of step ``k``, ``(1, nd)``."""
        return self.faults.load(k * self.step_size, self._d[self._row(k)][None])

    def _watch_heart(self, t: float, commands: np.ndarray, by: Slot | None) -> bool:
        """Tell supervision and envelope whether anybody is in charge; returns whether what supervisors hold is to be taken back."""
        before, beat = self.supervision.state, self.supervision.beat
        gone = self.supervision.see(t, float(commands[self._layout.heartbeat]), "" if by is None else by.source)
        state = self.supervision.state
        if state != before:
            self.image.note("supervision", "supervision.fbk", f"{SUPERVISION[before - 1]} -> {SUPERVISION[state - 1]}")
        # The envelope measures the silence of a supervisor by itself; commands that nobody supervises do not grow stale.
        if state == ALONE or self.supervision.beat != beat:
            self.envelope.decided(t, 0)
        return gone

    def _requested(self, t: float, commands: np.ndarray) -> np.ndarray:
        """Setpoints asked for, SI, ``(1, n_set)``; tells the envelope which of them a human holds."""
        if commands[self._layout.remote] <= 0.5:
            return self._defaults[None]
        requested = commands[self._layout.setpoints]
        for k in np.flatnonzero(self.humans):
            self.envelope.override(self.plant.site.sheet.setpoints.names[k], float(requested[k]), t + 0.5 * self.step_size)
        return requested[None]

    def _row(self, k: int) -> int:
        return (k // self._held) % len(self._d)

    def _show(self, *, repair: bool = True) -> None:
        """Read the sensors at the end of a step, repair the readings for the next, publish."""
        sheet, layout, physics, position = self.plant.site.sheet, self._layout, self.faults.physics, self.faults.position
        d = self._load(max(self.k - 1, 0))
        true = physics.measure(self.x, position, d, self.flux, self.own, self._flows)
        self.true = np.asarray(sheet.measurements.pack(true))
        heard = self.true if self.disturb is None else np.asarray(sheet.measurements.pack(self.disturb(self.t, true)))
        self.read = packed = self.faults.read(self.t, heard)
        self._seen = self.envelope.repair(self.t, packed) if repair else self.envelope.check.good
        ledger = physics.ledger(self.x, d, self.flux, self._flows)
        values = np.zeros(len(self.image.points))
        values[layout.readings] = packed[0]
        values[layout.meters] = [ledger[name][0, 0] for name in layout.meter_names]
        values[layout.in_force] = self.envelope.setpoints[0]
        values[layout.outputs] = position[0, layout.output_columns]
        values[layout.supervision] = self.supervision.state
        values[layout.beat] = self.supervision.beat
        values[layout.elapsed] = self.t
        values[layout.alarms] = alarms = self._alarm(packed)
        for k in np.flatnonzero(~((alarms == self._alarms) | (np.isnan(alarms) & np.isnan(self._alarms)))):
            words = "unknown" if np.isnan(alarms[k]) else "alarm" if alarms[k] else "normal"
            self.image.note("alarm", self.image.points.points[layout.alarms[k]].name, words)
        self._alarms = alarms
        if not self.faults.offline(self.t):
            self.image.publish(self.t, self.k, values)
        for record in self.envelope.records:
            self.image.note(record.kind.value, record.name, record.reason)
        # The events keep them, as long as there is room: a run of months stays within its memory.
        self.envelope.records.clear()

    def _alarm(self, packed: np.ndarray) -> np.ndarray:
        """Alarms as they are shown: 1, 0, or not a number where a lost reading may hide one."""
        layout, table = self._layout, self.plant.site.sheet.measurements
        modes = self.image.values()[layout.mode]
        result = [float(self.envelope.in_fail_safe[0]), float(self.envelope.check.faulty[0]), float((modes != AUTO).any())]
        readings: dict[str, Any] = table.unpack(packed)
        for limit in self.plant.site.sheet.limits:
            bound = limit.bound if isinstance(limit.bound, float) else readings[limit.bound] + limit.margin
            value = readings[limit.signal]
            lost = np.isnan(value).any() or np.isnan(bound).any()
            result.append(1.0 if np.any(value > bound if limit.upper else value < bound) else math.nan if lost else 0.0)
        return np.array(result)


__all__ = ["Disturb", "ServedPlant", "Start"]
