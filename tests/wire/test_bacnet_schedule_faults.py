"""Schedule objects that are written what no calendar has, that fail, and whose task has died."""

import datetime as dt
import socket
import struct
import time
from collections.abc import Iterator

import pytest
from bacnet_client import LOOPBACK, Client, until, with_client
from bacpypes3 import basetypes as b
from bacpypes3.constructeddata import AnyAtomic, ArrayOf
from bacpypes3.primitivedata import Real, Time

from lowlift.hil.served_plant import ServedPlant
from lowlift.wire import bacnet_schedules
from lowlift.wire.bacnet_server import BacnetServer

SET = "schedule,1"


@pytest.fixture
def server(plant: ServedPlant, monkeypatch: pytest.MonkeyPatch) -> Iterator[BacnetServer]:
    monkeypatch.setattr(bacnet_schedules, "EVERY", 0.01)
    one = BacnetServer(plant.image, LOOPBACK, schedules=True)
    one.start()
    yield one
    one.stop()


def raw(server: BacnetServer, entry: bytes) -> str:
    """The answer to an exception schedule with this calendar entry, octet by octet; the client's library would not send it."""
    event = b"\x0e" + entry + b"\x0f\x2e\xb4\x00\x00\x00\x00\x44" + struct.pack(">f", 8.0) + b"\x2f\x39\x10"
    where = b"\x0c" + (17 << 22 | 1).to_bytes(4, "big") + b"\x19\x26"
    npdu = b"\x01\x04\x00\x05\x01\x0f" + where + b"\x3e" + event + b"\x3f"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(10.0)
        s.sendto(b"\x81\x0a" + (len(npdu) + 4).to_bytes(2, "big") + npdu, ("127.0.0.1", server.port))
        return s.recv(1500)[6:].hex()


def test_days_that_no_calendar_has_are_refused(server: BacnetServer) -> None:
    assert server._schedules is not None
    one = server._schedules.objects[0]
    for entry in (
        b"\x28", b"\x2a\xff\xff", b"\x2c\xff\xff\xff\xff", b"\x2b\x0f\xff\xff", b"\x2b\x00\xff\xff", b"\x2b\xff\x0a\xff",
        b"\x2b\xff\xff\x08", b"\x0c\xff\x0f\xff\xff", b"\x0c\xff\xff\x23\xff", b"\x0c\xff\xff\xff\x09",
        b"\x1e\xa4\x7e\xff\x01\xff\xa4\x7e\xff\x1f\xff\x1f", b"\x1e\xa4\xff\x01\x01\xff\xa4\xff\xff\xff\xff\x1f",
    ):  # fmt: skip
        assert raw(server, entry) == "50010f91029125", entry.hex()
    assert not one.exceptionSchedule
    for entry in (b"\x2b\x0e\x09\x07", b"\x2b\xff\xff\xff", b"\x0c\xff\x0d\x22\xff", b"\x1e\xa4\xff\xff\xff\xff\xa4\x7e\x01\x1f\x06\x1f"):
        assert raw(server, entry) == "20010f", entry.hex()
        assert len(one.exceptionSchedule) == 1

    async def work(client: Client) -> None:
        for clock in ((24, 0, 0, 0), (23, 60, 0, 0), (23, 59, 60, 0), (23, 59, 59, 100)):
            entry = b.TimeValue(time=Time(clock), value=Real(8.0))
            daily = ArrayOf(b.DailySchedule, _length=7)([b.DailySchedule(daySchedule=[entry])] * 7)
            assert await client.write_at(SET, daily, "weekly-schedule") == "value-out-of-range", clock

    with_client(server, work)


def test_a_schedule_that_cannot_act_is_in_fault_and_keeps_no_other_from_acting(
    server: BacnetServer, plant: ServedPlant, caplog: pytest.LogCaptureFixture
) -> None:
    assert server._schedules is not None
    bad, good = server._schedules.objects[:2]
    k = plant.image.points.position(good._point.name)
    value = good._point.low + 0.25 * (good._point.high - good._point.low)
    said: list[ValueError] = [ValueError("no such day")]

    def value_at(now: dt.datetime) -> float | None:
        if said:
            raise said[0]
        return None

    object.__setattr__(bad, "value_at", value_at)

    async def work(client: Client) -> None:
        async def becomes(reliability: str, flags: str) -> None:
            async def so() -> bool:
                shown = await client.app.read_property(client.address, SET, "reliability")
                return str(shown) == reliability

            await until(so)
            assert str(await client.app.read_property(client.address, SET, "status-flags")) == flags

        await becomes("unreliable-other", "fault")
        assert await client.write_at("schedule,2", AnyAtomic(Real(value)), "schedule-default") == "good"

        async def commanded() -> bool:
            return plant.image.value(k) == pytest.approx(value, rel=1e-6)

        await until(commanded)
        said.clear()
        await becomes("no-fault-detected", "")

    with_client(server, work)
    told = [r for r in caplog.records if "cannot command" in r.message]
    assert len(told) == 1 and "T_chw_set" in told[0].message, "told once, not every second"


def test_a_failed_plant_is_left_alone_by_its_schedules(server: BacnetServer, plant: ServedPlant) -> None:
    async def work(client: Client) -> None:
        plant.image.fail("a step")
        assert await client.write_at(SET, AnyAtomic(Real(8.0)), "schedule-default") == "good"
        assert server._schedules is not None
        await server._schedules.objects[0].act(dt.datetime.now())
        assert plant.image.n_refused == 0 and str(await client.app.read_property(client.address, SET, "status-flags")) == ""

    with_client(server, work)


def test_a_server_closes_whatever_its_schedules_have_died_of(plant: ServedPlant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bacnet_schedules, "EVERY", 0.01)
    one = BacnetServer(plant.image, LOOPBACK, schedules=True)
    one.start()
    assert one._schedules is not None and one._schedules._task is not None
    task = one._schedules._task
    monkeypatch.setattr(one._schedules, "_clock", lambda: 1 / 0)
    while not task.done():
        time.sleep(0.01)
    one.stop()
    assert one._app is None and isinstance(task.exception(), ZeroDivisionError)
