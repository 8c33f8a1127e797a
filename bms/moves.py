"""A schedule as the moves a controller makes: at an instant a point takes a row's value, or goes back to its fallback value."""

import dataclasses
from collections.abc import Sequence

import pandas as pd

from lowlift.sim.schedule_rows import Row


@dataclasses.dataclass(frozen=True, kw_only=True)
class Move:
    """What happens to a point at an instant."""

    at: pd.Timestamp
    k: int
    """Number of the row, from one, that begins, or that ends into the fallback value."""
    row: Row
    begins: bool

    @property
    def value(self) -> float:
        """What the point holds from then on [unit of the row]."""
        return self.row.value if self.begins else self.row.fallback


def moves(rows: Sequence[Row]) -> dict[str, list[Move]]:
    """Moves of every point in the order of time; points in the order of their first rows."""
    result: dict[str, list[Move]] = {}
    numbered: dict[str, list[tuple[int, Row]]] = {}
    for k, row in enumerate(rows, 1):
        numbered.setdefault(row.point, []).append((k, row))
    for point, own in numbered.items():
        own.sort(key=lambda item: item[1].valid_from)
        result[point] = []
        for (k, row), following in zip(own, [*own[1:], None], strict=True):
            result[point].append(Move(at=row.valid_from, k=k, row=row, begins=True))
            if following is None or following[1].valid_from > row.valid_to:
                result[point].append(Move(at=row.valid_to, k=k, row=row, begins=False))
    return result
