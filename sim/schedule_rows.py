"""Rows of a setpoint schedule: their record, their units and what makes them unfit."""

import dataclasses
import hashlib
import itertools
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from lowlift.controllers.interface import setpoint_table
from lowlift.models.plant import SiteRecord
from lowlift.models.site import ZERO_C

DIGITS = 3
"""Decimals of limits in site units."""
RESOLUTION = {"degC": 0.01, "1": 0.001}
"""Smallest change worth a row, by site unit; for flows and pressures the decade below a thousandth of the upper limit."""
PRIORITY = 13
"""Default priority on BACnet's scale of 1 (life safety) to 16 (lowest), where operators write at 8."""
SITE_UNITS = {"K": ("degC", 1.0, ZERO_C), "Pa": ("kPa", 1e-3, 0.0), "m3/s": ("L/s", 1e3, 0.0), "W": ("kW", 1e-3, 0.0)}
"""Site unit, factor and offset of an SI unit: ``site = factor SI - offset``. Others stay as they are."""
AIR_PRESSURE = 1000.0
"""Pressures that never reach this are those of air, which sites know in Pa."""


class ScheduleError(ValueError):
    """A schedule is refused; the message names its rows (counted from one) and why."""


def unit_on_site(unit: str, high: float) -> tuple[str, float, float]:
    """Site unit, factor and offset of an SI unit, for values up to ``high``.

    >>> unit_on_site("Pa", 20.0), unit_on_site("Pa", 2e5)
    (('Pa', 1.0, 0.0), ('kPa', 0.001, 0.0))
    """
    stays = unit == "Pa" and high < AIR_PRESSURE
    return (unit, 1.0, 0.0) if stays else SITE_UNITS.get(unit, (unit, 1.0, 0.0))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One setpoint of one point over one interval ``[valid_from, valid_to)``."""

    point: str
    """Name in the plant's setpoint table."""
    unit: str
    value: float
    valid_from: pd.Timestamp
    valid_to: pd.Timestamp
    low: float
    high: float
    rate_per_min: float
    """Fastest change that the point may be given [unit/min]."""
    fallback: float
    """Value to take when the schedule ends, is refused or communication is lost."""
    priority: int = PRIORITY
    provenance: str = ""


FIELDS = tuple(f.name for f in dataclasses.fields(Row))
TIMES = ("valid_from", "valid_to")
TEXTS = ("point", "unit", "provenance")
CHECK = "check"
"""Column of the checksum of a row."""


def row_check(entry: Mapping[str, Any]) -> str:
    """First twelve hex digits of the SHA-256 over a row's record; names an edited row, the schedule's checksum proves the rest."""
    text = json.dumps(dict(entry), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Point:
    """One setpoint of a plant in site units, on the resolution of schedules."""

    name: str
    unit: str
    factor: float
    offset: float
    low: float
    high: float
    rate_per_min: float
    resolution: float
    """Smallest change worth a row [unit]; a power of ten."""

    def value(self, si: float) -> float:
        """SI to site unit, on the grid of the resolution, within limits."""
        return self._rounded(float(si) * self.factor - self.offset)

    def course(self, requests: Sequence[float], minutes: Sequence[float]) -> list[float]:
        """Values in site unit that follow requests in SI made at ``minutes``.

        A value is held until the request is a resolution away from it, and a new one is no farther than the rate limit allows for the
        time since the last change; the rest follows with the next request.
        """
        held, since = self.value(requests[0]), minutes[0]
        result = [held]
        for request, now in zip(requests[1:], minutes[1:], strict=True):
            change = float(request) * self.factor - self.offset - held
            if abs(change) >= self.resolution * (1.0 - 1e-9):
                reach = self.rate_per_min * (now - since)
                if abs(change) > reach:
                    # Rounded towards the value held, so that rounding does not break the limit.
                    steps = math.floor(reach / self.resolution + 1e-9)
                    change = math.copysign(steps * self.resolution, change)
                moved = self._rounded(held + change)
                if abs(moved - held) <= reach + 1e-9 and moved != held:
                    held, since = moved, now
            result.append(held)
        return result

    def _rounded(self, value: float) -> float:
        # The limits themselves may lie between two grid points: a request for full flow gets it.
        near = 0.5 * self.resolution
        if value <= self.low + near or value >= self.high - near:
            return self.low if value <= self.low + near else self.high
        return round(value, -round(math.log10(self.resolution)))


def points(site: SiteRecord) -> list[Point]:
    """All setpoints of a site, in the order of its setpoint table; limits rounded inwards."""
    result, grain = [], 10**DIGITS
    for s in setpoint_table(site).signals:
        unit, factor, offset = unit_on_site(s.unit, s.high)
        low, high = ((bound * factor - offset) * grain for bound in (s.low, s.high))
        fine = RESOLUTION.get(unit) or 10.0 ** math.floor(math.log10(1e-3 * high / grain))
        for name in s.components():
            result.append(
                Point(
                    name=name,
                    unit=unit,
                    factor=factor,
                    offset=offset,
                    low=math.ceil(round(low, 6)) / grain,
                    high=math.floor(round(high, 6)) / grain,
                    rate_per_min=round(s.rate * 60.0 * factor, 6),
                    resolution=fine,
                )
            )
    return result


def faults(row: Row) -> list[str]:
    """Say what makes a row unfit, on its own."""
    numbers = {name: getattr(row, name) for name in ("value", "low", "high", "rate_per_min", "fallback")}
    bad = [f"{row.point} {name} is not a number" for name, v in numbers.items() if not math.isfinite(v)]
    if bad:
        return bad
    if not row.low <= row.value <= row.high:
        bad.append(f"{row.point} = {row.value:g} {row.unit}: outside {row.low:g} to {row.high:g}")
    if not row.low <= row.fallback <= row.high:
        bad.append(f"{row.point} fallback = {row.fallback:g} {row.unit}: outside {row.low:g} to {row.high:g}")
    if row.valid_from.tz is None or row.valid_to.tz is None:
        return [*bad, f"{row.point}: times need an offset from UTC"]
    if row.valid_to <= row.valid_from:
        bad.append(f"{row.point}: ends at {row.valid_to.isoformat()}, not after its start")
    if not 1 <= row.priority <= 16:
        bad.append(f"{row.point} priority = {row.priority}: must be 1 to 16")
    return bad


def overlaps(rows: Sequence[Row]) -> list[str]:
    """Name pairs of rows that give one point two values at a time."""
    order = sorted(enumerate(rows, 1), key=lambda item: (item[1].point, item[1].valid_from))
    latest: tuple[int, Row] | None = None
    found = []
    for k, row in order:
        if latest is not None and latest[1].point == row.point:
            if row.valid_from < latest[1].valid_to:
                found.append(f"rows {latest[0]} and {k}: {row.point} overlaps from {row.valid_from.isoformat()}")
            if row.valid_to < latest[1].valid_to:
                continue
        latest = (k, row)
    return found


def hasty(rows: Sequence[Row]) -> list[str]:
    """Name rows that change a point faster than its rate limit, measured from the start of one row to the start of the next."""
    order = sorted(enumerate(rows, 1), key=lambda item: (item[1].point, item[1].valid_from))
    found = []
    for (_, before), (k, row) in itertools.pairwise(order):
        if row.point != before.point or row.valid_from != before.valid_to:
            # The first row of a point, or one after a gap in which the fallback value holds.
            continue
        minutes = (row.valid_from - before.valid_from).total_seconds() / 60.0
        rate, limit = abs(row.value - before.value) / minutes, min(row.rate_per_min, before.rate_per_min)
        if rate > limit * (1.0 + 1e-9) + 1e-9:
            change = f"goes from {before.value:g} to {row.value:g} {row.unit} within {minutes:g} min"
            found.append(f"row {k}: {row.point} {change}: {rate:.4g} {row.unit}/min; its limit is {limit:g}")
    return found


def strangers(rows: Sequence[Row], site: SiteRecord) -> list[str]:
    """Name rows whose point, unit or limits are not those of the site, or that allow themselves faster changes."""
    known = {p.name: p for p in points(site)}
    bad = []
    for k, row in enumerate(rows, 1):
        if row.point not in known:
            bad.append(f"row {k}: {site.name} has no point {row.point!r}")
            continue
        p = known[row.point]
        if (row.unit, row.low, row.high) != (p.unit, p.low, p.high):
            bad.append(f"row {k}: {row.point} must state the limits {p.low:g} to {p.high:g} {p.unit}")
        if row.rate_per_min > p.rate_per_min * (1.0 + 1e-9):
            stated = f"row {k}: {row.point} states a rate limit of {row.rate_per_min:g} {p.unit}/min"
            bad.append(f"{stated}; that of the site is {p.rate_per_min:g}")
    return bad
