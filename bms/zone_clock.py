"""Wall-clock time of a zone: which instants a local time names, and when the clock is changed.

On the day daylight saving ends an hour of wall-clock time happens twice; on the day it begins one does not happen at all. Formats that
state local time without its offset (iCalendar, BACnet) need to know both.
"""

import dataclasses
import datetime as dt
import zoneinfo

import pandas as pd

from lowlift.sim.schedule_rows import ScheduleError

DAY = pd.Timedelta(days=1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Change:
    """One change of a zone's clock."""

    at: pd.Timestamp
    """Instant, in UTC."""
    before: pd.Timedelta
    """Offset from UTC until then."""
    after: pd.Timedelta
    """Offset from UTC from then on."""
    daylight: bool
    """Whether daylight saving holds from then on."""
    name: str
    """Abbreviation of the time that begins, like CEST."""

    @property
    def repeated(self) -> tuple[pd.Timestamp, pd.Timestamp] | None:
        """First and last instant [UTC] of the wall-clock times that happen twice; none if the clock goes forward."""
        width = self.before - self.after
        return (self.at - width, self.at + width) if width > pd.Timedelta(0) else None


def zone_of(name: str) -> dt.tzinfo:
    """The zone of that name in the IANA database.

    Raises:
        ScheduleError: no such zone.
    """
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ScheduleError(f"timezone = {name!r} is unknown; state one of the IANA database, like Europe/Berlin") from error


def changes(zone: dt.tzinfo, begin: pd.Timestamp, end: pd.Timestamp) -> list[Change]:
    """Changes of the clock after ``begin`` up to ``end``, found to the second."""
    result = []
    at, last = begin.tz_convert("UTC").floor("s"), end.tz_convert("UTC")
    while at < last:
        following = min(at + DAY, last)
        if _offset(zone, at) != _offset(zone, following):
            low, high = 0, round((following - at).total_seconds())
            while high - low > 1:
                middle = (low + high) // 2
                same = _offset(zone, at + pd.Timedelta(seconds=middle)) == _offset(zone, at)
                low, high = (middle, high) if same else (low, middle)
            instant = at + pd.Timedelta(seconds=high)
            result.append(change_at(zone, instant))
        at = following
    return result


def change_at(zone: dt.tzinfo, instant: pd.Timestamp) -> Change:
    """What the clock does at an instant (nothing, if the offsets are equal)."""
    local = instant.tz_convert(zone).to_pydatetime()
    return Change(
        at=instant.tz_convert("UTC"),
        before=_offset(zone, instant - pd.Timedelta(seconds=1)),
        after=_offset(zone, instant),
        daylight=bool(local.dst()),
        name=local.tzname() or "",
    )


def is_second(at: pd.Timestamp) -> bool:
    """Whether the wall clock shows this time for the second time that day."""
    return at.to_pydatetime(warn=False).fold == 1


def instant(naive: dt.datetime, zone: dt.tzinfo) -> pd.Timestamp:
    """The instant that a wall-clock time names; of two the first.

    Raises:
        ScheduleError: the clock skips that time.
    """
    exact = naive.replace(tzinfo=zone, fold=0).astimezone(dt.UTC)
    if exact.astimezone(zone).replace(tzinfo=None, fold=0) != naive.replace(fold=0):
        raise ScheduleError(f"{naive.isoformat()} does not exist in {zone}: the clock is put forward over it")
    return pd.Timestamp(exact).tz_convert(zone)


def is_ambiguous(naive: dt.datetime, zone: dt.tzinfo) -> bool:
    """Whether a wall-clock time happens twice."""
    first, second = (naive.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return first is not None and second is not None and first > second


def _offset(zone: dt.tzinfo, at: pd.Timestamp) -> pd.Timedelta:
    return pd.Timedelta(at.tz_convert(zone).to_pydatetime(warn=False).utcoffset() or dt.timedelta(0))
