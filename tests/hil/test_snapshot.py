"""A restored plant goes on bit by bit as the other does; a snapshot that does not fit changes nothing."""

import json
from pathlib import Path

import numpy as np
import pytest
from wire_plants import PLANTS, scenario, served

from lowlift.hil.served_plant import ServedPlant
from lowlift.hil.snapshot import SnapshotError, restore, save
from lowlift.wire.points import HAND


def run(one: ServedPlant, n: int) -> None:
    for _ in range(n):
        one.step()


@pytest.mark.parametrize("name", PLANTS)
def test_a_restored_plant_goes_on_as_the_other_would_have(name: str, tmp_path: Path) -> None:
    one, other = served(name), served(name)
    first = next(p for p in one.image.points.points if p.name.endswith(".hand"))
    one.image.write({"heartbeat.cmd": 3.0, first.name.replace(".hand", ".mode"): HAND}, "test")
    run(one, 40)
    restore(other, save(one, tmp_path / "s.json"))
    assert np.array_equal(one.image.read().values, other.image.read().values)
    run(one, 120), run(other, 120)
    assert np.array_equal(one.x, other.x)
    assert np.array_equal(one.image.read().values, other.image.read().values)


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
        (text.replace("lowlift-snapshot/1", "lowlift-snapshot/9"), "no snapshot of this version"),
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
    record = json.loads(save(served(), tmp_path / "s.json").read_text(encoding="utf-8"))
    assert record["format"] == "lowlift-snapshot/1" and record["commands"]["T_chw_set.cmd"] == 9.0
