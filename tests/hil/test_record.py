"""A recorded run runs again bit by bit; edited, damaged and foreign records are refused."""

import dataclasses
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from wire_plants import PLANTS, points, scenario, served

from lowlift.hil.fault import Fault, What
from lowlift.hil.record import Record, Recorder, RecordError, load_record, save_record
from lowlift.hil.replaying import replay
from lowlift.hil.served_plant import ServedPlant
from lowlift.wire.points import HAND


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
    ):
        with pytest.raises(RecordError, match=message):
            replay(record, other)


def test_a_run_that_goes_another_way_is_named() -> None:
    record = eventful("chiller_plant", 3)
    true = record.true.copy()
    true[4, 1] += 1e-12
    with pytest.raises(RecordError, match=r"step 5 of 9: true T_return is .* the record has"):
        replay(dataclasses.replace(record, true=true), served(heartbeat=60.0))


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
    assert said["format"] == "lowlift-record/1" and said["plant"] == "chiller_plant"
