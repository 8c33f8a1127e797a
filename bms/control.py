"""The control client: a controller of the simulation in charge of a site that it reaches over a link.

One cycle is one turn of :func:`lowlift.sim.closed_loop.simulate` with the plant at the other end of a wire: read the points, repair the
readings, let the controller decide when its period is up, with forecasts from what has been read, pass the setpoints through the safety
envelope, and send them through the write gateway. The heartbeat comes last, so that it beats only where everything before has been done;
but each take-over beats before anything is written, so that the site knows whose a write is, and misses him, if that is all that arrives;
on a new connection the first cycle is a sample later. Humans may act while the controller thinks: what they have commanded is read again
then.

Taking over is bumpless: the envelope starts from the setpoints in force, and moves from there at the rates of the signal table. It is done
anew after every loss of connection and after every jump of the plant's clock.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from lowlift.bms.audit_log import AuditTrail
from lowlift.bms.control_account import Account, supervision
from lowlift.bms.control_cycle import Cycle
from lowlift.bms.control_humans import Humans, recall
from lowlift.bms.control_samples import Samples
from lowlift.bms.gateway import HEARTBEAT, Gateway, setpoint_commands
from lowlift.controllers.audit import Kind
from lowlift.controllers.envelope import HEARTBEAT as SILENCE
from lowlift.controllers.envelope import SafetyEnvelope
from lowlift.controllers.interface import Decision, Measurement
from lowlift.models.plant import Plant
from lowlift.sim.closed_loop import Run, decide
from lowlift.wire.link import Link, LinkError, commands_of, readings_of
from lowlift.wire.point import RefusedError

SAMPLE = 15.0
"""Plant time between two cycles [s]."""
HOLD = 45.0
"""Time for which the last good value of a lost reading stands in, three samples at least [s]."""
MISSED = 4
"""Samples that may be missing before the client takes over anew, instead of holding what it has read last."""
YIELD = 3600.0
"""How long a value that somebody else has written is left alone where there are no priorities [s]."""


DayBefore = Callable[[pd.Timestamp], pd.DataFrame | None]
"""Hourly weather of the day before a time, where there is any."""


class ConflictError(RuntimeError):
    """Another supervisor keeps the heartbeat of this site: one of the two must go."""


class ControlClient:
    """Controls one site.

    Args:
        plant: what the site is, for its tables, rules and models.
        run: the controller and its forecaster, as :func:`lowlift.sim.entrants.live_run` gives them.
        link: to the site.
        trail: audit log.
        act: whether anything is written; a dry run does all the rest.
        allow: commands that may be written; all setpoints if not given.
        sample: plant time between two cycles [s].
        begin: wall-clock time when the clock of the site was 0, zone-aware; as if it were now at the first take-over, if not given.
        weather: gives the hourly weather of the day before a time, for forecasts until the client has seen a day itself.
        yield_for: see :class:`lowlift.bms.control_humans.Humans`.
        clock: time of the site [s], where its point ``elapsed`` is none.
    """

    def __init__(
        self, plant: Plant, run: Run, link: Link, trail: AuditTrail, *, act: bool = False, allow: tuple[str, ...] | None = None,
        sample: float = SAMPLE, begin: pd.Timestamp | None = None, weather: DayBefore | None = None, yield_for: float = YIELD,
        clock: Callable[[], float] | None = None,
    ) -> None:  # fmt: skip
        if not (math.isfinite(sample) and sample > 0.0):
            raise ValueError(f"sample = {sample} s: must be above 0")
        self.plant, self.run, self.link, self.trail, self.sample = plant, run, link, trail, sample
        self.commands = setpoint_commands(plant)
        self.gateway = Gateway(link, trail, commands=self.commands, allow=allow, act=act)
        # Where there are priorities, nobody has to be told apart by what he wrote.
        recalled = recall(trail.past(), link.points, self.commands) if act and not link.priorities else None
        self.humans = Humans(link, self.commands, yield_for, recalled)
        self._begin = begin
        self._first: pd.Timestamp | None = None
        self._site_clock = clock
        sheet = plant.site.sheet
        self.table, self.setpoints = sheet.measurements, sheet.setpoints
        self.envelope = SafetyEnvelope(plant, sample, hold=max(HOLD, 3.0 * sample), heartbeat=max(SILENCE, run.controller.period + sample))
        self._dry = frozenset(name for s in self.setpoints.signals if s.name in self.envelope.rules.dry for name in s.components())
        self.account = Account(trail, link.points)
        self.samples = Samples(self.table, sample, run.forecaster is not None, self.envelope.check.good)
        self._weather = weather
        self._commanded = [*self.commands, *self.humans.modes, "remote_enable.cmd", HEARTBEAT]
        in_force = [f"{name}.fbk" for name in self.setpoints.names]
        self._needed = [*self.table.names, *in_force, *self._commanded, "elapsed", "heartbeat.fbk", "supervision.fbk"]
        self._origin = math.nan
        self._fresh = True

    @property
    def t(self) -> float:
        """Plant time since the client began [s]; goes on where the clock of the site is set back."""
        return self.samples.t

    @property
    def zero(self) -> float:
        """The site's time at which :attr:`t` was 0 [s]; moves where the site's clock is set. Not a number before the first take-over."""
        return self._origin

    @property
    def time(self) -> pd.Timestamp:
        """Time of day at the site, by its own clock where it is known when that was 0; after the first take-over."""
        if self._begin is not None:
            return self._begin + pd.Timedelta(seconds=self._origin + self.t)
        if self._first is None:
            raise RuntimeError("no time of day before the first take-over")
        return self._first + pd.Timedelta(seconds=self.t)

    # -- what the loop calls --------------------------------------------------------------------------------------

    def elapsed(self) -> float:
        """The site's time now [s].

        Raises:
            LinkError: the connection is lost, or the site's clock shows no number.
        """
        return self._now(self.link.read(["elapsed"]) if self._site_clock is None else {})

    @property
    def due(self) -> float:
        """The site's time of the next cycle [s]."""
        return self._origin + (self.samples.k + (not self._fresh)) * self.sample

    def take_over(self, values: Mapping[str, float] | None = None) -> None:
        """Start from what is in force, and beat; the next cycle, which decides, is due a sample later, at once where nothing is written.

        Args:
            values: the points, where they have been read just now.

        Raises:
            UnknownPointError: this is another site.
            LinkError: the connection is lost.
            ConflictError: another supervisor is there.
        """
        values = self.link.read(self._needed) if values is None else values
        now = self._now(values)
        first = math.isnan(self._origin)
        missed = 0 if first else round((now - self._origin) / self.sample) - self.samples.k
        if first or not 0 <= missed * self.sample <= 2.0 * self.run.controller.period:
            self.run.controller.reset(1)
        self.samples.skip(min(max(missed, 0), self.samples.rows // 2))
        self._origin, self._fresh, self._due = now - self.t, not self.gateway.act, self.t
        if first:
            self._first = pd.Timestamp.now(tz="UTC")
            if self._weather is not None:
                self.samples.begin(self._weather(self.time))
        self.envelope.reset(1)
        self.envelope.decided(self.t, 0)
        self._start_from(values)
        self.requested = self.envelope.setpoints.copy()
        found = commands_of(self.envelope.setpoints, self.setpoints)
        self.gateway.found(self.t, found)
        self.gateway.arrive(values[HEARTBEAT])
        accepted = self.humans.accept(values)
        self.account.took_over(self.t, now, missed * self.sample, supervision(values), found)
        if first and self.gateway.act and not self.link.priorities:
            self.account.accepted(self.t, accepted)
            # What one of ours before us has left behind is taken back at the end, too.
            self.gateway.written |= self.humans.ours(values) & self.gateway.allow
        self._check_heartbeat(values[HEARTBEAT])
        self._beat(values)

    def cycle(self) -> Cycle:
        """Read, decide, protect, write, beat.

        Raises:
            LinkError: the connection is lost; nothing more may be written before :meth:`take_over`.
            ConflictError: another supervisor is there.
            AuditWriteError: what was to be done cannot be put on record, and has not been done.
        """
        values = self.link.read(self._needed)
        steps = round((self._now(values) - self._origin) / self.sample) - self.samples.k
        if not 0 <= steps <= MISSED:
            self.trail.append(self.t, ("gap", {"of": steps * self.sample}))
            self.take_over(values)
            steps = 0
        else:
            self._check_heartbeat(values[HEARTBEAT])
        self.samples.skip(steps - 1)
        self.samples.k, self._fresh = self.samples.k + (steps > 0), False
        self.samples.see(self.envelope.repair(self.t, np.asarray(self.table.pack(readings_of(values, self.table)))))
        readings = self.table.unpack(self.samples.seen)
        decision = self._decide(readings)
        if decision is not None:
            values |= self.link.read(self._commanded)
            self._check_heartbeat(values[HEARTBEAT])
        humans = self.humans.look(self.t, values) if self.gateway.act else {}
        self.account.looked(self.t, self.humans.news, values["remote_enable.cmd"] > 0.5, supervision(values))
        self.humans.news, remote = [], self.account.remote
        for name in humans:
            if math.isfinite(values[name]):
                self.envelope.override(name.removesuffix(".cmd"), values[name], self.t + 0.5 * self.sample)
        T_dew = self.envelope.dew_point(readings)
        allowed = self.envelope.allow(self.t, self.requested, T_dew)
        if not remote:
            self._start_from(values)
        written = self._write(values, commands_of(allowed, self.setpoints), float(T_dew[0, 0]), humans) if remote else {}
        self.account.protected(self.t, self.envelope.audit.records)
        # They are in the trail now: a run of months stays within its memory.
        self.envelope.audit.records.clear()
        self._beat(values)
        return Cycle(t=self.t, decision=decision, written=written, humans=dict(humans), in_hand=dict(self.humans.in_hand),
                     remote=remote, supervision=supervision(values), fail_safe=bool(self.envelope.in_fail_safe[0]))  # fmt: skip

    def lost(self, error: Exception) -> None:
        """The connection is gone: nothing is written until it is back and the client has taken over again."""
        self.trail.append(self.t, ("lost", {"error": f"{type(error).__name__}: {error}"}))

    def hand_back(self) -> str:
        """Take back all commands of ours and say good-bye; leave everything as it is where another supervisor is in charge.

        Returns:
            What has been done, in words.

        Raises:
            LinkError: the site cannot be told; it will miss the heartbeat.
            AuditWriteError: that has been done, and cannot be put on record.
        """
        if not self.gateway.in_charge:
            return "nothing was written"
        # What has changed since the last cycle: somebody may have come.
        values = self.link.read(self._needed)
        if not self.gateway.is_own(values[HEARTBEAT]):
            self.gateway.step_aside(self.t)
            return "left to the other supervisor"
        self.humans.look(self.t, values)
        self.gateway.hand_back(self.t, self.humans.decide)
        return "handed back"

    # -- parts of a cycle -----------------------------------------------------------------------------------------

    def _now(self, values: Mapping[str, float]) -> float:
        now = values["elapsed"] if self._site_clock is None else self._site_clock()
        if not math.isfinite(now):
            raise LinkError(f"{self.link.url}: the site's clock, its point 'elapsed', shows no number: it is not controlled without one")
        return now

    def _start_from(self, values: Mapping[str, float]) -> None:
        """The envelope moves on from the setpoints in force."""
        in_force = np.array([[values[f"{name}.fbk"] for name in self.setpoints.names]])
        known = np.where(np.isfinite(in_force), in_force, self.envelope.setpoints)
        self.envelope.setpoints = np.clip(known, self.setpoints.low, self.setpoints.high)

    def _decide(self, readings: Mapping[str, np.ndarray]) -> Decision | None:
        if self.t < self._due - 1e-6:
            return None
        self._due = self.t + self.run.controller.period
        seen = Measurement(t=self.t, time=self.time, values=readings)
        decision, failure = decide(self.run, seen, self.samples.past.history(0, self.t), self.envelope.setpoints)
        self.requested = decision.setpoints
        if failure is not None:
            self.envelope.audit.note(self.t, 0, "controller", Kind.FAIL_SAFE, failure)
        elif np.isfinite(self.requested).all():
            self.envelope.decided(self.t, 0)
        self.account.decided(self.t, self.run.controller.name, decision, commands_of(self.requested, self.setpoints))
        return decision

    def _write(
        self, values: Mapping[str, float], allowed: Mapping[str, float], T_dew: float, humans: Mapping[str, str]
    ) -> dict[str, float]:
        lifted = T_dew + self.envelope.rules.dew_point_margin + 1e-6
        urgent = [f"{name}.cmd" for name in self._dry if allowed[f"{name}.cmd"] <= lifted]
        standing = {name: values[name] for name in self.commands}
        try:
            written = self.gateway.send(self.t, allowed, standing, step=self.sample, urgent=urgent, human=humans)
        except LinkError:
            self.humans.tried(self.gateway.attempted)
            raise
        if self.gateway.act:
            self.humans.wrote(written)
        for name in self.commands:
            self.account.alarm(self.t, name, f"refused: {self.gateway.refusals[name]}" if name in self.gateway.refusals else "")
        return written

    def _beat(self, values: Mapping[str, float]) -> None:
        try:
            self.gateway.heartbeat(values["heartbeat.fbk"])
            self.account.alarm(self.t, "heartbeat", "")
        except RefusedError as error:
            self.account.alarm(self.t, "heartbeat", f"refused: {error}")

    def _check_heartbeat(self, beat: float) -> None:
        if self.gateway.act and not self.gateway.is_own(beat):
            message = (f"another supervisor keeps {HEARTBEAT} of {self.link.url} ({beat:g}, ours was {self.gateway.beat}): one of the two "
                       "must go, and this one does")  # fmt: skip
            self.trail.append(self.t, ("conflict", {"heartbeat": beat, "ours": self.gateway.beat}))
            raise ConflictError(message)
