"""The image: writes are taken in full or refused in full, snapshots never change, everything is remembered."""

import threading

import numpy as np
import pytest
from wire_plants import points

from lowlift.wire.image import KEPT, PointImage
from lowlift.wire.point import RefusedError


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


def test_events_do_not_grow_without_end() -> None:
    image = PointImage(points())
    for _ in range(KEPT + 10):
        image.note("run", "elapsed", "x")
    assert len(image.events()) == KEPT


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
