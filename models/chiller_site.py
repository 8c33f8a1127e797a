"""The record of a chilled-water plant: its parts in SI units, as built from its data sheet by :mod:`lowlift.models.chiller_build`."""

import dataclasses
import functools
from typing import ClassVar

from lowlift.models.chiller_plant import ChillerPlant
from lowlift.models.plant import PlantSheet


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChillerLimits:
    """Limits and setpoint range of the two loops [K]."""

    T_chw_set_min: float
    T_chw_set_max: float
    T_chw_min: float
    T_chw_max: float
    T_return_max: float
    T_cw_max: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChillerSite:
    """Everything a chilled-water plant needs to know of one site, SI units."""

    kind: ClassVar[str] = "chiller_plant"
    name: str
    title: str
    weather: str
    workload: str
    p: float
    T_wb_design: float
    T_db_design: float
    loss_fraction: float
    """Losses of power distribution over IT power."""
    limits: ChillerLimits
    n_racks: int
    rack_power: float
    parts: ChillerPlant
    """Chiller, tower, pumps and loops: the same as run by the hour in :mod:`lowlift.models.plant_year`."""
    y_chw_min: float
    """Least chilled water over its nominal flow."""

    @property
    def liquid_share(self) -> float:
        """All heat reaches the chilled water over air coils."""
        return 0.0

    @property
    def P_it_nominal(self) -> float:
        """Rated IT power [W]."""
        return self.rack_power * self.n_racks

    @functools.cached_property
    def sheet(self) -> PlantSheet:
        """Setpoints, readings, end uses, heat flows and limits."""
        from lowlift.models.chiller_tables import sheet

        return sheet(self)
