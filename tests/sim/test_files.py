import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lowlift.sim import files
from lowlift.sim.files import WriteError, atomic, make_folder, write_bytes, write_text


def test_writes_whole_files_with_ordinary_rights(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.txt", "grüße")
    assert path.read_text(encoding="utf-8") == "grüße"
    umask = os.umask(0)
    os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask
    write_bytes(path, b"later")
    assert path.read_bytes() == b"later"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_an_error_in_the_middle_leaves_the_previous_file(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.txt", "before")
    with pytest.raises(RuntimeError), atomic(path) as file:
        file.write(b"half")
        raise RuntimeError
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_f36_disk_full_gives_a_clear_error_and_keeps_the_previous_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    path = write_text(tmp_path / "kpis.json", "before")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if call == "write":
        with pytest.raises(WriteError, match="free some space"), atomic(path):
            full()
    else:
        monkeypatch.setattr(files.os, call, full)
        with pytest.raises(WriteError, match=r"kpis\.json.*No space left.*intact"):
            write_text(path, "after")
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["kpis.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_f36_a_real_limit_on_file_size_ends_with_a_non_zero_exit_code(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.bin", "before")
    code = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000));"
        f"from lowlift.sim.files import write_bytes; write_bytes({str(path)!r}, b'x' * 1_000_000)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "WriteError" in done.stderr
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_f35_killed_while_writing_never_leaves_a_partial_file_under_the_name(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.bin", "before")
    code = (
        "import time; from lowlift.sim.files import atomic\n"
        f"with atomic({str(path)!r}) as f:\n"
        "    f.write(b'x' * 100_000); f.flush(); print('half', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == b"half\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert path.read_text() == "before"
    (left,) = tmp_path.glob(".a.bin.*.partial")
    write_text(path, "rerun")
    assert path.read_text() == "rerun"
    assert left.exists()  # young: it may belong to a process that is still writing
    old = time.time() - 2 * files.STALE
    os.utime(left, (old, old))
    write_text(path, "again")
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="nowhere"):
        write_text(tmp_path / "nowhere" / "a.txt", "")


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real = write_text(tmp_path / "real.txt", "before")
    link = tmp_path / "link.txt"
    link.symlink_to(real)
    write_text(link, "after")
    assert link.is_symlink()
    assert real.read_text() == "after"


def test_a_folder_is_tried_before_it_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_folder(tmp_path / "a" / "b")
    assert folder.is_dir() and not list(folder.iterdir())
    assert make_folder(folder) == folder
    file = write_text(tmp_path / "file", "here")
    for path in (file, file / "below"):
        with pytest.raises(WriteError, match=rf"{file} is a file, not a folder"):
            make_folder(path)

    def full(**_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(files.tempfile, "TemporaryFile", full)
    with pytest.raises(WriteError, match=r"takes files .Read-only file system"):
        make_folder(folder)
