"""How every plot of a component page is drawn: panels of labelled lines, in the look of the library's own charts."""

import dataclasses
import importlib
import pkgutil
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lowlift.sim.plot_style import INK, is_narrow, panels, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

ZERO_C = 273.15
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito's colours, told apart by colour-blind readers, on white and on dark ground."""
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
"""A second way to tell lines apart, for print and for those who see no colour."""


@dataclasses.dataclass(frozen=True)
class Line:
    """One line: its label, and values on both axes."""

    label: str
    x: Any
    y: Any


@dataclasses.dataclass(frozen=True)
class Panel:
    """One pair of axes; labels end in their unit in brackets."""

    title: str
    x: str
    y: str
    lines: Sequence[Line]
    legend: str = ""
    """What the lines differ in."""
    rated: tuple[float, float] | None = None
    """The rating point, marked where the panel shows one."""
    limit: tuple[str, float] | None = None
    """A horizontal limit, by name and value."""
    log: str = ""
    """Axes with logarithmic scale: ``x``, ``y`` or ``xy``."""
    low: float | None = None
    high: float | None = None
    """Ends of the vertical axis; by default those of the lines."""


PLOTS: dict[str, Callable[[], tuple[Panel, ...]]] = {}
"""What is drawn for each component, by its public name; the docstring of the function is the caption."""


def behaviour(name: str) -> Callable[[Callable[[], tuple[Panel, ...]]], Callable[[], tuple[Panel, ...]]]:
    """Register the plot of the component ``name``."""

    def register(function: Callable[[], tuple[Panel, ...]]) -> Callable[[], tuple[Panel, ...]]:
        if name in PLOTS:
            raise ValueError(f"{name} has two plots")
        PLOTS[name] = function
        return function

    return register


def all_plots() -> dict[str, Callable[[], tuple[Panel, ...]]]:
    """Every registered plot, with all modules of this package loaded."""
    package = importlib.import_module("_plots")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"_plots.{module.name}")
    return PLOTS


def draw(content: Sequence[Panel]) -> "Figure":
    """Draw panels beside one another, or below one another on phones."""
    with style():
        figure, grid = panels(1, len(content), width=8.2 if len(content) > 1 else 6.2, height=2.9 if is_narrow() else 3.3)
        for axes, panel in zip(grid.flat, content, strict=True):
            _panel(axes, panel)
        # Laid out here: saving would draw everything twice, once for the layout's sake.
        if (layout := figure.get_layout_engine()) is not None:
            layout.execute(figure)
        figure.set_layout_engine("none")
    return figure


def _panel(axes: "Axes", panel: Panel) -> None:
    for k, line in enumerate(panel.lines):
        axes.plot(np.asarray(line.x, dtype=float), np.asarray(line.y, dtype=float), label=line.label, color=PALETTE[k % len(PALETTE)],
                  ls=DASHES[k % len(DASHES)])  # fmt: skip
    if panel.rated is not None:
        axes.plot(*panel.rated, "o", color=INK, ms=5, label="rated" if len(panel.lines) > 1 else None, zorder=3)
    if panel.limit is not None:
        axes.axhline(panel.limit[1], color="#c1272d", lw=1.2, ls=(0, (5, 3)), label=panel.limit[0])
    for name, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
        if name in panel.log:
            _logarithmic(axes, name, axis)
    axes.set_ylim(panel.low, panel.high)
    axes.margins(x=0.02)
    axes.set_title(panel.title)
    axes.set_xlabel(panel.x)
    axes.set_ylabel(panel.y)
    if len(panel.lines) > 1 or panel.limit is not None:
        axes.legend(title=panel.legend or None, loc="best", handlelength=2.2, title_fontsize=8.5)


def _logarithmic(axes: "Axes", name: str, axis: "Axis") -> None:
    """Plain numbers at 1, 2 and 5 of every decade."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    (axes.set_xscale if name == "x" else axes.set_yscale)("log")
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def celsius(T: Any) -> np.ndarray:
    """Temperatures for an axis in degrees Celsius."""
    return np.asarray(T, dtype=float) - ZERO_C
