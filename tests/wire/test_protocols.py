"""Protocol servers by name, and what all of them have in common."""

import asyncio
import sys

import numpy as np
import pytest
from wire_plants import points

from lowlift.wire.adapter import Adapter, ServeError
from lowlift.wire.image import PointImage, Snapshot
from lowlift.wire.protocols import SERVERS, UnknownProtocolError, server


class Listener(Adapter):
    """Keeps what it is told to push."""

    protocol, pushes, refresh_every = "listener", True, 0.0
    url = "listener://"

    def __init__(self, image: PointImage) -> None:
        super().__init__(image)
        self.pushed: list[int] = []
        self.done = False

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        self.done = True

    async def refresh(self, snapshot: Snapshot) -> None:
        self.pushed.append(snapshot.step)
        await asyncio.sleep(0.001)
        if snapshot.step == 3:
            raise RuntimeError("a subscriber is gone")


@pytest.mark.parametrize("name", SERVERS)
def test_every_protocol_has_a_server(name: str) -> None:
    made = server(name, PointImage(points()))
    assert made.protocol == name and "://" in made.url
    made.stop()


def test_unknown_protocols_and_missing_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownProtocolError, match="did you mean modbus"):
        server("mobdus", PointImage(points()))
    monkeypatch.delitem(sys.modules, "lowlift.wire.modbus_server", raising=False)
    monkeypatch.setitem(sys.modules, "pymodbus.constants", None)
    with pytest.raises(ServeError, match=r"is not installed; install lowlift\[hil\]"):
        server("modbus", PointImage(points()))


def test_the_newest_snapshot_always_arrives_whatever_happens_on_the_way() -> None:
    image = PointImage(points())
    one = Listener(image)
    one.start()
    for k in range(1, 201):
        image.publish(float(k), k, np.zeros(len(points())))
    while not one.pushed or one.pushed[-1] != 200:
        image.read()
    one.stop()
    assert one.done and one.pushed == sorted(set(one.pushed))
    image.publish(201.0, 201, np.zeros(len(points())))
    assert one.pushed[-1] == 200
