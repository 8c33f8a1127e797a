"""``lowlift export-fmu``: a file for good input, one line and exit code 2 for bad input, nothing half written."""

from pathlib import Path

import pytest
from fmu_here import needs_fmu
from typer.testing import CliRunner

from lowlift.cli import app

runner = CliRunner()


@needs_fmu
def test_it_writes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "hall.fmu"
    done = runner.invoke(app, ["export-fmu", "gb200_hall", "--out", str(path), "--fmi", "2"])
    assert done.exit_code == 0, done.output
    assert "FMI 2.0 co-simulation, 97 inputs, 237 states" in done.output
    assert path.stat().st_size > 10_000


@pytest.mark.parametrize(("arguments", "words"), [
    (["gb200_hal", "--out", "x.fmu"], "did you mean gb200_hall"),
    (["gb200_hall", "--out", "x.fmu", "--fmi", "1"], "--fmi = 1: must be 3 or 2"),
    (["gb200_hall", "--out", "x.fmu", "--form", "exe"], "must be compiled or python"),
    (["gb200_hall", "--out", "x.zip"], "must end in .fmu"),
    (["chiller_plant", "--out", "x.fmu", "--fmi", "2", "--form", "python"], "FMI 3.0 only"),
])  # fmt: skip
def test_bad_input_in_one_line(arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = runner.invoke(app, ["export-fmu", *arguments])
    assert done.exit_code == 2
    assert words in done.output and "Traceback" not in done.output
    assert not list(tmp_path.iterdir())


def test_without_a_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    done = runner.invoke(app, ["export-fmu", "gb200_hall", "--out", str(tmp_path / "x.fmu")])
    assert done.exit_code == 2
    assert "install gcc or clang" in done.output
