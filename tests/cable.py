"""Cables that can be pulled, for TCP and for UDP: what is sent then is lost, and nobody is told, as with a real one."""

import contextlib
import selectors
import socket
import threading
from types import TracebackType
from typing import Self


class Cable:
    """Carries connections from a port of its own to another port of this machine, while its context is open."""

    def __init__(self, port: int) -> None:
        self._there = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._ends: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._pulled = False

    def pull(self) -> None:
        """From now on nothing arrives."""
        self._pulled = True

    def plug(self) -> None:
        """Connections of before are gone, new ones are carried."""
        self._cut()
        self._pulled = False

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # Closing alone does not wake a thread that waits in accept.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._cut()
        for thread in self._threads:
            thread.join()

    def _start(self, target, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                here = self._listener.accept()[0]
            except OSError:
                return
            try:
                there = socket.create_connection(("127.0.0.1", self._there))
            except OSError:
                here.close()
                continue
            with self._lock:
                self._ends += [here, there]
            self._start(self._carry, here, there)
            self._start(self._carry, there, here)

    def _carry(self, here: socket.socket, there: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := here.recv(65536):
                if not self._pulled:
                    there.sendall(data)
        if not self._pulled:
            for end in (here, there):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def _cut(self) -> None:
        with self._lock:
            ends, self._ends = self._ends, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class DatagramCable:
    """The same for UDP: each client has a port of its own on the other side."""

    def __init__(self, port: int) -> None:
        self._there = ("127.0.0.1", port)
        self._here = _datagrams()
        self.port: int = self._here.getsockname()[1]
        self._wake, self._woken = socket.socketpair()
        self._ends: dict[tuple[str, int], socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._thread = threading.Thread(target=self._carry)
        self._pulled = False

    def pull(self) -> None:
        """From now on nothing arrives."""
        self._pulled = True

    def plug(self) -> None:
        """What is sent from now on arrives."""
        self._pulled = False

    def __enter__(self) -> Self:
        for one in (self._here, self._woken):
            self._selector.register(one, selectors.EVENT_READ)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._wake.close()
        self._thread.join()
        self._selector.close()
        for one in (self._here, self._woken, *self._ends.values()):
            one.close()

    def _carry(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._woken:
                    return
                # Nobody listening shows as an error of the socket.
                with contextlib.suppress(ConnectionError):
                    self._pass_on(key.fileobj, key.data)

    def _pass_on(self, ready, client: tuple[str, int] | None) -> None:
        data, source = ready.recvfrom(65536)
        if self._pulled:
            return
        if client is not None:
            self._here.sendto(data, client)
            return
        if source not in self._ends:
            self._ends[source] = _datagrams()
            self._selector.register(self._ends[source], selectors.EVENT_READ, source)
        self._ends[source].sendto(data, self._there)


def _datagrams() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    return made
