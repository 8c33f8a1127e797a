"""FMUs for tests: exported once a session, and one that no exporter of ours made."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lowlift.hil.fmu_build import FLAGS, LINKED, this_platform
from lowlift.hil.fmu_errors import FmuBuildError
from lowlift.hil.fmu_export import export_fmu, packed
from lowlift.models import load
from lowlift.models.kernel_build import find_compiler

HERE = Path(__file__).parent / "hil"


def _missing() -> str:
    try:
        this_platform(2)
        find_compiler()
    except (FmuBuildError, RuntimeError) as error:
        return str(error)
    return ""


needs_fmu = pytest.mark.skipif(bool(_missing()), reason=f"no FMU can be compiled here: {_missing()}")
_plants: dict[str, Any] = {}


def plant_of(name: str) -> Any:
    """One object for each packaged plant, so that what is traced from it is traced once."""
    if name not in _plants:
        _plants[name] = load(name, check=False)
    return _plants[name]


def exported(folder: Path, name: str, fmi: int) -> Path:
    """An exported FMU, made when first asked for; written whole or not at all, so that other processes may share the folder."""
    path = folder / f"{name}_{fmi}.fmu"
    return path if path.exists() else export_fmu(plant_of(name), path, fmi=fmi)


def vendor(folder: Path, **changes: str) -> Path:
    """The vendor's FMU; ``changes`` replace words of its description."""
    text = (HERE / "vendor_plant.xml").read_text()
    for old, new in changes.items():
        text = text.replace(VARIANTS[old], new)
    binary = folder / "vendor.so"
    if not binary.exists():
        made = folder / f"vendor_{os.getpid()}.so"
        command = [*find_compiler(), *FLAGS, str(HERE / "vendor_plant.c"), "-o", str(made), *LINKED]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        os.replace(made, binary)
    here = this_platform(2)
    path = folder / f"vendor_{abs(hash(text))}.fmu"
    path.write_bytes(packed({"modelDescription.xml": text.encode(), f"binaries/{here.fmi2}/vendor{here.suffix}": binary.read_bytes()}))
    return path


VARIANTS = {
    "step": 'canHandleVariableCommunicationStepSize="true"',
    "once": 'modelIdentifier="vendor"',
    "load_unit": 'name="Load" valueReference="3" causality="input"><Real unit="kW"',
    "fan": '"Tower.Fan" valueReference="15" causality="output"',
    "binaries": "CoSimulation ",
}
"""Places of the vendor's description that tests change, by name."""
