"""BBMD and foreign devices, over loopback."""

import asyncio
from collections.abc import Iterator

import pytest
from bacnet_client import LOOPBACK, Client, until
from bacpypes3.basetypes import HostNPort
from bacpypes3.ipv4.service import BIPBBMD
from bacpypes3.pdu import IPv4Address
from wire_plants import served

from lowlift.wire.adapter import ServeError
from lowlift.wire.bacnet_network import FOREIGN_MAX, REFUSED, guard
from lowlift.wire.bacnet_server import BacnetServer


@pytest.fixture
def bbmd() -> Iterator[BacnetServer]:
    one = BacnetServer(served().image, LOOPBACK, bbmd=[])
    one.start()
    yield one
    one.stop()


def foreign(server: BacnetServer) -> dict[str, object]:
    return {"bacnetIPMode": "foreign", "fdBBMDAddress": HostNPort(f"127.0.0.1:{server.port}"), "fdSubscriptionLifetime": 30}


def table(server: BacnetServer) -> list[object]:
    assert server._app is not None
    (layer,) = server._app.link_layers.values()
    return list(layer.bbmdFDT)


def test_a_foreign_device_registers_finds_the_plant_by_broadcast_and_reads(bbmd: BacnetServer) -> None:
    async def main() -> None:
        client = Client(bbmd, **foreign(bbmd))
        try:

            async def registered() -> bool:
                return len(table(bbmd)) == 1

            await until(registered)
            (layer,) = client.app.link_layers.values()
            await asyncio.wait_for(layer._registration_event.wait(), 20.0)
            (found,) = await client.app.who_is(1, 1, timeout=5.0)
            assert str(found.iAmDeviceIdentifier) == "device,1"
            assert float(await client.read("T_chw")) > 0.0
            layer.unregister()

            async def gone() -> bool:
                return not table(bbmd)

            await until(gone)
        finally:
            client.app.close()
            await asyncio.sleep(0.0)

    asyncio.run(main())


def test_the_plant_registers_as_a_foreign_device(bbmd: BacnetServer) -> None:
    plant = BacnetServer(served().image, LOOPBACK, foreign=f"127.0.0.1:{bbmd.port}")
    plant.start()
    try:

        async def main() -> None:
            async def registered() -> bool:
                return len(table(bbmd)) == 1

            await until(registered)

        asyncio.run(main())
    finally:
        plant.stop()


def test_the_table_of_foreign_devices_ends() -> None:
    async def main() -> None:
        layer = BIPBBMD(IPv4Address("127.0.0.1:47808"))
        guard(layer)
        answers = [layer.register_foreign_device(IPv4Address(f"127.0.0.1:{port}"), 30) for port in range(1, FOREIGN_MAX + 2)]
        assert answers == [0] * FOREIGN_MAX + [REFUSED]
        assert layer.register_foreign_device(IPv4Address("127.0.0.1:1"), 30) == 0, "who is in the table may register again"
        layer._fdt_clock_handle.cancel()

    asyncio.run(main())


def test_what_cannot_be() -> None:
    image = served().image
    with pytest.raises(ServeError, match="cannot be a foreign device"):
        BacnetServer(image, LOOPBACK, bbmd=[], foreign="127.0.0.1:47808")
    for wrong in ("nowhere:1", "127.0.0.1", "127.0.0.1:70000"):
        with pytest.raises(ServeError, match="must be like"):
            BacnetServer(image, LOOPBACK, foreign=wrong)
