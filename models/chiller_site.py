"""The record of a chilled-water plant: its parts in SI units, as built from its data sheet by :mod:`lowlift.models.chiller_build`."""

import dataclasses
from typing import ClassVar

from lowlift.models.chiller_plant import ChillerPlant
from lowlift.models.record import Record


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
class ChillerSite(Record):
    """Everything a chilled-water plant needs to know of one site, SI units."""

    kind: ClassVar[str] = "chiller_plant"
    liquid_share: ClassVar[float] = 0.0
    """All heat reaches the chilled water over air coils."""
    loss_fraction: float
    """Losses of power distribution over IT power."""
    limits: ChillerLimits
    n_racks: int
    parts: ChillerPlant
    """Chiller, tower, pumps and loops: the same as run by the hour in :mod:`lowlift.models.plant_year`."""
    y_chw_min: float
    """Least chilled water over its nominal flow."""
