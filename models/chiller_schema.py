"""The form of the site file of a chilled-water plant; see :mod:`lowlift.models.schema` for what holds for all forms."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from lowlift.models.schema import AirTemperature, Cycles, Drift, Form, Head, Positive, PowerLoss, Section, WaterTemperature

Efficiency = Annotated[float, Field(gt=0.1, lt=1.0)]


class ChillerHead(Head):
    """Identity, place and design conditions."""

    kind: Literal["chiller_plant"]
    loss_fraction: PowerLoss


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
    drift: Drift
    cycles: Cycles
    moist_basis: bool = False


class ChillerLimitsData(Section):
    """Water temperatures that the plant must keep, and the range of the chilled-water setpoint."""

    T_chw_set_min_degC: WaterTemperature
    T_chw_set_max_degC: WaterTemperature
    T_chw_min_degC: WaterTemperature
    T_chw_max_degC: WaterTemperature
    T_return_max_degC: WaterTemperature
    T_cw_max_degC: WaterTemperature


class ChillerFile(Form):
    """One whole site file of a chilled-water plant."""

    BELOW: ClassVar[tuple[tuple[str, str], ...]] = (
        ("site.T_wb_design_degC", "site.T_db_design_degC"),
        ("limits.T_chw_min_degC", "limits.T_chw_set_min_degC"),
        ("limits.T_chw_set_min_degC", "limits.T_chw_set_max_degC"),
        ("limits.T_chw_set_max_degC", "limits.T_chw_max_degC"),
        ("limits.T_chw_max_degC", "limits.T_return_max_degC"),
        ("condenser_water.T_set_min_degC", "condenser_water.T_set_max_degC"),
        ("condenser_water.T_set_max_degC", "limits.T_cw_max_degC"),
    )

    site: ChillerHead
    racks: ChillerRacks
    chiller: ChillerData
    chilled_water: ChilledWater
    condenser_water: CondenserWater
    tower: TowerData
    limits: ChillerLimitsData
