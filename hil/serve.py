"""``lowlift serve``: a plant, its scenario, its protocol servers and its pace, put together and taken apart in order."""

import contextlib
import dataclasses
import math
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from lowlift.hil.default_scenario import scenario_of
from lowlift.hil.runner import RunError, Runner
from lowlift.hil.served_plant import ServedPlant
from lowlift.hil.snapshot import SnapshotError
from lowlift.hil.supervision import HEARTBEAT
from lowlift.models.plant import Plant
from lowlift.wire.adapter import Adapter, ServeError
from lowlift.wire.point_list import PointList
from lowlift.wire.points import points_of
from lowlift.wire.protocols import check_protocol, server
from lowlift.wire.site_map import apply_map

STEP = 1.0
"""Plant step unless told otherwise [s]: what integrators poll at."""
REPORT_EVERY = 60.0
"""Real time between two lines about the pace [s]."""

ERRORS = (RunError, ServeError, SnapshotError)
"""What a user of :class:`Serving` can cause and mend, beside errors of scenarios and maps."""


def listed_points(plant: Plant, map_file: str | Path | None) -> PointList:
    """The point list of a plant, under a map where there is one."""
    points = points_of(plant)
    return points if map_file is None else apply_map(points, map_file)


@dataclasses.dataclass
class Serving:
    """A plant on the wire; a context manager that starts and ends everything.

    Args:
        served: the plant.
        runner: its pace.
        adapters: its protocol servers.
        resumed: whether it goes on from a snapshot.
    """

    served: ServedPlant
    runner: Runner
    adapters: Sequence[Adapter]
    resumed: bool = False

    def __enter__(self) -> Self:
        """Everything runs; where a server cannot start, nothing does."""
        with contextlib.ExitStack() as stack:
            for adapter in self.adapters:
                adapter.start()
                stack.callback(adapter.stop)
            self.runner.start()
            stack.callback(self.runner.stop)
            self._end = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        """The plant stops first, so that the last snapshot is the last thing that anybody has seen."""
        self._end.close()


def serving(
    plant: Plant, protocols: Sequence[str], *, scenario: str | None = None, speed: float = 1.0, step: float = STEP,
    heartbeat: float = HEARTBEAT, map_file: str | Path | None = None, snapshot: str | Path | None = None, every: float = 60.0,
    fresh: bool = False, lockstep: float | None = None, options: Mapping[str, Mapping[str, Any]] | None = None,
) -> Serving:  # fmt: skip
    """Put a served plant together.

    Args:
        plant: the plant.
        protocols: names of its servers.
        scenario: see :func:`lowlift.hil.default_scenario.scenario_of`.
        speed: plant time over real time [1].
        step: plant step [s].
        heartbeat: longest silence of a supervisor [s of plant time].
        map_file: names, instances and registers of an existing site.
        snapshot: file that is kept while running, and gone on from where it is there.
        every: real time between two snapshots [s].
        fresh: begin anew whatever the file says.
        lockstep: see :class:`lowlift.hil.runner.Runner`.
        options: by protocol, arguments of its server.

    Raises:
        UnknownProtocolError, ServeError, ScenarioError, DataError, MapError, RunError, SnapshotError: as their texts say.
    """
    for name in protocols:
        check_protocol(name)
    points = listed_points(plant, map_file)
    served = ServedPlant(plant, scenario_of(plant, scenario), step=step, heartbeat=heartbeat, points=points)
    runner = Runner(served, speed=speed, autosave=snapshot, every=every, lockstep=lockstep)
    resumed = snapshot is not None and not fresh and Path(snapshot).exists()
    if resumed and snapshot is not None:
        runner.restore(snapshot)
    adapters = [server(name, served.image, **(options or {}).get(name, {})) for name in protocols]
    if lockstep is not None:
        for adapter in adapters:
            # The supervisor waits for what it is shown.
            adapter.refresh_every = 0.0
    return Serving(served, runner, adapters, resumed)


def run_until_stopped(serving: Serving, say: Callable[[str], None], *, duration: float | None = None) -> None:
    """Serve until interrupted, terminated, failed, or ``duration`` seconds of real time have passed.

    Raises:
        ServeError: a server cannot start.
        RunError: the plant has failed.
    """
    ended = threading.Event()
    with _signals(ended), serving:
        for adapter in serving.adapters:
            say(f"{serving.served.plant.site.name} at {adapter.url}")
        ends = math.inf if duration is None else serving.runner.pacer.clock() + duration
        while serving.runner.running:
            left = ends - serving.runner.pacer.clock()
            if left <= 0.0 or ended.wait(min(REPORT_EVERY, left)):
                break
            if left > REPORT_EVERY:
                say(f"plant time {serving.served.t:.0f} s; {serving.runner.report().text}")
        failure = serving.runner.failure
    say(f"plant time {serving.served.t:.0f} s; {serving.runner.report().text}")
    if failure is not None:
        raise RunError(f"the plant has failed: {type(failure).__name__}: {failure}") from failure


@contextlib.contextmanager
def _signals(ended: threading.Event) -> Iterator[None]:
    """Interrupt and termination end the run in order; only the main thread may ask for them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
