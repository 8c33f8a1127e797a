"""Who is let in over OPC UA: refused logins are remembered and made to wait, anonymous clients may be kept out."""

import asyncio
from collections.abc import Iterator

import pytest
from asyncua import Client, ua
from asyncua.common.utils import ServiceError
from asyncua.ua.uaerrors import UaStatusCodeError
from wire_plants import points, served

from lowlift.hil.served_plant import ServedPlant
from lowlift.wire.adapter import ServeError
from lowlift.wire.link import LinkError, SetupError
from lowlift.wire.opcua_client import OpcUaLink
from lowlift.wire.opcua_server import OpcUaServer
from lowlift.wire.opcua_sessions import Door
from lowlift.wire.patience import ADDRESSES_MAX, FORGET, FREE, WAIT_MAX, Patience

PASSWORD = "for this test only"


@pytest.fixture(scope="module")
def plant() -> ServedPlant:
    return served()


@pytest.fixture(scope="module")
def server(plant: ServedPlant) -> Iterator[OpcUaServer]:
    one = OpcUaServer(plant.image, port=0, users={"operator": PASSWORD}, anonymous=False)
    one.start()
    yield one
    one.stop()


def let_in(server: OpcUaServer, user: str | None, password: str = PASSWORD) -> str:
    """``Good``, or the name of the error."""

    async def main() -> str:
        client = Client(server.url)
        if user is not None:
            client.set_user(user)
            client.set_password(password)
        try:
            async with client:
                return "Good"
        except UaStatusCodeError as error:
            return type(error).__name__

    return asyncio.run(main())


def test_a_server_without_anonymous_clients_offers_names_only_and_lets_nobody_else_in(server: OpcUaServer, plant: ServedPlant) -> None:
    async def tokens() -> set[ua.UserTokenType]:
        found = await Client(server.url).connect_and_get_server_endpoints()
        return {token.TokenType for endpoint in found for token in endpoint.UserIdentityTokens}

    assert asyncio.run(tokens()) == {ua.UserTokenType.UserName}
    assert let_in(server, "operator") == "Good"
    with OpcUaLink(points(), server.url, timeout=10.0, user="operator", password=PASSWORD) as link:
        assert set(link.read()) == set(points().index)
    refused = plant.image.n_refused
    with pytest.raises(SetupError, match="BadIdentityToken"):
        OpcUaLink(points(), server.url, timeout=10.0).connect()
    assert plant.image.n_refused == refused + 1


def test_a_name_that_is_none_is_no_anonymous_client(server: OpcUaServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless(self: Client, params: ua.ActivateSessionParameters, *rest: object) -> None:
        params.UserIdentityToken = ua.UserNameIdentityToken(PolicyId="username", UserName=None, Password=b"")

    monkeypatch.setattr(Client, "_add_user_auth", nameless)
    assert let_in(server, "operator").startswith("BadIdentityToken")


def test_without_users_somebody_must_be_let_in(plant: ServedPlant) -> None:
    with pytest.raises(ServeError, match="nobody could connect"):
        OpcUaServer(plant.image, port=0, anonymous=False)


def test_f41_refused_logins_are_remembered_and_have_to_wait(
    server: OpcUaServer, plant: ServedPlant, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(server.door, "_patience", Patience(lambda: now[0]))
    refused = plant.image.n_refused
    assert [let_in(server, "operator", "wrong") for _ in range(FREE)] == ["BadUserAccessDenied"] * FREE
    events = plant.image.events()[-FREE:]
    assert plant.image.n_refused == refused + FREE
    assert {(e.kind, e.source, e.point) for e in events} == {("refused", "opcua 127.0.0.1", "")}
    assert events[0].text == "user 'operator' is not let in: BadUserAccessDenied"
    assert events[-1].text.endswith("; 127.0.0.1 has to wait 1 s")
    assert let_in(server, "operator") == "BadServerTooBusy", "the right password has to wait as well"
    link = OpcUaLink(points(), server.url, timeout=10.0, user="operator", password=PASSWORD)
    with pytest.raises(LinkError, match="BadServerTooBusy") as caught:
        link.connect()
    assert not isinstance(caught.value, SetupError), "tried again later"
    assert plant.image.n_refused == refused + FREE, "who has to wait fills no log"
    now[0] += 1.5
    assert let_in(server, "operator") == "Good"
    assert let_in(server, "operator", "wrong") == "BadUserAccessDenied" and let_in(server, "operator") == "Good"


def test_whoever_finds_the_house_full_has_not_guessed() -> None:
    door, token = Door(lambda address, text: None), ua.UserNameIdentityToken(UserName="operator")

    def full() -> None:
        raise ServiceError(ua.StatusCodes.BadMaxConnectionsReached)

    for _ in range(FREE + 1):
        with pytest.raises(ServiceError) as caught:
            door.let_in("10.0.0.9", token, full)
        assert caught.value.code == ua.StatusCodes.BadMaxConnectionsReached
    assert door.let_in("10.0.0.9", token, lambda: "in") == "in"


def test_patience() -> None:
    now = [0.0]
    one = Patience(lambda: now[0])
    assert [one.failed("10.0.0.7") for _ in range(FREE + 8)] == [0.0] * (FREE - 1) + [1.0, 2.0, 4.0, 8.0, 16.0, 32.0] + [WAIT_MAX] * 3
    assert one.wait("10.0.0.7") == WAIT_MAX and one.wait("10.0.0.8") == 0.0
    now[0] += WAIT_MAX
    assert one.wait("10.0.0.7") == 0.0 and one.failed("10.0.0.7") == WAIT_MAX
    now[0] += WAIT_MAX + FORGET + 1.0
    assert one.failed("10.0.0.7") == 0.0
    assert [one.failed(f"2001:db8::{k}") for k in range(FREE)][-1] == 1.0, "all of a /64 are one"
    for k in range(ADDRESSES_MAX):
        one.failed(f"10.1.{k // 256}.{k % 256}")
    assert one.wait("2001:db8::1") == 0.0 and len(one._failures) == ADDRESSES_MAX
    one.forget("10.1.0.1")
    assert len(one._failures) == ADDRESSES_MAX - 1
