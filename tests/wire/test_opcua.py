"""OPC UA over a real socket: types, units, ranges, refusals, subscriptions, users. One server for all: its address space is large."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from asyncua import Client, ua
from asyncua.ua.uaerrors import UaStatusCodeError
from wire_plants import points, served

from lowlift.hil.served_plant import ServedPlant
from lowlift.wire.adapter import ServeError
from lowlift.wire.opcua_server import OpcUaServer
from lowlift.wire.opcua_values import NAMESPACE

PASSWORD = "for this test only"


def broken(t: float, readings: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return readings | {"T_return": np.full((1, 1), np.nan)} if t > 0.0 else readings


@pytest.fixture(scope="module")
def plant() -> ServedPlant:
    return served(disturb=broken)


@pytest.fixture(scope="module")
def server(plant: ServedPlant) -> Iterator[OpcUaServer]:
    one = OpcUaServer(plant.image, port=0, users={"operator": PASSWORD})
    one.start()
    yield one
    one.stop()


def with_client(server: OpcUaServer, work: Callable[[Client, int], Awaitable[None]], user: str | None = "operator") -> None:
    async def main() -> None:
        client = Client(server.url)
        if user is not None:
            client.set_user(user)
            client.set_password(PASSWORD)
        async with client:
            await work(client, await client.get_namespace_index(NAMESPACE))

    asyncio.run(main())


def test_every_point_is_where_its_address_says_with_type_and_value(server: OpcUaServer, plant: ServedPlant) -> None:
    async def work(client: Client, index: int) -> None:
        assert index == 2
        values = plant.image.values()
        for k, (p, a) in enumerate(zip(points().points, points().addresses, strict=True)):
            node = client.get_node(ua.NodeId(a.opcua.node, index))
            assert await node.read_value() == pytest.approx(float(values[k])), p.name
        found = await client.nodes.objects.get_child([f"{index}:{part}" for part in points().addresses[0].opcua.path])
        assert found.nodeid.Identifier == "chiller_plant/T_chw"

    with_client(server, work)


def test_units_ranges_and_states(server: OpcUaServer) -> None:
    async def work(client: Client, index: int) -> None:
        def node(name: str):
            return client.get_node(ua.NodeId(f"chiller_plant/{name}", index))

        unit = await (await node("T_chw_set.cmd").get_child("0:EngineeringUnits")).read_value()
        span = await (await node("T_chw_set.cmd").get_child("0:EURange")).read_value()
        assert (unit.UnitId, unit.DisplayName.Text, span.Low, span.High) == (4408652, "°C", 5.5, 10.0)
        states = await (await node("y_chw.mode").get_child("0:EnumValues")).read_value()
        assert [(s.Value, s.DisplayName.Text) for s in states] == [(1, "hand"), (2, "off"), (3, "auto")]
        assert (await (await node("n_chillers").get_child("0:TrueState")).read_value()).Text == "on"
        assert (await node("T_chw").read_description()).Text == "chilled water at the load"

    with_client(server, work)


def test_f40_writes_are_taken_or_refused_with_their_own_code(server: OpcUaServer, plant: ServedPlant) -> None:
    async def work(client: Client, index: int) -> None:
        async def write(name: str, value, kind: ua.VariantType = ua.VariantType.Double) -> str:
            try:
                await client.get_node(ua.NodeId(f"chiller_plant/{name}", index)).write_value(value, kind)
            except UaStatusCodeError as error:
                return type(error).__name__
            return "Good"

        assert await write("T_chw_set.cmd", 8.0) == "Good"
        assert plant.image.value(points().position("T_chw_set.cmd")) == 8.0
        assert await client.get_node(ua.NodeId("chiller_plant/T_chw_set.cmd", index)).read_value() == 8.0
        before = plant.image.n_refused
        assert await write("T_chw_set.cmd", 99.0) == "BadOutOfRange"
        assert await write("T_chw_set.cmd", float("nan")) == "BadOutOfRange"
        assert await write("T_chw_set.cmd", "8", ua.VariantType.String) == "BadTypeMismatch"
        assert await write("y_chw.mode", 9, ua.VariantType.UInt32) == "BadOutOfRange"
        assert await write("T_chw", 8.0) == "BadNotWritable"
        assert await write("nobody_knows", 8.0) == "BadNodeIdUnknown"
        assert plant.image.n_refused == before + 5
        assert plant.image.value(points().position("T_chw_set.cmd")) == 8.0
        assert await write("y_chw.mode", 3, ua.VariantType.UInt32) == "Good"
        assert await write("remote_enable.cmd", True, ua.VariantType.Boolean) == "Good"

    with_client(server, work)


def test_subscribers_hear_of_changes(server: OpcUaServer, plant: ServedPlant) -> None:
    async def work(client: Client, index: int) -> None:
        heard: asyncio.Queue[float] = asyncio.Queue()

        class Handler:
            def datachange_notification(self, node, value, data) -> None:
                heard.put_nowait(value)

        subscription = await client.create_subscription(20, Handler())
        await subscription.subscribe_data_change(client.get_node(ua.NodeId("chiller_plant/elapsed", index)))
        plant.step()
        while await asyncio.wait_for(heard.get(), 20.0) != plant.t:
            pass
        lost = await client.get_node(ua.NodeId("chiller_plant/T_return", index)).read_data_value(raise_on_bad_status=False)
        assert lost.StatusCode.name == "BadSensorFailure"

    with_client(server, work)


def test_anonymous_clients_may_only_read_and_strangers_nothing(server: OpcUaServer) -> None:
    async def work(client: Client, index: int) -> None:
        node = client.get_node(ua.NodeId("chiller_plant/T_chw_set.cmd", index))
        await node.read_value()
        with pytest.raises(UaStatusCodeError, match="BadUserAccessDenied"):
            await node.write_value(8.0)

    with_client(server, work, user=None)

    async def nothing(client: Client, index: int) -> None:
        raise AssertionError("a stranger was let in")

    with pytest.raises(UaStatusCodeError):
        with_client(server, nothing, user="stranger")


def test_f42_garbage_leaves_the_server_alive(server: OpcUaServer) -> None:
    random = np.random.default_rng(5)
    for data in (b"\0" * 8, random.bytes(200), b"HELF\x20\0\0\0" + random.bytes(24), b"OPNF\xff\xff\xff\x7f" + random.bytes(50)):
        with socket.create_connection(("127.0.0.1", server.port), timeout=5.0) as s:
            s.sendall(data)

    async def work(client: Client, index: int) -> None:
        await client.get_node(ua.NodeId("chiller_plant/T_chw", index)).read_value()

    with_client(server, work)


def test_a_port_that_is_taken(server: OpcUaServer, plant: ServedPlant) -> None:
    with pytest.raises(ServeError, match=f"cannot serve at {server.url}"):
        OpcUaServer(plant.image, port=server.port).start()


def test_what_would_be_open_to_everybody_is_refused(plant: ServedPlant) -> None:
    with pytest.raises(ServeError, match="is not loopback"):
        OpcUaServer(plant.image, host="0.0.0.0")
    with pytest.raises(ServeError, match="needs its private key"):
        OpcUaServer(plant.image, certificate="cert.pem")


@pytest.mark.parametrize("modified", [False, True])
def test_there_are_no_histories(server: OpcUaServer, modified: bool) -> None:
    async def work(client: Client, index: int) -> None:
        details = ua.ReadRawModifiedDetails(
            IsReadModified=modified, StartTime=datetime.now(UTC) - timedelta(hours=1), EndTime=datetime.now(UTC), NumValuesPerNode=10
        )
        asked = [ua.HistoryReadValueId(NodeId=ua.NodeId(f"chiller_plant/{name}", index)) for name in ("T_chw", "nobody_knows")]
        answer = await client.uaclient.history_read(ua.HistoryReadParameters(HistoryReadDetails=details, NodesToRead=asked))
        assert [one.StatusCode.name for one in answer] == ["BadHistoryOperationUnsupported", "BadNodeIdUnknown"]
        with pytest.raises(UaStatusCodeError, match="BadHistoryOperationUnsupported"):
            await client.get_node(asked[0].NodeId).read_raw_history()

    with_client(server, work)
