"""Present values answered from the table: the library's own answers, byte for byte, and nothing but what is asked in the plain form."""

import socket
import time
from collections.abc import Iterator

import numpy as np
import pytest
from bacnet_client import LOOPBACK, Client, place, with_client
from bacpypes3.primitivedata import ObjectIdentifier
from hypothesis import given
from hypothesis import strategies as st
from wire_plants import points, served

from lowlift.hil.served_plant import ServedPlant
from lowlift.wire.bacnet_server import BacnetServer
from lowlift.wire.bacnet_values import PresentValues, encode
from lowlift.wire.point import Kind

PLAIN, LIFE_SAFETY = 0x04, 0x07
"""Control octets of an NPDU: the table answers normal priority only, so that the other one shows what the library says."""


def lost(t: float, readings: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return readings | ({"T_return": np.full((1, 1), np.nan)} if t > 0.0 else {})


@pytest.fixture
def plant() -> ServedPlant:
    return served(disturb=lost)


@pytest.fixture
def server(plant: ServedPlant) -> Iterator[BacnetServer]:
    one = BacnetServer(plant.image, LOOPBACK)
    one.refresh_every = 0.0
    one.start()
    yield one
    one.stop()


def octets(name: str) -> bytes:
    kind, instance = ObjectIdentifier(place(name))
    return b"\x0c" + ((int(kind) << 22) | instance).to_bytes(4, "big")


def many(names: list[str], control: int = PLAIN, flags: int = 0x02, sizes: int = 0x75) -> bytes:
    apdu = bytes((flags, sizes, 7, 14)) + b"".join(octets(name) + b"\x1e\x09\x55\x1f" for name in names)
    return b"\x81\x0a" + (len(apdu) + 6).to_bytes(2, "big") + bytes((1, control)) + apdu


def one(name: str, control: int = PLAIN) -> bytes:
    apdu = bytes((0x00, 0x05, 9, 12)) + octets(name) + b"\x19\x55"
    return b"\x81\x0a" + (len(apdu) + 6).to_bytes(2, "big") + bytes((1, control)) + apdu


def ask(server: BacnetServer, frame: bytes) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(10.0)
        s.sendto(frame, ("127.0.0.1", server.port))
        return s.recv(2048)


def both(server: BacnetServer, frame: bytes, slow: bytes) -> bytes:
    """The application's part of the table's answer, after comparing it with the library's."""
    quick = server._values.answer(frame)
    assert quick is not None and server._values.answer(slow) is None
    assert ask(server, frame) == quick
    assert ask(server, slow)[6:] == quick[6:]
    return quick[6:]


def settled(server: BacnetServer) -> None:
    """Waits until every snapshot has been pushed: a step pushes one while the one before it may still be on its way."""
    for _ in range(1000):
        if not server._pending and not server._refreshing:
            return
        time.sleep(0.01)
    raise AssertionError("snapshots are still on their way after 10 s")


def test_every_value_is_the_librarys_also_after_steps_writes_and_lost_readings(server: BacnetServer, plant: ServedPlant) -> None:
    names = [p.name for p in points().points]

    def compare() -> list[bytes]:
        single = [both(server, one(name), one(name, LIFE_SAFETY)) for name in names[::7]]
        groups = [names[k : k + 40] for k in range(0, len(names), 40)]
        return single + [both(server, many(group), many(group, LIFE_SAFETY)) for group in groups]

    async def work(client: Client) -> None:
        assert await client.write("T_chw_set.cmd", 8.0, 13) == "good"
        assert await client.write("y_chw.mode", 1, 8) == "good"
        assert await client.write("remote_enable.cmd", "inactive", 8) == "good"

    first = compare()
    with_client(server, work)
    second = compare()
    assert second != first
    for _ in range(4):
        plant.step()
    settled(server)
    assert compare() != second


def test_what_is_not_plain_or_does_not_fit_is_left_to_the_library(server: BacnetServer) -> None:
    names = [p.name for p in points().points][:40]
    values = server._values
    assert values.answer(many(names)) is not None
    for frame in (
        many([]), many(names, sizes=0x70), many(names, sizes=0x76), many(names, flags=0x0A), many(names, flags=0x10), many(names)[:-1],
        many(names) + b"\x00", many(names).replace(b"\x09\x55", b"\x09\x4d", 1), many(names, control=0x24), one("T_chw")[:-1] + b"\x1c",
        one("T_chw").replace(octets("T_chw"), b"\x0c\x00\x3f\xff\xff"), b"", b"\x81\x0a\x00\x06\x01\x04", b"\x81\x0b" + many(names)[2:],
    ):  # fmt: skip
        assert values.answer(frame) is None, frame.hex()
    # Too long for the client's 50 octets, and it takes no segments: an abort is the library's.
    assert ask(server, many(names, flags=0x00, sizes=0x00))[6] >> 4 == 7


@given(st.binary(max_size=60), st.booleans())
def test_f42_no_bytes_upset_the_table(noise: bytes, looks_right: bool) -> None:
    frame = b"\x81\x0a" + (len(noise) + 10).to_bytes(2, "big") + b"\x01\x04\x02\x75\x01\x0e" + noise if looks_right else noise
    assert PresentValues().answer(frame) is None


@pytest.mark.parametrize(("kind", "value", "bytes_"), [
    (Kind.ANALOG, 72.0, "4442900000"), (Kind.BINARY, 1, "9101"), (Kind.MULTISTATE, 3, "2103"), (Kind.MULTISTATE, 300, "22012c"),
])  # fmt: skip
def test_encoded_as_the_standard_has_it(kind: Kind, value: float, bytes_: str) -> None:
    """*Real* 72.0 is the example of ASHRAE 135, 20.2.6."""
    assert encode(kind, value).hex() == bytes_
