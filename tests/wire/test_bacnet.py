"""BACnet/IP over real sockets, by a client of its own port: units, priorities, refusals, COV."""

import asyncio
import math
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bacnet_client import LOOPBACK, Client, place, until, with_client
from bacpypes3.apdu import WritePropertyRequest
from bacpypes3.basetypes import PropertyIdentifier
from bacpypes3.constructeddata import Any as AnyValue
from bacpypes3.primitivedata import Boolean, CharacterString, Null, ObjectIdentifier, Real, Unsigned
from wire_plants import points, served

from lowlift.hil.served_plant import ServedPlant
from lowlift.hil.snapshot import restore, save
from lowlift.wire.adapter import ServeError
from lowlift.wire.bacnet_client import BacnetLink
from lowlift.wire.bacnet_extras import logged
from lowlift.wire.bacnet_server import BacnetServer
from lowlift.wire.point import Refusal, RefusedError
from lowlift.wire.points import ALONE


def broken(t: float, readings: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return readings | ({"T_return": np.full((1, 1), np.nan)} if 0.0 < t < 12.0 else {})


@pytest.fixture
def plant() -> ServedPlant:
    return served(disturb=broken)


def command(name: str, value: Any, priority: int) -> WritePropertyRequest:
    """A write of any type; the client's library would make it the right one."""
    return WritePropertyRequest(
        objectIdentifier=ObjectIdentifier(place(name)), propertyIdentifier=PropertyIdentifier("present-value"),
        propertyValue=AnyValue(value), priority=priority,
    )  # fmt: skip


def logs() -> list[str]:
    return [p.name for p in points().points if logged(p)]


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
        for priority, value, why in (
            (8, CharacterString("hot"), "invalid-tag"), (8, Boolean(True), "invalid-tag"), (8, Unsigned(8), "invalid-tag"),
            (6, Real(8.0), "write-access-denied"), (17, Real(8.0), "parameter-out-of-range"),
        ):  # fmt: skip
            assert await client.ask(command("T_chw_set.cmd", value, priority)) == why
        for where, value, prop, why in (
            ("device,1", "x", "object-name", "write-access-denied"), ("network-port,1", "x", "object-name", "write-access-denied"),
            ("trend-log,1", 0, "record-count", "write-access-denied"), ("analog-value,999", 8.0, "present-value", "unknown-object"),
            ("notification-class,1", 3, "notification-class", "write-access-denied"), ("device,1", "x", "location", "unknown-property"),
        ):  # fmt: skip
            assert await client.write_at(where, value, prop) == why
        assert (plant.image.values() == before).all() and plant.image.n_refused == refused + 17
        events = [e for e in plant.image.events() if e.kind == "refused"][-17:]
        assert {e.source for e in events} == {f"bacnet {await client.where()}"}
        assert [e.point for e in events[6:]] == ["T_chw_set.cmd"] * 5 + [
            "chiller_plant", "BACnet/IP", f"{logs()[0]}.log", "analog-value,999", "alarms", "chiller_plant"
        ]  # fmt: skip
        for e, said in zip(events[6:11], ("invalid-tag", "invalid-tag", "invalid-tag", "write-access-denied", "priority 17"), strict=True):
            assert said in e.text and place("T_chw_set.cmd") in e.text, e
        assert all(v.null is not None for v in await client.read("T_chw_set.cmd", "priority-array"))

    with_client(server, work)


def test_a_failed_plant_takes_no_commands_and_lets_them_go(server: BacnetServer, plant: ServedPlant) -> None:
    async def work(client: Client) -> None:
        assert await client.write("T_chw_set.cmd", 8.0, 13) == "good"
        plant.image.fail("a step")
        assert await client.write("T_chw_set.cmd", 7.0, 8) == "operational-problem"
        assert plant.image.events()[-1].text == "T_chw_set.cmd: the plant has failed: a step"
        assert await client.ask(command("T_chw_set.cmd", Null(()), 13)) != "operational-problem"
        assert not plant.image.slots(points().position("T_chw_set.cmd"))

    with_client(server, work)
    with BacnetLink(points(), "127.0.0.1", server.port) as link, pytest.raises(RefusedError, match="operational-problem") as caught:
        link.write({"T_chw_set.cmd": 281.15})
    assert caught.value.refusal is Refusal.OUT_OF_SERVICE


def test_a_reading_that_is_lost_from_the_beginning_is_a_fault() -> None:
    def dead(t: float, readings: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return readings | {"T_chw": np.full((1, 1), np.nan)}

    one = BacnetServer(served(disturb=dead).image, LOOPBACK)
    one.start()
    try:

        async def work(client: Client) -> None:
            for name in ("T_chw", "alarm.limit_chilled_water_highest"):
                assert "fault" in str(await client.read(name, "status-flags")).split(";"), name
                assert str(await client.read(name, "reliability")) == "no-sensor", name

        with_client(one, work)
    finally:
        one.stop()


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


def test_all_slots_are_shown_whoever_fills_them(server: BacnetServer, plant: ServedPlant) -> None:
    """What another protocol writes below an operator waits in slot 16, and is in force when he lets go."""
    name, k = "T_chw_set.cmd", points().position("T_chw_set.cmd")

    async def array(client: Client) -> dict[int, float]:
        slots = await client.read(name, "priority-array")
        return {n: float(v.real) for n, v in enumerate(slots, 1) if v.null is None}

    async def work(client: Client) -> None:
        assert await client.write(name, 7.0, 8) == "good" and await client.write(name, 6.5, 13) == "good"
        plant.image.write({name: 9.5}, "modbus 127.0.0.1:5")
        assert plant.image.value(k) == 7.0, "at no time is it obeyed"
        plant.step()

        async def is_there() -> bool:
            return await array(client) == {8: 7.0, 13: 6.5, 16: 9.5}

        await until(is_there)
        assert int((await client.read(name, "current-command-priority")).unsigned) == 8
        assert [(s.priority, s.value) for s in plant.image.slots(k)] == [(8, 7.0), (13, 6.5), (16, 9.5)]
        assert plant.image.slots(k)[0].source.startswith("bacnet 127.0.0.1")
        assert await client.write(name, Null(()), 8) == "good" and await client.write(name, Null(()), 13) == "good"
        assert float(await client.read(name)) == 9.5 == plant.image.value(k)
        assert await client.write(name, Null(()), 16) == "good"
        assert (await client.read(name, "current-command-priority")).unsigned is None
        assert float(await client.read(name)) == points()[name].default == plant.image.value(k)

    with_client(server, work)


def test_F47_an_operators_priority_outlives_the_server(plant: ServedPlant, tmp_path: Path) -> None:
    """Without it, a controller at 13 wins over the operator after a restart, and a value stays in slot 16 that nobody lets go."""
    name = "T_chw_set.cmd"

    async def before(client: Client) -> None:
        for priority, value in ((8, 6.0), (13, 7.0), (16, 8.0)):
            assert await client.write(name, value, priority) == "good"
        assert await client.write("heartbeat.cmd", 12.0, 13) == "good"

    async def after(client: Client) -> None:
        slots = await client.read(name, "priority-array")
        assert {n: float(v.real) for n, v in enumerate(slots, 1) if v.null is None} == {8: 6.0, 13: 7.0, 16: 8.0}
        assert all(v.null is not None for v in await client.read("heartbeat.cmd", "priority-array"))
        assert await client.write(name, 7.5, 13) == "good" and float(await client.read(name)) == 6.0, "the operator wins"
        assert await client.write("heartbeat.cmd", 13.0, 13) == "good"
        again.step()
        assert await client.write("heartbeat.cmd", 0.0, 13) == "good" and await client.write("heartbeat.cmd", Null(()), 13) == "good"
        for _ in range(80):
            again.step()
        assert again.image.read().values[points().position("supervision.fbk")] == ALONE

    again = served()
    for one, work in ((plant, before), (again, after)):
        server = BacnetServer(one.image, LOOPBACK)
        server.start()
        try:
            with_client(server, work)
        finally:
            server.stop()
        if one is plant:
            plant.step()
            restore(again, save(plant, tmp_path / "s.json"))


def test_a_heartbeat_left_in_another_slot_is_no_ghost(server: BacnetServer, plant: ServedPlant) -> None:
    """A killed Modbus client left its beat at 16; who beats at 13 and says good-bye there is the last that was heard of."""

    async def work(client: Client) -> None:
        plant.image.write({"heartbeat.cmd": 12.0}, "modbus, killed")
        plant.step()
        assert await client.write("heartbeat.cmd", 13.0, 13) == "good"
        plant.step()
        assert await client.write("heartbeat.cmd", 0.0, 13) == "good" and await client.write("heartbeat.cmd", Null(()), 13) == "good"
        assert float(await client.read("heartbeat.cmd")) == 0.0

    with_client(server, work)
    for _ in range(80):
        plant.step()
    assert plant.image.read().values[points().position("supervision.fbk")] == ALONE


def test_subscribers_of_a_command_hear_what_is_in_force_and_nothing_between(server: BacnetServer, plant: ServedPlant) -> None:
    name = "T_chw_set.cmd"

    async def work(client: Client) -> None:
        assert await client.write(name, 7.0, 8) == "good" and await client.write(name, 9.5, 16) == "good"
        async with client.app.change_of_value(client.address, ObjectIdentifier(place(name)), 6, False, 60) as told:
            heard: list[float] = []

            async def listen(value: float) -> None:
                while not heard or heard[-1] != value:
                    prop, found = await asyncio.wait_for(told.get_value(), 20.0)
                    heard.extend([float(found)] if str(prop) == "present-value" else [])

            await listen(7.0)
            # At once for the plant: the operator lets go, and another priority takes over.
            plant.image.relinquish([name], "panel", 8)
            plant.image.write({name: 6.0}, "panel", 10)
            plant.step()
            await listen(6.0)
            assert heard == [7.0, 6.0]

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
