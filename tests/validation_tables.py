"""Shipped tables and altered copies of them, for the tests of validation."""

import csv
from collections.abc import Callable
from pathlib import Path

from lowlift.sim.validation.registry import TABLES

REFERENCE = Path(__file__).parent / "reference"
NAMES = sorted(TABLES)


def read(path: Path) -> tuple[list[str], list[list[str]]]:
    """Header and cells."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return rows[0], rows[1:]


def write(path: Path, header: list[str], rows: list[list[str]]) -> Path:
    """Write them again."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def copy(name: str, folder: Path, *, rows: int | None = None, change: Callable[[dict[str, str]], object] | None = None,
         drop: tuple[str, ...] = (), stem: str | None = None) -> Path:  # fmt: skip
    """A shipped table with fewer rows, changed cells or dropped columns, perhaps under another name."""
    header, cells = read(REFERENCE / f"{name}.csv")
    kept = [h for h in header if h not in drop]
    changed = []
    for row in cells[:rows]:
        record = dict(zip(header, row, strict=True))
        if change is not None:
            change(record)
        changed.append([record[h] for h in kept])
    return write(folder / f"{stem or name}.csv", kept, changed)


def outputs(name: str) -> tuple[str, ...]:
    """Output columns of a table."""
    return tuple(o.name for o in TABLES[name].out)
