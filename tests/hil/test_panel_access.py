"""Tokens, sessions and patience of the panel; what it remembers of those it refuses."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient
from wire_plants import served

from lowlift.hil.panel.access import SESSION, SESSIONS_MAX, Access, LoginError, Throttle, TokenError, new_token, token_of
from lowlift.hil.panel.app import Panel
from lowlift.hil.panel.guard import OURS
from lowlift.hil.runner import Runner
from lowlift.wire.patience import ADDRESSES_MAX, FREE, WAIT_MAX

TOKEN = "0123456789abcdef"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_session_opens_ends_and_closes() -> None:
    clock = Clock()
    access = Access(TOKEN, clock=clock)
    session = access.login(TOKEN, "10.0.0.1")
    assert access.knows(session) and not access.knows(session + "x") and not access.knows(None)
    clock.now += SESSION
    assert not access.knows(session)
    again = access.login(TOKEN, "10.0.0.1")
    access.logout(again)
    assert not access.knows(again)


def test_without_a_token_everybody_is_known() -> None:
    assert Access(None).knows(None) and not Access(None).needed


@pytest.mark.parametrize("wrong", ["", "0123456789abcde", "0123456789abcdefg", "\ud800", "ä" * 20])
def test_wrong_tokens(wrong: str) -> None:
    with pytest.raises(LoginError, match="wrong token"):
        Access(TOKEN).login(wrong, "10.0.0.1")


def test_who_guesses_waits_longer_and_longer_and_others_do_not() -> None:
    clock = Clock()
    access = Access(TOKEN, clock=clock)
    waits = []
    for _ in range(FREE + 8):
        with pytest.raises(LoginError) as caught:
            access.login("wrong", "10.0.0.1")
        waits.append(caught.value.wait)
        clock.now += caught.value.wait
    assert waits[: FREE - 1] == [0.0] * (FREE - 1)
    assert waits[FREE - 1 :] == sorted(waits[FREE - 1 :]) and waits[-1] == WAIT_MAX
    with pytest.raises(LoginError):
        access.login("wrong", "10.0.0.1")
    with pytest.raises(LoginError, match="too many"):
        access.login(TOKEN, "10.0.0.1")
    assert access.knows(access.login(TOKEN, "10.0.0.2"))
    clock.now += WAIT_MAX
    assert access.knows(access.login(TOKEN, "10.0.0.1")), "the right token, after the wait"
    with pytest.raises(LoginError) as caught:
        access.login("wrong", "10.0.0.1")
    assert caught.value.wait == 0.0, "a right token is a new beginning"


def test_one_ipv6_user_is_one_guesser() -> None:
    access = Access(TOKEN, clock=Clock())
    for k in range(FREE):
        with pytest.raises(LoginError):
            access.login("wrong", f"2001:db8::{k}")
    with pytest.raises(LoginError, match="too many"):
        access.login(TOKEN, "2001:db8::ffff")


def test_memory_is_bounded() -> None:
    access = Access(TOKEN, clock=Clock())
    first = access.login(TOKEN, "10.0.0.1")
    for _ in range(SESSIONS_MAX):
        last = access.login(TOKEN, "10.0.0.1")
    assert not access.knows(first) and access.knows(last)
    for k in range(ADDRESSES_MAX + 10):
        with pytest.raises(LoginError):
            access.check("wrong", f"10.1.{k // 256}.{k % 256}")
    assert len(access._patience._failures) == ADDRESSES_MAX


def test_token_files(tmp_path: Path) -> None:
    (tmp_path / "good").write_text(f"{TOKEN}\nsecond line\n", encoding="utf-8")
    assert token_of(tmp_path / "good") == TOKEN
    (tmp_path / "short").write_text("secret\n", encoding="utf-8")
    with pytest.raises(TokenError, match="has 6 characters, must have at least 16"):
        token_of(tmp_path / "short")
    (tmp_path / "empty").write_text("", encoding="utf-8")
    with pytest.raises(TokenError, match="has 0 characters"):
        token_of(tmp_path / "empty")
    with pytest.raises(TokenError, match="none"):
        token_of(tmp_path / "none")
    assert len(new_token()) >= 32 and new_token() != new_token()


def test_refused_writes_and_wrong_tokens_are_on_record_and_drive_nothing_else_out() -> None:
    one = Panel(Runner(served()), Access(TOKEN))
    image = one.runner.served.image

    def client(address: str, **headers: str) -> TestClient:
        return TestClient(one.app, base_url="http://127.0.0.1", headers=headers, client=(address, 5000))

    page, program, plain = client("10.0.0.1", **{OURS: "1"}), client("10.0.0.2", Authorization="Bearer wrong"), client("2001:db8::1:1")
    for _ in range(20):
        page.post("/api/write", json={"values": {"T_chw_set.cmd": 8.0}})
        program.get("/api/state")
        plain.post("/api/run" + "/" * 500, json={"action": "pause"})
        client("2001:db8::2:2").post("/api/run", json={"action": "pause"})
    # The first of each: on a slow machine others follow, after a second.
    said = {e.source: e.text for e in reversed(image.events())}
    assert said["panel 10.0.0.1"] == "POST /api/write: log in first" and said["panel 10.0.0.2"].startswith("GET /api/state: wrong token")
    assert said["panel 2001:db8::1:1"].endswith("//: the header x-lowlift-panel is missing") and len(said["panel 2001:db8::1:1"]) < 120
    assert len(image.events()) < 80 and {e.kind for e in image.events()} == {"refused"} and image.n_refused == len(image.events())
    before = len(image.events())
    for path in ("/", "/login", "/api/state", "/api/snapshot"):
        page.get(path)
    assert len(image.events()) == before, "who only looks leaves nothing"


def test_a_throttle_lets_one_a_second_of_each_address_through() -> None:
    now = [0.0]
    throttle = Throttle(clock=lambda: now[0])
    for t, address, let in ((0.0, "10.0.0.1", True), (0.5, "10.0.0.1", False), (0.5, "10.0.0.2", True), (1.0, "10.0.0.1", True),
                            (1.2, "2001:db8::1", True), (1.3, "2001:db8::2", False)):  # fmt: skip
        now[0] = t
        assert throttle.lets(address) is let, (t, address)
    for k in range(2 * ADDRESSES_MAX):
        throttle.lets(f"address {k}")
    assert len(throttle._seen) == ADDRESSES_MAX


@pytest.mark.parametrize("path", ["/api/snapshot", "/api/stream"])
def test_what_is_costly_is_for_our_own_page_and_programs(path: str) -> None:
    """Also where nobody logs in, and though nothing of it changes anything: a page elsewhere could hold every stream."""
    one = Panel(Runner(served()), Access(None))
    one.closing = True
    client = TestClient(one.app, base_url="http://127.0.0.1")
    for headers, status in (
        ({}, 403), ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "same-site"}, 403), ({OURS: "1", "Origin": "null"}, 403),
        ({OURS: "1", "Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"}, 403),
        ({OURS: "1"}, 200), ({"Sec-Fetch-Site": "same-origin"}, 200), ({"Sec-Fetch-Site": "none"}, 200),
        ({"Authorization": "Bearer x"}, 200),
    ):  # fmt: skip
        assert client.get(path, headers=headers).status_code == status, headers
    assert sum(e.text == "snapshot taken" for e in one.runner.served.image.events()) == 4 * (path == "/api/snapshot")
