"""``lowlift serve``: a plant, its scenario, its protocol servers and its pace, put together and taken apart in order."""

import contextlib
import dataclasses
import gc
import math
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from lowlift.hil.default_scenario import scenario_of
from lowlift.hil.fault import FaultError
from lowlift.hil.fault_file import load_faults
from lowlift.hil.fault_points import with_fault_points
from lowlift.hil.record import Recorder, RecordError, save_record
from lowlift.hil.runner import RunError, Runner
from lowlift.hil.served_plant import ServedPlant
from lowlift.hil.settling import settled
from lowlift.hil.snapshot import SnapshotError, check_goes_back
from lowlift.hil.supervision import HEARTBEAT
from lowlift.models.plant import Plant
from lowlift.sim.file_lock import LockedError, locked
from lowlift.sim.files import WriteError, make_folder
from lowlift.wire.adapter import Adapter, ServeError
from lowlift.wire.point_list import PointList
from lowlift.wire.points import points_of
from lowlift.wire.protocols import check_protocol, server
from lowlift.wire.site_map import apply_map
from lowlift.wire.stopping import stopping

STEP = 1.0
"""Plant step unless told otherwise [s]: what integrators poll at."""
REPORT_EVERY = 60.0
"""Real time between two lines about the pace [s]."""
TURN = 5e-4
"""Longest that another thread is let run while the plant waits for the interpreter [s]."""

ERRORS = (RunError, ServeError, SnapshotError, FaultError, RecordError)
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
        record: where the record of the run goes at its end.
        scenario: as it was described, for the record.
    """

    served: ServedPlant
    runner: Runner
    adapters: Sequence[Adapter]
    resumed: bool = False
    record: str | Path | None = None
    scenario: str | None = None
    held: contextlib.ExitStack = dataclasses.field(default_factory=contextlib.ExitStack)
    """What is let go of at the end: the lock of the snapshot."""

    def __enter__(self) -> Self:
        """Everything runs; where a server cannot start, nothing does."""
        with contextlib.ExitStack() as stack:
            stack.callback(self.held.close)
            for adapter in self.adapters:
                adapter.start()
                stack.callback(adapter.stop)
            if self.record is not None:
                stack.callback(self._keep, Recorder(self.served, self.scenario))
            stack.enter_context(_prompt())
            self.runner.start()
            stack.callback(self.runner.stop)
            self._end = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        """The plant stops first, so that the last snapshot is the last thing that anybody has seen."""
        self._end.close()

    def _keep(self, recorder: Recorder) -> None:
        if self.record is not None and recorder.n:
            save_record(recorder.stop(), self.record)


def serving(
    plant: Plant, protocols: Sequence[str], *, scenario: str | None = None, speed: float = 1.0, step: float = STEP,
    heartbeat: float = HEARTBEAT, map_file: str | Path | None = None, snapshot: str | Path | None = None, every: float = 60.0,
    fresh: bool = False, lockstep: float | None = None, faults: str | Path | None = None, fault_points: bool = False,
    record: str | Path | None = None, options: Mapping[str, Mapping[str, Any]] | None = None, panel: Mapping[str, Any] | None = None,
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
        faults: schedule of faults, or a commissioning script.
        fault_points: whether these can be switched through points of their own.
        record: file that the record of the run is written to at its end; it is held in memory until then.
        lockstep: see :class:`lowlift.hil.runner.Runner`.
        options: by protocol, arguments of its server.
        panel: arguments of :class:`lowlift.hil.panel.server.PanelServer`; no panel where there are none.

    Raises:
        UnknownProtocolError, ServeError, ScenarioError, DataError, MapError, RunError, SnapshotError, FaultError: as their texts say.
        WriteError: the record cannot be written where it is to go; its folder is made.
    """
    for name in protocols:
        check_protocol(name)
    if record is not None:
        _check_takes(record)
    points = listed_points(plant, map_file)
    schedule = () if faults is None else load_faults(faults, plant)
    if fault_points and not schedule:
        raise FaultError("fault points are those of a schedule: give one")
    points = with_fault_points(points, schedule) if fault_points else points
    with contextlib.ExitStack() as held:
        if snapshot is not None or record is not None:
            # A replay goes back to the begin of its record.
            check_goes_back(plant)
        if snapshot is not None:
            held.enter_context(_own(snapshot))
        resumed = snapshot is not None and not fresh and Path(snapshot).exists()
        lived = scenario_of(plant, scenario)
        start = None if resumed else settled(plant, lived)
        served = ServedPlant(plant, lived, step=step, heartbeat=heartbeat, points=points, faults=schedule, start=start)
        runner = Runner(served, speed=speed, autosave=snapshot, every=every, lockstep=lockstep)
        if resumed and snapshot is not None:
            runner.restore(snapshot)
        adapters = [server(name, served.image, **(options or {}).get(name, {})) for name in protocols]
        if lockstep is not None:
            for adapter in adapters:
                # The supervisor waits for what it is shown.
                adapter.refresh_every = 0.0
        if panel is not None:
            adapters.append(panel_server(runner, **panel))
        return Serving(served, runner, adapters, resumed, record, scenario, held.pop_all())


def _check_takes(record: str | Path) -> None:
    """Before the run, not after it: a record is written at its end."""
    if Path(record).is_dir():
        raise WriteError(f"{record}: is a folder; name the file of the record")
    make_folder(Path(record).parent)


@contextlib.contextmanager
def _own(snapshot: str | Path) -> Iterator[None]:
    """Keep other servers from a snapshot: two would go on from each other's."""
    with contextlib.ExitStack() as lock:
        try:
            lock.enter_context(locked(snapshot))
        except LockedError as error:
            raise SnapshotError(f"{snapshot}: another server keeps it; end that one, or name another file") from error
        except OSError as error:
            raise SnapshotError(f"{snapshot}: cannot be kept there ({error.strerror})") from error
        yield


@contextlib.contextmanager
def _prompt() -> Iterator[None]:
    """Let the plant's thread have its turn in time, while this process serves.

    What is there now is kept out of garbage collections: looking through a served plant's objects takes 0.3 s, in which nothing moves.
    Threads of servers give way after a fraction of a step and not after 5 ms, of which the plant waits several times in each step.
    """
    interval = sys.getswitchinterval()
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        gc.unfreeze()


def panel_server(runner: Runner, **options: Any) -> Adapter:
    """A web panel of a run, not started yet.

    Raises:
        ServeError: its libraries are not installed, or it may not be served like this.
    """
    try:
        from lowlift.hil.panel.server import PanelServer
    except ModuleNotFoundError as error:
        raise ServeError(f"panel: {error.name} is not installed; install lowlift[panel]") from error
    return PanelServer(runner, **options)


def run_until_stopped(serving: Serving, say: Callable[[str], None], *, duration: float | None = None) -> None:
    """Serve until interrupted, terminated, failed, or ``duration`` seconds of real time have passed.

    Raises:
        ServeError: a server cannot start.
        RunError: the plant has failed.
    """
    ended = threading.Event()
    serving.runner.failed = ended.set
    with stopping(ended), serving:
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
