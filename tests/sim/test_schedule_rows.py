"""Values of schedules: their resolution, and the rate at which rows may follow each other."""

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import synthetic_runs as synthetic

from lowlift.controllers.interface import Decision, Status, setpoint_table
from lowlift.models.site import load_site
from lowlift.sim.schedule import Schedule, schedule_from
from lowlift.sim.schedule_rows import ScheduleError, points

SITE = load_site("gb200_hall")
MADE = pd.Timestamp("2024-07-03 12:00", tz="UTC")


def altered(schedule: Schedule, k: int, **changes: object) -> Schedule:
    rows = list(schedule.rows)
    rows[k] = dataclasses.replace(rows[k], **changes)  # type: ignore[arg-type]
    return dataclasses.replace(schedule, rows=tuple(rows))


def decided(point: str, values: list[float], minutes: float = 5.0) -> Schedule:
    """A schedule in which one point is asked for the values, all others for the middle of their range."""
    table = setpoint_table(SITE)
    begin = pd.Timestamp("2030-01-01", tz="UTC")
    decisions = []
    for k, value in enumerate(values):
        packed = 0.5 * (table.low + table.high)
        packed[table.names.index(point)] = value
        decisions.append((begin + pd.Timedelta(minutes=k * minutes), Decision(setpoints=packed[None], status=Status.OPTIMAL)))
    return schedule_from(decisions, SITE, (begin, begin + pd.Timedelta(minutes=len(values) * minutes)), controller="X", created=MADE)


def course(schedule: Schedule, point: str) -> list[tuple[float, float]]:
    """Value and length in minutes of each row."""
    return [(r.value, (r.valid_to - r.valid_from).total_seconds() / 60.0) for r in schedule.rows if r.point == point]


def test_every_point_has_a_resolution_of_its_own() -> None:
    got = {p.name: p.resolution for p in points(SITE)}
    assert got["T_supply_set[1]"] == got["T_tower_set"] == 0.01 and got["split"] == got["air_ratio_set"] == 0.001
    for p in points(SITE):
        if p.unit not in ("degC", "1"):
            assert 1e-4 * p.high < p.resolution <= 1e-3 * p.high


@pytest.mark.parametrize(("point", "grain"), [("T_supply_set[1]", 0.01), ("V_sec_set[1]", 1e-5), ("dp_set[1]", 100.0), ("m_cw_set", 0.1)])
def test_values_that_differ_by_less_than_the_resolution_make_one_row(point: str, grain: float) -> None:
    table = setpoint_table(SITE)
    k = table.names.index(point)
    middle = round(0.5 * (table.low[k] + table.high[k]) / grain) * grain
    trembling = [middle + 0.9 * grain * np.sin(2.0 * n) for n in range(40)]
    assert len(course(decided(point, trembling), point)) <= 2
    steps = course(decided(point, [middle + n * 2.0 * grain for n in range(5)]), point)
    assert len(steps) == 5


def test_full_flow_is_full_flow() -> None:
    full = setpoint_table(SITE).high[setpoint_table(SITE).names.index("m_cw_set")]
    ((value, _),) = course(decided("m_cw_set", [full - 1e-9] * 3), "m_cw_set")
    assert value == next(p.high for p in points(SITE) if p.name == "m_cw_set")


def test_requests_beyond_the_rate_limit_become_a_ramp_that_arrives() -> None:
    asked = [17.0 + 273.15] * 2 + [42.0 + 273.15] * 6
    rows = course(decided("T_supply_set[1]", asked), "T_supply_set[1]")
    # 1.25 K/min: 12.5 K after the ten minutes that the first row has held, 6.25 K with every later decision.
    assert [v for v, _ in rows] == [17.0, 29.5, 35.75, 42.0]
    assert [m for _, m in rows] == [10.0, 5.0, 5.0, 20.0]
    quick = course(decided("T_supply_set[1]", asked, minutes=0.25), "T_supply_set[1]")
    assert all(b - a <= 1.25 * m + 1e-9 for (a, m), (b, _) in itertools.pairwise(quick)) and len(quick) > 5


def test_rows_beyond_the_rate_limit_are_refused_with_row_value_and_rate(tmp_path: Path) -> None:
    made = decided("T_supply_set[1]", [300.15, 302.15, 302.15])
    assert course(made, "T_supply_set[1]") == [(27.0, 5.0), (29.0, 10.0)]
    said = r"row 2: T_supply_set\[1\] goes from 27 to 33.5 degC within 5 min: 1\.3 degC/min; its limit is 1\.25"
    with pytest.raises(ScheduleError, match=said):
        altered(made, 1, value=33.5).export(tmp_path / "a.csv")
    altered(made, 1, value=33.25).export(tmp_path / "a.csv")
    apart = altered(altered(made, 1, value=33.5), 0, valid_to=made.rows[0].valid_to - pd.Timedelta(minutes=1))
    apart.check()  # the fallback holds between them


def test_schedules_of_whole_runs_keep_their_rates_and_merge() -> None:
    for site in ("gb200_hall", "frontier"):
        run = synthetic.run("MPC", site=site, plans=True)
        made = schedule_from(run)
        made.check(site=run.site)
        assert len(made.rows) < 0.5 * len(run.decisions) * len(setpoint_table(run.site).names)
