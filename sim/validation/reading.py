"""A table as it came: header and cells, and which rows are sound."""

import csv
import dataclasses
import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lowlift.data.text import read_text
from lowlift.sim.validation.context import Context
from lowlift.sim.validation.spec import Array, Given, Rows, ValidationError


@dataclasses.dataclass(frozen=True)
class Sheet:
    """A CSV file as text: nothing is converted yet."""

    path: Path
    header: list[str]
    cells: list[list[str]]
    lines: list[int]
    """Line of the file at which each row ends (1 is the header)."""
    ragged: dict[int, str]
    """Rows with too few or too many cells."""

    def column(self, name: str) -> list[str]:
        """Cells of one column."""
        at = self.header.index(name)
        return [row[at] for row in self.cells]

    def label(self, row: int) -> str:
        """How a message names a row."""
        return f"row {row + 1} (line {self.lines[row]})"


def read_sheet(path: Path) -> Sheet:
    """Read a comma-separated table with a header.

    Raises:
        ValidationError: no header, no rows, or a name twice in the header.
        DataError: not readable, not UTF-8.
    """
    reader = csv.reader(io.StringIO(read_text(path)))
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append([cell.strip() for cell in row])
                lines.append(reader.line_num)
    except csv.Error as error:
        raise ValidationError(f"{path}: line {reader.line_num}: {error}") from error
    if not rows:
        raise ValidationError(f"{path}: is empty; a header and rows are needed")
    header, cells = rows[0], rows[1:]
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        raise ValidationError(f"{path}: the header has no commas; save the table with commas between columns and points in numbers")
    twice = sorted({h for h in header if header.count(h) > 1})
    if twice:
        raise ValidationError(f"{path}: column {', '.join(repr(t) for t in twice)} stands more than once in the header")
    if not cells:
        raise ValidationError(f"{path}: has a header but no rows")
    n = len(header)
    ragged = {i: f"{len(row)} cells for {n} columns" for i, row in enumerate(cells) if len(row) != n}
    cells = [(row + [""] * n)[:n] for row in cells]
    return Sheet(path, header, cells, lines[1:], ragged)


def number(cell: str) -> float:
    """A cell as a number; nan for anything else."""
    try:
        return float(cell.replace("_", "?"))  # Python reads 1_000, tables do not
    except ValueError:
        return math.nan


def complaint(cell: str, given: Given) -> str | None:
    """What is wrong with the cell of an input column, or None."""
    if not cell:
        return "is empty"
    if given.text:
        return None
    value = number(cell)
    if not math.isfinite(value):
        return "is not finite" if cell.lower().lstrip("+-") in ("inf", "infinity", "nan") else "is not a number"
    if not given.low <= value <= given.high:
        return f"must be between {given.low:g} and {given.high:g}"
    return None


def sound_rows(sheet: Sheet, given: Sequence[Given], context: Context) -> tuple[Rows, Array, dict[int, str]]:
    """Rows whose inputs can be used, their places, and what is wrong with the others."""
    wrong = dict(sheet.ragged)
    columns = {g.name: sheet.column(g.name) for g in given}
    for g in given:
        for i, cell in enumerate(columns[g.name]):
            reason = complaint(cell, g)
            if reason is not None and i not in wrong:
                wrong[i] = f"{g.name} = {cell!r}: {reason}"
    index = np.array([i for i in range(len(sheet.cells)) if i not in wrong], dtype=int)
    numbers = {g.name: np.array([float(columns[g.name][i]) for i in index]) for g in given if not g.text}
    texts = {g.name: np.array([columns[g.name][i] for i in index], dtype=object) for g in given if g.text}
    return Rows(numbers, texts, context), index, wrong
