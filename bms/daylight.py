"""Schedules that a clock with daylight saving can carry out: values held while an hour repeats."""

import dataclasses

import pandas as pd

from lowlift.bms.zone_clock import changes, zone_of
from lowlift.sim.schedule import Schedule
from lowlift.sim.schedule_rows import Row

HELD = "held while the clock repeats an hour"


def held_over(schedule: Schedule, clock: str | None = None) -> Schedule:
    """The schedule with no change from the start of the first pass of a repeated hour to the end of the second.

    What a point holds when the hour begins for the first time it holds for both passes: a row is prolonged over them, or the fallback value
    lasts to their end. Rows that begin within are cut or left out. The result is a schedule of its own, with its own checksum: look at the
    difference and approve it; a step after the hour may then be too fast and be refused.

    Args:
        schedule: the schedule.
        clock: zone of the clock; the schedule's if none.
    """
    if not schedule.rows:
        return schedule
    zone = zone_of(schedule.timezone if clock is None else clock)
    rows = list(schedule.rows)
    around = (schedule.valid_from - pd.Timedelta(days=1), schedule.valid_to + pd.Timedelta(days=1))
    for change in changes(zone, *around):
        if change.repeated is not None:
            rows = [kept for row in rows if (kept := _kept(row, *change.repeated)) is not None]
    return dataclasses.replace(schedule, rows=tuple(rows))


def _kept(row: Row, begin: pd.Timestamp, end: pd.Timestamp) -> Row | None:
    if row.valid_from <= begin < row.valid_to < end:
        return dataclasses.replace(row, valid_to=end.tz_convert(row.valid_to.tz), provenance=f"{row.provenance}; {HELD}")
    if begin < row.valid_from < end:
        return None if row.valid_to <= end else dataclasses.replace(row, valid_from=end.tz_convert(row.valid_from.tz))
    return row
