"""The form of a site file: what may stand in the TOML, in the units of its keys, checked by pydantic.

Keys end in their unit (``_kW``, ``_degC``, ``_kPa``); the file is turned into SI components by
:mod:`lowlift.models.site`. Unknown keys are errors that name the nearest valid key.
"""

import difflib
import tomllib
from pathlib import Path
from typing import Annotated

import pydantic
from pydantic import Field

from lowlift.data.errors import DataError
from lowlift.data.text import read_text

Positive = Annotated[float, Field(gt=0.0)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
WaterTemperature = Annotated[float, Field(ge=-5.0, le=95.0)]
AirTemperature = Annotated[float, Field(ge=-40.0, le=60.0)]


class SiteError(ValueError):
    """A site file is unreadable, incomplete or out of range."""


class Section(pydantic.BaseModel):
    """Base of every section: no unknown keys, nothing changed after reading."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class SiteHead(Section):
    """Identity, place and design conditions."""

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


class Facility(Section):
    """Facility water loop."""

    pumps_per_group: Annotated[int, Field(gt=0)]
    dp_header_kPa: Positive
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
    T_basin_min_degC: WaterTemperature
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
        if sum(self.site.groups) != len(self.racks.per_cdu):
            raise ValueError(
                f"site.groups = {self.site.groups} counts {sum(self.site.groups)} CDUs, racks.per_cdu lists {len(self.racks.per_cdu)}"
            )
        if self.chilled is not None and self.limits.T_inlet_max_degC is None:
            raise ValueError("limits.T_inlet_max_degC is needed where [chilled] cools the air")
        return self


def read_site_file(path: Path) -> SiteFile:
    """Read and check one site file.

    Raises:
        SiteError: naming file, line, key, value and bound; for an unknown key also the nearest valid one.
    """
    try:
        text = read_text(path)
    except DataError as error:
        raise SiteError(str(error)) from error
    try:
        return SiteFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SiteError(f"{path}: not valid TOML: {error}") from error
    except pydantic.ValidationError as error:
        raise SiteError("\n".join(_explain(path, text, dict(e)) for e in error.errors())) from error


def _explain(path: Path, text: str, error: dict[str, object]) -> str:
    location = [str(part) for part in error["loc"]]  # type: ignore[attr-defined]
    key = ".".join(location)
    line = _line_of(text, location)
    where = f"{path}:{line}" if line else str(path)
    if error["type"] == "extra_forbidden":
        valid = _valid_keys(location[:-1])
        near = difflib.get_close_matches(location[-1], valid, n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]!r}?" if near else f"; valid keys: {', '.join(sorted(valid))}"
        return f"{where}: unknown key {key!r}{hint}"
    unit = _unit_of(location[-1]) if location else ""
    shown = "" if error["type"] == "missing" or not location else f" = {error['input']!r}{unit}"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{where}: {key}{shown}: {message}" if key else f"{where}: {message}"


def _line_of(text: str, location: list[str]) -> int | None:
    section, number = "", None
    for i, row in enumerate(text.splitlines(), start=1):
        stripped = row.strip()
        if stripped.startswith("["):
            section = stripped.split("]")[0].lstrip("[")
            if len(location) == 1 and section == location[0]:
                return i
        elif len(location) > 1 and section == location[0] and stripped.split("=")[0].strip() == location[1]:
            return i
    return number


def _valid_keys(parents: list[str]) -> list[str]:
    if not parents:
        return list(SiteFile.model_fields)
    annotation = SiteFile.model_fields[parents[0]].annotation
    options = [annotation, *getattr(annotation, "__args__", ())]
    model = next(o for o in options if isinstance(o, type) and issubclass(o, Section))
    return list(model.model_fields)


def _unit_of(key: str) -> str:
    for suffix, unit in (
        ("_degC", " degC"), ("_kW_per_cell", " kW"), ("_kW", " kW"), ("_kPa", " kPa"), ("_K_W", " K/W"),
        ("_kg_s", " kg/s"), ("_L_s", " L/s"), ("_m3_s", " m3/s"), ("_m3", " m3"), ("_J_K", " J/K"),
        ("_MJ_K", " MJ/K"), ("_K", " K"), ("_m", " m"),
    ):  # fmt: skip
        if key.endswith(suffix):
            return unit
    return ""
