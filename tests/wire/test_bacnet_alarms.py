"""Events of BACnet objects: limits of the site, alarm points, lost readings; recipients, acknowledgement, summaries."""

import datetime
from collections.abc import Callable

import numpy as np
import pytest
from bacnet_client import LOOPBACK, Client, place, with_client
from bacpypes3.apdu import AcknowledgeAlarmRequest, GetEventInformationRequest
from bacpypes3.basetypes import DateTime, TimeStamp
from bacpypes3.primitivedata import ObjectIdentifier
from wire_plants import points, served

from lowlift.hil.served_plant import ServedPlant
from lowlift.wire.adapter import ServeError
from lowlift.wire.bacnet_extras import reports
from lowlift.wire.bacnet_recipients import RECIPIENTS_MAX, destination, wanted
from lowlift.wire.bacnet_server import BacnetServer

T_MAX = 283.65
"""Highest chilled water of the plant [K]."""


class Hot:
    """Chilled water as this test wants it to be read."""

    value: float | None = None

    def __call__(self, t: float, readings: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return readings if self.value is None else readings | {"T_chw": np.full((1, 1), self.value)}


@pytest.fixture
def hot() -> Hot:
    return Hot()


@pytest.fixture
def plant(hot: Hot) -> ServedPlant:
    return served(disturb=hot)


async def subscribe(client: Client, *, confirmed: bool = False) -> None:
    to = destination(await client.where(), process=7, confirmed=confirmed)
    assert await client.write_at("notification-class,1", [to], "recipient-list") == "good"


async def heard_of(client: Client, point: str) -> Callable[[str], object]:
    """The next event of a point."""
    while str((told := await client.told()).eventObjectIdentifier) != place(point):
        pass
    return told


def test_limits_of_the_site_are_on_the_points_and_their_objects(server: BacnetServer) -> None:
    chilled = points()["T_chw"]
    assert (chilled.alarm_low, chilled.alarm_high) == (4.4, 10.5)
    hall = points("gb200_hall")
    assert hall["T_supply[1]"].alarm_low is None, "the dew point moves: the limit is no number"
    assert sum(reports(p) for p in hall.points) > sum(p.name.startswith("alarm.") for p in hall.points) > 0

    async def work(client: Client) -> None:
        assert float(await client.read("T_chw", "high-limit")) == pytest.approx(10.5)
        assert float(await client.read("T_chw", "low-limit")) == pytest.approx(4.4)
        assert list(await client.read("T_return", "limit-enable")) == [0, 1]
        assert str(await client.read("alarm.fail_safe", "alarm-value")) == "active"
        assert await client.write("T_chw", 99.0, None, "high-limit") == "write-access-denied"

    with_client(server, work)


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_reading_beyond_its_limit_is_told_and_told_again_when_it_is_back(
    server: BacnetServer, plant: ServedPlant, hot: Hot, confirmed: bool
) -> None:
    async def work(client: Client) -> None:
        await subscribe(client, confirmed=confirmed)
        hot.value = T_MAX + 1.0
        plant.step()
        up = await heard_of(client, "T_chw")
        assert (str(up.fromState), str(up.toState), str(up.eventType)) == ("normal", "high-limit", "out-of-range")
        assert (up.priority, bool(up.ackRequired), up.processIdentifier, up.notificationClass) == (64, True, 7, 1)
        assert up.eventValues.outOfRange.exceedingValue == pytest.approx(11.5)
        assert up.eventValues.outOfRange.exceededLimit == pytest.approx(10.5)
        assert up.messageText.startswith("T_chw: 11.5 degC, chilled water")
        assert str(await client.read("T_chw", "event-state")) == "high-limit"
        assert str(await client.read("T_chw", "status-flags")) == "in-alarm"
        hot.value = T_MAX - 0.1
        plant.step()
        hot.value = T_MAX - 1.0
        plant.step()
        down = await heard_of(client, "T_chw")
        assert (str(down.fromState), str(down.toState), down.priority, bool(down.ackRequired)) == ("high-limit", "normal", 192, False)
        assert down.eventValues.outOfRange.exceedingValue == pytest.approx(9.5), "not within the deadband"

    with_client(server, work)


def test_alarm_points_and_lost_readings_are_events_too(server: BacnetServer, plant: ServedPlant, hot: Hot) -> None:
    async def work(client: Client) -> None:
        await subscribe(client)
        hot.value = T_MAX + 1.0
        plant.step()
        told = await heard_of(client, "alarm.limit_chilled_water_highest")
        assert (str(told.toState), str(told.eventType)) == ("offnormal", "change-of-state")
        assert told.messageText.startswith("alarm.limit_chilled_water_highest: alarm")
        hot.value = np.nan
        plant.step()
        lost = await heard_of(client, "T_chw")
        while str(lost.toState) != "fault":
            lost = await heard_of(client, "T_chw")
        assert (str(lost.eventType), lost.priority) == ("change-of-reliability", 128)
        assert str(await client.read("alarm.limit_chilled_water_highest", "reliability")) == "no-sensor", "nobody can tell"

    with_client(server, work)


def test_alarms_are_listed_and_acknowledged(server: BacnetServer, plant: ServedPlant, hot: Hot) -> None:
    async def work(client: Client) -> None:
        await subscribe(client)

        def acknowledge(stamp: object, point: str = "T_chw") -> AcknowledgeAlarmRequest:
            return AcknowledgeAlarmRequest(
                acknowledgingProcessIdentifier=7, eventObjectIdentifier=ObjectIdentifier(place(point)),
                eventStateAcknowledged="high-limit", timeStamp=stamp, acknowledgmentSource="operator",
                timeOfAcknowledgment=TimeStamp(dateTime=DateTime.now()),
            )  # fmt: skip

        assert not (await client.ask(GetEventInformationRequest())).listOfEventSummaries
        hot.value = T_MAX + 1.0
        plant.step()
        told = await heard_of(client, "T_chw")
        listed = (await client.ask(GetEventInformationRequest())).listOfEventSummaries
        (summary,) = (s for s in listed if str(s.objectIdentifier) == place("T_chw"))
        assert (str(summary.eventState), list(summary.acknowledgedTransitions)) == ("high-limit", [0, 1, 1])
        assert list(summary.eventPriorities) == [64, 128, 192]
        assert await client.ask(acknowledge(TimeStamp(dateTime=DateTime.now(0.0)))) == "invalid-time-stamp"
        assert await client.ask(acknowledge(told.timeStamp, "P_it")) == "no-alarm-configured"
        assert not isinstance(await client.ask(acknowledge(told.timeStamp)), str)
        assert list(await client.read("T_chw", "acked-transitions")) == [1, 1, 1]
        answer = await heard_of(client, "T_chw")
        assert (str(answer.notifyType), str(answer.toState)) == ("ack-notification", "high-limit")

    with_client(server, work)


def test_recipients_given_at_the_start_are_told_of_what_was_so_before(plant: ServedPlant, hot: Hot) -> None:
    hot.value = T_MAX + 1.0
    plant.step()

    async def listen(client: Client) -> None:
        second = BacnetServer(plant.image, LOOPBACK, recipients=[await client.where()])
        second.start()
        try:
            assert str((await heard_of(client, "alarm.limit_chilled_water_highest")).toState) == "offnormal"
        finally:
            second.stop()

    with_client(BacnetServer(plant.image, "127.0.0.1/32:1"), listen)
    for wrong in ("nowhere", "127.0.0.1", "[::1]:47808"):
        with pytest.raises(ServeError, match="must be like"):
            BacnetServer(plant.image, LOOPBACK, recipients=[wrong])


def test_recipient_lists_are_checked(server: BacnetServer) -> None:
    async def work(client: Client) -> None:
        many = [destination(f"127.0.0.1:{port}") for port in range(1000, 1000 + RECIPIENTS_MAX + 1)]
        assert await client.write_at("notification-class,1", many, "recipient-list") == "no-space-to-write-property"
        assert await client.write_at("notification-class,1", 3, "notification-class") == "write-access-denied"
        assert len(await client.app.read_property(client.address, "notification-class,1", "recipient-list")) == 0

    with_client(server, work)


def test_days_and_hours_of_a_recipient() -> None:
    to = destination("*")
    thursday = datetime.datetime(2026, 1, 1, 12)
    assert wanted(to, thursday)
    to.validDays = [1, 1, 1, 0, 1, 1, 1]
    assert not wanted(to, thursday) and wanted(to, thursday + datetime.timedelta(days=1))
    to.toTime = (11, 0, 0, 0)
    assert not wanted(to, thursday + datetime.timedelta(days=1))
