"""The form of the site file of a chilled-water plant; see :mod:`lowlift.models.schema` for what holds for all forms."""

from collections.abc import Iterator
from typing import Annotated, Literal

import pydantic
from pydantic import Field

from lowlift.models.schema import AirTemperature, Positive, Section, SiteValueError, WaterTemperature, value_of

Efficiency = Annotated[float, Field(gt=0.1, lt=1.0)]


class ChillerHead(Section):
    """Identity, place and design conditions."""

    kind: Literal["chiller_plant"]
    name: str
    title: str
    weather: str
    workload: str
    altitude_m: Annotated[float, Field(ge=-400.0, le=5000.0)]
    T_wb_design_degC: AirTemperature
    T_db_design_degC: AirTemperature
    loss_fraction: Annotated[float, Field(ge=0.0, le=0.5)]


class ChillerRacks(Section):
    """Heat sources."""

    count: Annotated[int, Field(ge=1)]
    power_kW: Positive


class ChillerData(Section):
    """The chiller."""

    curves: str


class Loop(Section):
    """A water loop with its pump."""

    flow_L_s: Positive
    dp_kPa: Positive
    pump_efficiency: Efficiency
    motor_efficiency: Efficiency
    volume_m3: Positive
    T_flow_degC: WaterTemperature


class ChilledWater(Loop):
    """Chilled water; its flow varies."""

    flow_min: Annotated[float, Field(gt=0.1, le=1.0)]


class CondenserWater(Loop):
    """Condenser water; its flow is constant."""

    T_set_min_degC: WaterTemperature
    T_set_max_degC: WaterTemperature


class TowerData(Section):
    """Rating of the tower."""

    T_wb_degC: AirTemperature
    approach_K: Positive
    range_K: Positive
    air_flow_m3_s: Positive
    fan_kW: Positive
    drift: Annotated[float, Field(ge=0.0, le=0.01)]
    cycles: Annotated[float, Field(gt=1.0, le=50.0)]
    moist_basis: bool = False


class ChillerLimitsData(Section):
    """Water temperatures that the plant must keep, and the range of the chilled-water setpoint."""

    T_chw_set_min_degC: WaterTemperature
    T_chw_set_max_degC: WaterTemperature
    T_chw_min_degC: WaterTemperature
    T_chw_max_degC: WaterTemperature
    T_return_max_degC: WaterTemperature
    T_cw_max_degC: WaterTemperature


class ChillerFile(Section):
    """One whole site file of a chilled-water plant."""

    site: ChillerHead
    racks: ChillerRacks
    chiller: ChillerData
    chilled_water: ChilledWater
    condenser_water: CondenserWater
    tower: TowerData
    limits: ChillerLimitsData

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> "ChillerFile":
        for key, reason in contradictions(self):
            raise SiteValueError(key, reason)
        return self


BELOW = (
    ("site.T_wb_design_degC", "site.T_db_design_degC"),
    ("limits.T_chw_min_degC", "limits.T_chw_set_min_degC"),
    ("limits.T_chw_set_min_degC", "limits.T_chw_set_max_degC"),
    ("limits.T_chw_set_max_degC", "limits.T_chw_max_degC"),
    ("limits.T_chw_max_degC", "limits.T_return_max_degC"),
    ("condenser_water.T_set_min_degC", "condenser_water.T_set_max_degC"),
    ("condenser_water.T_set_max_degC", "limits.T_cw_max_degC"),
)
"""Keys of which the first must be below the second."""


def contradictions(f: ChillerFile) -> Iterator[tuple[str, str]]:
    """Keys that contradict others, with what they must be."""
    for low, high in BELOW:
        a, b = value_of(f, low), value_of(f, high)
        if a >= b:
            yield low, f"must be below {high} = {b:g}"
