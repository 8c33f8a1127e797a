"""A BACnet client with a port of its own, as tests of the server use it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from bacpypes3.apdu import ErrorRejectAbortNack, SimpleAckPDU
from bacpypes3.app import Application
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject
from bacpypes3.pdu import Address, IPv4Address
from wire_plants import points

from lowlift.wire.bacnet_server import BacnetServer

LOOPBACK = "127.0.0.1/32:0"


class Hearing(Application):
    """An application that keeps the events it is told of."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.heard: asyncio.Queue[Any] = asyncio.Queue()

    async def do_UnconfirmedEventNotificationRequest(self, apdu: Any) -> None:
        self.heard.put_nowait(apdu)

    async def do_ConfirmedEventNotificationRequest(self, apdu: Any) -> None:
        self.heard.put_nowait(apdu)
        await self.response(SimpleAckPDU(context=apdu))


class Client:
    def __init__(self, server: BacnetServer, own: str = LOOPBACK, **role: Any) -> None:
        self.app = Hearing.from_object_list(
            [
                DeviceObject(objectIdentifier=("device", 99), objectName="client", vendorIdentifier=999),
                NetworkPortObject(IPv4Address(own), objectIdentifier=("network-port", 1), objectName="port", **role),
            ]
        )
        self.address = Address(f"127.0.0.1:{server.port}")

    async def where(self) -> str:
        """Its own ``host:port``."""
        (layer,) = self.app.link_layers.values()
        for task in layer.server._transport_tasks:
            await task
        await asyncio.sleep(0.0)
        host, port = layer.server.local_transport.get_extra_info("sockname")
        return f"{host}:{port}"

    async def read(self, point: str, prop: str = "present-value", index: int | None = None) -> Any:
        return await self.app.read_property(self.address, place(point), prop, index)

    async def write(self, point: str, value: Any, priority: int | None = None, prop: str = "present-value") -> str:
        return await self.write_at(place(point), value, prop, priority)

    async def write_at(self, where: str, value: Any, prop: str, priority: int | None = None) -> str:
        try:
            await self.app.write_property(self.address, where, prop, value, None, priority)
        except ErrorRejectAbortNack as error:
            return str(error.reason)
        return "good"

    async def ask(self, request: Any) -> Any:
        """The answer to a request, or the name of the error."""
        request.pduDestination = self.address
        try:
            return await self.app.request(request)
        except ErrorRejectAbortNack as error:
            return str(error.reason)

    async def told(self) -> Any:
        """The next event."""
        return await asyncio.wait_for(self.app.heard.get(), 20.0)


def place(point: str) -> str:
    return points().addresses[points().position(point)].bacnet.text


def with_client(server: BacnetServer, work: Callable[[Client], Awaitable[None]]) -> None:
    async def main() -> None:
        client = Client(server)
        try:
            await work(client)
        finally:
            client.app.close()
            await asyncio.sleep(0.0)

    asyncio.run(main())


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async def keep_asking() -> None:
        while not await condition():
            await asyncio.sleep(0.02)

    await asyncio.wait_for(keep_asking(), 20.0)
