"""Schedules for tests: two points of the GB200 hall over a stretch of time, a row every half hour."""

import dataclasses
import itertools

import pandas as pd

from lowlift.models.site import load_site
from lowlift.sim.schedule import Schedule
from lowlift.sim.schedule_rows import Row, points

SITE = load_site("gb200_hall")
POINTS = {p.name: p for p in points(SITE)}
MADE = pd.Timestamp("2030-01-01 12:00", tz="UTC")
AUTUMN = {"Europe/Berlin": "2030-10-27", "America/Chicago": "2030-11-03"}
"""Days on which an hour repeats."""
SPRING = {"Europe/Berlin": "2030-03-31", "America/Chicago": "2030-03-10"}
"""Days on which an hour is skipped."""
STEADY = {"UTC": "2030-07-04", "America/Phoenix": "2030-07-04", "Asia/Kathmandu": "2030-07-04"}


def row(point: str, begin: pd.Timestamp, end: pd.Timestamp, value: float, **changes: object) -> Row:
    p = POINTS[point]
    safe = p.low if p.unit == "degC" else p.high
    entries: dict[str, object] = dict(point=point, unit=p.unit, value=value, valid_from=begin, valid_to=end, low=p.low, high=p.high,
                                      rate_per_min=p.rate_per_min, fallback=safe, provenance="MPC: optimal")  # fmt: skip
    return Row(**entries | changes)  # type: ignore[arg-type]


def schedule(zone: str = "Europe/Berlin", day: str = "2030-07-04", *, minutes: int = 30, quiet: bool = False) -> Schedule:
    """One local day. ``quiet``: nothing changes while an hour repeats. The second point has a gap."""
    begin = pd.Timestamp(day, tz=zone)
    end = begin + pd.DateOffset(days=1)
    edges = list(pd.date_range(begin, end, freq=f"{minutes}min"))
    if quiet:
        edges = [t for t in edges if not (t.to_pydatetime().fold or (t + pd.Timedelta(hours=1)).to_pydatetime().fold)
                 or t + pd.Timedelta(0) == _first_of_repeat(edges)]  # fmt: skip
    rows = []
    for k, (a, b) in enumerate(itertools.pairwise(edges)):
        rows.append(row("T_supply_set[1]", a, b, round(30.0 + 0.25 * (k % 5), 3), provenance=f"MPC: plan {k}, a;b \\ \u00b5"))
    third = len(edges) // 3
    rows.append(row("m_cw_set", edges[0], edges[third], 150.5))
    rows.append(row("m_cw_set", edges[-3], edges[-1], 160.1))
    return Schedule(site=SITE.name, scenario="a, test", controller="MPC", timezone=zone, simulated=False, created=MADE, rows=tuple(rows))


def _first_of_repeat(edges: list[pd.Timestamp]) -> pd.Timestamp | None:
    return next((t for t in edges if (t + pd.Timedelta(hours=1)).to_pydatetime().fold), None)


def altered(made: Schedule, k: int, **changes: object) -> Schedule:
    """The schedule with row ``k`` (from zero) changed."""
    rows = list(made.rows)
    rows[k] = dataclasses.replace(rows[k], **changes)  # type: ignore[arg-type]
    return dataclasses.replace(made, rows=tuple(rows))
