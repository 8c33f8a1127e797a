"""Tuned constants belong to a half of the year: one set for both gives away energy in either."""

from collections.abc import Mapping
from typing import Literal, TypeVar

Half = Literal["warm", "cool"]
Tuning = TypeVar("Tuning")

WARM_MONTHS = range(5, 11)
"""May to October; all packaged sites are in the northern hemisphere."""


def half_of(month: int) -> Half:
    """The half of the year that a month belongs to.

    >>> half_of(7), half_of(4)
    ('warm', 'cool')
    """
    return "warm" if month in WARM_MONTHS else "cool"


def both_halves(tuning: Tuning) -> Mapping[Half, Tuning]:
    """The same constants all year."""
    return {"warm": tuning, "cool": tuning}
