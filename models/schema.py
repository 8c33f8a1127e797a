"""What the forms of all site files share: errors, number types, sections that several kinds of plants have, and the check of a whole file.

Keys end in their unit (``_kW``, ``_degC``, ``_kPa``). Types are strict: ``true`` and ``"45"`` are no numbers. Relations between keys are
checked too; what only the components know is checked when they are built (:mod:`lowlift.models.build`).
"""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Self

import pydantic
from pydantic import Field

from lowlift.data.hints import hint
from lowlift.thermal.fluids import FLUIDS

Positive = Annotated[float, Field(gt=0.0)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
WaterTemperature = Annotated[float, Field(ge=-5.0, le=95.0)]
AirTemperature = Annotated[float, Field(ge=-40.0, le=60.0)]
ChipTemperature = Annotated[float, Field(ge=30.0, le=125.0)]
DewPointMargin = Annotated[float, Field(ge=0.0, le=10.0)]
PowerLoss = Annotated[float, Field(ge=0.0, le=0.5)]
"""Losses of power distribution over IT power."""
Cycles = Annotated[float, Field(gt=1.0, le=50.0)]
"""Cycles of concentration of evaporated water."""
Drift = Annotated[float, Field(ge=0.0, le=0.01)]
"""Droplets lost over the water sprayed."""


def _known_coolant(name: str) -> str:
    if name not in FLUIDS:
        raise ValueError(f"unknown coolant; {hint(name, FLUIDS)}")
    return name


Coolant = Annotated[str, pydantic.AfterValidator(_known_coolant)]


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


class Head(Section):
    """Identity, place and design conditions."""

    kind: str
    """Each form narrows it to its own kind of plant."""
    name: str
    title: str
    weather: str
    workload: str
    altitude_m: Annotated[float, Field(ge=-400.0, le=5000.0)]
    T_wb_design_degC: AirTemperature
    T_db_design_degC: AirTemperature


class ColdPlateData(Section):
    """Cold plate per GPU."""

    R_chip_plate_K_W: Positive
    R_plate_coolant_K_W: Positive
    m_dot_nominal_kg_s: Positive
    exponent: Fraction
    C_chip_J_K: Positive
    C_plate_J_K: Positive
    C_cool_J_K: Positive


class Form(Section):
    """One whole site file: its sections, and what must hold between them."""

    BELOW: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Keys of which the first must be below the second, where both are there."""

    site: Head

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> Self:
        for key, reason in self.contradictions():
            raise SiteValueError(key, reason)
        return self

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Keys that contradict others, with what they must be; forms add their own to those of :attr:`BELOW`."""
        for low, high in self.BELOW:
            a, b = value_of(self, low), value_of(self, high)
            if a is not None and b is not None and a >= b:
                yield low, f"must be below {high} = {b:g}"


def value_of(file: Section, key: str) -> Any:
    """Value of ``section.key``; none where the section or the value is absent."""
    section, _, name = key.partition(".")
    return getattr(getattr(file, section), name, None) if name else None
