"""A commissioning run leaves a site as it found it: priorities in BACnet, after refusals, and when it is told to stop."""

import dataclasses
import datetime
import json
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from bms_sites import ImageLink
from commission_cases import GOOD, THREE, Play, written
from typer.testing import CliRunner
from wire_plants import points, served

from lowlift.cli import app
from lowlift.hil.commission_file import script_of
from lowlift.hil.commission_report import html
from lowlift.hil.commission_run import Result, run_script
from lowlift.hil.commission_sites import InProcess, OverLink
from lowlift.hil.commission_watch import Verdict
from lowlift.hil.fault import Fault, FaultError
from lowlift.hil.fault_points import with_fault_points
from lowlift.hil.runner import Runner
from lowlift.wire.bacnet_client import BacnetLink
from lowlift.wire.bacnet_server import BacnetServer
from lowlift.wire.link import LinkError, LinkTimeoutError, UnknownPointError
from lowlift.wire.modbus_client import ModbusLink
from lowlift.wire.modbus_server import ModbusServer
from lowlift.wire.point import Refusal, RefusedError

WHEN = datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.UTC)
HELD = ("T_chw_set.cmd", "T_tower_set.cmd")


def test_over_bacnet_priorities_are_left_as_they_were_found(tmp_path: Path) -> None:
    pump = {key: value for key, value in THREE["step"][1].items() if key != "end"}
    again = {"name": "Again", "set": {"T_chw_set.cmd": 9.0, "T_tower_set.cmd": 24.0}}
    fault = THREE["fault"][1]
    script = script_of({"fault": [fault], "step": [{"fault": fault["name"], "wait": 5}, again]}, "test")
    assert pump["fault"] == fault["name"]
    listed = with_fault_points(points(), script.faults)
    one = served(points=listed, faults=[dataclasses.replace(f, by_hand=True) for f in script.faults])
    server = BacnetServer(one.image, "127.0.0.1/32:0")
    server.start()
    runner = Runner(one, speed=200.0)
    runner.start()

    def slots(name: str) -> dict[int, float]:
        array = server._objects[listed.position(name)].priorityArray
        return {n: float(v) for n, slot in enumerate(array, 1) for v in (slot.real, slot.enumerated) if v is not None}

    try:
        for priority, value in ((16, 7.5), (13, 8.5)):
            with BacnetLink(listed, "127.0.0.1", server.port, priority=priority) as before:
                before.write({"T_tower_set.cmd": 273.15 + value + 15.0})
                if priority == 16:
                    before.write({"T_chw_set.cmd": 273.15 + value})
        found = {name: slots(name) for name in (*HELD, "fault.pump_fails")}
        assert found == {"T_chw_set.cmd": {16: 7.5}, "T_tower_set.cmd": {16: 22.5, 13: 23.5}, "fault.pump_fails": {}}
        with BacnetLink(listed, "127.0.0.1", server.port, priority=13) as link:
            result = run_script(script, OverLink(link, "here", poll=0.02))
        assert {name: slots(name) for name in found} == found
    finally:
        runner.stop()
        server.stop()
    assert result.verdict is Verdict.PASSED, [(s.reason, [c.reason for c in s.checks]) for s in result.steps]
    assert result.restored == ("fault 'pump fails' ended", "T_chw_set.cmd: our priority relinquished",
                               "T_tower_set.cmd: 23.5 °C written back, which stood at our priority")  # fmt: skip
    page = html(result, WHEN)
    assert "our priority relinquished" in page


def test_in_process_too_slots_are_left_as_they_were_found() -> None:
    one = served()
    one.image.write({"T_tower_set.cmd": 22.5}, "somebody")
    found = {name: one.image.slots(points().position(name)) for name in HELD}
    step = {"set": {"T_chw_set.cmd": 9.0, "T_tower_set.cmd": 24.0}, "wait": 3}
    result = run_script(script_of({"step": [step, step]}, "test"), InProcess(one))
    assert result.verdict is Verdict.PASSED and not result.left
    assert {name: one.image.slots(points().position(name)) for name in HELD} == found and found["T_tower_set.cmd"]
    assert result.restored == ("T_chw_set.cmd: our priority relinquished",
                               "T_tower_set.cmd: 22.5 °C written back, which stood at our priority")  # fmt: skip


def test_one_command_that_cannot_be_put_back_fails_the_run_and_keeps_no_other_from_it() -> None:
    class Stubborn(Play):
        def put_back(self, name: str, found: float) -> str:
            if name == "T_chw_set.cmd":
                raise RefusedError(Refusal.DENIED, "no")
            return super().put_back(name, found)

    step = {"set": {"T_chw_set.cmd": 7.0, "T_tower_set.cmd": 24.0}}
    result = run_script(script_of({"step": [step]}, "test"), Stubborn({"T_tower_set.cmd": [25.0]}))
    assert result.verdict is Verdict.FAILED and result.left == ("T_chw_set.cmd could not be put back: no",)
    assert result.restored == ("T_tower_set.cmd written back",)


def one_step(site: InProcess) -> tuple[Result, list[str]]:
    """A script of one fault run; and which faults are in force some steps later."""
    fault = THREE["fault"][1]
    result = run_script(script_of({"fault": [fault], "step": [{"fault": fault["name"], "wait": 20}]}, "test"), site)
    for _ in range(3):
        site.served.step()
    return result, [f.title for f in site.served.faults.in_force(site.served.t)]


def test_a_fault_whose_answer_is_lost_is_ended() -> None:
    class Deaf(InProcess):
        def begin(self, fault: Fault) -> None:
            super().begin(fault)
            raise LinkTimeoutError("no answer in time")

    result, in_force = one_step(Deaf(served()))
    assert result.verdict is Verdict.FAILED and result.steps[0].reason == "no answer in time" and not result.left
    assert result.restored == ("fault 'pump fails' ended",) and in_force == [] and [s.name for s in result.spans] == ["pump fails"]


@pytest.mark.parametrize("error", [RefusedError(Refusal.DENIED, "no"), FaultError("no"), UnknownPointError("no")])
def test_a_fault_that_the_site_has_refused_is_not_ended(error: Exception) -> None:
    class Unwilling(InProcess):
        def begin(self, fault: Fault) -> None:
            raise error

    result, in_force = one_step(Unwilling(served()))
    assert result.verdict is Verdict.FAILED and not result.left and not result.restored and not result.spans and in_force == []


def test_a_stop_ends_the_step_puts_everything_back_and_is_in_the_report() -> None:
    stop = threading.Event()

    class Stopped(Play):
        def advance(self, seconds: float) -> None:
            super().advance(seconds)
            if self.t == 3:
                stop.set()

    steps = [{"set": {"T_chw_set.cmd": 7.0}, "fault": "reads low", "wait": 60}, {"expect": {"point": "T_chw", "below": 99}}]
    site = Stopped({"T_chw_set.cmd": [6.5]})
    result = run_script(script_of(THREE | {"precondition": [], "step": steps}, "test"), site, stop=stop)
    assert site.t == 3 and site.written[-1] == {"T_chw_set.cmd": 6.5} and site.log[-1] == "end reads low"
    assert result.interrupted and result.verdict is Verdict.FAILED and not result.left
    assert [(s.verdict, s.reason) for s in result.steps] == [(Verdict.FAILED, "interrupted"), (Verdict.NOT_RUN, "")]
    assert "interrupted before its end" in html(result, WHEN)


def test_a_wait_over_a_link_ends_when_told_to_stop() -> None:
    one = served()
    asked: list[float] = []
    site = OverLink(ImageLink(one), "here", wait=lambda seconds: asked.append(seconds) or True)
    site.advance(3600.0)
    assert len(asked) == 1


def test_a_clock_that_shows_no_number_is_a_site_that_has_failed() -> None:
    one = served()
    one.image.publish(5.0, 1, np.full(len(one.image.points), np.nan))
    with pytest.raises(LinkError, match="'elapsed', shows no number"):
        OverLink(ImageLink(one), "here").values()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_signals_end_the_command_in_order(tmp_path: Path, number: signal.Signals, code: int) -> None:
    one = served()
    runner, server = Runner(one, speed=1.0), ModbusServer(one.image, port=0)
    found = one.image.value(points().position("T_chw_set.cmd"))
    path = written(tmp_path, '[[step]]\nset = { "T_chw_set.cmd" = 9.5 }\nwait = 3600\n')
    command = ["commission", str(path), "--plant", "chiller_plant", "--out", str(tmp_path / "out"), "--poll", "0.05"]

    def kill_when_written() -> None:
        while one.image.value(points().position("T_chw_set.cmd")) == found:
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    # Who starts the tests may ignore a signal, as nohup does, and the command then keeps to that.
    was = signal.signal(number, signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL)
    server.start()
    runner.start()
    killer = threading.Thread(target=kill_when_written, daemon=True)
    killer.start()
    try:
        done = CliRunner().invoke(app, [*command, "--url", server.url])
    finally:
        signal.signal(number, was)
        runner.stop()
        server.stop()
    assert done.exit_code == code, done.output
    assert one.image.value(points().position("T_chw_set.cmd")) == pytest.approx(found)
    said = json.loads((tmp_path / "out" / "commissioning.json").read_text(encoding="utf-8"))
    assert said["interrupted"] and said["verdict"] == "failed" and said["restored"] and not said["left"]


def test_a_site_without_fault_points_is_told_how_to_have_them() -> None:
    script = script_of({"fault": [THREE["fault"][1]], "step": [{"wait": 1}]}, "test")
    server = ModbusServer(served().image, port=0)
    server.start()
    try:
        with ModbusLink(with_fault_points(points(), script.faults), "127.0.0.1", server.port) as link:
            result = run_script(script, OverLink(link, "here"))
    finally:
        server.stop()
    reason = result.steps[0].reason
    assert "fault.pump_fails" in reason and "--fault-points" in reason and "ExceptionResponse" not in reason, reason


def test_a_priority_is_checked_by_the_name_of_its_option(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    for options, words in ((["--priority", "17"], "--priority = 17"), (["--priority", "8"], "need --url"),
                           (["--url", "modbus://127.0.0.1:1", "--priority", "8"], "modbus has no such option: priority")):  # fmt: skip
        done = CliRunner().invoke(app, ["commission", str(path), "--plant", "chiller_plant", "--out", str(tmp_path / "out"), *options])
        assert done.exit_code == 2 and words in done.output
