"""OPC UA behind a certificate: signed and encrypted endpoints, users, anonymous readers; damaged keys."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from asyncua import Client, ua
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from asyncua.ua.uaerrors import UaStatusCodeError
from certificates import make_certificate
from wire_plants import points, served

from lowlift.hil.served_plant import ServedPlant
from lowlift.wire.adapter import ServeError
from lowlift.wire.opcua_server import APPLICATION, OpcUaServer
from lowlift.wire.opcua_values import NAMESPACE

PASSWORD = "for this test only"
OWN = "urn:lowlift:test"
SET = "chiller_plant/T_chw_set.cmd"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("server"), APPLICATION)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("client"), OWN)


@pytest.fixture(scope="module")
def plant() -> ServedPlant:
    return served()


@pytest.fixture(scope="module")
def server(plant: ServedPlant, pair: tuple[Path, Path]) -> Iterator[OpcUaServer]:
    certificate, key = pair
    one = OpcUaServer(plant.image, port=0, users={"operator": PASSWORD}, certificate=certificate, private_key=key)
    one.start()
    yield one
    one.stop()


def with_client(
    server: OpcUaServer, own: tuple[Path, Path], mode: ua.MessageSecurityMode, work: Callable[[Client], Awaitable[None]],
    user: str | None = "operator", password: str = PASSWORD,
) -> None:  # fmt: skip
    async def main() -> None:
        client = Client(server.url)
        client.application_uri = OWN
        certificate, key = own
        if mode is not ua.MessageSecurityMode.None_:
            await client.set_security(SecurityPolicyBasic256Sha256, certificate, key, mode=mode)
        if user is not None:
            client.set_user(user)
            client.set_password(password)
        async with client:
            await work(client)

    asyncio.run(main())


@pytest.mark.parametrize("mode", [ua.MessageSecurityMode.SignAndEncrypt, ua.MessageSecurityMode.Sign])
def test_a_user_reads_and_writes_through_a_secure_channel(
    server: OpcUaServer, plant: ServedPlant, own: tuple[Path, Path], mode: ua.MessageSecurityMode
) -> None:
    async def work(client: Client) -> None:
        index = await client.get_namespace_index(NAMESPACE)
        node = client.get_node(ua.NodeId(SET, index))
        await node.write_value(8.25, ua.VariantType.Double)
        assert await node.read_value() == 8.25
        with pytest.raises(UaStatusCodeError, match="BadOutOfRange"):
            await node.write_value(99.0, ua.VariantType.Double)

    with_client(server, own, mode, work)
    assert plant.image.value(points().position("T_chw_set.cmd")) == 8.25


def test_endpoints_offer_what_was_asked_for(server: OpcUaServer) -> None:
    async def main() -> None:
        found = await Client(server.url).connect_and_get_server_endpoints()
        assert {(e.SecurityPolicyUri.rpartition("#")[2], e.SecurityMode.name) for e in found} == {
            ("None", "None_"), ("Basic256Sha256", "SignAndEncrypt"), ("Basic256Sha256", "Sign"),
        }  # fmt: skip
        assert all(e.Server.ApplicationUri == APPLICATION for e in found)

    asyncio.run(main())


def test_f41_unauthenticated_writes_are_refused_and_logged_and_reads_are_not(
    server: OpcUaServer, plant: ServedPlant, own: tuple[Path, Path]
) -> None:
    before = plant.image.values()

    async def work(client: Client) -> None:
        node = client.get_node(ua.NodeId(SET, await client.get_namespace_index(NAMESPACE)))
        await node.read_value()
        with pytest.raises(UaStatusCodeError, match="BadUserAccessDenied"):
            await node.write_value(7.0, ua.VariantType.Double)

    for mode in (ua.MessageSecurityMode.None_, ua.MessageSecurityMode.SignAndEncrypt):
        with_client(server, own, mode, work, user=None)
    assert (plant.image.values() == before).all()
    refused = [e for e in plant.image.events() if e.kind == "refused" and "anonymous clients may only read" in e.text]
    assert len(refused) == 2 and {e.source for e in refused} == {"opcua anonymous"}


@pytest.mark.parametrize("user", ["operator", None])
def test_users_are_shown_what_they_may_do(server: OpcUaServer, own: tuple[Path, Path], user: str | None) -> None:
    async def work(client: Client) -> None:
        index = await client.get_namespace_index(NAMESPACE)
        for name, written in ((SET, user is not None), ("chiller_plant/T_chw", False)):
            node = client.get_node(ua.NodeId(name, index))
            levels = await node.read_attributes([ua.AttributeIds.AccessLevel, ua.AttributeIds.UserAccessLevel, ua.AttributeIds.Value])
            both, own_level = ({k for k in ua.AccessLevel if v.Value.Value & k.mask} for v in levels[:2])
            assert own_level == {ua.AccessLevel.CurrentRead} | ({ua.AccessLevel.CurrentWrite} if written else set())
            assert both == {ua.AccessLevel.CurrentRead} | ({ua.AccessLevel.CurrentWrite} if name == SET else set())

    with_client(server, own, ua.MessageSecurityMode.SignAndEncrypt, work, user=user)


def test_f41_a_wrong_password_is_not_let_in(server: OpcUaServer, own: tuple[Path, Path]) -> None:
    async def nothing(client: Client) -> None:
        raise AssertionError("a stranger was let in")

    with pytest.raises(UaStatusCodeError):
        with_client(server, own, ua.MessageSecurityMode.SignAndEncrypt, nothing, password="wrong")


def test_a_certificate_that_is_none_is_said_to_be(plant: ServedPlant, pair: tuple[Path, Path], tmp_path: Path) -> None:
    bad = tmp_path / "bad.der"
    bad.write_bytes(b"no certificate")
    for certificate, key in ((bad, pair[1]), (pair[0], bad), (tmp_path / "none.der", pair[1])):
        with pytest.raises(ServeError, match=r"opcua: (certificate|private key) .* cannot be read"):
            OpcUaServer(plant.image, port=0, users={"a": "b"}, certificate=certificate, private_key=key).start()
