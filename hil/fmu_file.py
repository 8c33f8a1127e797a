"""An FMU on disk: read, checked to be one that runs here, unpacked into a folder that goes with it."""

import functools
import shutil
import tempfile
import weakref
import zipfile
from pathlib import Path
from typing import Any

from lowlift.data.hints import hint
from lowlift.hil.fmu_errors import FmuFileError, FmuMappingError

NUMERIC = ("Real", "Float64", "Float32", "Integer", "Enumeration", "Boolean", *(f"{u}Int{n}" for u in ("", "U") for n in (8, 16, 32, 64)))
"""Types that carry a number."""


class FmuFile:
    """One FMU for co-simulation, FMI 2 or 3.

    Raises:
        FmuFileError: no FMU, not for co-simulation, of another version, or without a binary for this platform.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        fmpy = import_fmpy()
        try:
            self.description: Any = fmpy.read_model_description(str(self.path), validate=False)
            platforms = fmpy.supported_platforms(str(self.path))
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise FmuFileError(f"{path}: no FMU: {error}") from error
        except Exception as error:  # FMPy raises bare exceptions for what it does not understand
            raise FmuFileError(f"{path}: no FMU that can be read: {error}") from error
        version = str(self.description.fmiVersion)
        if version != "2.0" and not version.startswith("3."):
            raise FmuFileError(f"{path}: FMI version {version}: 2.0 or 3.0 is needed")
        self.fmi = int(version[0])
        if self.description.coSimulation is None:
            raise FmuFileError(f"{path}: not for co-simulation, only model exchange; export it as co-simulation FMU")
        if fmpy.platform not in platforms and fmpy.platform_tuple not in platforms:
            raise FmuFileError(f"{path}: no binary for {fmpy.platform_tuple}, only for {', '.join(platforms) or 'none'}; "
                               f"`fmpy compile {self.path.name}` makes one if it carries its sources")  # fmt: skip
        self.variables: dict[str, Any] = {v.name: v for v in self.description.modelVariables}
        self.units: dict[str, Any] = {u.name: u for u in self.description.unitDefinitions}

    @functools.cached_property
    def folder(self) -> str:
        """Where it is unpacked; removed with this object."""
        folder = tempfile.mkdtemp(prefix="lowlift-fmu-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        import_fmpy().extract(str(self.path), folder)
        return folder

    def variable(self, name: str, causalities: tuple[str, ...], where: str) -> Any:
        """A numeric scalar variable of one of the causalities.

        Raises:
            FmuMappingError: there is none, with near names; its causality or type is another.
        """
        if name not in self.variables:
            raise FmuMappingError(f"{where}: {self.path.name} has no variable {name!r}; "
                                  f"{hint(name, self.variables, where='fmpy info')}")  # fmt: skip
        v = self.variables[name]
        if v.causality not in causalities:
            raise FmuMappingError(f"{where}: {name} of {self.path.name} has causality {v.causality}; {' or '.join(causalities)} is needed")
        if v.type not in NUMERIC or v.dimensions:
            what = "an array" if v.dimensions else f"of type {v.type}"
            raise FmuMappingError(f"{where}: {name} of {self.path.name} is {what}; a single number is needed")
        return v


def import_fmpy() -> Any:
    """FMPy, with a word on how to get it.

    Raises:
        FmuFileError: it is not installed.
    """
    try:
        import fmpy
    except ImportError as error:
        raise FmuFileError('FMUs are run by FMPy, which is not installed: pip install "lowlift[fmu]"') from error
    return fmpy
