"""Requests at the edge of the Modbus specification: what contradicts itself, what only looks done, who does not read."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Iterator

import pytest
from modbus_frames import ask, place, write16
from wire_plants import points

from lowlift.hil.served_plant import ServedPlant
from lowlift.wire.modbus_server import ModbusServer

SET, COIL = place("T_chw_set.cmd"), place("remote_enable.cmd")
DATA = struct.pack(">f", 8.25)
BUFFERED_MAX = 1_000_000
"""Answers that may wait for a client that does not read [bytes]."""


@pytest.fixture
def server(plant: ServedPlant) -> Iterator[ModbusServer]:
    one = ModbusServer(plant.image, port=0)
    one.start()
    yield one
    one.stop()


def both(read: int, count: int = 2, written: int = SET) -> bytes:
    """Function 23."""
    return struct.pack(">BHHHHB", 23, read, count, written, 2, 4) + DATA


def test_function_23_writes_before_it_reads(plant: ServedPlant, server: ModbusServer) -> None:
    assert ask(server, both(SET)) == bytes([23, 4]) + DATA
    assert plant.image.value(points().position("T_chw_set.cmd")) == 8.25


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (both(60000), 2),
        (both(SET, written=SET + 1), 2),
        (both(SET)[:-2], 3),
        (struct.pack(">BHH", 5, COIL, 0x1234), 3),
        (struct.pack(">BHH", 5, COIL, 0xFF01), 3),
        (struct.pack(">BHHB", 5, COIL, 0, 0), 3),
        (struct.pack(">BHHB", 6, SET, 0, 0), 3),
        (struct.pack(">BHHBB", 15, COIL, 1, 2, 0), 3),
        (struct.pack(">BHHBH", 15, COIL, 1, 2, 0), 3),
        (struct.pack(">BHHB", 15, COIL, 0, 0), 3),
        (struct.pack(">BHHB", 15, COIL, 1969, 247) + bytes(247), 3),
        (struct.pack(">BHHB", 16, SET, 2, 8) + DATA, 3),
        (struct.pack(">BHHB", 16, SET, 4, 4) + DATA, 3),
        (struct.pack(">BHH", 16, SET, 2), 3),
        (struct.pack(">BHHH", 22, 60000, 0, 0), 2),
    ],
)
def test_a_write_that_contradicts_itself_is_refused_whole_and_remembered(
    plant: ServedPlant, server: ModbusServer, request_: bytes, code: int
) -> None:
    before, refused = plant.image.values(), plant.image.n_refused
    assert ask(server, request_) == bytes([request_[0] | 0x80, code])
    assert (plant.image.values() == before).all()
    assert plant.image.n_refused == refused + 1
    assert plant.image.events()[-1].source.startswith("modbus 127.0.0.1:")


@pytest.mark.parametrize(
    "request_",
    [
        struct.pack(">BHH", 5, COIL, 0xFF00),
        struct.pack(">BHHBB", 15, COIL, 1, 1, 1),
        write16(SET, 8.25),
    ],
)
def test_the_answer_repeats_the_request_whoever_is_in_force(plant: ServedPlant, server: ModbusServer, request_: bytes) -> None:
    plant.image.write({"remote_enable.cmd": 0.0, "T_chw_set.cmd": 7.0}, "panel", 8)
    assert ask(server, request_) == request_[:5]
    for name, value in (("remote_enable.cmd", 0.0), ("T_chw_set.cmd", 7.0)):
        assert plant.image.value(points().position(name)) == value
    assert "waits" in plant.image.events()[-1].text


@pytest.mark.parametrize(
    "request_",
    [
        bytes([7]),
        struct.pack(">BHH", 8, 99, 0),
        struct.pack(">BHH", 8, 4, 0),
        bytes([11]),
        bytes([20, 7, 6, 0, 1, 0, 0, 0, 1]),
        bytes([21, 9, 6, 0, 1, 0, 0, 0, 1, 0, 5]),
        struct.pack(">BH", 24, 0),
        bytes([43, 13, 1, 0]),
        bytes([0x83, 2]),
    ],
)
def test_what_is_not_done_is_not_answered_as_if_it_were(server: ModbusServer, request_: bytes) -> None:
    assert ask(server, request_) == bytes([request_[0] | 0x80, 1])


def test_a_query_comes_back_and_the_server_says_who_it_is(server: ModbusServer) -> None:
    assert ask(server, struct.pack(">BHH", 8, 0, 0xA537)) == struct.pack(">BHH", 8, 0, 0xA537)
    assert b"chiller_plant" in ask(server, bytes([43, 14, 1, 0]))


def test_writes_to_a_failed_plant_are_refused_and_remembered(plant: ServedPlant, server: ModbusServer) -> None:
    plant.image.fail("a step")
    for request in (write16(SET, 8.25), both(SET)):
        refused = plant.image.n_refused
        assert ask(server, request) == bytes([request[0] | 0x80, 4])
        assert plant.image.n_refused == refused + 1


def test_f39_a_client_that_does_not_read_waits_and_goes_on_when_it_does(server: ModbusServer) -> None:
    assert server._server is not None
    server._server.transport.sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    read = struct.pack(">BHH", 4, 0, 124)
    frame = struct.pack(">HHHB", 1, 0, len(read) + 1, 1) + read
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.connect(("127.0.0.1", server.port))
        s.sendall(frame)
        stream = bytearray(s.recv(7))
        s.settimeout(0.01)
        (connection,) = server._server.active_connections.values()
        pipe, sent = connection.transport, len(frame)
        assert isinstance(pipe, asyncio.Transport)
        while pipe.is_reading() and sent < 4 * BUFFERED_MAX:
            with contextlib.suppress(TimeoutError):
                sent += s.send(frame[sent % len(frame) :] + frame * 20)
        assert not pipe.is_reading() and pipe.get_write_buffer_size() < BUFFERED_MAX
        s.settimeout(20.0)
        s.sendall(frame[sent % len(frame) :] if sent % len(frame) else b"")
        n, seen = -(-sent // len(frame)), 0
        while seen < n:
            stream += s.recv(65536)
            while len(stream) >= 6 and len(stream) >= (length := 6 + int.from_bytes(stream[4:6], "big")):
                del stream[:length]
                seen += 1
        assert not stream and pipe.is_reading()
