"""One table: read, recognise, recompute, compare."""

import dataclasses
import math
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lowlift.sim.validation.context import Context
from lowlift.sim.validation.reading import Sheet, number, sound_rows
from lowlift.sim.validation.score import ENOUGH, ColumnScore, WorstRow, column_score, shares, worst_rows
from lowlift.sim.validation.spec import Array, Computed, Out, Refusal, Rows, TableSpec


@dataclasses.dataclass(frozen=True)
class Result:
    """A table recomputed."""

    spec: TableSpec
    sheet: Sheet
    outputs: tuple[Out, ...]
    values: dict[str, Array]
    """Computed columns over all rows; nan where a row could not be computed."""
    expected: dict[str, Array]
    """What the file holds in these columns; nan where it holds nothing."""
    columns: list[ColumnScore]
    worst: list[WorstRow]
    inside: float | None
    """Share of rows with every output inside its tolerance, of those compared and those lost; None where there are neither."""
    lost: int
    """Sound rows with expected values for which nothing was computed: they count as not inside."""
    outside: int
    compared: int
    computed: int
    broken: dict[str, list[int]]
    """Rows that break a physical law, by law."""
    laws: tuple[str, ...]
    beyond: dict[str, list[int]]
    """Rows outside a validity range, by range."""
    problems: dict[int, str]
    """Rows that could not be computed, and why."""
    complaint: str | None
    """What a table judged as a whole has to complain about."""
    seconds: float

    @property
    def passed(self) -> bool:
        """Something was computed, no law is broken, and a table with expected values has enough rows inside."""
        nothing = self.computed == 0 and self.spec.kind != "figures"
        if nothing or any(self.broken.values()) or self.complaint is not None:
            return False
        return self.spec.verdict is not None or self.inside is None or self.inside >= ENOUGH


def _spread(values: Array, index: Array, rows: int) -> Array:
    full = np.full(rows, np.nan)
    full[index] = values
    return full


def _flagged(flags: dict[str, Array], index: Array, taken: Array) -> dict[str, list[int]]:
    return {name: [int(i) for i in index[flag & taken]] for name, flag in flags.items() if np.any(flag & taken)}


def _compute(spec: TableSpec, rows: Rows) -> Computed:
    """Run the table's function; a refusal of the whole table refuses each of its rows."""
    if len(rows) == 0:
        return Computed({})
    try:
        with np.errstate(all="ignore"):
            return spec.compute(rows)
    except Refusal as error:
        return Computed({}, refused=dict.fromkeys(range(len(rows)), str(error)))


def _tolerance(sheet: Sheet, spec: TableSpec, tol: str, index: Array) -> Array:
    """Tolerance of each sound row: from the table, its default where the cell says nothing usable."""
    default = spec.tolerances[tol]
    if tol not in sheet.header:
        return np.full(index.size, default)
    cells = sheet.column(tol)
    read = np.array([number(cells[i]) for i in index])
    return np.where(np.isfinite(read) & (read >= 0.0), read, default)


def validate_sheet(sheet: Sheet, spec: TableSpec, context: Context) -> Result:
    """Recompute one table and compare it with what it holds."""
    begun = time.perf_counter()
    context = dataclasses.replace(context, columns=tuple(dict.fromkeys([*sheet.header, *(o.name for o in spec.out)])))
    rows, index, problems = sound_rows(sheet, spec.given, context)
    malformed = set(problems)
    done = _compute(spec, rows)
    problems |= {int(index[i]): why for i, why in done.refused.items()}
    taken = np.array([i not in done.refused for i in range(index.size)], dtype=bool)
    n, outputs = len(sheet.cells), spec.outputs(sheet.header)
    values, expected, allowed = {}, {}, {}
    for out in outputs:
        raw = np.asarray(done.values.get(out.name, np.full(index.size, np.nan)), dtype=float)
        values[out.name] = _spread(np.where(np.isfinite(raw) & taken, raw, np.nan), index, n)
        cells = sheet.column(out.name) if out.name in sheet.header else [""] * n
        expected[out.name] = np.array([x if math.isfinite(x := number(c)) else math.nan for c in cells])
        if out.tol is not None:
            known = expected[out.name][index]
            allowed[out.name] = _spread(out.allowed(_tolerance(sheet, spec, out.tol, index), known, rows), index, n)
    ready = np.ones(n, dtype=bool)
    for out in outputs if spec.kind != "figures" else ():
        for i in np.flatnonzero(~np.isfinite(values[out.name])).tolist():
            ready[i] = False
            problems.setdefault(i, f"{out.name} has no finite value for these inputs")
    for i in problems:
        ready[i] = False
    compared = {name: tol for name, tol in allowed.items() if np.any(np.isfinite(expected[name]) & np.isfinite(values[name]))}
    scores = [s for o in outputs if (s := column_score(o.name, o.tol, values[o.name], expected[o.name], allowed.get(o.name)))]
    share, at = shares(values, expected, compared) if compared else (np.full(n, np.nan), np.zeros(n, dtype=int))
    unknown = [np.isfinite(expected[name]) & ~np.isfinite(values[name]) for name in allowed]
    missing = np.any(unknown or [np.zeros(n, dtype=bool)], axis=0)
    missing[list(malformed)] = False
    if spec.kind == "figures":
        missing[:] = False  # most figures are not for computing
    good, counted = int(np.count_nonzero((share <= 1.0) & ~missing)), int(np.count_nonzero(np.isfinite(share) | missing))
    judged = share[np.isfinite(share)]
    complaint = spec.verdict(rows, {k: v[index] for k, v in values.items()}) if spec.verdict and index.size else None
    return Result(
        spec=spec, sheet=sheet, outputs=outputs, values=values, expected=expected, columns=scores,
        worst=worst_rows(share, at, list(compared), values, expected), inside=good / counted if counted else None,
        lost=int(np.count_nonzero(missing)),
        outside=int(np.count_nonzero(judged > 1.0)), compared=int(judged.size), computed=int(np.count_nonzero(ready)),
        broken=_flagged(done.broken, index, taken), laws=tuple(done.broken), beyond=_flagged(done.beyond, index, taken),
        problems=dict(sorted(problems.items())), complaint=complaint, seconds=time.perf_counter() - begun,
    )  # fmt: skip


def filled_header(result: Result) -> list[str]:
    """The file's columns, with outputs that it lacks placed as in the shipped table."""
    header = list(result.sheet.header)
    canonical: Sequence[str] = result.spec.columns()
    for name in (o.name for o in result.outputs if o.name not in header):
        before = canonical[: canonical.index(name)] if name in canonical else canonical
        at = max((header.index(c) + 1 for c in before if c in header), default=0)
        header.insert(at, name)
    return header


def filled_text(result: Result) -> str:
    """The table as CSV with its outputs recomputed; inputs and foreign columns as they came."""
    import csv
    import io

    header, places = filled_header(result), {name: i for i, name in enumerate(result.sheet.header)}
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    for i, cells in enumerate(result.sheet.cells):
        row = []
        for name in header:
            value = result.values[name][i] if name in result.values else None
            row.append(cells[places[name]] if value is None else "" if math.isnan(value) else f"{value:.10g}")
        writer.writerow(row)
    return buffer.getvalue()


def output_names(results: Sequence[Result]) -> dict[Path, str]:
    """File name of each recomputed table: the table's own, or the file's stem where several files hold the same table."""
    kinds = [r.spec.name for r in results]
    return {
        r.sheet.path: f"{r.spec.name if kinds.count(r.spec.name) == 1 else r.sheet.path.stem}.csv" for r in results
    }  # fmt: skip
