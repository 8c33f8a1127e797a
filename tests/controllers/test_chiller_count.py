"""How many chillers run: a change must pay, and none runs only where the hall would be kept at its upper load."""

import numpy as np
import pandas as pd
import pytest

from lowlift.controllers.chiller_count import RECONSIDER, STARTS_AFTER, ChillerCount, Course, course
from lowlift.controllers.interface import Measurement
from lowlift.controllers.solver import Solution
from lowlift.controllers.staging import CONFIRM_DOWN

STAGES = np.array([300.0] * 4 + [1800.0] * 2)


def measured(n: float, t: float = 0.0) -> Measurement:
    return Measurement(t=t, time=pd.Timestamp("2024-07-04", tz="UTC"), values={"n_chillers": np.array([[n]])})


class Plans:
    """Answers as a solver would: cost with and without a chiller, violation without one at the upper load."""

    def __init__(self, cost_on: float, cost_off: float, surge_off: float = 0.0, *, broken: bool = False, stay: float = 0.0) -> None:
        self.cost_on, self.cost_off, self.surge_off, self.broken, self.stay = cost_on, cost_off, surge_off, broken, stay
        self.asked: list[tuple[float, bool]] = []

    def __call__(self, course: Course, *, surge: bool = False) -> Solution:
        last = float(course.called[-1])
        self.asked.append((last, surge))
        changed = course.on[0] != last
        return Solution(
            z=np.zeros(1), lam_g=np.zeros(1), lam_x=np.zeros(1), infeasibility=0.0, stationarity=1.0 if self.broken and not last else 0.0,
            complementarity=0.0, cost=self.cost_on if last else self.cost_off,
            violation=(self.surge_off if surge and not last else 0.0) + (0.0 if changed or surge else self.stay),
            solver="none", iterations=1, seconds=0.0,
        )  # fmt: skip


def choose(n: float, plans: Plans, count: ChillerCount | None = None, t: float = 0.0) -> float:
    solution, chosen = (count or ChillerCount(STAGES, installed=2)).choose(measured(n, t), plans)
    wanted = float(chosen.called[0])
    assert solution.cost == (plans.cost_on if wanted else plans.cost_off)
    assert chosen.cooling[0] == min(n, wanted) and chosen.on[0] == n and chosen.cooling[-1] == wanted
    return wanted


@pytest.mark.parametrize(
    ("running", "plans", "wanted"),
    [
        (1.0, Plans(1.0, 0.9), 0.0),
        (1.0, Plans(1.0, 0.995), 1.0),
        (1.0, Plans(1.0, 0.5, surge_off=3.0), 1.0),
        (0.0, Plans(0.9, 1.0), 1.0),
        (0.0, Plans(1.0, 0.9), 0.0),
        (0.0, Plans(1.0, 0.9, surge_off=3.0), 1.0),
        (1.0, Plans(1.0, 0.5, broken=True), 1.0),
        (2.0, Plans(1.0, 0.5), 2.0),
    ],
    ids=["stops", "not worth it", "kept for the upper load", "starts", "stays off", "started for the upper load", "no plan", "two run"],
)
def test_choice(running: float, plans: Plans, wanted: float) -> None:
    assert choose(running, plans) == wanted


def test_site_without_chillers_solves_once() -> None:
    plans = Plans(1.0, 0.5)
    _, chosen = ChillerCount(STAGES, installed=0).choose(measured(0.0), plans)
    assert not chosen.on.any() and plans.asked == [(0.0, False)]


def test_a_change_is_asked_for_until_staging_has_made_it() -> None:
    count, plans = ChillerCount(STAGES, installed=2), Plans(0.9, 1.0)
    assert choose(0.0, plans, count) == 1.0
    before = len(plans.asked)
    assert choose(0.0, plans, count, t=300.0) == 1.0
    assert len(plans.asked) == before + 1
    assert choose(1.0, plans, count, t=600.0) == 1.0


def test_broken_limits_are_reconsidered_at_once() -> None:
    count, plans = ChillerCount(STAGES, installed=2), Plans(1.0, 0.99)
    assert choose(0.0, plans, count) == 0.0
    plans.cost_off, plans.stay = 5.0, 0.0
    assert choose(0.0, plans, count, t=300.0) == 0.0
    plans.stay = 1.0
    assert choose(0.0, plans, count, t=600.0) == 1.0
    assert RECONSIDER > 600.0


BEGINS = np.arange(0.0, 6000.0, 300.0)


@pytest.mark.parametrize("waiting", [0.0, 600.0, 3000.0])
def test_a_start_cools_once_staging_has_confirmed_it(waiting: float) -> None:
    c = course(BEGINS, 0.0, 1.0, waiting)
    later = BEGINS >= max(STARTS_AFTER - waiting, 300.0)
    assert np.array_equal(c.cooling, later.astype(float)) and np.array_equal(c.on, c.cooling) and c.called.all()


@pytest.mark.parametrize("waiting", [0.0, 1800.0, 9000.0])
def test_a_machine_let_go_cools_no_more_but_takes_water_until_staging_stops_it(waiting: float) -> None:
    c = course(BEGINS, 1.0, 0.0, waiting)
    assert not c.cooling.any() and not c.called.any()
    assert np.array_equal(c.on, (max(CONFIRM_DOWN - waiting, 300.0) > BEGINS).astype(float))


def test_time_already_waited_counts() -> None:
    """The longer staging has been asked, the sooner the plan has its chiller."""
    count, seen = ChillerCount(STAGES, installed=2), []
    plans = Plans(0.9, 1.0)
    for t in (0.0, 300.0, 600.0):
        seen.append(count.choose(measured(0.0, t), plans)[1].cooling.sum())
    assert seen == sorted(seen) and seen[0] < seen[-1]
