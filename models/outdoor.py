"""Outdoor air of a weather year as a plant sees it, and the hours in which it cools without a compressor.

Wet bulb, humidity and density come from dry bulb, relative humidity and pressure of each row (EPW fields 7, 9 and 10). Free
cooling is counted by the usual screens: wet bulb for towers, dry bulb with a dew-point limit for outside air, and the outlet of a
direct evaporative cooler of given effectiveness.
"""

import dataclasses
from importlib import resources
from pathlib import Path

import numpy as np

from lowlift.data.errors import DataError
from lowlift.data.weather import Weather, load_epw
from lowlift.thermal import psychrometrics as psy
from lowlift.thermal.tower_control import MoistAir

ZERO_C = 273.15


@dataclasses.dataclass(frozen=True, kw_only=True)
class FreeCooling:
    """Hours of a year in which outdoor air alone would do, for a supply limit."""

    wet_bulb: int
    """Wet bulb at or below the limit."""
    dry_bulb: int
    """Dry bulb at or below the limit."""
    outside_air: int
    """Dry bulb at or below the limit and dew point at or below its own limit."""
    direct_evaporative: int
    """Outlet of a direct evaporative cooler at or below the limit."""


def outdoor_air(weather: Weather) -> MoistAir:
    """Wet bulb, humidity, pressure and density of every row, from dry bulb, relative humidity and pressure."""
    f = weather.frame
    T, p = f["T_db"].to_numpy(), f["p"].to_numpy()
    w = psy.humidity_ratio_from_relative_humidity(T, np.minimum(f["rh"].to_numpy(), 1.0), p)
    return MoistAir(psy.wet_bulb(T, w, p), w, p, psy.density(T, w, p))


def find_weather(name: str, folder: str | Path | None = None) -> Weather:
    """The weather whose file is called ``<name>*.epw`` or ``<name>*.epw.gz``, in ``folder`` or among the embedded files.

    Of ``Golden.epw``, ``Golden.epw.gz`` and ``Golden_West.epw`` the name ``Golden`` means the first.

    Raises:
        DataError: no such file, or more than one.
    """
    with resources.as_file(resources.files("lowlift.data") / "weather") as embedded:
        places = [embedded] if folder is None else [Path(folder), embedded]
        for place in places:
            found = sorted(p for p in place.glob(f"{name}*") if p.name.endswith((".epw", ".epw.gz")))
            # A file beside its compressed copy is one weather; a file of just this name is meant rather than longer ones.
            found = [p for p in found if p.suffix != ".gz" or p.with_suffix("") not in found]
            found = [p for p in found if p.name.removesuffix(".gz") == f"{name}.epw"] or found
            if len(found) > 1:
                raise DataError(f"{name}: {len(found)} weather files in {place}: {', '.join(p.name for p in found)}")
            if found:
                return load_epw(found[0], name=name)
    raise DataError(f"{name}: no {name}*.epw[.gz] in {', '.join(str(p) for p in places)}")


def free_cooling(weather: Weather, T_limit: float, *, T_dp_limit: float = 288.15, effectiveness: float = 0.9) -> FreeCooling:
    """Hours of free cooling below ``T_limit`` [K].

    Args:
        weather: hourly rows.
        T_limit: warmest supply that will do [K].
        T_dp_limit: most humid outside air let in, as a dew point [K]; 15 C is the recommended limit of ASHRAE TC 9.9.
        effectiveness: of the direct evaporative cooler.
    """
    air, T = outdoor_air(weather), weather.frame["T_db"].to_numpy()
    T_dp = psy.dew_point(air.w, air.p)

    def hours(condition: np.ndarray) -> int:
        return int(np.count_nonzero(condition))

    return FreeCooling(
        wet_bulb=hours(air.T_wb <= T_limit),
        dry_bulb=hours(T <= T_limit),
        outside_air=hours((T <= T_limit) & (T_dp <= T_dp_limit)),
        direct_evaporative=hours(T - effectiveness * (T - air.T_wb) <= T_limit),
    )
