"""The control client: as in the loop, bumpless, and never against a human. Cases of faults.csv by their number."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bms_sites import STEP, ImageLink, client_of, shown, site, together
from wire_plants import plant, points, scenario

from lowlift.bms.audit_log import AuditTrail, records, verify
from lowlift.bms.control import ConflictError
from lowlift.bms.control_loop import ControlLoop
from lowlift.bms.control_watch import watch
from lowlift.bms.gateway import HEARTBEAT
from lowlift.controllers.interface import Decision, Status
from lowlift.hil import snapshot
from lowlift.sim.closed_loop import Run, simulate
from lowlift.sim.entrants import ControllerError, live_run, make_run
from lowlift.wire.link import LinkError, SetupError
from lowlift.wire.points import FAIL_SAFE, HAND, SUPERVISED

C = 273.15
CMD = "T_chw_set.cmd"


@pytest.fixture
def trail(tmp_path: Path) -> Iterator[AuditTrail]:
    with AuditTrail(tmp_path / "log") as one:
        yield one


class Asks:
    """A controller that asks for one thing."""

    name, period = "Asks", 300.0

    def __init__(self, **values: float) -> None:
        self.values, self.resets = values, 0

    def reset(self, batch: int) -> None:
        self.resets += 1

    def decide(self, measurement, forecast) -> Decision:
        table = plant().site.sheet.setpoints
        middle = {s.name: np.full((1, s.size), (s.low + s.high) / 2.0) for s in table.signals}
        for name, value in self.values.items():
            middle[name] = np.full_like(middle[name], value)
        return Decision(setpoints=np.asarray(table.pack(middle)), status=Status.RULE)


def kinds(trail: AuditTrail) -> list[str]:
    return [r["kind"] for r in records(trail.path)]


def test_an_hour_is_as_in_the_loop(trail: AuditTrail) -> None:
    hall, steps = plant(), 240
    (loop,) = simulate(hall, scenario(), [make_run("Guideline36", hall, scenario())])
    expected = loop.frame[list(hall.site.sheet.cooling)].to_numpy()[:steps].sum()
    one = site()
    one.start_from(one.envelope.fail_safe(np.full((1, 1), one.envelope.rules.T_dew)))
    used: list[float] = []
    columns = [points().position(name) for name in hall.site.sheet.cooling]
    one.image.subscribe(lambda seen: used.append(float((seen.values[columns] / points().factors[columns]).sum())))
    client = client_of(ImageLink(one), trail, begin=scenario().index[0], weather=lambda _: scenario().weather_past)
    client.take_over()
    together(client, one, steps)
    assert sum(used) == pytest.approx(expected, rel=1e-6)
    assert verify(trail.path).kinds["decision"] == 12


def test_taking_over_is_bumpless_and_keeps_the_rates(trail: AuditTrail) -> None:
    one = site()
    link = ImageLink(one)
    client = client_of(link, trail, Run(Asks(T_chw_set=C + 9.5)))
    k, before = points().position("T_chw_set.fbk"), shown(one, "T_chw_set.fbk")
    reach = points()[CMD].rate_per_min * STEP / 60.0
    client.take_over()
    course = [before]
    for _ in range(20):
        together(client, one, 1)
        course.append(float(one.image.values()[k]))
    assert np.abs(np.diff(course)).max() <= reach * 1.01 and course[-1] != before
    assert "held" not in kinds(trail)


def test_a_dry_run_changes_nothing(trail: AuditTrail) -> None:
    one = site()
    before = one.image.values()
    client = client_of(ImageLink(one), trail, act=False)
    client.take_over()
    client.cycle()
    client.hand_back()
    assert (one.image.values() == before).all() and "would-write" in kinds(trail) and "write" not in kinds(trail)


def test_a_value_of_somebody_else_stands_until_it_has_had_its_time(trail: AuditTrail) -> None:
    one = site()
    link = ImageLink(one)
    client = client_of(link, trail, Run(Asks(T_chw_set=C + 7.0)), yield_for=600.0)
    client.take_over()
    together(client, one, 4)
    one.image.write({CMD: 9.0}, "operator")
    seen = together(client, one, 30)
    assert all(cycle.humans == {CMD: "written by somebody else"} for cycle in seen) and shown(one, CMD) == 9.0
    assert client.envelope.setpoints[0, 0] == pytest.approx(C + 9.0, abs=0.2), "goes on from where the human is"
    seen = together(client, one, 40)
    assert not seen[-1].humans and shown(one, CMD) < 9.0
    told = [r["what"] for r in records(trail.path) if r["kind"] == "human"]
    assert told == ["a human decides: written by somebody else", "ours again"]


def test_a_site_whose_clock_shows_no_number_is_not_controlled(trail: AuditTrail) -> None:
    one = site()
    link = ImageLink(one)
    client = client_of(link, trail, Run(Asks(T_chw_set=C + 7.0)))
    client.take_over()
    together(client, one, 2)
    read, sent = link.read, len(link.sent)
    link.read = lambda names=None: read(names) | {"elapsed": float("nan")}
    for act in (client.cycle, client.elapsed, client.take_over):
        with pytest.raises(LinkError, match="elapsed"):
            act()
    assert len(link.sent) == sent
    one.image.write({HEARTBEAT: 77.0}, "somebody")
    with pytest.raises(LinkError, match="elapsed"):
        watch(client, wait=lambda real: False)


def test_what_a_human_commands_while_the_controller_thinks_is_not_written_over(trail: AuditTrail) -> None:
    one = site()

    class Thinks(Asks):
        def decide(self, measurement, forecast) -> Decision:
            if measurement.t > 0.0:
                one.image.write({CMD: 6.0}, "operator")
            return super().decide(measurement, forecast)

    client = client_of(ImageLink(one), trail, Run(Thinks(T_chw_set=C + 9.0)))
    client.take_over()
    seen = together(client, one, 21)
    assert seen[-1].decision is not None and seen[-1].t == 300.0
    assert seen[-1].humans == {CMD: "written by somebody else"} and shown(one, CMD) == 6.0


def test_a_command_that_cannot_be_read_is_left_alone_and_ends_nothing(trail: AuditTrail) -> None:
    one = site()
    link = ImageLink(one)
    client = client_of(link, trail, Run(Asks(T_chw_set=C + 9.0)))
    client.take_over()
    together(client, one, 2)
    read, sent = link.read, len(link.sent)
    link.read = lambda names=None: read(names) | {CMD: float("nan")}
    assert together(client, one, 5)[-1].humans == {CMD: "cannot be read"}
    assert all(CMD not in batch for batch in link.sent[sent:])
    link.read = read
    assert not together(client, one, 1)[-1].humans


def test_the_time_of_day_is_that_of_the_sites_clock(trail: AuditTrail) -> None:
    one, midnight, asked = site(), pd.Timestamp("2025-07-04T00:00-07:00"), list[pd.Timestamp]()

    class Sees(Asks):
        def decide(self, measurement, forecast) -> Decision:
            asked.append(measurement.time)
            return super().decide(measurement, forecast)

    for _ in range(240):
        one.step()
    client = client_of(ImageLink(one), trail, Run(Sees()), begin=midnight, weather=lambda time: asked.append(time))
    client.take_over()
    client.cycle()
    assert asked == [midnight + pd.Timedelta(hours=1)] * 2
    client = client_of(ImageLink(one), trail, Run(Sees()))
    client.take_over()
    client.cycle()
    assert abs(asked[-1] - pd.Timestamp.now(tz="UTC")) < pd.Timedelta(minutes=1)


def test_the_good_bye_comes_when_everything_has_been_taken_back(trail: AuditTrail) -> None:
    one = site()
    link = ImageLink(one)
    client = client_of(link, trail)
    client.take_over()
    together(client, one, 3)
    # All commands are taken back, and the cable is pulled before the good-bye.
    link.cut_after = len(client.gateway.written)
    with pytest.raises(ConnectionError):
        client.hand_back()
    assert shown(one, "heartbeat.cmd") == client.gateway.beat != 0.0
    assert all(shown(one, name) == pytest.approx(points()[name].default) for name in client.gateway.written)


def test_hand_and_local_are_respected_and_reported(trail: AuditTrail) -> None:
    one = site()
    link = ImageLink(one)
    client = client_of(link, trail, Run(Asks(T_chw_set=C + 7.0)))
    client.take_over()
    one.image.write({"y_chw.mode": float(HAND), "y_chw.hand": 0.8}, "operator")
    assert together(client, one, 20)[-1].in_hand == {"y_chw": "hand"}
    assert shown(one, "y_chw") == pytest.approx(0.8) and shown(one, "y_chw.mode") == HAND
    one.image.write({"remote_enable.cmd": 0.0}, "operator")
    together(client, one, 2)
    sent = len(link.sent)
    seen = together(client, one, 20)
    assert not seen[-1].remote and all(batch.keys() == {"heartbeat.cmd"} for batch in link.sent[sent:])
    local = shown(one, "T_chw_set.fbk")
    one.image.write({"remote_enable.cmd": 1.0, "y_chw.mode": 3.0}, "operator")
    together(client, one, 1)
    assert shown(one, CMD) == pytest.approx(local, abs=points()[CMD].rate_per_min * STEP / 60.0), "bumpless"
    told = [(r["point"], r["what"]) for r in records(trail.path) if r["kind"] == "human"]
    assert told == [
        ("y_chw", "in hand"),
        ("remote_enable.cmd", "local: commands wait"),
        ("y_chw", "back in auto"),
        ("remote_enable.cmd", "remote again"),
    ]


def test_lost_readings_hold_then_fail_safe_then_come_back(trail: AuditTrail) -> None:
    def broken(t: float, readings: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return readings | ({"T_return": np.full((1, 1), np.nan)} if 60.0 <= t < 180.0 else {})

    one = site(disturb=broken)
    client = client_of(ImageLink(one), trail)
    client.take_over()
    seen = together(client, one, 70)
    safe = [cycle.t for cycle in seen if cycle.fail_safe]
    assert safe[0] == 105.0 and safe[-1] == pytest.approx(180.0 + 600.0, abs=30.0)
    assert any(r["kind"] == "envelope" and "reading missing" in r["reason"] for r in records(trail.path))


def test_a_controller_that_fails_is_not_obeyed_and_the_site_goes_on(trail: AuditTrail) -> None:
    class Fails(Asks):
        def decide(self, measurement, forecast) -> Decision:
            raise RuntimeError("out of ideas")

    one = site()
    client = client_of(ImageLink(one), trail, Run(Fails()))
    client.take_over()
    seen = together(client, one, 65)
    assert seen[0].decision.status is Status.FALLBACK and not seen[10].fail_safe and seen[-1].fail_safe
    assert any("out of ideas" in str(r.get("message")) for r in records(trail.path))


def test_two_supervisors_are_one_too_many(trail: AuditTrail) -> None:
    one = site()
    client = client_of(ImageLink(one), trail)
    client.take_over()
    together(client, one, 3)
    one.image.write({"heartbeat.cmd": 500.0}, "another")
    with pytest.raises(ConflictError, match="another supervisor"):
        client.cycle()
    assert kinds(trail)[-1] == "conflict"


def test_who_must_know_the_future_cannot_control() -> None:
    with pytest.raises(ControllerError, match="must know the load"):
        live_run("Oracle", plant("gb200_hall"))
    with pytest.raises(ControllerError, match="unknown controller"):
        live_run("Guidline36", plant())


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
