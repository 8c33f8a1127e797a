"""What lies outside a table: coefficients of machines, weather files, and the fixed designs that the tables' notes state."""

import dataclasses
import functools
import json
import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from lowlift.data.errors import DataError
from lowlift.data.hints import hint
from lowlift.data.text import read_text
from lowlift.data.weather import Weather
from lowlift.models.outdoor import find_weather
from lowlift.sim.validation.spec import Refusal, ValidationError
from lowlift.thermal.chiller_eir import EirChiller
from lowlift.thermal.component import ParameterError

MACHINES_FILE, PLANT_FILE = "chiller_coefficients.json", "plant_chiller_coefficients.json"
"""Names of coefficient files: beside a table, and in the packaged data."""
CURVES = (
    "chiller",
    "cooling_capacity_function_of_temperature_curve_name",
    "electric_input_to_cooling_output_ratio_function_of_temperature_curve_name",
    "electric_input_to_cooling_output_ratio_function_of_part_load_ratio_curve_name",
)
Machine = Mapping[str, Mapping[str, Any]]


@functools.cache
def design(name: str) -> dict[str, Any]:
    """The fixed design of a table, from ``machines.toml``."""
    text = (resources.files("lowlift.sim.validation") / "machines.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(text)[name])


def read_machines(path: Path) -> dict[str, Machine]:
    """Machines of a coefficient file: by name, or a single one under the empty name.

    Raises:
        ValidationError: no JSON, or no chillers in it.
    """
    try:
        data = json.loads(read_text(path))
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValidationError(f"{path}: is not JSON: {error}") from error
    if isinstance(data, dict) and data and all(isinstance(v, dict) for v in data.values()):
        if "chiller" in data:
            return {"": data}
        if all("chiller" in v for v in data.values()):
            return data
    raise ValidationError(f"{path}: no chiller coefficients; a chiller has {', '.join(CURVES)}, alone or under its name")


def build(machine: Machine, where: str) -> EirChiller:
    """A chiller from its coefficients.

    Raises:
        Refusal: something is missing or out of bounds.
    """
    try:
        return EirChiller.from_energyplus(machine)
    except KeyError as error:
        raise Refusal(f"{where}: lacks {error}") from error
    except (ParameterError, TypeError, ValueError, AttributeError) as error:
        raise Refusal(f"{where}: {error}") from error


@dataclasses.dataclass(frozen=True)
class Context:
    """Where to look for what a table names."""

    folder: Path
    """Folder of the table."""
    coefficients: tuple[Path, ...] = ()
    """Coefficient files given by the user, searched first."""
    weather_folder: Path | None = None
    columns: tuple[str, ...] = ()
    """Header of the table and the usual output columns: what may be asked for."""

    def _files(self, name: str) -> list[Path]:
        beside = self.folder / name
        packaged = resources.files("lowlift.data") / "equipment" / name
        return [*self.coefficients, *([beside] if beside.is_file() else []), Path(str(packaged))]

    @functools.cached_property
    def _chillers(self) -> list[tuple[Path, dict[str, Machine]]]:
        return [(path, read_machines(path)) for path in self._files(MACHINES_FILE)]

    @functools.cached_property
    def _plants(self) -> list[tuple[Path, dict[str, Machine]]]:
        return [(path, read_machines(path)) for path in self._files(PLANT_FILE)]

    def chiller(self, name: str) -> EirChiller:
        """A chiller by its name: in the files given, beside the table, or packaged.

        Raises:
            Refusal: no file knows it.
            ValidationError: a file is unusable.
        """
        for path, machines in self._chillers:
            if name in machines:
                return build(machines[name], f"{path.name}: {name}")
        known = {n for _, machines in self._chillers for n in machines if n}
        raise Refusal(f"no coefficients of {name!r} ({hint(name, known)}); give a file with --coefficients")

    def plant_chiller(self) -> Machine:
        """The single chiller of a plant: from the files given (a file of one chiller), beside the table, or packaged."""
        for path, machines in self._plants:
            if "" in machines:
                build(machines[""], path.name)
                return machines[""]
        raise Refusal(f"{PLANT_FILE}: not found")

    def weather(self, name: str) -> Weather:
        """The weather file ``<name>*.epw[.gz]`` of the folder given, else of the packaged data.

        Raises:
            Refusal: none, more than one, or an unusable one.
        """
        if not re.fullmatch(r"[^/\\*?\[\]]+", name):
            raise Refusal(f"{name!r} is not the beginning of a file name")
        try:
            return find_weather(name, self.weather_folder)
        except DataError as error:
            raise Refusal(f"{error}; put the file into a folder and give it with --weather") from error
