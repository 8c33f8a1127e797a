"""A control client that is not alone at a site, over real sockets: humans and other supervisors, at its begin and at its end."""

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bms_sites import client_of, shown, site
from wire_plants import plant, points

from lowlift.bms.audit_log import AuditTrail, records
from lowlift.bms.control import ConflictError, ControlClient
from lowlift.bms.control_loop import ControlLoop
from lowlift.bms.control_watch import watch
from lowlift.hil.runner import Runner
from lowlift.hil.served_plant import ServedPlant
from lowlift.wire.adapter import Adapter
from lowlift.wire.links import make_link
from lowlift.wire.points import SUPERVISED
from lowlift.wire.protocols import server

OPTIONS = {"modbus": {"port": 0}, "bacnet": {"address": "127.0.0.1/32:0"}, "opcua": {"port": 0}}
C = 273.15
CMD, TOWER, BEAT = "T_chw_set.cmd", "T_tower_set.cmd", "heartbeat.cmd"
SETPOINTS = [f"{name}.cmd" for name in plant().site.sheet.setpoints.names]


class There:
    """A served site and those who come to it."""

    def __init__(self, protocol: str, folder: Path) -> None:
        self.one: ServedPlant = site()
        self.adapter: Adapter = server(protocol, self.one.image, **OPTIONS[protocol])
        self.adapter.refresh_every = 0.0
        self.folder, self.held, self.count = folder, contextlib.ExitStack(), 0

    def client(self, log: str | None = None, *, act: bool = True, priority: int | None = None, **options: Any) -> ControlClient:
        self.count += 1
        link = self.held.enter_context(make_link(points(), self.adapter.url, timeout=10.0, priority=priority))
        trail = self.held.enter_context(AuditTrail(self.folder / (log or f"log{self.count}")))
        return client_of(link, trail, act=act, **options)

    def together(self, client: ControlClient, cycles: int) -> list[Any]:
        done = []
        for _ in range(cycles):
            done.append(client.cycle())
            self.step(client)
        return done

    def step(self, client: ControlClient) -> None:
        self.one.step()
        while client.elapsed() < self.one.t - 1e-3:
            time.sleep(0.001)


@pytest.fixture
def there(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[There]:
    one = There(request.param, tmp_path)
    one.adapter.start()
    with one.held:
        yield one
    one.adapter.stop()


@pytest.mark.parametrize("there", ["modbus", "opcua"], indirect=True)
def test_a_clean_end_leaves_what_a_human_has_written(there: There) -> None:
    client = there.client()
    client.take_over()
    there.together(client, 3)
    assert TOWER in client.gateway.written and CMD in client.gateway.written
    operator = there.held.enter_context(make_link(points(), there.adapter.url, timeout=10.0))
    operator.write({CMD: C + 9.5})
    assert there.together(client, 2)[-1].humans == {CMD: "written by somebody else"}
    # Another value, after the last cycle: the client looks once more.
    operator.write({TOWER: C + 22.0})
    assert client.hand_back() == "handed back"
    assert (shown(there.one, CMD), shown(there.one, TOWER), shown(there.one, BEAT)) == pytest.approx((9.5, 22.0, 0.0), abs=1e-4)
    there.one.step()
    assert (shown(there.one, CMD), shown(there.one, TOWER)) == pytest.approx((9.5, 22.0), abs=1e-4), "nor does the site"
    others = client.gateway.allow - {CMD, TOWER}
    assert all(shown(there.one, name) == pytest.approx(points()[name].default) for name in others)


@pytest.mark.parametrize("there", ["modbus", "opcua"], indirect=True)
def test_who_is_stopped_while_it_watches_takes_nothing_from_who_is_in_charge(there: There) -> None:
    before = there.client("before")
    before.take_over()
    there.together(before, 3)
    before.trail.close()
    incumbent = there.client()
    incumbent.take_over()
    there.together(incumbent, 1)
    stands = {name: shown(there.one, name) for name in SETPOINTS}
    stop, told = threading.Event(), list[str]()

    def tell(line: str) -> None:
        told.append(line)
        stop.set()

    again = there.client("before")
    done = ControlLoop(again, stop=stop, tell=tell).run()
    assert "another supervisor" in told[0] and done.contacts == 0
    assert {name: shown(there.one, name) for name in SETPOINTS} == stands
    assert [r["how"] for r in records(again.trail.path) if r["kind"] == "stop"] == ["nothing was written"]
    assert not there.together(incumbent, 1)[-1].humans


@pytest.mark.parametrize("there", ["modbus", "opcua", "bacnet"], indirect=True)
def test_a_newcomer_sees_who_is_in_charge_and_writes_nothing(there: There) -> None:
    incumbent, newcomer = there.client(), there.client()
    incumbent.take_over()
    there.together(incumbent, 2)
    with pytest.raises(ConflictError, match=r"heartbeat\.cmd has moved from .* Nothing has been written; stop that one first"):
        watch(newcomer, wait=lambda real: not there.together(incumbent, 1))
    newcomer.hand_back()
    assert not there.together(incumbent, 2)[-1].humans and shown(there.one, "supervision.fbk") == SUPERVISED
    assert {r["kind"] for r in records(newcomer.trail.path)} == {"conflict"}


@pytest.mark.parametrize("there", ["modbus"], indirect=True)
def test_a_heartbeat_that_somebody_has_left_behind_is_taken_up(there: There) -> None:
    dead, newcomer = there.client(), there.client()
    dead.take_over()
    there.together(dead, 2)
    waits: list[float] = []

    def wait(real: float) -> bool:
        waits.append(real)
        there.step(newcomer)
        return False

    watch(newcomer, wait=wait)
    assert len(waits) == 4, "four samples of 15 s"
    newcomer.take_over()
    there.together(newcomer, 2)
    assert shown(there.one, BEAT) == newcomer.gateway.beat


@pytest.mark.parametrize("there", ["modbus", "opcua", "bacnet"], indirect=True)
def test_of_two_one_stays_in_charge(there: There) -> None:
    first, second = there.client(), there.client()
    first.take_over()
    there.together(first, 3)
    # It has not watched, as another product would not.
    second.take_over()
    there.together(second, 1)
    standing = {name: shown(there.one, name) for name in (*SETPOINTS, BEAT)}
    with pytest.raises(ConflictError, match=r"heartbeat\.cmd .* one of the two must go, and this one does"):
        first.cycle()
    assert first.hand_back() == "left to the other supervisor"
    assert {name: shown(there.one, name) for name in (*SETPOINTS, BEAT)} == standing, "not touched"
    seen = there.together(second, 3)
    assert not any(cycle.humans for cycle in seen) and shown(there.one, "supervision.fbk") == SUPERVISED
    ours = SETPOINTS if second.link.priorities else sorted(second.gateway.written)
    second.hand_back()
    assert ours and all(shown(there.one, name) == pytest.approx(points()[name].default) for name in ours)


@pytest.mark.parametrize("there", ["bacnet"], indirect=True)
def test_who_loses_to_a_higher_priority_relinquishes_its_own_below(there: There) -> None:
    first, second = there.client(), there.client(priority=12)
    first.take_over()
    there.together(first, 3)
    second.take_over()
    there.together(second, 3)
    with pytest.raises(ConflictError):
        first.cycle()
    first.hand_back()
    assert shown(there.one, BEAT) == second.gateway.beat
    second.hand_back()
    behind = there.held.enter_context(make_link(points(), there.adapter.url, timeout=10.0, priority=14))
    assert behind.overridden([*SETPOINTS, BEAT]) == {}, "nothing is left at 13"


@pytest.mark.parametrize("there", ["modbus"], indirect=True)
def test_two_armed_loops_end_with_the_first_in_charge(there: There) -> None:
    incumbent, newcomer = there.client(), there.client()
    incumbent.link.close()
    newcomer.link.close()
    runner, stop, told = Runner(there.one, speed=120.0), threading.Event(), threading.Event()
    cycles: list[Any] = []

    def seen(cycle: Any) -> None:
        cycles.append(cycle)
        if len(cycles) > 2:
            told.set()

    runner.start()
    loop = ControlLoop(incumbent, stop=stop, seen=seen)
    thread = threading.Thread(target=loop.run)
    thread.start()
    try:
        assert told.wait(30.0)
        with pytest.raises(ConflictError, match="stop that one first"):
            ControlLoop(newcomer).run(30.0)
        before = len(cycles)
        while len(cycles) < before + 2 and thread.is_alive():
            time.sleep(0.01)
        assert thread.is_alive() and not cycles[-1].humans and cycles[-1].supervision == "supervised"
    finally:
        stop.set()
        thread.join(30.0)
        runner.stop()
    last = list(records(newcomer.trail.path))[-1]
    assert last["kind"] == "stop" and last["how"] == "nothing was written" and last["reason"].startswith("ConflictError")


@pytest.mark.parametrize("there", ["modbus", "opcua"], indirect=True)
def test_a_human_is_not_overridden_by_a_client_that_is_started_again(there: There) -> None:
    killed = there.client("log")
    killed.take_over()
    there.together(killed, 3)
    operator = there.held.enter_context(make_link(points(), there.adapter.url, timeout=10.0))
    operator.write({CMD: C + 9.5})
    there.together(killed, 1)
    killed.trail.close()
    successor = there.client("log", yield_for=300.0)
    successor.take_over()
    seen = there.together(successor, 5)
    assert all(cycle.humans == {CMD: "written by somebody else"} for cycle in seen), "and what the killed one has written is ours"
    assert shown(there.one, CMD) == pytest.approx(9.5, abs=1e-4) and shown(there.one, TOWER) != points()[TOWER].default
    assert successor.gateway.written >= killed.gateway.written - {CMD}, "to be taken back"
    seen = there.together(successor, 20)
    assert not seen[-1].humans and shown(there.one, CMD) != pytest.approx(9.5, abs=0.05), "until it has had its time"


@pytest.mark.parametrize("there", ["modbus"], indirect=True)
def test_who_begins_without_a_past_goes_on_from_what_stands_and_so_does_its_successor(there: There) -> None:
    there.one.image.write({CMD: 9.5, TOWER: 22.0}, "somebody, long ago")
    there.step(there.client())
    first = there.client("log", allow=(TOWER,))
    first.take_over()
    assert not there.together(first, 2)[-1].humans and shown(there.one, CMD) == 9.5
    first.trail.close()
    (record,) = [r for r in records(there.folder / "log") if r["kind"] == "accepted"]
    assert record["values"] == {CMD: pytest.approx(9.5), TOWER: pytest.approx(22.0)}
    successor = there.client("log")
    successor.take_over()
    assert not there.together(successor, 2)[-1].humans


@pytest.mark.parametrize("there", ["modbus", "opcua", "bacnet"], indirect=True)
def test_a_plant_that_stands_still_shows_what_others_command(there: There) -> None:
    link = there.held.enter_context(make_link(points(), there.adapter.url, timeout=10.0))
    there.one.image.write({TOWER: 22.0}, "the panel", 8)
    ends = time.monotonic() + 10.0
    while abs(link.read([TOWER])[TOWER] - C - 22.0) > 1e-3:
        assert time.monotonic() < ends
        time.sleep(0.02)
    there.one.image.relinquish([TOWER], "the panel", 8)
    while abs(link.read([TOWER])[TOWER] - points().to_si(there.one.image.values())[points().position(TOWER)]) > 1e-3:
        assert time.monotonic() < ends
        time.sleep(0.02)
