"""Recipients of BACnet events: hours with open fields, what is nobody at any time, and devices that are named by their instance."""

import asyncio
import datetime
from typing import Any

import numpy as np
import pytest
from bacnet_client import Client, place, until, with_client
from bacpypes3.apdu import IAmRequest, WhoIsRequest
from bacpypes3.basetypes import Destination, DeviceAddress, HostNPort, Recipient
from bacpypes3.pdu import Address, GlobalBroadcast
from bacpypes3.primitivedata import ObjectIdentifier, Time
from wire_plants import served

from lowlift.hil.served_plant import ServedPlant
from lowlift.wire import bacnet_recipients
from lowlift.wire.bacnet_recipients import UNTOLD_MAX, destination, wanted
from lowlift.wire.bacnet_server import BacnetServer

ANY = 255
LIST = ("notification-class,1", "recipient-list")
NOWHERE = "127.0.0.1:9"


class Lost:
    """A reading that this test loses and finds again."""

    now = False

    def __call__(self, t: float, readings: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return readings | {"T_return": np.full((1, 1), np.nan)} if self.now else readings


@pytest.fixture
def lost() -> Lost:
    return Lost()


@pytest.fixture
def plant(lost: Lost) -> ServedPlant:
    return served(disturb=lost)


def to(where: str = NOWHERE, **changes: Any) -> Destination:
    made = destination(where)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def device(instance: int, kind: str = "device", **changes: Any) -> Destination:
    return to(recipient=Recipient(device=ObjectIdentifier((kind, instance))), **changes)


async def write(client: Client, *entries: Destination) -> str:
    return await client.write_at(LIST[0], list(entries), LIST[1])


async def hears(client: Client, state: str) -> None:
    """Waits for the reading to be told to be in a state; alarms of the plant come between."""
    while str((told := await client.told()).eventObjectIdentifier) != place("T_return") or str(told.toState) != state:
        pass


def test_hours_whose_fields_are_open() -> None:
    noon = datetime.datetime(2026, 1, 1, 12, 30, 15, 990_000)
    for start, end, holds in (
        ((ANY,) * 4, (ANY,) * 4, True), ((12, ANY, ANY, ANY), (12, ANY, ANY, ANY), True), ((13, ANY, ANY, ANY), (ANY,) * 4, False),
        ((ANY,) * 4, (11, ANY, ANY, ANY), False), ((12, 30, 15, 99), (12, 30, 15, 99), True), ((12, 30, 16, 0), (ANY,) * 4, False),
    ):  # fmt: skip
        assert wanted(to(fromTime=Time(start), toTime=Time(end)), noon) is holds, (start, end)


def test_open_hours_silence_nobody_and_what_is_no_time_is_refused(server: BacnetServer, plant: ServedPlant, lost: Lost) -> None:
    async def work(client: Client) -> None:
        good, address = to(await client.where()), Recipient(address=DeviceAddress(networkNumber=0, macAddress=b"\x7f\x00"))
        for bad in (
            to(toTime=Time((24, 0, 0, 0))), to(fromTime=Time((0, 60, 0, 0))), to(toTime=Time((23, 59, 59, 100))),
            to(recipient=address), device(3, "analog-value"),
        ):  # fmt: skip
            assert await write(client, bad, good) == "value-out-of-range", bad.debug_contents()
        assert not await client.app.read_property(client.address, *LIST)
        for times in ((ANY, ANY, ANY, ANY), (ANY, 0, 0, 0)):
            assert await write(client, to(fromTime=Time(times), toTime=Time((ANY,) * 4)), good) == "good"
            lost.now = not lost.now
            plant.step()
            await hears(client, "fault" if lost.now else "normal")

    with_client(server, work)


def test_a_recipient_that_cannot_be_told_silences_no_other(
    server: BacnetServer, plant: ServedPlant, lost: Lost, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    found = bacnet_recipients._place

    def where(address: Any) -> Any:
        if address.macAddress.endswith(b"\x00\x09"):
            raise OSError("no such network")
        return found(address)

    monkeypatch.setattr(bacnet_recipients, "_place", where)

    async def work(client: Client) -> None:
        assert await write(client, to(NOWHERE), to(await client.where())) == "good"
        lost.now = True
        plant.step()
        await hears(client, "fault")

    with_client(server, work)
    assert any("cannot be told" in r.message for r in caplog.records)


def test_a_device_is_told_once_its_i_am_has_come_and_forgotten_with_its_entry(server: BacnetServer, plant: ServedPlant, lost: Lost) -> None:
    app: Any = server._app

    async def work(client: Client) -> None:
        def announce(instance: int) -> None:
            who = ObjectIdentifier(("device", instance))
            client.app.request(IAmRequest(
                iAmDeviceIdentifier=who, maxAPDULengthAccepted=1476, segmentationSupported="noSegmentation", vendorID=999,
                destination=client.address,
            ))  # fmt: skip

        await client.where()
        assert await write(client, device(99)) == "good"
        lost.now = True
        plant.step()

        async def waits() -> bool:
            return 99 in app._untold

        await until(waits)
        announce(98)
        assert await client.read("T_chw") and client.app.heard.empty(), "somebody else"
        announce(99)
        await hears(client, "fault")
        assert set(app._places) == {99} and not app._untold
        lost.now = False
        plant.step()
        await hears(client, "normal"), "known from now on"
        assert await write(client, to(NOWHERE)) == "good"
        lost.now = True
        plant.step()

        async def forgotten() -> bool:
            return not app._places

        await until(forgotten)

    with_client(server, work)


def test_a_device_that_is_not_known_is_asked_for_now_and_then(server: BacnetServer, monkeypatch: pytest.MonkeyPatch) -> None:
    app: Any = server._app
    monkeypatch.setattr(bacnet_recipients, "ASK_EVERY", 0.2)
    many = app.get_object_id(ObjectIdentifier("notification-class,1"))
    many.recipientList = [device(98), device(99)]
    asked: list[tuple[int, float]] = []
    other = app.request

    def request(apdu: Any) -> Any:
        if isinstance(apdu, WhoIsRequest):
            assert apdu.pduDestination == GlobalBroadcast() and apdu.deviceInstanceRangeLowLimit == apdu.deviceInstanceRangeHighLimit
            asked.append((int(apdu.deviceInstanceRangeLowLimit), asyncio.get_running_loop().time()))
        return other(apdu)

    app.request = request

    async def events() -> None:
        for _ in range(UNTOLD_MAX + 50):
            app.tell(many, 0, {})
        while len(asked) < 6:
            await asyncio.sleep(0.02)

    assert server._loop is not None
    asyncio.run_coroutine_threadsafe(events(), server._loop).result(20.0)
    for instance in (98, 99):
        times = [t for one, t in asked if one == instance]
        assert len(times) == 3 and np.diff(times).min() >= 0.2 - 1e-3
        assert len(app._untold[instance]) == UNTOLD_MAX


def test_a_device_beyond_a_bbmd_is_found_by_who_is(plant: ServedPlant, lost: Lost) -> None:
    # Broadcasts need a mask.
    server = BacnetServer(plant.image, "127.0.0.1/8:0", bbmd=[])

    async def main() -> None:
        role = {"bacnetIPMode": "foreign", "fdBBMDAddress": HostNPort(f"127.0.0.1:{server.port}"), "fdSubscriptionLifetime": 30}
        client = Client(server, **role)
        try:
            (layer,) = client.app.link_layers.values()
            await asyncio.wait_for(layer._registration_event.wait(), 20.0)
            assert await write(client, device(99)) == "good"
            lost.now = True
            plant.step()
            await hears(client, "fault")
            layer.unregister()
        finally:
            client.app.close()
            await asyncio.sleep(0.0)

    server.start()
    try:
        asyncio.run(main())
    finally:
        server.stop()


def test_a_device_that_does_not_answer_any_more_is_looked_for_again(server: BacnetServer, plant: ServedPlant, lost: Lost) -> None:
    app: Any = server._app
    app.device_object.apduTimeout, app.device_object.numberOfApduRetries = 50, 0
    app._places[99] = Address(NOWHERE)
    app.get_object_id(ObjectIdentifier("notification-class,1")).recipientList = [device(99, issueConfirmedNotifications=True)]

    async def work(client: Client) -> None:
        lost.now = True
        plant.step()

        async def gone() -> bool:
            return not app._places

        await until(gone)

    with_client(server, work)


def test_writes_beside_commands_are_on_record(server: BacnetServer, plant: ServedPlant) -> None:
    async def work(client: Client) -> None:
        own = await client.where()
        assert await client.write_at("notification-class,1", [destination(own), destination("*")], "recipient-list") == "good"
        event = plant.image.events()[-1]
        assert (event.kind, event.source, event.point) == ("write", f"bacnet {own}", "alarms")
        assert event.text == "notification-class,1 recipient-list: 2 written"

    with_client(server, work)
