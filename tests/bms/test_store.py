"""Only an approved schedule that is still valid is handed out; roll-back, tampering, crashes and several writers at once."""

import dataclasses
import hashlib
import json
import multiprocessing
from pathlib import Path

import pandas as pd
import pytest
from schedule_cases import MADE, SITE, altered, schedule

from lowlift.bms.ledger import Ledger, LedgerError
from lowlift.bms.store import LOG, ApprovalError, ScheduleStore
from lowlift.models.site import load_site
from lowlift.sim.schedule_rows import ScheduleError

FIRST = schedule()
SECOND = altered(FIRST, 1, value=30.3)
NOON = pd.Timestamp("2030-07-04 12:00", tz="Europe/Berlin")


@pytest.fixture
def store(tmp_path: Path) -> ScheduleStore:
    return ScheduleStore(tmp_path / "store", SITE)


def test_an_approved_schedule_is_handed_out_until_it_ends(store: ScheduleStore) -> None:
    with pytest.raises(ApprovalError, match=r"no schedule is approved; fallback values hold"):
        store.current(MADE)
    approval = store.approve(FIRST, "Ada", "first", now=MADE)
    assert (approval.who, approval.checksum, approval.at) == ("Ada", FIRST.checksum, MADE)
    for now in (MADE, NOON, FIRST.valid_to - pd.Timedelta(seconds=1)):
        assert store.current(now) == FIRST
    with pytest.raises(ApprovalError, match=r"ended at 2030-07-05T00:00:00\+02:00; fallback"):
        store.current(FIRST.valid_to)


def test_rolling_back_restores_the_one_before(store: ScheduleStore) -> None:
    store.approve(FIRST, "Ada", now=MADE)
    store.approve(SECOND, "Bo", now=MADE)
    assert store.current(NOON) == SECOND
    restored = store.roll_back("Cy", "too warm", now=NOON)
    assert restored is not None and restored.checksum == FIRST.checksum and store.current(NOON) == FIRST
    assert store.roll_back("Cy", now=NOON) is None
    with pytest.raises(ApprovalError, match=r"no schedule is approved"):
        store.current(NOON)
    with pytest.raises(ApprovalError, match=r"no schedule is in force"):
        store.roll_back("Cy")
    store.approve(SECOND, "Bo", now=MADE)
    assert [(e.what, e.who) for e in store.log()] == [
        ("approve", "Ada"), ("approve", "Bo"), ("roll back", "Cy"), ("roll back", "Cy"), ("approve", "Bo"),
    ]  # fmt: skip


def test_what_may_not_be_approved(store: ScheduleStore) -> None:
    refusals = [
        (altered(FIRST, 2, value=99.0), MADE, "row 3: .*outside 17 to 42"),
        (altered(FIRST, 2, rate_per_min=9.0), MADE, "row 3: .*rate limit of 9"),
        (FIRST, NOON, "row 1: .*in the past"),
        (dataclasses.replace(FIRST, simulated=True), MADE, "simulated period"),
        (dataclasses.replace(FIRST, site="frontier"), MADE, "made for frontier"),
    ]
    for bad, now, said in refusals:
        with pytest.raises(ScheduleError, match=said):
            store.approve(bad, "Ada", now=now)
    with pytest.raises(ApprovalError, match=r"must be named"):
        store.approve(FIRST, " ", now=MADE)
    assert not store.folder.exists()


def test_an_approval_of_what_is_no_longer_in_force_is_refused(store: ScheduleStore) -> None:
    store.approve(FIRST, "Ada", over="", now=MADE)
    with pytest.raises(ApprovalError, match=r"is in force, not nothing: look at the difference again"):
        store.approve(SECOND, "Bo", over="", now=MADE)
    store.approve(SECOND, "Bo", over=FIRST.checksum, now=MADE)
    with pytest.raises(ApprovalError, match=r"in force already"):
        store.approve(SECOND, "Bo", now=MADE)


def test_f44_an_edited_file_is_not_handed_out(store: ScheduleStore) -> None:
    store.approve(FIRST, "Ada", now=MADE)
    path = store.folder / f"{FIRST.checksum}.json"
    text = path.read_text()
    path.write_text(text.replace('"value": 30.25', '"value": 30.5', 1))
    with pytest.raises(ScheduleError, match=r"row 2 .*edited"):
        store.current(NOON)
    path.write_text(SECOND.export(store.folder / "other.json", MADE).read_text())
    with pytest.raises(ScheduleError, match=r"is not the schedule .* that Ada approved"):
        store.current(NOON)
    path.unlink()
    with pytest.raises(ScheduleError, match=r"cannot be read"):
        store.current(NOON)
    store.roll_back("Ada", now=NOON)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda lines: [lines[0].replace("Ada", "Bob"), *lines[1:]], "line 1: record 1 has been changed"),
        (lambda lines: lines[1:], "line 1: record 2 does not follow"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "line 1: record 2 does not follow"),
        (lambda lines: lines[:-1], "has 2 records, its head says 3"),
        (lambda lines: [lines[0], "{}", *lines[2:]], "line 2: is no record"),
        (lambda lines: [], "has 0 records, its head says 3"),
    ],
)
def test_an_edited_log_hands_nothing_out(store: ScheduleStore, edit: object, said: str) -> None:
    for made, who in ((FIRST, "Ada"), (SECOND, "Bo"), (FIRST, "Cy")):
        store.approve(made, who, now=MADE)
    path = store.folder / LOG
    path.write_text("".join(line + "\n" for line in edit(path.read_text().splitlines())))  # type: ignore[operator]
    for act in (lambda: store.current(NOON), lambda: store.approve(SECOND, "Di", now=MADE), lambda: store.roll_back("Di")):
        with pytest.raises(LedgerError, match=said):
            act()


def test_a_log_without_its_head_is_refused(store: ScheduleStore) -> None:
    store.approve(FIRST, "Ada", now=MADE)
    store.ledger.head.unlink()
    with pytest.raises(LedgerError, match=r"is missing beside a log of 1 record"):
        store.current(NOON)


def test_a_half_written_last_line_is_ignored_and_taken_off(store: ScheduleStore) -> None:
    store.approve(FIRST, "Ada", now=MADE)
    path = store.folder / LOG
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"n": 2, "what": "appr')
    assert store.current(NOON) == FIRST
    store.approve(SECOND, "Bo", now=MADE)
    assert path.read_bytes().startswith(whole) and [e.n for e in store.log()] == [1, 2] and store.current(NOON) == SECOND


def test_a_crash_before_the_head_was_written_loses_nothing(store: ScheduleStore) -> None:
    store.approve(FIRST, "Ada", now=MADE)
    head = store.ledger.head.read_bytes()
    store.approve(SECOND, "Bo", now=MADE)
    store.ledger.head.write_bytes(head)
    assert store.current(NOON) == SECOND
    store.roll_back("Cy", now=NOON)
    assert json.loads(store.ledger.head.read_text())["n"] == 3


def test_a_store_of_another_site_hands_nothing_out(store: ScheduleStore) -> None:
    store.approve(FIRST, "Ada", now=MADE)
    with pytest.raises(ScheduleError, match=r"made for gb200_hall, not for frontier"):
        ScheduleStore(store.folder, load_site("frontier")).current(NOON)


def test_a_log_of_the_older_form_is_read_and_gone_on_from(tmp_path: Path) -> None:
    # Two records as they were written before the chain of the control client was shared.
    lines = [
        '{"about": {"k": 0}, "at": "2030-07-03T10:00:00+00:00", "hash": "7fe5", "n": 1, "previous": "0000", "what": "note", "who": "Ada"}',
        '{"about": {"k": 1}, "at": "2030-07-03T11:00:00+00:00", "hash": "7fe5", "n": 2, "previous": "0000", "what": "note", "who": "Bø"}',
    ]
    path, previous = tmp_path / LOG, "0" * 64
    whole = []
    for line in lines:
        record = json.loads(line) | {"previous": previous}
        del record["hash"]
        previous = hashlib.sha256(json.dumps(record, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
        whole.append(json.dumps(record | {"hash": previous}, sort_keys=True, ensure_ascii=False))
    path.write_text("\n".join(whole) + "\n", encoding="utf-8")
    (tmp_path / f"{LOG}.head").write_text(json.dumps({"n": 2, "hash": previous}))
    assert [(e.n, e.who, e.about["k"]) for e in Ledger(path).entries()] == [(1, "Ada", 0), (2, "Bø", 1)]
    Ledger(path).append("Cy", "note", {"k": 2})
    entries = Ledger(path).entries()
    assert entries[2].previous == previous and [e.n for e in entries] == [1, 2, 3]
    for number, (old, new) in enumerate((("Ada", "Eve"), ("Bø", "Eve"), ("Cy", "Eve")), 1):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(LedgerError, match=f"line {number}: record {number} has been changed"):
            Ledger(path).entries()
        path.write_text(text, encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8").replace(',"v":2', ',"v":3'), encoding="utf-8")
    with pytest.raises(LedgerError, match="line 3: record 3 has been changed"):
        Ledger(path).entries()


def append_many(path: str, who: str) -> None:
    ledger = Ledger(path)
    for k in range(15):
        ledger.append(who, "note", {"k": k})


def test_several_processes_append_to_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=append_many, args=(str(path), name)) for name in ("a", "b")]
    for worker in workers:
        worker.start()
    append_many(str(path), "c")
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    entries = Ledger(path).entries()
    assert [e.n for e in entries] == list(range(1, 46))
    assert all([e.about["k"] for e in entries if e.who == who] == list(range(15)) for who in "abc")
