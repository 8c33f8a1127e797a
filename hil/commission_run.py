"""A commissioning script, run: every expectation watched, every verdict with its reason, the site left as it was found."""

import dataclasses
import functools
import math
import threading
from collections.abc import Callable, Mapping

import numpy as np

from lowlift.hil.commission_script import Expectation, Script, Step
from lowlift.hil.commission_sites import Site
from lowlift.hil.commission_watch import CLOSE, CheckResult, Verdict, Watch
from lowlift.hil.fault import Fault, FaultError
from lowlift.wire.link import LinkError, UnknownPointError
from lowlift.wire.point import Point, RefusedError

STOPPED = "interrupted"
"""Why a step has not come to its end, where the run was told to stop."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class StepResult:
    """What came of a step."""

    name: str
    verdict: Verdict
    actions: tuple[str, ...]
    checks: tuple[CheckResult, ...]
    begin: float = math.nan
    """[s since the begin of the script]."""
    end: float = math.nan
    reason: str = ""
    """Of a failure that is none of an expectation."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Span:
    """A fault, from its begin to its end [s since the begin of the script]."""

    name: str
    begin: float
    end: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Result:
    """What came of a script."""

    script: Script
    site: str
    points: Mapping[str, Point]
    """Those watched."""
    preconditions: tuple[CheckResult, ...]
    steps: tuple[StepResult, ...]
    spans: tuple[Span, ...]
    t: np.ndarray
    """Of every look [s since the begin of the script], shape (n,)."""
    courses: Mapping[str, np.ndarray]
    """Of the points watched, site units, each (n,)."""
    true: Mapping[str, np.ndarray]
    """The same as it really was, where that is known."""
    left: tuple[str, ...]
    """What could not be put back."""
    restored: tuple[str, ...] = ()
    """What has been put back, and how."""
    interrupted: bool = False
    """Whether it was told to stop before its end."""

    @property
    def verdict(self) -> Verdict:
        """Passed where everything has, to the end, and the site is as it was."""
        parts = [c.verdict for c in self.preconditions] + [s.verdict for s in self.steps]
        good = all(v is Verdict.PASSED for v in parts) and not self.left and not self.interrupted
        return Verdict.PASSED if good else Verdict.FAILED

    @property
    def duration(self) -> float:
        """Time of the site that it took [s]."""
        return float(self.t[-1]) if len(self.t) else 0.0


def run_script(
    script: Script, site: Site, progress: Callable[[float, str], object] = lambda share, words: None, stop: threading.Event | None = None
) -> Result:
    """Run a script that fits the site (:func:`lowlift.hil.commission_script.check_script`).

    A failed step does not end it; preconditions that do not hold, a site that does not answer or refuses, or ``stop``, do. At the end
    faults are ended and commands are put back, whatever has happened.

    Args:
        script: what to do.
        site: the site.
        progress: told the share done and what is going on.
        stop: ends the run in order when set.
    """
    return _Run(script, site, progress, threading.Event() if stop is None else stop).run()


class _StoppedError(Exception):
    """The run is told to stop."""

    def __init__(self) -> None:
        super().__init__(STOPPED)


class _Run:
    def __init__(self, script: Script, site: Site, progress: Callable[[float, str], object], stop: threading.Event) -> None:
        self.script, self.site, self.progress, self.stop = script, site, progress, stop
        self.points = {name: site.points[name] for name in script.watched}
        self.faults: dict[str, Fault] = {fault.title: fault for fault in script.faults}
        self.t: list[float] = []
        self.courses: dict[str, list[float]] = {name: [] for name in script.watched}
        self.true: dict[str, list[float]] = {}
        self.found: dict[str, float] = {}
        self.open: dict[str, float] = {}
        self.spans: list[Span] = []
        self.restored: list[str] = []
        self.done = 0.0

    def run(self) -> Result:
        preconditions: tuple[CheckResult, ...] = ()
        steps: list[StepResult] = []
        lost = ""
        try:
            self.before = self.site.values()
            self.began = self.site.now()
            self._look()
            preconditions = tuple(self._precondition(e) for e in self.script.preconditions)
        except LinkError as error:
            lost = str(error)
            preconditions = tuple(self._unchecked(e, Verdict.FAILED, lost) for e in self.script.preconditions)
        ready = not lost and all(c.verdict is Verdict.PASSED for c in preconditions)
        why = lost if lost else "" if ready else "a precondition does not hold"
        left: list[str] = []
        interrupted = False
        try:
            for n, step in enumerate(self.script.steps):
                why = why or (STOPPED if self.stop.is_set() else "")
                if why:
                    steps.append(self._unrun(step, why))
                    continue
                self.progress(self.done, f"step {n + 1} of {len(self.script.steps)}: {step.name}")
                steps.append(self._step(step))
                self.done += step.longest / max(self.script.longest, CLOSE)
                if steps[-1].reason:
                    why = STOPPED if self.stop.is_set() else "an earlier step could not be done"
            interrupted = self.stop.is_set() and any(s.reason or s.verdict is Verdict.NOT_RUN for s in steps)
        finally:
            left = self._put_back()
        if lost and not self.script.preconditions:
            steps[0] = dataclasses.replace(steps[0], verdict=Verdict.FAILED, reason=lost)
        self.progress(1.0, "done")
        return Result(
            script=self.script, site=self.site.title, points=self.points, preconditions=preconditions, steps=tuple(steps),
            spans=tuple(self.spans), t=np.array(self.t), courses={k: np.array(v) for k, v in self.courses.items()},
            true={k: np.array(v) for k, v in self.true.items()}, left=tuple(left), restored=tuple(self.restored),
            interrupted=interrupted,
        )  # fmt: skip

    # -- steps ------------------------------------------------------------------------------------------------------

    def _step(self, step: Step) -> StepResult:
        begin, actions = self.t[-1], []
        watches: list[Watch] = []
        try:
            if step.commands:
                for name in step.commands:
                    self.found.setdefault(name, self.before[name])
                self.site.write(step.commands)
                actions += [f"{name} set to {value:g}" for name, value in step.commands.items()]
            for name in step.ends:
                self.site.end(self.faults[name])
                self._close(name, begin)
                actions.append(f"fault ends: {name}")
            for name in step.begins:
                self._begin(name, begin)
                actions.append(f"fault begins: {name}")
            if step.wait:
                actions.append(f"{step.wait:g} s waited")
            while self.t[-1] - begin < step.wait - CLOSE:
                self._go(begin + step.wait - self.t[-1], begin, step)
            if step.expects and (step.commands or step.begins or step.ends) and not step.wait:
                # What has just been done shows at the next look at the earliest.
                self._go(self._sample, begin, step)
            watches = [Watch(e, self.points[e.point], self.t[-1]) for e in step.expects]
            self._see(watches)
            while any(w.verdict is None for w in watches):
                self._go(self._sample, begin, step)
                self._see(watches)
        except (LinkError, RefusedError, FaultError, _StoppedError) as error:
            checks = tuple(w.result(Verdict.NOT_RUN, "not decided") for w in watches) or tuple(
                self._unchecked(e, Verdict.NOT_RUN, "not reached") for e in step.expects
            )
            return StepResult(name=step.name, verdict=Verdict.FAILED, actions=tuple(actions), checks=checks, begin=begin, end=self.t[-1],
                              reason=str(error))  # fmt: skip
        checks = tuple(w.result() for w in watches)
        verdict = Verdict.PASSED if all(c.verdict is Verdict.PASSED for c in checks) else Verdict.FAILED
        return StepResult(name=step.name, verdict=verdict, actions=tuple(actions), checks=checks, begin=begin, end=self.t[-1])

    def _begin(self, name: str, t: float) -> None:
        """Where no answer comes the fault may be in force: it is to be ended unless the site has said that it has not begun."""
        first = name not in self.open
        self.open.setdefault(name, t)
        try:
            self.site.begin(self.faults[name])
        except (RefusedError, FaultError, UnknownPointError):
            if first:
                del self.open[name]
            raise

    @property
    def _sample(self) -> float:
        return self.site.step if self.script.sample is None else self.script.sample

    def _go(self, most: float, begin: float, step: Step) -> None:
        if self.stop.is_set():
            raise _StoppedError
        self.site.advance(max(min(self._sample, most), CLOSE))
        self._look()
        share = min((self.t[-1] - begin) / max(step.longest, CLOSE), 1.0)
        self.progress(self.done + share * step.longest / max(self.script.longest, CLOSE), "")

    def _look(self) -> None:
        values, truth = self.site.values(), self.site.truth()
        self.latest = values
        self.t.append(self.site.now() - self.began)
        for name, course in self.courses.items():
            course.append(values[name])
            if name in truth:
                self.true.setdefault(name, []).append(truth[name])

    def _see(self, watches: "list[Watch]") -> None:
        for watch in watches:
            if watch.verdict is None:
                watch.see(self.t[-1], self.latest[watch.expectation.point])

    def _precondition(self, e: Expectation) -> CheckResult:
        watch = Watch(e, self.points[e.point], 0.0)
        watch.see(0.0, self.latest[e.point])
        return watch.result()

    def _unchecked(self, e: Expectation, verdict: Verdict, reason: str) -> CheckResult:
        return CheckResult(expectation=e, wanted=e.text(self.points[e.point]), verdict=verdict, reason=reason)

    def _unrun(self, step: Step, why: str) -> StepResult:
        checks = tuple(self._unchecked(e, Verdict.NOT_RUN, why) for e in step.expects)
        return StepResult(name=step.name, verdict=Verdict.NOT_RUN, actions=(), checks=checks)

    # -- the way back -----------------------------------------------------------------------------------------------

    def _close(self, name: str, t: float) -> None:
        if name in self.open:
            self.spans.append(Span(name=name, begin=self.open.pop(name), end=t))

    def _put_back(self) -> list[str]:
        """End faults, put commands back, each also where others could not be; what could not be, and why."""
        left = []
        for name in list(self.open):
            left += self._tried(f"fault {name!r} could not be ended", functools.partial(self._ended, name))
            self._close(name, self.t[-1])
        for name, found in self.found.items():
            left += self._tried(f"{name} could not be put back", functools.partial(self.site.put_back, name, found))
        return left

    def _ended(self, name: str) -> str:
        self.site.end(self.faults[name])
        return f"fault {name!r} ended"

    def _tried(self, words: str, act: Callable[[], str]) -> list[str]:
        try:
            self.restored.append(act())
        except (LinkError, RefusedError, FaultError) as error:
            return [f"{words}: {error}"]
        return []
