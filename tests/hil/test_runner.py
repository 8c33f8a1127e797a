"""The runner: paused, stepped, sped up, saved, restored, stopped; what fails is told."""

import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from wire_plants import served

from lowlift.hil import snapshot
from lowlift.hil.runner import AHEAD, RunError, Runner
from lowlift.hil.served_plant import ServedPlant
from lowlift.hil.snapshot import SnapshotError
from lowlift.sim.files import WriteError


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


def test_a_plant_that_has_failed_is_not_brought_back(tmp_path: Path) -> None:
    """Not to look alive: its registers show what they last did, whatever is commanded."""
    runner = Runner(served(), speed=1000.0)
    path = runner.save(tmp_path / "before.json")
    runner.served.disturb = lambda t, readings: readings["nothing"]  # type: ignore[assignment]
    runner.start()
    wait_for(lambda: not runner.running)
    runner.served.disturb = None
    k, image = runner.served.k, runner.served.image
    for command in (
        runner.pause, runner.resume, runner.step, lambda: runner.set_speed(2.0), lambda: runner.restore(path),
        lambda: runner.save(tmp_path / "after.json"), runner.start,
    ):  # fmt: skip
        with pytest.raises(RunError, match="the plant has failed: KeyError: 'nothing'"):
            command()
    assert runner.served.k == k and runner.speed == 1000.0 and not (tmp_path / "after.json").exists()
    assert math.isnan(image.value(image.points.position("T_chw"))) and image.events()[-1].text == "failed: KeyError: 'nothing'"
    runner.stop()


@pytest.mark.parametrize("running", [True, False])
def test_a_single_step_that_fails_ends_the_run_as_any_other(running: bool) -> None:
    runner, told = Runner(served(), speed=10.0), threading.Event()
    runner.failed = told.set
    if running:
        runner.start()
        runner.pause()
    runner.served.disturb = lambda t, readings: readings["nothing"]  # type: ignore[assignment]
    with pytest.raises(RunError, match="the plant has failed: KeyError: 'nothing'"):
        runner.step(3)
    assert isinstance(runner.failure, KeyError) and told.is_set()
    assert runner.served.image.failed == "KeyError: 'nothing'" and runner.served.image.events()[-1].text == "failed: KeyError: 'nothing'"
    wait_for(lambda: not runner.running)
    runner.stop()


def test_commands_are_noted_with_who_gave_them(tmp_path: Path) -> None:
    runner = Runner(served(), speed=10.0)
    runner.step(2)
    runner.start()
    runner.pause("panel 10.0.0.7")
    runner.step(3, "panel 10.0.0.7")
    runner.step()
    runner.restore(runner.save(tmp_path / "s.json"), "panel 10.0.0.8")
    runner.set_speed(20.0, "panel 10.0.0.8")
    runner.resume("panel 10.0.0.9")
    runner.stop()
    assert [(e.source, e.text) for e in runner.served.image.events() if e.kind == "run"] == [
        ("panel 10.0.0.7", "paused"), ("panel 10.0.0.7", "3 steps"), ("plant", "1 step"), ("panel 10.0.0.8", "restored from s.json"),
        ("panel 10.0.0.8", "speed 20"), ("panel 10.0.0.9", "resumed"),
    ]  # fmt: skip


def test_a_disk_that_is_slow_or_full_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one snapshot waits for the disk the plant steps, the lock is free, and of those that come the newest is written next."""
    write, begun, go_on, written = snapshot.write, threading.Event(), threading.Event(), list[int]()

    def slow(record: dict[str, Any], path: Path) -> Path:
        begun.set()
        assert go_on.wait(20.0)
        written.append(record["k"])
        if len(written) == 1:
            raise WriteError("no room")
        return write(record, path)

    monkeypatch.setattr(snapshot, "write", slow)
    runner = Runner(served(), speed=1000.0, autosave=tmp_path / "auto.json", every=1e-3)
    runner.start()
    assert begun.wait(20.0)
    k = runner.served.k
    wait_for(lambda: runner.served.k > k + 20)
    runner.set_speed(2000.0)
    wait_for(lambda: runner.served.k > k + 40)
    runner.pause()
    last = runner.served.k
    assert written == [] and runner.failure is None
    go_on.set()
    wait_for(lambda: len(written) >= 2)
    assert written[0] <= k and last - 1 <= written[1] <= last, "those in between were dropped"
    wait_for(lambda: any(e.text == "no snapshot: no room" for e in runner.served.image.events()))
    runner.step(3)
    runner.stop()
    other = Runner(served())
    other.restore(tmp_path / "auto.json")
    assert other.served.k == runner.served.k == last + 3 and written[-1] == last + 3


def test_servers_give_way_for_the_step_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for the snapshot, not while a command holds the lock, and not for longer than planned where the grid is moved meanwhile."""
    runner = Runner(served(), speed=1000.0, autosave=tmp_path / "auto.json", every=1e-3)
    way, described = runner.served.image.way, snapshot.described
    seen: list[bool] = []

    def watched(one: ServedPlant) -> dict[str, Any]:
        seen.append(way._free.is_set())
        return described(one)

    monkeypatch.setattr(snapshot, "described", watched)
    stepped: list[bool] = []
    runner.served.disturb = lambda t, readings: stepped.append(way._free.is_set()) or readings  # type: ignore[func-returns-value]
    runner.start()
    wait_for(lambda: len(seen) > 3)
    runner.stop()
    assert all(seen) and stepped and not any(stepped)

    waited: list[float] = []
    late = Runner(served(), speed=1e-3)
    monkeypatch.setattr(late.pacer, "_wait", waited.append)
    late._step_when_due(AHEAD)
    assert waited == [AHEAD] and late.served.k == 0 and way._free.is_set()


def test_steps_and_snapshots_that_cannot_be(tmp_path: Path) -> None:
    runner = Runner(served())
    with pytest.raises(RunError, match="at least 1"):
        runner.step(0)
    with pytest.raises(SnapshotError, match="unreadable"):
        runner.restore(tmp_path / "none.json")
