"""Where, when and under what a run takes place, in fields: what reports, axes and captions are worded from."""

import dataclasses

import pandas as pd

from lowlift.data import Weather, Workload
from lowlift.data.weather import EMBEDDED, REMOTE

DRY_BULB_ABOVE_WET = 5.0
"""Dry bulb assumed above a wet bulb that comes alone [K] (guess); it sets evaporation only."""
MEASURED_AT = {"frontier": "Oak Ridge, Tennessee"}
"""Where a load was measured that brings its own wet bulb."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Setting:
    """Place, clock, weather and load of a scenario."""

    site: str
    """Name of the plant."""
    place: str
    """Where the weather is, as one says it; empty if it is nowhere in particular."""
    zone: str
    """Time zone of the clock, ``America/New_York`` or ``Etc/GMT+7``."""
    weather: str
    """Source of the weather; empty where the load brings its wet bulb."""
    workload: str
    """Name of the load that is played."""
    load: str
    """The load in words."""
    measured: bool
    """Whether the load is a measured one."""
    dry_bulb_assumed: bool
    """Whether the dry bulb is not data but taken :data:`DRY_BULB_ABOVE_WET` above the wet bulb."""


def setting_of(site: str, load: Workload, series: Weather | None, start: pd.Timestamp) -> Setting:
    """The setting of a load under a weather series, or under the wet bulb that it brings."""
    if series is None:
        place = MEASURED_AT.get(load.name, "") if load.measured else ""
    else:
        # A catalogue name is a town's; a file is called as its owner calls it.
        place = spoken(series.name).title() if series.name in EMBEDDED or series.name in REMOTE else series.name
    words = load.provenance if load.measured else load.provenance.removeprefix("generated: ").replace(load.name, spoken(load.name))
    return Setting(
        site=site, place=place, zone=str(start.tz), weather="" if series is None else series.source, workload=load.name, load=words,
        measured=load.measured, dry_bulb_assumed=series is None,
    )  # fmt: skip


def spoken(name: str) -> str:
    """A catalogue name as one says it.

    >>> spoken("llm_training")
    'llm training'
    """
    return name.replace("_", " ")
