"""What stands before every request: security headers, a host and an origin that are ours, a session or a token."""

import ipaddress
import urllib.parse
from collections.abc import Callable, Mapping
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lowlift.hil.panel.access import Access, LoginError, Throttle
from lowlift.wire.adapter import is_loopback

SECURITY: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
                               "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}  # fmt: skip
OURS = "x-lowlift-panel"
"""Header of every request that changes something: pages of other origins cannot send it without asking first."""
OPEN = ("/login", "/static/", "/api/login", "/favicon.ico")
"""What is answered without a session: nothing of it says anything about the plant."""
COSTLY = ("/api/snapshot", "/api/stream")
"""What changes nothing, but holds a connection or the plant: where nobody logs in, pages of other origins are not answered here either."""
PATH_SHOWN = 60
"""So much of a path is remembered [characters]."""


class Guard:
    """ASGI middleware.

    Args:
        app: what it guards.
        access: who may come in.
        cookie: name of the session's cookie.
        loopback: whether only this machine reaches the panel; then only names of this machine are hosts, so that a name that somebody
            lets point here is none.
        refused: told the address and what was refused, of whoever would write without a session or sends a wrong token; one a second of
            each address at most.
    """

    def __init__(
        self, app: ASGIApp, *, access: Access, cookie: str, loopback: bool, refused: Callable[[str, str], object]
    ) -> None:  # fmt: skip
        self._app, self._access, self._cookie, self._loopback = app, access, cookie, loopback
        self._refused, self._throttle = refused, Throttle()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by itself, or let the application answer, always with :data:`SECURITY`."""
        if scope["type"] != "http":
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY.items():
                    headers[name] = value
            await send(message)

        answer = self._refusal(scope, Headers(scope=scope))
        await (self._app if answer is None else answer)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """What is answered instead of what was asked for; none where the request may pass."""
        path, bearer, reads = scope["path"], headers.get("authorization"), scope["method"] in ("GET", "HEAD")
        if self._loopback and not is_loopback(_hostname(headers.get("host", ""))):
            return JSONResponse({"error": "this host name is not ours"}, 421)
        # Browsers send no authorization to other origins without asking first, and they are never told yes.
        checked = not reads or (path in COSTLY and not self._access.needed)
        if checked and bearer is None and (foreign := _foreign(headers, reads)):
            if self._access.needed:
                self._remember(scope, foreign)
            return JSONResponse({"error": foreign}, 403)
        if path.startswith(OPEN):
            return None
        if self._access.needed and bearer is not None:
            try:
                self._access.check(bearer.removeprefix("Bearer "), client(scope))
            except LoginError as error:
                self._remember(scope, str(error))
                return not_in(error)
        elif not self._access.knows(session_of(headers, self._cookie)):
            if not reads:
                self._remember(scope, "log in first")
            return RedirectResponse("/login", 303) if path == "/" else JSONResponse({"error": "log in first"}, 401)
        return None

    def _remember(self, scope: Scope, why: str) -> None:
        if self._throttle.lets(address := client(scope)):
            self._refused(address, f"{scope['method']} {scope['path'][:PATH_SHOWN]}: {why}")


def _foreign(headers: Headers, reads: bool) -> str:
    """Why a request comes neither from our own page nor from a program; empty where it does.

    What only reads may lack our header, which links and event streams cannot send, where the browser says that it is from our page, or from
    nowhere: typed into its address bar.
    """
    site, ours = headers.get("sec-fetch-site"), ("same-origin", "none") if reads else ("same-origin",)
    if headers.get(OURS) is None and not (reads and site in ours):
        return f"the header {OURS} is missing"
    if site is not None and site not in ours:
        return "requests from other sites are not obeyed"
    origin = headers.get("origin")
    if origin is not None and urllib.parse.urlsplit(origin).netloc != headers.get("host", ""):
        return f"requests from {origin} are not obeyed"
    return ""


def client(scope: Scope) -> str:
    """Address that a request comes from."""
    return scope["client"][0] if scope.get("client") else "unknown"


def session_of(headers: Headers, cookie: str) -> str | None:
    """What the session's cookie holds."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(cookie)
    except CookieError:
        return None
    return None if found is None else found.value


def not_in(error: LoginError) -> JSONResponse:
    """The answer to a wrong token."""
    waits = {"Retry-After": f"{error.wait:.0f}"} if error.wait else None
    return JSONResponse({"error": str(error)}, 429 if str(error).startswith("too many") else 401, waits)


def _hostname(host: str) -> str:
    """Name of a Host header, without its port.

    >>> _hostname("127.0.0.1:8080"), _hostname("[::1]:8080"), _hostname("localhost")
    ('127.0.0.1', '::1', 'localhost')
    """
    if host.startswith("["):
        return host[1:].partition("]")[0]
    name = host.rpartition(":")[0] if host.count(":") == 1 else host
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name.lower()
