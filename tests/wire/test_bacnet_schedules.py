"""Schedule objects of a served plant: what they say at a time, what they command, what they refuse, and a schedule sent to them."""

import asyncio
import datetime as dt
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from bacnet_client import LOOPBACK, Client, until, with_client
from bacpypes3 import basetypes as b
from bacpypes3.constructeddata import AnyAtomic, ArrayOf
from bacpypes3.primitivedata import CharacterString, Date, Null, ObjectIdentifier, Real, Time, Unsigned
from wire_plants import plant as made_plant
from wire_plants import points, served

from lowlift.bms.bacnet_device import read_from_device, write_to_device
from lowlift.bms.bacnet_link import BacnetError, Device
from lowlift.controllers.interface import Decision, Status, setpoint_table
from lowlift.hil.served_plant import ServedPlant
from lowlift.sim.schedule import schedule_from
from lowlift.wire import bacnet_schedules
from lowlift.wire.adapter import ServeError
from lowlift.wire.bacnet_extras import schedule_name
from lowlift.wire.bacnet_schedules import Schedules
from lowlift.wire.bacnet_server import BacnetServer
from lowlift.wire.ede import ede_text
from lowlift.wire.site_map import apply_map

NAME, SET = "T_chw_set.cmd", "schedule,1"
MONDAY = dt.datetime(2030, 7, 1, 12)


@pytest.fixture
def server(plant: ServedPlant, monkeypatch: pytest.MonkeyPatch) -> Iterator[BacnetServer]:
    monkeypatch.setattr(bacnet_schedules, "EVERY", 0.01)
    one = BacnetServer(plant.image, LOOPBACK, schedules=True)
    one.start()
    yield one
    one.stop()


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def date(day: dt.date) -> Date:
    return Date((day.year - 1900, day.month, day.day, day.isoweekday()))


def times(*said: tuple[int, float | None]) -> list[b.TimeValue]:
    """Values by hour; none is Null."""
    return [b.TimeValue(time=Time((hour, 0, 0, 0)), value=Null(()) if v is None else Real(v)) for hour, v in said]


def week(*said: tuple[int, float | None]) -> Any:
    return ArrayOf(b.DailySchedule, _length=7)([b.DailySchedule(daySchedule=times(*said)) for _ in range(7)])


def event(entry: b.CalendarEntry, *said: tuple[int, float | None], priority: int = 16) -> b.SpecialEvent:
    return b.SpecialEvent(period=b.SpecialEventPeriod(calendarEntry=entry), listOfTimeValues=times(*said), eventPriority=priority)


def said_at(now: dt.datetime, **properties: Any) -> float | None:
    """What the first schedule with these properties says."""

    async def main() -> float | None:
        targets = [SimpleNamespace(objectIdentifier=ObjectIdentifier(a.bacnet.text)) for a in points().addresses]
        one = Schedules(points(), targets).objects[0]
        for name, value in properties.items():
            await one.write_property(name, value)
        found: float | None = one.value_at(now)
        return found

    return asyncio.run(main())


def test_a_schedule_says_what_the_standard_wants() -> None:
    weekly, default = week((6, 7.0), (18, None), (9, 8.0)), AnyAtomic(Real(9.0))
    day, other = b.CalendarEntry(date=date(MONDAY)), b.CalendarEntry(date=date(MONDAY + dt.timedelta(days=1)))
    assert said_at(MONDAY) is None, "it begins without"
    for hour, value in ((0, 9.0), (6, 7.0), (8, 7.0), (9, 8.0), (17, 8.0), (18, 9.0), (23, 9.0)):
        assert said_at(MONDAY.replace(hour=hour), weeklySchedule=weekly, scheduleDefault=default) == value, hour
    late, early = event(day, (10, 6.0), (20, None)), event(day, (11, 5.5), (13, None), priority=3)
    for hour, value in ((9, 8.0), (10, 6.0), (11, 5.5), (13, 6.0), (20, 9.0)):
        asked = {"weeklySchedule": weekly, "scheduleDefault": default, "exceptionSchedule": ArrayOf(b.SpecialEvent)([late, early])}
        assert said_at(MONDAY.replace(hour=hour), **asked) == value, hour
    for entry, holds in (
        (other, False),
        (b.CalendarEntry(dateRange=b.DateRange(startDate=date(MONDAY - dt.timedelta(days=3)), endDate=date(MONDAY))), True),
        (b.CalendarEntry(dateRange=b.DateRange(startDate=date(MONDAY), endDate=Date((255, 255, 255, 255)))), True),
        (b.CalendarEntry(weekNDay=b.WeekNDay(bytes((255, 255, 1)))), True),
        (b.CalendarEntry(weekNDay=b.WeekNDay(bytes((255, 255, 2)))), False),
        (b.CalendarEntry(date=Date((255, 7, 255, 255))), True),
    ):  # fmt: skip
        assert said_at(MONDAY, exceptionSchedule=ArrayOf(b.SpecialEvent)([event(entry, (0, 6.0))])) == (6.0 if holds else None)


def test_outside_its_period_a_schedule_says_nothing() -> None:
    period = b.DateRange(startDate=date(MONDAY), endDate=date(MONDAY))
    assert said_at(MONDAY, scheduleDefault=AnyAtomic(Real(9.0)), effectivePeriod=period) == 9.0
    for days in (-1, 1):
        with pytest.raises(LookupError, match="outside the effective period"):
            said_at(MONDAY + dt.timedelta(days=days), scheduleDefault=AnyAtomic(Real(9.0)), effectivePeriod=period)


def test_a_schedule_commands_at_its_priority_and_relinquishes(server: BacnetServer, plant: ServedPlant) -> None:
    k = points().position(NAME)

    async def work(client: Client) -> None:
        async def slots() -> dict[int, float]:
            return {n: float(v.real) for n, v in enumerate(await client.read(NAME, "priority-array"), 1) if v.null is None}

        async def becomes(**wanted: float) -> None:
            async def so() -> bool:
                return await slots() == {int(n[1:]): v for n, v in wanted.items()}

            await until(so)

        assert await client.write(NAME, 9.5, 16) == "good", "somebody else, at the priority that the schedule begins with"
        await asyncio.sleep(0.05)
        assert await slots() == {16: 9.5}
        assert await client.write_at(SET, Unsigned(13), "priority-for-writing") == "good"
        assert await client.write_at(SET, week((0, 8.5)), "weekly-schedule") == "good"
        await becomes(p13=8.5, p16=9.5)
        assert plant.image.value(k) == 8.5
        shown = await client.app.read_property(client.address, SET, "present-value")
        assert shown.get_value() == 8.5
        assert await client.write_at(SET, Unsigned(11), "priority-for-writing") == "good"
        await becomes(p11=8.5, p16=9.5)
        assert await client.write(NAME, 7.0, 8) == "good" and plant.image.value(k) == 7.0, "the operator wins"
        assert await client.write(NAME, Null(()), 8) == "good"
        assert await client.write_at(SET, week(), "weekly-schedule") == "good"
        await becomes(p16=9.5)
        assert plant.image.value(k) == 9.5

    with_client(server, work)


def test_what_a_schedule_cannot_do_is_refused_and_changes_nothing(server: BacnetServer, plant: ServedPlant) -> None:
    before = plant.image.values()

    async def work(client: Client) -> None:
        any_day, day = Date((255, 255, 255, 255)), b.CalendarEntry(date=date(MONDAY))
        no_period = b.SpecialEvent(
            period=b.SpecialEventPeriod(calendarReference=ObjectIdentifier("calendar,1")), listOfTimeValues=[], eventPriority=1
        )
        anytime = b.TimeValue(time=Time((255, 255, 255, 255)), value=Real(8.0))
        for prop, value, why in (
            ("weekly-schedule", week((0, 99.0)), "value-out-of-range"),
            ("schedule-default", AnyAtomic(Real(float("nan"))), "value-out-of-range"),
            ("schedule-default", AnyAtomic(CharacterString("cold")), "invalid-data-type"),
            ("exception-schedule", ArrayOf(b.SpecialEvent)([event(day, (0, 1.0))]), "value-out-of-range"),
            ("exception-schedule", ArrayOf(b.SpecialEvent)([event(day, (0, 8.0), priority=17)]), "value-out-of-range"),
            ("exception-schedule", ArrayOf(b.SpecialEvent)([no_period]), "value-out-of-range"),
            ("weekly-schedule", ArrayOf(b.DailySchedule, _length=7)([b.DailySchedule(daySchedule=[anytime])] * 7), "value-out-of-range"),
            ("exception-schedule", ArrayOf(b.SpecialEvent)([event(day)] * 1001), "no-space-to-write-property"),
            ("priority-for-writing", Unsigned(0), "value-out-of-range"), ("priority-for-writing", Unsigned(6), "value-out-of-range"),
            ("priority-for-writing", Unsigned(17), "value-out-of-range"),
            ("effective-period", b.DateRange(startDate=Date((130, 13, 1, 255)), endDate=any_day), "value-out-of-range"),
            ("present-value", AnyAtomic(Real(8.0)), "write-access-denied"), ("object-name", "mine", "write-access-denied"),
        ):  # fmt: skip
            assert await client.write_at(SET, value, prop) == why, (prop, why)
        assert await client.app.read_property(client.address, SET, "exception-schedule") == []
        tuesday = b.DailySchedule(daySchedule=times((5, 8.0)))
        assert await client.app.write_property(client.address, SET, "weekly-schedule", tuesday, 2) is None
        assert len((await client.app.read_property(client.address, SET, "weekly-schedule", 2)).daySchedule) == 1
        assert len((await client.app.read_property(client.address, SET, "weekly-schedule", 1)).daySchedule) == 0

    with_client(server, work)
    assert (plant.image.values() == before).all()


def test_F40_writes_of_schedules_are_on_record_taken_or_refused(server: BacnetServer, plant: ServedPlant) -> None:
    day = b.CalendarEntry(date=date(MONDAY))

    async def work(client: Client) -> None:
        own, before = await client.where(), plant.image.n_refused
        for prop, value, said in (
            ("priority-for-writing", Unsigned(13), "13"), ("weekly-schedule", week((0, 8.0)), "7 written"),
            ("exception-schedule", ArrayOf(b.SpecialEvent)([event(day, (0, 8.0))]), "1 written"),
            ("schedule-default", AnyAtomic(Real(8.5)), "8.5"), ("schedule-default", AnyAtomic(Null(())), "Null"),
            ("description", CharacterString("cold" * 1000), "cold" * 15),
        ):  # fmt: skip
            assert await client.write_at(SET, value, prop) == "good"
            (last,) = [e for e in plant.image.events() if e.source == f"bacnet {own}"][-1:]
            assert (last.kind, last.point, last.text) == ("write", NAME, f"{SET} {prop}: {said}")
        assert plant.image.n_refused == before
        assert await client.write_at(SET, AnyAtomic(Real(99.0)), "schedule-default") == "value-out-of-range"
        (last,) = [e for e in plant.image.events() if e.source == f"bacnet {own}"][-1:]
        assert (last.kind, last.point, last.text) == ("refused", NAME, f"{SET} schedule-default: value-out-of-range")
        assert plant.image.n_refused == before + 1

    with_client(server, work)


def test_a_schedule_is_sent_read_back_and_carried_out(server: BacnetServer, plant: ServedPlant, utc: None) -> None:
    site = made_plant().site
    table = setpoint_table(site)
    begin = pd.Timestamp.now(tz="UTC").floor("h") - pd.Timedelta(hours=1)
    setpoints = (0.4 * table.low + 0.6 * table.high)[None]
    decision = Decision(setpoints=setpoints, status=Status.OPTIMAL)
    made = schedule_from([(begin, decision)], site, (begin, begin + pd.Timedelta(hours=30)), simulated=False, controller="MPC")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        own = f"127.0.0.1/32:{probe.getsockname()[1]}"
    device = Device(address=f"127.0.0.1:{server.port}", instance=1, bind=own, timeout=8.0)
    write_to_device(made, device, site, approved=True)
    assert read_from_device(device, site, begin) == made
    values = {r.point: r.value for r in made.rows}
    assert set(values) == {schedule_name(p) for p in points().points if p.fallback is not None} and len(values) > 1
    for _ in range(500):
        if all(plant.image.value(points().position(f"{name}.cmd")) == pytest.approx(v) for name, v in values.items()):
            break
        time.sleep(0.01)
    else:
        raise AssertionError("the plant does not do what the schedule says")
    with pytest.raises(BacnetError, match="its clock shows"):
        write_to_device(made, Device(address=device.address, instance=1, bind=own, clock="Etc/GMT-5"), site, approved=True)


def test_a_map_that_takes_the_name_of_a_schedule_is_refused(tmp_path: Path) -> None:
    taken = tmp_path / "map.toml"
    taken.write_text('[points.T_chw]\nlabel = "T_chw_set"\n', encoding="utf-8")
    mapped, why = apply_map(points(), taken), "T_chw_set is the name of a Schedule object, and of the point T_chw"
    with pytest.raises(ServeError, match=why):
        BacnetServer(served(points=mapped).image, LOOPBACK, schedules=True)
    with pytest.raises(ServeError, match=why):
        ede_text(mapped, schedules=True)
