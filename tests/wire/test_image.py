"""The image: writes are taken in full or refused in full, snapshots never change, everything is remembered."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_plants import points

from lowlift.wire.image import KEPT, REFUSALS_KEPT, PointImage
from lowlift.wire.point import Refusal, RefusedError
from lowlift.wire.priorities import Slot


def test_a_write_is_seen_at_once_and_by_the_plant_in_si() -> None:
    image = PointImage(points())
    image.write({"T_chw_set.cmd": 8.0}, "test")
    k = points().position("T_chw_set.cmd")
    assert image.value(k) == 8.0 and image.values()[k] == 8.0
    assert image.commands()[0][k] == pytest.approx(281.15)
    assert [(e.kind, e.source, e.point) for e in image.events()] == [("write", "test", "T_chw_set.cmd")]


def test_one_refused_value_refuses_all() -> None:
    image = PointImage(points())
    before = image.values()
    with pytest.raises(RefusedError, match=r"V_chw_set\.cmd = 99 L/s: must lie between 22\.5 and 45"):
        image.write({"T_chw_set.cmd": 8.0, "V_chw_set.cmd": 99.0}, "test")
    assert np.array_equal(image.values(), before)
    assert image.n_refused == 1 and (image.events()[-1].kind, image.events()[-1].point) == ("refused", "V_chw_set.cmd")


def test_the_highest_slot_is_in_force_and_the_default_below_all() -> None:
    image, k, name = PointImage(points()), points().position("T_chw_set.cmd"), "T_chw_set.cmd"
    default = points()[name].default
    image.write({name: 8.0}, "modbus")
    image.write({name: 7.0}, "operator", 8)
    image.write({name: 9.5}, "modbus")
    assert image.value(k) == image.values()[k] == 7.0 and image.commands()[0][k] == pytest.approx(280.15)
    assert image.in_force(k) == image.commands()[1][k] == Slot(8, 7.0, "operator")
    assert image.slots(k) == (Slot(8, 7.0, "operator"), Slot(16, 9.5, "modbus"))
    image.relinquish([name], "MPC", 13)
    assert image.value(k) == 7.0, "nobody else's slot"
    image.relinquish([name], "operator", 8)
    assert image.value(k) == 9.5
    image.relinquish([name], "modbus", 16)
    assert image.value(k) == default and image.in_force(k) is None
    assert [(e.kind, e.text) for e in image.events()] == [
        ("write", "9 -> 8"), ("write", "8 -> 7"), ("write", "9.5 waits, operator at priority 8 has 7"),
        ("release", "7 -> 9.5: operator at priority 8 let go"), ("release", "9.5 -> 9: modbus at priority 16 let go"),
    ]  # fmt: skip


@given(st.lists(st.tuples(st.integers(1, 16), st.none() | st.sampled_from([6.0, 7.0, 8.0, 9.5])), max_size=40))
def test_whatever_is_written_and_let_go_the_least_number_wins(acts: list[tuple[int, float | None]]) -> None:
    image, k, name = PointImage(points()), points().position("T_chw_set.cmd"), "T_chw_set.cmd"
    array: list[float | None] = [None] * 16
    for priority, value in acts:
        array[priority - 1] = value
        if value is None:
            image.relinquish([name], "x", priority)
        else:
            image.write({name: value}, "x", priority)
        assert image.value(k) == next((v for v in array if v is not None), points()[name].default)
        assert {s.priority: s.value for s in image.slots(k)} == {n: v for n, v in enumerate(array, 1) if v is not None}


def test_slots_that_are_none_and_points_that_have_none() -> None:
    image = PointImage(points())
    for priority in (0, 17, -1):
        with pytest.raises(RefusedError, match=f"T_chw_set.cmd at priority {priority}: must lie between 1 and 16"):
            image.write({"T_chw_set.cmd": 8.0}, "test", priority)
        with pytest.raises(RefusedError, match="must lie between 1 and 16"):
            image.relinquish(["T_chw_set.cmd"], "test", priority)
    with pytest.raises(RefusedError, match="T_chw is a sensor and cannot be released"):
        image.relinquish(["T_chw_set.cmd", "T_chw"], "test", 8)
    assert image.n_refused == 7 and not image.revisions().any()


def test_a_failed_plant_takes_nothing_and_lets_go() -> None:
    image, k, name = PointImage(points()), points().position("T_chw_set.cmd"), "T_chw_set.cmd"
    image.write({name: 8.0}, "somebody", 13)
    image.fail("a step")
    for point in (name, "heartbeat.cmd"):
        with pytest.raises(RefusedError, match=f"{point}: the plant has failed: a step") as caught:
            image.write({point: 9.0}, "somebody")
        assert caught.value.refusal is Refusal.OUT_OF_SERVICE
    assert image.value(k) == 8.0 and image.n_refused == 2
    image.relinquish([name], "somebody", 13)
    assert not image.slots(k)


def test_the_heartbeat_is_the_last_that_was_heard() -> None:
    image, k = PointImage(points()), points().position("heartbeat.cmd")
    image.write({"heartbeat.cmd": 12.0}, "killed", 13)
    image.write({"heartbeat.cmd": 5.0}, "modbus")
    assert image.slots(k) == (Slot(16, 5.0, "modbus"),) and not image.events()


def test_snapshots_cannot_be_changed() -> None:
    image = PointImage(points())
    image.publish(1.0, 1, np.full(len(points()), 300.0))
    first = image.read()
    with pytest.raises(ValueError, match="read-only"):
        first.values[0] = 0.0
    image.publish(2.0, 2, np.full(len(points()), 310.0))
    assert first.values[0] == pytest.approx(26.85) and image.read().values[0] == pytest.approx(36.85)


def test_listeners_hear_every_snapshot_until_they_leave() -> None:
    image, heard = PointImage(points()), []
    end = image.subscribe(lambda s: heard.append(s.step))
    image.publish(1.0, 1, np.zeros(len(points())))
    end()
    image.publish(2.0, 2, np.zeros(len(points())))
    assert heard == [1]


def test_some_listeners_hear_of_commands_while_the_plant_stands_still() -> None:
    image, heard, only = PointImage(points()), [], []
    ends = image.subscribe(lambda s: heard.append(s.step), commands=True), image.subscribe(lambda s: only.append(s.step))
    image.write({"T_chw_set.cmd": 8.0}, "somebody")
    image.relinquish(["T_chw_set.cmd"], "somebody", 16)
    image.take_back([], lambda slot: True)
    for end in ends:
        end()
    image.write({"T_chw_set.cmd": 8.0}, "somebody")
    assert heard == [0, 0, 0] and only == []


def test_events_do_not_grow_without_end() -> None:
    image = PointImage(points())
    for _ in range(KEPT + 10):
        image.note("run", "elapsed", "x")
    assert len(image.events()) == KEPT


def test_a_flood_of_refusals_drives_nothing_else_out() -> None:
    image = PointImage(points())
    image.note("alarm", "elapsed", "first")
    for k in range(KEPT + REFUSALS_KEPT):
        image.refused("somebody", "elapsed", str(k))
        if k % 6000 == 0:
            image.note("alarm", "elapsed", f"at {k}")
    kept = image.events()
    assert [e.text for e in kept if e.kind == "alarm"] == ["first", "at 0", "at 6000"]
    assert len(kept) == REFUSALS_KEPT + 3 and next(int(e.text) for e in kept if e.kind == "refused") == KEPT
    image.note("alarm", "elapsed", "last")
    assert image.events()[-1].text == "last" and image.n_refused == KEPT + REFUSALS_KEPT


def test_many_writers_and_readers() -> None:
    """Pairs are written together; no reader may ever see half of one."""
    image, stop, torn = PointImage(points()), threading.Event(), []
    a, b = points().position("T_chw_set.hand"), points().position("T_chw_set.cmd")
    image.write({"T_chw_set.hand": 6.0, "T_chw_set.cmd": 6.0}, "begin")

    def write(value: float) -> None:
        for _ in range(200):
            image.write({"T_chw_set.hand": value, "T_chw_set.cmd": value}, "writer")

    def read() -> None:
        while not stop.is_set():
            seen = image.values()
            if seen[a] != seen[b]:
                torn.append(seen)

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(v,)) for v in (6.0, 7.0, 8.0)]
    reader.start()
    for w in writers:
        w.start()
    for w in writers:
        w.join()
    stop.set()
    reader.join()
    assert torn == []
