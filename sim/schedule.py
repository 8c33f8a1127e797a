"""Setpoint schedules: what a building management system shall hold, from when to when, within which limits.

A schedule is a table of rows in site units (degC, kPa, L/s) with limits, rate limit, fallback value, priority
and provenance. It travels as CSV or JSON with a SHA-256 checksum over its contents and a short one on every row, so that an edit is found
and named; reading one refuses rows outside their limits, overlaps, changes beyond rate limits, periods in the past and any edit. The
checksum shows edits, not authorship: it is no signature. Between two rows of a point, and after its last, the fallback value holds.
Other formats are in :mod:`lowlift.bms`.

Times are instants, written as ISO 8601 with offset in the site's zone, so that the hour that daylight saving
repeats stays unambiguous and the one it skips cannot be named.
"""

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lowlift.controllers.envelope import fail_safe
from lowlift.controllers.interface import Decision, setpoint_table
from lowlift.controllers.operation import operation_of
from lowlift.models.plant import SiteRecord
from lowlift.sim.files import write_text
from lowlift.sim.schedule_rows import (
    CHECK,
    FIELDS,
    PRIORITY,
    TIMES,
    Row,
    ScheduleError,
    faults,
    hasty,
    overlaps,
    points,
    row_check,
    strangers,
)
from lowlift.sim.schedule_text import csv_text, json_text, read_record, read_row, read_time
from lowlift.sim.trajectory import Trajectory

FORMAT = "lowlift-schedule/3"
NAMED = 20
"""Rows that an error names before it only counts."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Schedule:
    """A set of rows and where it comes from."""

    site: str
    scenario: str
    controller: str
    timezone: str
    simulated: bool
    """Made from a simulated period: a record, never to be written to a plant; may lie in the past."""
    created: pd.Timestamp
    """When it was made, to the second."""
    rows: tuple[Row, ...]

    @property
    def valid_from(self) -> pd.Timestamp:
        """Begin of the first row."""
        return min(row.valid_from for row in self.rows)

    @property
    def valid_to(self) -> pd.Timestamp:
        """End of the last row."""
        return max(row.valid_to for row in self.rows)

    @property
    def checksum(self) -> str:
        """SHA-256 over the canonical serialisation."""
        text = json.dumps(self.record(), sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def check(self, now: pd.Timestamp | None = None, site: SiteRecord | None = None) -> None:
        """Check every row.

        Args:
            now: present instant; the clock if none. Simulated schedules may lie in the past.
            site: if given, names, units and limits must also be those of its setpoint table.

        Raises:
            ScheduleError: all rows at fault, with the reason.
        """
        bad = [f"row {k}: {reason}" for k, row in enumerate(self.rows, 1) for reason in faults(row)]
        if not bad:
            bad = overlaps(self.rows) or hasty(self.rows)
            bad += [] if self.simulated else self._past(pd.Timestamp.now(tz="UTC") if now is None else now)
        if site is not None:
            bad += [] if self.site == site.name else [f"made for {self.site}, not for {site.name}"]
            bad += strangers(self.rows, site)
        if not self.rows:
            bad = ["no rows"]
        if bad:
            more = f" (and {len(bad) - NAMED} more)" if len(bad) > NAMED else ""
            raise ScheduleError(f"schedule for {self.site} refused: " + "; ".join(bad[:NAMED]) + more)

    def _past(self, now: pd.Timestamp) -> list[str]:
        return [
            f"row {k}: {row.point} ends {row.valid_to.isoformat()}, in the past"
            for k, row in enumerate(self.rows, 1)
            if row.valid_to <= now
        ]

    def export(self, path: str | Path, now: pd.Timestamp | None = None) -> Path:
        """Write CSV or JSON, by the file's suffix; see :meth:`export_csv`.

        Raises:
            ScheduleError: a row is at fault, or the suffix is neither.
        """
        suffix = Path(path).suffix.lower()
        if suffix == ".csv":
            return self.export_csv(path, now)
        if suffix == ".json":
            return self.export_json(path, now)
        raise ScheduleError(f"{path}: schedules are written as .csv or .json")

    def export_csv(self, path: str | Path, now: pd.Timestamp | None = None) -> Path:
        """Check and write as CSV with a commented head."""
        self.check(now)
        return write_text(path, csv_text(self.sealed()))

    def export_json(self, path: str | Path, now: pd.Timestamp | None = None) -> Path:
        """Check and write as JSON."""
        self.check(now)
        return write_text(path, json_text(self.sealed()))

    def frame(self) -> pd.DataFrame:
        """Return the rows as a table."""
        return pd.DataFrame([dataclasses.asdict(row) for row in self.rows], columns=list(FIELDS))

    def record(self) -> dict[str, Any]:
        """Head entries and ``rows``, in plain JSON types; what the checksum is taken over."""
        rows = []
        for row in self.rows:
            entry = {name: getattr(row, name) for name in FIELDS}
            rows.append(entry | {name: entry[name].isoformat() for name in TIMES})
        head = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "rows"}
        span = {name: getattr(self, name).isoformat() if rows else "" for name in TIMES}
        return {"format": FORMAT, **head, "created": self.created.isoformat(), **span, "rows": rows}

    def sealed(self) -> dict[str, Any]:
        """The record with its checksums: one on every row, one over all."""
        record = self.record()
        rows = [row | {CHECK: row_check(row)} for row in record.pop("rows")]
        return record | {"checksum": f"sha256:{self.checksum}", "rows": rows}


def schedule_from(
    source: Trajectory | Sequence[tuple[pd.Timestamp, Decision]],
    site: SiteRecord | None = None,
    period: tuple[pd.Timestamp, pd.Timestamp] | None = None,
    *,
    simulated: bool = True,
    controller: str = "",
    priority: int = PRIORITY,
    created: pd.Timestamp | None = None,
) -> Schedule:
    """Setpoint schedule of a run or of decisions; consecutive equal values of a point make one row.

    Values are what the controller asked for, on the resolution of the point, within the limits and rates of the
    setpoint table. Fallback values are the fail-safe setpoints of the safety envelope.

    Args:
        source: a run, or decisions with their instants.
        site: the site; a run brings its own.
        period: first and last instant, zone-aware; for a run its scored period, for decisions needed.
        simulated: whether the period was simulated rather than lies ahead.
        controller: who decided; a run says so itself.
        priority: priority of all rows.
        created: when it was made; now if none.

    Raises:
        ScheduleError: nothing to schedule.
    """
    scenario = ""
    if isinstance(source, Trajectory):
        site, scenario, controller = source.site, source.scenario, source.controller
        if period is None:
            end = pd.Timestamp(source.frame.index[-1]) + pd.Timedelta(seconds=source.step)
            period = (pd.Timestamp(source.scored.index[0]), end)
        decisions = [(source.time(t), decision) for t, decision in source.decisions]
    else:
        decisions = list(source)
    if site is None or period is None:
        raise ScheduleError("a schedule from decisions needs their site and period")
    begin, end = period
    before = [k for k, (at, _) in enumerate(decisions) if at <= begin]
    kept = decisions[before[-1] if before else 0 :]
    kept = [(max(at, begin), decision) for at, decision in kept if at < end]
    if not kept:
        raise ScheduleError(f"no decisions between {begin.isoformat()} and {end.isoformat()}")
    table = setpoint_table(site)
    packed = np.clip(np.stack([d.setpoints[0] for _, d in kept]), table.low, table.high)
    safe = _fail_safe(site)
    zone, edges = begin.tz, [*(at for at, _ in kept), end]
    minutes = [(at - begin).total_seconds() / 60.0 for at, _ in kept]
    rows = []
    for j, p in enumerate(points(site)):
        values = p.course(packed[:, j], minutes)
        starts = [0, *(k for k in range(1, len(values)) if values[k] != values[k - 1])]
        for k, following in zip(starts, [*starts[1:], len(values)], strict=True):
            rows.append(
                Row(
                    point=p.name,
                    unit=p.unit,
                    value=values[k],
                    valid_from=edges[k].tz_convert(zone),
                    valid_to=edges[following].tz_convert(zone),
                    low=p.low,
                    high=p.high,
                    rate_per_min=p.rate_per_min,
                    fallback=p.value(safe[j]),
                    priority=priority,
                    provenance=f"{controller}: {kept[k][1].status.value}",
                )
            )
    return Schedule(
        site=site.name,
        scenario=scenario,
        controller=controller,
        timezone=str(zone),
        simulated=simulated,
        created=(pd.Timestamp.now(tz="UTC") if created is None else created.tz_convert("UTC")).floor("s"),
        rows=tuple(rows),
    )


def import_schedule(path: str | Path, site: SiteRecord | None = None, now: pd.Timestamp | None = None) -> Schedule:
    """Read and check a schedule written by :meth:`Schedule.export`.

    Raises:
        ScheduleError: unreadable, edited, or a row at fault.
    """
    return schedule_of(read_record(path), path, site, now)


def schedule_of(record: dict[str, Any], source: str | Path, site: SiteRecord | None = None, now: pd.Timestamp | None = None) -> Schedule:
    """The checked schedule of a sealed record, as any format gives it back: numbers and times may be text.

    Args:
        record: what :meth:`Schedule.sealed` made.
        source: file or device, for messages.
        site: if given, names, units and limits must be those of its setpoint table.
        now: present instant; the clock if none.

    Raises:
        ScheduleError: incomplete, edited, or a row at fault.
    """
    record = dict(record)
    if record.pop("format", None) != FORMAT:
        raise ScheduleError(f"{source}: not a schedule of this version ({FORMAT})")
    stated = str(record.pop("checksum", "")).removeprefix("sha256:")
    zone = record.get("timezone", "UTC")
    listed = record.pop("rows", None)
    if not isinstance(listed, list):
        raise ScheduleError(f"{source}: has no list of rows")
    rows = tuple(read_row(source, k, row, zone) for k, row in enumerate(listed, 1))
    span = {name: record.pop(name, None) for name in TIMES}
    wanted = {f.name: bool if f.name == "simulated" else str for f in dataclasses.fields(Schedule)}
    del wanted["rows"]
    if {name: type(value) for name, value in record.items()} != wanted or None in span.values():
        raise ScheduleError(f"{source}: head is incomplete or has unknown entries: {sorted(record)}")
    schedule = Schedule(rows=rows, **record | {"created": read_time(source, "created", record["created"])})
    found = schedule.record()
    edited = [k for k, (row, seal) in enumerate(zip(found["rows"], listed, strict=True), 1) if row_check(row) != seal[CHECK]]
    if edited:
        named = ", ".join(f"row {k} ({rows[k - 1].point})" for k in edited[:NAMED])
        more = f" and {len(edited) - NAMED} more" if len(edited) > NAMED else ""
        raise ScheduleError(f"{source}: {named}{more}: edited after export, refused: the checksum does not belong to what stands there")
    if schedule.checksum != stated or any(found[name] != span[name] for name in TIMES):
        raise ScheduleError(
            f"{source}: the checksum does not belong to this schedule: its head was edited after export, or whole rows were added, "
            "taken out or moved; refused"
        )
    schedule.check(now, site)
    return schedule


def _fail_safe(site: SiteRecord) -> np.ndarray:
    rules = operation_of(site).safety(site)
    safe: np.ndarray = fail_safe(setpoint_table(site), rules, np.full((1, 1), rules.T_dew))[0]
    return safe
