"""What nobody should type: every command answers it in one line that names the option or the file, with exit code 2, and no traceback."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from meter_readings import readings
from schedule_cases import MADE, schedule
from typer.testing import CliRunner

from lowlift.bms.formats import write_schedule
from lowlift.cli import app

S = "chiller_plant"
DEVICE = ["--store", "st", "--plant", "gb200_hall", "--instance", "1", "--timeout", "0.05"]
SERVE = ["serve", S, "--duration", "0.01", "--step", "5", "--scenario", "workload=llm_training,weather=tucson,start=07-04,days=0.1"]
BACNET = [*SERVE, "--protocols", "bacnet", "--bacnet-address", "127.0.0.1/32:0"]
PANEL = [*SERVE, "--modbus-port", "0", "--panel", "--panel-port", "0"]
COMMISSION = ["commission", "script.toml", "--plant", S, "--out", "o"]
CONTROL = ["control", S, "--controller", "FixedSetpoint", "--duration", "0.01", "--log", "log.jsonl"]
SAVINGS = ["schedule", "savings", "before.csv", "after.csv", "--zone", "Europe/Berlin"]
LONG = "x" * 300
NUMBERS = ("nan", "-1", "inf", "abc", "")
FILES = ("missing.toml", "folder", "empty.toml", "binary.toml", LONG)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that users have."""
    at = tmp_path_factory.mktemp("typed")
    (at / "folder").mkdir()
    for suffix in ("toml", "json", "csv", "pem", "lowlift", "fmu", "jsonl"):
        (at / f"empty.{suffix}").write_bytes(b"")
        (at / f"binary.{suffix}").write_bytes(bytes(range(256)))
    (at / "script.toml").write_text("[[step]]\nwait = 5\n", encoding="utf-8")
    for name, start, days, saved in (("before", "2028-01-01", 366, 0.0), ("after", "2029-03-01", 60, 0.1)):
        readings(start, days, 1, saved=saved).rename_axis("time").to_csv(at / f"{name}.csv")
    write_schedule(schedule(), at / "a.json", now=MADE)
    assert CliRunner().invoke(app, ["schedule", "approve", str(at / "a.json"), "--store", str(at / "st"), "--who", "Ada"]).exit_code == 0
    return at


@pytest.fixture(autouse=True)
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def refused(arguments: list[str], *words: str) -> None:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2 and isinstance(done.exception, SystemExit), (done.exit_code, done.exception, done.output)
    said = " ".join(done.output.replace("│", " ").split())
    assert all(word in said for word in words), said


@pytest.mark.parametrize(("arguments", "said"), [
    ([*BACNET, "--bacnet-address", "127.0.0.1/32:99999"], "--bacnet-address 127.0.0.1/32:99999: the port must be a whole number from 0"),
    ([*BACNET, "--bacnet-address", "foo"], "--bacnet-address foo: must be like 192.0.2.10/24:47808"),
    ([*BACNET, "--bacnet-recipients", "192.0.2.7:99999"], "--bacnet-recipients 192.0.2.7:99999"),
    ([*BACNET, "--bacnet-recipients", "192.0.2.7"], "--bacnet-recipients 192.0.2.7: must be like 192.0.2.10:47808"),
    ([*BACNET, "--bacnet-bbmd", "192.0.2.7/24:1"], "--bacnet-bbmd 192.0.2.7/24:1"),
    ([*BACNET, "--bacnet-foreign", "nowhere:1"], "--bacnet-foreign nowhere:1"),
    ([*SERVE, "--speed", "1e-308"], "speed = 1e-308: must be from 0.001 to 100000"), ([*SERVE, "--speed", "nan"], "speed = nan"),
    ([*SERVE, "--step", "1e-308"], "--step = 1e-308 s: must be at least 0.001"), ([*SERVE, "--step", "nan"], "--step = nan"),
    *[([*SERVE, "--host", host], f"--host {host[:9]!r}"[:14]) for host in ("[", "x" * 64, "a b", "")],
    ([*PANEL, "--panel-host", "["], "--panel-host '[': must be an address like"),
    ([*SERVE, "--heartbeat", "-1"], "--heartbeat = -1"), ([*SERVE, "--modbus-port", "65536"], "--modbus-port = 65536"),
    ([*SERVE, "--modbus-port", "99999999999999999999"], "--modbus-port"),
    ([*SERVE, "--protocols", "modbus,bacnett"], "did you mean bacnet"),
    ([*SERVE, "--opcua-users", "binary.toml"], "--opcua-users binary.toml"), ([*SERVE, "--faults", "folder"], "folder"),
    ([*SERVE, "--protocols", "opcua", "--opcua-no-anonymous"], "nobody could connect: --opcua-users says who may"),
    ([*SERVE, "--map", "binary.toml"], "binary.toml"), ([*SERVE, "--map", LONG], LONG[:20]), ([*SERVE, "--snapshot", LONG], "too long"),
    (["control", "--verify-log", LONG], "File name too long"),
    ([*PANEL, "--panel-certificate", "nof.pem", "--panel-key", "empty.pem"], "--panel-certificate nof.pem: cannot be read: No such file"),
    ([*PANEL, "--panel-certificate", "empty.pem", "--panel-key", "folder"], "--panel-key folder: cannot be read: Is a directory"),
    ([*PANEL, "--panel-certificate", "empty.pem", "--panel-key", "binary.pem"], "empty.pem and binary.pem are no certificate and its key"),
    ([*PANEL, "--panel-token", "missing"], "missing"),
    (["schedule", "send", *DEVICE, "--address", "127.0.0.1", "--bind", "127.0.0.1/32:99999"], "--bind 127.0.0.1/32:99999: the port"),
    (["schedule", "send", *DEVICE, "--address", "foo", "--bind", "127.0.0.1/32:0"], "--address foo: must be like"),
    (["schedule", "send", *DEVICE, "--address", "127.0.0.1:0", "--bind", "127.0.0.1/32:0"], "--address 127.0.0.1:0: must be like"),
    (["schedule", "send", *DEVICE, "--address", "127.0.0.1", "--bind", "127.0.0.1/32:0", "--clock", "Europe/Berlyn"],
     "zone 'Europe/Berlyn' (--clock) is unknown; did you mean Europe/Berlin"),
    (["schedule", "send", *DEVICE, "--address", "127.0.0.1", "--bind", "127.0.0.1/32:0", "--timeout", "1e308"],
     "--timeout = 1e+308 s: must"),
    (["schedule", "receive", "o.json", *DEVICE[2:], "--address", "foo", "--bind", "x"], "--address foo: must be like"),
    (["schedule", "receive", "o.json", *DEVICE[2:], "--address", "127.0.0.1", "--bind", "x"], "--bind x: must be like"),
    (["schedule", "receive", "o.json", *DEVICE[2:4], "--plant", S, "--instance", "-1", "--address", "127.0.0.1", "--bind", "127.0.0.1"],
     "--instance = -1"),
    (["schedule", "roll-back", "--store", LONG, "--plant", S, "--who", "Ada"], "no schedule was approved"),
    (["schedule", "check", "binary.json"], "binary.json"), (["schedule", "check", "folder"], "folder"),
    ([*SAVINGS, "--zone", "Mars/Base"], "zone 'Mars/Base' (--zone) is unknown"),
    ([*SAVINGS, "--zone", "Europe/Berln"], "did you mean Europe/Berlin"),
    ([*SAVINGS, "--confidence", "nan"], "confidence = nan"), ([*SAVINGS, "--frequency", "weekly"], "must be hourly or daily"),
    ([*SAVINGS, "--adjustments", "binary.toml"], "binary.toml"),
    (["schedule", "savings", "binary.csv", "after.csv"], "binary.csv"),
    (["schedule", "savings", "before.csv", "folder", "--zone", "Europe/Berlin"], "folder"),
    ([*COMMISSION, "--url", "opc.tcp://[::1"], "opc.tcp://[::1: Invalid IPv6 URL"),
    ([*COMMISSION, "--url", "modbus://h:99999"], "modbus://h:99999"),
    ([*COMMISSION, "--url", "bacnet://127.0.0.1", "--client-address", "127.0.0.1/32:99999"], "--client-address 127.0.0.1/32:99999"),
    ([*COMMISSION, "--step", "1e-308"], "--step = 1e-308"), ([*COMMISSION, "--poll", "nan"], "--poll = nan"),
    (["commission", "folder", "--plant", S], "folder"), (["commission", "binary.toml", "--plant", S], "binary.toml"),
    ([*CONTROL, "--url", "opc.tcp://[::1"], "opc.tcp://[::1: Invalid IPv6 URL"), ([*CONTROL, "--url", "x"], "unknown protocol"),
    ([*CONTROL, "--url", "modbus://127.0.0.1:1", "--log", "folder"], "folder: is a folder, not a file"),
    ([*CONTROL, "--url", "modbus://127.0.0.1:1", "--begin", "2025-99-99"], "--begin 2025-99-99"),
    ([*CONTROL, "--url", "modbus://127.0.0.1:1", "--sample", "nan"], "--sample = nan"),
    ([*CONTROL, "--url", "modbus://127.0.0.1:1", "--panel", "http://[::1"], "http://[::1: Invalid IPv6 URL"),
    (["control", "--verify-log", "folder"], "folder"),
    (["validate", "empty.csv", "--weather", LONG], "no such folder (--weather)"), (["validate", "folder"], "folder"),
    (["replay", "binary.lowlift"], "binary.lowlift"), (["replay", "folder"], "folder"), (["points", S, "--format", "jsn"], "jsn"),
    (["export-fmu", S, "--out", "x.txt"], "--out x.txt"), (["export-fmu", S, "--out", "x.fmu", "--fmi", "-1"], "--fmi = -1"),
    (["linearize", S, "--load", "nan"], "--load = nan"),
    (["linearize", S, "--wet-bulb", "1e308"], "--wet-bulb = 1e+308 degC: must be from -60"),
], ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else None)  # fmt: skip
def test_refused_in_one_line(arguments: list[str], said: str) -> None:
    refused(arguments, said)


def test_a_taken_port_is_said_once(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused([*SERVE, "--modbus-port", str(port)], f"lowlift: modbus: cannot serve at modbus://127.0.0.1:{port}: ")
    assert "pymodbus" not in capfd.readouterr().err and not [r for r in caplog.records if r.name.startswith("pymodbus")]


BASES: dict[str, list[str]] = {
    "compare": ["--plant", S, "--days", "0.01", "--controllers", "FixedSetpoint"], "linearize": [S], "validate": ["empty.csv"],
    "points": [S],
    "serve": [*SERVE[1:], "--modbus-port", "0", "--bacnet-address", "127.0.0.1/32:0", "--opcua-port", "0", "--panel-port", "0"],
    "replay": ["binary.lowlift"], "commission": COMMISSION[1:], "control": [*CONTROL[1:], "--url", "modbus://127.0.0.1:1"],
    "export-fmu": [S, "--out", "x.fmu", "--form", "python"], "schedule check": ["a.json"], "schedule export": ["a.json", "o.ics"],
    "schedule preview": ["a.json", "o.pdf"], "schedule approve": ["a.json", "--store", "st2", "--who", "Ada"],
    "schedule current": ["--store", "st", "--plant", "gb200_hall"], "schedule log": ["--store", "st", "--plant", "gb200_hall"],
    "schedule send": [*DEVICE, "--address", "127.0.0.1:9", "--bind", "127.0.0.1/32:0"],
    "schedule receive": ["o.json", *DEVICE[2:], "--address", "127.0.0.1:9", "--bind", "127.0.0.1/32:0"],
    "schedule savings": SAVINGS[2:],
}  # fmt: skip


def options(name: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Options of a command that take a number or a file, and what they should not be given."""
    command: Any = typer.main.get_command(app)
    for part in name.split():
        command = command.commands[part]
    for option in command.params:
        kind = str(option.type_descriptor.annotation)
        if option.opts[0].startswith("--") and not option.is_flag:
            yield from [(option.opts[0], NUMBERS)] if kind in ("<class 'int'>", "<class 'float'>") else []
            yield from [(option.opts[0], FILES)] if "Path" in kind else []


@pytest.mark.slow
@pytest.mark.parametrize("name", list(BASES))
def test_no_number_and_no_file_makes_a_traceback(name: str) -> None:
    for option, values in options(name):
        for value in values:
            done = CliRunner().invoke(app, [*name.split(), *BASES[name], option, value])
            assert done.exception is None or isinstance(done.exception, SystemExit), (option, value, done.exception)
            assert done.exit_code in (0, 1, 2) and (done.exit_code != 2 or done.output.strip()), (option, value, done.output)
