"""What a panel shows of an image: its points, and two figures that no meter shows, cooling power and PUE, as positions of one vector."""

import dataclasses
from typing import Any

import numpy as np

from lowlift.models.plant import Plant
from lowlift.wire.plan_courses import COOLING, PUE, is_derived
from lowlift.wire.point import Kind, Point
from lowlift.wire.point_list import PointList


@dataclasses.dataclass(frozen=True, kw_only=True)
class Column:
    """One position of what is shown; the fields of :class:`lowlift.wire.point.Point` that a page needs."""

    name: str
    words: str
    unit: str
    kind: str
    role: str
    low: float | None = None
    high: float | None = None
    digits: int = 1
    """After the decimal point."""
    point: Point | None = None
    """None where derived."""

    @property
    def record(self) -> dict[str, Any]:
        """As plain data."""
        p = self.point
        known: dict[str, Any] = {
            "name": self.name, "words": self.words, "unit": UNITS.get(self.unit, self.unit), "kind": self.kind, "role": self.role,
            "low": self.low, "high": self.high, "digits": self.digits,
        }  # fmt: skip
        if p is not None:
            known |= {"states": list(p.states), "signal": p.signal, "feedback": p.feedback or None, "writable": p.writable,
                      "default": p.default, "fallback": p.fallback, "rate_per_min": p.rate_per_min}  # fmt: skip
        return known


SMALL = ("evaporation", "drift", "blowdown")
"""Flows far below 1 kg/s."""
UNITS = {"degC": "°C", "1": "", "m3/s": "m³/s", "m3": "m³"}


class Shown:
    """Columns of a plant's image, and their values at one instant.

    Args:
        plant: the plant.
        points: its point list.
    """

    def __init__(self, plant: Plant, points: PointList) -> None:
        sheet = plant.site.sheet
        self._all = _positions(points, (*sheet.it, *sheet.cooling, *(p for p in sheet.powers if p not in (*sheet.it, *sheet.cooling))))
        self._it, self._cooling = _positions(points, sheet.it), _positions(points, sheet.cooling)
        self.columns = [_column(p) for p in points.points]
        self._derives = is_derived(points)
        if self._derives:
            unit = points.points[int(self._all[0])].unit
            self.columns += [
                Column(name=COOLING, words="electric power of all that moves heat", unit=unit, kind="analog", role="derived"),
                Column(name=PUE, words="power of the site over power of IT, now", unit="1", kind="analog", role="derived", digits=3),
            ]
        self.index = {c.name: k for k, c in enumerate(self.columns)}

    def values(self, image: np.ndarray) -> np.ndarray:
        """Of all columns, from those of the image."""
        if not self._derives:
            return image
        it = image[self._it].sum()
        pue = image[self._all].sum() / it if it > 0.0 else np.nan
        return np.append(image, [image[self._cooling].sum(), pue])


def _positions(points: PointList, names: tuple[str, ...]) -> np.ndarray:
    return np.array([points.position(name) for name in names], dtype=int)


def _column(p: Point) -> Column:
    if p.signal in SMALL:
        digits = 3
    elif p.whole or p.kind is not Kind.ANALOG or p.unit in ("kW", "s") or p.signal.startswith("n_"):
        digits = 0
    else:
        digits = 2 if p.unit == "1" else 1
    return Column(name=p.name, words=p.description, unit=p.unit, kind=p.kind.value, role=p.role.value, low=p.low, high=p.high,
                  digits=digits, point=p)  # fmt: skip
