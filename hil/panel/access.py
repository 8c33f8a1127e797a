"""Who may use a panel: one token, sessions that it opens, and patience with those who guess.

The token is compared in constant time. A session is a random number that the browser keeps in a cookie that scripts cannot read; here only
its hash is kept, so that a memory dump opens nothing. Wrong tokens make an address wait (:mod:`lowlift.wire.patience`).
"""

import collections
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from lowlift.wire.patience import ADDRESSES_MAX, Patience, source

SESSION = 12.0 * 3600.0
"""A session ends after so much real time [s]."""
SESSIONS_MAX = 64
"""Kept at most; the oldest make room."""
TOKEN_MIN = 16
"""Least length of a token that somebody chose."""
SELDOM = 1.0
"""Least time between two refusals of one address that are remembered [s]."""


class TokenError(ValueError):
    """A token file is unreadable, or its token too short."""


class LoginError(Exception):
    """The token is wrong, or the address has to wait; ``wait`` says how long [s]."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        self.wait = wait
        super().__init__(message)


def new_token() -> str:
    """A token that nobody guesses: 192 random bits."""
    return secrets.token_urlsafe(24)


def token_of(path: str | Path) -> str:
    """The token of a file: its first line.

    Raises:
        TokenError: unreadable, or shorter than :data:`TOKEN_MIN`.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TokenError(f"token file {path}: {error}") from error
    token = lines[0].strip() if lines else ""
    if len(token) < TOKEN_MIN:
        raise TokenError(f"token file {path}: the token in its first line has {len(token)} characters, must have at least {TOKEN_MIN}")
    return token


class Access:
    """Token, sessions and throttle of one panel. Used from one event loop.

    Args:
        token: what opens a session; none where everybody who reaches the panel may use it.
        clock: monotonic time [s].
    """

    def __init__(self, token: str | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._digest = None if token is None else _hash(token)
        self._clock = clock
        self._sessions: collections.OrderedDict[bytes, float] = collections.OrderedDict()
        self._patience = Patience(clock)

    @property
    def needed(self) -> bool:
        """Whether anybody has to log in."""
        return self._digest is not None

    def login(self, token: str, address: str) -> str:
        """Open a session; returns what the cookie holds.

        Raises:
            LoginError: wrong token, or the address has to wait.
        """
        self.check(token, address)
        session = secrets.token_urlsafe(32)
        self._sessions[_hash(session)] = self._clock() + SESSION
        while len(self._sessions) > SESSIONS_MAX:
            self._sessions.popitem(last=False)
        return session

    def check(self, token: str, address: str) -> None:
        """Whether a token is right, as a program sends it with every request.

        Raises:
            LoginError: wrong token, or the address has to wait.
        """
        if wait := self._patience.wait(address):
            raise LoginError(f"too many wrong tokens; try again in {wait:.0f} s", wait)
        if self._digest is not None and hmac.compare_digest(_hash(token), self._digest):
            self._patience.forget(address)
            return
        wait = self._patience.failed(address)
        raise LoginError("wrong token" + (f"; wait {wait:.0f} s" if wait else ""), wait)

    def knows(self, session: str | None) -> bool:
        """Whether a cookie belongs to an open session; always where nobody has to log in."""
        if not self.needed:
            return True
        if session is None:
            return False
        ends = self._sessions.get(_hash(session))
        if ends is not None and self._clock() >= ends:
            del self._sessions[_hash(session)]
            return False
        return ends is not None

    def logout(self, session: str | None) -> None:
        """Close a session, where there is one."""
        if session is not None:
            self._sessions.pop(_hash(session), None)


class Throttle:
    """Lets one a second of what an address does through, so that a flood of it drives nothing else out. Used from one event loop.

    Args:
        clock: monotonic time [s].
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: collections.OrderedDict[str, float] = collections.OrderedDict()

    def lets(self, address: str) -> bool:
        """Whether this one is let through."""
        who, now = source(address), self._clock()
        if now - self._seen.get(who, -SELDOM) < SELDOM:
            return False
        self._seen[who] = now
        self._seen.move_to_end(who)
        while len(self._seen) > ADDRESSES_MAX:
            self._seen.popitem(last=False)
        return True


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
