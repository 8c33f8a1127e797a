"""The validation page: what was compared, how well, and what the agreement does not show."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

from lowlift.sim.files import make_folder, write_text
from lowlift.sim.validation.plot import plot
from lowlift.sim.validation.run import Result
from lowlift.sim.validation.show import RULE, law_words, reasons, share, verdict, worst_lines

HEAD = """# Validation

Every component and the reference plant are recomputed from the input columns of published or independently computed tables and compared
row by row. This page is written by the command that does it:

```
lowlift validate tests/reference/*.csv --page docs/validation.md
```

{rule}

Tolerances are those of the tables (columns `tol_*`); the library's own, for columns without one, are marked. Nothing in the library
is fitted to these rows, except the coolants' polynomials, which are a fit to the source of their table. The source, equations and
parameters of each table stand beside it in `tests/reference`.

"""


def cell(text: str) -> str:
    """Text that cannot break a row of a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")


def summary(results: Sequence[Result]) -> list[str]:
    """One line a table."""
    lines = [
        "| table | against | rows | compared | inside | worst error over tolerance | rows that break a law | |",
        "| --- | --- | ---: | ---: | ---: | ---: | --- | --- |",
    ]
    for r in results:
        worst = f"{r.worst[0].share:.2g}" if r.worst else ""
        cells = [f"[{r.spec.title}](#{anchor(r)})", cell(r.spec.source), str(len(r.sheet.cells)), str(r.compared), share(r.inside), worst,
                 law_words(r), verdict(r)]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def anchor(result: Result) -> str:
    """Anchor of a table's section."""
    return result.sheet.path.stem.lower().replace("_", "-")


def section(result: Result, picture: Path | None, page: Path) -> list[str]:
    """Columns, plot, worst rows and differences of one table."""
    lines = [f"({anchor(result)})=", f"## {result.spec.title}", "", f"`{result.sheet.path.name}`, against {result.spec.source}.", ""]
    if result.columns:
        lines += ["| column | rows | median error | worst error | tolerance | inside |", "| --- | ---: | ---: | ---: | --- | ---: |"]
        for c in result.columns:
            own = "" if c.tol is None or c.tol in result.sheet.header else " (own)"
            lines.append(
                f"| `{c.name}` | {c.rows} | {c.median:.2g} | {c.worst:.2g} | {f'`{c.tol}`{own}' if c.tol else ''} | {share(c.inside)} |"
            )
        lines.append("")
    if picture is not None:
        place = picture.relative_to(page.parent).as_posix()
        lines += [f"![Computed against reference: {result.spec.title}]({place})", ""]
    if result.worst:
        lines += ["Worst rows:", "", *(f"- {line}" for line in worst_lines(result)), ""]
    if result.problems:
        lines += ["Not computed:", "", *(f"- {line}" for line in reasons(result)), ""]
    if result.beyond:
        counts = [f"- {what}: {len(rows)} rows" for what, rows in result.beyond.items()]
        lines += ["Outside a validity range, continued as documented:", "", *counts, ""]
    if result.complaint:
        lines += [f"**{result.complaint}**", ""]
    if result.spec.differences:
        lines += ["Differences:", "", *(f"- {d}" for d in result.spec.differences), ""]
    return lines


def write_page(results: Sequence[Result], page: Path) -> list[Path]:
    """Write the page, and its plots into a folder of the page's name beside it.

    Raises:
        WriteError: a file could not be written.
    """
    folder = make_folder(page.with_suffix(""))
    pictures = [plot(r, folder / f"{r.sheet.path.stem}.png") for r in results]
    text = HEAD.format(rule=textwrap.fill(RULE, 140)) + "\n".join(summary(results)) + "\n\n"
    text += "\n".join(line for r, p in zip(results, pictures, strict=True) for line in section(r, p, page))
    return [write_text(page, text.rstrip("\n") + "\n"), *(p for p in pictures if p is not None)]
