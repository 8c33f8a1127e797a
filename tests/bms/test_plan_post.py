"""Plans on their way to a panel: the newest one arrives, nobody waits for it, and trouble is told once."""

import json
import queue
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest
from wire_plants import plant, points

from lowlift.bms.plan_post import PlanPoster
from lowlift.controllers.interface import Plan
from lowlift.wire.links import UrlError

PATIENCE = 60.0


class FakePanel(ThreadingHTTPServer):
    """Keeps what it is sent; answers as it is told, and not before it may."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.answer: tuple[int, str] = (200, '{"ok": true}')
        self.may_answer, self.asked = threading.Event(), threading.Semaphore(0)
        self.may_answer.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: FakePanel

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.release()
        self.server.may_answer.wait(PATIENCE)
        self.server.bodies.append(body | {"path": self.path})
        self.server.headers.append(dict(self.headers))
        status, text = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode("utf-8"))

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def fake() -> Iterator[FakePanel]:
    with FakePanel() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.may_answer.set()
        server.shutdown()
        thread.join()


def plan_at(t: float, value: float | None = None) -> Plan:
    table = plant().site.sheet.setpoints
    setpoints = 0.5 * (table.low + table.high) if value is None else np.full(len(table.names), value)
    return Plan(t=np.array([t, t + 300.0]), predicted={}, setpoints=setpoints[None])


def poster(url: str, told: "queue.Queue[str] | None" = None, **options: Any) -> PlanPoster:
    heard: queue.Queue[str] = queue.Queue() if told is None else told
    return PlanPoster(url, plant(), points(), "me", tell=heard.put, timeout=PATIENCE, **options)


def test_a_plan_arrives_in_site_units_and_site_time(fake: FakePanel) -> None:
    with poster(fake.url + "/", token="a token of ours") as one:
        one.post(plan_at(600.0), 7200.0)
    (body,), (headers,) = fake.bodies, fake.headers
    low, high = points()["T_chw_set.fbk"].low, points()["T_chw_set.fbk"].high
    assert low is not None and high is not None and body["values"]["T_chw_set.fbk"] == [pytest.approx((low + high) / 2.0)]
    assert (body["source"], body["t"], body["path"]) == ("me", [7800.0, 8100.0], "/api/plan")
    assert headers["Authorization"] == "Bearer a token of ours" and headers["X-Lowlift-Panel"] == "1"


def test_nobody_waits_for_a_panel_that_does_not_answer_and_the_newest_plan_wins(fake: FakePanel) -> None:
    fake.may_answer.clear()
    with poster(fake.url) as one:
        one.post(plan_at(0.0), 0.0)
        assert fake.asked.acquire(timeout=PATIENCE)
        # The panel holds the first one. All others would wait for ever if they waited for it.
        for k in range(1, 100):
            one.post(plan_at(300.0 * k), 0.0)
        fake.may_answer.set()
    assert [body["t"][0] for body in fake.bodies] == [0.0, 300.0 * 99] and "Authorization" not in fake.headers[0]


def test_trouble_is_told_once_and_its_end_once() -> None:
    told: queue.Queue[str] = queue.Queue()
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{held.getsockname()[1]}"
        with poster(nobody, told) as one:
            one.post(plan_at(0.0), 0.0)
            assert told.get(timeout=PATIENCE).startswith(f"plans do not reach the panel at {nobody}: ConnectionRefusedError")
            one.post(plan_at(0.0), 0.0)
    assert told.empty()


def test_a_refusal_is_told_in_the_words_of_the_panel(fake: FakePanel) -> None:
    told: queue.Queue[str] = queue.Queue()
    fake.answer = (401, '{"error": "wrong token"}')
    with poster(fake.url, told) as one:
        one.post(plan_at(0.0), 0.0)
        assert told.get(timeout=PATIENCE).endswith("401 Unauthorized: wrong token")
        fake.answer = (302, "elsewhere")
        one.post(plan_at(300.0), 0.0)
        for _ in range(2):
            assert fake.asked.acquire(timeout=PATIENCE)
        fake.answer = (200, "{}")
        one.post(plan_at(600.0, np.nan), 0.0)
        one.post(plan_at(900.0), 0.0)
        assert told.get(timeout=PATIENCE) == f"plans reach the panel at {fake.url} again"
    assert told.empty()


def test_a_plan_with_holes_is_told_and_not_sent(fake: FakePanel) -> None:
    told: queue.Queue[str] = queue.Queue()
    with poster(fake.url, told) as one:
        one.post(plan_at(0.0, np.nan), 0.0)
        assert "T_chw_set.fbk must be finite" in told.get(timeout=PATIENCE)
    assert not fake.bodies


@pytest.mark.parametrize(
    ("url", "token", "words"),
    [
        ("ftp://127.0.0.1", None, "like http://"), ("127.0.0.1:8080", None, "like http://"), ("http://", None, "like http://"),
        ("http://127.0.0.1:99999", None, "out of range"), ("http://127.0.0.1/?x", None, "like http://"),
        ("http://me:secret@127.0.0.1", None, "do not belong into a URL"),
        ("http://192.0.2.7:8080", None, "wants its token"), ("https://panel.example", None, "wants its token"),
        ("http://127.0.0.1", "täuschend echt", "ASCII"),
    ],
)  # fmt: skip
def test_urls_that_are_no_panel(url: str, token: str | None, words: str) -> None:
    with pytest.raises(UrlError, match=words) as caught:
        poster(url, token=token)
    assert "secret" not in str(caught.value)


def test_a_token_in_the_open_is_known() -> None:
    assert poster("http://192.0.2.7", token="a token of ours").in_the_open
    assert not poster("https://192.0.2.7", token="a token of ours").in_the_open and not poster("http://127.0.0.1").in_the_open
