"""Approved schedules of a site on disk: approve, roll back, hand out.

A folder with the schedules, each under its checksum and never changed, and a log of who approved or rolled back what, when and why
(:mod:`lowlift.bms.ledger`). What is in force follows from the log alone: an approval puts a schedule on top, a roll-back takes the top away
and brings back the one before. A schedule is written whole before the log names it, so a crash in between leaves a file that nobody
approved. Nothing is handed out but the approved schedule, unedited, while it is valid.
"""

import dataclasses
import os
from pathlib import Path

import pandas as pd

from lowlift.bms.ledger import Entry, Ledger, LedgerError
from lowlift.models.plant import SiteRecord
from lowlift.sim.files import make_folder
from lowlift.sim.schedule import Schedule, import_schedule
from lowlift.sim.schedule_rows import ScheduleError

APPROVE, ROLL_BACK = "approve", "roll back"
LOG = "log.jsonl"


class ApprovalError(ValueError):
    """There is no schedule that may be handed out, or an approval is refused; the message says why."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Approval:
    """An approved schedule."""

    checksum: str
    who: str
    at: pd.Timestamp
    why: str
    valid_from: pd.Timestamp
    valid_to: pd.Timestamp


class ScheduleStore:
    """The store of one site.

    Args:
        folder: where it lies; made when first approved into.
        site: names, units, limits and rates that every schedule must keep.
    """

    def __init__(self, folder: str | Path, site: SiteRecord) -> None:
        self.folder, self.site = Path(folder), site
        self.ledger = Ledger(self.folder / LOG)

    def approve(self, schedule: Schedule, who: str, why: str = "", *, over: str | None = None, now: pd.Timestamp | None = None) -> Approval:
        """Put a schedule in force.

        Args:
            schedule: what was looked at.
            who: the person responsible.
            why: a remark.
            over: checksum of what was in force when the person looked (empty if nothing was); refused if it no longer is.
            now: present instant; the clock if none.

        Raises:
            ScheduleError: a row is at fault, or the schedule is of a simulated period.
            ApprovalError: no name, in force already, or another schedule has come into force meanwhile.
        """
        moment = _now(now)
        if not who.strip():
            raise ApprovalError("who approves must be named")
        if schedule.simulated:
            raise ScheduleError(f"schedule for {schedule.site} is of a simulated period: a record, never to be written to a plant")
        schedule.check(moment, self.site)
        make_folder(self.folder)
        with self.ledger.lock():
            stack = self._stack()
            top = stack[-1].checksum if stack else ""
            if over is not None and over != top:
                raise ApprovalError(f"{top[:12] or 'nothing'} is in force, not {over[:12] or 'nothing'}: look at the difference again")
            if top == schedule.checksum:
                raise ApprovalError(f"schedule {top[:12]} is in force already")
            schedule.export_json(self._path(schedule.checksum), moment)
            span = {"valid_from": schedule.valid_from.isoformat(), "valid_to": schedule.valid_to.isoformat()}
            about = {"schedule": schedule.checksum, "why": why, "replaces": top} | span
            return _approval(self.ledger.append(who.strip(), APPROVE, about, moment))

    def roll_back(self, who: str, why: str = "", *, now: pd.Timestamp | None = None) -> Approval | None:
        """Take the schedule in force away; the one approved before it is in force again.

        Returns:
            What is in force now, which may have run out meanwhile; none if nothing was approved before.

        Raises:
            ApprovalError: nothing is in force, or no name.
        """
        if not who.strip():
            raise ApprovalError("who rolls back must be named")
        if not os.path.isdir(self.folder):
            raise ApprovalError(f"{self.folder}: no schedule was approved")
        with self.ledger.lock():
            stack = self._stack()
            if not stack:
                raise ApprovalError(f"{self.folder}: no schedule is in force")
            restored = stack[-2] if len(stack) > 1 else None
            about = {"schedule": stack[-1].checksum, "why": why, "restores": restored.checksum if restored else ""}
            self.ledger.append(who.strip(), ROLL_BACK, about, _now(now))
            return restored

    def current(self, now: pd.Timestamp | None = None) -> Schedule:
        """The approved schedule, if it is valid now or will be.

        Raises:
            ApprovalError: none is approved, or it has run out.
            ScheduleError: its file was edited or does not fit the site any more.
            LedgerError: the log was edited.
        """
        moment, stack = _now(now), self._stack()
        if not stack:
            raise ApprovalError(f"{self.folder}: no schedule is approved; fallback values hold")
        top = stack[-1]
        if moment >= top.valid_to:
            raise ApprovalError(f"schedule {top.checksum[:12]} ended at {top.valid_to.isoformat()}; fallback values hold")
        # Rows that were ahead when it was approved may be over now.
        schedule = import_schedule(self._path(top.checksum), self.site, min(top.at, moment))
        if schedule.checksum != top.checksum or schedule.simulated:
            raise ScheduleError(f"{self._path(top.checksum)}: is not the schedule {top.checksum[:12]} that {top.who} approved; refused")
        return schedule

    def approved(self) -> Approval | None:
        """The approval in force, if any, whether it has run out or not."""
        stack = self._stack()
        return stack[-1] if stack else None

    def log(self) -> list[Entry]:
        """All approvals and roll-backs, the oldest first."""
        return self.ledger.entries()

    def _stack(self) -> list[Approval]:
        stack: list[Approval] = []
        for entry in self.ledger.entries():
            if entry.what == APPROVE:
                stack.append(_approval(entry))
            elif entry.what == ROLL_BACK and stack and stack[-1].checksum == entry.about.get("schedule"):
                stack.pop()
            else:
                raise LedgerError(f"{self.ledger.path}: line {entry.n}: {entry.what!r} does not follow from the lines before")
        return stack

    def _path(self, checksum: str) -> Path:
        return self.folder / f"{checksum}.json"


def _approval(entry: Entry) -> Approval:
    begin, end = (pd.Timestamp(entry.about[name]) for name in ("valid_from", "valid_to"))
    checksum, why = str(entry.about["schedule"]), str(entry.about["why"])
    return Approval(checksum=checksum, who=entry.who, at=entry.at, why=why, valid_from=begin, valid_to=end)


def _now(now: pd.Timestamp | None) -> pd.Timestamp:
    return pd.Timestamp.now(tz="UTC") if now is None else now
