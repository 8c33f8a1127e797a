"""The panel's web server and its command: streams, ports, tokens."""

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from panel_run import TOKEN, running_panel
from typer.testing import CliRunner
from wire_plants import served

from lowlift.cli import app
from lowlift.hil.panel.server import PanelServer
from lowlift.hil.runner import Runner
from lowlift.wire.adapter import ServeError


def fetch(url: str, **headers: str):
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20.0)


def test_a_stream_moves_and_ends_with_the_server() -> None:
    with running_panel() as server:
        with pytest.raises(urllib.error.HTTPError, match="401"):
            fetch(f"{server.url}api/stream")
        with fetch(f"{server.url}api/stream", Authorization=f"Bearer {TOKEN}") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            messages = []
            while len(messages) < 4:
                line = stream.readline().decode("utf-8")
                if line.startswith("data: "):
                    messages.append(json.loads(line.removeprefix("data: ")))
            assert messages[-1]["t"] > messages[0]["t"] and len(messages[0]["values"]) == len(messages[-1]["values"])
            server.stop()
            assert "event: end" in stream.read().decode("utf-8")
        assert not server.panel._waiting, "nobody is left behind"


def test_a_taken_port_is_told_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ServeError, match=r"panel: cannot serve at http://127\.0\.0\.1:"):
            PanelServer(Runner(served()), port=taken.getsockname()[1]).start()


def test_what_may_not_be_served(tmp_path: Path) -> None:
    runner = Runner(served())
    with pytest.raises(ServeError, match=r"0\.0\.0\.0 is reached from other machines and needs a token"):
        PanelServer(runner, host="0.0.0.0")
    with pytest.raises(ServeError, match="belong together"):
        PanelServer(runner, certificate=tmp_path / "cert.pem")
    (tmp_path / "cert.pem").write_text("no certificate", encoding="utf-8")
    with pytest.raises(ServeError, match="panel: cannot serve at https"):
        PanelServer(runner, port=0, certificate=tmp_path / "cert.pem", private_key=tmp_path / "cert.pem").start()


def test_serve_with_a_panel(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN, encoding="utf-8")
    command = [sys.executable, "-m", "lowlift", "serve", "chiller_plant", "--modbus-port", "0", "--panel", "--panel-port", "0"]
    with subprocess.Popen(
        [*command, "--panel-token", str(tmp_path / "token")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as one:
        try:
            assert one.stdout is not None
            url = next(line.split(" at ")[1].strip() for line in one.stdout if " at http://" in line)
            assert json.load(fetch(f"{url}api/plant", Authorization=f"Bearer {TOKEN}"))["site"] == "chiller_plant"
            with pytest.raises(urllib.error.HTTPError, match="401"):
                fetch(f"{url}api/plant")
        finally:
            one.terminate()
            _, said = one.communicate(timeout=30.0)
    assert one.returncode == 0 and TOKEN not in said


def test_beyond_loopback_a_token_is_made_and_said_once() -> None:
    done = CliRunner().invoke(
        app,
        ["serve", "chiller_plant", "--modbus-port", "0", "--panel", "--panel-port", "0", "--panel-host", "0.0.0.0", "--duration", "0.2"],
    )
    assert done.exit_code == 0 and done.output.count("token of the panel: ") == 1 and "not encrypted" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--panel-port", "70000"], "--panel-port = 70000: must be from 0 to 65535"),
        (["--panel-token", "none.txt"], "token file none.txt"),
        (["--panel-certificate", "none.pem"], "belong together"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], words: str) -> None:
    done = CliRunner().invoke(app, ["serve", "chiller_plant", "--modbus-port", "0", "--panel", *arguments])
    assert done.exit_code == 2 and words in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_without_the_web_libraries_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from lowlift.hil.serve import panel_server

    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "lowlift.hil.panel.server", raising=False)
    with pytest.raises(ServeError, match=r"install lowlift\[panel\]"):
        panel_server(Runner(served()))


def test_looking_does_not_hold_up_the_plant() -> None:
    with running_panel(speed=200.0) as server:
        streams = [fetch(f"{server.url}api/stream", Authorization=f"Bearer {TOKEN}") for _ in range(5)]
        k = server.panel.runner.served.k
        until = time.monotonic() + 20.0
        while server.panel.runner.served.k < k + 200:
            assert time.monotonic() < until, "the plant stands still"
            time.sleep(0.01)
        for stream in streams:
            stream.close()
