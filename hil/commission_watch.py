"""One expectation while it is watched: when it is met, for how long, and why not."""

import dataclasses
import enum
import math

from lowlift.hil.commission_script import Expectation, state
from lowlift.wire.point import Point

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


class Watch:
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
