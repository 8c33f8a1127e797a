"""The panel's web server: an adapter like those of the protocols, with an event loop and a thread of its own."""

import asyncio
import contextlib
import socket
from pathlib import Path
from typing import Any, ClassVar

import uvicorn

from lowlift.hil.panel.access import Access
from lowlift.hil.panel.app import Panel
from lowlift.hil.panel.fault_bank import offered_by
from lowlift.hil.runner import Runner
from lowlift.wire.adapter import Adapter, ServeError, is_loopback
from lowlift.wire.image import Snapshot

REFRESH = 0.5
"""Least real time between two messages [s]."""
LAST_WORDS = 2
"""Connections that are open when it stops are cut after so long [s]."""


class PanelServer(Adapter):
    """Serves a panel over HTTP, or HTTPS where there is a certificate.

    Args:
        runner: the run.
        token: what opens a session; none where everybody who reaches the panel may use it, which only loopback may.
        host: address to bind.
        port: TCP port; 0 takes a free one.
        certificate: certificate chain, PEM.
        private_key: its key, PEM.

    Raises:
        ServeError: reachable from elsewhere without a token; a certificate without key, or unreadable.
    """

    protocol: ClassVar[str] = "panel"
    pushes: ClassVar[bool] = True
    refresh_every: float = REFRESH

    def __init__(
        self, runner: Runner, *, token: str | None = None, host: str = "127.0.0.1", port: int = 8080, certificate: Path | None = None,
        private_key: Path | None = None,
    ) -> None:  # fmt: skip
        super().__init__(runner.served.image)
        if token is None and not is_loopback(host):
            raise ServeError(f"panel: {host} is reached from other machines and needs a token")
        if (certificate is None) != (private_key is None):
            raise ServeError("panel: certificate and private key belong together")
        for option, file in (("--panel-certificate", certificate), ("--panel-key", private_key)):
            _check_readable(option, file)
        self._host, self._port = host, port
        self._tls: dict[str, Any] = {} if certificate is None else {"ssl_certfile": certificate, "ssl_keyfile": private_key}
        self.token = token
        self.panel = Panel(runner, Access(token), faults=offered_by(runner.served), cookie=f"lowlift_panel_{port or 'any'}",
                           secure=bool(self._tls), loopback=is_loopback(host))  # fmt: skip
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Of the page."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._tls else 'http'}://{host}:{self._port}/"

    async def open(self) -> None:
        """Bind and serve.

        Raises:
            OSError: the port is taken, the address is not ours, the certificate is unreadable.
        """
        config = uvicorn.Config(self.panel.app, log_config=None, access_log=False, lifespan="off", ws="none", server_header=False,
                                proxy_headers=False, timeout_graceful_shutdown=LAST_WORDS, **self._tls)  # fmt: skip
        # Here, not in its task: where a certificate is unreadable the caller is told.
        try:
            config.load()
        except OSError as error:
            raise OSError(f"{' and '.join(map(str, self._tls.values()))} are no certificate and its key, PEM: {error}") from error
        bound = _bound(self._host, self._port)
        self._port = bound.getsockname()[1]
        self._server = _Server(config)
        self._serving = asyncio.get_running_loop().create_task(self._server.serve(sockets=[bound]))
        while not self._server.started:
            if self._serving.done():
                self._serving.result()
                raise OSError("the web server has ended at once")
            await asyncio.sleep(0.01)
        self._ends_history = self.image.subscribe(self.panel.history.add)
        self.panel.history.add(self.image.read())

    async def refresh(self, snapshot: Snapshot) -> None:
        """Tell all open pages."""
        self.panel.wake()

    async def close(self) -> None:
        """End the streams, let go of the port."""
        if self._server is None or self._serving is None:
            return
        self._ends_history()
        self.panel.close()
        self._server.should_exit = True
        await self._serving


class _Server(uvicorn.Server):
    """Signals are the command's business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


def _bound(host: str, port: int) -> socket.socket:
    """A listening address, or why it cannot be had."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    bound = socket.socket(family, kind)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


def _check_readable(option: str, file: Path | None) -> None:
    """The library would not say which file it cannot read."""
    try:
        if file is not None:
            file.read_bytes()
    except OSError as error:
        raise ServeError(f"{option} {file}: cannot be read: {error.strerror}") from error
