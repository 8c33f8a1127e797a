"""Snapshots of a served FMU: one that takes states goes on from them bit by bit, one that does not refuses before anything has begun."""

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from fmu_here import HERE, exported, needs_fmu, vendor
from typer.testing import CliRunner
from wire_plants import DAY, scenario

from lowlift.cli import app
from lowlift.hil.default_scenario import scenario_of
from lowlift.hil.fmu_plant import FmuPlant
from lowlift.hil.record import Recorder, save_record
from lowlift.hil.runner import Runner
from lowlift.hil.serve import serving
from lowlift.hil.served_plant import ServedPlant
from lowlift.hil.snapshot import SnapshotError, described, put_back

pytestmark = needs_fmu


def served(plant: FmuPlant) -> ServedPlant:
    return ServedPlant(plant, scenario("chiller_plant"), step=5.0)


def once_only(fmu: Path, to: Path) -> Path:
    """The same FMU, which says that a process may hold one instance of it."""
    shutil.copy(fmu, to)
    with zipfile.ZipFile(fmu) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    word = b"<CoSimulation "
    assert word in parts["modelDescription.xml"]
    changed = parts["modelDescription.xml"].replace(word, word + b'canBeInstantiatedOnlyOncePerProcess="true" ')
    with zipfile.ZipFile(to, "w") as file:
        for name, data in (parts | {"modelDescription.xml": changed}).items():
            file.writestr(name, data)
    return to


@pytest.mark.parametrize("once", [False, True])
def test_an_fmu_that_takes_states_goes_on_from_its_snapshot(fmus: Path, tmp_path: Path, once: bool) -> None:
    fmu = exported(fmus, "chiller_plant", 3)
    fmu = once_only(fmu, tmp_path / "once.fmu") if once else fmu
    with FmuPlant(fmu, site="chiller_plant") as plant:
        assert plant.goes_back
        runner = Runner(served(plant), autosave=tmp_path / "auto.json")
        runner.step(20)
        path = runner.save(tmp_path / "s.json")
        runner.step(20)
        went = runner.served.x.copy(), runner.served.image.values()
        runner.restore(path)
        assert runner.served.k == 20
        runner.step(20)
        assert np.array_equal(runner.served.x, went[0]) and np.array_equal(runner.served.image.values(), went[1])
    with FmuPlant(fmu, site="chiller_plant") as plant:
        after = Runner(served(plant))
        after.restore(path)
        after.step(20)
        assert np.array_equal(after.served.x, went[0]) and np.array_equal(after.served.image.values(), went[1])


def test_a_recorded_run_of_an_fmu_is_replayed_with_it(fmus: Path, tmp_path: Path) -> None:
    fmu, path = exported(fmus, "chiller_plant", 3), tmp_path / "run.lowlift"
    with FmuPlant(fmu, site="chiller_plant") as plant:
        one = ServedPlant(plant, scenario_of(plant, DAY), step=5.0)
        recorder = Recorder(one, DAY)
        for k in range(12):
            one.image.write({"heartbeat.cmd": float(k + 1), "T_chw_set.cmd": 8.0}, "test")
            one.step()
        save_record(recorder.stop(), path)
    done = CliRunner().invoke(app, ["replay", str(path), "--fmu", str(fmu)])
    assert done.exit_code == 0 and "12 steps of 5 s to plant time 60 s" in done.output, done.output
    done = CliRunner().invoke(app, ["replay", str(path)])
    assert done.exit_code == 2 and "the record is of fmu 'chiller_plant {" in done.output, done.output


def test_an_fmu_that_goes_on_only_from_where_it_stands_refuses_snapshots_up_front(fmus: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    with FmuPlant(vendor(fmus), mapping=HERE / "vendor_plant.toml") as plant:
        why = r"vendor_.*\.fmu: no snapshots and no records: this FMU cannot be brought to a state.*restart = \"states\""
        with pytest.raises(SnapshotError, match=why):
            serving(plant, [], scenario=DAY, step=5.0, snapshot=path)
        with pytest.raises(SnapshotError, match=why):
            serving(plant, [], scenario=DAY, step=5.0, record=tmp_path / "run.lowlift")
        one = served(plant)
        with pytest.raises(SnapshotError, match=why):
            Runner(one, autosave=path)
        runner = Runner(one)
        runner.step(2)
        before = one.x.copy()
        for act in (runner.save, runner.restore):
            with pytest.raises(SnapshotError, match=why):
                act(path)
        with pytest.raises(SnapshotError, match=why):
            put_back(one, described(one), "record")
        assert not list(tmp_path.iterdir()) and np.array_equal(one.x, before)
        runner.step(2)
        assert one.k == 4, "it goes on as if nothing had been asked"
