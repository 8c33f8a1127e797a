"""Commissioning runs: verdicts with their reasons, the site left as found, reports; in process, over Modbus, on the command line."""

import dataclasses
import datetime
import json
import re
from pathlib import Path

import pytest
from certificates import make_certificate
from commission_cases import GOOD, THREE, Play, written
from typer.testing import CliRunner
from wire_plants import plant, points, scenario, served

from lowlift.cli import app
from lowlift.hil.commission_file import script_of
from lowlift.hil.commission_report import html, write_report
from lowlift.hil.commission_run import Result, run_script
from lowlift.hil.commission_script import check_script
from lowlift.hil.commission_sites import InProcess, OverLink
from lowlift.hil.commission_watch import Verdict
from lowlift.hil.commissioning import commission
from lowlift.hil.fault_points import with_fault_points
from lowlift.hil.runner import Runner
from lowlift.wire.modbus_client import ModbusLink
from lowlift.wire.modbus_server import ModbusServer
from lowlift.wire.opcua_server import APPLICATION, OpcUaServer

WHEN = datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.UTC)


def verdict_of(course: list[float], **expect: float) -> tuple[str, str]:
    result = run_script(script_of({"step": [{"expect": {"point": "T_chw", **expect}}]}, "test"), Play({"T_chw": course}))
    (check,) = result.steps[0].checks
    return check.verdict.value, check.reason


@pytest.mark.parametrize(("course", "expect", "verdict", "reason"), [
    ([9, 9, 7], {"value": 7, "tolerance": 0.5, "within": 5}, "passed", "7 °C after 2 s"),
    ([9, 9, 7, 7, 7], {"value": 7, "within": 5, "holds": 2}, "passed", "7 °C after 2 s, stayed for 2 s"),
    ([9, 8, 8.5], {"value": 7, "within": 3}, "failed", "came no nearer than 8 °C, after 1 s"),
    ([9, 7, 9, 7, 7, 7], {"value": 7, "within": 3, "holds": 2}, "passed", "7 °C after 3 s, stayed for 2 s"),
    ([9, 7, 9, 9, 7, 7], {"value": 7, "within": 3, "holds": 2}, "failed", "stayed for 0 s at most"),
    ([7, 7, 9], {"value": 7, "holds": 5}, "failed", "left again after 2 s of 5 s, to 9 °C"),
    ([9], {"below": 8.0}, "failed", "was 9 °C"),
    ([float("nan")], {"below": 8.0}, "failed", "was no number"),
    ([7, 6, 7], {"below": 8.0, "holds": 2}, "passed", "7 °C, from 6 °C to 7 °C for 2 s"),
])  # fmt: skip
def test_verdicts_and_their_reasons(course: list[float], expect: dict[str, float], verdict: str, reason: str) -> None:
    assert verdict_of(course, **expect) == (verdict, reason)


def test_states_are_called_by_their_names() -> None:
    script = script_of({"step": [{"expect": {"point": "alarm.fail_safe", "value": 0}}]}, "test")
    (check,) = run_script(script, Play({})).steps[0].checks
    assert (check.wanted, check.reason) == ("alarm.fail_safe 0 (normal) at once", "was 1 (alarm)")


def test_preconditions_that_do_not_hold_end_it_before_anything_is_done() -> None:
    site = Play({"T_chw": [9.0]})
    script = script_of({"precondition": [{"point": "T_chw", "below": 8}], "step": [{"set": {"T_chw_set.cmd": 7.0}}]}, "test")
    result = run_script(script, site)
    assert result.verdict is Verdict.FAILED and result.steps[0].verdict is Verdict.NOT_RUN and not site.written
    assert result.preconditions[0].reason == "was 9 °C"


def test_the_site_is_left_as_it_was_found() -> None:
    steps = [
        {"set": {"T_chw_set.cmd": 7.0}, "fault": "reads low", "wait": 2},
        {"set": {"T_chw_set.cmd": 8.0}, "expect": {"point": "T_chw", "below": 0}},
    ]
    site = Play({"T_chw": [9.0], "T_chw_set.cmd": [6.5]})
    result = run_script(script_of(THREE | {"precondition": [], "step": steps}, "test"), site)
    assert site.written == [{"T_chw_set.cmd": 7.0}, {"T_chw_set.cmd": 8.0}, {"T_chw_set.cmd": 6.5}]
    assert site.log == ["begin reads low", "end reads low"] and not result.left
    assert [(s.name, s.begin, s.end) for s in result.spans] == [("reads low", 0.0, 3.0)]


def test_a_site_that_falls_silent_fails_the_step_and_says_what_could_not_be_put_back() -> None:
    steps = [{"name": "First", "set": {"T_chw_set.cmd": 7.0}, "fault": "reads low", "wait": 9}, {"expect": {"point": "T_chw", "below": 99}}]
    result = run_script(script_of(THREE | {"precondition": [], "step": steps}, "test"), Play({}, breaks=4))
    assert result.steps[0].reason == "it does not answer" and result.steps[1].verdict is Verdict.NOT_RUN
    assert len(result.left) == 2 and "'reads low' could not be ended" in result.left[0]
    dead = run_script(script_of({"step": [{"wait": 1}]}, "test"), Play({}, breaks=0))
    assert dead.verdict is Verdict.FAILED and dead.steps[0].reason == "it does not answer"


@pytest.fixture(scope="module")
def three() -> Result:
    script = script_of(THREE, "three.toml", "the text")
    check_script(script, points(), plant())
    one = served()
    for _ in range(12):
        one.step()
    shares: list[float] = []
    result = run_script(script, InProcess(one), lambda share, words: shares.append(share))
    assert shares == sorted(shares) and shares[-1] == 1.0
    one.step()
    assert not [f for f in one.faults.known if f.end > one.t]
    return result


def test_three_faults_in_process(three: Result) -> None:
    assert three.verdict is Verdict.PASSED, [(c.wanted, c.reason) for s in three.steps for c in s.checks]
    assert [s.name for s in three.spans] == ["reads low", "pump fails", "wire broken"]
    assert "T_chw" in three.true and (three.true["T_chw"] - three.courses["T_chw"]).max() == pytest.approx(2.0)


def test_the_report_needs_nothing_else_and_says_everything(three: Result, tmp_path: Path) -> None:
    files = write_report(three, tmp_path / "out", WHEN)
    page = files["html"].read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="(?!#)', page) and "url(http" not in page and "@import" not in page
    for words in ("Chilled water", "No flow", "fault begins: pump fails", "n_chillers", "2026-01-02 03:04 UTC", "the text"):
        assert words in page
    assert page.count("<svg") == 2 * len(three.script.watched)
    assert files["pdf"].read_bytes().startswith(b"%PDF")
    said = json.loads(files["json"].read_text(encoding="utf-8"))
    assert said["verdict"] == "passed" and [s["verdict"] for s in said["steps"]] == ["passed"] * 3
    assert said["script_sha256"] in page


def test_names_in_a_script_are_no_markup() -> None:
    step = {"name": "<script>", "expect": {"point": "T_chw", "below": 0}}
    result = run_script(script_of({"title": "<b>x</b> & $y", "step": [step]}, "t"), Play({}))
    page = html(result, WHEN)
    assert "<b>x" not in page and "<script>" not in page and "&lt;script&gt;" in page


def test_over_modbus_with_faults_pressed_through_points() -> None:
    pump = {key: value for key, value in THREE["step"][1].items() if key != "end"}
    script = script_of(THREE | {"sample": 10.0, "step": [pump]}, "test")
    listed = with_fault_points(points(), script.faults)
    one = served(points=listed, faults=[dataclasses.replace(f, by_hand=True) for f in script.faults])
    runner, server = Runner(one, speed=200.0), ModbusServer(one.image, port=0)
    server.start()
    runner.start()
    try:
        with ModbusLink(listed, "127.0.0.1", server.port) as link:
            result = run_script(script, OverLink(link, "here", poll=0.02))
    finally:
        runner.stop()
        server.stop()
    assert result.verdict is Verdict.PASSED, [(s.reason, [c.reason for c in s.checks]) for s in result.steps]
    assert one.image.values()[listed.position("fault.pump_fails")] == 0.0


def test_over_opcua_with_a_user_and_a_certificate(tmp_path: Path) -> None:
    step = '[[step]]\nname = "Warmer"\nset = { "T_chw_set.cmd" = 9.5 }\nexpect = { point = "T_chw_set.cmd", value = 9.5, tolerance = 0.01 }'
    path, secret = written(tmp_path, f'title = "One step"\n{step}\n'), tmp_path / "password"
    secret.write_text("for this test only\n", encoding="utf-8")
    for name in ("site", "own"):
        (tmp_path / name).mkdir()
    pairs = [make_certificate(folder, uri) for folder, uri in ((tmp_path / "site", APPLICATION), (tmp_path / "own", "urn:lowlift:client"))]
    one = served()
    runner = Runner(one, speed=200.0)
    server = OpcUaServer(one.image, port=0, users={"operator": "for this test only"}, certificate=pairs[0][0], private_key=pairs[0][1])
    server.start()
    runner.start()
    command = ["commission", str(path), "--plant", "chiller_plant", "--out", str(tmp_path / "out"), "--url", server.url]
    user = ["--user", "operator", "--password-file", str(secret)]
    certificate = ["--certificate", str(pairs[1][0]), "--private-key", str(pairs[1][1])]
    try:
        anonymous = CliRunner().invoke(app, command)
        known = CliRunner().invoke(app, [*command, *user, *certificate])
    finally:
        runner.stop()
        server.stop()
    assert anonymous.exit_code == 1 and "BadUserAccessDenied" in anonymous.output
    assert known.exit_code == 0 and "passed: step 1: Warmer" in known.output, known.output


def test_options_of_a_connection_need_one(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    for options, words in (
        (["--user", "me"], "need --url"), (["--url", "modbus://127.0.0.1:1", "--user", "me"], "modbus has no such option: user"),
        (["--url", "opc.tcp://127.0.0.1:1", "--user", "me", "--password-file", "none"], "--password-file none"),
    ):  # fmt: skip
        done = CliRunner().invoke(app, ["commission", str(path), "--plant", "chiller_plant", "--out", str(tmp_path / "out"), *options])
        assert done.exit_code == 2 and words in done.output and not (tmp_path / "out" / "commissioning.json").exists()


def test_a_site_that_is_not_there_gives_a_verdict(tmp_path: Path) -> None:
    result = commission(written(tmp_path, GOOD), plant(), url="modbus://127.0.0.1:1")
    assert result.verdict is Verdict.FAILED and "127.0.0.1:1" in result.steps[0].reason and not len(result.t)
    assert write_report(result, tmp_path / "out", WHEN)["pdf"].exists()


def test_the_command_line_passes_fails_and_refuses(tmp_path: Path) -> None:
    quick = GOOD.replace("wait = 60", "wait = 5").replace("tolerance = 0.3, within = 900", "tolerance = 2.5, within = 60")
    path, out = written(tmp_path, quick), tmp_path / "out"
    options = ["--plant", "chiller_plant", "--out", str(out), "--scenario", "workload=llm_training,weather=tucson,start=07-04,days=0.1"]
    done = CliRunner().invoke(app, ["commission", str(path), *options])
    assert done.exit_code == 0, done.output
    assert "step 1 of 2: Warmer" in done.output and "passed: T_chw 9.5 ± 2.5 °C within 60 s, for 60 s" in done.output
    assert (out / "commissioning.html").exists() and (out / "commissioning.pdf").exists()
    path.write_text(quick.replace("below = 12.0, above = 5", "below = 5.0"), encoding="utf-8")
    done = CliRunner().invoke(app, ["commission", str(path), *options])
    assert done.exit_code == 1 and "failed: T_chw below 5 °C at once: was" in done.output
    path.write_text(GOOD.replace("T_chw_set", "T_chv_set"), encoding="utf-8")
    done = CliRunner().invoke(app, ["commission", str(path), *options])
    assert done.exit_code == 2 and "step 1 'Warmer': set: no point 'T_chv_set.cmd'" in done.output
    assert scenario().n > 0
