"""Real time: wait for the site's clock, cycle, connect again, and end in order.

The pace is the site's own clock, its point ``elapsed``: a plant that is served faster than real time is controlled faster, one that waits
for its supervisor (``lowlift serve --lockstep``) is never waited for. While the connection is lost nothing is written; it is tried again
after 1, 2, 4, … seconds, and the client takes over anew when it is back.
"""

import contextlib
import dataclasses
import logging
import threading
import time
from collections.abc import Callable

from lowlift.bms.audit_log import AuditWriteError
from lowlift.bms.control import ControlClient
from lowlift.bms.control_cycle import Cycle
from lowlift.bms.control_watch import STALLED, watch
from lowlift.wire.link import LinkError, SetupError, UnknownPointError
from lowlift.wire.point import RefusedError

logger = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Between two attempts to connect [s]."""
POLL_LEAST, POLL_MOST, POLL_SHARE = 0.001, 1.0, 0.1
"""Real time between two looks at the site's clock [s], and its share of the real time of a sample [1]."""


@dataclasses.dataclass
class Tally:
    """What a run has done."""

    contacts: int = 0
    """Take-overs after the connection had come about."""
    cycles: int = 0
    decisions: int = 0
    writes: int = 0
    """Values that the site has taken."""
    would_write: int = 0
    """Values that a dry run would have written."""
    refusals: int = 0
    """Writes that the site has refused, heartbeats among them."""
    losses: int = 0
    """Connections that were lost."""
    attempts: int = 0
    """Connections that did not come about."""


class ControlLoop:
    """Runs a control client until it is told to stop.

    Args:
        client: the client.
        stop: ends the run in order when set.
        tell: hears of what people should know, line by line.
        seen: hears of every cycle.
        clock: monotonic time [s].
        first_wait: before the connection is tried again for the first time [s].
    """

    def __init__(
        self, client: ControlClient, *, stop: threading.Event | None = None, tell: Callable[[str], None] = lambda line: None,
        seen: Callable[[Cycle], None] = lambda cycle: None, clock: Callable[[], float] = time.monotonic, first_wait: float = FIRST_WAIT,
    ) -> None:  # fmt: skip
        self.client, self.stop = client, threading.Event() if stop is None else stop
        self.tally = Tally()
        self._tell, self._seen, self._clock, self._first_wait = tell, seen, clock, first_wait
        self._poll = POLL_LEAST
        self._connected = False

    def run(self, duration: float | None = None) -> Tally:
        """Control until stopped, or for ``duration`` seconds of real time; hands the site back at the end, whatever ends it.

        Raises:
            SetupError: the connection can never come about; this may be another site than the point list says.
            ConflictError: another supervisor is there.
            AuditWriteError: nothing can be put on record any more.
        """
        link, trail, client = self.client.link, self.client.trail, self.client
        ends = None if duration is None else self._clock() + duration
        content = {"site": link.points.site, "url": link.url, "controller": client.run.controller.name, "writes": client.gateway.act,
                   "allowed": sorted(client.gateway.allow)}  # fmt: skip
        trail.append(client.t, ("start", content))
        reason = "stopped"
        try:
            wait = self._first_wait
            while not self._over(ends):
                try:
                    link.connect()
                    self._watch(ends)
                    if self._over(ends):
                        # It may have ended while somebody else was watched, who is in charge then.
                        break
                    client.take_over()
                    self._tell(f"in touch with {link.url} at its time {client.zero + client.t:.0f} s")
                    self._connected, wait = True, self._first_wait
                    self.tally.contacts += 1
                    self._cycles(ends)
                except LinkError as error:
                    # What cannot come about as it is configured is the user's to mend; once it has, it is a disturbance like others.
                    if isinstance(error, UnknownPointError) or (isinstance(error, SetupError) and not self.tally.contacts):
                        raise
                    self._lose(error)
                    self.stop.wait(wait if ends is None else min(wait, max(ends - self._clock(), 0.0)))
                    wait = min(2.0 * wait, LONGEST_WAIT)
        except BaseException as error:
            reason = f"{type(error).__name__}: {error}"
            raise
        finally:
            self.tally.refusals = client.gateway.n_refused
            self._end(reason)
        return self.tally

    def _watch(self, ends: float | None) -> None:
        """See whether somebody is in charge, before the first write; returns at the end of the run, too."""
        if self.client.gateway.act and not self.client.gateway.in_charge:
            watch(self.client, wait=lambda real: self.stop.wait(real) or self._over(ends), tell=self._tell, clock=self._clock)

    def _over(self, ends: float | None) -> bool:
        return self.stop.is_set() or (ends is not None and self._clock() >= ends)

    def _cycles(self, ends: float | None) -> None:
        begun = self._clock()
        while not self._over(ends):
            if not self._await_due(ends):
                return
            cycle = self.client.cycle()
            self.tally.cycles += 1
            self.tally.decisions += cycle.decision is not None
            if self.client.gateway.act:
                self.tally.writes += len(cycle.written)
            else:
                self.tally.would_write += len(cycle.written)
            self._seen(cycle)
            now = self._clock()
            self._poll, begun = min(max(POLL_SHARE * (now - begun), POLL_LEAST), POLL_MOST), now

    def _await_due(self, ends: float | None) -> bool:
        """Wait until the site's clock says that the next cycle is due; false where the run ends before."""
        last, since, told = float("nan"), self._clock(), False
        while not self._over(ends):
            now = self.client.elapsed()
            # A clock that has been set back is the cycle's business.
            if not now < self.client.due - 1e-3 * self.client.sample or now < last:
                return True
            if now != last:
                last, since = now, self._clock()
            elif not told and self._clock() - since > STALLED:
                told = True
                self.client.trail.append(self.client.t, ("stalled", {"site_time": now}))
                self._tell(f"the site's clock has stood still at {now:.0f} s for {STALLED:.0f} s: nothing is written")
            self.stop.wait(self._poll)
        return False

    def _lose(self, error: LinkError) -> None:
        link = self.client.link
        link.close()
        was, self._connected = self._connected, False
        first = not (self.tally.losses or self.tally.attempts)
        self.tally.losses += was
        self.tally.attempts += not was
        if was or first:
            try:
                # On record before it is said; said also where it cannot be recorded.
                self.client.lost(error)
            finally:
                self._tell(f"no connection: {error}; trying again")

    def _end(self, reason: str) -> None:
        """Hand back, write the last record, let go; each also where the one before has failed."""
        client, done = self.client, "nothing was written"
        try:
            if self._connected:
                done = client.hand_back()
            elif client.gateway.in_charge:
                client.link.connect()
                done = client.hand_back()
        except AuditWriteError as error:
            done = f"let go, but not on record: {error}"
            self._tell(done)
        except (LinkError, RefusedError) as error:
            done = f"not handed back, the site will miss the heartbeat: {error}"
            self._tell(done)
        except Exception as error:
            # Nobody has foreseen this one: the connection and the record must end in order all the same.
            logger.exception("the site could not be handed back")
            done = f"not handed back, the site will miss the heartbeat: {type(error).__name__}: {error}"
            self._tell(done)
        try:
            client.link.close()
        except Exception as error:
            logger.exception("%s: could not be closed", client.link.url)
            self._tell(f"{client.link.url} could not be closed: {type(error).__name__}: {error}")
        with contextlib.suppress(AuditWriteError):
            content = {"reason": reason, "how": done, **dataclasses.asdict(self.tally)}
            client.trail.append(client.t, ("stop", content))
