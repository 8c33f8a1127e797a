"""A run's place, period, weather and load in words, for page heads, axes and captions."""

import math
import re

import pandas as pd

from lowlift.controllers.interface import measurement_table, setpoint_table
from lowlift.models.plant import SiteRecord
from lowlift.sim.schedule_rows import unit_on_site
from lowlift.sim.setting import DRY_BULB_ABOVE_WET
from lowlift.sim.trajectory import Trajectory

QUANTITIES = {"K": "temperature", "Pa": "pressure", "m3/s": "flow", "kg/s": "flow", "1": "ratio"}


def site_unit(unit: str, high: float = math.inf) -> tuple[str, str, float, float]:
    """Quantity, unit on site, factor and offset of an SI unit, for values up to ``high``: ``site = factor SI - offset``.

    >>> site_unit("1")
    ('ratio', '%', 100.0, 0.0)
    """
    shown, factor, offset = ("%", 100.0, 0.0) if unit == "1" else unit_on_site(unit, high)
    return QUANTITIES.get(unit, "value"), shown.replace("degC", "°C"), factor, offset


def signal_words(site: SiteRecord, name: str) -> tuple[str, str]:
    """What a signal is called, and its SI unit: ``T_supply_set[1]`` is the secondary supply temperature of group 1."""
    for table in (setpoint_table(site), measurement_table(site)):
        for s in table.signals:
            for k, component in enumerate(s.components(), 1):
                if component == name:
                    of = f" of {'CDU' if s.per == 'cdu' else s.per} {k}" if s.size > 1 else ""
                    return f"{s.doc}{of}", s.unit
    return name.replace("_", " "), ""


def zone(index: pd.DatetimeIndex) -> str:
    """Name of the time zone; fixed offsets as one says them.

    >>> zone(pd.DatetimeIndex(["2023-07-04"], tz="Etc/GMT+7"))
    'UTC-7'
    >>> zone(pd.DatetimeIndex(["2023-07-04"], tz="America/Phoenix"))
    'America/Phoenix'
    """
    name = str(index.tz)
    fixed = re.fullmatch(r"Etc/GMT([+-])(\d+)", name)
    if fixed is None:
        return name
    # POSIX counts westwards.
    return f"UTC{'-' if fixed[1] == '+' else '+'}{fixed[2]}"


def period(index: pd.DatetimeIndex) -> str:
    """Days that a run covers.

    >>> period(pd.date_range("2023-07-04", periods=48, freq="h"))
    '4 to 5 July 2023'
    >>> period(pd.date_range("2023-07-31", periods=30, freq="h"))
    '31 July to 1 August 2023'
    """
    first, last = index[0], index[-1]
    end = f"{last.day} {last:%B %Y}"
    if first.date() == last.date():
        return end
    if first.year != last.year:
        return f"{first.day} {first:%B %Y} to {end}"
    return f"{first.day} to {end}" if first.month == last.month else f"{first.day} {first:%B} to {end}"


def days(number: float) -> str:
    """Name a number of days: ``1 day``, ``2 days``, ``6 hours``."""
    if number < 1.0:
        return f"{24.0 * number:.3g} hours"
    return "1 day" if number == 1.0 else f"{number:.3g} days"


def dry_bulb_assumed(run: Trajectory) -> bool:
    """Whether the dry bulb is not data but assumed from the wet bulb."""
    return run.setting is not None and run.setting.dry_bulb_assumed


def lead(run: Trajectory) -> str:
    """One sentence: place, period, zone, load, weather, and what of it is measured, generated or assumed."""
    index = pd.DatetimeIndex(run.scored.index)
    when = f"{period(index)} ({days(run.days)}, local time {zone(index)})"
    s = run.setting
    if s is None:
        return f"{when}, {'measured' if run.measured else 'generated'} load; weather not stated."
    where = f"{s.place}, " if s.place else ""
    weather = f"weather of {s.weather}" if s.weather else "wet bulb from the trace"
    assumed = f"; dry bulb assumed {DRY_BULB_ABOVE_WET:g} K above it" if s.dry_bulb_assumed else ""
    return f"{where}{when}, {'measured' if s.measured else 'generated'} load: {s.load}; {weather}{assumed}."
