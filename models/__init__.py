"""Assembled plants, their integrators and their reduced prediction models.

>>> import lowlift as ll
>>> ll.models.site_names()
['air_hall', 'chiller_plant', 'frontier', 'gb200_hall', 'hybrid_hall']
"""

from pathlib import Path
from typing import TYPE_CHECKING

from lowlift.lazy import lazy

if TYPE_CHECKING:
    from lowlift.models.air_hall import AirHall
    from lowlift.models.course import Course, Leg
    from lowlift.models.design import DesignError, design_report
    from lowlift.models.implicit import ImplicitStepper
    from lowlift.models.linear import LinearModel
    from lowlift.models.liquid_design import design_disturbances, full_actuators
    from lowlift.models.liquid_hall import LiquidHall
    from lowlift.models.plant import Plant, SiteRecord, SteadyStateError
    from lowlift.models.schema import SiteError
    from lowlift.models.sheet import PlantSheet
    from lowlift.models.signals import SignalInfo, SignalVector
    from lowlift.models.site import Site, load_site, site_names
    from lowlift.models.step import Integrator

__all__ = [
    "AirHall", "Course", "DesignError", "ImplicitStepper", "Integrator", "Leg", "LinearModel", "LiquidHall", "Plant", "PlantSheet",
    "SignalInfo", "SignalVector", "Site", "SiteError", "SiteRecord", "SteadyStateError", "design_disturbances", "design_report",
    "full_actuators", "load", "load_site", "site_names",
]  # fmt: skip

_HOME = {
    "AirHall": "air_hall", "Course": "course", "Leg": "course", "ImplicitStepper": "implicit",
    "DesignError": "design", "design_report": "design", "design_disturbances": "liquid_design", "full_actuators": "liquid_design",
    "LinearModel": "linear", "LiquidHall": "liquid_hall", "Plant": "plant", "PlantSheet": "sheet", "SiteRecord": "plant",
    "SteadyStateError": "plant", "SiteError": "schema", "SignalInfo": "signals",
    "SignalVector": "signals", "Site": "site", "load_site": "site", "site_names": "site", "Integrator": "step",
}  # fmt: skip

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy(__name__, {name: f"{__name__}.{module}" for name, module in _HOME.items()}, __all__)


def load(name_or_path: str | Path, *, check: bool = True) -> "Plant":
    """A plant by packaged site name or from a site file, of the kind that the site names.

    Args:
        name_or_path: for example ``"gb200_hall"`` or ``"my_site.toml"``.
        check: run the design check.

    Raises:
        SiteError: unknown name (with near matches) or invalid file.
        DesignError: the site cannot carry its own load.
    """
    from lowlift.models.design import check_design
    from lowlift.models.kinds import plant_of
    from lowlift.models.site import load_site

    plant = plant_of(load_site(name_or_path))
    if check:
        check_design(plant)
    return plant
