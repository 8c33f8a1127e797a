"""A bacpypes3 device on loopback: what is written is read back, carried out at every minute, and refused where it must be."""

import asyncio
import contextlib
import datetime as dt
import threading
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from schedule_cases import AUTUMN, MADE, SITE, SPRING, altered, row, schedule
from schedule_device import device_app, free_port

from lowlift.bms import bacnet_link
from lowlift.bms.bacnet_device import read_from_device, write_to_device
from lowlift.bms.bacnet_link import BacnetError, Device
from lowlift.bms.bacnet_model import objects_of
from lowlift.sim.schedule_rows import ScheduleError


class Served:
    """A device with Schedule objects in a thread of its own."""

    def __init__(self, names: list[str], clock: str) -> None:
        self.names, self.clock, self.port = names, clock, free_port()
        self.objects: dict[str, Any] = {}
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        assert self.ready.wait(20)

    def serve(self) -> None:
        async def start() -> Any:
            app, self.objects = device_app(self.names, self.port, lambda: MADE.tz_convert(self.clock))
            return app

        asyncio.set_event_loop(self.loop)
        self.app = self.loop.run_until_complete(start())
        self.ready.set()
        self.loop.run_forever()

    def close(self) -> None:
        async def stop() -> None:
            self.app.close()
            await asyncio.sleep(0.01)

        asyncio.run_coroutine_threadsafe(stop(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()

    def value(self, point: str, at: pd.Timestamp) -> float:
        """What the device's own evaluation gives at a local time."""
        from bacpypes3.primitivedata import Date, Time

        local = at.tz_convert(self.clock)
        date, time = Date((local.year - 1900, local.month, local.day, local.isoweekday())), Time((local.hour, local.minute, 0, 0))
        item = self.objects[point]
        found = item.eval(date, time)
        value = (item.scheduleDefault if found is None else found[0]).get_value()
        return float(value if isinstance(value, float) else item.scheduleDefault.get_value())

    def device(self, **changes: Any) -> Device:
        return Device(
            **{"address": f"127.0.0.1:{self.port}", "instance": 7, "bind": f"127.0.0.1/32:{free_port()}", "timeout": 8.0} | changes
        )


@contextlib.contextmanager
def served(names: tuple[str, ...] = ("T_supply_set[1]", "m_cw_set", "other"), clock: str = "Europe/Berlin") -> Iterator[Served]:
    server = Served(list(names), clock)
    try:
        yield server
    finally:
        server.close()


@pytest.mark.parametrize(("zone", "day", "clock"), [
    *((zone, day, zone) for zone, day in [*AUTUMN.items(), *SPRING.items()]),
    ("Europe/Berlin", AUTUMN["Europe/Berlin"], "UTC"), ("America/Chicago", AUTUMN["America/Chicago"], "Etc/GMT+6"),
])  # fmt: skip
def test_a_device_holds_and_does_what_the_schedule_says_on_days_of_daylight_saving(zone: str, day: str, clock: str) -> None:
    made = schedule(zone, day, quiet=clock == zone)
    with served(clock=clock) as server:
        write_to_device(made, server.device(clock=clock), SITE, MADE)
        assert read_from_device(server.device(), SITE, MADE) == made
        for at in pd.date_range(made.valid_from, made.valid_to, freq="10min", inclusive="left"):
            for point in ("T_supply_set[1]", "m_cw_set"):
                held = [r.value for r in made.rows if r.point == point and r.valid_from <= at < r.valid_to]
                fallback = next(r.fallback for r in made.rows if r.point == point)
                assert server.value(point, at) == pytest.approx(held[0] if held else fallback, rel=1e-6), (point, at)


def test_what_cannot_be_told_to_a_changed_clock_is_refused_by_name() -> None:
    with pytest.raises(ScheduleError, match=r"row 4: T_supply_set\[1\] begins at 2030-10-27T02:30:00\+02:00 within the hour .* repeats"):
        objects_of(altered(schedule("Europe/Berlin", AUTUMN["Europe/Berlin"], minutes=50), 0))


def test_it_replaces_its_own_schedule_and_leaves_those_of_others() -> None:
    first = schedule()
    second = altered(first, 1, value=30.3)
    with served() as server:
        write_to_device(first, server.device(), SITE, MADE)
        write_to_device(second, server.device(schedules={"T_supply_set[1]": 1, "m_cw_set": 2}), SITE, MADE)
        assert read_from_device(server.device(), SITE, MADE) == second
        server.objects["m_cw_set"].description = "holidays"
        with pytest.raises(BacnetError, match=r"schedule 2 \(m_cw_set\) has \d exceptions of others; not written"):
            write_to_device(first, server.device(), SITE, MADE)


def test_exceptions_that_an_operator_has_entered_in_its_own_objects_are_not_written_over() -> None:
    from bacpypes3.primitivedata import Real

    first, second = schedule(), altered(schedule(), 1, value=30.3)
    with served() as server:
        write_to_device(first, server.device(), SITE, MADE)
        item = server.objects["T_supply_set[1]"]
        ours = list(item.exceptionSchedule)
        holiday = type(ours[0])(period=ours[0].period, listOfTimeValues=ours[0].listOfTimeValues, eventPriority=5)
        changed = type(ours[0])(period=ours[0].period, listOfTimeValues=list(ours[0].listOfTimeValues), eventPriority=16)
        for theirs in ([*ours, holiday], [*ours, changed], [holiday, *ours[1:]]):
            item.exceptionSchedule = theirs
            with pytest.raises(BacnetError, match=r"\(T_supply_set\[1\]\) has exceptions that others have entered or changed"):
                write_to_device(second, server.device(), SITE, MADE)
            assert len(item.exceptionSchedule) == len(theirs)
        item.exceptionSchedule = ours
        item.exceptionSchedule[0].listOfTimeValues[0].value = Real(33.0)
        with pytest.raises(BacnetError, match="entered or changed"):
            write_to_device(second, server.device(), SITE, MADE)
        item.exceptionSchedule = []
        write_to_device(second, server.device(), SITE, MADE)


def test_edits_in_the_device_are_refused_by_name() -> None:
    from bacpypes3.primitivedata import Real

    with served() as server:
        write_to_device(schedule(), server.device(), SITE, MADE)
        item = server.objects["T_supply_set[1]"]
        item.exceptionSchedule[0].listOfTimeValues[2].value = Real(33.0)
        with pytest.raises(ScheduleError, match=r"row 3 \(T_supply_set\[1\]\): edited after export"):
            read_from_device(server.device(), SITE, MADE)


def test_refusals_before_anything_is_written() -> None:
    with served(clock="UTC") as server:
        with pytest.raises(
            BacnetError, match=r"its clock shows 2030-01-01 12:00:00, -3600 s from that of Europe/Berlin; nothing was written"
        ):
            write_to_device(schedule(), server.device(), SITE, MADE)
        with pytest.raises(ScheduleError, match=r"simulated period: a record"):
            write_to_device(_simulated(), server.device(), SITE, MADE)
        with pytest.raises(ScheduleError, match=r"row 2: .*outside 17 to 42"):
            write_to_device(altered(schedule(), 1, value=99.0), server.device(), SITE, MADE)
        begin = pd.Timestamp("2030-07-05", tz="Europe/Berlin")
        more = (*schedule().rows, row("split", begin, begin + pd.Timedelta(hours=1), 0.5))
        with pytest.raises(BacnetError, match=r"has no Schedule object for split"):
            write_to_device(_with(more), server.device(clock="UTC"), SITE, MADE)
        with pytest.raises(BacnetError, match=r"holds a schedule of lowlift"):
            read_from_device(server.device())


def test_f38_an_absent_device_is_an_error_after_some_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bacnet_link, "ATTEMPTS", 2)
    device = Device(address=f"127.0.0.1:{free_port()}", instance=7, bind=f"127.0.0.1/32:{free_port()}", timeout=0.1)
    with pytest.raises(BacnetError, match=r"no answer"):
        write_to_device(schedule(), device, SITE, MADE)


def test_f38_a_refused_write_leaves_the_last_good_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    from bacpypes3.errors import ExecutionError

    first, second = schedule(), altered(schedule(), 1, value=30.3)
    with served() as server:
        write_to_device(first, server.device(), SITE, MADE)
        item = server.objects["m_cw_set"]
        write = type(item).write_property

        async def refusing(self: Any, attr: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
            if self is item and str(attr) == "description" and '"created"' in str(value) and refused:
                refused.pop()
                raise ExecutionError("property", "writeAccessDenied")
            return await write(self, attr, value, *args, **kwargs)

        refused = [True]
        monkeypatch.setattr(type(item), "write_property", refusing)
        with pytest.raises(BacnetError, match=r"refused .*description.*the device holds what it held before"):
            write_to_device(second, server.device(), SITE, MADE)
        assert read_from_device(server.device(), SITE, MADE) == first


def _simulated() -> Any:
    import dataclasses

    return dataclasses.replace(schedule(), simulated=True)


def _with(rows: Any) -> Any:
    import dataclasses

    return dataclasses.replace(schedule(), rows=rows)


def test_dates_go_to_the_wire_with_their_day_of_the_week() -> None:
    assert bacnet_link._numbers(dt.date(2030, 10, 27)) == (130, 10, 27, 7)
