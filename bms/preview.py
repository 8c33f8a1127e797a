"""The preview that an operator signs: every point's values with their limits, and the schedule in force beside them.

Drawn for paper: told apart by line style and grey level, not by colour alone; an A4 sheet upright, up to six points on it, times of the
site's own clock.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lowlift.bms.moves import Move, moves
from lowlift.bms.zone_clock import zone_of
from lowlift.sim.files import save_with
from lowlift.sim.plot_style import GRID, INK, LIMIT, MUTED, REACH, style
from lowlift.sim.schedule import Schedule
from lowlift.sim.schedule_rows import ScheduleError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHEET = (8.27, 11.69)
"""A4 upright [inch]."""
PANELS = 6
"""Points on a sheet."""
PAST = "#8a9099"


def preview(schedule: Schedule, previous: Schedule | None = None) -> "list[Figure]":
    """Sheets of a schedule.

    Args:
        schedule: what shall be approved.
        previous: what is in force now, drawn beside it.
    """
    from matplotlib.figure import Figure

    own = moves(schedule.rows)
    old = {} if previous is None else moves(previous.rows)
    names = [*own, *(p for p in old if p not in own)]
    sheets = []
    with style():
        for first in range(0, max(len(names), 1), PANELS):
            chosen = names[first : first + PANELS]
            figure = Figure(figsize=SHEET, layout="constrained")
            figure.get_layout_engine().set(rect=(0.02, 0.03, 0.96, 0.89))  # type: ignore[union-attr, call-arg]
            panels: Any = figure.subplots(PANELS, 1, squeeze=False)[:, 0]
            for k, axes in enumerate(panels):
                if k < len(chosen):
                    _panel(axes, chosen[k], own.get(chosen[k], []), old.get(chosen[k], []), schedule)
                else:
                    axes.set_visible(False)
            number = f"sheet {first // PANELS + 1} of {-(-len(names) // PANELS)}" if len(names) > PANELS else ""
            _words(figure, schedule, previous, number)
            sheets.append(figure)
    return sheets


def save_preview(schedule: Schedule, path: str | Path, previous: Schedule | None = None) -> list[Path]:
    """Write the sheets: one PDF, or a PNG or SVG each.

    Raises:
        ScheduleError: the suffix is none of them.
    """
    path, suffix = Path(path), Path(path).suffix.lower().removeprefix(".")
    if suffix not in ("pdf", "png", "svg"):
        raise ScheduleError(f"{path}: previews are written as .pdf, .png or .svg")
    sheets = preview(schedule, previous)
    with style():
        if suffix == "pdf":
            from matplotlib.backends.backend_pdf import PdfPages

            def fill(file: Any) -> None:
                with PdfPages(file) as pages:
                    for sheet in sheets:
                        pages.savefig(sheet)

            return [save_with(path, fill)]
        names = [path if len(sheets) == 1 else path.with_stem(f"{path.stem}-{k}") for k in range(1, len(sheets) + 1)]
        return [save_with(n, _writer(sheet, suffix)) for n, sheet in zip(names, sheets, strict=True)]


def _writer(sheet: "Figure", suffix: str) -> Callable[[Any], None]:
    return lambda file: sheet.savefig(file, format=suffix, dpi=160)


def _panel(axes: "Axes", point: str, new: Sequence[Move], old: Sequence[Move], schedule: Schedule) -> None:
    from matplotlib import dates

    mdates: Any = dates

    row = (new or old)[0].row
    zone = zone_of(schedule.timezone)
    every = []
    if old:
        every += _steps(axes, old, color=PAST, linewidth=2.6, linestyle=(0, (1.2, 1.2)), label="in force now")
    if new:
        every += _steps(axes, new, color=INK, linewidth=1.7, linestyle="-", label="new")
    values = [v for v in every if v is not None]
    low, high = min(values), max(values)
    reach = REACH * max(high - low, 0.02 * (row.high - row.low))
    far = []
    for name, bound in (("low", row.low), ("high", row.high)):
        if low - reach <= bound <= high + reach:
            axes.axhline(bound, color=LIMIT, linewidth=1.1, linestyle=(0, (6, 2.5)))
            low, high = min(low, bound), max(high, bound)
        else:
            far.append(name)
    axes.axhline(row.fallback, color=MUTED, linewidth=0.9, linestyle=(0, (1, 3))) if low <= row.fallback <= high else None
    margin = 0.12 * max(high - low, 0.01 * (row.high - row.low))
    axes.set_ylim(low - margin, high + margin)
    unit = "-" if row.unit == "1" else row.unit
    axes.set_title(point, loc="left")
    axes.set_title(f"limits {row.low:g} to {row.high:g}{' (outside the picture)' if far else ''}, fallback {row.fallback:g}, "
                   f"at most {row.rate_per_min:g} {unit}/min", loc="right", fontsize=7.5, fontweight="normal", color=MUTED)  # fmt: skip
    axes.set_ylabel(f"[{unit}]")
    axes.grid(visible=True, color=GRID)
    axes.set_xlim(schedule.valid_from, schedule.valid_to)  # type: ignore[arg-type]
    locator = mdates.AutoDateLocator(tz=zone, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator, tz=zone, show_offset=False))


def _steps(axes: "Axes", own: Sequence[Move], **how: Any) -> list[float | None]:
    """One stroke of constant value after the other; gaps, where the fallback holds, stay open."""
    times: list[dt.datetime] = []
    values: list[float | None] = []
    for move in own:
        at = move.at.to_pydatetime(warn=False)
        if values and values[-1] is not None:
            times.append(at)
            values.append(values[-1])
        times.append(at)
        values.append(move.value if move.begins else None)
    axes.plot(times, [float("nan") if v is None else v for v in values], **how)  # type: ignore[arg-type]
    return values


def _words(figure: "Figure", schedule: Schedule, previous: Schedule | None, number: str) -> None:
    title = f"Setpoints of {schedule.site}: {schedule.controller or 'schedule'}"
    span = f"{schedule.valid_from:%a %d %b %Y %H:%M %Z} to {schedule.valid_to:%a %d %b %Y %H:%M %Z}, times of {schedule.timezone}"
    kind = "SIMULATED PERIOD, not for a plant" if schedule.simulated else "for the plant"
    figure.text(0.03, 0.975, title, fontsize=13, fontweight="bold", va="top")
    figure.text(0.97, 0.975, number, fontsize=8.5, color=MUTED, va="top", ha="right")
    figure.text(0.03, 0.952, f"{span}; {kind}", fontsize=8.5, va="top")
    lines = ["new (solid)", "limits (dashed red)", "fallback (fine dots)"]
    lines += [f"in force now (grey dots), {previous.checksum[:12]}"] if previous is not None else []
    figure.text(0.03, 0.935, "   ".join(lines), fontsize=8.5, color=MUTED, va="top")
    figure.text(0.03, 0.012, f"SHA-256 {schedule.checksum}", fontsize=7, color=MUTED, family="DejaVu Sans Mono")
    figure.text(0.97, 0.012, "approved by ____________________  on ______________", fontsize=8.5, ha="right")
