"""How charts look: colours that colour-blind readers can tell apart, quiet axes, two renderings.

A chart is drawn once. As PNG it has a white ground; as SVG for a web page its ink, grid and ground become CSS
variables (``--ink``, ``--muted``, ``--grid``, ``--paper``, ``--bad``), so that it follows the reader's light or dark
mode.
"""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lowlift.sim.files import save_with
from lowlift.sim.run_words import period, zone
from lowlift.sim.trajectory import Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, GRID, PAPER = "#1b1e23", "#5c636b", "#dde1e6", "#fefefe"
LIMIT = "#c1272d"
"""Limits, always dashed as well."""
CSS = {INK: "var(--ink)", MUTED: "var(--muted)", GRID: "var(--grid)", PAPER: "var(--paper)", LIMIT: "var(--bad)"}
REACH = 3.0
"""A limit further from the data than this many times their range is named but not drawn: it would flatten everything else."""

CONTROLLERS = {
    "FixedSetpoint": "#8d8f94",
    "AsOperated": "#CC79A7",
    "Guideline36": "#56B4E9",
    "SiteTuned": "#0072B2",
    "StaticOptimal": "#009E73",
    "MPC": "#D55E00",
    "Oracle": INK,
}
SPARE = ("#E69F00", "#a6761d", "#5e4fa2", "#66a61e")
POINTS = 480
"""Most points of a line: more than a screen resolves, few enough for a light page."""
DPI = 160


@contextmanager
def style() -> Iterator[None]:
    """Matplotlib settings of every chart; nothing global changes."""
    import matplotlib as mpl

    settings: Any = {
        "font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"], "font.size": 9.5,
        "axes.titlesize": 10.5, "axes.titleweight": "bold", "axes.titlelocation": "left",
        "axes.titlepad": 8, "axes.edgecolor": MUTED, "axes.labelcolor": MUTED, "axes.linewidth": 0.8,
        "axes.grid": True, "axes.axisbelow": True, "axes.spines.top": False, "axes.spines.right": False,
        "axes.facecolor": "none",
        "axes.titlecolor": INK, "text.color": INK, "grid.color": GRID, "grid.linewidth": 0.8,
        "xtick.color": MUTED, "ytick.color": MUTED, "xtick.labelsize": 8.5, "ytick.labelsize": 8.5,
        "legend.frameon": False, "legend.fontsize": 8.5, "lines.linewidth": 1.6,
        "lines.solid_capstyle": "round",
        "figure.facecolor": PAPER, "svg.fonttype": "none", "svg.hashsalt": "lowlift",
    }  # fmt: skip
    with mpl.rc_context(settings):
        yield


NARROW_WIDTH = 4.3
"""Width of a chart for phones [inch]: at 390 pixels its letters keep their size."""
_narrow: ContextVar[bool] = ContextVar("narrow", default=False)


@contextmanager
def narrow() -> Iterator[None]:
    """Charts drawn within are for phones: panels below one another, short legends."""
    token = _narrow.set(True)
    try:
        yield
    finally:
        _narrow.reset(token)


def is_narrow() -> bool:
    """Whether the chart is for phones."""
    return _narrow.get()


def panels(
    rows: int = 1, columns: int = 1, *, used: int | None = None, width: float = 9.0, height: float = 3.2, **kwargs: Any
) -> "tuple[Figure, Any]":
    """Lay out a figure and its axes, shape ``(rows, columns)``, of which the first ``used`` are shown; ``height`` is one row's [inch].

    On phones the panels stand below one another in the same order, and those not used are ``None``.
    """
    from matplotlib.figure import Figure

    count = rows * columns if used is None else used
    if is_narrow():
        kwargs.pop("width_ratios", None)
        figure = Figure(figsize=(NARROW_WIDTH, height * count), layout="constrained")
        grid = np.full(rows * columns, None, dtype=object)
        grid[:count] = figure.subplots(count, 1, squeeze=False, **kwargs).flat
        return figure, grid.reshape(rows, columns)
    figure = Figure(figsize=(width, height * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, **kwargs)
    for axes in grid.flat[count:]:
        axes.set_axis_off()
    return figure, grid


def legend(figure: "Figure", axes: "Axes", ncols: int = 6) -> None:
    """Name the lines of ``axes`` below all panels, where no data cross the words."""
    handles = axes.get_legend_handles_labels()
    columns = min(ncols, 3) if is_narrow() else ncols
    figure.legend(*handles, loc="outside lower center", ncols=columns, handlelength=1.4, columnspacing=1.4)


def colour(controller: str, position: int = 0) -> str:
    """Colour of a controller, the same in every chart."""
    return CONTROLLERS.get(controller, SPARE[position % len(SPARE)])


def line(controller: str, position: int = 0) -> dict[str, Any]:
    """How a controller's line looks: the bound dashed and thin, so that it hides nobody."""
    bound = controller == "Oracle"
    return {"color": colour(controller, position), "label": controller, "ls": "--" if bound else "-", "lw": 1.0 if bound else 1.4}


def dates(index: pd.DatetimeIndex) -> np.ndarray:
    """Positions on a date axis."""
    since = index.tz_convert("UTC") - pd.Timestamp(0, tz="UTC")
    numbers: np.ndarray = since.total_seconds().to_numpy() / 86400.0
    return numbers


def date_axis(axes: "Axes", index: pd.DatetimeIndex) -> None:
    """Label a date axis in the site's own zone."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(tz=index.tz, minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    zero = ["", "%Y", "%b", "%d %b", "%H:%M", "%H:%M"]
    formatter = ConciseDateFormatter(locator, tz=index.tz, zero_formats=zero, show_offset=False)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(formatter)
    axes.margins(x=0.0)


def limit_lines(axes: "Axes", limits: dict[str, float | None]) -> None:
    """Dashed lines at limits [degC], named at the right above the panel, where no data cross the words."""
    low, high = axes.dataLim.intervaly
    reach = REACH * max(high - low, 1.0)
    labels = []
    for text, value in limits.items():
        if value is None:
            continue
        near = low - reach <= value <= high + reach
        labels.append(f"{text} {value:.4g} °C" if near else f"{text} {value:.4g} °C (off axis)")
        if near:
            axes.axhline(value, color=LIMIT, lw=1.2, ls=(0, (5, 3)))
    axes.set_title("\n".join(labels), loc="right", fontsize=8.5, fontweight="normal", color=LIMIT)


def scored_index(run: Trajectory) -> pd.DatetimeIndex:
    """Return the starts of the steps that count."""
    return pd.DatetimeIndex(run.scored.index)


def finish(grid: Any, run: Trajectory) -> None:
    """Give every panel in use the run's date axis, the lowest of each column the days and the zone."""
    index = scored_index(run)
    for column in grid.reshape(-1, 1).T if is_narrow() else grid.T:
        used = [axes for axes in column if axes is not None and axes.axison]
        for axes in used:
            date_axis(axes, index)
        if used:
            used[-1].set_xlabel(f"{period(index)}, {zone(index)}")


def thin(index: pd.DatetimeIndex, values: np.ndarray, how: str = "mean") -> tuple[np.ndarray, np.ndarray]:
    """Positions and block ``mean``, ``max`` or ``min`` of a long series, so that extremes stay visible."""
    k = max(int(np.ceil(len(values) / (POINTS // 2 if is_narrow() else POINTS))), 1)
    n = len(values) // k
    blocks = values[: n * k].reshape(n, k, *values.shape[1:])
    reduce: dict[str, Callable[..., np.ndarray]] = {"mean": np.mean, "max": np.max, "min": np.min}
    reduced = reduce[how](blocks, axis=1)
    x = dates(index)
    step = (x[1] - x[0]) if len(x) > 1 else 0.0
    return x[: n * k : k] + 0.5 * k * step, reduced


def beside(axes: "Axes", x: float, y: float, text: str, **kwargs: Any) -> None:
    """Write at the end of a horizontal bar, off by points: leading spaces collapse in SVG."""
    left = x < 0.0
    axes.annotate(text, (x, y), xytext=(-6 if left else 6, 0), textcoords="offset points", ha="right" if left else "left",
                  va="center", fontsize=8.5, **kwargs)  # fmt: skip


def svg(figure: "Figure", title: str, salt: str = "") -> str:
    """Render inline SVG that follows the page's colours; ``title`` is read aloud by screen readers, ``salt`` sets its ids apart."""
    import html

    out = io.StringIO()
    with style():
        figure.savefig(out, format="svg", facecolor="none", edgecolor="none", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    # Ids are per document, not per drawing: make them this drawing's own.
    salt = re.sub(r"[^a-z0-9]", "", (salt or title).lower())
    text = re.sub(r"<[^!?>][^>]*>", lambda tag: _tidy(tag[0], salt), text)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    label = html.escape(title, quote=True)
    return text.replace("<svg", f'<svg role="img" aria-label="{label}"', 1).strip()


COORDINATES = re.compile(r'(\s(?:d|x|y|x1|x2|y1|y2|cx|cy|width|height|points)=)"([^"]*)"')
MOVES = re.compile(r"((?:translate|rotate)\()([^)]*)\)")


def _tidy(tag: str, salt: str) -> str:
    """Shorten the coordinates of one SVG tag, make its ids unique and its colours the page's; text between tags stays as it is."""
    tag = COORDINATES.sub(lambda m: f'{m[1]}"{_rounded(m[2])}"', tag)
    tag = MOVES.sub(lambda m: f"{m[1]}{_rounded(m[2])})", tag)
    for hexcode, variable in CSS.items():
        tag = tag.replace(hexcode, variable)
    return re.sub(r'(\sid="|url\(#|href="#)', rf"\g<1>{salt}-", tag)


def _rounded(numbers: str) -> str:
    """Round every number of an attribute to the hundredth of a point: no screen shows more."""
    return re.sub(r"-?\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), numbers)


def save_png(figure: "Figure", path: str | Path) -> Path:
    """Write a chart as PNG, whole or not at all."""
    with style():
        return save_with(path, lambda file: figure.savefig(file, format="png", dpi=DPI))
