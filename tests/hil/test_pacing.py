"""Pacing on an injected clock: no drift, lateness counted, lost time owned up to, the wall clock ignored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lowlift.hil.pacing import LAG, Jitter, Pacer


class Clock:
    """Time that only moves when somebody waits or works."""

    def __init__(self) -> None:
        self.now, self.wall_ahead = 100.0, 1e9

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def wall(self) -> float:
        return self.now + self.wall_ahead


def pacer(clock: Clock, period: float = 1.0, **options) -> Pacer:
    return Pacer(period, clock=clock, wait=clock.wait, wall=clock.wall, **options)


def steps(p: Pacer, clock: Clock, works: list[float]) -> list[float]:
    begun = []
    for work in works:
        while not p.rest():
            pass
        begun.append(clock.now)
        p.begun()
        clock.now += work
    return begun


def test_lateness_of_one_step_does_not_shift_the_next() -> None:
    clock = Clock()
    p = pacer(clock)
    begun = steps(p, clock, [0.2, 2.5, 0.2, 0.2, 0.2])
    assert begun == pytest.approx([101.0, 102.0, 104.5, 104.7, 105.0])
    report = p.report()
    assert (report.steps, report.missed, report.lost) == (5, 1, 0.0)
    assert report.largest == pytest.approx(1.5) and "1 missed" in report.text


@given(works=st.lists(st.floats(min_value=0.0, max_value=0.9), min_size=50, max_size=200))
def test_no_drift(works: list[float]) -> None:
    clock = Clock()
    begun = steps(pacer(clock), clock, works)
    assert begun == pytest.approx([101.0 + k for k in range(len(works))])


def test_what_is_too_far_behind_is_lost_not_made_up_for() -> None:
    clock = Clock()
    p = pacer(clock)
    steps(p, clock, [0.1, LAG + 10.0, 0.1, 0.1])
    assert p.report().lost == pytest.approx(LAG + 9.0)
    assert p.report().missed == 1
    assert p.due > clock.now


def test_jumps_of_the_wall_clock_are_reported_and_change_nothing() -> None:
    clock, jumps = Clock(), []
    p = pacer(clock, jumped=jumps.append)
    steps(p, clock, [0.1, 0.1])
    clock.wall_ahead -= 3600.0
    begun = steps(p, clock, [0.1, 0.1])
    assert begun == pytest.approx([103.0, 104.0])
    assert jumps == [pytest.approx(-3600.0)] and p.report().clock_jumps == 1


def test_quantiles_are_right_to_the_width_of_a_class() -> None:
    jitter = Jitter()
    assert jitter.quantile(0.5) == 0.0
    for k in range(1, 1001):
        jitter.add(k * 1e-5, 1.0)
    assert jitter.quantile(0.5) == pytest.approx(5e-3, rel=0.05)
    assert jitter.quantile(0.99) == pytest.approx(9.9e-3, rel=0.05)
    assert jitter.quantile(1.0) == jitter.largest == pytest.approx(1e-2)


@pytest.mark.parametrize("period", [0.0, -1.0, float("nan"), float("inf")])
def test_periods_that_are_none(period: float) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        pacer(Clock(), period)
