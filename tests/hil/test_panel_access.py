"""Tokens, sessions and patience of the panel."""

from pathlib import Path

import pytest

from lowlift.hil.panel.access import (
    ADDRESSES_MAX,
    FREE,
    SESSION,
    SESSIONS_MAX,
    WAIT_MAX,
    Access,
    LoginError,
    TokenError,
    new_token,
    token_of,
)

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
    assert len(access._failures) == ADDRESSES_MAX


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
