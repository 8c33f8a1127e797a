"""What a served device says of itself, and that nobody writes more of it than present values, the recipient list and schedules."""

import asyncio
import datetime
import time
from collections.abc import Iterator
from typing import Any

import pytest
from bacnet_client import LOOPBACK, Client, place, with_client
from bacpypes3.apdu import (
    ConfirmedCOVNotificationRequest,
    CreateObjectRequest,
    CreateObjectRequestObjectSpecifier,
    DeleteObjectRequest,
    DeviceCommunicationControlRequest,
    ErrorRejectAbortNack,
    ReadPropertyRequest,
    ReinitializeDeviceRequest,
    WritePropertyMultipleRequest,
    WritePropertyRequest,
)  # fmt: skip
from bacpypes3.basetypes import PropertyIdentifier, PropertyValue, WriteAccessSpecification
from bacpypes3.constructeddata import Any as AnyValue
from bacpypes3.primitivedata import Boolean, CharacterString, Enumerated, Null, ObjectIdentifier, Real, Unsigned
from wire_plants import points, served

from lowlift.hil.served_plant import ServedPlant
from lowlift.wire.bacnet_device import SERVICES
from lowlift.wire.bacnet_schedules import WRITABLE
from lowlift.wire.bacnet_server import BacnetServer

NAME = "T_chw_set.cmd"
AT_A_TIME = 50


@pytest.fixture(scope="module")
def plant() -> ServedPlant:
    return served()


@pytest.fixture(scope="module")
def server(plant: ServedPlant) -> Iterator[BacnetServer]:
    one = BacnetServer(plant.image, LOOPBACK, schedules=True)
    one.start()
    yield one
    one.stop()


def other(value: Any) -> Any:
    """Another value of the same type, where that is easy to say."""
    if isinstance(value, Boolean):
        return Boolean(not value)
    if isinstance(value, CharacterString):
        return CharacterString(value + "!")
    if isinstance(value, Real):
        return Real(value + 1.0)
    return type(value)(int(value) ^ 1) if isinstance(value, Unsigned | Enumerated) else value


def writable(made: Any) -> set[str]:
    kind = str(made.objectIdentifier[0])
    if kind in ("notification-class", "schedule"):
        return {"recipientList"} if kind == "notification-class" else set(WRITABLE)
    point = getattr(made, "_point", None)
    return {"presentValue"} if point is not None and point.writable else set()


def state(server: BacnetServer) -> dict[tuple[str, str], str]:
    assert server._app is not None
    moving = {"localTime", "localDate", "activeCovSubscriptions"}
    return {
        (str(where), name): repr(getattr(made, name)) + str(getattr(made, name)) for where, made in server._app.objectIdentifier.items()
        for name in made._elements if name not in moving
    }  # fmt: skip


def multiple(where: ObjectIdentifier, *values: PropertyValue) -> WritePropertyMultipleRequest:
    return WritePropertyMultipleRequest(
        listOfWriteAccessSpecs=[WriteAccessSpecification(objectIdentifier=where, listOfProperties=list(values))]
    )


@pytest.mark.parametrize("many", [False, True])
def test_every_property_but_present_values_and_recipients_is_refused(server: BacnetServer, plant: ServedPlant, many: bool) -> None:
    assert server._app is not None
    objects = server._app.objectIdentifier
    first = {where[0]: where for where in reversed(objects)}
    # Properties that objects lack, and writes of several, are tried on one object of each type.
    asked = [
        (where, PropertyIdentifier(name), getattr(made, name)) for where, made in objects.items() for name in made._elements
        if name not in writable(made) and (where == first[where[0]] or (not many and getattr(made, name) is not None))
    ]  # fmt: skip
    before, values = state(server), plant.image.values()

    async def one(client: Client, where: ObjectIdentifier, prop: PropertyIdentifier, value: Any) -> str:
        said = AnyValue(Unsigned(1) if value is None else other(value))
        request: Any = WritePropertyRequest(objectIdentifier=where, propertyIdentifier=prop, propertyValue=said)
        if many:
            request = multiple(where, PropertyValue(propertyIdentifier=prop, value=said))
        request.pduDestination = client.address
        try:
            await client.app.request(request)
        except ErrorRejectAbortNack as error:
            return str(error.errorType.errorCode) if many else str(error.reason)
        return "taken"

    async def work(client: Client) -> None:
        assert len(asked) > (200 if many else 1000)
        for at in range(0, len(asked), AT_A_TIME):
            part = asked[at : at + AT_A_TIME]
            for (where, prop, value), answer in zip(part, await asyncio.gather(*(one(client, *a) for a in part)), strict=True):
                assert answer == ("unknown-property" if value is None else "write-access-denied"), (where, prop, answer)

    with_client(server, work)
    assert state(server) == before and (plant.image.values() == values).all()


def test_what_a_site_would_lose_is_not_to_be_had(server: BacnetServer) -> None:
    async def work(client: Client) -> None:
        for where, prop, value in (
            ("device,1", "object-name", "hacked"), ("device,1", "vendor-name", "hacked"), ("device,1", "apdu-timeout", 1),
            ("device,1", "max-apdu-length-accepted", 50), ("device,1", "system-status", "non-operational"),
            ("device,1", "object-identifier", ObjectIdentifier("device,9")), ("network-port,1", "object-name", "hacked"),
            ("network-port,1", "bacnet-ip-udp-port", 1),
        ):  # fmt: skip
            assert await client.write_at(where, value, prop) == "write-access-denied", prop
        assert await client.write_at("device,1", "cellar", "location") == "unknown-property"
        made = CreateObjectRequestObjectSpecifier(objectIdentifier=ObjectIdentifier("analog-value,999"))
        for request in (
            CreateObjectRequest(objectSpecifier=made), DeleteObjectRequest(objectIdentifier=ObjectIdentifier("device,1")),
            ReinitializeDeviceRequest(reinitializedStateOfDevice="coldstart"), DeviceCommunicationControlRequest(enableDisable="disable"),
            ConfirmedCOVNotificationRequest(
                subscriberProcessIdentifier=1, initiatingDeviceIdentifier=ObjectIdentifier("device,99"), timeRemaining=0,
                monitoredObjectIdentifier=ObjectIdentifier("analog-value,1"), listOfValues=[],
            ),
        ):  # fmt: skip
            assert await client.ask(request) == "unrecognized-service", request

    with_client(server, work)


def test_a_command_has_no_index_and_a_priority_that_may_be_used(server: BacnetServer, plant: ServedPlant) -> None:
    k = points().position(NAME)
    where, prop = ObjectIdentifier(place(NAME)), PropertyIdentifier("present-value")

    async def work(client: Client) -> None:
        before = plant.image.value(k)

        async def write(value: Any, **said: int) -> str:
            request = WritePropertyRequest(objectIdentifier=where, propertyIdentifier=prop, propertyValue=AnyValue(value), **said)
            answer = await client.ask(request)
            return answer if isinstance(answer, str) else "good"

        for index in (0, 1, 3):
            assert await write(Real(8.0), propertyArrayIndex=index, priority=8) == "property-is-not-an-array"
        for priority in (0, 17, 4_000_000_000):
            assert await write(Real(8.0), priority=priority) == "parameter-out-of-range"
        assert await write(Real(8.0), priority=6) == "write-access-denied"
        assert plant.image.value(k) == before and all(v.null is not None for v in await client.read(NAME, "priority-array"))
        assert await write(Real(8.0)) == "good" and plant.image.value(k) == 8.0
        assert await write(Null(())) == "good" and plant.image.value(k) == points()[NAME].default

    with_client(server, work)


def test_the_first_failure_of_several_writes_is_named(server: BacnetServer, plant: ServedPlant) -> None:
    k, where = points().position(NAME), ObjectIdentifier(place(NAME))

    async def work(client: Client) -> None:
        async def write(*values: PropertyValue) -> Any:
            request = multiple(where, *values)
            request.pduDestination = client.address
            try:
                return await client.app.request(request)
            except ErrorRejectAbortNack as error:
                return error

        good = PropertyValue(propertyIdentifier="present-value", value=AnyValue(Real(8.0)), priority=8)
        for bad, why in (
            (PropertyValue(propertyIdentifier="object-name", value=AnyValue(CharacterString("hacked"))), "write-access-denied"),
            (PropertyValue(propertyIdentifier="present-value", value=AnyValue(CharacterString("hot")), priority=8), "invalid-data-type"),
            (PropertyValue(propertyIdentifier="present-value", value=AnyValue(Real(999.0)), priority=8), "value-out-of-range"),
        ):
            answer = await write(good, bad)
            assert str(answer.errorType.errorCode) == why and plant.image.value(k) == 8.0
            assert answer.firstFailedWriteAttempt.propertyIdentifier == bad.propertyIdentifier
        none = await write(good, PropertyValue(propertyIdentifier="present-value", value=AnyValue(Real(7.0)), priority=17))
        assert str(none.reason) == "parameter-out-of-range" and plant.image.value(k) == 8.0
        assert not isinstance(
            await write(PropertyValue(propertyIdentifier="present-value", value=AnyValue(Null(())), priority=8)), Exception
        )
        assert plant.image.value(k) == points()[NAME].default

    with_client(server, work)


def test_the_device_describes_itself_as_it_is(server: BacnetServer) -> None:
    assert server._app is not None
    app = server._app
    for service in SERVICES.values():
        assert callable(getattr(app, f"do_{service}Request")), service

    async def work(client: Client) -> None:
        async def read(prop: str) -> Any:
            return await client.app.read_property(client.address, "device,1", prop)

        assert set(str(await read("protocol-services-supported")).split(";")) == set(SERVICES)
        listed = await read("object-list")
        assert set(str(await read("protocol-object-types-supported")).split(";")) == {str(kind) for kind, _ in listed}
        assert await read("utc-offset") == time.timezone // 60
        assert bool(await read("daylight-savings-status")) == (time.localtime().tm_isdst > 0)
        day, clock = await read("local-date"), await read("local-time")
        shown = datetime.datetime(1900 + day[0], day[1], day[2], clock[0], clock[1], clock[2])
        assert abs(datetime.datetime.now() - shown) < datetime.timedelta(minutes=5)

    with_client(server, work)


def test_a_client_that_does_not_know_the_instance_of_the_device_reads_it(server: BacnetServer) -> None:
    async def work(client: Client) -> None:
        own, any_device = ObjectIdentifier("device,1"), ObjectIdentifier("device,4194303")
        answer = await client.ask(ReadPropertyRequest(objectIdentifier=any_device, propertyIdentifier=PropertyIdentifier("object-name")))
        assert answer.objectIdentifier == own and answer.propertyValue.cast_out(CharacterString) == "chiller_plant"
        (several,) = await client.app.read_property_multiple(client.address, [any_device, ["object-name"]])
        assert several[0] == own and several[3] == "chiller_plant"

    with_client(server, work)
