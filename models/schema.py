"""The form of a site file: what may stand in the TOML, in the units of its keys, checked by pydantic.

Keys end in their unit (``_kW``, ``_degC``, ``_kPa``). Types are strict: ``true`` and ``"45"`` are no numbers. Relations between keys are
checked too; what only the components know is checked when they are built (:mod:`lowlift.models.site_build`).
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pydantic
from pydantic import Field

from lowlift.data.hints import hint
from lowlift.thermal.fluids import FLUIDS

Positive = Annotated[float, Field(gt=0.0)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
WaterTemperature = Annotated[float, Field(ge=-5.0, le=95.0)]
AirTemperature = Annotated[float, Field(ge=-40.0, le=60.0)]


class SiteError(ValueError):
    """A site file is unreadable, incomplete or out of range."""


class SiteValueError(SiteError):
    """One value of a site file is out of place; whoever knows the file adds its name and line."""

    def __init__(self, key: str, reason: str) -> None:
        self.key, self.reason = key, reason
        super().__init__(f"{key}: {reason}")


class Section(pydantic.BaseModel):
    """Base of every section: no unknown keys, nothing changed after reading."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


class SiteHead(Section):
    """Identity, place and design conditions."""

    kind: Literal["liquid_hall"] = "liquid_hall"
    name: str
    title: str
    weather: str
    workload: str
    altitude_m: Annotated[float, Field(ge=-400.0, le=5000.0)]
    T_wb_design_degC: AirTemperature
    T_db_design_degC: AirTemperature
    T_dew_hall_degC: AirTemperature
    loss_fraction: Annotated[float, Field(ge=0.0, le=0.5)]
    groups: Annotated[list[Annotated[int, Field(gt=0)]], Field(min_length=1)]


class Racks(Section):
    """Heat sources."""

    per_cdu: Annotated[list[Annotated[int, Field(gt=0)]], Field(min_length=1)]
    power_kW: Positive
    liquid_share: Annotated[float, Field(gt=0.0, le=1.0)]
    plates: Annotated[int, Field(gt=0)]
    flow_spread: Annotated[float, Field(ge=0.0, lt=1.0)]


class ColdPlateData(Section):
    """Cold plate per GPU."""

    R_chip_plate_K_W: Positive
    R_plate_coolant_K_W: Positive
    m_dot_nominal_kg_s: Positive
    exponent: Fraction
    C_chip_J_K: Positive
    C_plate_J_K: Positive
    C_cool_J_K: Positive


class CDUData(Section):
    """Coolant distribution unit at its rating point."""

    coolant: str
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

    @pydantic.field_validator("coolant")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in FLUIDS:
            raise ValueError(f"unknown coolant; {hint(name, FLUIDS)}")
        return name


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
    cycles: Annotated[float, Field(gt=1.0, le=50.0)]
    drift: Annotated[float, Field(ge=0.0, le=0.01)]
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

    T_chip_max_degC: Annotated[float, Field(ge=30.0, le=125.0)]
    T_return_max_degC: WaterTemperature
    T_supply_min_degC: WaterTemperature
    T_supply_max_degC: WaterTemperature
    dew_point_margin_K: Annotated[float, Field(ge=0.0, le=10.0)]
    T_basin_min_degC: Annotated[float, Field(ge=-5.0, le=30.0)]
    T_inlet_max_degC: AirTemperature | None = None


class SiteFile(Section):
    """One whole site file. Either ``[chilled]`` or ``[air_path]`` says where the heat to air goes."""

    site: SiteHead
    racks: Racks
    cold_plate: ColdPlateData
    cdu: CDUData
    facility: Facility
    economiser: Economiser
    tower: Tower
    limits: LimitsData
    chilled: Chilled | None = None
    air_path: AirPath | None = None

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> "SiteFile":
        if (self.chilled is None) == (self.air_path is None):
            raise ValueError("exactly one of [chilled] and [air_path] must say where the heat to air goes")
        for key, reason in contradictions(self):
            raise SiteValueError(key, reason)
        return self


BELOW = (
    ("limits.T_supply_min_degC", "limits.T_supply_max_degC"),
    ("limits.T_supply_max_degC", "limits.T_return_max_degC"),
    ("limits.T_return_max_degC", "limits.T_chip_max_degC"),
    ("cdu.T_fws_nominal_degC", "cdu.T_return_nominal_degC"),
    ("tower.dp_static_kPa", "tower.dp_nominal_kPa"),
    ("chilled.T_chw_nominal_degC", "chilled.T_air_supply_nominal_degC"),
    ("chilled.T_air_supply_nominal_degC", "chilled.T_air_return_nominal_degC"),
    ("chilled.T_air_supply_nominal_degC", "limits.T_inlet_max_degC"),
)
"""Keys of which the first must be below the second, where both are there."""


def value_of(file: Section, key: str) -> Any:
    """Value of ``section.key``; none where the section or the value is absent."""
    section, _, name = key.partition(".")
    return getattr(getattr(file, section), name, None) if name else None


def contradictions(f: SiteFile) -> Iterator[tuple[str, str]]:
    """Keys that contradict others, with what they must be."""
    head, lim = f.site, f.limits
    for low, high in BELOW:
        a, b = value_of(f, low), value_of(f, high)
        if a is not None and b is not None and a >= b:
            yield low, f"must be below {high} = {b:g}"
    if sum(head.groups) != len(f.racks.per_cdu):
        yield "site.groups", f"counts {sum(head.groups)} CDUs, racks.per_cdu lists {len(f.racks.per_cdu)}"
    if head.T_wb_design_degC > head.T_db_design_degC:
        yield "site.T_wb_design_degC", f"must be at most site.T_db_design_degC = {head.T_db_design_degC:g}"
    dry = head.T_dew_hall_degC + lim.dew_point_margin_K
    if dry >= lim.T_supply_max_degC:
        above = f"with site.T_dew_hall_degC = {head.T_dew_hall_degC:g} the supply must stay above {dry:g} degC"
        yield "limits.dew_point_margin_K", f"{above}, and below limits.T_supply_max_degC = {lim.T_supply_max_degC:g}"
    water = f.cdu.T_fws_nominal_degC - f.economiser.approach_K
    if lim.T_basin_min_degC >= water:
        yield "limits.T_basin_min_degC", f"must be below the rated tower water, cdu.T_fws_nominal_degC - economiser.approach_K = {water:g}"
    if f.chilled is not None and lim.T_inlet_max_degC is None:
        yield "limits", "T_inlet_max_degC is needed where [chilled] cools the air"
    if f.chilled is not None and f.racks.liquid_share >= 1.0:
        yield "racks.liquid_share", "leaves no heat to air for [chilled]; must be below 1"
