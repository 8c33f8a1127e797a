"""Clients that poll a served plant, a process each, and one that floods it: for ``benchmarks/serve.py``."""

import asyncio
import contextlib
import os
import random
import socket
import sys
import time
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from lowlift.models import load
from lowlift.wire.points import points_of

PROTOCOLS = ("modbus", "bacnet", "opcua")
GIVE_WAY = 10
"""Niceness of clients."""
AT_ONCE = 40
"""BACnet objects in one request: their answer fits one APDU of 1476 bytes."""
TIMEOUT = 5.0
"""Longest wait for an answer [s]."""


def poll(pipe: Connection, protocol: str, name: str, url: str, sweeps: int, seconds: float) -> None:
    """A client's process: ``sweeps`` reads of all points in each second, on a grid of its own."""
    os.nice(GIVE_WAY)
    connect = {"modbus": modbus, "bacnet": bacnet, "opcua": opcua}[protocol]
    sweep, end = connect(name, url)
    sweep()
    pipe.send("connected")
    pipe.recv()
    took, values, late, lost = [], 0, 0, 0
    begin, period, k = time.monotonic(), 1.0 / sweeps, 0
    while (due := begin + k * period) < begin + seconds:
        time.sleep(max(due - time.monotonic(), 0.0))
        try:
            values += sweep()
        except (OSError, TimeoutError) as error:
            if not lost:
                print(f"{protocol}: first lost sweep: {error!r}", file=sys.stderr)
            lost += 1
            with contextlib.suppress(OSError, TimeoutError):
                sweep, end = connect(name, url)
        done = time.monotonic() - due
        took.append(done)
        late += int(done > 1.0)
        k += 1
    with contextlib.suppress(OSError, TimeoutError):
        end()
    pipe.send({
        "protocol": protocol, "values_per_s": values / (time.monotonic() - begin), "sweeps": k, "late": late, "lost": lost,
        "p50_ms": 1e3 * float(np.median(took)), "p99_ms": 1e3 * float(np.quantile(took, 0.99)), "max_ms": 1e3 * max(took),
    })  # fmt: skip


def modbus(name: str, url: str) -> tuple[Any, Any]:
    """A sweep by the library's own link."""
    from lowlift.wire.modbus_client import ModbusLink

    host, _, port = url.removeprefix("modbus://").partition(":")
    link = ModbusLink(points_of(load(name, check=False)), host, int(port), timeout=TIMEOUT)
    link.connect()
    return lambda: len(link.read()), link.close


def bacnet(name: str, url: str) -> tuple[Any, Any]:
    """A sweep by requests that have been encoded before; an answer belongs to the request whose invoke number it has."""
    from bacpypes3.primitivedata import ObjectIdentifier

    host, _, port = url.removeprefix("bacnet://").partition(":")
    places = [a.bacnet.text for a in points_of(load(name, check=False)).addresses]
    frames = []
    for k, begin in enumerate(range(0, len(places), AT_ONCE)):
        apdu = bytearray([0x02, 0x75, k, 14])
        for text in places[begin : begin + AT_ONCE]:
            kind, instance = ObjectIdentifier(text)
            apdu += b"\x0c" + ((int(kind) << 22) | instance).to_bytes(4, "big") + b"\x1e\x09\x55\x1f"
        frames.append(b"\x81\x0a" + (len(apdu) + 6).to_bytes(2, "big") + b"\x01\x04" + bytes(apdu))
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.settimeout(TIMEOUT)
    one.connect((host, int(port)))

    def sweep() -> int:
        values = 0
        for k, frame in enumerate(frames):
            one.send(frame)
            while (answer := one.recv(2048))[7] != k:
                pass
            if answer[6] >> 4 != 3:
                raise OSError(f"request {k} is answered with PDU type {answer[6] >> 4}")
            values += answer.count(b"\x29\x55\x4e")
        return values

    return sweep, one.close


def opcua(name: str, url: str) -> tuple[Any, Any]:
    """A sweep by one Read of all values."""
    from asyncua import Client, ua

    nodes = [ua.NodeId(a.opcua.node, 2) for a in points_of(load(name, check=False)).addresses]
    wanted = [ua.ReadValueId(NodeId=n, AttributeId=ua.AttributeIds.Value) for n in nodes]
    loop, client = asyncio.new_event_loop(), Client(url, timeout=TIMEOUT)
    loop.run_until_complete(client.connect())
    asked = ua.ReadParameters(NodesToRead=wanted)

    def sweep() -> int:
        return len(loop.run_until_complete(client.uaclient.read(asked)))

    return sweep, lambda: loop.run_until_complete(client.disconnect())


def flood(pipe: Connection, urls: dict[str, str], seconds: float) -> None:
    """Modbus requests as fast as they are answered, and random bytes to every port, from connections that are dropped."""
    source, requests, garbage = random.Random(5), 0, 0
    ports = {protocol: int(url.rpartition(":")[2]) for protocol, url in urls.items()}
    ends, request = time.monotonic() + seconds, bytes([0, 1, 0, 0, 0, 6, 1, 4, 0, 0, 0, 100])
    one = socket.create_connection(("127.0.0.1", ports["modbus"]), timeout=TIMEOUT)
    datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    while time.monotonic() < ends:
        for _ in range(100):
            one.sendall(request)
            one.recv(4096)
            requests += 1
        noise = source.randbytes(source.randrange(1, 1400))
        datagram.sendto(b"\x81\x0a" + (len(noise) + 4).to_bytes(2, "big") + noise, ("127.0.0.1", ports["bacnet"]))
        for protocol in ("modbus", "opcua"):
            try:
                with socket.create_connection(("127.0.0.1", ports[protocol]), timeout=TIMEOUT) as s:
                    s.sendall(noise)
                garbage += 1
            except OSError:
                # The server may drop whoever sends nonsense.
                garbage += 1
    one.close()
    pipe.send({"requests_per_s": requests / seconds, "garbage": garbage})
