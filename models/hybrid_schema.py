"""The form of the site file of a hybrid hall; see :mod:`lowlift.models.schema` for what holds for all forms."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from lowlift.models.schema import (
    AirTemperature,
    ChipTemperature,
    ColdPlateData,
    Coolant,
    Cycles,
    DewPointMargin,
    Form,
    Fraction,
    Head,
    Positive,
    PowerLoss,
    Section,
    WaterTemperature,
)

Count = Annotated[int, Field(ge=1, le=1000)]


class HybridHead(Head):
    """Identity, place and design conditions."""

    kind: Literal["hybrid_hall"]
    T_dew_hall_degC: AirTemperature
    loss_fraction: PowerLoss


class HybridRacks(Section):
    """Heat sources, alike under every CDU."""

    cdus: Count
    per_cdu: Count
    power_kW: Positive
    liquid_share: Annotated[float, Field(gt=0.0, lt=1.0)]
    plates: Count
    air_flow_m3_s_kW: Positive
    air_idle: Annotated[float, Field(gt=0.0, lt=1.0)]


class HybridCdu(Section):
    """Coolant distribution unit at its rating point; circuits are balanced, without control valves."""

    coolant: Coolant
    Q_nominal_kW: Positive
    T_return_nominal_degC: WaterTemperature
    T_warm_nominal_degC: WaterTemperature
    flow_secondary_L_s: Positive
    flow_primary_kg_s: Positive
    dp_secondary_kPa: Positive
    volume_return_m3: Positive
    volume_supply_m3: Positive


class Loop(Section):
    """Circuit of a bank of dry coolers."""

    coolant: Coolant
    pumps: Annotated[int, Field(ge=1, le=20)]
    dp_kPa: Positive
    volume_supply_m3: Positive
    volume_return_m3: Positive


class Coolers(Section):
    """Dry coolers with wetted pads; the rating is with dry pads."""

    Q_nominal_kW: Positive
    T_air_nominal_degC: AirTemperature
    T_in_nominal_degC: WaterTemperature
    T_out_nominal_degC: WaterTemperature
    air_flow_m3_s: Positive
    fan_kW: Positive
    pad_effectiveness: Annotated[float, Field(gt=0.0, lt=1.0)]
    cycles: Cycles


class EconomiserData(Section):
    """Plate exchanger between the coolant of the cold bank and the chilled-water return."""

    approach_K: Positive
    share: Annotated[float, Field(gt=0.0, le=1.0)]


class ChilledData(Section):
    """Trim chillers and chilled water."""

    chillers: Annotated[int, Field(ge=1, le=20)]
    Q_nominal_kW: Positive
    COP_nominal: Annotated[float, Field(gt=1.0, le=20.0)]
    T_chw_nominal_degC: WaterTemperature
    T_cw_nominal_degC: WaterTemperature
    T_chw_max_degC: WaterTemperature
    flow_chw_kg_s: Positive
    dp_chw_kPa: Positive
    volume_chw_m3: Positive


class HallAir(Section):
    """Air handlers and aisles."""

    T_supply_nominal_degC: AirTemperature
    T_return_nominal_degC: AirTemperature
    air_flow_m3_s: Positive
    fan_kW: Positive
    recirculation: Annotated[Fraction, Field(lt=0.5)]
    bypass: Annotated[Fraction, Field(lt=0.5)]
    C_cold_MJ_K: Positive
    C_hot_MJ_K: Positive


class HybridLimitsData(Section):
    """Temperatures that the hall must keep."""

    T_chip_max_degC: ChipTemperature
    T_return_max_degC: WaterTemperature
    T_supply_max_degC: WaterTemperature
    T_inlet_max_degC: AirTemperature
    dew_point_margin_K: DewPointMargin
    T_cold_min_degC: WaterTemperature


class HybridFile(Form):
    """One whole site file of a hybrid hall."""

    BELOW: ClassVar[tuple[tuple[str, str], ...]] = (
        ("site.T_wb_design_degC", "site.T_db_design_degC"),
        ("cdu.T_warm_nominal_degC", "cdu.T_return_nominal_degC"),
        ("limits.T_supply_max_degC", "limits.T_return_max_degC"),
        ("limits.T_return_max_degC", "limits.T_chip_max_degC"),
        ("chilled.T_chw_nominal_degC", "chilled.T_chw_max_degC"),
        ("chilled.T_chw_nominal_degC", "hall_air.T_supply_nominal_degC"),
        ("hall_air.T_supply_nominal_degC", "hall_air.T_return_nominal_degC"),
        ("hall_air.T_supply_nominal_degC", "limits.T_inlet_max_degC"),
        ("limits.T_cold_min_degC", "chilled.T_chw_nominal_degC"),
    )

    site: HybridHead
    racks: HybridRacks
    cold_plate: ColdPlateData
    cdu: HybridCdu
    warm_loop: Loop
    warm_coolers: Coolers
    cold_loop: Loop
    cold_coolers: Coolers
    economiser: EconomiserData
    chilled: ChilledData
    hall_air: HallAir
    limits: HybridLimitsData

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Keys that contradict others, with what they must be."""
        yield from super().contradictions()
        dry = self.site.T_dew_hall_degC + self.limits.dew_point_margin_K
        if dry > self.chilled.T_chw_nominal_degC - CHW_BELOW:
            yield (
                "chilled.T_chw_nominal_degC",
                f"less {CHW_BELOW:g} K, the coldest setpoint, must not be below site.T_dew_hall_degC + limits.dew_point_margin_K = {dry:g}",
            )


CHW_BELOW = 2.0
"""Coldest chilled-water setpoint below the rated one [K]."""
