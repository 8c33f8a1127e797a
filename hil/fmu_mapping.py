"""The mapping file: which variables of an FMU stand for which signals of a plant.

TOML. ``site`` names the plant that the FMU takes the place of; a table each for actuators, disturbances, states, measurements and ledger
says where a signal is found, by signal name::

    site = "chiller_plant"
    settle_step = 60.0                               # s, on the way to rest

    [parameters]                                     # set once, in the FMU's own units
    "tower.UA" = 1.1e5

    [actuators]
    y_chw = { variable = "pump.speed", unit = "%" }  # where the FMU states no unit; else it is converted by what it states
    y_cdu = "cdu_{n}.pump.y"                         # {n}: number of the component, from 1
    n_chillers = { unused = true }                   # the FMU has nothing of the kind

    [disturbances]
    q_liquid = { variable = "hall.Q", combine = "sum" }     # all components into one variable: sum or mean

    [measurements]
    V_chw = { variables = ["pump_a.V", "pump_b.V"] } # added up; an input of the FMU list is written to all of them
    T_dew_hall = { value = 285.15 }                  # SI; a constant where the FMU has none
    q_air = { model = true }                         # worked out by the site's own model from actuators and disturbances alone

Signals that are not named are looked for under the names of our own FMUs, ``actuators.y_chw`` and so on. Without ``site`` the FMU is a
plant of its own: its inputs that are not named as disturbances are actuators, its outputs are measurements.
"""

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pydantic
from pydantic import Field

from lowlift.hil.fmu_errors import FmuMappingError

SECTIONS = ("actuators", "disturbances", "states", "measurements", "ledger")


class Entry(pydantic.BaseModel):
    """Where one signal is found; exactly one of ``variable``, ``variables``, ``value``, ``model``, ``unused``."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)

    variable: str | None = None
    variables: Annotated[list[str], Field(min_length=1)] | None = None
    value: float | None = None
    model: Literal[True] | None = None
    unused: Literal[True] | None = None
    unit: str | None = None
    combine: Literal["sum", "mean"] | None = None

    @pydantic.model_validator(mode="after")
    def _one(self) -> Self:
        given = [k for k in ("variable", "variables", "value", "model", "unused") if getattr(self, k) is not None]
        if len(given) != 1:
            raise ValueError(f"{' and '.join(given) or 'nothing'} given; one of variable, variables, value, model, unused is needed")
        if not self.names and (self.unit is not None or self.combine is not None):
            raise ValueError(f"unit and combine belong to variables, not to {given[0]}")
        return self

    @property
    def names(self) -> list[str]:
        """Variables of the FMU, ``{n}`` not yet filled in."""
        return [self.variable] if self.variable is not None else list(self.variables or ())


def _entry(value: Any) -> Any:
    return {"variable": value} if isinstance(value, str) else value


Entries = dict[str, Annotated[Entry, pydantic.BeforeValidator(_entry)]]


class MappingForm(pydantic.BaseModel):
    """Form of the file."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)

    site: str | None = None
    restart: Literal["states", "history"] | None = None
    settle_step: Annotated[float, Field(gt=0.0)] | None = None
    parameters: dict[str, bool | int | float] = Field(default_factory=dict)
    actuators: Entries = Field(default_factory=dict)
    disturbances: Entries = Field(default_factory=dict)
    states: Entries = Field(default_factory=dict)
    measurements: Entries = Field(default_factory=dict)
    ledger: Entries = Field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True)
class FmuMapping:
    """What a mapping file says; :func:`read_mapping` makes it."""

    name: str = "the mapping"
    """For messages."""
    site: str | None = None
    restart: str | None = None
    """How a state is reached again: by setting the mapped ``states``, which must then be all that the FMU has, or by its history."""
    settle_step: float | None = None
    parameters: Mapping[str, float] = dataclasses.field(default_factory=dict)
    sections: Mapping[str, Mapping[str, Entry]] = dataclasses.field(default_factory=lambda: {name: {} for name in SECTIONS})


def read_mapping(path: str | Path) -> FmuMapping:
    """Read and check a mapping file.

    Raises:
        FmuMappingError: it cannot be read, is no TOML, or a key is unknown or has a wrong value; named.
    """
    try:
        data = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise FmuMappingError(f"{path}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise FmuMappingError(f"{path}: not valid TOML: {error}") from error
    return mapping_of(data, str(path))


def mapping_of(data: Mapping[str, Any], name: str = "the mapping") -> FmuMapping:
    """Check a mapping given as nested tables; see :func:`read_mapping`."""
    try:
        form = MappingForm.model_validate(data)
    except pydantic.ValidationError as error:
        lines = [f"{name}: {'.'.join(str(p) for p in e['loc'])}: {e['msg']} (is {e['input']!r})" for e in error.errors()]
        raise FmuMappingError("\n".join(lines)) from error
    return FmuMapping(name=name, site=form.site, restart=form.restart, settle_step=form.settle_step, parameters=form.parameters,
                      sections={section: getattr(form, section) for section in SECTIONS})  # fmt: skip
