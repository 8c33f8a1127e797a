"""The form of the site file of a liquid hall; see :mod:`lowlift.models.schema` for what holds for all forms."""

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
    Drift,
    Form,
    Head,
    Positive,
    PowerLoss,
    Section,
    WaterTemperature,
)


class LiquidHead(Head):
    """Identity, place and design conditions."""

    kind: Literal["liquid_hall"] = "liquid_hall"
    T_dew_hall_degC: AirTemperature
    loss_fraction: PowerLoss
    groups: Annotated[list[Annotated[int, Field(gt=0)]], Field(min_length=1)]


class Racks(Section):
    """Heat sources."""

    per_cdu: Annotated[list[Annotated[int, Field(gt=0)]], Field(min_length=1)]
    power_kW: Positive
    liquid_share: Annotated[float, Field(gt=0.0, le=1.0)]
    plates: Annotated[int, Field(gt=0)]
    flow_spread: Annotated[float, Field(ge=0.0, lt=1.0)]


class CDUData(Section):
    """Coolant distribution unit at its rating point."""

    coolant: Coolant
    Q_nominal_kW: Positive
    T_return_nominal_degC: WaterTemperature
    T_fws_nominal_degC: WaterTemperature
    flow_secondary_L_s: Positive
    flow_primary_kg_s: Positive
    dp_secondary_kPa: Positive
    dp_primary_fixed_kPa: Positive
    dp_valve_kPa: Positive
    volume_return_m3: Positive
    volume_supply_m3: Positive


class Facility(Section):
    """Facility water loop."""

    pumps_per_group: Annotated[int, Field(gt=0)]
    dp_header_kPa: Annotated[float, Field(ge=10.0)]
    dp_piping_kPa: Positive
    volume_supply_m3: Positive
    volume_return_m3: Positive
    cells: Annotated[int, Field(ge=1, le=20)]


class Economiser(Section):
    """Plate exchanger between tower water and facility water."""

    approach_K: Positive


class Tower(Section):
    """Cooling towers, their pumps and water loop."""

    cells: Annotated[int, Field(gt=0)]
    approach_K: Positive
    range_K: Positive
    heat_margin: Annotated[float, Field(ge=1.0, le=2.0)]
    fan_kW_per_cell: Positive
    pumps: Annotated[int, Field(gt=0)]
    dp_nominal_kPa: Positive
    dp_static_kPa: Annotated[float, Field(ge=0.0)]
    cycles: Cycles
    drift: Drift
    volume_basin_m3: Positive
    volume_supply_m3: Positive
    volume_return_m3: Positive


class Chilled(Section):
    """Chilled-water branch: trim chillers and CRAHs."""

    chillers: Annotated[int, Field(gt=0)]
    Q_nominal_kW: Positive
    COP_nominal: Annotated[float, Field(gt=1.0, le=20.0)]
    T_chw_nominal_degC: WaterTemperature
    T_cw_nominal_degC: WaterTemperature
    flow_condenser_kg_s: Positive
    flow_chw_kg_s: Positive
    dp_chw_kPa: Positive
    volume_chw_m3: Positive
    T_air_supply_nominal_degC: AirTemperature
    T_air_return_nominal_degC: AirTemperature
    air_flow_m3_s: Positive
    fan_kW: Positive
    C_air_MJ_K: Positive
    flow_air_server_m3_s_kW: Positive


class AirPath(Section):
    """Heat to air that leaves over the boundary, charged at a fixed ratio."""

    COP: Annotated[float, Field(gt=1.0, le=30.0)]


class LimitsData(Section):
    """Temperatures that the hall must keep."""

    T_chip_max_degC: ChipTemperature
    T_return_max_degC: WaterTemperature
    T_supply_min_degC: WaterTemperature
    T_supply_max_degC: WaterTemperature
    dew_point_margin_K: DewPointMargin
    T_basin_min_degC: Annotated[float, Field(ge=-5.0, le=30.0)]
    T_inlet_max_degC: AirTemperature | None = None


class LiquidFile(Form):
    """One whole site file of a liquid hall. Either ``[chilled]`` or ``[air_path]`` says where the heat to air goes."""

    BELOW: ClassVar[tuple[tuple[str, str], ...]] = (
        ("limits.T_supply_min_degC", "limits.T_supply_max_degC"),
        ("limits.T_supply_max_degC", "limits.T_return_max_degC"),
        ("limits.T_return_max_degC", "limits.T_chip_max_degC"),
        ("cdu.T_fws_nominal_degC", "cdu.T_return_nominal_degC"),
        ("tower.dp_static_kPa", "tower.dp_nominal_kPa"),
        ("chilled.T_chw_nominal_degC", "chilled.T_air_supply_nominal_degC"),
        ("chilled.T_air_supply_nominal_degC", "chilled.T_air_return_nominal_degC"),
        ("chilled.T_air_supply_nominal_degC", "limits.T_inlet_max_degC"),
    )

    site: LiquidHead
    racks: Racks
    cold_plate: ColdPlateData
    cdu: CDUData
    facility: Facility
    economiser: Economiser
    tower: Tower
    limits: LimitsData
    chilled: Chilled | None = None
    air_path: AirPath | None = None

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Keys that contradict others, with what they must be.

        Raises:
            ValueError: heat to air goes nowhere, or two ways.
        """
        if (self.chilled is None) == (self.air_path is None):
            raise ValueError("exactly one of [chilled] and [air_path] must say where the heat to air goes")
        yield from super().contradictions()
        head, lim = self.site, self.limits
        if sum(head.groups) != len(self.racks.per_cdu):
            yield "site.groups", f"counts {sum(head.groups)} CDUs, racks.per_cdu lists {len(self.racks.per_cdu)}"
        if head.T_wb_design_degC > head.T_db_design_degC:
            yield "site.T_wb_design_degC", f"must be at most site.T_db_design_degC = {head.T_db_design_degC:g}"
        dry = head.T_dew_hall_degC + lim.dew_point_margin_K
        if dry >= lim.T_supply_max_degC:
            above = f"with site.T_dew_hall_degC = {head.T_dew_hall_degC:g} the supply must stay above {dry:g} degC"
            yield "limits.dew_point_margin_K", f"{above}, and below limits.T_supply_max_degC = {lim.T_supply_max_degC:g}"
        water = self.cdu.T_fws_nominal_degC - self.economiser.approach_K
        if lim.T_basin_min_degC >= water:
            yield (
                "limits.T_basin_min_degC",
                f"must be below the rated tower water, cdu.T_fws_nominal_degC - economiser.approach_K = {water:g}",
            )
        if self.chilled is not None and lim.T_inlet_max_degC is None:
            yield "limits", "T_inlet_max_degC is needed where [chilled] cools the air"
        if self.chilled is not None and self.racks.liquid_share >= 1.0:
            yield "racks.liquid_share", "leaves no heat to air for [chilled]; must be below 1"
