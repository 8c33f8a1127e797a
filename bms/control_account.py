"""What a control client puts on record: take-overs, decisions, what humans do, and what is wrong, each when it is new."""

import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any

from lowlift.bms.audit_log import AuditTrail
from lowlift.controllers.audit import Intervention, Kind
from lowlift.controllers.interface import Decision
from lowlift.wire.point_list import PointList
from lowlift.wire.points import SUPERVISION

logger = logging.getLogger(__name__)


class Account:
    """Tells the audit log of one client; every method raises :class:`lowlift.bms.audit_log.AuditWriteError` where it cannot.

    Args:
        trail: audit log.
        points: of the site, for values as people know them.
    """

    def __init__(self, trail: AuditTrail, points: PointList) -> None:
        self.trail, self.points = trail, points
        self.remote = True
        """Whether the site obeys commands."""
        self._supervised = ""
        self._alarms: dict[str, str] = {}

    def took_over(self, t: float, site_time: float, missed: float, supervision: str, in_force: Mapping[str, float]) -> None:
        """The client goes on from what is in force, SI, after ``missed`` seconds without it."""
        content = {"site_time": site_time, "missed": missed, "supervision": supervision, "in_force": self._shown(in_force)}
        self.trail.append(t, ("take-over", content))

    def accepted(self, t: float, values: Mapping[str, float]) -> None:
        """The client goes on from commands that it finds, SI, and that are nobody's; its successor knows them by this record."""
        if values:
            self.trail.append(t, ("accepted", {"values": self._shown(values)}))

    def decided(self, t: float, controller: str, decision: Decision, setpoints: Mapping[str, float]) -> None:
        """A controller has decided; its commands in SI."""
        content: dict[str, Any] = {
            "controller": controller, "status": decision.status.value, "message": decision.message, "solve_ms": decision.solve_ms,
            "setpoints": self._shown(setpoints),
        }  # fmt: skip
        self.trail.append(t, ("decision", content))

    def looked(self, t: float, news: Sequence[Mapping[str, str]], remote: bool, supervision: str) -> None:
        """What is new about the humans and the site."""
        for one in news:
            self.trail.append(t, ("human", one))
        if remote != self.remote:
            what = "remote again" if remote else "local: commands wait"
            self.trail.append(t, ("human", {"point": "remote_enable.cmd", "what": what}))
        if supervision != self._supervised:
            self.trail.append(t, ("supervision", {"state": supervision}))
        self.remote, self._supervised = remote, supervision

    def protected(self, t: float, found: Sequence[Intervention]) -> None:
        """What the envelope has changed, its rates apart, which are at work all the time."""
        entries = [
            ("envelope", {"point": r.name, "what": r.kind.value, "reason": r.reason, "from": r.from_value, "to": r.to_value})
            for r in found if r.kind is not Kind.RATE
        ]  # fmt: skip
        if entries:
            self.trail.append(t, *entries)

    def alarm(self, t: float, what: str, text: str) -> None:
        """Something is wrong, or well again where there is no text."""
        if self._alarms.get(what, "") != text:
            self._alarms[what] = text
            logger.warning("%s: %s", what, text or "well again")
            self.trail.append(t, ("alarm", {"point": what, "what": text or "well again"}))

    def _shown(self, commands: Mapping[str, float]) -> dict[str, float]:
        """Commands in site units, as people and the site know them."""
        return {name: self.points[name].from_si(value) for name, value in commands.items()}


def supervision(values: Mapping[str, float]) -> str:
    """Who decides at a site, as it says."""
    state = values["supervision.fbk"]
    return SUPERVISION[round(state) - 1] if math.isfinite(state) and 1 <= round(state) <= len(SUPERVISION) else "unknown"
