"""The control client where links are pulled, clocks jump, and servers or clients are killed. Cases of faults.csv by their number."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bms_sites import STEP, Asks, ImageLink, client_of, kinds, shown, site, together
from wire_plants import points

from lowlift.bms.audit_log import AuditTrail, AuditWriteError, records, verify
from lowlift.bms.control_loop import ControlLoop
from lowlift.hil import snapshot
from lowlift.sim.closed_loop import Run
from lowlift.wire.link import SetupError
from lowlift.wire.points import FAIL_SAFE, SUPERVISED

C = 273.15
CMD = "T_chw_set.cmd"


def test_F37_a_jump_of_the_wall_clock_changes_nothing(tmp_path: Path) -> None:
    times = iter([datetime(2026, 10, 25, 2, 0, tzinfo=UTC) + timedelta(minutes=m) for m in (*range(4), *range(-56, 400))])
    one = site()
    with AuditTrail(tmp_path / "log", now=lambda: next(times)) as trail:
        client = client_of(ImageLink(one), trail)
        client.take_over()
        seen = together(client, one, 10)
        assert [cycle.t for cycle in seen] == [STEP * k for k in range(10)]
    found = list(records(tmp_path / "log"))
    assert [r["at"] for r in found] != sorted(r["at"] for r in found) and [r["t"] for r in found] == sorted(r["t"] for r in found)


def test_F38_an_absent_site_is_tried_again_with_patience(trail: AuditTrail) -> None:
    waits: list[float] = []

    class Patient(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout or 0.0)
            link.cut = len(waits) < 9
            if len(waits) == 10:
                link.served.step()
            if len(waits) > 12:
                self.set()
            return self.is_set()

    link = ImageLink(site())
    link.cut = True
    told: list[str] = []
    done = ControlLoop(client_of(link, trail), stop=Patient(), tell=told.append).run()
    assert waits[:9] == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0] and (done.losses, done.attempts, done.cycles) == (0, 9, 1)
    assert kinds(trail).count("lost") == 1 and told[0].startswith("no connection") and told[1].startswith("in touch")
    assert kinds(trail)[-2:] == ["hand-back", "stop"]


@pytest.mark.parametrize("full", [False, True])
def test_a_lost_connection_is_on_record_before_it_is_said_and_said_on_a_full_disk(
    trail: AuditTrail, monkeypatch: pytest.MonkeyPatch, full: bool
) -> None:
    link, stop, on_record = ImageLink(site()), threading.Event(), list[bool]()
    append = trail.append

    def tell(line: str) -> None:
        if line.startswith("no connection"):
            on_record.append("lost" in kinds(trail))
            stop.set()
        link.served.step()

    def appended(t: float, *records: Any) -> None:
        if full and records[0][0] == "lost":
            raise AuditWriteError("no room")
        append(t, *records)

    monkeypatch.setattr(trail, "append", appended)
    loop = ControlLoop(client_of(link, trail), stop=stop, seen=lambda _: setattr(link, "cut", True), tell=tell, first_wait=0.0)
    if full:
        with pytest.raises(AuditWriteError, match="no room"):
            loop.run()
    else:
        loop.run()
    assert on_record == [not full]


def test_a_wrong_set_up_ends_a_run_at_once_and_is_a_disturbance_once_the_site_was_reached(trail: AuditTrail) -> None:
    class Gateway(ImageLink):
        """A gateway whose unit is away at some of the connections."""

        away: tuple[int, ...] = (1,)

        def connect(self) -> None:
            super().connect()
            if self.connects in self.away:
                raise SetupError("unit 1 does not answer there, Modbus exception 0B")

    link = Gateway(site())
    with pytest.raises(SetupError, match="0B"):
        ControlLoop(client_of(link, trail), first_wait=0.0).run()
    assert link.connects == 1 and not link.sent

    link, stop, told = Gateway(site()), threading.Event(), list[str]()
    link.away = (2,)

    def seen(cycle: object) -> None:
        stop.set() if link.connects == 3 else setattr(link, "cut", True)

    def tell(line: str) -> None:
        told.append(line)
        link.cut = False
        link.served.step()

    done = ControlLoop(client_of(link, trail), stop=stop, seen=seen, tell=tell, first_wait=0.0).run()
    assert (done.contacts, done.losses, done.attempts, done.cycles) == (2, 1, 1, 2)


def test_F46_a_link_pulled_for_ten_minutes(trail: AuditTrail) -> None:
    one = site()
    link = ImageLink(one)
    client = client_of(link, trail)
    client.take_over()
    together(client, one, 20)
    link.cut = True
    with pytest.raises(ConnectionError) as error:
        client.cycle()
    client.lost(error.value)
    written = one.image.values()
    for _ in range(40):
        one.step()
    assert shown(one, "supervision.fbk") == FAIL_SAFE and shown(one, CMD) == written[points().position(CMD)]
    link.cut = False
    one.image.write({"T_tower_set.cmd": 21.7}, "operator")
    client.take_over()
    assert client.envelope.setpoints[0, 0] == pytest.approx(C + shown(one, "T_chw_set.fbk"), abs=1e-3)
    seen = together(client, one, 60)
    assert shown(one, "supervision.fbk") == SUPERVISED and shown(one, "alarm.fail_safe") == 0.0
    assert seen[0].humans == {"T_tower_set.cmd": "written by somebody else"} and shown(one, "T_tower_set.cmd") == pytest.approx(21.7)
    assert seen[0].decision is not None
    gap = next(r for r in records(trail.path) if r["kind"] == "take-over" and r["missed"])
    assert gap["missed"] == pytest.approx(615.0, abs=16.0) and "lost" in kinds(trail)


@pytest.mark.parametrize("resumes", [True, False])
def test_F47_a_server_killed_and_restarted(trail: AuditTrail, tmp_path: Path, resumes: bool) -> None:
    one = site()
    link = ImageLink(one)
    client = client_of(link, trail)
    client.take_over()
    together(client, one, 20)
    snapshot.save(one, tmp_path / "snapshot.json")
    together(client, one, 15)
    other = site()
    if resumes:
        snapshot.restore(other, tmp_path / "snapshot.json")
    link.served = other
    client.lost(ConnectionResetError("killed"))
    client.take_over()
    seen = together(client, other, 10)
    assert [cycle.t for cycle in seen] == [STEP * (34 + k) for k in range(10)], "the client's own time never goes back"
    assert not any(cycle.humans for cycle in seen), "an old value of ours is no human's"
    assert shown(other, "supervision.fbk") == SUPERVISED and verify(trail.path).torn == 0


@pytest.mark.parametrize("again", [False, True])
def test_F48_half_of_a_first_batch_is_known_to_be_a_supervisors(trail: AuditTrail, again: bool) -> None:
    one = site(heartbeat=300.0)
    link = ImageLink(one)
    link.connect()
    client = client_of(link, trail)
    client.take_over()
    if again:
        together(client, one, 5)
        client.lost(ConnectionResetError("the cable"))
        link.connect()
        client.take_over()
        client.requested = client.envelope.setpoints - 1.0
    # The beat of the take-over has arrived; one command does.
    link.cut_after = 1
    with pytest.raises(ConnectionError):
        together(client, one, 40)
    assert client.gateway.in_charge and client.gateway.written, "both are to be taken back if the connection is back at the end"
    for _ in range(25):
        one.step()
    assert shown(one, "supervision.fbk") == FAIL_SAFE
    fallback = {name: points()[name].fallback for name in client.commands if points()[name].fallback is not None}
    for _ in range(120):
        one.step()
    assert fallback and all(shown(one, name.replace(".cmd", ".fbk")) == pytest.approx(value) for name, value in fallback.items())


def test_F46_what_was_on_its_way_when_the_cable_was_pulled_is_no_humans(trail: AuditTrail) -> None:
    one = site()
    link = ImageLink(one)
    link.connect()
    client = client_of(link, trail, Run(Asks(T_chw_set=C + 9.5)))
    client.take_over()
    together(client, one, 3)
    batches = len(link.sent)
    link.cut_after = 1
    with pytest.raises(ConnectionError):
        together(client, one, 40)
    assert len(link.sent) > batches and len(link.sent[-1]) > 1, "a batch of commands"
    link.cut, link.cut_after = False, None
    link.connect()
    client.take_over()
    assert not any(cycle.humans for cycle in together(client, one, 20))


def test_a_clock_that_is_set_back_shows_an_old_beat_of_ours_and_no_other_supervisor(trail: AuditTrail) -> None:
    one = site()
    link = ImageLink(one)
    client = client_of(link, trail)
    client.take_over()
    together(client, one, 3)
    old = shown(one, "heartbeat.cmd")
    together(client, one, 20)
    read = link.read

    def restored(names=None) -> dict[str, float]:
        link.read = read
        return read(names) | {"elapsed": 30.0, "heartbeat.cmd": old}

    link.read = restored
    client.cycle()
    assert "gap" in kinds(trail) and "conflict" not in kinds(trail)


def test_F48_a_client_killed_in_the_middle_of_a_batch(trail: AuditTrail, tmp_path: Path) -> None:
    one = site()
    link = ImageLink(one)
    client = client_of(link, trail)
    client.take_over()
    together(client, one, 5)
    link.cut_after = 1
    with pytest.raises(ConnectionError):
        together(client, one, 40)
    # Nobody comes back for it: the site misses the heartbeat.
    for _ in range(22):
        one.step()
    assert shown(one, "supervision.fbk") == FAIL_SAFE and kinds(trail)[-1] == "write"
    trail.close()
    with AuditTrail(trail.path) as again:
        link.cut, link.cut_after = False, None
        successor = client_of(link, again)
        successor.take_over()
        together(successor, one, 60)
        assert shown(one, "supervision.fbk") == SUPERVISED and shown(one, "alarm.fail_safe") == 0.0
        successor.hand_back()
        one.step()
    assert shown(one, "supervision.fbk") == 1 and shown(one, CMD) == points()[CMD].default
    assert verify(trail.path).repaired == 0
