"""Which constants hold when."""

import pytest

from lowlift.controllers.half_year import both_halves, half_of


@pytest.mark.parametrize("month", range(1, 13))
def test_half_of_a_month(month: int) -> None:
    assert half_of(month) == ("warm" if 5 <= month <= 10 else "cool")


def test_one_set_may_hold_all_year() -> None:
    assert dict(both_halves(3.0)) == {"warm": 3.0, "cool": 3.0}
