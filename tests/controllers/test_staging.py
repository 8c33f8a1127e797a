"""What runs: confirmations, dwell times, minimum on and off times of cells, pumps and chillers, at readings that occur."""

import numpy as np
import pytest
from models_halls import hall
from readings_at_rest import at_rest

from lowlift.controllers.interface import setpoint_table
from lowlift.controllers.staging import (
    CELL_FLOW_MIN,
    CHILLER_DOWN,
    CHILLER_LAST,
    CHILLER_UP,
    CONFIRM_DOWN,
    CONFIRM_FIRST,
    CONFIRM_HOT,
    CONFIRM_UP,
    DWELL_CELLS,
    DWELL_PUMPS,
    HOT_INLET,
    MIN_OFF,
    MIN_ON,
    PUMP_BAND,
    Staging,
)

SITE = hall("gb200_hall").site
CHILLED = SITE.chilled
TABLE, REST = at_rest("gb200_hall")
SETPOINTS = setpoint_table(SITE)
STEP, LONG = 15.0, 3 * 3600.0
T_CHW_SET = 291.15


class Bench:
    """Staging of two plants in a loop with its own counts; the second plant always rests."""

    def __init__(self, **counts: float) -> None:
        self.staging = Staging(SITE, STEP)
        self.staging.reset(2)
        middle = SETPOINTS.unpack(np.repeat((0.5 * (SETPOINTS.low + SETPOINTS.high))[None], 2, axis=0))
        self.sp = middle | {"T_chw_set": np.full((2, 1), T_CHW_SET)}
        start = {"n_cells": 6.0, "n_cw": 2.0, "n_chillers": 0.0} | counts
        self.a = {"n_fws": np.full((2, 2), start.pop("n_fws", 1.0)), "y_fws": np.full((2, 2), 0.7), "y_cw": np.full((2, 1), 0.8)}
        self.a |= {name: np.full((2, 1), n) for name, n in start.items()}
        flow = {"m_pri": 0.4 * SITE.cdu.exchanger.m_cold_nominal, "m_cw": 0.5 * SITE.m_tower_nominal, "T_plant": T_CHW_SET + 0.3}
        rest = TABLE.unpack(np.repeat(REST, 2, axis=0))
        self.rest = rest | {name: np.full_like(rest[name], value) for name, value in flow.items()}
        self.rest["dp_header"] = self.sp["dp_set"]

    def step(self, **readings: float) -> None:
        r = {name: v.copy() for name, v in self.rest.items()}
        for name, value in readings.items():
            r[name][0] = value
        self.a |= self.staging.decide(r, self.sp, self.a)

    def n(self, name: str) -> float:
        return float(self.a[name][0, 0])

    def until_changed(self, name: str, within: float = LONG, **readings: float) -> float:
        """Seconds from now to the first change of a count, infinite if it does not within ``within``."""
        before = self.n(name)
        for k in range(round(within / STEP)):
            self.step(**readings)
            if self.n(name) != before:
                return (k + 1) * STEP
        return float("inf")


def capacity() -> float:
    assert CHILLED is not None
    r = TABLE.unpack(REST)
    return float(CHILLED.chiller.capacity(r["T_chw"], r["T_tower"]).item())


def test_the_plant_beside_is_left_alone() -> None:
    bench = Bench(n_chillers=1.0)
    before = {name: v[1].copy() for name, v in bench.a.items()}
    bench.until_changed("n_chillers", T_plant=T_CHW_SET)
    assert bench.n("n_chillers") == 0.0
    for name, v in before.items():
        np.testing.assert_array_equal(bench.a[name][1], v)


def test_cells_follow_their_least_water_and_wait_between_changes() -> None:
    least = CELL_FLOW_MIN * SITE.m_tower_nominal / SITE.n_cells
    bench = Bench()
    assert bench.until_changed("n_cells", m_cw=3.5 * least) == STEP
    assert bench.n("n_cells") == 3.0
    assert bench.until_changed("n_cells", m_cw=5.5 * least) == DWELL_CELLS + STEP
    assert bench.n("n_cells") == 5.0
    # One cell of room before closing one.
    assert bench.until_changed("n_cells", m_cw=4.5 * least) == float("inf")
    assert bench.until_changed("n_cells", m_cw=0.0) == STEP
    assert bench.n("n_cells") == 1.0


def test_a_lag_pump_joins_after_ten_minutes_and_leaves_after_ten() -> None:
    nominal, N = SITE.cdu.exchanger.m_cold_nominal, SITE.pumps_per_group
    up, down = 1.0 / N - PUMP_BAND + 0.01, 1.0 / N - PUMP_BAND - 0.01
    bench = Bench()
    assert bench.until_changed("n_fws", m_pri=up * nominal) == DWELL_PUMPS
    assert bench.n("n_fws") == 2.0
    assert bench.until_changed("n_fws", m_pri=up * nominal) == float("inf")
    assert bench.until_changed("n_fws", m_pri=down * nominal) == DWELL_PUMPS
    assert bench.until_changed("n_fws", m_pri=0.0) == float("inf")  # the last one stays
    assert bench.n("n_fws") == 1.0


def test_an_interruption_starts_the_confirmation_anew() -> None:
    nominal = SITE.cdu.exchanger.m_cold_nominal
    bench = Bench()
    assert bench.until_changed("n_fws", within=DWELL_PUMPS - STEP, m_pri=0.6 * nominal) == float("inf")
    bench.step(m_pri=0.3 * nominal)
    assert bench.until_changed("n_fws", m_pri=0.6 * nominal) == DWELL_PUMPS


def test_starved_groups_and_towers_get_their_pump_within_a_minute() -> None:
    bench = Bench()
    bench.a["y_fws"][0] = 1.0
    assert bench.until_changed("n_fws", dp_header=0.5 * float(bench.sp["dp_set"][0, 0])) == 60.0
    bench = Bench()
    bench.a["y_cw"][0] = 1.0
    assert bench.until_changed("n_cw", m_cw=0.9 * float(bench.sp["m_cw_set"][0, 0])) == 60.0
    idle = Bench()  # a pump that could still run faster is not short of a mate
    assert idle.until_changed("n_fws", within=600.0, dp_header=0.5 * float(idle.sp["dp_set"][0, 0])) == float("inf")


def test_the_first_chiller_is_called_by_water_that_stays_too_warm() -> None:
    bench = Bench()
    assert bench.until_changed("n_chillers", T_plant=T_CHW_SET + 0.4) == float("inf")
    assert bench.until_changed("n_chillers", T_plant=T_CHW_SET + 0.6) == CONFIRM_FIRST
    assert bench.n("n_chillers") == 1.0


def test_hot_servers_call_the_first_chiller_at_once_but_not_against_water_that_is_cold() -> None:
    limit = SITE.limits.T_inlet_max
    assert limit is not None
    hot = limit - HOT_INLET + 0.05
    assert Bench().until_changed("n_chillers", T_plant=T_CHW_SET + 0.6, T_inlet=hot) == CONFIRM_HOT
    assert Bench().until_changed("n_chillers", T_plant=T_CHW_SET + 0.4, T_inlet=hot) == float("inf")


def test_a_chiller_that_has_left_stays_off_for_its_minimum_time() -> None:
    bench = Bench(n_chillers=1.0)
    assert bench.until_changed("n_chillers", T_plant=T_CHW_SET + CHILLER_LAST - 0.05) == CONFIRM_DOWN
    assert bench.n("n_chillers") == 0.0
    limit = SITE.limits.T_inlet_max
    assert limit is not None
    assert bench.until_changed("n_chillers", T_plant=T_CHW_SET + 3.0, T_inlet=limit + 1.0) == MIN_OFF + STEP


def test_the_second_chiller_joins_at_nine_tenths_of_the_first_and_leaves_at_eight() -> None:
    warm, Q = T_CHW_SET + 2.0, capacity()
    bench = Bench(n_chillers=1.0)
    assert bench.until_changed("n_chillers", T_plant=warm, Q_chiller=(CHILLER_UP - 0.01) * Q) == float("inf")
    assert bench.until_changed("n_chillers", T_plant=warm, Q_chiller=(CHILLER_UP + 0.01) * Q) == CONFIRM_UP
    assert bench.n("n_chillers") == 2.0
    assert bench.until_changed("n_chillers", T_plant=warm, Q_chiller=1.95 * Q) == float("inf")  # there is no third
    assert bench.until_changed("n_chillers", T_plant=warm, Q_chiller=(CHILLER_DOWN - 0.01) * Q) == CONFIRM_DOWN
    assert bench.n("n_chillers") == 1.0


@pytest.mark.parametrize("seed", range(5))
def test_whatever_happens_no_chiller_cycles_short(seed: int) -> None:
    rng, bench, Q = np.random.default_rng(seed), Bench(), capacity()
    counts = []
    for _ in range(150):
        readings = {"T_plant": T_CHW_SET + rng.choice([-2.0, 0.0, 0.7, 3.0]), "Q_chiller": rng.uniform(0.0, 2.0) * Q,
                    "T_inlet": rng.uniform(296.0, 301.0)}  # fmt: skip
        for _ in range(int(rng.choice([4, 40, 250]))):
            bench.step(**readings)
            counts.append(bench.n("n_chillers"))
    change = np.flatnonzero(np.diff(counts))
    rises = np.diff(counts)[change] > 0
    assert rises.sum() >= 3
    apart = np.diff(change) * STEP
    assert np.all(apart[rises[1:]] >= MIN_OFF)  # before each start nothing has changed for the off time
    assert np.all(apart[~rises[1:]] >= MIN_ON)  # nor before each stop for the on time
