"""What a process that serves does to itself, and undoes; and what a plant that fails does to it."""

import gc
import math
import sys
import threading
import time
from pathlib import Path

import pytest
from wire_plants import plant, points, served

from lowlift.hil import serve
from lowlift.hil.record import load_record
from lowlift.hil.runner import RunError
from lowlift.hil.serve import TURN, run_until_stopped, serving
from lowlift.hil.snapshot import SnapshotError
from lowlift.sim.files import WriteError
from lowlift.wire.adapter import ServeError
from lowlift.wire.link import LinkError
from lowlift.wire.links import make_link
from lowlift.wire.protocols import server


def test_threads_give_way_while_it_serves_and_everything_is_as_before_afterwards() -> None:
    interval = sys.getswitchinterval()
    with serving(plant(), [], step=5.0) as run:
        assert run.runner.running
        assert sys.getswitchinterval() == pytest.approx(TURN) and gc.get_freeze_count() > 1000
    assert sys.getswitchinterval() == interval and gc.get_freeze_count() == 0


def test_also_where_a_server_cannot_start() -> None:
    interval = sys.getswitchinterval()
    run = serving(plant(), ["modbus"], step=5.0, options={"modbus": {"host": "192.0.2.1", "port": 5}})
    with pytest.raises(ServeError, match=r"modbus: cannot serve"), run:
        pass
    assert sys.getswitchinterval() == interval and gc.get_freeze_count() == 0


def test_a_plant_that_fails_ends_its_servers_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "REPORT_EVERY", 1e6)
    run = serving(plant(), ["modbus"], step=5.0, speed=1000.0, options={"modbus": {"port": 0}})
    run.served.disturb = lambda t, readings: readings["nothing"]  # type: ignore[assignment]
    raised: list[BaseException] = []

    def wait() -> None:
        try:
            run_until_stopped(run, lambda line: None)
        except RunError as error:
            raised.append(error)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    thread.join(20.0)
    assert not thread.is_alive() and "the plant has failed: KeyError: 'nothing'" in str(raised[0])


@pytest.mark.parametrize("protocol", ["modbus", "bacnet", "opcua"])
def test_readings_of_a_plant_that_has_failed_are_bad_in_every_protocol(protocol: str) -> None:
    one = served()
    adapter = server(protocol, one.image, **({"address": "127.0.0.1/32:0"} if protocol == "bacnet" else {"port": 0}))
    adapter.start()
    try:
        with make_link(points(), adapter.url, timeout=10.0) as link:
            assert all(math.isfinite(value) for value in link.read().values())
            one.image.fail("ZeroDivisionError: for this test")
            if protocol == "modbus":
                for act in (link.read, lambda: link.write({"T_chw_set.cmd": 281.15})):
                    with pytest.raises(LinkError, match="Modbus exception 04"):
                        act()
                return
            until = time.monotonic() + 20.0
            while math.isfinite(link.read(["T_chw"])["T_chw"]):
                assert time.monotonic() < until, "did not happen"
            bad = {name for name, value in link.read().items() if not math.isfinite(value)}
    finally:
        adapter.stop()
    assert bad == {p.name for p in points().points if not p.writable and p.name != "elapsed"}


def test_a_snapshot_has_one_server(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    with serving(plant(), [], step=5.0, snapshot=file):
        with pytest.raises(SnapshotError, match=r"run\.json: another server keeps it"):
            serving(plant(), [], step=5.0, snapshot=file)
        with serving(plant(), [], step=5.0, snapshot=tmp_path / "other.json"):
            pass
    assert file.exists()
    with serving(plant(), [], step=5.0, snapshot=file) as again:
        assert again.resumed
    with pytest.raises(SnapshotError, match="cannot be kept there"):
        serving(plant(), [], step=5.0, snapshot=tmp_path / "nowhere" / "run.json")


def test_where_a_record_cannot_go_is_said_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for record, words in ((tmp_path / "file" / "run.lowlift", "is a file, not a folder"), (tmp_path, "is a folder; name the file"),
                          (Path("/proc/run.lowlift"), "no folder that takes files")):  # fmt: skip
        with pytest.raises(WriteError, match=words):
            serving(plant(), [], step=5.0, record=record)
    record = tmp_path / "made" / "run.lowlift"
    with serving(plant(), [], step=5.0, record=record) as run:
        run.runner.pause()
        run.runner.step(3)
    assert load_record(record).n >= 3


def test_a_server_that_does_not_come_about_keeps_no_snapshot(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    with pytest.raises(RunError, match="speed"):
        serving(plant(), [], step=5.0, snapshot=file, speed=-1.0)
    run = serving(plant(), ["modbus"], step=5.0, snapshot=file, options={"modbus": {"host": "192.0.2.1", "port": 5}})
    with pytest.raises(ServeError), run:
        pass
    with serving(plant(), [], step=5.0, snapshot=file):
        pass
