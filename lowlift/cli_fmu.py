"""Command line: a plant as a functional mock-up unit."""

from pathlib import Path
from typing import Annotated

import typer

from lowlift.terminal import UsageError, friendly


def export_fmu(
    plant: Annotated[str, typer.Argument(help="Plant name or site file.")],
    out: Annotated[Path, typer.Option(help="File to write, like hall.fmu.")],
    fmi: Annotated[int, typer.Option(help="Version of the standard, 3 or 2.")] = 3,
    form: Annotated[str, typer.Option(help="compiled: runs alone. python: FMI 3, needs Python with lowlift where it runs.")] = "compiled",
) -> None:
    """Write a plant as an FMU for co-simulation, with actuators and disturbances as inputs."""
    with friendly():
        from lowlift import models
        from lowlift.hil.fmu_export import FORMS, VERSIONS
        from lowlift.hil.fmu_export import export_fmu as export
        from lowlift.hil.fmu_layout import layout

        if fmi not in VERSIONS:
            raise UsageError(f"--fmi = {fmi}: must be 3 or 2")
        if form not in FORMS:
            raise UsageError(f"--form {form!r}: must be {' or '.join(FORMS)}")
        if out.suffix != ".fmu":
            raise UsageError(f"--out {out}: must end in .fmu")
        hall = models.load(plant, check=False)
        packaged = plant in models.site_names()
        path = export(hall, out, fmi=fmi, form=form, site_file=None if packaged else plant)
        count = {c: sum(v.causality == c for v in layout(hall)) for c in ("input", "local", "output")}
        typer.echo(f"{path}: FMI {fmi}.0 co-simulation, {count['input']} inputs, {count['local']} states, {count['output']} outputs, "
                   f"{path.stat().st_size / 1e3:.0f} kB")  # fmt: skip
