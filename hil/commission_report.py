"""The report of a commissioning run: one HTML page that needs nothing else, the same as PDF, and the verdicts as JSON."""

import datetime
import hashlib
import importlib.metadata
import json
import math
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from lowlift.hil.commission_charts import chart
from lowlift.hil.commission_run import Result, StepResult
from lowlift.hil.commission_watch import CheckResult, Verdict
from lowlift.sim.files import make_folder, save_with, write_text
from lowlift.sim.plot_style import INK, LIMIT, MUTED, narrow, style, svg

if TYPE_CHECKING:
    pass

VERSION = importlib.metadata.version("lowlift")
TONES = {Verdict.PASSED: "good", Verdict.FAILED: "bad", Verdict.NOT_RUN: "note"}
GOOD = "#00724f"
PAGE = (8.27, 11.69)
"""A4 [inch]."""
ROWS, ROW = 46, 0.019
"""Lines of a page of the PDF, and the height of one [share of the page]."""
WIDTH = 98
"""Letters of such a line."""


def write_report(result: Result, folder: str | Path, when: datetime.datetime | None = None) -> dict[str, Path]:
    """Write ``commissioning.html``, ``.pdf`` and ``.json`` into a folder.

    Args:
        result: of a script.
        folder: made if it is not there.
        when: date of the report; now where nothing is said.

    Returns:
        The files by format.

    Raises:
        WriteError: no room, no permission.
    """
    made = when or datetime.datetime.now(datetime.UTC)
    at = make_folder(folder) / "commissioning"
    return {
        "html": write_text(at.with_suffix(".html"), html(result, made)),
        "pdf": save_with(at.with_suffix(".pdf"), lambda file: _pdf(result, made, file)),
        "json": write_text(at.with_suffix(".json"), json.dumps(summary(result, made), indent=1, allow_nan=False) + "\n"),
    }


def html(result: Result, made: datetime.datetime) -> str:
    """The page."""
    import jinja2
    from markupsafe import Markup

    css = (resources.files("lowlift.sim") / "templates" / "report.css.j2").read_text(encoding="utf-8")
    page = (resources.files("lowlift.hil") / "templates" / "commission.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    checks = [c for s in result.steps for c in s.checks]
    script = result.script
    return environment.from_string(page).render(
        css=Markup(css), title=script.title, about=script.about, verdict=result.verdict.value, duration=duration(result.duration),
        n_passed=sum(s.verdict is Verdict.PASSED for s in result.steps), n_checks=len(checks),
        n_checks_passed=sum(c.verdict is Verdict.PASSED for c in checks), left=result.left, restored=result.restored,
        interrupted=result.interrupted,
        preconditions=[_row(c) for c in result.preconditions], steps=[_step(s) for s in result.steps], faults=_faults(result),
        charts=_charts(result), script=script.text, site=result.site, made=made.strftime("%Y-%m-%d %H:%M %Z"), version=VERSION,
        source=script.source, digest=digest(result),
    )  # fmt: skip


def summary(result: Result, made: datetime.datetime) -> dict[str, Any]:
    """Verdicts and reasons, for programs."""

    def check(c: CheckResult) -> dict[str, Any]:
        return {"expected": c.wanted, "verdict": c.verdict.value, "reason": c.reason, "decided_s": _finite(c.decided)}

    return {
        "title": result.script.title, "verdict": result.verdict.value, "site": result.site, "made": made.isoformat(timespec="seconds"),
        "script_sha256": digest(result), "duration_s": result.duration, "preconditions": [check(c) for c in result.preconditions],
        "steps": [
            {"name": s.name, "verdict": s.verdict.value, "reason": s.reason, "begin_s": _finite(s.begin), "end_s": _finite(s.end),
             "actions": list(s.actions), "expectations": [check(c) for c in s.checks]}
            for s in result.steps
        ],
        "faults": _faults(result), "left": list(result.left), "restored": list(result.restored), "interrupted": result.interrupted,
    }  # fmt: skip


def digest(result: Result) -> str:
    """Checksum of the script as it was written."""
    return hashlib.sha256(result.script.text.encode("utf-8")).hexdigest()


def duration(seconds: float) -> str:
    """A time in words.

    >>> duration(42.0), duration(5400.0)
    ('42 s', '90 min')
    """
    return f"{seconds:.0f} s" if seconds < 120.0 else f"{seconds / 60.0:.0f} min"


def _row(c: CheckResult) -> dict[str, str]:
    return {"wanted": c.wanted, "verdict": c.verdict.value, "tone": TONES[c.verdict], "reason": c.reason}


def _step(s: StepResult) -> dict[str, Any]:
    rows = [_row(c) for c in s.checks]
    if s.reason or not rows:
        rows.insert(0, {"wanted": "", "verdict": s.verdict.value, "tone": TONES[s.verdict], "reason": s.reason})
    when = f"{s.begin / 60.0:.1f} to {s.end / 60.0:.1f} min" if math.isfinite(s.begin) else ""
    return {"name": s.name, "actions": s.actions, "rows": rows, "when": when}


def _faults(result: Result) -> list[dict[str, str]]:
    words = {fault.title: fault.words for fault in result.script.faults}
    return [
        {"name": s.name, "words": words[s.name], "begin": f"{s.begin / 60.0:.1f} min", "end": f"{s.end / 60.0:.1f} min"}
        for s in result.spans
    ]


def _charts(result: Result) -> list[dict[str, Any]]:
    from markupsafe import Markup

    drawn = []
    for name in result.courses if len(result.t) else ():
        wide = svg(chart(result, name), name, f"wide{name}")
        with narrow():
            phone = svg(chart(result, name), name, f"phone{name}")
        # The library's own drawing, with its texts escaped.
        drawn.append({"wide": Markup(wide), "phone": Markup(phone), "caption": result.points[name].description})
    return drawn


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _pdf(result: Result, made: datetime.datetime, file: BinaryIO) -> None:
    """Pages of text, then two charts a page."""
    from matplotlib.backends.backend_pdf import PdfPages
    from matplotlib.figure import Figure

    lines = _lines(result, made)
    with style(), PdfPages(file, metadata={"Title": result.script.title, "CreationDate": made}) as pages:
        for k in range(0, len(lines), ROWS):
            page = Figure(figsize=PAGE)
            for n, (text, colour, weight, size) in enumerate(lines[k : k + ROWS]):
                page.text(0.07, 0.95 - n * ROW, text, color=colour, fontweight=weight, fontsize=size, va="top")
            pages.savefig(page)
        for name in result.courses if len(result.t) else ():
            pages.savefig(chart(result, name))


def _lines(result: Result, made: datetime.datetime) -> list[tuple[str, str, str, float]]:
    """Text of the PDF: lines with colour, weight and size."""
    import textwrap

    colours = {Verdict.PASSED: GOOD, Verdict.FAILED: LIMIT, Verdict.NOT_RUN: MUTED}
    lines: list[tuple[str, str, str, float]] = []

    def add(text: str, colour: str = INK, weight: str = "normal", size: float = 9.0, indent: str = "") -> None:
        for line in textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=2 * indent) or [""]:
            lines.append((line.replace("$", r"\$"), colour, weight, size))

    add(result.script.title, weight="bold", size=14.0)
    add("")
    early = ", interrupted before its end" if result.interrupted else ""
    add(f"{result.verdict.value}, {duration(result.duration)}{early}", colours[result.verdict], "bold", 12.0)
    add(f"{result.site}. {made.strftime('%Y-%m-%d %H:%M %Z')}, lowlift {VERSION}", MUTED)
    add(f"Script {result.script.source}, SHA-256 {digest(result)}", MUTED)
    add(result.script.about)
    for text in result.left:
        add(f"Not as it was found: {text}", LIMIT, "bold")
    for c in result.preconditions:
        add(f"{c.verdict.value}: before, {c.wanted}: {c.reason}", colours[c.verdict])
    for k, f in enumerate(_faults(result)):
        add(f"F{k + 1}: {f['name']} ({f['words']}), {f['begin']} to {f['end']}", MUTED)
    for n, s in enumerate(result.steps):
        add("")
        add(f"{n + 1}. {s.name}: {s.verdict.value}", colours[s.verdict], "bold")
        for action in s.actions:
            add(action, MUTED, indent="   ")
        if s.reason:
            add(s.reason, LIMIT, indent="   ")
        for c in s.checks:
            add(f"{c.verdict.value}: {c.wanted}: {c.reason}", colours[c.verdict], indent="   ")
    if result.restored:
        add("")
        add("As it was found", weight="bold")
        for text in result.restored:
            add(text, MUTED, indent="   ")
    return lines
