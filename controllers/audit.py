"""The audit log of the safety envelope: what was changed, when, for how long and why. Records are only ever appended."""

import dataclasses
import enum


class Kind(enum.StrEnum):
    """What sort of intervention a record is about."""

    REPAIR = "repair"
    """A reading was not believed and replaced."""
    CLAMP = "clamp"
    """A setpoint was no number, outside its limits or below the dew point plus margin."""
    RATE = "rate"
    """A setpoint moves as fast as it may towards what was asked for: ordinary life, no alarm."""
    INTERLOCK = "interlock"
    """A forbidden combination of actuators was taken out."""
    FAIL_SAFE = "fail-safe"
    """The controller was not obeyed at all, or has failed."""
    OVERRIDE = "override"
    """A human decided instead of the controller."""


@dataclasses.dataclass(kw_only=True)
class Intervention:
    """One episode in which the envelope changed what a controller asked for or what a sensor said."""

    row: int
    """Plant of the batch."""
    t: float
    """Start, seconds since the start of the run."""
    until: float
    """Last time the reason held [s]."""
    name: str
    """Signal concerned."""
    kind: Kind = Kind.CLAMP
    reason: str
    from_value: float
    """Asked for (or read) when the episode began, SI."""
    to_value: float
    """Let through then, SI."""


class AuditLog:
    """Opens one record for each episode and moves its end on while the cause holds.

    Args:
        step: plant step [s]; an episode ends when its cause has been absent for more than two of them.
    """

    def __init__(self, step: float) -> None:
        self.step = step
        self.records: list[Intervention] = []
        self._open: dict[tuple[int, str, Kind, str], Intervention] = {}

    def note(
        self, t: float, row: int, name: str, kind: Kind, reason: str, value: float = float("nan"), to: float = float("nan"),
        *, cause: str | None = None,
    ) -> None:  # fmt: skip
        """Open a record, or prolong the open one of the same row, name, kind and cause.

        Args:
            t: now, seconds since the start of the run.
            row: plant of the batch.
            name: signal concerned.
            kind: sort of intervention.
            reason: text of the record.
            value: asked for or read, SI; NaN where there is no single one.
            to: let through, SI.
            cause: what tells episodes apart where the reason's text changes from step to step; by default the reason.
        """
        key = (row, name, kind, cause or reason)
        record = self._open.get(key)
        if record is not None and t - record.until <= 2.0 * self.step:
            record.until = t
            return
        record = Intervention(row=row, t=t, until=t, name=name, kind=kind, reason=reason, from_value=value, to_value=to)
        self._open[key] = record
        self.records.append(record)
