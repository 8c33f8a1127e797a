"""The report of a commissioning script stands in the guide as readers get it, made from the notebook's own script."""

import html
import json
from pathlib import Path

import pytest
from _ext import report
from _ext.directives import DIRECTIVE, EXPANSIONS

DOCS = Path(__file__).parents[2] / "docs"


def test_the_guide_shows_the_report_of_the_notebook() -> None:
    found = dict(DIRECTIVE.findall((DOCS / "commissioning.md").read_text(encoding="utf-8")))
    assert found == {"report": "02_commissioning"}
    page = html.unescape(html.unescape(EXPANSIONS["report"](found["report"])))
    assert '<p class="value">passed</p>' in page and "script three_faults.toml" in page and "4 of 4" in page
    assert "T_chw_set.cmd: our priority relinquished" in page and "fault 'cable cut' ended" in page
    assert page.count("<svg") == 2 * 5 and page.startswith("````{raw} html\n<iframe") and page.count("````") == 2


def test_a_notebook_without_a_script_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "NOTEBOOKS", tmp_path)
    (tmp_path / "none.ipynb").write_text(json.dumps({"cells": [{"cell_type": "code", "source": ["x = 1"]}]}), encoding="utf-8")
    with pytest.raises(ValueError, match="none: 0 matches"):
        report.report_page("none")
