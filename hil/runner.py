"""Real time: one thread that steps a served plant on the grid of a pacer, and obeys pause, step, speed, snapshot and restore."""

import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path

from lowlift.hil import snapshot
from lowlift.hil.keeping import Keeper
from lowlift.hil.pacing import Pacer, PaceReport
from lowlift.hil.served_plant import ServedPlant

logger = logging.getLogger(__name__)

GLANCE = 1e-3
"""Real time between two looks at the heartbeat in lockstep [s]."""
AHEAD, AHEAD_MOST = 1e-3, 0.1
"""Real time before a step from which on servers give way [s], and most of that over the period [1]: what they have begun is over then."""
SPEED_MIN, SPEED_MAX = 1e-3, 1e5
"""Plant time over real time [1]."""


PLANT = "plant"
"""Source of what nobody has commanded."""


class RunError(RuntimeError):
    """The plant cannot be run as asked, or has failed."""


class Runner:
    """Steps a plant in a thread of its own.

    Every command holds the lock between two steps, so it returns when the plant stands still and is consistent. A plant that has failed
    takes none any more, and says so with a :class:`RunError`. Commands say in ``source``, for the events, who gives them.

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
        """Called when the run has failed, in the thread that has stepped it: whoever waits for its end need not look."""
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._stopping = False
        self._paused = False
        self._saved_at = clock()
        self._keeper = None if autosave is None else Keeper(autosave, self._not_kept)
        self.pacer = Pacer(served.step_size / self.speed, clock=clock, wait=self._doze, wall=wall, jumped=self._clock_jumped)
        self._thread = threading.Thread(target=self._loop, name=f"plant {served.plant.site.name}", daemon=True)

    def start(self) -> None:
        """Begin to run; the first step is due one period from now."""
        with self._lock:
            self._check_alive()
            self.pacer.restart()
        self._thread.start()

    def stop(self) -> None:
        """End the run after the step at hand; with an autosave, write the last snapshot.

        Raises:
            WriteError: no room, no permission.
        """
        with self._lock:
            self._stopping = True
            self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._keeper is not None:
            self._keeper.close()
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

    def pause(self, source: str = PLANT) -> None:
        """Let plant time stand still; the image stays readable and takes commands."""
        with self._lock:
            self._check_alive()
            self._paused = True
        self._note("paused", source)

    def resume(self, source: str = PLANT) -> None:
        """Go on."""
        with self._lock:
            self._check_alive()
            self._paused = False
            self.pacer.restart()
            self._wake.set()
        self._note("resumed", source)

    def step(self, n: int = 1, source: str = PLANT) -> None:
        """Do ``n`` steps at once, off the grid: while paused, or before :meth:`start`.

        Raises:
            RunError: the plant is running, or fails now, or ``n`` is below 1.
        """
        if n < 1:
            raise RunError(f"{n} steps: must be at least 1")
        with self._lock:
            self._check_alive()
            running = self.running
            if running and not self._paused:
                raise RunError("single steps need a paused plant")
            # Where one fails, the run fails as it does in its own thread.
            with contextlib.suppress(Exception):
                self._advance(n)
        if self.failure is not None:
            self._wake.set()
            self.failed()
        self._check_alive()
        if running:
            self._note(f"{n} {'step' if n == 1 else 'steps'}", source)

    def set_speed(self, speed: float, source: str = PLANT) -> None:
        """Change plant time over real time.

        Raises:
            RunError: no number, or out of range.
        """
        with self._lock:
            self._check_alive()
            self.speed = _speed(speed)
            self.pacer.restart(self.served.step_size / self.speed)
            self._wake.set()
        self._note(f"speed {self.speed:g}", source)

    def save(self, path: str | Path) -> Path:
        """Write a snapshot; see :func:`lowlift.hil.snapshot.save`. The plant goes on while the file is written."""
        snapshot.check_goes_back(self.served.plant)
        with self._lock:
            self._check_alive()
            record = snapshot.described(self.served)
        return snapshot.write(record, path)

    def restore(self, path: str | Path, source: str = PLANT) -> None:
        """Go back to a snapshot; see :func:`lowlift.hil.snapshot.restore`."""
        with self._lock:
            self._check_alive()
            snapshot.restore(self.served, path)
            self._beat = self.served.image.value(self._heartbeat)
            self.pacer.restart()
            self._wake.set()
        self._note(f"restored from {Path(path).name}", source)

    def report(self) -> PaceReport:
        """How the run has kept its time."""
        with self._lock:
            return self.pacer.report()

    def _loop(self) -> None:
        try:
            while not self._stopping and self.failure is None:
                if self._paused:
                    self._doze(1.0)
                elif self.lockstep is not None:
                    self._follow(self.lockstep)
                elif self.pacer.rest(ahead := min(AHEAD, AHEAD_MOST * self.pacer.period)):
                    self._step_when_due(ahead)
                    self._keep()
        except Exception as error:
            try:
                self._fail(error)
            finally:
                self.failed()

    def _step_when_due(self, ahead: float) -> None:
        # Servers give way for the step and the last moment before it: neither while a command holds the lock, nor for longer because one
        # that came in between has moved the grid.
        with self._lock, self.served.image.way.taken():
            if self.pacer.rest(most=ahead) and not (self._paused or self._stopping):
                self.pacer.begun()
                self._advance(1)

    def _advance(self, steps: int) -> None:
        """Step, in the lock: whoever comes next finds a plant that has failed, where it has."""
        try:
            for _ in range(steps):
                self.served.step()
        except Exception as error:
            self._fail(error)
            raise

    def _fail(self, error: Exception) -> None:
        if self.failure is not None:
            return
        self.failure = error
        logger.error("the plant has failed at %g s", self.served.t, exc_info=error)
        self.served.image.fail(_reason(error))
        self._note(f"failed: {_reason(error)}")

    def _check_alive(self) -> None:
        if self.failure is not None:
            raise RunError(f"the plant has failed: {_reason(self.failure)}") from self.failure

    def _follow(self, steps: int) -> None:
        """Step when the supervisor's heart has beaten; a good-bye is a beat like any other."""
        beat = self.served.image.value(self._heartbeat)
        if beat == self._beat:
            self._doze(GLANCE)
            return
        self._beat = beat
        with self._lock:
            if not (self._paused or self._stopping):
                self._advance(steps)
        self._keep()

    def _whole(self, lockstep: float) -> int:
        steps = round(lockstep / self.served.step_size) if math.isfinite(lockstep) else 0
        if steps < 1 or abs(steps * self.served.step_size - lockstep) > 1e-9 * lockstep:
            raise RunError(f"lockstep = {lockstep:g} s: must be a multiple of the plant step, {self.served.step_size:g} s")
        return steps

    def _keep(self) -> None:
        if self._keeper is None or self.pacer.clock() - self._saved_at < self.every:
            return
        self._saved_at = self.pacer.clock()
        with self._lock:
            record = snapshot.described(self.served)
        self._keeper.put(record)

    def _not_kept(self, error: Exception) -> None:
        # The plant goes on; the previous snapshot is intact.
        logger.warning("%s", error)
        self._note(f"no snapshot: {error}")

    def _note(self, words: str, source: str = PLANT) -> None:
        self.served.image.note("run", "elapsed", words, source)

    def _doze(self, seconds: float) -> None:
        self._wake.wait(min(seconds, 1.0))
        self._wake.clear()

    def _clock_jumped(self, by: float) -> None:
        logger.warning("the wall clock jumped by %g s; plant time goes on unaffected", by)
        self._note(f"the wall clock jumped by {by:.3g} s; plant time goes on unaffected")


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _speed(speed: float) -> float:
    if not SPEED_MIN <= speed <= SPEED_MAX:
        raise RunError(f"speed = {speed:g}: must be from {SPEED_MIN:g} to {SPEED_MAX:g}")
    return float(speed)
