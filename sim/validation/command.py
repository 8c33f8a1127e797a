"""The command ``lowlift validate``: files in, recomputed tables, a verdict and a page out."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from lowlift.sim.files import make_folder, write_text
from lowlift.sim.validation.context import Context, read_machines
from lowlift.sim.validation.reading import read_sheet
from lowlift.sim.validation.recognise import recognise
from lowlift.sim.validation.registry import TABLES
from lowlift.sim.validation.run import Result, filled_text, output_names, validate_sheet
from lowlift.sim.validation.spec import ValidationError


def validate(files: Sequence[Path], coefficients: Sequence[Path] = (), weather: Path | None = None) -> list[Result]:
    """Recompute tables; every file is recognised before any is computed.

    Args:
        files: tables in the format of the reference tables.
        coefficients: chiller coefficients, searched before those beside each table and the packaged ones.
        weather: folder of weather files, searched before the packaged ones.

    Raises:
        ValidationError: an unknown or ambiguous table, unusable coefficients, no such folder.
        DataError: a file cannot be read.
    """
    if weather is not None and not os.path.isdir(weather):
        raise ValidationError(f"{weather}: no such folder (--weather)")
    for path in coefficients:
        read_machines(path)
    sheets = [read_sheet(path) for path in dict.fromkeys(files)]
    specs = [recognise(sheet.path, sheet.header, TABLES) for sheet in sheets]
    return [
        validate_sheet(sheet, spec, Context(sheet.path.parent, tuple(coefficients), weather))
        for sheet, spec in zip(sheets, specs, strict=True)
    ]  # fmt: skip


def write_tables(results: Sequence[Result], folder: Path) -> list[Path]:
    """Write each recomputed table.

    Raises:
        ValidationError: two files would be written under one name, or a file over itself.
        WriteError: the folder takes no files.
    """
    names = output_names(results)
    targets = [folder / names[r.sheet.path] for r in results]
    for target in targets:
        if targets.count(target) > 1:
            raise ValidationError(f"{target.name}: several files would be written under this name (--out); give them different names")
        if any(target.resolve() == r.sheet.path.resolve() for r in results):
            raise ValidationError(f"{target}: would be written over the table read (--out); name another folder")
    make_folder(folder)
    return [write_text(target, filled_text(r)) for target, r in zip(targets, results, strict=True)]


def run_command(
    files: Sequence[Path], coefficients: Sequence[Path], weather: Path | None, out: Path | None, page: Path | None, as_json: bool
) -> int:
    """Everything that the command does; returns its exit code, 1 if a table fails."""
    from lowlift.sim.validation.show import as_data, show

    if out is not None:
        make_folder(out)
    results = validate(files, coefficients, weather)
    written = write_tables(results, out) if out is not None else []
    if page is not None:
        from lowlift.sim.validation.page import write_page

        written += write_page(results, page)
    if as_json:
        print(json.dumps({"passed": all(r.passed for r in results), "tables": as_data(results)}, indent=1, allow_nan=False))
    else:
        show(results)
        for path in written:
            print(path)
    return 0 if all(r.passed for r in results) else 1
