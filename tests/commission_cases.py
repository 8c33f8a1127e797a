"""Commissioning scripts for the tests of hil."""

from pathlib import Path
from typing import Any

GOOD = """
title = "Two steps"
[[fault]]
what = "bias"
where = "T_chw"
size = -2.0
[[step]]
name = "Warmer"
set = { "T_chw_set.cmd" = 9.5 }
expect = { point = "T_chw", value = 9.5, tolerance = 0.3, within = 900, holds = 60 }
[[step]]
fault = "bias T_chw"
wait = 60
expect = [{ point = "T_chw", below = 12.0, above = 5 }]
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "script.toml"
    path.write_text(text, encoding="utf-8")
    return path


THREE: dict[str, Any] = {
    "title": "Chilled water", "plot": ["V_chw"],
    "fault": [
        {"name": "reads low", "what": "bias", "where": "T_chw", "size": -2.0}, {"name": "pump fails", "what": "fail", "where": "y_chw"},
        {"name": "wire broken", "what": "dropout", "where": "T_return"},
    ],
    "precondition": [{"point": "alarm.fail_safe", "value": 0}],
    "step": [
        {"name": "Low", "fault": "reads low", "wait": 30, "expect": {"point": "T_chw", "below": 9.0, "holds": 30}},
        {"name": "No flow", "end": "reads low", "fault": "pump fails", "expect": [
            {"point": "V_chw", "below": 1.0, "within": 10, "holds": 20}, {"point": "n_chillers", "value": 0, "within": 30}]},
        {"name": "No reading", "end": "pump fails", "fault": ["wire broken"],
         "expect": {"point": "alarm.fail_safe", "value": 1, "within": 120}},
    ],
}  # fmt: skip
