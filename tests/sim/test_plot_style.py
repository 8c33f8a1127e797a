"""How charts look: text whole and legible, coordinates short, limits named, panels below one another on phones."""

import contextlib
import re
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest
import synthetic_runs as synthetic
from chart_list import DRAW, two

from lowlift.sim import plots
from lowlift.sim.kpis import table
from lowlift.sim.plot_style import (
    NARROW_WIDTH,
    POINTS,
    _rounded,
    is_narrow,
    limit_lines,
    narrow,
    panels,
    style,
    svg,
    thin,
)  # fmt: skip
from lowlift.sim.trajectory import Trajectory

Runs = dict[str, Trajectory]


@pytest.fixture(scope="module", params=["gb200_hall", "frontier"])
def runs(request: pytest.FixtureRequest) -> Runs:
    return synthetic.comparison(request.param)


def test_a_limit_far_away_is_named_but_flattens_nothing() -> None:
    with style():
        _, grid = panels()
    ax = grid[0, 0]
    ax.plot([0.0, 1.0], [20.0, 22.0])
    limit_lines(ax, {"freeze limit": 4.0, "limit": 25.0, "none": None})
    assert ax.get_title("right") == "freeze limit 4 °C (off axis)\nlimit 25 °C"
    assert [line.get_ydata()[0] for line in ax.lines[1:]] == [25.0]


def test_thinning_keeps_extremes() -> None:
    run = synthetic.run(step=15.0)
    index = run.scored.index
    values = np.zeros(len(index))
    values[1234] = 7.0
    x, y = thin(index, values, "max")  # type: ignore[arg-type]
    assert len(x) == len(y) <= POINTS
    assert y.max() == 7.0
    assert thin(index, values)[1].max() < 7.0  # type: ignore[arg-type]


@pytest.mark.parametrize("name", DRAW)
def test_text_in_svg_is_what_matplotlib_drew(runs: Runs, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib.backends.backend_svg import RendererSVG

    drawn: list[str] = []
    draw = RendererSVG.draw_text

    def record(self: RendererSVG, gc: Any, x: float, y: float, s: str, *args: Any, **kwargs: Any) -> None:
        drawn.append(s)
        draw(self, gc, x, y, s, *args, **kwargs)

    monkeypatch.setattr(RendererSVG, "draw_text", record)
    root = ET.fromstring(svg(DRAW[name](runs), name))  # type: ignore[arg-type]
    shown = ["".join(e.itertext()) for e in root.iter("{http://www.w3.org/2000/svg}text")]
    assert len(shown) > 5
    # White space at the ends collapses in a browser: there must be none.
    assert shown == drawn[-len(shown) :] == [" ".join(text.split()) for text in shown]


@pytest.mark.parametrize("phone", [False, True])
@pytest.mark.parametrize("name", DRAW)
def test_no_text_is_cut_off_and_titles_do_not_touch(runs: Runs, name: str, phone: bool) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    with narrow() if phone else contextlib.nullcontext():
        figure: Any = DRAW[name](runs)
    FigureCanvasAgg(figure).draw()
    assert figure.get_figwidth() == (NARROW_WIDTH if phone else 9.0)
    texts = [t for legend in figure.legends for t in legend.get_texts()]
    for ax in figure.axes:
        texts += ax.texts
        if ax.axison:
            texts += [ax.xaxis.label, ax.yaxis.label, ax._left_title, ax._right_title]
        left, right = (t.get_window_extent() for t in (ax._left_title, ax._right_title))
        if ax.get_title("left") and ax.get_title("right"):
            assert left.x1 < right.x0 or left.y1 <= right.y0 or right.y1 <= left.y0, ax.get_title("left")
    for text in texts:
        box = text.get_window_extent()
        if text.get_text():
            assert figure.bbox.x0 - 1 <= box.x0, text.get_text()
            assert box.x1 <= figure.bbox.x1 + 1, text.get_text()


@pytest.mark.parametrize("name", DRAW)
def test_labels_are_words_with_units_and_legends_stand_outside(runs: Runs, name: str) -> None:
    figure: Any = DRAW[name](runs)
    for ax in figure.axes:
        assert "_" not in ax.get_ylabel() + ax.get_title("left") + ax.get_title("right")
        assert ax.get_legend() is None
        if name == "setpoints" and ax.axison:
            assert re.fullmatch(r"(temperature|flow|pressure|ratio) \[(°C|L/s|kg/s|kPa|%)\]", ax.get_ylabel())


def test_on_phones_panels_stand_below_one_another_without_gaps(runs: Runs) -> None:
    with narrow():
        figure, grid = panels(2, 2, used=3, height=2.0)
        drawn = plots.setpoints(two(runs))
    assert figure.get_size_inches().tolist() == [NARROW_WIDTH, 6.0]
    assert grid[1, 1] is None
    assert [ax.get_subplotspec().rowspan.start for ax in figure.axes] == [0, 1, 2]
    assert len({ax.get_position().x0 for ax in drawn.axes}) == len({ax.get_position().x1 for ax in drawn.axes}) == 1
    assert not is_narrow()


def test_digits_of_text_survive_and_coordinates_are_rounded(runs: Runs) -> None:
    figure = plots.energy_bars(runs)
    figure.axes[0].set_xlabel('1.04578 d="9.87654"')
    text = svg(figure, "a")
    assert '1.04578 d="9.87654"' in text
    pue = f"PUE {table(runs.values()).set_index('controller').loc['MPC', 'pue']:.4f}"
    assert pue in text
    inside = " ".join(re.findall(r"<[^>]*>", text))
    numbers = [n for d in re.findall(r'\s(?:d|x|y|points)="([^"]*)"', inside) for n in re.findall(r"\.(\d+)", d)]
    assert max(map(len, numbers)) == 2
    assert _rounded("M 1.2389 -0.0011 L 3.999 2") == "M 1.24 -0 L 4 2"
