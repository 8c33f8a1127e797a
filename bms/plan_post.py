"""A controller's plans on their way to a web panel, sent by a thread of their own: a panel that is slow or dead delays no decision.

Only the newest plan waits; one that has not been sent when the next is made is out of date and dropped. What fails is not tried again, the
next decision brings a plan of its own; the first failure is told, and the first plan that arrives after it.
"""

import dataclasses
import http.client
import json
import ssl
import threading
import urllib.parse
from collections.abc import Callable
from typing import Self

from lowlift.controllers.interface import Plan
from lowlift.models.plant import Plant
from lowlift.wire.adapter import is_loopback
from lowlift.wire.links import UrlError
from lowlift.wire.plan_courses import courses_of
from lowlift.wire.point_list import PointList

TIMEOUT = 2.0
"""Longest wait for the panel, to connect and to answer [s]."""
ANSWER_MAX = 65536
"""Most that is read of an answer [bytes]."""
NOT_A_BROWSER = {"X-Lowlift-Panel": "1", "Content-Type": "application/json"}
"""A panel without login wants to know that no foreign page asks."""


class _RefusedError(Exception):
    """The panel answers, and says no."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Waiting:
    plan: Plan
    zero: float


class PlanPoster:
    """Sends plans to one panel while its context is open.

    Args:
        url: of the panel, ``http://host:port`` or ``https://host:port``.
        plant: what is planned for.
        points: its points.
        source: who plans, as the panel shows it.
        token: of the panel; beyond this machine it always has one.
        tell: hears of the first failure and of the first plan that arrives after it, from this object's thread.
        timeout: longest wait for the panel [s].

    Raises:
        UrlError: not the URL of a panel, beyond this machine without a token, or a token that no header can hold.
    """

    def __init__(
        self, url: str, plant: Plant, points: PointList, source: str, *, token: str | None = None,
        tell: Callable[[str], None] = lambda line: None, timeout: float = TIMEOUT,
    ) -> None:  # fmt: skip
        self._parts = _checked(url, token)
        self._plant, self._points, self._source = plant, points, source
        self._headers = NOT_A_BROWSER | ({} if token is None else {"Authorization": f"Bearer {token}"})
        self._tell, self._timeout = tell, timeout
        self._tls = ssl.create_default_context() if self._parts.scheme == "https" else None
        self._news = threading.Condition()
        self._waiting: _Waiting | None = None
        self._ending = False
        self._fails = False
        # A daemon: a panel that does not answer keeps nobody from leaving.
        self._thread = threading.Thread(target=self._run, name="plans", daemon=True)

    @property
    def in_the_open(self) -> bool:
        """Whether the token can be read by who listens on the network."""
        return self._tls is None and not is_loopback(self._parts.hostname or "")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        """A plan that waits has one more chance."""
        with self._news:
            self._ending = True
            self._news.notify()
        self._thread.join(2.0 * self._timeout)

    def post(self, plan: Plan, zero: float) -> None:
        """Send a plan; returns at once.

        Args:
            plan: the plan.
            zero: the site's time at which the plan's clock was 0 [s].
        """
        with self._news:
            self._waiting = _Waiting(plan=plan, zero=zero)
            self._news.notify()

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._waiting is not None or self._ending)
                job, self._waiting = self._waiting, None
            if job is None:
                return
            try:
                self._send(job)
            except (OSError, http.client.HTTPException) as error:
                self._say(f"{type(error).__name__}: {error}")
            # A plan with holes (CourseError), a host name that is none (UnicodeError).
            except (ValueError, _RefusedError) as error:
                self._say(str(error))
            else:
                self._say("")

    def _say(self, failure: str) -> None:
        if bool(failure) != self._fails:
            where = f"{self._parts.scheme}://{self._parts.netloc}"
            self._tell(f"plans do not reach the panel at {where}: {failure}" if failure else f"plans reach the panel at {where} again")
        self._fails = bool(failure)

    def _send(self, job: _Waiting) -> None:
        values = courses_of(job.plan, self._plant, self._points)
        body = {"source": self._source, "t": [float(t) + job.zero for t in job.plan.t], "values": values}
        host, port = self._parts.hostname or "", self._parts.port
        connection = (
            http.client.HTTPConnection(host, port, timeout=self._timeout) if self._tls is None
            else http.client.HTTPSConnection(host, port, timeout=self._timeout, context=self._tls)
        )  # fmt: skip
        try:
            # Redirections are not followed: they could carry the token to somebody else.
            connection.request("POST", f"{self._parts.path.rstrip('/')}/api/plan", json.dumps(body, allow_nan=False), self._headers)
            answer = connection.getresponse()
            said = answer.read(ANSWER_MAX)
        finally:
            connection.close()
        if answer.status != http.client.OK:
            raise _RefusedError(f"{answer.status} {answer.reason}{_why(said)}")


def _why(said: bytes) -> str:
    """Reason in the panel's own words, where it is a panel that answers."""
    try:
        reason = json.loads(said)["error"]
    except (ValueError, TypeError, KeyError):
        return ""
    return f": {reason}"


def _checked(url: str, token: str | None) -> urllib.parse.SplitResult:
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UrlError(f"{url}: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or parts.query or parts.fragment:
        raise UrlError(f"{url}: a panel is at a URL like http://127.0.0.1:8080")
    if parts.username is not None:
        raise UrlError(f"{parts.scheme}://…@{parts.hostname}: names and passwords do not belong into a URL")
    if token is None and not is_loopback(parts.hostname):
        raise UrlError(f"{url}: a panel beyond this machine wants its token")
    if token is not None and not (token.isascii() and token.isprintable()):
        raise UrlError(f"{url}: the panel's token must consist of printable ASCII characters")
    return parts
