"""The panel as an ASGI application: pages, and an interface in JSON that the page and programs use alike.

========  ========================  ==========================================================================================
method    path                      what
========  ========================  ==========================================================================================
GET       ``/api/plant``            what never changes: columns, limits, controls
GET       ``/api/state``            values, run, newest events, once
GET       ``/api/stream``           the same as Server-Sent Events, twice a second at most
GET       ``/api/history``          ``?points=a,b``: the last hour
POST      ``/api/write``            ``{"values": {"T_chw_set.cmd": 8.0}}``: all are taken, or none, at priority 8; ``overruled`` names those
                                    that somebody above holds, and who
POST      ``/api/release``          ``{"points": ["T_chw_set.cmd"]}``: priority 8 lets go; the answer says what is in force now
POST      ``/api/run``              ``{"action": "pause" | "resume" | "step" | "speed", "n": 1, "speed": 60}``
POST      ``/api/fault``            ``{"name": ..., "on": true}``
POST      ``/api/plan``             ``{"source": ..., "t": [...], "values": {...}}``; see :mod:`lowlift.hil.panel.plans`
GET       ``/api/snapshot``         a file to keep; POST to ``/api/restore`` goes back to it
POST      ``/api/login``            ``{"token": ...}``: opens a session; programs send ``Authorization: Bearer TOKEN`` instead
========  ========================  ==========================================================================================

What is refused is answered with ``{"error": ...}`` in the words of whoever has refused it. Requests that change something, and stream and
snapshot where there is no token, need the header ``X-Lowlift-Panel`` of our own page and of programs, unless they carry the token.
"""

import asyncio
import functools
import importlib.resources
import json
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio.to_thread
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from lowlift.hil.panel.access import SESSION, Access, LoginError
from lowlift.hil.panel.bodies import BodyError, FaultBody, LoginBody, ReleaseBody, RunBody, WriteBody, body_of, raw_body
from lowlift.hil.panel.commands import released, written
from lowlift.hil.panel.describe import described
from lowlift.hil.panel.diagrams import diagram_of, is_drawn
from lowlift.hil.panel.fault_switch import FaultSwitch
from lowlift.hil.panel.guard import Guard, client, not_in, session_of
from lowlift.hil.panel.history import History
from lowlift.hil.panel.live import Look
from lowlift.hil.panel.plans import PlanBoard, PlanBody, PlanError
from lowlift.hil.panel.schematic import NARROW, WIDE, schematic_svg
from lowlift.hil.panel.shown import Shown
from lowlift.hil.runner import SPEED_MAX, RunError, Runner
from lowlift.hil.snapshot import SnapshotError
from lowlift.wire.point import RefusedError
from lowlift.wire.priorities import OPERATOR

STREAMS_MAX = 32
"""Pages that may be open at once."""
QUIET = 1.0
"""A stream says something at least this often [s]: a paused plant shows commands and events too."""
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Panel:
    """One panel: its application and what it keeps.

    Args:
        runner: the run that it shows and commands.
        access: who may use it.
        faults: what can be switched, where something can.
        cookie: name of the session's cookie.
        secure: whether it is served over TLS.
        loopback: whether only this machine reaches it.
    """

    def __init__(
        self, runner: Runner, access: Access, *, faults: FaultSwitch | None = None, cookie: str = "lowlift_panel", secure: bool = False,
        loopback: bool = True,
    ) -> None:  # fmt: skip
        self.runner, self.access, self.faults = runner, access, faults
        self._cookie, self._secure = cookie, secure
        served = runner.served
        self.shown = Shown(served.plant, served.image.points)
        self.history = History(self.shown)
        self.plans = PlanBoard(served.plant, served.image.points, self.shown)
        self._waiting: set[asyncio.Event] = set()
        self.closing = False
        get, post = ["GET"], ["POST"]
        routes = [
            Route("/", functools.partial(self._file, name="index.html"), methods=get),
            Route("/login", functools.partial(self._file, name="login.html"), methods=get),
            Route("/favicon.ico", functools.partial(self._file, name="icon.svg"), methods=get),
            Route("/static/{name}", self._file, methods=get),
            Route("/api/login", self._login, methods=post), Route("/api/logout", self._logout, methods=post),
            Route("/api/plant", self._plant, methods=get), Route("/api/state", self._state, methods=get),
            Route("/api/schematic/{name}.svg", self._schematic, methods=get), Route("/api/history", self._series, methods=get),
            Route("/api/stream", self._stream, methods=get), Route("/api/write", self._write, methods=post),
            Route("/api/release", self._release, methods=post),
            Route("/api/run", self._run, methods=post), Route("/api/fault", self._fault, methods=post),
            Route("/api/plan", self._publish, methods=post), Route("/api/snapshot", self._snapshot, methods=get),
            Route("/api/restore", self._restore, methods=post),
        ]  # fmt: skip
        guard = Middleware(Guard, access=access, cookie=cookie, loopback=loopback,
                           refused=lambda address, words: served.image.refused(f"panel {address}", "", words))  # fmt: skip
        self.app = Starlette(routes=routes, middleware=[guard], exception_handlers=HANDLERS)

    def wake(self) -> None:
        """Tell all open pages that there is something new; in the loop of the application."""
        for event in self._waiting:
            event.set()

    def close(self) -> None:
        """End all streams."""
        self.closing = True
        self.wake()

    # -- pages ----------------------------------------------------------------------------------------------------

    async def _file(self, request: Request, name: str = "") -> Response:
        content = static_files().get(name or request.path_params["name"])
        if content is None:
            return JSONResponse({"error": "no such file"}, 404)
        return Response(content[1], media_type=content[0])

    async def _login(self, request: Request) -> Response:
        body = await body_of(request, LoginBody)
        address = client(request.scope)
        try:
            session = self.access.login(body.token, address)
        except LoginError as error:
            if not str(error).startswith("too many"):
                self.runner.served.image.note("login", "panel", str(error), f"panel {address}")
            return not_in(error)
        self.runner.served.image.note("login", "panel", "logged in", f"panel {address}")
        answer = JSONResponse({"ok": True})
        answer.set_cookie(self._cookie, session, max_age=int(SESSION), httponly=True, samesite="strict", secure=self._secure)
        return answer

    async def _logout(self, request: Request) -> Response:
        self.access.logout(session_of(request.headers, self._cookie))
        self.wake()
        answer = JSONResponse({"ok": True})
        answer.delete_cookie(self._cookie, httponly=True, samesite="strict", secure=self._secure)
        return answer

    # -- looking --------------------------------------------------------------------------------------------------

    async def _plant(self, request: Request) -> Response:
        return JSONResponse(self._described)

    @functools.cached_property
    def _described(self) -> dict[str, Any]:
        return described(self.runner.served, self.shown, login=self.access.needed, speed_max=SPEED_MAX) | {
            "schematic": "drawing" if is_drawn(self.runner.served.plant) else "tables",
            "faults": self.faults is not None,
        }

    async def _state(self, request: Request) -> Response:
        return JSONResponse(self._look().message())

    async def _schematic(self, request: Request) -> Response:
        layouts = {layout.name: layout for layout in (WIDE, NARROW)}
        plant, layout = self.runner.served.plant, layouts.get(request.path_params["name"])
        if layout is None:
            return JSONResponse({"error": f"no drawing {request.path_params['name']}, only {' and '.join(layouts)}"}, 404)
        return Response(schematic_svg(diagram_of(plant, self.shown), layout, self._described["title"]), media_type="image/svg+xml")

    async def _series(self, request: Request) -> Response:
        names = [name for name in request.query_params.get("points", "").split(",") if name]
        try:
            t, values = self.history.series(names)
        except KeyError as error:
            return JSONResponse({"error": f"no point {error.args[0]!r}"}, 404)
        shown = [[v if v == v else None for v in row] for row in values.T.tolist()]
        return JSONResponse({"t": t.tolist(), "values": dict(zip(names, shown, strict=True))})

    async def _stream(self, request: Request) -> Response:
        if len(self._waiting) >= STREAMS_MAX:
            return JSONResponse({"error": f"{STREAMS_MAX} pages are open already"}, 503)
        headers = {"X-Accel-Buffering": "no"}
        session = session_of(request.headers, self._cookie)
        bearer = "authorization" in request.headers
        return StreamingResponse(
            self._messages(lambda: bearer or self.access.knows(session)), media_type="text/event-stream", headers=headers
        )

    async def _messages(self, may_look: Callable[[], bool]) -> AsyncIterator[str]:
        look, news = self._look(), asyncio.Event()
        self._waiting.add(news)
        try:
            while may_look() and not self.closing:
                news.clear()
                yield f"data: {json.dumps(look.message(), separators=(',', ':'), allow_nan=False)}\n\n"
                try:
                    await asyncio.wait_for(news.wait(), QUIET)
                except TimeoutError:
                    continue
            yield "event: end\ndata: {}\n\n"
        finally:
            self._waiting.discard(news)

    def _look(self) -> Look:
        return Look(self.runner, self.shown, self.plans, self.faults)

    # -- commanding -----------------------------------------------------------------------------------------------

    async def _write(self, request: Request) -> Response:
        body, image = await body_of(request, WriteBody), self.runner.served.image
        image.write(body.values, f"panel {client(request.scope)}", OPERATOR)
        self.wake()
        return JSONResponse(written(image, body.values))

    async def _release(self, request: Request) -> Response:
        body, image = await body_of(request, ReleaseBody), self.runner.served.image
        image.relinquish(body.points, f"panel {client(request.scope)}", OPERATOR)
        self.wake()
        return JSONResponse(released(image, body.points))

    async def _run(self, request: Request) -> Response:
        body, runner = await body_of(request, RunBody), self.runner
        acts: dict[str, Callable[[str], None]] = {
            "pause": runner.pause, "resume": runner.resume, "step": functools.partial(runner.step, body.n),
            "speed": functools.partial(runner.set_speed, body.speed),
        }  # fmt: skip
        await anyio.to_thread.run_sync(acts[body.action], f"panel {client(request.scope)}")
        self.wake()
        return JSONResponse({"ok": True})

    async def _fault(self, request: Request) -> Response:
        body = await body_of(request, FaultBody)
        if self.faults is None:
            return JSONResponse({"error": "this plant offers no faults"}, 404)
        image = self.runner.served.image
        if image.failed:
            return JSONResponse({"error": f"the plant has failed: {image.failed}"}, 422)
        try:
            await anyio.to_thread.run_sync(self.faults.switch, body.name, body.on)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 422)
        image.note("fault", body.name, "on" if body.on else "off", f"panel {client(request.scope)}")
        self.wake()
        return JSONResponse({"ok": True})

    async def _publish(self, request: Request) -> Response:
        self.plans.post(await body_of(request, PlanBody), self.runner.served.image.read().t)
        self.wake()
        return JSONResponse({"ok": True})

    async def _snapshot(self, request: Request) -> Response:
        def saved() -> bytes:
            with tempfile.TemporaryDirectory() as folder:
                return self.runner.save(Path(folder) / "snapshot.json").read_bytes()

        content = await anyio.to_thread.run_sync(saved)
        served = self.runner.served
        served.image.note("run", "elapsed", "snapshot taken", f"panel {client(request.scope)}")
        name = f"{served.plant.site.name}_{served.image.read().t:.0f}s.json"
        return Response(content, media_type="application/json", headers={"Content-Disposition": f'attachment; filename="{name}"'})

    async def _restore(self, request: Request) -> Response:
        content = await raw_body(request)

        def restored() -> None:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "the file sent"
                path.write_bytes(content)
                try:
                    self.runner.restore(path, f"panel {client(request.scope)}")
                except SnapshotError as error:
                    raise SnapshotError(str(error).replace(str(path), path.name)) from error

        await anyio.to_thread.run_sync(restored)
        self.wake()
        return JSONResponse({"ok": True})


@functools.cache
def static_files() -> dict[str, tuple[str, bytes]]:
    """Media type and content of all files of the page, by name: there is no way to any other file."""
    folder = importlib.resources.files("lowlift.hil.panel") / "static"
    return {f.name: (TYPES[Path(f.name).suffix], f.read_bytes()) for f in folder.iterdir() if Path(f.name).suffix in TYPES}


def _refused(status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        return JSONResponse({"error": str(error)}, status)

    return answer


async def _write_refused(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error), "refusal": error.refusal.value if isinstance(error, RefusedError) else ""}, 422)


HANDLERS: dict[Any, Callable[[Request, Exception], Awaitable[Response]]] = {
    RefusedError: _write_refused, RunError: _refused(422), SnapshotError: _refused(422), PlanError: _refused(422), BodyError: _refused(422),
}  # fmt: skip
