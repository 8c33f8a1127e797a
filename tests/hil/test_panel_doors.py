"""The panel's doors: nothing without login, nothing for other sites, nothing from elsewhere."""

import pytest
from panel_client import TOKEN, browser, panel
from starlette.testclient import TestClient

from lowlift.hil.panel.app import Panel
from lowlift.hil.panel.guard import OURS, SECURITY
from lowlift.wire.patience import FREE

GETS = ("/api/plant", "/api/state", "/api/stream", "/api/history?points=P_it", "/api/schematic/wide.svg", "/api/snapshot")
POSTS = ("/api/write", "/api/release", "/api/run", "/api/fault", "/api/plan", "/api/restore", "/api/logout")


@pytest.fixture
def open_panel() -> Panel:
    return panel()


def test_nothing_is_told_or_done_without_login() -> None:
    one = panel(TOKEN)
    client = browser(one)
    for path in GETS:
        answer = client.get(path)
        assert (answer.status_code, answer.json()) == (401, {"error": "log in first"})
    for path in POSTS:
        assert client.post(path, json={}).status_code == 401
    front = client.get("/")
    assert front.status_code == 303 and front.headers["location"] == "/login"
    site = one.runner.served.plant.site
    for path in ("/login", "/static/main.js", "/static/panel.css", "/favicon.ico"):
        answer = client.get(path)
        assert answer.status_code == 200 and site.title not in answer.text and site.name not in answer.text
    image = one.runner.served.image
    assert not one.runner.paused and not any(image.slots(int(k)) for k in image.points.writable)
    assert {(e.kind, e.source, e.point) for e in image.events()} == {("refused", "panel testclient", "")}, "nothing but that it was refused"


def test_a_login_lasts_until_the_logout() -> None:
    one = panel(TOKEN)
    client = browser(one)
    assert client.post("/api/login", json={"token": "wrong"}).status_code == 401
    answer = client.post("/api/login", json={"token": TOKEN})
    cookie = answer.headers["set-cookie"].lower()
    assert answer.status_code == 200 and TOKEN not in cookie
    assert "httponly" in cookie and "samesite=strict" in cookie and "secure" not in cookie
    assert client.get("/api/plant").json()["site"] == "chiller_plant" and client.get("/").status_code == 200
    assert client.post("/api/logout").status_code == 200
    assert client.get("/api/plant").status_code == 401
    assert [e.text for e in one.runner.served.image.events()] == ["wrong token", "logged in"]


def test_over_tls_the_cookie_never_travels_openly() -> None:
    answer = browser(panel(TOKEN, secure=True)).post("/api/login", json={"token": TOKEN})
    assert "secure" in answer.headers["set-cookie"].lower()


def test_guessing_is_slowed_down_for_pages_and_programs() -> None:
    client = browser(panel(TOKEN))
    for _ in range(FREE - 1):
        assert client.post("/api/login", json={"token": "wrong"}).status_code == 401
    assert client.get("/api/state", headers={"Authorization": "Bearer wrong"}).status_code == 401
    refused = client.post("/api/login", json={"token": TOKEN})
    assert refused.status_code == 429 and int(refused.headers["retry-after"]) >= 1


def test_programs_send_the_token_instead() -> None:
    one = panel(TOKEN)
    client = TestClient(one.app, base_url="http://127.0.0.1", headers={"Authorization": f"Bearer {TOKEN}"})
    assert client.get("/api/state").status_code == 200
    assert client.post("/api/write", json={"values": {"T_chw_set.cmd": 8.0}}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {OURS: "1", "Origin": "http://evil.example"},
        {OURS: "1", "Origin": "null"},
        {OURS: "1", "Sec-Fetch-Site": "cross-site"},
        {OURS: "1", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_pages_of_other_sites_change_nothing(open_panel: Panel, headers: dict[str, str]) -> None:
    client = TestClient(open_panel.app, base_url="http://127.0.0.1", headers=headers)
    for path, body in (
        ("/api/write", {"values": {"T_chw_set.cmd": 8.0}}),
        ("/api/run", {"action": "pause"}),
        ("/api/login", {"token": "x"}),
    ):
        assert client.post(path, json=body).status_code == 403
    assert not open_panel.runner.paused and not open_panel.runner.served.image.events()


def test_our_own_page_may(open_panel: Panel) -> None:
    client = TestClient(open_panel.app, base_url="http://127.0.0.1:8080")
    headers = {OURS: "1", "Origin": "http://127.0.0.1:8080", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/api/run", json={"action": "pause"}, headers=headers).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1:8080", ""])
def test_a_name_that_somebody_lets_point_here_is_not_ours(open_panel: Panel, host: str) -> None:
    assert browser(open_panel).get("/api/state", headers={"Host": host}).status_code == 421


def test_security_headers_stand_on_every_answer(open_panel: Panel) -> None:
    client = browser(open_panel)
    for path in ("/", "/login", "/static/main.js", "/static/none.js", "/api/state", "/nowhere", "/api/history?points=none"):
        answer = client.get(path)
        assert {name: answer.headers[name] for name in SECURITY} == dict(SECURITY)
    policy = SECURITY["Content-Security-Policy"]
    assert "unsafe" not in policy and "http" not in policy and "default-src 'none'" in policy


def test_pages_fetch_nothing_from_elsewhere_and_have_nothing_inline(open_panel: Panel) -> None:
    client = browser(open_panel)
    for path in ("/", "/login", "/api/schematic/wide.svg", "/api/schematic/narrow.svg"):
        text = client.get(path).text.replace("http://www.w3.org/2000/svg", "")
        assert "://" not in text and " style=" not in text and "<style" not in text and " onclick" not in text
        assert text.count("<script") == text.count('<script type="module" src="/static/')


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static/"])
def test_there_is_no_way_to_other_files(open_panel: Panel, path: str) -> None:
    assert browser(open_panel).get(path).status_code in (404, 405)
