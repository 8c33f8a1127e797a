"""``lowlift points`` and ``lowlift serve`` as a user types them."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lowlift.cli import app

runner = CliRunner()


def test_points_json_is_one_list() -> None:
    done = runner.invoke(app, ["points", "chiller_plant", "--format", "json"])
    assert done.exit_code == 0
    assert {"T_chw", "T_chw_set.cmd"} <= {record["name"] for record in json.loads(done.stdout)}


def test_points_into_files(tmp_path: Path) -> None:
    done = runner.invoke(app, ["points", "chiller_plant", "--format", "ede", "--out", str(tmp_path / "plant.csv")])
    assert done.exit_code == 0 and done.stdout.split() == [str(tmp_path / "plant.csv"), str(tmp_path / "plant_StateTexts.csv")]
    assert "hand;off;auto" in (tmp_path / "plant_StateTexts.csv").read_text(encoding="utf-8")


def test_points_under_a_map(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text('[points.T_chw]\nlabel = "CH01"\n', encoding="utf-8")
    done = runner.invoke(app, ["points", "chiller_plant", "--format", "json", "--map", str(tmp_path / "map.toml")])
    assert json.loads(done.stdout)[0]["label"] == "CH01"


def test_serve_runs_keeps_a_snapshot_and_goes_on_from_it(tmp_path: Path) -> None:
    arguments = [
        "serve",
        "chiller_plant",
        "--speed",
        "1000",
        "--modbus-port",
        "0",
        "--duration",
        "0.3",
        "--snapshot",
        str(tmp_path / "s.json"),
    ]
    first = runner.invoke(app, arguments)
    assert first.exit_code == 0 and "chiller_plant at modbus://127.0.0.1:" in first.stdout and "missed deadlines" in first.stdout
    second = runner.invoke(app, arguments)
    assert second.exit_code == 0 and "goes on from" in second.stderr
    assert json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))["k"] > 0


def test_a_server_that_is_killed_goes_on_from_its_last_snapshot(tmp_path: Path) -> None:
    snapshot = tmp_path / "s.json"
    command = [
        sys.executable,
        "-m",
        "lowlift",
        "serve",
        "chiller_plant",
        "--speed",
        "500",
        "--modbus-port",
        "0",
        "--snapshot",
        str(snapshot),
    ]
    with subprocess.Popen([*command, "--snapshot-every", "0.01"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as killed:
        until = time.monotonic() + 60.0
        while not snapshot.exists() or json.loads(snapshot.read_text(encoding="utf-8"))["k"] < 20:
            assert killed.poll() is None and time.monotonic() < until
            time.sleep(0.01)
        killed.kill()
        killed.communicate()
    k = json.loads(snapshot.read_text(encoding="utf-8"))["k"]
    again = subprocess.run([*command, "--duration", "0.1"], capture_output=True, text=True, timeout=60.0)
    assert again.returncode == 0 and f"at plant time {k:.0f} s" in again.stderr
    assert json.loads(snapshot.read_text(encoding="utf-8"))["k"] >= k


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["points", "chiller_plat"], "did you mean chiller_plant"),
        (["points", "chiller_plant", "--format", "jsn"], "did you mean json"),
        (["points", "chiller_plant", "--format", "csv", "--bacnet-schedules"], "--bacnet-schedules needs --format ede, not csv"),
        (["points", "chiller_plant", "--map", "none.toml"], "none.toml"),
        (["serve", "chiller_plant", "--protocols", "mobdus"], "did you mean modbus"),
        (["serve", "chiller_plant", "--protocols", "bacnet", "--bacnet-foreign", "nowhere"], "must be like 192.0.2.10:47808"),
        (["serve", "chiller_plant", "--protocols", "bacnet", "--bacnet-bbmd", "none", "--bacnet-foreign", "192.0.2.1:1"], "cannot be a"),
        (["serve", "chiller_plant", "--protocols", "bacnet", "--bacnet-recipients", "*,x"], "--bacnet-recipients x: must be like"),
        (["serve", "chiller_plant", "--protocols", ","], "name each protocol once"),
        (["serve", "chiller_plant", "--speed", "0"], "speed = 0: must be from 0.001 to 100000"),
        (["serve", "chiller_plant", "--step", "4"], "must divide the scenario's"),
        (["serve", "chiller_plant", "--step", "-1"], "--step = -1 s: must be at least 0.001"),
        (["serve", "chiller_plant", "--scenario", "wether=tucson"], "unknown key 'wether'; did you mean weather"),
        (["serve", "chiller_plant", "--scenario", "weather"], "is no key=value"),
        (["serve", "chiller_plant", "--scenario", "days=many"], "must be a number"),
        (["serve", "chiller_plant", "--modbus-port", "70000"], "--modbus-port = 70000"),
        (["serve", "chiller_plant", "--panel-host", "127.0.0.1", "--duration", "0.1"], "--panel-host needs --panel"),
        (["serve", "chiller_plant", "--panel-port", "8080", "--duration", "0.1"], "--panel-port needs --panel"),
        (["replay", "run.lowlift", "--fmu-mapping", "a.toml"], "--fmu-mapping needs --fmu"),
        (["serve", "chiller_plant", "--panel-token", "token", "--duration", "0.1"], "--panel-token needs --panel"),
        (["serve", "chiller_plant", "--panel-certificate", "a.pem", "--duration", "0.1"], "--panel-certificate needs --panel"),
        (["serve", "chiller_plant", "--panel-key", "a.key", "--duration", "0.1"], "--panel-key needs --panel"),
        (["serve", "chiller_plant", "--record", ".", "--duration", "0.1"], ".: is a folder; name the file of the record"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(arguments: list[str], words: str) -> None:
    done = runner.invoke(app, arguments)
    assert done.exit_code == 2 and "Traceback" not in done.output
    assert words in done.stderr and len(done.stderr.strip().splitlines()) == 1
