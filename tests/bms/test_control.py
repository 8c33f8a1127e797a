"""The control client: as in the loop, bumpless, and never against a human."""

import numpy as np
import pandas as pd
import pytest
from bms_sites import STEP, Asks, ImageLink, client_of, kinds, shown, site, together
from wire_plants import plant, points, scenario

from lowlift.bms.audit_log import AuditTrail, records, verify
from lowlift.bms.control import ConflictError
from lowlift.bms.control_watch import watch
from lowlift.bms.gateway import HEARTBEAT
from lowlift.controllers.interface import Decision, Status
from lowlift.sim.closed_loop import Run, simulate
from lowlift.sim.entrants import ControllerError, live_run, make_run
from lowlift.wire.link import LinkError
from lowlift.wire.points import HAND

C = 273.15
CMD = "T_chw_set.cmd"


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
