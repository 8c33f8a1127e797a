"""The audit log: what is changed, taken out, put in or torn is found; what is whole holds."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lowlift.bms.audit_log import AuditError, AuditTrail, AuditWriteError, records, tail, verify
from lowlift.bms.chain import Chain, ChainError
from lowlift.bms.ledger import Ledger


def written(path: Path, n: int = 6) -> bytes:
    with AuditTrail(path) as trail:
        for k in range(n):
            trail.append(15.0 * k, ("write", {"values": {"T_chw_set.cmd": 6.0 + k}}), ("written", {"points": ["T_chw_set.cmd"]}))
    return path.read_bytes()


def test_records_are_chained_numbered_and_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "log"
    written(path)
    first = verify(path)
    written(path, 2)
    both = verify(path)
    assert (first.records, both.records, both.kinds) == (12, 16, {"write": 8, "written": 8})
    found = list(records(path))
    assert [r["n"] for r in found] == list(range(16)) and found[12]["before"] == first.head and found[-1]["hash"] == both.head
    assert found[2] | {"at": 0, "before": 0, "hash": 0} == {
        "n": 2, "at": 0, "t": 15.0, "kind": "write", "values": {"T_chw_set.cmd": 7.0}, "before": 0, "hash": 0,
    }  # fmt: skip


@pytest.fixture(scope="module")
def three_batches(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    folder = tmp_path_factory.mktemp("audit")
    return folder / "changed", written(folder / "log", 3)


@given(data=st.data())
def test_no_changed_byte_goes_unseen(three_batches: tuple[Path, bytes], data: st.DataObject) -> None:
    path, original = three_batches
    whole = bytearray(original)
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[at]))
    path.write_bytes(bytes(whole))
    try:
        verdict = verify(path)
    except AuditError:
        return
    # What is no record any more can stand at the end only, where it looks like the last word of a killed writer: said, not passed over.
    assert verdict.torn > 0 and verdict.records < 6


def test_a_record_taken_out_put_in_or_moved_breaks_the_chain(tmp_path: Path) -> None:
    path = tmp_path / "log"
    lines = written(path).splitlines(keepends=True)
    for changed in (lines[:3] + lines[4:], lines[1:], [*lines[:3], lines[5], *lines[3:]], [lines[1], lines[0], *lines[2:]]):
        path.write_bytes(b"".join(changed))
        with pytest.raises(AuditError, match=r"line \d+: record \d+ does not follow"):
            verify(path)
        with pytest.raises(AuditError):
            AuditTrail(path)
    record = json.loads(lines[4])
    record["values"]["T_chw_set.cmd"] = 99.0
    path.write_bytes(b"".join([*lines[:4], json.dumps(record, separators=(",", ":")).encode() + b"\n", *lines[5:]]))
    with pytest.raises(AuditError, match="line 5: record 4 has been changed"):
        verify(path)


@pytest.mark.parametrize("again", [0, 1, 30])
def test_F48_a_torn_last_record_is_recognised_and_sealed(tmp_path: Path, again: int) -> None:
    path = tmp_path / "log"
    whole = written(path)
    torn = whole[: len(whole) - 40]
    path.write_bytes(torn)
    verdict = verify(path)
    assert verdict.records == 11 and verdict.torn == len(torn) - torn.rindex(b"\n") - 1 and "its writer was killed" in verdict.text
    if again:
        # The next writer is killed too, in the middle of sealing.
        path.write_bytes(torn + b'\n{"n":11,"at":"2026-01-01T00:00'[:again])
    written(path, 1)
    verdict = verify(path)
    assert (verdict.records, verdict.torn, verdict.repaired, verdict.kinds["torn"]) == (14, 0, 1, 1)
    # A torn line is sealed: it can neither change nor go.
    changed = path.read_bytes().replace(torn[torn.rindex(b"\n") + 1 :][:30], b"x" * 30, 1)
    path.write_bytes(changed)
    with pytest.raises(AuditError, match="changed after it was torn"):
        verify(path)


def test_one_writer_at_a_time_and_errors_that_say_why(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with AuditTrail(path), pytest.raises(AuditError, match="another process"):
        AuditTrail(path)
    with pytest.raises(AuditWriteError, match="cannot be opened"):
        AuditTrail(tmp_path / "nowhere" / "log")
    with pytest.raises(AuditError, match="No such file"):
        verify(tmp_path / "none")
    assert verify(path).text == "no records"


@pytest.mark.parametrize("content", [b"PK\x03\x04\x00\x01", b"time,value\n1,2\n", b'{\n  "site": 1\n}\n', b"\n\nnotes"])
def test_a_file_of_another_kind_is_no_log_and_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "of-mine"
    path.write_bytes(content)
    for use in (verify, AuditTrail, lambda p: tail(p, 1), lambda p: Ledger(p).append("me", "approve", {})):
        with pytest.raises(ChainError, match=r"line 1: .*no (log|record)"):
            use(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("torn", [b"{", b'{"n":0,"at', b"\0" * 512])
def test_a_first_record_that_was_torn_is_sealed(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "log"
    path.write_bytes(torn)
    with AuditTrail(path) as trail:
        trail.append(0.0, ("start", {}))
    assert verify(path).kinds == {"torn": 1, "start": 1}


def test_F36_what_cannot_be_put_on_record_is_an_error(tmp_path: Path) -> None:
    full, path = Path("/dev/full"), tmp_path / "log"
    if not full.exists():
        pytest.skip("needs /dev/full")
    with AuditTrail(path) as trail:
        trail.append(0.0, ("start", {}))
        aside = path.rename(tmp_path / "aside")
        path.symlink_to(full)
        with pytest.raises(AuditWriteError, match="No space left"):
            trail.append(0.0, ("write", {}))
        assert trail.n == 1
        # There is room again, but half of the record had been written.
        path.unlink()
        path.write_bytes(aside.read_bytes() + b'{"n":1,"at":')
        trail.append(15.0, ("write", {}))
        assert trail.n == 3
    assert verify(path).kinds == {"start": 1, "torn": 1, "write": 1}


def test_a_long_log_goes_on_in_new_files_and_stays_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "log"
    for k in range(3):
        with AuditTrail(path, limit=1500) as trail:
            for j in range(6):
                trail.append(15.0 * j, ("write", {"values": {"T_chw_set.cmd": 6.0 + k}}), ("written", {"points": ["T_chw_set.cmd"]}))
    verdict = verify(path)
    files = sorted(file.name for file in tmp_path.iterdir())
    assert files == ["log", "log.1", "log.2", "log.3", "log.4", "log.lock"]
    assert verdict.records == 36 == trail.n and verdict.head == trail.head and verdict.files == 5
    assert "36 records in 5 files" in verdict.text and [r["n"] for r in records(path)] == list(range(36))
    assert [r["n"] for r in tail(path, 20)] == list(range(16, 36)) and len(tail(path, 99)) == 36
    # A killed writer between two files, and one in the first line of a new file.
    path.rename(tmp_path / "log.5")
    assert verify(path).records == 36
    path.write_bytes(b'{"n":36,')
    assert verify(path).torn == 8
    with AuditTrail(path, limit=1500) as trail:
        trail.append(0.0, ("start", {}))
    assert verify(path).kinds == {"write": 18, "written": 18, "torn": 1, "start": 1}
    # Neither a file nor the end of one may go.
    for gone, after in (("log.1", "log.2"), ("log.3", "log.4")):
        kept = (tmp_path / gone).read_bytes()
        (tmp_path / gone).unlink()
        number = json.loads((tmp_path / after).read_bytes().partition(b"\n")[0])["n"]
        with pytest.raises(AuditError, match=rf"{after}: line 1: record {number} does not follow"):
            verify(path)
        (tmp_path / gone).write_bytes(kept[:-9])
        with pytest.raises(AuditError, match=rf"{gone}: line {len(kept.splitlines())}: is torn, and nothing seals it"):
            verify(path)
        (tmp_path / gone).write_bytes(kept)
    assert verify(path).records == 38
    # Old files cost a writer nothing: it goes on from the last one, and verification finds what is wrong with the rest.
    (tmp_path / "log.1").write_bytes(b"{}")
    AuditTrail(path).close()
    with pytest.raises(AuditError):
        verify(path)


def test_a_reader_is_not_misled_by_a_file_that_is_begun_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with AuditTrail(path, limit=200) as trail:
        trail.append(0.0, ("start", {}), ("write", {}))
        walk = Chain(path, fields=frozenset(), damaged=AuditError).walk()
        trail.append(1.0, ("write", {}))
        assert [r["n"] for r in walk] == [0, 1, 2]
