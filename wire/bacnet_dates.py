"""Dates, times and their patterns, as schedules and recipient lists state them (ASHRAE 135, 20.2.12, 20.2.13 and clause 21)."""

import datetime
from typing import Any

from bacpypes3.local.schedule import match_date, match_weeknday

ANY = 255
"""Of a field: not stated."""
TIME_MAX = (23, 59, 59, 99)
"""Hour, minute, second, hundredth."""
MONTH_MAX, DAY_MAX, WEEKDAY_MAX, WEEK_MAX = 14, 34, 7, 9
"""Largest codes: odd and even months follow December, the last, odd and even days the 31st, weeks from the end those from the begin."""


def is_time(time: Any, *, wild: bool = False) -> bool:
    """Whether a time is one of a day.

    Args:
        time: hour, minute, second, hundredth.
        wild: whether fields may be left open.
    """
    return all(0 <= field <= most or (wild and field == ANY) for field, most in zip(time, TIME_MAX, strict=True))


def first_moment(time: Any) -> tuple[int, ...]:
    """The earliest time that a pattern means."""
    return tuple(0 if field == ANY else int(field) for field in time)


def last_moment(time: Any) -> tuple[int, ...]:
    """The latest time that a pattern means."""
    return tuple(most if field == ANY else int(field) for field, most in zip(time, TIME_MAX, strict=True))


def is_period(period: Any) -> bool:
    """Whether a range of dates is one: both ends are days of the calendar, or left open altogether."""
    return all(_is_day_or_any(date) for date in (period.startDate, period.endDate))


def within(date: Any, period: Any) -> bool:
    """Whether a day belongs to a range."""
    start, end = tuple(period.startDate[:3]), tuple(period.endDate[:3])
    return (start[0] == ANY or start <= tuple(date[:3])) and (end[0] == ANY or tuple(date[:3]) <= end)


def is_entry(entry: Any) -> bool:
    """Whether a calendar entry states days: a pattern of dates, a range, or a pattern of weeks and weekdays."""
    if entry.dateRange is not None:
        return is_period(entry.dateRange)
    if entry.date is not None:
        _, month, day, weekday = entry.date
        return _is_code(month, MONTH_MAX) and _is_code(day, DAY_MAX) and _is_code(weekday, WEEKDAY_MAX)
    said = entry.weekNDay
    return said is not None and len(said) == 3 and all(map(_is_code, said, (MONTH_MAX, WEEK_MAX, WEEKDAY_MAX)))


def on(date: Any, entry: Any) -> bool:
    """Whether a day is among those of a calendar entry."""
    if entry.dateRange is not None:
        return within(date, entry.dateRange)
    return bool(match_date(date, entry.date) if entry.date is not None else match_weeknday(date, entry.weekNDay))


def _is_code(field: int, most: int) -> bool:
    return 1 <= field <= most or field == ANY


def _is_day_or_any(date: Any) -> bool:
    year, month, day, _ = date
    if (year, month, day) == (ANY, ANY, ANY):
        return True
    try:
        datetime.date(1900 + year, month, day)
    except ValueError:
        return False
    return bool(year != ANY)
