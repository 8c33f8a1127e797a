"""What changes from one schedule to another: rows added, removed and changed, and what it amounts to at every point."""

import dataclasses
import itertools
from collections.abc import Sequence

import pandas as pd

from lowlift.sim.schedule import Schedule
from lowlift.sim.schedule_rows import FIELDS, Row, ScheduleError

SHOWN = tuple(name for name in FIELDS if name not in ("point", "valid_from"))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Changed:
    """A row of the same point and start in both schedules that says something else."""

    before: Row
    after: Row
    fields: tuple[str, ...]
    """Names of what differs."""

    @property
    def by(self) -> float:
        """New value minus old one [unit of the row]."""
        return round(self.after.value - self.before.value, 9)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Effect:
    """What a point is told otherwise, over the time that both schedules cover."""

    point: str
    unit: str
    hours: float
    """Time with another value [h]."""
    mean: float
    """Mean of new minus old value over that time [unit]."""
    largest: float
    """The largest of them, with its sign [unit]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Difference:
    """Two schedules side by side; rows are matched by point and start."""

    before: Schedule
    after: Schedule
    added: tuple[Row, ...]
    removed: tuple[Row, ...]
    changed: tuple[Changed, ...]
    effects: tuple[Effect, ...]

    @property
    def same(self) -> bool:
        """Whether no row differs; heads may."""
        return not (self.added or self.removed or self.changed)

    def text(self) -> str:
        """For a terminal: one line a row, then one a point."""
        a, b = self.before, self.after
        lines = [f"{_head(a)} -> {_head(b)}"]
        lines += [f"- {_row(row)}" for row in self.removed]
        lines += [f"+ {_row(row)}" for row in self.added]
        for c in self.changed:
            details = ", ".join(_field(c, name) for name in c.fields)
            lines.append(f"~ {c.after.point} from {c.after.valid_from.isoformat()}: {details}")
        for e in self.effects:
            lines.append(
                f"  {e.point}: other values for {e.hours:.2f} h, by {e.mean:+.3g} {e.unit} on average, at most {e.largest:+.3g} {e.unit}"
            )
        counts = f"{len(self.added)} added, {len(self.removed)} removed, {len(self.changed)} changed"
        return "\n".join([*lines, "no row differs" if self.same else counts])


def compare_schedules(before: Schedule, after: Schedule) -> Difference:
    """Compare two schedules of one site.

    Raises:
        ScheduleError: they are for different sites, or a point changes its unit.
    """
    if before.site != after.site:
        raise ScheduleError(f"schedules are for {before.site} and for {after.site}: nothing to compare")
    old, new = ({(r.point, r.valid_from): r for r in s.rows} for s in (before, after))
    units = {r.point: r.unit for r in before.rows}
    for row in after.rows:
        if units.get(row.point, row.unit) != row.unit:
            raise ScheduleError(f"{row.point} is in {units[row.point]} in one schedule and in {row.unit} in the other")
    pairs = [(row, new[key]) for key, row in old.items() if key in new]
    differing = [(a, b, tuple(n for n in SHOWN if getattr(a, n) != getattr(b, n))) for a, b in pairs]
    return Difference(
        before=before,
        after=after,
        added=tuple(row for key, row in new.items() if key not in old),
        removed=tuple(row for key, row in old.items() if key not in new),
        changed=tuple(Changed(before=a, after=b, fields=fields) for a, b, fields in differing if fields),
        effects=tuple(e for point in units if (e := _effect(point, before.rows, after.rows)) is not None),
    )


def value_at(rows: Sequence[Row], at: pd.Timestamp) -> float | None:
    """What rows of one point say at an instant; none in a gap."""
    return next((r.value for r in rows if r.valid_from <= at < r.valid_to), None)


def _effect(point: str, before: Sequence[Row], after: Sequence[Row]) -> Effect | None:
    old, new = ([r for r in rows if r.point == point] for rows in (before, after))
    edges = sorted({at for r in (*old, *new) for at in (r.valid_from, r.valid_to)})
    spans = []
    for a, b in itertools.pairwise(edges):
        was, will = value_at(old, a), value_at(new, a)
        if was is not None and will is not None and was != will:
            spans.append((will - was, (b - a).total_seconds() / 3600.0))
    if not spans:
        return None
    hours = sum(h for _, h in spans)
    return Effect(
        point=point, unit=old[0].unit, hours=hours, mean=sum(d * h for d, h in spans) / hours, largest=max((d for d, _ in spans), key=abs)
    )


def _head(schedule: Schedule) -> str:
    return f"{schedule.controller or schedule.site} of {schedule.created.isoformat()} ({schedule.checksum[:12]})"


def _row(row: Row) -> str:
    return f"{row.point} = {row.value:g} {row.unit} from {row.valid_from.isoformat()} to {row.valid_to.isoformat()}"


def _field(c: Changed, name: str) -> str:
    a, b = getattr(c.before, name), getattr(c.after, name)
    if isinstance(a, pd.Timestamp):
        minutes = (b - a).total_seconds() / 60.0
        return f"ends {b.isoformat()} ({minutes:+g} min)"
    if isinstance(a, float):
        unit = c.after.unit if name != "rate_per_min" else f"{c.after.unit}/min"
        label = "" if name == "value" else f"{name} "
        return f"{label}{a:g} -> {b:g} {unit} ({b - a:+g})"
    return f"{name} {a} -> {b}"
