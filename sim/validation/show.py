"""What the command prints: a summary, a table of columns for each file, the worst rows, and what could not be computed."""

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from lowlift.sim.validation.run import Result
from lowlift.sim.validation.score import ENOUGH

REASONS = 12
"""Most reasons listed of one table."""
RULE = (
    f"A table passes if at least {ENOUGH * 100:.0f} % of its rows with expected values have every output inside its tolerance, no row "
    "breaks a physical law, and at least one row could be computed; a trend passes if the order holds. Rows that no machine or weather is "
    "at hand for count as not inside; rows with missing or impossible cells do not count."
)


def spans(rows: Iterable[int]) -> str:
    """Row numbers, from one, with runs drawn together.

    >>> spans([0, 1, 2, 6])
    '1-3, 7'
    """
    numbers = sorted(r + 1 for r in rows)
    runs = [[n for _, n in run] for _, run in itertools.groupby(enumerate(numbers), lambda pair: pair[1] - pair[0])]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def share(x: float | None) -> str:
    """A share in per cent, never rounded up to all."""
    return "" if x is None else f"{min(x, 0.9999) if x < 1.0 else x:.2%}".replace("100.00%", "100 %").replace("%", " %").replace("  ", " ")


def verdict(result: Result) -> str:
    """One word on a table."""
    if result.inside is None and result.complaint is None and result.passed:
        return "computed"
    return "pass" if result.passed else "FAIL"


def law_words(result: Result) -> str:
    """Laws that rows break, or that none does."""
    broken = [f"{law}: {len(rows)}" for law, rows in result.broken.items()]
    return "; ".join(broken) if broken else "none" if result.laws else "not checked"


def summary_table(results: Sequence[Result]) -> Table:
    """All tables, a line each."""
    table = Table(title="validation", title_justify="left")
    for name, right in (("table", False), ("rows", True), ("computed", True), ("compared", True), ("inside", True),
                        ("worst error\nover tolerance", True), ("rows that\nbreak a law", False), ("s", True), ("", False)):  # fmt: skip
        table.add_column(name, justify="right" if right else "left")
    for r in results:
        worst = f"{r.worst[0].share:.3g}" if r.worst else ""
        table.add_row(r.spec.name, str(len(r.sheet.cells)), str(r.computed), str(r.compared), share(r.inside), worst, law_words(r),
                      f"{r.seconds:.1f}", verdict(r))  # fmt: skip
    return table


def column_table(result: Result) -> Table:
    """Columns of one table."""
    table = Table(title=f"{result.sheet.path.name}: {result.spec.title} against {result.spec.source}", title_justify="left")
    for name in ("column", "rows", "median error", "worst error", "median rel.", "worst rel.", "tolerance", "inside", "over tolerance"):
        table.add_column(name, justify="left" if name in ("column", "tolerance") else "right")
    for c in result.columns:
        own = "" if c.tol is None or c.tol in result.sheet.header else " (own)"
        table.add_row(
            c.name, str(c.rows), f"{c.median:.3g}", f"{c.worst:.3g}", f"{c.median_relative:.2e}", f"{c.worst_relative:.2e}",
            f"{c.tol}{own}" if c.tol else "", share(c.inside), "" if c.worst_share is None else f"{c.worst_share:.3g}",
        )  # fmt: skip
    return table


def worst_lines(result: Result) -> list[str]:
    """The worst rows in words."""
    return [
        f"{result.sheet.label(w.row)}: {w.column} = {w.computed:.7g}, expected {w.expected:.7g}: {w.share:.3g} of its tolerance"
        for w in result.worst
    ]


def reasons(result: Result) -> list[str]:
    """What could not be computed and why, rows of one reason together."""
    by_reason: dict[str, list[int]] = {}
    for row, why in result.problems.items():
        by_reason.setdefault(why, []).append(row)
    lines = []
    for why, rows in by_reason.items():
        place = result.sheet.label(rows[0]) if len(rows) == 1 else f"rows {spans(rows)}"
        lines.append(f"{place}: {why}")
    return lines


def law_lines(result: Result) -> list[str]:
    """Rows that break a law."""
    return [f"{law}: rows {spans(rows)}" for law, rows in result.broken.items()]


def show(results: Sequence[Result], *, width: int = 140) -> None:
    """Print everything; what could not be computed goes to standard error."""
    console, errors = Console(width=width, highlight=False), Console(stderr=True, width=width, highlight=False)
    for r in results:
        if r.columns:
            console.print(column_table(r))
        if r.worst:
            console.print("worst rows:", markup=False)
        for line in worst_lines(r):
            console.print(f"  {line}", markup=False)
        for line in law_lines(r):
            console.print(f"  breaks a law: {line}", markup=False)
        for what, rows in r.beyond.items():
            console.print(f"  {what}: {len(rows)} rows", markup=False)
        if r.complaint:
            console.print(f"  {r.complaint}", markup=False)
        lines = reasons(r)
        for line in lines if len(r.problems) <= REASONS else lines[:REASONS]:
            errors.print(f"{r.sheet.path.name}: {line}", markup=False, soft_wrap=True)
        if len(lines) > REASONS:
            errors.print(f"{r.sheet.path.name}: and {len(lines) - REASONS} more reasons; all of them with --json", markup=False)
    console.print(summary_table(results))
    console.print(RULE, markup=False)


def as_data(results: Sequence[Result]) -> list[dict[str, Any]]:
    """The same for machines."""
    return [
        {
            "file": str(r.sheet.path), "table": r.spec.name, "kind": r.spec.kind, "rows": len(r.sheet.cells), "computed": r.computed,
            "compared": r.compared, "outside": r.outside, "lost": r.lost, "inside": r.inside, "passed": r.passed, "complaint": r.complaint,
            "seconds": round(r.seconds, 3),
            "columns": {
                c.name: {"rows": c.rows, "median": c.median, "worst": c.worst, "median_rel": c.median_relative,
                         "worst_rel": c.worst_relative, "tolerance": c.tol, "inside": c.inside, "worst_over_tolerance": c.worst_share,
                         "worst_row": c.worst_row + 1}
                for c in r.columns
            },
            "worst_rows": [{"row": w.row + 1, "line": r.sheet.lines[w.row], "column": w.column, "computed": w.computed,
                            "expected": w.expected, "over_tolerance": w.share} for w in r.worst],
            "laws_broken": {law: [i + 1 for i in rows] for law, rows in r.broken.items()},
            "laws_checked": list(r.laws),
            "outside_range": {what: [i + 1 for i in rows] for what, rows in r.beyond.items()},
            "not_computed": {str(i + 1): why for i, why in r.problems.items()},
        }
        for r in results
    ]  # fmt: skip
