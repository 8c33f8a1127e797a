"""A commissioning script, run: every expectation watched, every verdict with its reason, the site left as it was found."""

import dataclasses
import enum
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from lowlift.hil.commission_script import Expectation, Script, Step, state
from lowlift.hil.commission_sites import Site
from lowlift.hil.fault import Fault, FaultError
from lowlift.wire.link import LinkError
from lowlift.wire.point import Point, RefusedError

CLOSE = 1e-6
"""Times that differ by less are one [s]."""


class Verdict(enum.StrEnum):
    """What came of something."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclasses.dataclass(frozen=True, kw_only=True)
class CheckResult:
    """What came of an expectation."""

    expectation: Expectation
    wanted: str
    """In words."""
    verdict: Verdict
    reason: str
    t: float = math.nan
    """When it began to be watched [s since the begin of the script]."""
    decided: float = math.nan
    """When it was decided."""


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

    @property
    def verdict(self) -> Verdict:
        """Passed where everything has, and the site is as it was."""
        parts = [c.verdict for c in self.preconditions] + [s.verdict for s in self.steps]
        return Verdict.PASSED if all(v is Verdict.PASSED for v in parts) and not self.left else Verdict.FAILED

    @property
    def duration(self) -> float:
        """Time of the site that it took [s]."""
        return float(self.t[-1]) if len(self.t) else 0.0


def run_script(script: Script, site: Site, progress: Callable[[float, str], object] = lambda share, words: None) -> Result:
    """Run a script that fits the site (:func:`lowlift.hil.commission_script.check_script`).

    A failed step does not end it; preconditions that do not hold, or a site that does not answer or refuses, do. At the end faults are
    ended and commands are put back, whatever has happened.

    Args:
        script: what to do.
        site: the site.
        progress: told the share done and what is going on.
    """
    return _Run(script, site, progress).run()


class _Run:
    def __init__(self, script: Script, site: Site, progress: Callable[[float, str], object]) -> None:
        self.script, self.site, self.progress = script, site, progress
        self.points = {name: site.points[name] for name in script.watched}
        self.faults: dict[str, Fault] = {fault.title: fault for fault in script.faults}
        self.t: list[float] = []
        self.courses: dict[str, list[float]] = {name: [] for name in script.watched}
        self.true: dict[str, list[float]] = {}
        self.found: dict[str, float] = {}
        self.open: dict[str, float] = {}
        self.spans: list[Span] = []
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
        try:
            for n, step in enumerate(self.script.steps):
                if why:
                    steps.append(self._unrun(step, why))
                    continue
                self.progress(self.done, f"step {n + 1} of {len(self.script.steps)}: {step.name}")
                steps.append(self._step(step))
                self.done += step.longest / max(self.script.longest, CLOSE)
                if steps[-1].reason:
                    why = "an earlier step could not be done"
        finally:
            left = self._put_back()
        if lost and not self.script.preconditions:
            steps[0] = dataclasses.replace(steps[0], verdict=Verdict.FAILED, reason=lost)
        self.progress(1.0, "done")
        return Result(
            script=self.script, site=self.site.title, points=self.points, preconditions=preconditions, steps=tuple(steps),
            spans=tuple(self.spans), t=np.array(self.t), courses={k: np.array(v) for k, v in self.courses.items()},
            true={k: np.array(v) for k, v in self.true.items()}, left=tuple(left),
        )  # fmt: skip

    # -- steps ------------------------------------------------------------------------------------------------------

    def _step(self, step: Step) -> StepResult:
        begin, actions = self.t[-1], []
        watches: list[_Watch] = []
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
                self.site.begin(self.faults[name])
                self.open.setdefault(name, begin)
                actions.append(f"fault begins: {name}")
            if step.wait:
                actions.append(f"{step.wait:g} s waited")
            while self.t[-1] - begin < step.wait - CLOSE:
                self._go(begin + step.wait - self.t[-1], begin, step)
            if step.expects and (step.commands or step.begins or step.ends) and not step.wait:
                # What has just been done shows at the next look at the earliest.
                self._go(self._sample, begin, step)
            watches = [_Watch(e, self.points[e.point], self.t[-1]) for e in step.expects]
            self._see(watches)
            while any(w.verdict is None for w in watches):
                self._go(self._sample, begin, step)
                self._see(watches)
        except (LinkError, RefusedError, FaultError) as error:
            checks = tuple(w.result(Verdict.NOT_RUN, "not decided") for w in watches) or tuple(
                self._unchecked(e, Verdict.NOT_RUN, "not reached") for e in step.expects
            )
            return StepResult(name=step.name, verdict=Verdict.FAILED, actions=tuple(actions), checks=checks, begin=begin, end=self.t[-1],
                              reason=str(error))  # fmt: skip
        checks = tuple(w.result() for w in watches)
        verdict = Verdict.PASSED if all(c.verdict is Verdict.PASSED for c in checks) else Verdict.FAILED
        return StepResult(name=step.name, verdict=verdict, actions=tuple(actions), checks=checks, begin=begin, end=self.t[-1])

    @property
    def _sample(self) -> float:
        return self.site.step if self.script.sample is None else self.script.sample

    def _go(self, most: float, begin: float, step: Step) -> None:
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

    def _see(self, watches: "list[_Watch]") -> None:
        for watch in watches:
            if watch.verdict is None:
                watch.see(self.t[-1], self.latest[watch.expectation.point])

    def _precondition(self, e: Expectation) -> CheckResult:
        watch = _Watch(e, self.points[e.point], 0.0)
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
        left = []
        for name in list(self.open):
            left += self._tried(f"fault {name!r} could not be ended", self.site.end, self.faults[name])
            self._close(name, self.t[-1])
        if self.found:
            words = ", ".join(self.found)
            left += self._tried(f"{words} could not be put back", self.site.write, self.found)
        return left

    @staticmethod
    def _tried(words: str, act: Callable[[Any], object], what: object) -> list[str]:
        try:
            act(what)
        except (LinkError, RefusedError, FaultError) as error:
            return [f"{words}: {error}"]
        return []


class _Watch:
    """One expectation while it is watched."""

    def __init__(self, expectation: Expectation, point: Point, t: float) -> None:
        self.expectation, self.point, self.begin = expectation, point, t
        self.verdict: Verdict | None = None
        self.decided, self.reason = math.nan, ""
        self._since: float | None = None
        self._longest = 0.0
        self._first = self._least = self._most = math.nan
        self._nearest: tuple[float, float, float] | None = None

    def see(self, t: float, value: float) -> None:
        """One look."""
        e, passed = self.expectation, t - self.begin
        self._note(t, value)
        if e.met(value):
            if self._since is None:
                self._since, self._first, self._least, self._most = t, value, value, value
            self._least, self._most = min(self._least, value), max(self._most, value)
            self._longest = max(self._longest, t - self._since)
            if self._since - self.begin > e.within + CLOSE:
                self._fail(t, self._too_late(self._since))
            elif t - self._since >= e.holds - CLOSE:
                self.verdict, self.decided = Verdict.PASSED, t
                self.reason = self._passed(self._since - self.begin)
            return
        was, self._since = self._since, None
        if passed >= e.within - CLOSE:
            self._fail(t, self._left(was, t, value) if was is not None else self._never())

    def result(self, verdict: Verdict | None = None, reason: str | None = None) -> CheckResult:
        """What has come of it; ``verdict`` and ``reason`` where nothing has been decided."""
        decided = self.verdict is not None
        return CheckResult(
            expectation=self.expectation, wanted=self.expectation.text(self.point), t=self.begin, decided=self.decided,
            verdict=self.verdict if self.verdict is not None else verdict or Verdict.NOT_RUN,
            reason=self.reason if decided or reason is None else reason,
        )  # fmt: skip

    def _note(self, t: float, value: float) -> None:
        low, high = self.expectation.band
        apart = math.inf if math.isnan(value) else max(low - value, value - high, 0.0)
        if self._nearest is None or apart < self._nearest[0]:
            self._nearest = apart, t, value

    def _fail(self, t: float, reason: str) -> None:
        self.verdict, self.decided, self.reason = Verdict.FAILED, t, reason

    def _passed(self, took: float) -> str:
        e = self.expectation
        words = self._shown(self._first) + (f" after {took:.0f} s" if e.within else "")
        if not e.holds:
            return words
        if self._least == self._most:
            return f"{words}, stayed for {e.holds:g} s"
        return f"{words}, from {self._shown(self._least)} to {self._shown(self._most)} for {e.holds:g} s"

    def _never(self) -> str:
        assert self._nearest is not None  # noqa: S101 - something has been seen
        apart, at, value = self._nearest
        if self.expectation.within == 0.0:
            return f"was {self._shown(value)}"
        if apart == 0.0:
            return f"stayed for {self._longest:.0f} s at most"
        return f"came no nearer than {self._shown(value)}, after {at - self.begin:.0f} s"

    def _too_late(self, since: float) -> str:
        return f"only after {since - self.begin:.0f} s"

    def _left(self, since: float, t: float, value: float) -> str:
        return f"left again after {t - since:.0f} s of {self.expectation.holds:g} s, to {self._shown(value)}"

    def _shown(self, value: float) -> str:
        if math.isnan(value):
            return "no number"
        if self.point.states:
            return state(self.point, value)
        unit = "" if self.point.unit == "1" else f" {self.point.unit.replace('degC', '°C')}"
        return f"{value:.4g}{unit}"
