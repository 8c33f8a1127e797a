"""Chillers of a day: the path is the cheapest that staging allows, and plans follow it in time."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lowlift.controllers.chiller_day import STAGE, STARTS_AFTER, ChillerDay, Course, Mode, cheapest_path, modes

STAGES = np.full(24, 300.0)


def allowed(path: tuple[Mode, ...], running: int) -> bool:
    count = running
    for mode in path:
        if mode.on != count if mode.on > mode.cooling else mode.on < count:
            return False
        count = mode.cooling
    return True


@given(st.lists(st.lists(st.floats(0.0, 10.0), min_size=3, max_size=3), min_size=5, max_size=5), st.integers(0, 2))
def test_path_is_the_cheapest_of_all(table: list[list[float]], running: int) -> None:
    costs = {mode: np.array(row) for mode, row in zip(modes(2), table, strict=True)}

    def total(path: tuple[Mode, ...]) -> float:
        return sum(costs[mode][k] for k, mode in enumerate(path))

    least = min(total(p) for p in itertools.product(costs, repeat=3) if allowed(p, running))
    path = tuple(cheapest_path(costs, running))
    assert allowed(path, running) and total(path) == pytest.approx(least, abs=1e-12)


def test_modes_without_a_plan_are_never_taken() -> None:
    costs = {Mode(0, 0): np.full(4, np.inf), Mode(1, 1): np.ones(4), Mode(1, 0): np.zeros(4)}
    assert cheapest_path(costs, 1) == [Mode(1, 0), Mode(1, 1), Mode(1, 0), Mode(1, 1)]


@dataclasses.dataclass(frozen=True)
class Plan:
    violation: float


def follow(day: ChillerDay, n: int, t: float, violation: dict[float, float] | None = None) -> Course:
    def solve(course: Course, /) -> Plan:
        return Plan(0.0 if violation is None else violation[float(course.cooling[-1])])

    return day.choose(t, n, solve)[1]


def planned(hours: dict[Mode, list[float]], running: int) -> ChillerDay:
    day = ChillerDay(STAGES, installed=1)
    day.plan(0.0, running, {mode: np.array(row) for mode, row in hours.items()})
    return day


def test_start_is_called_before_it_is_due() -> None:
    day = planned({Mode(0, 0): [1.0, 9.0, 9.0], Mode(1, 1): [2.0, 2.0, 2.0], Mode(1, 0): [9.0, 9.0, 9.0]}, 0)
    early, late = follow(day, 0, STAGE - STARTS_AFTER - 600.0), follow(day, 0, STAGE - STARTS_AFTER)
    assert not early.called[0] and late.called[0]
    assert late.cooling.tolist() == [0.0] * 3 + [1.0] * 21


def test_machine_let_go_keeps_its_water_for_the_stage() -> None:
    day = planned({Mode(0, 0): [1.0, 1.0, 1.0], Mode(1, 1): [2.0, 5.0, 5.0], Mode(1, 0): [2.0, 2.0, 2.0]}, 1)
    course = follow(day, 1, 0.0)
    assert not course.called.any() and not course.cooling.any()
    assert course.on.tolist() == [1.0] * 12 + [0.0] * 12


def test_more_is_called_where_the_path_breaks_limits() -> None:
    day = planned({Mode(0, 0): [1.0, 1.0, 1.0], Mode(1, 1): [2.0, 2.0, 2.0], Mode(1, 0): [2.0, 2.0, 2.0]}, 0)
    assert not follow(day, 0, 0.0, {0.0: 0.0, 1.0: 0.0}).called.any()
    assert follow(day, 0, 0.0, {0.0: 1.0, 1.0: 0.0}).called.all()
    assert not follow(day, 0, 0.0, {0.0: 1.0, 1.0: 1.0}).called.any()


def test_without_any_plan_what_runs_stays() -> None:
    day = ChillerDay(STAGES, installed=2)
    day.plan(0.0, 1, {})
    assert np.all(follow(day, 1, 0.0).cooling == 1.0)


def test_a_single_stage_lies_beyond_all_changes() -> None:
    day = ChillerDay(np.array([1e7]), installed=1)
    day.plan(0.0, 0, {mode: np.full(3, 1.0 if mode == Mode(1, 1) else 2.0) for mode in modes(1)})
    assert follow(day, 0, 0.0).cooling.tolist() == [1.0]


def test_next_plan_begins_without_the_machine_that_was_let_go() -> None:
    day = planned({Mode(0, 0): [1.0, 1.0, 1.0], Mode(1, 1): [2.0, 5.0, 5.0], Mode(1, 0): [2.0, 2.0, 2.0]}, 1)
    day.plan(STAGE, 1, {Mode(0, 0): np.ones(3), Mode(1, 1): np.full(3, 9.0), Mode(1, 0): np.zeros(3)})
    assert not follow(day, 1, STAGE).on[1:].any()
