"""A plant as a functional mock-up unit for co-simulation: one file that other simulators run.

>>> import lowlift as ll
>>> from lowlift.hil.fmu_export import export_fmu
>>> plant = ll.models.load("gb200_hall")
>>> export_fmu(plant, "gb200_hall.fmu", fmi=3)  # doctest: +SKIP
PosixPath('gb200_hall.fmu')
"""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from lowlift.hil.fmu_build import compile_library, this_platform
from lowlift.hil.fmu_errors import FmuBuildError
from lowlift.hil.fmu_layout import layout
from lowlift.hil.fmu_source import fmu_source
from lowlift.hil.fmu_xml import SOURCE, build_description, description, identifier
from lowlift.models.kernel_source import packaged
from lowlift.models.plant import Plant

FORMS = ("compiled", "python")
VERSIONS = (3, 2)
EPOCH = (1980, 1, 1, 0, 0, 0)
"""Date of every file in an FMU, so that equal FMUs are equal files: the earliest that a ZIP file can hold."""


def export_fmu(plant: Plant, path: str | Path, *, fmi: int = 3, form: str = "compiled", site_file: str | Path | None = None) -> Path:
    """Write a plant as an FMU; the file appears whole or not at all.

    Args:
        plant: any plant of the library.
        path: of the FMU.
        fmi: version of the standard, 3 or 2.
        form: ``compiled`` from C, which runs alone, or ``python`` (FMI 3 only), which needs Python with lowlift where it runs.
        site_file: for the ``python`` form, the file of a site that is not packaged.

    Raises:
        FmuBuildError: no binary can be made here; says what to do.
        FmuUnitError: a table of the plant has a unit that FMI cannot be told.
        SteadyStateError: the plant has no rest from which the FMU could start.
        WriteError: the file cannot be written.
        ValueError: unknown ``fmi`` or ``form``.
    """
    from lowlift.sim.files import write_bytes

    if fmi not in VERSIONS:
        raise ValueError(f"fmi = {fmi}: must be 3 or 2")
    if form not in FORMS:
        raise ValueError(f"form = {form!r}: must be one of {', '.join(FORMS)}")
    if form == "python":
        from lowlift.hil.fmu_python import python_fmu

        if fmi != 3:
            raise FmuBuildError(f"fmi = {fmi}: the python form is FMI 3.0 only; use --fmi 3 or --form compiled")
        return write_bytes(path, python_fmu(plant, site_file))
    return write_bytes(path, packed(compiled_files(plant, fmi)))


def compiled_files(plant: Plant, fmi: int) -> dict[str, bytes]:
    """Files of a compiled FMU by their path inside it: description, binary, source, licence."""
    here = this_platform(fmi)
    source, token = fmu_source(plant, fmi)
    name = identifier(plant)
    files = {
        "modelDescription.xml": description(plant, layout(plant), fmi, token).encode(),
        f"binaries/{here.folder(fmi)}/{name}{here.suffix}": compile_library(source, name),
        f"sources/{SOURCE}": source.encode(),
        ("documentation/licenses/license.txt" if fmi == 3 else "documentation/licenses/LICENSE.txt"): packaged("fmu_license.txt",
                                                                                                             "lowlift.hil").encode(),
    }  # fmt: skip
    return files | ({"sources/buildDescription.xml": build_description(plant).encode()} if fmi == 3 else {})


def packed(files: Mapping[str, bytes]) -> bytes:
    """A ZIP file with nothing of the day or the machine in it."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, files[name])
    return memory.getvalue()
