"""A plant of its own for each test, and a BACnet server of it; files with others have fixtures of the same name."""

from collections.abc import Iterator

import pytest
from bacnet_client import LOOPBACK
from wire_plants import served

from lowlift.hil.served_plant import ServedPlant
from lowlift.wire.bacnet_server import BacnetServer


@pytest.fixture
def plant() -> ServedPlant:
    return served()


@pytest.fixture
def server(plant: ServedPlant) -> Iterator[BacnetServer]:
    one = BacnetServer(plant.image, LOOPBACK)
    one.start()
    yield one
    one.stop()
