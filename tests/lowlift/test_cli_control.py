"""The command line of ``lowlift control``: what is wrong is said in one line, logs are verified."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from lowlift.bms.audit_log import AuditTrail
from lowlift.cli import app

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


def test_nobody_there_is_no_crash(tmp_path: Path) -> None:
    code, output = said(
        "chiller_plant", "--url", HERE, "--controller", "Guideline36", "--write", "--duration", "0.3", "--log", str(tmp_path / "log")
    )
    assert code == 0 and "no connection" in output and "0 cycles" in output
