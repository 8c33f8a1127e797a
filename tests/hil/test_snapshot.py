"""A restored plant goes on bit by bit as the other does; a snapshot that does not fit changes nothing."""

import functools
import json
import re
from pathlib import Path

import numpy as np
import pytest
from wire_plants import PLANTS, scenario, served

from lowlift.hil.served_plant import ServedPlant
from lowlift.hil.snapshot import SnapshotError, _checksum, _packed, described, put_back, restore, save
from lowlift.wire.points import ALONE, HAND, SUPERVISED
from lowlift.wire.priorities import OPERATOR, Slot


def run(one: ServedPlant, n: int) -> None:
    for _ in range(n):
        one.step()


def shown(one: ServedPlant, name: str) -> float:
    return float(one.image.read().values[one.image.points.position(name)])


@pytest.mark.parametrize("name", PLANTS)
def test_a_restored_plant_goes_on_as_the_other_would_have(name: str, tmp_path: Path) -> None:
    one, other = served(name), served(name)
    first = next(p for p in one.image.points.points if p.name.endswith(".hand"))
    setpoint = next(p for p in one.image.points.points if p.fallback is not None)
    one.image.write({first.name.replace(".hand", ".mode"): HAND, setpoint.name: setpoint.low}, "test")
    one.image.write({setpoint.name: setpoint.high}, "operator", OPERATOR)
    run(one, 40)
    restore(other, save(one, tmp_path / "s.json"))
    assert np.array_equal(one.image.read().values, other.image.read().values)
    run(one, 120), run(other, 120)
    assert np.array_equal(one.x, other.x)
    assert np.array_equal(one.image.read().values, other.image.read().values)
    for k in one.image.points.writable:
        assert one.image.slots(int(k)) == other.image.slots(int(k))


def test_priorities_outlive_a_restart_and_the_supervisor_does_not(tmp_path: Path) -> None:
    """F47 with an operator at 8: what he holds, he still holds; the heart beats no more until it does."""
    one, other, k = served(), served(), served().image.points.position("T_chw_set.cmd")
    for source, value, priority in (("operator", 6.0, 8), ("MPC", 7.0, 13), ("other", 8.0, 16)):
        one.image.write({"T_chw_set.cmd": value}, source, priority)
    one.image.write({"heartbeat.cmd": 12.0}, "MPC", 13)
    run(one, 40)
    assert shown(one, "supervision.fbk") == SUPERVISED
    restore(other, save(one, tmp_path / "s.json"))
    assert other.image.slots(k) == (Slot(8, 6.0, "operator"), Slot(13, 7.0, "MPC"), Slot(16, 8.0, "other"))
    assert other.image.value(k) == 6.0 and shown(other, "supervision.fbk") == ALONE
    heart = other.image.points.position("heartbeat.cmd")
    assert other.image.slots(heart) == () and shown(other, "heartbeat.fbk") == 0.0
    other.image.write({"heartbeat.cmd": 13.0}, "successor", 13)
    run(other, 1)
    assert shown(other, "supervision.fbk") == SUPERVISED and shown(other, "T_chw_set.fbk") == pytest.approx(
        shown(one, "T_chw_set.fbk"), abs=0.05
    )
    other.image.write({"heartbeat.cmd": 0.0}, "successor", 13)
    other.image.relinquish(["heartbeat.cmd"], "successor", 13)
    run(other, 100)
    assert shown(other, "supervision.fbk") == ALONE, "no ghost keeps the heart beating"
    assert other.image.slots(k) == (Slot(8, 6.0, "operator"), Slot(16, 8.0, "other")), "only what a supervisor held is taken back"


def test_who_does_not_come_back_after_a_restart_is_no_supervisor_for_ever(tmp_path: Path) -> None:
    one, other, k = served(heartbeat=60.0), served(heartbeat=60.0), served().image.points.position("T_chw_set.cmd")
    one.image.write({"heartbeat.cmd": 12.0, "T_chw_set.cmd": 7.0}, "MPC")
    one.image.write({"T_tower_set.cmd": 25.0}, "human")
    run(one, 2)
    restore(other, save(one, tmp_path / "s.json"))
    run(other, 12)
    assert other.image.value(k) == 7.0
    run(other, 2)
    assert other.image.slots(k) == () and other.image.value(other.image.points.position("T_tower_set.cmd")) == 25.0
    assert shown(other, "supervision.fbk") == ALONE and shown(other, "alarm.fail_safe") == 0.0


def test_values_of_the_wrong_kind_are_named_and_change_nothing(tmp_path: Path) -> None:
    one = served()
    run(one, 5)
    good = described(one)
    before = described(one)
    for path, wrong, words in (
        (("memory", "supervision", "state"), "x", "memory.supervision.state = 'x': must be int, not str"),
        (("memory", "supervision", "state"), 4, "memory.supervision.state = 4: must be one of 1, 2, 3"),
        (("memory", "supervision", "state"), True, "must be int, not bool"),
        (("memory", "supervision", "_moved_at"), {"float": "nan"}, "memory.supervision._moved_at: must be finite"),
        (("memory", "supervision", "_moved_at"), {"float": "0x1p5000"}, "too large"),
        (("memory", "supervision", "_known"), [], "memory.supervision._known = []: must be dict, not list"),
        (("memory", "envelope", "check"), 3, "memory.envelope.check = 3: must be an object"),
        (("memory", "envelope", "setpoints"), _packed(np.ones((1, 2))), "memory.envelope.setpoints: float64 of shape (1, 2), must be"),
        (("memory", "envelope", "setpoints"), _packed(np.ones((1, 3), dtype=bool)), "memory.envelope.setpoints: bool of shape"),
        (("memory", "envelope", "setpoints"), _packed(np.full((1, 3), np.nan)), "memory.envelope.setpoints: must be finite"),
        (("memory", "envelope", "more"), 3, "a place for memory.envelope.more is missing"),
        (("memory", "faults", "described"), "[7]", "memory.faults.described[0]: must be a table"),
        (("vectors", "x"), _packed(np.full(one.x.shape, np.inf)), "vectors.x: must be finite"),
        (("vectors", "u"), 3.0, "vectors.u = 3.0: must be ndarray, not float"),
        (("k",), "5", "k = '5': must be int, not str"),
        (("k",), -1, "k = -1: must be at least 0"),
        (("k",), 10**400, "steps that a float can count"),
        (("commands", "T_chw_set.cmd"), [[8, 10**400, "me"]], "T_chw_set.cmd: a number that no computer holds"),
        (("commands",), [], "commands = []: must be dict, not list"),
        (("commands", "T_chw_set.cmd"), [[8, 99.0, "me"]], "T_chw_set.cmd = 99 degC: must lie between"),
        (("commands", "T_chw_set.cmd"), [[17, 8.0, "me"]], "commands.T_chw_set.cmd: priority 17: must be 1 to 16"),
        (("commands", "T_chw_set.cmd"), [[8, 8.0, "me"], [8, 7.0, "you"]], "each once"),
        (("commands", "T_chw_set.cmd"), [[8, 8.0, 7]], "commands.T_chw_set.cmd: the holder must be a text, not int"),
    ):  # fmt: skip
        edited = json.loads(json.dumps({key: value for key, value in good.items() if key != "checksum"}))
        *above, last = path
        functools.reduce(lambda record, key: record[key], above, edited)[last] = wrong
        with pytest.raises(SnapshotError, match=re.escape(words)):
            put_back(one, edited | {"checksum": _checksum(edited)}, "s.json")
        assert described(one) == before, path
    edited = json.loads(json.dumps({key: value for key, value in good.items() if key != "checksum"}))
    del edited["memory"]["envelope"]["setpoints"]
    with pytest.raises(SnapshotError, match=r"memory\.envelope\.setpoints is missing"):
        put_back(one, edited | {"checksum": _checksum(edited)}, "s.json")


def test_what_is_not_even_a_snapshot(tmp_path: Path) -> None:
    one, path = served(), tmp_path / "s.json"
    for text, words in (
        ('{"format": "lowlift-snapshot/2", "k": NaN}', "NaN is no JSON"),
        ("[" * 100_000, "unreadable"),
        ('{"format": "lowlift-snapshot/1"}', "an older one does not say who holds which command"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(SnapshotError, match=words):
            restore(one, path)


def test_what_does_not_fit_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    one = served()
    run(one, 5)
    path = save(one, tmp_path / "s.json")
    text = path.read_text(encoding="utf-8")
    before = one.image.read().values.copy(), one.x.copy(), one.k
    for other, match in (
        (text.replace('"k": 5', '"k": 6'), "checksum"),
        (text[: len(text) // 2], "unreadable"),
        ("[]", "no snapshot of this version"),
        (text.replace("lowlift-snapshot/2", "lowlift-snapshot/9"), "no snapshot of this version"),
    ):
        path.write_text(other, encoding="utf-8")
        with pytest.raises(SnapshotError, match=match):
            restore(one, path)
    with pytest.raises(SnapshotError, match="unreadable"):
        restore(one, tmp_path / "nowhere.json")
    assert np.array_equal(one.image.read().values, before[0]) and np.array_equal(one.x, before[1]) and one.k == before[2]


def test_snapshots_of_other_plants_and_steps_are_refused(tmp_path: Path) -> None:
    path = save(served(), tmp_path / "s.json")
    with pytest.raises(SnapshotError, match="made for plant 'chiller_plant', this run has 'air_hall'"):
        restore(served("air_hall"), path)
    with pytest.raises(SnapshotError, match=r"made for step_s 5\.0, this run has 15\.0"):
        restore(served(step=scenario().step), path)


def test_a_snapshot_is_data(tmp_path: Path) -> None:
    one = served()
    one.image.write({"T_chw_set.cmd": 8.0}, "me", 13)
    record = json.loads(save(one, tmp_path / "s.json").read_text(encoding="utf-8"))
    assert record["format"] == "lowlift-snapshot/2" and record["commands"]["T_chw_set.cmd"] == [[13, 8.0, "me"]]
