"""Weather, workload and other input series with their provenance, loaders and validators.

Names are loaded when first asked for, so that importing the package costs nothing.
"""

from typing import TYPE_CHECKING

from lowlift.lazy import lazy

if TYPE_CHECKING:
    from lowlift.data.entries import Entry, catalogue
    from lowlift.data.errors import DataError, RemoteDataError, UnknownNameError
    from lowlift.data.frontier_day import frontier_like
    from lowlift.data.remote import fetch
    from lowlift.data.weather import Weather, load_epw, load_weather
    from lowlift.data.workload import Workload, load_frontier, load_workload

__all__ = [
    "DataError", "Entry", "RemoteDataError", "UnknownNameError", "Weather", "Workload", "catalogue", "fetch",
    "frontier_like", "load_epw", "load_frontier", "load_weather", "load_workload",
]  # fmt: skip

_HOME = {
    "Entry": "entries", "catalogue": "entries", "DataError": "errors", "RemoteDataError": "errors", "UnknownNameError":
    "errors", "frontier_like": "frontier_day", "fetch": "remote", "Weather": "weather", "load_epw": "weather",
    "load_weather": "weather", "Workload": "workload", "load_frontier": "workload", "load_workload": "workload",
}  # fmt: skip

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy(__name__, {name: f"{__name__}.{module}" for name, module in _HOME.items()}, __all__)
