"""Trend logs: the shared buffer, ranges by position, number and time, and what is refused."""

import datetime
from typing import Any

import numpy as np
import pytest
from bacnet_client import LOOPBACK, Client, place, until, with_client
from bacpypes3.apdu import ReadRangeRequest
from bacpypes3.basetypes import DateTime, LogRecord, Range, RangeByPosition, RangeBySequenceNumber, RangeByTime
from bacpypes3.constructeddata import SequenceOf
from bacpypes3.primitivedata import Date, ObjectIdentifier, Time
from wire_plants import points, served

from lowlift.wire.bacnet_extras import logged
from lowlift.wire.bacnet_server import BacnetServer
from lowlift.wire.bacnet_trends import EVERY, TrendBuffer

BEGIN = datetime.datetime(2026, 3, 1, 12, 0, 0)


def fill(buffer: TrendBuffer, n: int) -> None:
    """Records of minutes: every value is the number of its record."""
    width = len([p for p in points().points if logged(p)])
    for _ in range(n):
        k = buffer.total + 1
        faults = np.full(width, k == 3)
        buffer.add(k * EVERY, BEGIN + datetime.timedelta(minutes=k), np.full(width, float(k)), faults)


def by_position(index: int, count: int) -> Range:
    return Range(byPosition=RangeByPosition(referenceIndex=index, count=count))


def by_number(number: int, count: int) -> Range:
    return Range(bySequenceNumber=RangeBySequenceNumber(referenceSequenceNumber=number, count=count))


def by_time(minutes: float, count: int) -> Range:
    t = BEGIN + datetime.timedelta(minutes=minutes)
    when = DateTime(date=Date((t.year - 1900, t.month, t.day, 255)), time=Time((t.hour, t.minute, t.second, 0)))
    return Range(byTime=RangeByTime(referenceTime=when, count=count))


async def read(client: Client, asked: Range | None, where: str = "trend-log,1", prop: str = "log-buffer") -> Any:
    options = {} if asked is None else {"range": asked}
    return await client.ask(ReadRangeRequest(objectIdentifier=ObjectIdentifier(where), propertyIdentifier=prop, **options))


def values(answer: Any) -> list[float]:
    records = answer.itemData.cast_out(SequenceOf(LogRecord))
    assert len(records) == answer.itemCount
    return [float(r.logDatum.realValue) for r in records]


def test_a_buffer_keeps_the_newest_records_and_does_not_grow() -> None:
    buffer = TrendBuffer(1, size=5, every=60.0)
    assert buffer.due(0.0) and buffer.count == 0
    for k in range(12):
        buffer.add(60.0 * k, BEGIN + datetime.timedelta(minutes=k), np.array([float(k)]), np.array([False]))
        assert not buffer.due(60.0 * k + 59.0) and buffer.due(60.0 * k + 60.0)
    assert (buffer.count, buffer.total) == (5, 12)
    assert [buffer.record(p, 0)[1] for p in range(1, 6)] == [7.0, 8.0, 9.0, 10.0, 11.0]
    assert buffer.after(BEGIN + datetime.timedelta(minutes=9)) == 4 and buffer.before(BEGIN + datetime.timedelta(minutes=9)) == 2
    assert buffer.after(BEGIN + datetime.timedelta(minutes=99)) == 6 and buffer.before(BEGIN) == 0
    assert buffer.due(0.0), "a run that was restored goes on logging"


def test_a_clock_that_was_set_back_hides_no_record() -> None:
    buffer = TrendBuffer(1, size=8, every=60.0)
    # Set back by three minutes after the fifth record, and wrapped around.
    for k, minute in enumerate((0, 1, 2, 3, 4, 5, 3, 4, 5, 6)):
        buffer.add(60.0 * k, BEGIN + datetime.timedelta(minutes=minute), np.array([float(k)]), np.array([False]))
    at = {minute: BEGIN + datetime.timedelta(minutes=minute) for minute in range(8)}
    assert [buffer.after(at[minute]) for minute in (1, 2, 4, 5, 6)] == [1, 2, 4, 8, 9]
    assert [buffer.before(at[minute]) for minute in (2, 3, 4, 5, 7)] == [0, 1, 5, 6, 8]


def test_ranges_by_position_number_and_time(server: BacnetServer) -> None:
    fill(server.trends, 20)

    async def work(client: Client) -> None:
        assert values(await read(client, None)) == [float(k) for k in range(1, 21)]
        assert values(await read(client, by_position(5, 3))) == [5.0, 6.0, 7.0]
        assert values(await read(client, by_position(5, -3))) == [3.0, 4.0, 5.0]
        assert values(await read(client, by_position(19, 9))) == [19.0, 20.0]
        assert values(await read(client, by_position(21, -3))) == []
        numbered = await read(client, by_number(18, 9))
        assert values(numbered) == [18.0, 19.0, 20.0] and numbered.firstSequenceNumber == 18
        assert list(numbered.resultFlags) == [0, 1, 0]
        later = await read(client, by_time(10, 2))
        assert values(later) == [11.0, 12.0] and later.firstSequenceNumber == 11
        assert values(await read(client, by_time(10, -2))) == [8.0, 9.0]
        (third,) = (await read(client, by_position(3, 1))).itemData.cast_out(SequenceOf(LogRecord))
        assert str(third.statusFlags) == "fault" and tuple(third.timestamp.time) == (12, 3, 0, 0)

    with_client(server, work)


def test_what_does_not_fit_is_said_to_be_more(server: BacnetServer) -> None:
    fill(server.trends, 200)

    async def work(client: Client) -> None:
        seen: list[float] = []
        while not seen or seen[-1] < 200.0:
            answer = await read(client, by_number(len(seen) + 1, 500))
            assert list(answer.resultFlags) == [int(not seen), int(values(answer)[-1] == 200.0), int(values(answer)[-1] < 200.0)]
            seen += values(answer)
        assert seen == [float(k) for k in range(1, 201)]

    with_client(server, work)


def test_each_sensor_and_meter_is_logged_once_a_minute_of_plant_time() -> None:
    plant = served()
    server = BacnetServer(plant.image, LOOPBACK)
    server.start()
    names = [p.name for p in points().points if logged(p)]
    try:

        async def work(client: Client) -> None:
            while plant.t < 70.0:
                plant.step()

            async def two() -> bool:
                return int(await client.app.read_property(client.address, "trend-log,1", "total-record-count")) >= 1

            await until(two)
            for column in (0, len(names) - 1):
                where, device = f"trend-log,{column + 1}", client.address
                assert str(await client.app.read_property(device, where, "object-name")) == f"{names[column]}.log"
                reference = await client.app.read_property(device, where, "log-device-object-property")
                assert str(reference.objectIdentifier) == place(names[column])
                newest = values(await read(client, None, where))[-1]
                now = float(plant.image.read().values[points().position(names[column])])
                assert newest == pytest.approx(now, rel=0.05, abs=0.5)
            assert await client.app.read_property(client.address, "trend-log,1", "log-interval") == 6000

        with_client(server, work)
    finally:
        server.stop()
    assert {"T_chw", "P_it"} <= set(names) and "elapsed" not in names and "T_chw_set.fbk" not in names


def test_what_is_no_range_is_refused(server: BacnetServer) -> None:
    fill(server.trends, 3)

    async def work(client: Client) -> None:
        assert await read(client, by_position(1, 0)) == "parameter-out-of-range"
        assert await read(client, None, "trend-log,999") == "unknown-object"
        assert await read(client, None, place("T_chw"), "present-value") == "property-is-not-alist"
        assert await client.write_at("trend-log,1", 0, "record-count") == "write-access-denied"
        wild = Range(byTime=RangeByTime(referenceTime=DateTime(date=Date((255,) * 4), time=Time((255,) * 4)), count=1))
        assert await read(client, wild) == "parameter-out-of-range"

    with_client(server, work)
