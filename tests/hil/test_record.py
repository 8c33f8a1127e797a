"""A recorded run runs again bit by bit; edited, damaged and foreign records are refused."""

import dataclasses
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner
from wire_plants import DAY, PLANTS, plant, points, scenario, served

from lowlift.cli import app
from lowlift.hil import snapshot
from lowlift.hil.fault import Fault, What
from lowlift.hil.fault_file import load_faults
from lowlift.hil.fault_points import with_fault_points
from lowlift.hil.record import DepartureError, Record, Recorder, RecordError, load_record, save_record
from lowlift.hil.replaying import replay
from lowlift.hil.served_plant import ServedPlant
from lowlift.hil.snapshot import SnapshotError
from lowlift.wire.image import KEPT
from lowlift.wire.points import ALONE, HAND


def run(one: ServedPlant, n: int) -> None:
    for _ in range(n):
        one.step()


def noisy(name: str) -> ServedPlant:
    return served(name, faults=[Fault(what=What.NOISE, where="T_db", size=0.5, seed=3)], heartbeat=60.0)


def eventful(name: str, n: int = 20, one: ServedPlant | None = None) -> Record:
    """A run with commands, a schedule, and faults switched by hand, recorded from its middle."""
    one = noisy(name) if one is None else one
    run(one, 5)
    hand = next(p for p in one.image.points.points if p.name.endswith(".hand"))
    recorder = Recorder(one)
    run(one, n)
    one.image.write({"heartbeat.cmd": 1.0, hand.name.replace(".hand", ".mode"): HAND, hand.name: hand.low}, "test")
    one.faults.begin(Fault(what=What.STUCK, where="T_wb"))
    run(one, n)
    one.faults.end("stuck T_wb")
    one.image.write({"heartbeat.cmd": 0.0}, "test")
    run(one, n)
    return recorder.stop()


@pytest.mark.parametrize("name", PLANTS)
def test_a_replay_is_the_run(name: str, tmp_path: Path) -> None:
    # What a plant has done before does not matter; another one is made where that is cheap.
    one = noisy(name)
    record = load_record(save_record(eventful(name, one=one), tmp_path / "run.lowlift"))
    other = served(name, heartbeat=60.0) if name == "chiller_plant" else one
    shares: list[float] = []
    replay(record, other, shares.append)
    assert other.t == record.t[-1] and shares[-1] == 1.0 and len(shares) == record.n == 60
    assert np.array_equal(other.read[0], record.read[-1])
    assert not np.array_equal(record.true, record.read), "what was true stands beside what was read"


def test_a_replay_knows_who_held_what() -> None:
    """A record that begins under a supervisor, which falls silent while an operator holds a setpoint, comes back and hands back."""
    one, other = served(heartbeat=60.0), served(heartbeat=60.0)
    one.image.write({"heartbeat.cmd": 1.0, "T_chw_set.cmd": 7.0, "T_tower_set.cmd": 24.0}, "MPC")
    run(one, 5)
    recorder = Recorder(one)
    run(one, 3)
    one.image.write({"T_chw_set.cmd": 9.5}, "operator", 8)
    run(one, 40)
    assert one.envelope.in_fail_safe[0] and one.envelope.setpoints[0, 0] > 273.15 + 9.0
    one.image.write({"heartbeat.cmd": 2.0}, "MPC")
    run(one, 5)
    one.image.write({"heartbeat.cmd": 0.0}, "MPC")
    one.image.relinquish(["T_chw_set.cmd"], "operator", 8)
    run(one, 10)
    record = recorder.stop()
    assert [held for _, _, held in record.humans] == [True, False]
    replay(record, other)
    assert np.array_equal(one.x, other.x) and other.supervision.state == one.supervision.state == ALONE


def test_what_was_recorded() -> None:
    record = eventful("chiller_plant")
    assert [(step, name, said is None) for step, name, said in record.switched] == [(20, "stuck T_wb", False), (40, "stuck T_wb", True)]
    assert {e["kind"] for e in record.events} >= {"write", "fault"}
    changed = [(step, points().points[k].name) for step, k, _ in record.commands if step > 0]
    assert (20, "heartbeat.cmd") in changed and (40, "heartbeat.cmd") in changed
    assert np.diff(record.t) == pytest.approx(5.0) and record.t[0] == 30.0


def test_equal_runs_give_equal_files(tmp_path: Path) -> None:
    first, second = (save_record(eventful("chiller_plant", 3), tmp_path / name).read_bytes() for name in ("a", "b"))
    assert first == second


def test_tampered_and_damaged_records_are_refused(tmp_path: Path) -> None:
    path = save_record(eventful("chiller_plant", 3), tmp_path / "run.lowlift")
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    whole = path.read_bytes()

    def refused(message: str) -> None:
        with pytest.raises(RecordError, match=message):
            load_record(path)

    for changed in (
        parts | {"run.json": parts["run.json"].replace(b'"step_s": 5.0', b'"step_s": 6.0')},
        parts | {"read.npy": parts["read.npy"][:-1] + b"\0"},
        {name: data for name, data in parts.items() if name != "checksum"},
        parts | {"added": b""},
    ):
        with zipfile.ZipFile(path, "w") as file:
            for name, data in changed.items():
                file.writestr(name, data)
        refused("edited or damaged")
    path.write_bytes(whole[: len(whole) // 2])
    refused("unreadable")
    path.write_text("no record", encoding="utf-8")
    refused("unreadable")
    with pytest.raises(RecordError, match="unreadable"):
        load_record(tmp_path / "none")


def test_foreign_records_are_refused() -> None:
    record = eventful("chiller_plant", 3)
    for other, message in (
        (served("air_hall"), "of plant 'chiller_plant', this run has 'air_hall'"),
        (served(step=scenario().step), r"of step_s 5\.0, this run has 15\.0"),
        (served(heartbeat=30.0), r"of heartbeat_s 60\.0, this run has 30\.0"),
    ):
        with pytest.raises(RecordError, match=message):
            replay(record, other)


def test_a_run_that_goes_another_way_is_named() -> None:
    record = eventful("chiller_plant", 3)
    true = record.true.copy()
    true[4, 1] += 1e-12
    with pytest.raises(DepartureError, match=r"step 5 of 9: true T_return is .* the record has"):
        replay(dataclasses.replace(record, true=true), served(heartbeat=60.0))


def test_events_are_those_of_the_run_however_many_there_were_before() -> None:
    one = served()
    for k in range(KEPT - 5):
        one.image.note("before", "elapsed", str(k))
    recorder = Recorder(one)
    for k in range(20):
        one.image.note("during", "elapsed", str(k))
    run(one, 1)
    events = recorder.stop().events
    assert [e["text"] for e in events if e["kind"] == "during"] == [str(k) for k in range(20)]
    assert all(e["kind"] != "before" for e in events)


def test_who_is_recorded_does_not_go_back(tmp_path: Path) -> None:
    one = served(heartbeat=60.0)
    run(one, 2)
    path = snapshot.save(one, tmp_path / "s.json")
    recorder = Recorder(one)
    run(one, 3)
    with pytest.raises(SnapshotError, match=r"s\.json: not while the run is recorded"):
        snapshot.restore(one, path)
    run(one, 2)
    replay(recorder.stop(), one)
    assert one.k == 7
    snapshot.restore(one, path)
    assert one.k == 2


def test_one_recorder_at_a_time_and_none_without_a_step() -> None:
    one = served()
    recorder = Recorder(one)
    with pytest.raises(RecordError, match="recorded already"):
        Recorder(one)
    with pytest.raises(RecordError, match="has not moved"):
        recorder.stop()
    assert one.watch is None


def test_a_record_is_data(tmp_path: Path) -> None:
    with zipfile.ZipFile(save_record(eventful("chiller_plant", 3), tmp_path / "run.lowlift")) as file:
        said = json.loads(file.read("run.json"))
    assert said["format"] == "lowlift-record/5" and said["plant"] == "chiller_plant"


def replayed(path: Path, *options: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["replay", str(path), *options])
    assert "Traceback" not in done.output
    return done.exit_code, done.output


def test_on_the_command_line_a_replay_is_the_run_or_says_where_it_departs(tmp_path: Path) -> None:
    record = eventful("chiller_plant", 3)
    path = save_record(dataclasses.replace(record, described=DAY), tmp_path / "run.lowlift")
    for options in ((), ("--scenario", DAY)):
        code, said = replayed(path, *options)
        assert code == 0 and "9 steps of 5 s to plant time 70 s" in said and "the same bit by bit" in said
    code, said = replayed(save_record(record, tmp_path / "untold.lowlift"))
    assert code == 2 and "the record is of other heat and weather" in said
    code, said = replayed(path, "--scenario", DAY, "--plant", "chiler_plant")
    assert code == 2 and "did you mean chiller_plant" in said
    code, said = replayed(tmp_path / "none")
    assert code == 2 and "unreadable" in said
    read = record.read.copy()
    read[7, 0] += 1e-12
    code, said = replayed(save_record(dataclasses.replace(record, read=read), tmp_path / "other.lowlift"), "--scenario", DAY)
    assert code == 1 and "step 8 of 9: read" in said


def test_pressing_one_of_several_faults_does_not_move_the_points_of_a_record(tmp_path: Path) -> None:
    """The first is pressed before the recording and during it."""
    where = {"reads low": "T_chw", "reads high": "T_return", "wet": "T_wb"}
    faults = [Fault(what=What.BIAS, where=at, size=2.0, by_hand=True, name=name) for name, at in where.items()]
    listed = with_fault_points(points(), faults)
    one = served(points=listed, faults=faults)
    one.image.write({"fault.reads_low": 1.0}, "test rig")
    run(one, 2)
    recorder = Recorder(one, DAY)
    one.image.write({"fault.reads_low": 0.0}, "test rig")
    run(one, 2)
    one.image.write({"fault.reads_low": 1.0}, "test rig")
    run(one, 2)
    record = recorder.stop()
    assert [fault["name"] for fault in record.fault_points] == list(where)
    code, said = replayed(save_record(record, tmp_path / "run.lowlift"))
    assert code == 0 and "bit by bit" in said, said


def test_a_run_whose_faults_were_pressed_over_the_wire_is_replayed_with_them(tmp_path: Path) -> None:
    schedule = tmp_path / "faults.toml"
    schedule.write_text('[[fault]]\nname = "reads low"\nwhat = "bias"\nwhere = "T_chw"\nsize = -2.0\nby_hand = true\n', encoding="utf-8")
    faults = load_faults(schedule, plant())
    one = served(faults=faults, points=with_fault_points(points(), faults))
    recorder = Recorder(one, DAY)
    run(one, 3)
    one.image.write({"fault.reads_low": 1.0}, "test rig")
    run(one, 3)
    one.image.write({"fault.reads_low": 0.0}, "test rig")
    run(one, 3)
    record = recorder.stop()
    column = plant().site.sheet.measurements.names.index("T_chw")
    assert (np.flatnonzero(record.read[:, column] != record.true[:, column]) == [3, 4, 5]).all()
    path = save_record(record, tmp_path / "run.lowlift")
    schedule.unlink()
    code, said = replayed(path)
    assert code == 0 and "bit by bit" in said
    assert [dict(fault) for fault in record.fault_points] == [fault.record for fault in faults]
    code, said = replayed(save_record(dataclasses.replace(record, fault_points=()), tmp_path / "without.lowlift"))
    assert code == 2 and "the record is of another point list" in said
