"""Whether another supervisor is in charge of a site, seen by watching its heartbeat before anything is written."""

import math
import time
from collections.abc import Callable

from lowlift.bms.control import ConflictError, ControlClient
from lowlift.bms.gateway import HEARTBEAT
from lowlift.wire.points import FAIL_SAFE

SAMPLES = 4
"""A heartbeat that stands still for so many of our samples is one that somebody has left behind."""
STALLED = 60.0
"""The site's clock stands still when it has not moved for so long [s of real time]."""
BETWEEN = 0.1
"""Real time between two looks [s]."""
SUPERVISION = "supervision.fbk"


def watch(
    client: ControlClient, *, wait: Callable[[float], bool], tell: Callable[[str], None] = lambda line: None,
    clock: Callable[[], float] = time.monotonic,
) -> None:  # fmt: skip
    """Return when the site is free: its heartbeat is 0, or has stood still, or the site itself has missed it.

    A supervisor that beats more seldom than :data:`SAMPLES` of our samples is not seen here. It sees ours then, and goes.

    Args:
        client: connected, and has not written anything yet.
        wait: waits for so much real time [s]; true ends the watch.
        tell: hears that the watch takes a while.
        clock: monotonic time [s].

    Raises:
        ConflictError: somebody else keeps the heartbeat; nothing has been written.
        LinkError: the connection is lost.
    """
    link, watched = client.link, SAMPLES * client.sample
    found = link.read([HEARTBEAT])[HEARTBEAT]
    if not math.isfinite(found) or found == 0.0:
        return
    tell(f"{HEARTBEAT} stands at {found:g}: is another supervisor in charge? watching for {watched:g} s of the site's time")
    begun = now = client.elapsed()
    moved = clock()
    while not wait(BETWEEN):
        values, before, now = link.read([HEARTBEAT, SUPERVISION]), now, client.elapsed()
        beat = values[HEARTBEAT]
        if math.isfinite(beat) and beat not in (found, 0.0):
            client.trail.append(client.t, ("conflict", {"heartbeat": beat, "ours": 0}))
            raise ConflictError(
                f"another supervisor is in charge of {link.url}: {HEARTBEAT} has moved from {found:g} to {beat:g} by itself. Nothing has "
                "been written; stop that one first, or watch without --write"
            )
        moved = clock() if now != before else moved
        if beat == 0.0 or values[SUPERVISION] == FAIL_SAFE or not 0.0 <= now - begun < watched or clock() - moved > STALLED:
            return
