"""The form of the site file of an air-cooled hall; see :mod:`lowlift.models.schema` for what holds for all forms."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from lowlift.models.schema import AirTemperature, Cycles, Form, Fraction, Head, Positive, Section

Efficiency = Annotated[float, Field(gt=0.5, lt=1.0)]
Count = Annotated[int, Field(ge=1)]


class AirHead(Head):
    """Identity, place and design conditions."""

    kind: Literal["air_hall"]


class AirRacks(Section):
    """Racks with their servers, fans and power supplies."""

    per_row: Annotated[list[Count], Field(min_length=1)]
    power_kW: Positive
    air_flow_m3_s: Positive
    fan_kW: Positive
    idle_share: Annotated[float, Field(gt=0.0, lt=1.0)]
    fan_idle: Annotated[float, Field(gt=0.0, lt=1.0)]
    fan_reserve: Fraction
    T_ramp_degC: Annotated[float, Field(ge=10.0, le=45.0)]
    ramp_1_K: Annotated[float, Field(ge=0.0, le=1.0)]
    fan_exponent: Annotated[float, Field(ge=1.0, le=3.5)]
    hA_kW_K: Positive
    C_kJ_K: Positive
    psu_kW: Positive
    psu_load: Annotated[list[Fraction], Field(min_length=2, max_length=2)]
    psu_efficiency: Annotated[list[Efficiency], Field(min_length=3, max_length=3)]


class Power(Section):
    """UPS and distribution units; efficiencies at a quarter, half and full load."""

    ups: Count
    ups_kW: Positive
    ups_efficiency: Annotated[list[Efficiency], Field(min_length=3, max_length=3)]
    pdu: Count
    pdu_kW: Positive
    pdu_efficiency: Annotated[list[Efficiency], Field(min_length=3, max_length=3)]


class AislesData(Section):
    """Air volumes, leaks and bypass."""

    recirculation: Annotated[float, Field(ge=0.0, lt=0.5)]
    bypass: Annotated[float, Field(ge=0.0, lt=0.5)]
    leak_share: Annotated[float, Field(gt=0.0, lt=0.5)]
    leak_dp_Pa: Positive
    volume_supply_m3: Positive
    volume_cold_m3: Positive
    volume_hot_m3: Positive
    C_supply_MJ_K: Positive
    C_cold_MJ_K: Positive
    C_hot_MJ_K: Positive


class Handlers(Section):
    """Air handlers: fans and outdoor air."""

    air_flow_m3_s: Positive
    dp_Pa: Positive
    fan_efficiency: Annotated[float, Field(gt=0.1, lt=1.0)]
    outdoor_min: Annotated[float, Field(ge=0.002, lt=0.5)]


class Indirect(Section):
    """Indirect evaporative coolers, secondary air from outdoors."""

    air_flow_m3_s: Positive
    effectiveness: Annotated[float, Field(gt=0.0, lt=1.0)]
    face_velocity_m_s: Positive
    depth_m: Annotated[float, Field(ge=0.05, le=0.6)]
    dp_Pa: Positive
    fan_efficiency: Annotated[float, Field(gt=0.1, lt=1.0)]
    pump_kW: Annotated[float, Field(ge=0.0)]


class Pads(Section):
    """Wetted pads in the supply air."""

    face_velocity_m_s: Positive
    depth_m: Annotated[float, Field(ge=0.05, le=0.6)]
    pump_kW: Annotated[float, Field(ge=0.0)]


class Water(Section):
    """Make-up of all evaporative coolers."""

    cycles: Cycles


class Dx(Section):
    """Trim units."""

    units: Count
    Q_nominal_kW: Positive
    COP_nominal: Annotated[float, Field(gt=1.0, le=8.0)]
    contact: Annotated[float, Field(gt=0.3, lt=1.0)]


class AirLimitsData(Section):
    """Air at the servers."""

    T_inlet_min_degC: AirTemperature
    T_inlet_max_degC: AirTemperature
    T_dew_min_degC: AirTemperature
    T_dew_max_degC: AirTemperature


class AirFile(Form):
    """One whole site file of an air hall."""

    BELOW: ClassVar[tuple[tuple[str, str], ...]] = (
        ("site.T_wb_design_degC", "site.T_db_design_degC"),
        ("limits.T_inlet_min_degC", "limits.T_inlet_max_degC"),
        ("limits.T_dew_min_degC", "limits.T_dew_max_degC"),
        ("limits.T_dew_max_degC", "limits.T_inlet_max_degC"),
    )

    site: AirHead
    racks: AirRacks
    power: Power
    aisles: AislesData
    handlers: Handlers
    indirect: Indirect
    pads: Pads
    water: Water
    dx: Dx
    limits: AirLimitsData

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Keys that contradict others, with what they must be."""
        yield from super().contradictions()
        if self.racks.psu_load[0] >= self.racks.psu_load[1] or not 0.0 < self.racks.psu_load[0] < self.racks.psu_load[1] < 1.0:
            yield "racks.psu_load", "must hold two load ratios in rising order, above 0 and below 1"
        IT = self.racks.power_kW * sum(self.racks.per_row)
        for name, count, each in (("ups", self.power.ups, self.power.ups_kW), ("pdu", self.power.pdu, self.power.pdu_kW)):
            if count * each < IT:
                yield f"power.{name}_kW", f"{count} units give {count * each:g} kW, the racks take {IT:g} kW"
        if self.racks.psu_kW < self.racks.power_kW + self.racks.fan_kW:
            yield "racks.psu_kW", f"must carry racks.power_kW + racks.fan_kW = {self.racks.power_kW + self.racks.fan_kW:g} kW"
        drawn = self.racks.air_flow_m3_s * sum(self.racks.per_row)
        if self.handlers.air_flow_m3_s < 0.5 * drawn:
            yield "handlers.air_flow_m3_s", f"must be at least half of what the servers' fans move at full speed, {drawn:g} m3/s"
