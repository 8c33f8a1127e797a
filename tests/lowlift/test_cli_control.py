"""The command line of ``lowlift control``: what is wrong is said in one line, logs are verified."""

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner
from wire_plants import points, served

from lowlift.bms.audit_log import AuditTrail, records
from lowlift.cli import app
from lowlift.hil.runner import Runner
from lowlift.wire.modbus_server import ModbusServer
from lowlift.wire.point import Refusal, RefusedError

HERE = "modbus://127.0.0.1:1"


def said(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["control", *arguments])
    return result.exit_code, result.output


def test_F45_unknown_names_say_what_is_near(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments, what in (
        (("chiler_plant", "--url", HERE), "chiller_plant"), (("chiller_plant", "--url", "mudbus://x"), "did you mean modbus"),
        (("chiller_plant", "--url", HERE, "--controller", "Guidline36"), "Guideline36"), (("chiller_plant",), "needs a plant and --url"),
        (("chiller_plant", "--url", HERE, "--controller", "Guideline36", "--allow", "y_chw.mode"), "no setpoint of this plant"),
        (("chiller_plant", "--url", HERE, "--sample", "0"), "must be above 0"),
        (("chiller_plant", "--url", HERE, "--clock", "sun"), "site, own"),
        (("chiller_plant", "--url", HERE, "--weather", "tucson"), "needs --begin"),
        (("chiller_plant", "--url", HERE, "--panel", "http://127.0.0.1:1", "--clock", "own"), "--panel needs --clock site"),
        (("chiller_plant", "--url", HERE, "--panel-token", "none"), "--panel-token needs --panel"),
        (("chiller_plant", "--url", HERE, "--controller", "Guideline36", "--panel", "http://192.0.2.7:8080"), "wants its token"),
    ):  # fmt: skip
        code, output = said(*arguments)
        assert code == 2 and what in output and "Traceback" not in output, arguments


def test_logs_are_verified(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with AuditTrail(path) as trail:
        trail.append(0.0, ("start", {}), ("stop", {}))
    code, output = said("--verify-log", str(path))
    assert code == 0 and "2 records from" in output and trail.head in output and '"kind"' not in output
    code, output = said("--verify-log", str(path), "--last", "1")
    assert code == 0 and '"kind": "stop"' in output and '"kind": "start"' not in output
    code, output = said("--verify-log", str(path), "--last", "-1")
    assert code == 2 and "must be at least 0" in output
    path.write_bytes(path.read_bytes().replace(b'"start"', b'"stars"'))
    code, output = said("--verify-log", str(path))
    assert code == 2 and "line 1: record 0 has been changed" in output


def test_nobody_there_is_no_crash_and_no_success(tmp_path: Path) -> None:
    code, output = said(
        "chiller_plant", "--url", HERE, "--controller", "Guideline36", "--write", "--duration", "0.3", "--log", str(tmp_path / "log")
    )
    assert code == 1 and "no connection" in output and "0 cycles" in output and f"{HERE} was never reached" in output


def test_options_that_cannot_be_right_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    bacnet, opcua = ("--url", "bacnet://127.0.0.1:1"), ("--url", "opc.tcp://127.0.0.1:1")
    for arguments, what in (
        (("--url", HERE, "--priority", "9"), "modbus has no such option: priority; it has timeout"),
        (("--url", HERE, "--client-address", "127.0.0.1/32:0"), "modbus has no such option: client-address; it has timeout"),
        (("--url", HERE, "--last", "3"), "--last needs --verify-log"),
        ((*bacnet, "--client-address", "abc"), "--client-address abc: must be like 192.0.2.10/24:47808"),
        (
            (*bacnet, "--client-address", "127.0.0.1/32:99999"),
            "--client-address 127.0.0.1/32:99999: the port must be a whole number from 0",
        ),
        ((*bacnet, "--client-address", "192.0.2.7/24"), "--client-address 192.0.2.7/24:0: Cannot assign requested address"),
        ((*opcua, "--certificate", "none.pem", "--private-key", "none.key"), "certificate none.pem cannot be read: No such file"),
    ):
        code, output = said("chiller_plant", "--controller", "Guideline36", "--write", "--duration", "5", "--log", "log", *arguments)
        assert code == 2 and what in output and "Traceback" not in output and "trying again" not in output, (arguments, output)


@pytest.fixture
def there() -> Iterator[ModbusServer]:
    plant = served()
    one, runner = ModbusServer(plant.image, port=0), Runner(plant, speed=200.0)
    one.start()
    runner.start()
    yield one
    runner.stop()
    one.stop()


def run(there: ModbusServer, folder: Path, *arguments: str) -> tuple[int, str]:
    return said("chiller_plant", "--url", there.url, "--controller", "Guideline36", "--duration", "1", "--log", str(folder / "log"),
                *arguments)  # fmt: skip


def test_a_dry_run_says_what_it_would_write(there: ModbusServer, tmp_path: Path) -> None:
    commands = there.image.points.writable
    before = there.image.values()[commands]
    code, output = run(there, tmp_path)
    assert code == 0 and (there.image.values()[commands] == before).all()
    assert re.search(r"[1-9]\d* would be written", output) and re.search(r"[1-9]\d* values would be written", output)
    assert " written" not in output.replace("would be written", ""), output
    stop = list(records(tmp_path / "log"))[-1]
    assert stop["writes"] == 0 and stop["would_write"] > 0 and stop["how"] == "nothing was written"
    code, output = run(there, tmp_path, "--write")
    assert code == 0 and re.search(r"[1-9]\d* values written", output) and "would" not in output


def test_a_wrong_unit_is_a_wrong_configuration(tmp_path: Path) -> None:
    there = ModbusServer(served(points=dataclasses.replace(points(), unit_id=7)).image, port=0)
    there.start()
    try:
        code, output = run(there, tmp_path, "--write")
    finally:
        there.stop()
    assert code == 2 and "unit 1 does not answer there, Modbus exception 0B" in output and "trying again" not in output


def test_a_run_whose_every_write_was_refused_is_no_success(there: ModbusServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(values: object, source: str) -> None:
        raise RefusedError(Refusal.READ_ONLY, "for this test")

    monkeypatch.setattr(there.image, "write", refuse)
    code, output = run(there, tmp_path, "--write")
    assert code == 1 and re.search(r"has refused every write, [1-9]\d* of them", output)
