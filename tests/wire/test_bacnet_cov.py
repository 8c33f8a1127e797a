"""Subscriptions to changes of value: bounded, listed, and none left of clients that are gone."""

import asyncio
from typing import Any

import pytest
from bacnet_client import Client, place, until, with_client
from bacpypes3.apdu import ReadPropertyRequest, ReadRangeRequest, SubscribeCOVRequest
from bacpypes3.basetypes import COVSubscription, PropertyIdentifier, Range, RangeByPosition, RangeBySequenceNumber
from bacpypes3.constructeddata import SequenceOf
from bacpypes3.pdu import Address
from bacpypes3.primitivedata import ObjectIdentifier
from wire_plants import points

from lowlift.hil.served_plant import ServedPlant
from lowlift.wire import bacnet_cov
from lowlift.wire.bacnet_server import BacnetServer
from lowlift.wire.bacnet_services import UNANSWERED_MAX

NAME = "elapsed"


def request(process: int, name: str = NAME, **said: Any) -> SubscribeCOVRequest:
    return SubscribeCOVRequest(subscriberProcessIdentifier=process, monitoredObjectIdentifier=ObjectIdentifier(place(name)), **said)


async def subscribe(client: Client, process: int, **said: Any) -> str:
    answer = await client.ask(request(process, **({"issueConfirmedNotifications": False, "lifetime": 600} | said)))
    return answer if isinstance(answer, str) else "good"


def test_subscriptions_are_bounded_in_all_and_of_each_client(server: BacnetServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bacnet_cov.CLIENT_MAX >= 466 and bacnet_cov.SUBSCRIPTIONS_MAX >= 2 * bacnet_cov.CLIENT_MAX
    monkeypatch.setattr(bacnet_cov, "CLIENT_MAX", 5)
    monkeypatch.setattr(bacnet_cov, "SUBSCRIPTIONS_MAX", 7)
    full = "no-space-to-add-list-element"

    async def work(client: Client) -> None:
        others = Client(server)
        try:
            assert [await subscribe(client, k) for k in range(6)] == ["good"] * 5 + [full]
            assert await subscribe(client, 0) == "good", "renewed"
            assert [await subscribe(others, k) for k in range(3)] == ["good", "good", full]
            assert await subscribe(client, 1, issueConfirmedNotifications=None, lifetime=None) == "good", "ended"
            assert await subscribe(others, 2) == "good"
        finally:
            others.app.close()

    with_client(server, work)


def test_where_all_is_full_the_oldest_that_nobody_can_miss_makes_room(server: BacnetServer, monkeypatch: pytest.MonkeyPatch) -> None:
    app: Any = server._app
    monkeypatch.setattr(bacnet_cov, "SUBSCRIPTIONS_MAX", 6)
    full = "no-space-to-add-list-element"

    def left() -> list[int]:
        return sorted(s.proc_id for s in app.subscriptions())

    async def work(client: Client) -> None:
        others = Client(server)
        try:
            for k in range(3):
                assert await subscribe(others, k, lifetime=0) == "good"
            assert await subscribe(others, 3, issueConfirmedNotifications=True, lifetime=0) == "good"
            assert await subscribe(others, 4) == "good"
            assert await subscribe(others, 5, lifetime=0) == "good" and await subscribe(others, 0, lifetime=0) == "good", "renewed"
            nobody = SubscribeCOVRequest(
                subscriberProcessIdentifier=9, monitoredObjectIdentifier=ObjectIdentifier("analog-value,999"),
                issueConfirmedNotifications=False, lifetime=0,
            )  # fmt: skip
            assert await client.ask(nobody) == "unknown-object" and left() == [0, 1, 2, 3, 4, 5]
            assert await subscribe(client, 11) == "good" and left() == [0, 2, 3, 4, 5, 11]
            assert await subscribe(client, 12, issueConfirmedNotifications=True) == "good" and left() == [0, 3, 4, 5, 11, 12]
            assert await subscribe(others, 5, lifetime=600) == "good", "with a lifetime from now on"
            assert await subscribe(client, 13, lifetime=0) == "good" and left() == [3, 4, 5, 11, 12, 13]
            assert await subscribe(client, 14) == "good" and left() == [3, 4, 5, 11, 12, 14]
            assert await subscribe(client, 15) == full and left() == [3, 4, 5, 11, 12, 14]
        finally:
            others.app.close()

    with_client(server, work)
    assert not app._endless


def test_a_client_hears_of_every_point(server: BacnetServer) -> None:
    async def work(client: Client) -> None:
        heard: set[int] = set()

        async def hear(apdu: Any) -> None:
            heard.add(apdu.subscriberProcessIdentifier)
            assert len(apdu.listOfValues) == 2

        client.app.do_UnconfirmedCOVNotificationRequest = hear
        for k, p in enumerate(points().points):
            answer = await client.ask(request(k, p.name, issueConfirmedNotifications=False, lifetime=60))
            assert not isinstance(answer, str), (p.name, answer)

        async def all_heard() -> bool:
            await client.read(NAME)
            return heard == set(range(len(points())))

        await until(all_heard)

    with_client(server, work)


def test_active_subscriptions_can_be_read(server: BacnetServer) -> None:
    async def work(client: Client) -> None:
        assert await subscribe(client, 7, lifetime=600) == "good"
        assert await subscribe(client, 8, lifetime=None) == "good", "for ever"
        assert await subscribe(client, 9, issueConfirmedNotifications=None) == "missing-required-parameter"
        first, second = await client.app.read_property(client.address, "device,1", "active-cov-subscriptions")
        assert (first.recipient.processIdentifier, second.recipient.processIdentifier) == (7, 8)
        assert 500 < first.timeRemaining <= 600 and second.timeRemaining == 0
        of = first.monitoredPropertyReference
        assert of.objectIdentifier == ObjectIdentifier(place(NAME)) and str(of.propertyIdentifier) == "present-value"
        host, port = (await client.where()).split(":")
        mac = first.recipient.recipient.address.macAddress
        assert mac == bytes(map(int, host.split("."))) + int(port).to_bytes(2, "big")

    with_client(server, work)


def test_a_long_list_of_subscriptions_is_read_in_parts(server: BacnetServer) -> None:
    async def work(client: Client) -> None:
        n = 70
        for k in range(n):
            assert await subscribe(client, k) == "good"

        async def part(first: int, count: int, name: str = "active-cov-subscriptions", chosen: Range | None = None) -> Any:
            chosen = chosen or Range(byPosition=RangeByPosition(referenceIndex=first, count=count))
            return await client.ask(
                ReadRangeRequest(
                    objectIdentifier=ObjectIdentifier("device,1"), propertyIdentifier=PropertyIdentifier(name), range=chosen,
                    destination=client.address,
                )
            )  # fmt: skip

        found: list[int] = []
        while len(found) < n:
            answer = await part(len(found) + 1, n)
            items = answer.itemData.cast_out(SequenceOf(COVSubscription))
            assert len(items) == answer.itemCount > 0
            found += [int(one.recipient.processIdentifier) for one in items]
            first, last, more = answer.resultFlags
            assert (first, last, more) == (int(len(found) == len(items)), int(len(found) == n), int(len(found) < n))
        assert found == list(range(n))
        assert (await part(n + 1, 5)).itemCount == 0
        assert await part(1, 5, "object-list") == await part(1, 5, "object-name") == "property-is-not-alist"
        assert await part(1, 5, "location") == "unknown-property"
        assert await part(1, 0) == "parameter-out-of-range"
        numbered = Range(bySequenceNumber=RangeBySequenceNumber(referenceSequenceNumber=1, count=1))
        assert await part(1, 1, chosen=numbered) == "list-item-not-numbered"

    with_client(server, work)


def test_a_client_that_is_gone_keeps_no_subscriptions(server: BacnetServer, plant: ServedPlant) -> None:
    app: Any = server._app
    app.device_object.apduTimeout, app.device_object.numberOfApduRetries = 20, 0

    async def leave(client: Client) -> None:
        for k in range(3):
            assert await subscribe(client, k, issueConfirmedNotifications=k < 2, lifetime=0) == "good"

    with_client(server, leave)

    async def stay(client: Client) -> None:
        assert await subscribe(client, 9, lifetime=0) == "good"

        async def alone() -> bool:
            plant.step()
            return len(await client.app.read_property(client.address, "device,1", "active-cov-subscriptions")) == 1

        await until(alone)
        (left,) = app.subscriptions()
        assert left.proc_id == 9

    with_client(server, stay)
    assert not app._waiting and not app._sent and not app._failures


def test_a_subscription_that_its_client_does_not_know_is_dropped_alone(server: BacnetServer, plant: ServedPlant) -> None:
    app: Any = server._app

    async def work(client: Client) -> None:
        async with client.app.change_of_value(client.address, ObjectIdentifier(place(NAME)), 5, True, 60):
            # The client knows 5 only, and answers the notifications of 6 with unknown-subscription.
            assert await subscribe(client, 6, issueConfirmedNotifications=True) == "good"

            async def dropped() -> bool:
                plant.step()
                await client.read(NAME)
                return [s.proc_id for s in app.subscriptions()] == [5]

            await until(dropped)

    with_client(server, work)


def test_a_slow_client_is_told_the_latest_only_and_never_more_at_once_than_it_has_numbers_for(
    server: BacnetServer, plant: ServedPlant, monkeypatch: pytest.MonkeyPatch
) -> None:
    app: Any = server._app
    monkeypatch.setattr(bacnet_cov, "AT_ONCE", 4)

    async def work(client: Client) -> None:
        gone = asyncio.Event()
        answer = client.app.do_ConfirmedCOVNotificationRequest
        heard: list[float] = []

        async def slow(apdu: Any) -> None:
            await gone.wait()
            heard.append(apdu.subscriberProcessIdentifier)
            await client.app.response(bacnet_cov.SimpleAckPDU(context=apdu))

        client.app.do_ConfirmedCOVNotificationRequest = slow
        for k in range(10):
            assert await subscribe(client, k, issueConfirmedNotifications=True) == "good"
        for _ in range(20):
            plant.step()
            await client.read(NAME)
        ((where, sent),) = app._sent.items()
        assert len(sent) == 4 and len(app._waiting[where]) == 10 and len(app._requests[where]) == 4
        gone.set()

        async def told() -> bool:
            return not app._sent[where] and not app._waiting[where]

        await until(told)
        assert set(heard) == set(range(10)) and len(heard) <= 24
        client.app.do_ConfirmedCOVNotificationRequest = answer

    with_client(server, work)


def test_more_requests_than_numbers_fail_instead_of_hanging(server: BacnetServer) -> None:
    app: Any = server._app

    async def flood(where: Address) -> list[Any]:
        asked = []
        for _ in range(UNANSWERED_MAX + 1):
            one = ReadPropertyRequest(objectIdentifier=ObjectIdentifier("device,99"), propertyIdentifier=PropertyIdentifier("object-name"))
            one.pduDestination = where
            asked.append(app.request(one))
        assert str(asked[-1].exception().reason) == "out-of-resources" and not any(one.done() for one in asked[:-1])
        return await asyncio.gather(*asked[:-1], return_exceptions=False)

    async def work(client: Client) -> None:
        assert server._loop is not None
        answers = asyncio.run_coroutine_threadsafe(flood(Address(await client.where())), server._loop)
        assert len(await asyncio.wrap_future(answers)) == UNANSWERED_MAX

    with_client(server, work)
