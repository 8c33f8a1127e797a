"""Modbus TCP requests by hand, independent of any Modbus library."""

import socket
import struct

from wire_plants import points

from lowlift.wire.modbus_server import ModbusServer


def ask(server: ModbusServer, request: bytes, unit: int = 1) -> bytes:
    """One request: what comes back after the unit."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5.0) as s:
        s.sendall(struct.pack(">HHHB", 77, 0, len(request) + 1, unit) + request)
        head = s.recv(7)
        number, protocol, length, answered = struct.unpack(">HHHB", head)
        assert (number, protocol, answered) == (77, 0, unit)
        body = b""
        while len(body) < length - 1:
            body += s.recv(length - 1 - len(body))
        return body


def place(name: str) -> int:
    return points().addresses[points().position(name)].modbus.address


def write16(address: int, *values: float) -> bytes:
    data = b"".join(struct.pack(">f", v) for v in values)
    return struct.pack(">BHHB", 16, address, len(data) // 2, len(data)) + data
