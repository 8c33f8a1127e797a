"""Commissioning scripts, and a site that plays, for the tests of hil."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wire_plants import points

from lowlift.hil.fault import Fault
from lowlift.wire.link import LinkError

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


class Play:
    """A site whose points do what a test says, one second a look."""

    step = 1.0
    title = "a play"

    def __init__(self, course: Mapping[str, list[float]], breaks: float = 1e9) -> None:
        self.points, self.course, self.t, self.breaks = points(), course, 0, breaks
        self.written: list[dict[str, float]] = []
        self.log: list[str] = []

    def now(self) -> float:
        return float(self.t)

    def values(self) -> dict[str, float]:
        if self.t >= self.breaks:
            raise LinkError("it does not answer")
        return {p.name: 1.0 for p in self.points.points} | {k: v[min(self.t, len(v) - 1)] for k, v in self.course.items()}

    def truth(self) -> dict[str, float]:
        return {}

    def write(self, values: Mapping[str, float]) -> None:
        self.values()
        self.written.append(dict(values))

    def put_back(self, name: str, found: float) -> str:
        self.write({name: found})
        return f"{name} written back"

    def begin(self, fault: Fault) -> None:
        self.log.append(f"begin {fault.title}")

    def end(self, fault: Fault) -> None:
        self.values()
        self.log.append(f"end {fault.title}")

    def advance(self, seconds: float) -> None:
        self.t += 1
        self.values()
