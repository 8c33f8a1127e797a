"""The gateway: nothing passes that the table forbids, everything is on record first, refusals are tried again with patience."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from bms_sites import ImageLink, shown, site
from wire_plants import plant

from lowlift.bms.audit_log import AuditTrail, AuditWriteError, records
from lowlift.bms.gateway import HEARTBEAT, RETRY_MAX, Gateway, GatewayError, Held, setpoint_commands
from lowlift.wire.link import LinkError
from lowlift.wire.point import Refusal, RefusedError

C = 273.15
CMD, TOWER = "T_chw_set.cmd", "T_tower_set.cmd"


@pytest.fixture
def trail(tmp_path: Path) -> Iterator[AuditTrail]:
    with AuditTrail(tmp_path / "log") as one:
        yield one


def gateway(trail: AuditTrail, act: bool = True, **options) -> tuple[Gateway, ImageLink]:
    link = ImageLink(site())
    one = Gateway(link, trail, commands=setpoint_commands(plant()), act=act, **options)
    one.found(0.0, {CMD: C + 7.0, TOWER: C + 20.0})
    return one, link


def send(one: Gateway, t: float, wanted: dict[str, float], **options) -> dict[str, float]:
    return one.send(t, wanted, one.link.read(), step=15.0, **options)


def test_only_setpoints_are_ever_written_and_of_these_only_allowed_ones(trail: AuditTrail) -> None:
    one, link = gateway(trail, allow=(TOWER,))
    assert send(one, 15.0, {CMD: C + 7.0, TOWER: C + 20.0}).keys() <= {TOWER}
    assert one.held == {CMD: Held.ALLOW_LIST} and all(CMD not in batch for batch in link.sent)
    for name in ("y_chw.mode", "y_chw.hand", "remote_enable.cmd", "T_chw"):
        with pytest.raises(GatewayError, match="no setpoint of this plant"):
            gateway(trail, allow=(name,))


def test_limits_and_rates_hold_values_back_and_are_not_clipped(trail: AuditTrail) -> None:
    one, link = gateway(trail)
    rate = link.points[CMD].rate_per_min
    assert rate is not None
    for value, why in ((C + 99.0, Held.LIMITS), (float("nan"), Held.LIMITS), (C + 7.0 + rate / 60.0 * 16.0, Held.RATE)):
        assert send(one, 15.0, {CMD: value}) == {} and one.held == {CMD: why}
    assert not link.sent and [r["why"] for r in records(trail.path)] == ["outside limits", "faster than its rate"]
    assert send(one, 15.0, {CMD: C + 7.0 + rate / 60.0 * 15.0}) and not one.held
    assert send(one, 20.0, {CMD: C + 9.9}, urgent=[CMD]) and shown(link.served, CMD) == pytest.approx(9.9), "the dew point does not wait"


def test_what_a_human_decides_is_left_alone(trail: AuditTrail) -> None:
    one, _ = gateway(trail)
    assert send(one, 15.0, {CMD: C + 7.03, TOWER: C + 20.03}, human=[CMD]).keys() == {TOWER} and one.held == {CMD: Held.HUMAN}


def test_a_dry_run_writes_nothing_and_says_what_it_would(trail: AuditTrail) -> None:
    one, link = gateway(trail, act=False)
    before = link.served.image.values()
    assert send(one, 15.0, {CMD: C + 7.03}) == {CMD: C + 7.03}
    one.heartbeat(0.0)
    one.hand_back(20.0)
    assert (link.served.image.values() == before).all() and not link.sent
    (record,) = records(trail.path)
    assert record["kind"] == "would-write" and record["values"] == {CMD: pytest.approx(7.03)}


def test_F38_a_refused_point_is_tried_again_with_patience_and_holds_up_nobody(trail: AuditTrail) -> None:
    one, link = gateway(trail)
    link.refuses = {CMD}
    attempts = []
    for k in range(1, 40):
        before = sum(r["kind"] == "refused" for r in records(trail.path))
        taken = send(one, 15.0 * k, {CMD: C + 7.03, TOWER: C + 20.0 + 0.01 * k})
        assert taken.keys() == {TOWER}
        if sum(r["kind"] == "refused" for r in records(trail.path)) > before:
            attempts.append(k)
    assert attempts == [1, 3, 6, 11, 20, 37] and one.refusals[CMD].endswith("for this test") and RETRY_MAX >= 32
    link.refuses = set()
    for k in range(40, 80):
        send(one, 15.0 * k, {CMD: C + 7.03, TOWER: C + 20.0})
    assert shown(link.served, CMD) == pytest.approx(7.03) and not one.refusals


def test_F48_a_batch_cut_in_the_middle_is_on_record_as_intended(trail: AuditTrail) -> None:
    one, link = gateway(trail)
    link.cut_after = 1
    with pytest.raises(LinkError):
        send(one, 15.0, {CMD: C + 7.03, TOWER: C + 20.03})
    kinds = [r["kind"] for r in records(trail.path)]
    assert kinds == ["write"], "the intent, and no outcome"
    assert shown(link.served, CMD) == pytest.approx(7.03) and shown(link.served, TOWER) != pytest.approx(20.03)


def test_nothing_is_sent_that_cannot_be_put_on_record(trail: AuditTrail, monkeypatch: pytest.MonkeyPatch) -> None:
    one, link = gateway(trail)

    def full(*_: object) -> None:
        raise AuditWriteError("no room")

    monkeypatch.setattr(trail, "append", full)
    with pytest.raises(AuditWriteError):
        send(one, 15.0, {CMD: C + 7.03})
    assert not link.sent


@pytest.mark.parametrize("other", [False, True])
def test_a_full_disk_does_not_keep_it_from_letting_go(trail: AuditTrail, monkeypatch: pytest.MonkeyPatch, other: bool) -> None:
    one, link = gateway(trail)
    one.heartbeat(0.0)
    send(one, 15.0, {CMD: C + 7.03})

    def full(*_: object) -> None:
        raise AuditWriteError("no room")

    monkeypatch.setattr(trail, "append", full)
    monkeypatch.setattr(link, "overridden", lambda names: {HEARTBEAT: 0.0} if other else {}, raising=False)
    with pytest.raises(AuditWriteError):
        one.step_aside(30.0) if other else one.hand_back(30.0)
    assert not one.written and not one.in_charge and shown(link.served, CMD) == link.points[CMD].default


def test_a_refused_good_bye_keeps_no_command_from_being_taken_back(trail: AuditTrail, monkeypatch: pytest.MonkeyPatch) -> None:
    one, link = gateway(trail)
    one.heartbeat(0.0)
    send(one, 15.0, {CMD: C + 7.03})
    write = link.write

    def picky(values: dict[str, float]) -> None:
        if HEARTBEAT in values:
            raise RefusedError(Refusal.DENIED, "no beats here")
        write(values)

    monkeypatch.setattr(link, "write", picky)
    one.hand_back(30.0)
    assert shown(link.served, CMD) == link.points[CMD].default
    (record,) = [r for r in records(trail.path) if r["kind"] == "refused"]
    assert record["point"] == HEARTBEAT and record["reason"] == "no beats here"


def test_one_refused_default_keeps_no_other_command_from_being_taken_back(trail: AuditTrail) -> None:
    one, link = gateway(trail)
    one.heartbeat(0.0)
    send(one, 15.0, {CMD: C + 7.03, TOWER: C + 20.03})
    link.refuses = {CMD}
    one.hand_back(30.0)
    assert shown(link.served, TOWER) == pytest.approx(link.points[TOWER].default) and shown(link.served, HEARTBEAT) == 0.0
    assert [r["point"] for r in records(trail.path) if r["kind"] == "refused"] == [CMD]


def test_the_heartbeat_goes_on_from_what_is_there_and_never_says_good_bye_by_itself(trail: AuditTrail) -> None:
    one, link = gateway(trail)
    one.heartbeat(65534.0)
    one.heartbeat(0.0)
    assert [batch["heartbeat.cmd"] for batch in link.sent] == [65535.0, 1.0]
    assert one.is_own(1.0) and one.is_own(65535.0) and one.is_own(0.0) and not one.is_own(65534.0) and not one.is_own(2.0)
    send(one, 15.0, {CMD: C + 7.03})
    one.hand_back(30.0)
    assert shown(link.served, "heartbeat.cmd") == 0.0 and shown(link.served, CMD) == link.points[CMD].default
    assert one.is_own(77.0), "nobody is in charge now"


def test_a_foreign_heartbeat_is_known_after_any_number_of_beats_of_ours(trail: AuditTrail) -> None:
    class Deaf:
        def write(self, values: dict[str, float]) -> None:
            pass

    one, _ = gateway(trail)
    one.link = Deaf()
    for _ in range(70_000):
        one.heartbeat(0.0)
    assert one.is_own(float(one.beat))
    assert not any(one.is_own(float((one.beat + ahead - 1) % 65535 + 1)) for ahead in (1, 1000, 30_000, 65_000))


def test_a_restored_site_may_show_an_old_heartbeat_of_ours_until_the_next(trail: AuditTrail) -> None:
    one, _ = gateway(trail)
    for _ in range(300):
        one.heartbeat(1000.0)
    one.arrive(1100.0)
    assert one.is_own(1100.0) and not one.is_own(1101.0)
    one.heartbeat(0.0)
    assert not one.is_own(1100.0) and one.is_own(1301.0)
    one.arrive(7.0)
    assert not one.is_own(7.0), "never ours"


def test_what_a_human_holds_is_not_handed_back(trail: AuditTrail) -> None:
    one, link = gateway(trail)
    one.heartbeat(0.0)
    assert send(one, 15.0, {CMD: C + 7.03, TOWER: C + 20.03}).keys() == {CMD, TOWER}
    link.served.image.write({TOWER: 22.0}, "operator")
    one.hand_back(30.0, human=[TOWER])
    assert shown(link.served, CMD) == link.points[CMD].default and shown(link.served, TOWER) == 22.0
    (record,) = [r for r in records(trail.path) if r["kind"] == "hand-back"]
    assert record["points"] == [CMD] and record["left"] == [TOWER]
