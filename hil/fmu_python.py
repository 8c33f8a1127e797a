"""The ``python`` form of an FMU: PythonFMU3 wraps a script that runs the plant in the host's Python, which must have lowlift.

PythonFMU3 brings the binaries, which load the Python of the host, and the interface. The description is our own, that of the compiled form.
"""

import tempfile
import zipfile
from pathlib import Path

from lowlift.hil.fmu_errors import FmuBuildError
from lowlift.hil.fmu_layout import layout
from lowlift.hil.fmu_source import token
from lowlift.hil.fmu_xml import description, identifier
from lowlift.models.kernel_source import packaged
from lowlift.models.plant import Plant

SITE_FILE = "site.toml"
SCRIPT = '''"""Runs a plant of lowlift inside this FMU."""
from pathlib import Path

from pythonfmu3 import Fmi3Slave, Fmi3Status, Fmi3StepResult


class {name}(Fmi3Slave):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        from lowlift.hil.fmu_script import PlantInside

        self.inside = PlantInside(self, {site})

    def exit_initialization_mode(self):
        self.inside.ready()

    def do_step(self, current_time, step_size):
        try:
            self.inside.step(current_time, step_size)
        except ArithmeticError as error:
            self.log(str(error), Fmi3Status.discard)
            return Fmi3StepResult(status=Fmi3Status.discard)
        return Fmi3StepResult()
'''


def python_fmu(plant: Plant, site_file: str | Path | None) -> bytes:
    """The FMU, FMI 3.0.

    Args:
        plant: the plant.
        site_file: the file of its site; none for a packaged one.

    Raises:
        FmuBuildError: PythonFMU3 is not installed, or the site is neither packaged nor given as a file.
    """
    from lowlift.hil.fmu_export import packed
    from lowlift.models.site import site_names

    try:
        from pythonfmu3 import FmuBuilder
    except ImportError as error:
        raise FmuBuildError('the python form is made by PythonFMU3, which is not installed: pip install "lowlift[fmu]"') from error
    name = identifier(plant)
    if site_file is None and plant.site.name not in site_names():
        raise FmuBuildError(f"site {plant.site.name} is not packaged: the python form needs its file")
    site = repr(plant.site.name) if site_file is None else f'Path(self.resources, "{SITE_FILE}")'
    script = SCRIPT.format(name=name, site=site)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"{name}.py")
        file.write_text(script)
        extra = []
        if site_file is not None:
            extra.append(Path(folder, SITE_FILE))
            extra[0].write_bytes(Path(site_file).read_bytes())
        made = FmuBuilder.build_FMU(file, dest=Path(folder, "made"), project_files=extra)
        with zipfile.ZipFile(made) as archive:
            files = {entry: archive.read(entry) for entry in archive.namelist()}
    variables = layout(plant)
    text = description(plant, variables, 3, token(script, variables), needs_python=True)
    licence = packaged("fmu_license.txt", "lowlift.hil").encode()
    return packed(files | {"modelDescription.xml": text.encode(), "documentation/licenses/license.txt": licence})
