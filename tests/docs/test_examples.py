"""The Python blocks of the guide run as they stand, on a shorter period."""

import re
from pathlib import Path
from typing import Any

import pytest
from fmu_here import needs_fmu

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [p for p in sorted(DOCS.rglob("*.md")) if "```python" in p.read_text(encoding="utf-8")]


CASES = [pytest.param(p, marks=[needs_fmu] if p.stem == "fmu" else [], id=p.stem) for p in PAGES]


@pytest.mark.parametrize("page", CASES)
def test_the_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if page.stem == "fmu":
        pytest.importorskip("fmpy", reason="FMUs are run by FMPy")
    monkeypatch.chdir(tmp_path)
    seen: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL):
        exec(compile(re.sub(r"days=[\d.]+", "days=0.25 / 24", code), str(page), "exec"), seen)
    assert "plant" in seen
