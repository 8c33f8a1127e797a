"""Every public component has a page, a plot and a full outline; what pages are made of is read rightly."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from _ext import catalogue, datasheet, outline
from _ext.page import component_page
from _plots.canvas import all_plots, draw

from lowlift.sim.plot_style import svg
from lowlift.thermal import ColdPlate, Component, CoolingTowerCell
from lowlift.thermal.component import parameter

NAMES = catalogue.public_components()
RECORDS = [name for name in NAMES if dataclasses.is_dataclass(catalogue.resolve(name))]


def test_every_public_component_has_a_page_and_a_plot() -> None:
    assert catalogue.without(NAMES, catalogue.pages()) == []
    assert catalogue.without(NAMES, all_plots()) == []
    assert catalogue.without(catalogue.pages(), dict.fromkeys(NAMES)) == []


def test_every_page_is_listed() -> None:
    listed = (catalogue.PAGES / "index.md").read_text(encoding="utf-8").split("\n")
    assert [path.stem for path in catalogue.pages().values() if path.stem not in listed] == []


def test_a_component_without_a_page_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue.thermal, "__all__", [*catalogue.thermal.__all__, "Unwritten"])
    assert catalogue.without(catalogue.public_components(), catalogue.pages()) == ["Unwritten"]


def test_two_pages_of_one_component_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.md").write_text("# Title\n\n```{component} ColdPlate\n```\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"ColdPlate is on a\.md and on b\.md"):
        catalogue.pages(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_the_outline_is_complete(name: str) -> None:
    assert outline.missing(catalogue.resolve(name)) == []


def test_a_lacking_section_is_noticed() -> None:
    class Bare(Component):
        """Says nothing.

        Equations
            None.
        """

        __module__ = "lowlift.thermal.component"

    assert outline.missing(Bare) == ["What it is", "Assumptions", "Validity", "Differences from EnergyPlus", "References"]


def test_a_base_adds_its_sections_after_those_of_the_class() -> None:
    origins = [part.origin for part in outline.outline(CoolingTowerCell)["Equations"]]
    assert origins == ["lowlift.thermal.tower", "lowlift.thermal.tower_cell"]


@pytest.mark.parametrize("name", RECORDS)
def test_the_data_sheet_says_what_every_field_is(name: str) -> None:
    cls = catalogue.resolve(name)
    rows = datasheet.rows(cls)
    assert [row.name for row in rows] == [f.name for f in dataclasses.fields(cls)]
    assert [row.name for row in rows if not row.doc or not row.unit] == []


def test_a_row_of_a_data_sheet() -> None:
    row = next(row for row in datasheet.rows(ColdPlate) if row.name == "exponent")
    assert (row.unit, row.bounds, row.default, row.required) == ("1", "0 to 1", "0.6", False)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({}, "any"), ({"low": 0.0}, "at least 0"), ({"above": 0.0, "high": 1.5}, "above 0, at most 1.5"),
        ({"low": 1e-6, "high": 2e6}, "1e-6 to 2e6"),
    ],
)  # fmt: skip
def test_bounds_in_words(limits: dict[str, float], words: str) -> None:
    assert datasheet.bounds(parameter(unit="1", doc="", **limits).metadata) == words


@pytest.mark.parametrize("name", NAMES)
def test_the_plot_has_units_numbers_and_a_caption(name: str) -> None:
    function = all_plots()[name]
    panels = function()
    assert len((function.__doc__ or "").split()) > 8
    for panel in panels:
        assert all(re.search(r"\w.* \[[^\]]+\]$", label) for label in (panel.x, panel.y)), (panel.x, panel.y)
        for line in panel.lines:
            x, y = np.asarray(line.x, dtype=float), np.asarray(line.y, dtype=float)
            assert x.shape == y.shape and x.size > 10
            assert np.isfinite(x).all() and np.isfinite(y).all(), line.label
    assert any(np.ptp(np.asarray(line.y, dtype=float)) > 0.0 for panel in panels for line in panel.lines)


@pytest.mark.parametrize("name", ["ColdPlate", "RearDoor"])
def test_plots_are_drawn(name: str) -> None:
    drawing = svg(draw(all_plots()[name]()), name)
    assert all(panel.title in drawing for panel in all_plots()[name]())


def test_the_page_of_a_component() -> None:
    page = component_page("ColdPlate")
    headings = re.findall(r"^## (.*)$", page, flags=re.MULTILINE)
    assert headings == ["What it is", "Behaviour", "Data sheet", "Equations", "Assumptions", "Validity", "Differences from EnergyPlus",
                        "References", "Example", "Interface"]  # fmt: skip
    assert page.count("<svg") == 2 and "| `R_chip_plate` | K/W | above 0 | 0.02 |" in page


def test_running_enumerations_become_lists() -> None:
    assert (
        outline.enumerated("1. One unit, at 2.5 bar.\n2. Two. 3. Three\nand more.")
        == "1. One unit, at 2.5 bar.\n2. Two.\n3. Three and more."
    )
    assert outline.enumerated("Constant flow.") == "Constant flow."


def test_numbers_of_equations_move_up_and_make_no_lists() -> None:
    assert (
        outline.tidy("::\n\n    a = b                  (1)\n    long = c           (2)") == "::\n\n    a = b      (1)\n    long = c   (2)"
    )
    assert outline.tidy("(1) is linear.") == r"\(1) is linear."
