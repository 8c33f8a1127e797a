"""The README's example runs as it stands there, on a shorter period."""

import re
from pathlib import Path
from typing import Any

import pytest

README = Path(__file__).parents[2] / "README.md"


def snippet() -> str:
    """The one Python block of the README, with a period of a quarter of an hour instead of a day."""
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert code.count("days=1)") == 1
    return str(code.replace("days=1)", "days=0.25 / 24)"))


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    seen: dict[str, Any] = {}
    exec(compile(snippet(), str(README), "exec"), seen)
    assert list(seen["runs"]) == ["Guideline36", "SiteTuned", "MPC", "Oracle"]
    assert list(seen["runs"].kpis()["controller"]) == list(seen["runs"])
    assert {path.name for path in tmp_path.iterdir()} == {"report.html", "setpoints.csv"}
    linear, u = seen["linear"], seen["u"]
    assert u[list(linear.B.columns).index("y_fan")] == 0.6
    assert 0.0 < linear.D.loc["P_cooling", "y_fan"] < 1e6
