"""What people write into a file of faults, and faults made in Python: wrong ones are named by field, value, unit and bound."""

import math
from pathlib import Path

import pytest
from wire_plants import plant, points, scenario

from lowlift.hil.fault import Fault, FaultError, What, check, fault_of
from lowlift.hil.fault_file import load_faults
from lowlift.hil.sensor_faults import SensorFaults


def test_a_schedule_file(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text('[[fault]]\nwhat = "bias"\nwhere = "T_chw"\nfrom = 900\nto = 2700\nsize = -2\n', encoding="utf-8")
    (fault,) = load_faults(path, plant())
    assert (fault.what, fault.begin, fault.end, fault.size, fault.title) == (What.BIAS, 900.0, 2700.0, -2.0, "bias T_chw")
    assert fault_of(fault.record, "again") == Fault(what=What.BIAS, where="T_chw", begin=900.0, end=2700.0, size=-2.0, name="bias T_chw")


@pytest.mark.parametrize(("entry", "message"), [
    ('what = "bias"', "fault 1: where is missing"),
    ('what = "bais"\nwhere = "T_chw"', "no such fault; did you mean bias"),
    ('what = "bias"\nwhere = "T_chv"\nsize = 1', r"fault 1.where = 'T_chv': this plant has no bias there; did you mean .*T_chw"),
    ('what = "bias"\nwhere = "T_chw"', "fault 1.size is missing: bias needs one"),
    ('what = "bias"\nwhere = "T_chw"\nsize = "2"', "fault 1.size = '2': must be of type float"),
    ('what = "bias"\nwhere = "T_chw"\nsize = nan', "fault 1.size = nan: must be a finite number"),
    ('what = "noise"\nwhere = "T_chw"\nsize = -1', "fault 1.size = -1 K: must lie between 0 and inf"),
    ('what = "bias"\nwhere = "T_chw"\nsize = 1\nfrom = 10\nto = 5', "fault 1.to = 5 s: must be after from = 10 s"),
    ('what = "bias"\nwhere = "T_chw"\nsize = 1\nseed = -1', "fault 1.seed = -1: must be at least 0"),
    ('what = "bias"\nwhere = "T_chw"\nsise = 1', "unknown key 'sise'; did you mean size"),
    ('what = "stuck"\nwhere = "y_chw"\nsize = 5', "fault 1.size = 5: must lie between 0 and 1"),
    ('what = "stuck"\nwhere = "T_chw_set"\nsize = 50', "fault 1.size = 50 degC: must lie between 5.5 and 10"),
    ('what = "slow"\nwhere = "n_chillers"\nsize = 0.5', "has no stroke or ramp"),
    ('what = "fail"\nwhere = "T_chw_set"', "cannot fail; it can be stuck"),
    ('what = "fail"\nwhere = "y_chw"\nsize = 0.2', "a machine that fails stands"),
    ('what = "fouling"\nwhere = "cdu"\nsize = 0.2', "this plant has no fouling there"),
    ('what = "power"\nwhere = "site"', "would run on"),
    ('what = "swapped"\nwhere = "T_chw"', "swapped names a second sensor"),
    ('what = "bias"\nwhere = "T_chw"\nsize = 1\nevery = 5', "only spikes come again"),
    ('what = "delay"\nwhere = "y_chw"\nsize = 9e9', "fault 1.size = 9e.09 s: must lie between 0.001 and 3600"),
])  # fmt: skip
def test_wrong_entries_are_named(entry: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(f"[[fault]]\n{entry}\n", encoding="utf-8")
    with pytest.raises(FaultError, match=message):
        load_faults(path, plant())


def test_two_faults_of_one_name_and_files_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text('[[fault]]\nwhat = "bias"\nwhere = "T_chw"\nsize = 1\n' * 2, encoding="utf-8")
    with pytest.raises(FaultError, match="'bias T_chw': the name is given twice"):
        load_faults(path, plant())
    for text, message in (("[[fualt]]\n", "unknown key 'fualt'"), ("fault = 3\n", "array of tables"), ("[[", "faults.toml")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(FaultError, match=message):
            load_faults(path, plant())


def test_checks_hold_for_faults_made_in_python_too() -> None:
    with pytest.raises(FaultError, match="must be at least 0"):
        check(Fault(what=What.BIAS, where="T_chw", size=1.0, begin=-1.0), plant())
    with pytest.raises(ValueError, match="none of a sensor"):
        SensorFaults(plant(), [Fault(what=What.FAIL, where="y_chw")], points())
    assert math.isinf(Fault(what=What.FAIL, where="y_chw").end)
    assert scenario().step == 15.0
