import dataclasses
import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import synthetic_runs as synthetic

from lowlift.controllers.interface import Decision, Status, setpoint_table
from lowlift.models.site import load_site
from lowlift.sim.schedule import Schedule, import_schedule, schedule_from
from lowlift.sim.schedule_rows import ScheduleError

SITE = load_site("gb200_hall")
NOW = pd.Timestamp("2024-07-04 06:00", tz="America/Phoenix")


MADE = pd.Timestamp("2024-07-03 12:00", tz="UTC")


@pytest.fixture(scope="module")
def schedule() -> Schedule:
    return schedule_from(synthetic.run("MPC", plans=True))


def altered(schedule: Schedule, k: int, **changes: object) -> Schedule:
    rows = list(schedule.rows)
    rows[k] = dataclasses.replace(rows[k], **changes)  # type: ignore[arg-type]
    return dataclasses.replace(schedule, rows=tuple(rows))


@pytest.mark.parametrize("suffix", ["csv", "json"])
@pytest.mark.parametrize("site", ["gb200_hall", "frontier"])
def test_round_trip(tmp_path: Path, site: str, suffix: str) -> None:
    run = synthetic.run("MPC", site=site)
    made = schedule_from(run)
    path = made.export(tmp_path / f"setpoints.{suffix}")
    back = import_schedule(path, run.site)
    assert back == made
    assert back.checksum == made.checksum
    assert back.frame()["valid_from"].iloc[0].tz is not None


def test_values_are_those_of_the_decisions_in_site_units(schedule: Schedule) -> None:
    run = synthetic.run("MPC")
    names = setpoint_table(SITE).names
    assert {r.point for r in schedule.rows} == set(names)
    at = NOW + pd.Timedelta(minutes=2)
    setpoints = next(d.setpoints[0] for t, d in reversed(run.decisions) if run.time(t) <= at)
    held = {r.point: r for r in schedule.rows if r.valid_from <= at < r.valid_to}
    assert held["T_supply_set[1]"].value == pytest.approx(setpoints[0] - 273.15, abs=0.01)
    assert held["dp_set[1]"].value == pytest.approx(setpoints[names.index("dp_set[1]")] * 1e-3, abs=0.1)
    assert (held["V_sec_set[1]"].unit, held["dp_set[1]"].unit, held["T_tower_set"].unit) == (
        "L/s",
        "kPa",
        "degC",
    )
    assert held["T_supply_set[1]"].fallback == pytest.approx(17.0)
    assert held["V_sec_set[1]"].fallback == held["V_sec_set[1]"].high


def test_rows_of_a_point_cover_the_period_without_gaps(schedule: Schedule) -> None:
    rows = [r for r in schedule.rows if r.point == "T_supply_set[1]"]
    assert rows[0].valid_from == pd.Timestamp("2024-07-04", tz="America/Phoenix")
    assert rows[-1].valid_to == pd.Timestamp("2024-07-05", tz="America/Phoenix")
    assert all(a.valid_to == b.valid_from for a, b in itertools.pairwise(rows))
    assert len([r for r in schedule.rows if r.point == "m_cw_set"]) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"value": 99.0}, r"row 3: T_supply_set\[1\] = 99 degC: outside 17 to 42"),
        ({"value": float("nan")}, "row 3: .* not a number"),
        ({"fallback": -5.0}, "row 3: .*fallback"),
        ({"valid_to": NOW - pd.Timedelta(days=900)}, "row 3: .*not after its start"),
        ({"priority": 0}, "row 3: .*priority"),
    ],
)
def test_f43_unfit_rows_are_refused_by_name(tmp_path: Path, schedule: Schedule, changes: dict[str, object], reason: str) -> None:
    with pytest.raises(ScheduleError, match=reason):
        altered(schedule, 2, **changes).export(tmp_path / "a.csv")
    assert not list(tmp_path.iterdir())


def test_f43_overlaps_are_refused_by_name(tmp_path: Path, schedule: Schedule) -> None:
    longer = altered(schedule, 2, valid_to=schedule.rows[2].valid_to + pd.Timedelta(minutes=12))
    with pytest.raises(ScheduleError, match=r"rows 3 and 4: .*rows 3 and 5: "):
        longer.export(tmp_path / "a.json")


def test_f43_periods_in_the_past_are_refused_by_name_where_they_are_meant_for_a_plant(tmp_path: Path, schedule: Schedule) -> None:
    live = dataclasses.replace(schedule, simulated=False)
    with pytest.raises(ScheduleError, match=r"row 1: T_supply_set\[1\] ends 2024-07-04T00:05:00-07:00, in the past"):
        live.export(tmp_path / "a.csv", NOW)
    with pytest.raises(ScheduleError, match="in the past"):
        live.export(tmp_path / "a.csv")
    before = pd.Timestamp("2024-07-03", tz="America/Phoenix")
    path = live.export(tmp_path / "a.csv", before)
    assert import_schedule(path, SITE, before) == live
    with pytest.raises(ScheduleError, match="in the past"):
        import_schedule(path, SITE)
    schedule.export(tmp_path / "record.csv")  # a simulated period is a record


@pytest.mark.parametrize(
    ("suffix", "old", "new"),
    [
        ("csv", ",degC,29.", ",degC,30."),
        ("csv", "# simulated: true", "# simulated: false"),
        ("csv", '# site: "gb200_hall"', '# site: "frontier"'),
        ("csv", ",13,", ",1,"),
        ("json", '"value": 29.', '"value": 30.'),
        ("json", "MPC: optimal", "MPC: rule"),
    ],
)
def test_f44_edits_are_refused(tmp_path: Path, schedule: Schedule, suffix: str, old: str, new: str) -> None:
    path = schedule.export(tmp_path / f"a.{suffix}")
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ScheduleError, match="edited after export"):
        import_schedule(path)


def test_f44_a_deleted_row_is_an_edit(tmp_path: Path, schedule: Schedule) -> None:
    path = schedule.export(tmp_path / "a.csv")
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:-1]) + "\n")
    with pytest.raises(ScheduleError, match="edited"):
        import_schedule(path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a schedule"),
        ("{", "not valid JSON"),
        ("[]", "not a schedule"),
        ('{"format": "lowlift-schedule/3", "rows": [1]}', "row 1"),
        ('{"format": "lowlift-schedule/3", "rows": 5}', "rows"),
        ('{"format": "lowlift-schedule/3", "rows": [], "odd": 1}', "head"),
        ("# format: x\n", "not readable"),
    ],
)
def test_files_that_are_no_schedule_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(ScheduleError, match=reason):
        import_schedule(path)


def test_limits_of_another_plant_are_refused_even_with_a_new_checksum(tmp_path: Path, schedule: Schedule) -> None:
    wider = altered(schedule, 0, high=60.0)
    path = wider.export(tmp_path / "a.json")
    with pytest.raises(ScheduleError, match=r"row 1: T_supply_set\[1\] must state the limits 17 to 42 degC"):
        import_schedule(path, SITE)
    with pytest.raises(ScheduleError, match="made for gb200_hall, not for frontier"):
        import_schedule(schedule.export(tmp_path / "b.json"), load_site("frontier"))


@pytest.mark.parametrize(("day", "hours"), [("2024-11-03", 25), ("2024-03-10", 23)])
def test_days_of_daylight_saving_are_covered_once(tmp_path: Path, day: str, hours: int) -> None:
    zone = "America/New_York"
    begin = pd.Timestamp(day, tz=zone)
    end = begin + pd.DateOffset(days=1)
    low, high = setpoint_table(SITE).low, setpoint_table(SITE).high
    at = pd.date_range(begin, end, freq="h", inclusive="left")
    assert len(at) == hours
    decisions = [(t, Decision(setpoints=(low + (high - low) * (k % 7) / 7.0)[None], status=Status.RULE)) for k, t in enumerate(at)]
    made = schedule_from(decisions, SITE, (begin, end), controller="Test")
    rows = [r for r in made.rows if r.point == "T_supply_set[1]"]
    assert len(rows) == hours
    assert sum((r.valid_to - r.valid_from for r in rows), pd.Timedelta(0)) == pd.Timedelta(hours=hours)
    back = import_schedule(made.export(tmp_path / "a.csv"), SITE)
    assert back == made
    texts = [r["valid_from"] for r in json.loads(made.export(tmp_path / "a.json").read_text())["rows"]][:hours]
    assert len(set(texts)) == hours


def test_requests_beyond_limits_are_clipped_and_a_decision_before_the_period_is_held() -> None:
    begin = pd.Timestamp("2030-01-01", tz="UTC")
    wild = np.full((1, setpoint_table(SITE).size), 1e9)
    decisions = [(begin - pd.Timedelta(hours=1), Decision(setpoints=wild, status=Status.FALLBACK))]
    made = schedule_from(decisions, SITE, (begin, begin + pd.Timedelta(hours=1)), simulated=False, controller="X")
    assert all(r.value == r.high and r.valid_from == begin for r in made.rows)
    made.check(begin, SITE)


def test_nothing_to_schedule_is_an_error() -> None:
    begin = pd.Timestamp("2030-01-01", tz="UTC")
    with pytest.raises(ScheduleError, match="no decisions"):
        schedule_from([], SITE, (begin, begin + pd.Timedelta(hours=1)))
    with pytest.raises(ScheduleError, match="site and period"):
        schedule_from([])
    with pytest.raises(ScheduleError, match=r"\.csv or \.json"):
        schedule_from(synthetic.run("MPC")).export("a.xlsx")


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_the_head_says_when_it_was_made_and_for_which_period(tmp_path: Path, suffix: str) -> None:
    begin = pd.Timestamp("2030-01-01", tz="UTC")
    middle = Decision(setpoints=0.5 * (setpoint_table(SITE).low + setpoint_table(SITE).high)[None], status=Status.OPTIMAL)
    made = schedule_from([(begin, middle)], SITE, (begin, begin + pd.Timedelta(minutes=15)), controller="X", created=MADE)
    path = made.export(tmp_path / f"a.{suffix}")
    text = path.read_text(encoding="utf-8")
    for entry in (
        'created": "2024-07-03T12:00:00+00:00"',
        'valid_from": "2030-01-01T00:00:00+00:00"',
        'valid_to": "2030-01-01T00:15:00+00:00"',
    ):
        assert (entry if suffix == "json" else entry.replace('":', ":", 1)) in text
    assert import_schedule(path, SITE).created == MADE
    for name in ("created", "valid_to"):
        old = "2024-07-03T12" if name == "created" else "2030-01-01T00:15"
        path.write_text(text.replace(old, old[:-2] + "17", 1), encoding="utf-8")
        with pytest.raises(ScheduleError, match="edited"):
            import_schedule(path)


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_a_byte_order_mark_and_other_line_ends_are_no_edit(tmp_path: Path, schedule: Schedule, suffix: str) -> None:
    path = schedule.export(tmp_path / f"a.{suffix}")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert import_schedule(path) == schedule


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"America/Phoenix"', '"Mars/Base"', "timezone = 'Mars/Base' is unknown"),
        ("T00:05:00-07:00", "T00:05:00", "row 1: valid_to = .* with an offset from UTC"),
        (",degC,29.", ",degC,x29.", r"row 1: value = 'x29\.\d+': must be a number"),
    ],
)
def test_values_that_cannot_be_read_are_named(tmp_path: Path, schedule: Schedule, old: str, new: str, said: str) -> None:
    path = schedule.export(tmp_path / "a.csv")
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ScheduleError, match=said):
        import_schedule(path)
