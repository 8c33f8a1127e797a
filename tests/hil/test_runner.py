"""The runner: paused, stepped, sped up, saved, restored, stopped; what fails is told."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from wire_plants import served

from lowlift.hil.runner import RunError, Runner
from lowlift.hil.snapshot import SnapshotError


def wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "did not happen"
        time.sleep(0.005)


def test_it_runs_and_obeys(tmp_path: Path) -> None:
    one = served()
    runner = Runner(one, speed=1000.0, autosave=tmp_path / "auto.json", every=0.05)
    runner.start()
    wait_for(lambda: one.k > 20)
    with pytest.raises(RunError, match="paused"):
        runner.step()
    runner.pause()
    k = one.k
    one.image.write({"T_chw_set.cmd": 8.0}, "test")
    runner.step(3)
    assert one.k == k + 3 and runner.paused
    saved = runner.save(tmp_path / "here.json")
    runner.step(5)
    runner.restore(saved)
    assert one.k == k + 3
    runner.set_speed(2000.0)
    runner.resume()
    wait_for(lambda: one.k > k + 20)
    runner.stop()
    assert not runner.running and runner.failure is None and (tmp_path / "auto.json").exists()
    assert runner.report().steps > 0
    other = Runner(served(), autosave=tmp_path / "auto.json")
    other.restore(tmp_path / "auto.json")
    assert other.served.k == one.k, "the last snapshot is the last thing that anybody has seen"


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf"), 1e9])
def test_speeds_that_are_none(speed: float) -> None:
    with pytest.raises(RunError, match="speed"):
        Runner(served(), speed=speed)


def test_a_plant_that_fails_says_so(tmp_path: Path) -> None:
    def broken(t: float, readings):
        if t > 20.0:
            raise ZeroDivisionError("broken hook")
        return readings

    runner = Runner(served(disturb=broken), speed=1000.0, autosave=tmp_path / "auto.json")
    runner.start()
    wait_for(lambda: not runner.running)
    assert isinstance(runner.failure, ZeroDivisionError)
    assert "broken hook" in runner.served.image.events()[-1].text
    image, position = runner.served.image, runner.served.image.points.position
    assert image.failed == "ZeroDivisionError: broken hook" and image.value(position("elapsed")) == 20.0
    assert math.isnan(image.value(position("T_chw"))) and image.value(position("T_chw_set.cmd")) == 9.0
    runner.stop()
    assert not (tmp_path / "auto.json").exists(), "a failed plant is not what to go on from"


def test_steps_and_snapshots_that_cannot_be(tmp_path: Path) -> None:
    runner = Runner(served())
    with pytest.raises(RunError, match="at least 1"):
        runner.step(0)
    with pytest.raises(SnapshotError, match="unreadable"):
        runner.restore(tmp_path / "none.json")
