"""Writes over OPC UA that are more than a value, that wait behind a higher slot, or that come after the plant has failed."""

import asyncio
from collections.abc import Iterator

import pytest
from asyncua import Client, ua
from certificates import make_certificate
from wire_plants import points, served

from lowlift.hil.served_plant import ServedPlant
from lowlift.wire.link import SetupError, UnknownPointError
from lowlift.wire.opcua_client import APPLICATION, POLICY, OpcUaLink
from lowlift.wire.opcua_server import OpcUaServer
from lowlift.wire.opcua_values import NAMESPACE
from lowlift.wire.point import RefusedError

C, CMD = 273.15, "T_chw_set.cmd"
K = points().position(CMD)


@pytest.fixture(scope="module")
def plant() -> ServedPlant:
    return served()


@pytest.fixture(scope="module")
def server(plant: ServedPlant) -> Iterator[OpcUaServer]:
    one = OpcUaServer(plant.image, port=0)
    one.start()
    yield one
    one.stop()


def write(server: OpcUaServer, value: float, status: int = ua.StatusCodes.Good, indices: str | None = None) -> str:
    """Write a chilled-water setpoint [°C]; the name of the answer."""

    async def main() -> str:
        async with Client(server.url) as client:
            node = ua.NodeId(f"chiller_plant/{CMD}", await client.get_namespace_index(NAMESPACE))
            data = ua.DataValue(ua.Variant(value, ua.VariantType.Double), StatusCode=ua.StatusCode(status))
            item = ua.WriteValue(NodeId=node, AttributeId=ua.AttributeIds.Value, IndexRange=indices, Value=data)
            (answer,) = await client.uaclient.write(ua.WriteParameters(NodesToWrite=[item]))
            return str(answer.name)

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        ({"status": ua.StatusCodes.BadSensorFailure}, "BadWriteNotSupported"),
        ({"status": ua.StatusCodes.UncertainLastUsableValue}, "BadWriteNotSupported"),
        ({"indices": "0:1"}, "BadIndexRangeNoData"),
        ({"indices": "0"}, "BadIndexRangeNoData"),
        ({"indices": "1:0"}, "BadIndexRangeInvalid"),
        ({"indices": "all"}, "BadIndexRangeInvalid"),
    ],
)
def test_a_write_of_more_than_a_value_leaves_the_value(server: OpcUaServer, plant: ServedPlant, options: dict, answer: str) -> None:
    before, refused = plant.image.value(K), plant.image.n_refused
    assert write(server, 8.75, **options) == answer
    assert plant.image.value(K) == before and plant.image.n_refused == refused + 1
    assert plant.image.events()[-1].point == CMD


def test_a_value_that_waits_behind_an_operator_is_said_to_be_overridden(server: OpcUaServer, plant: ServedPlant) -> None:
    assert write(server, 8.0) == "Good"
    plant.image.write({CMD: 7.0}, "panel", 8)
    try:
        assert write(server, 9.5) == "GoodLocalOverride"
        assert plant.image.value(K) == 7.0

        async def library() -> None:
            async with Client(server.url) as client:
                node = client.get_node(ua.NodeId(f"chiller_plant/{CMD}", await client.get_namespace_index(NAMESPACE)))
                await node.write_value(9.0)

        asyncio.run(library())
        with OpcUaLink(points(), server.url, timeout=10.0) as link:
            link.write({CMD: C + 9.25})
            assert link.read([CMD])[CMD] == pytest.approx(C + 7.0)
    finally:
        plant.image.relinquish([CMD], "panel", 8)
    assert plant.image.value(K) == 9.25
    assert write(server, 8.0) == "Good"


def test_a_namespace_that_is_not_there_is_said_to_be_and_a_bad_certificate_is_something_else(
    server: OpcUaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UnknownPointError, match="has no namespace 'urn:nobody'"):
        OpcUaLink(points(), server.url, timeout=10.0, namespace="urn:nobody").connect()

    async def broken(self: Client) -> None:
        raise ValueError("a certificate of another kind")

    monkeypatch.setattr(Client, "connect", broken)
    with pytest.raises(Exception, match="a certificate of another kind") as caught:
        OpcUaLink(points(), server.url, timeout=10.0).connect()
    assert not isinstance(caught.value, UnknownPointError)


def test_a_part_of_a_single_value_cannot_be_read(server: OpcUaServer, plant: ServedPlant) -> None:
    async def main() -> list[ua.DataValue]:
        async with Client(server.url) as client:
            node = ua.NodeId(f"chiller_plant/{CMD}", await client.get_namespace_index(NAMESPACE))
            asked = [ua.ReadValueId(NodeId=node, AttributeId=ua.AttributeIds.Value, IndexRange=i) for i in (None, "0:1", "1:0", "9" * 5000)]
            return list(await client.uaclient.read(ua.ReadParameters(NodesToRead=asked)))

    whole, none, *wrong = asyncio.run(main())
    assert whole.Value is not None and whole.Value.Value == plant.image.value(K)
    assert [v.StatusCode.name for v in (none, *wrong)] == ["BadIndexRangeNoData", *["BadIndexRangeInvalid"] * 2]
    assert all(v.Value is None or v.Value.Value is None for v in (none, *wrong))


def test_a_failed_plant_takes_no_writes(server: OpcUaServer) -> None:
    one = served()
    server.image, alive = one.image, server.image
    try:
        one.image.fail("a step")
        before = one.image.value(K)
        assert write(server, 8.75) == "BadOutOfService"
        assert one.image.value(K) == before
        assert [e.text for e in one.image.events() if e.kind == "refused"] == [f"{CMD}: the plant has failed: a step"]
        with OpcUaLink(points(), server.url, timeout=10.0) as link, pytest.raises(RefusedError, match="BadOutOfService"):
            link.write({CMD: C + 8.75})
    finally:
        server.image = alive


def test_a_server_certificate_that_is_none_is_said_to_be(server: OpcUaServer, tmp_path_factory: pytest.TempPathFactory) -> None:
    certificate, key = make_certificate(tmp_path_factory.mktemp("own"), APPLICATION)
    link = OpcUaLink(points(), server.url, timeout=10.0, certificate=certificate, private_key=key)

    class Middle:
        async def connect_and_get_server_endpoints(self) -> list[ua.EndpointDescription]:
            mode = ua.MessageSecurityMode.SignAndEncrypt
            return [ua.EndpointDescription(SecurityPolicyUri=POLICY.URI, SecurityMode=mode, ServerCertificate=b"none")]

    assert link._pair is not None
    with pytest.raises(SetupError, match="shows a certificate that cannot be read"):
        asyncio.run(link._secure(Middle(), link._pair))
