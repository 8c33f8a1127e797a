"""BACnet/IP over real sockets, by a client of its own port: units, priorities, refusals, COV."""

import asyncio
import math
import socket
from collections.abc import Iterator

import numpy as np
import pytest
from bacnet_client import LOOPBACK, Client, place, until, with_client
from bacpypes3.primitivedata import Null, ObjectIdentifier
from wire_plants import points, served

from lowlift.hil.served_plant import ServedPlant
from lowlift.wire.adapter import ServeError
from lowlift.wire.bacnet_extras import logged
from lowlift.wire.bacnet_server import BacnetServer


def broken(t: float, readings: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return readings | ({"T_return": np.full((1, 1), np.nan)} if 0.0 < t < 12.0 else {})


@pytest.fixture
def plant() -> ServedPlant:
    return served(disturb=broken)


@pytest.fixture
def server(plant: ServedPlant) -> Iterator[BacnetServer]:
    one = BacnetServer(plant.image, LOOPBACK)
    one.start()
    yield one
    one.stop()


def test_every_point_has_its_object_with_name_unit_and_value(server: BacnetServer, plant: ServedPlant) -> None:
    async def work(client: Client) -> None:
        values = plant.image.values()
        for k, p in enumerate(points().points):
            value = await client.read(p.name)
            assert float(int(value) if p.kind == "binary" else value) == pytest.approx(float(values[k]), rel=1e-6), p.name
            assert await client.read(p.name, "object-name") == p.name
        assert str(await client.read("T_chw", "units")) == "degrees-celsius"
        assert str(await client.read("P_it", "units")) == "kilowatts"
        assert list(await client.read("y_chw.mode", "state-text")) == ["hand", "off", "auto"]
        assert await client.read("n_chillers", "active-text") == "on"
        listed = await client.app.read_property(client.address, "device,1", "object-list")
        assert len(listed) == len(points()) + 3 + sum(logged(p) for p in points().points)

    with_client(server, work)


def test_commands_go_through_priorities_and_relinquish_to_the_default(server: BacnetServer, plant: ServedPlant) -> None:
    k = points().position("T_chw_set.cmd")

    async def work(client: Client) -> None:
        name = "T_chw_set.cmd"
        assert await client.write(name, 8.0, 13) == "good" and plant.image.value(k) == 8.0
        assert await client.write(name, 7.0, 8) == "good" and plant.image.value(k) == 7.0
        assert await client.write(name, 9.5, 13) == "good" and plant.image.value(k) == 7.0, "the operator wins"
        assert await client.write(name, Null(()), 8) == "good" and plant.image.value(k) == 9.5
        assert await client.write(name, Null(()), 13) == "good" and plant.image.value(k) == points()[name].default
        assert await client.write("y_chw.mode", 1, 8) == "good" and await client.write("y_chw.hand", 0.75, 8) == "good"
        assert await client.write("remote_enable.cmd", "inactive", 8) == "good"
        assert plant.image.value(points().position("remote_enable.cmd")) == 0.0

    with_client(server, work)
    for _ in range(20):
        plant.step()
    assert plant.image.read().values[points().position("y_chw")] == pytest.approx(0.75)


def test_f40_refusals_have_their_code_change_nothing_and_are_on_record(server: BacnetServer, plant: ServedPlant) -> None:
    async def work(client: Client) -> None:
        before, refused = plant.image.values(), plant.image.n_refused
        assert await client.write("T_chw_set.cmd", 99.0, 8) == "value-out-of-range"
        assert await client.write("T_chw_set.cmd", math.nan, 8) == "value-out-of-range"
        assert await client.write("y_chw.mode", 7, 8) == "value-out-of-range"
        assert await client.write("T_chw", 8.0, 8) == "write-access-denied"
        assert await client.write("T_chw", 8.0, None, "cov-increment") == "write-access-denied"
        assert await client.write("T_chw_set.cmd", "name", None, "object-name") == "write-access-denied"
        assert (plant.image.values() == before).all() and plant.image.n_refused == refused + 6
        assert all(v.null is not None for v in await client.read("T_chw_set.cmd", "priority-array"))

    with_client(server, work)


def test_other_protocols_write_at_the_lowest_priority(server: BacnetServer, plant: ServedPlant) -> None:
    async def work(client: Client) -> None:
        plant.image.write({"T_chw_set.cmd": 8.0}, "other")
        plant.step()

        async def is_eight() -> bool:
            return float(await client.read("T_chw_set.cmd")) == 8.0

        await until(is_eight)
        assert await client.write("T_chw_set.cmd", 7.0, 8) == "good"
        plant.image.write({"T_chw_set.cmd": 9.0}, "other")
        plant.step()

        async def has_given_way() -> bool:
            return plant.image.value(points().position("T_chw_set.cmd")) == 7.0

        await until(has_given_way)
        assert float(await client.read("T_chw_set.cmd")) == 7.0

    with_client(server, work)


def test_changes_are_told_to_subscribers_and_lost_readings_are_faults(server: BacnetServer, plant: ServedPlant) -> None:
    async def work(client: Client) -> None:
        subscription = client.app.change_of_value(client.address, ObjectIdentifier(place("elapsed")), 5, False, 60)
        async with subscription as told:
            plant.step()
            heard = 0.0
            while heard < plant.t:
                prop, value = await asyncio.wait_for(told.get_value(), 20.0)
                heard = float(value) if str(prop) == "present-value" else heard
        assert str(await client.read("T_return", "reliability")) == "no-sensor"
        assert str(await client.read("T_return", "status-flags")) == "in-alarm;fault"
        plant.step(), plant.step()

        async def is_back() -> bool:
            return str(await client.read("T_return", "reliability")) == "no-fault-detected"

        await until(is_back)

    with_client(server, work)


def test_f42_garbage_leaves_the_server_alive(server: BacnetServer, plant: ServedPlant) -> None:
    random = np.random.default_rng(5)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for n in (1, 4, 20, 300, 1400):
            s.sendto(random.bytes(n), ("127.0.0.1", server.port))
            s.sendto(b"\x81\x0a" + (n + 4).to_bytes(2, "big") + random.bytes(n), ("127.0.0.1", server.port))
            s.sendto(b"\x81\x0a" + (n + 6).to_bytes(2, "big") + b"\x01\x04" + random.bytes(n), ("127.0.0.1", server.port))

    async def work(client: Client) -> None:
        assert await client.write("T_chw_set.cmd", 8.0, 8) == "good"
        assert float(await client.read("T_chw_set.cmd")) == 8.0

    with_client(server, work)


def test_a_port_that_is_taken_and_addresses_that_are_none(server: BacnetServer, plant: ServedPlant) -> None:
    with pytest.raises(ServeError, match=f"cannot serve at bacnet://127.0.0.1:{server.port}"):
        BacnetServer(plant.image, f"127.0.0.1/32:{server.port}").start()
    for address, said in (("nowhere", "must be like"), ("127.0.0.1/99", "must be like"), ("127.0.0.1:port", "port must be a whole number")):
        with pytest.raises(ServeError, match=f"--bacnet-address {address}: .*{said}"):
            BacnetServer(plant.image, address)
