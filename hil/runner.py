"""Real time: one thread that steps a served plant on the grid of a pacer, and obeys pause, step, speed, snapshot and restore."""

import logging
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path

from lowlift.hil import snapshot
from lowlift.hil.pacing import Pacer, PaceReport
from lowlift.hil.served_plant import ServedPlant
from lowlift.sim.files import WriteError

logger = logging.getLogger(__name__)

GLANCE = 1e-3
"""Real time between two looks at the heartbeat in lockstep [s]."""
AHEAD, AHEAD_MOST = 1e-3, 0.1
"""Real time before a step from which on servers give way [s], and most of that over the period [1]: what they have begun is over then."""
SPEED_MIN, SPEED_MAX = 1e-3, 1e5
"""Plant time over real time [1]."""


class RunError(RuntimeError):
    """The plant cannot be run as asked, or has failed."""


class Runner:
    """Steps a plant in a thread of its own.

    Every command holds the lock between two steps, so it returns when the plant stands still and is consistent.

    Args:
        served: the plant.
        speed: plant time over real time [1].
        autosave: where to keep a snapshot while running.
        every: real time between two of these [s].
        lockstep: plant time that passes with each beat of the supervisor's heartbeat, and not otherwise [s]: the result depends neither on
            the speed of the machine nor on that of the network; none for a plant that keeps its own time.
        clock: monotonic time [s].
        wall: time of day [s].

    Raises:
        RunError: the speed is out of range, or lockstep no multiple of the step.
        SnapshotError: autosave, and the plant cannot go back to a snapshot.
    """

    def __init__(
        self, served: ServedPlant, *, speed: float = 1.0, autosave: str | Path | None = None, every: float = 60.0,
        lockstep: float | None = None, clock: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        if autosave is not None:
            snapshot.check_goes_back(served.plant)
        self.served = served
        self.speed = _speed(speed)
        self.autosave, self.every = autosave, every
        self.lockstep = None if lockstep is None else self._whole(lockstep)
        """Steps that one beat is worth; none where time is kept."""
        self._heartbeat = served.image.points.position("heartbeat.cmd")
        self._beat = served.image.value(self._heartbeat)
        self.failure: BaseException | None = None
        """What ended the run, where something has."""
        self.failed: Callable[[], object] = lambda: None
        """Called in the plant's thread when the run has failed: whoever waits for its end need not look."""
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._stopping = False
        self._paused = False
        self._saved_at = clock()
        self.pacer = Pacer(served.step_size / self.speed, clock=clock, wait=self._doze, wall=wall, jumped=self._clock_jumped)
        self._thread = threading.Thread(target=self._loop, name=f"plant {served.plant.site.name}", daemon=True)

    def start(self) -> None:
        """Begin to run; the first step is due one period from now."""
        with self._lock:
            self.pacer.restart()
        self._thread.start()

    def stop(self) -> None:
        """End the run after the step at hand; with an autosave, write the last snapshot."""
        with self._lock:
            self._stopping = True
            self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        if self.autosave is not None and self.failure is None:
            self.save(self.autosave)

    @property
    def running(self) -> bool:
        """Whether the thread is alive."""
        return self._thread.is_alive()

    @property
    def paused(self) -> bool:
        """Whether plant time stands still."""
        return self._paused

    def pause(self) -> None:
        """Let plant time stand still; the image stays readable and takes commands."""
        with self._lock:
            self._paused = True
        self.served.image.note("run", "elapsed", "paused")

    def resume(self) -> None:
        """Go on."""
        with self._lock:
            self._paused = False
            self.pacer.restart()
            self._wake.set()
        self.served.image.note("run", "elapsed", "resumed")

    def step(self, n: int = 1) -> None:
        """Do ``n`` steps at once, off the grid: while paused, or before :meth:`start`.

        Raises:
            RunError: the plant is running, or ``n`` is below 1.
        """
        if n < 1:
            raise RunError(f"{n} steps: must be at least 1")
        with self._lock:
            if self.running and not self._paused:
                raise RunError("single steps need a paused plant")
            for _ in range(n):
                self.served.step()

    def set_speed(self, speed: float) -> None:
        """Change plant time over real time.

        Raises:
            RunError: no number, or out of range.
        """
        with self._lock:
            self.speed = _speed(speed)
            self.pacer.restart(self.served.step_size / self.speed)
            self._wake.set()
        self.served.image.note("run", "elapsed", f"speed {self.speed:g}")

    def save(self, path: str | Path) -> Path:
        """Write a snapshot; see :func:`lowlift.hil.snapshot.save`."""
        with self._lock:
            return snapshot.save(self.served, path)

    def restore(self, path: str | Path) -> None:
        """Go back to a snapshot; see :func:`lowlift.hil.snapshot.restore`."""
        with self._lock:
            snapshot.restore(self.served, path)
            self._beat = self.served.image.value(self._heartbeat)
            self.pacer.restart()
        self.served.image.note("run", "elapsed", f"restored from {Path(path).name}")

    def report(self) -> PaceReport:
        """How the run has kept its time."""
        with self._lock:
            return self.pacer.report()

    def _loop(self) -> None:
        try:
            while not self._stopping:
                if self._paused:
                    self._doze(1.0)
                elif self.lockstep is not None:
                    self._follow(self.lockstep)
                elif self.pacer.rest(min(AHEAD, AHEAD_MOST * self.pacer.period)):
                    with self.served.image.way.taken():
                        self._step_when_due()
        except Exception as error:
            self.failure, reason = error, f"{type(error).__name__}: {error}"
            logger.exception("the plant has failed at %g s", self.served.t)
            try:
                self.served.image.fail(reason)
                self.served.image.note("run", "elapsed", f"failed: {reason}")
            finally:
                self.failed()

    def _step_when_due(self) -> None:
        if not self.pacer.rest():
            return
        with self._lock:
            # A command may have come in between.
            if not (self._paused or self._stopping) and self.pacer.clock() >= self.pacer.due:
                self.pacer.begun()
                self.served.step()
                self._keep()

    def _follow(self, steps: int) -> None:
        """Step when the supervisor's heart has beaten; a good-bye is a beat like any other."""
        beat = self.served.image.value(self._heartbeat)
        if beat == self._beat:
            self._doze(GLANCE)
            return
        self._beat = beat
        with self._lock:
            for _ in range(steps):
                if not (self._paused or self._stopping):
                    self.served.step()
            self._keep()

    def _whole(self, lockstep: float) -> int:
        steps = round(lockstep / self.served.step_size) if math.isfinite(lockstep) else 0
        if steps < 1 or abs(steps * self.served.step_size - lockstep) > 1e-9 * lockstep:
            raise RunError(f"lockstep = {lockstep:g} s: must be a multiple of the plant step, {self.served.step_size:g} s")
        return steps

    def _keep(self) -> None:
        if self.autosave is None or self.pacer.clock() - self._saved_at < self.every:
            return
        self._saved_at = self.pacer.clock()
        try:
            snapshot.save(self.served, self.autosave)
        except WriteError as error:
            # The plant goes on; the previous snapshot is intact.
            logger.warning("%s", error)
            self.served.image.note("run", "elapsed", f"no snapshot: {error}")

    def _doze(self, seconds: float) -> None:
        self._wake.wait(min(seconds, 1.0))
        self._wake.clear()

    def _clock_jumped(self, by: float) -> None:
        logger.warning("the wall clock jumped by %g s; plant time goes on unaffected", by)
        self.served.image.note("run", "elapsed", f"the wall clock jumped by {by:.3g} s; plant time goes on unaffected")


def _speed(speed: float) -> float:
    if not SPEED_MIN <= speed <= SPEED_MAX:
        raise RunError(f"speed = {speed:g}: must be from {SPEED_MIN:g} to {SPEED_MAX:g}")
    return float(speed)
