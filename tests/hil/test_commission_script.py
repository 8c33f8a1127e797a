"""Commissioning scripts: read, and refused with step and field where they are wrong."""

from pathlib import Path

import pytest
from commission_cases import GOOD, written
from wire_plants import plant, points

from lowlift.hil.commission_file import load_script
from lowlift.hil.commission_script import Expectation, ScriptError, check_script


def test_a_script_says_what_is_done_and_what_must_come_of_it(tmp_path: Path) -> None:
    script = load_script(written(tmp_path, GOOD))
    check_script(script, points(), plant())
    first, second = script.steps
    assert first.commands == {"T_chw_set.cmd": 9.5} and first.longest == 960.0 and second.name == "Step 2"
    assert second.begins == ("bias T_chw",) and second.wait == 60.0 and script.longest == 1020.0
    assert script.watched == ("T_chw",)
    assert first.expects[0].text(points()["T_chw"]) == "T_chw 9.5 ± 0.3 °C within 900 s, for 60 s"
    assert second.expects[0].text(points()["T_chw"]) == "T_chw above 5 °C and below 12 °C at once"


@pytest.mark.parametrize(("before", "after", "message"), [
    ('name = "Warmer"', 'nmae = "Warmer"', "step 1 'Step 1': unknown key 'nmae'; did you mean name"),
    ("value = 9.5", 'value = "9.5"', r"step 1 'Warmer': expect 1.value = '9.5': must be a finite number"),
    ("value = 9.5, ", "", "step 1 'Warmer': expect 1: needs either value"),
    ("holds = 60", "holds = -1", r"expect 1.holds = -1 s: must be at least 0"),
    ("tolerance = 0.3", "tolerance = -0.3", r"expect 1.tolerance = -0.3: must be at least 0"),
    ("below = 12.0", "below = 4.0", r"step 2 'Step 2': expect 1.above = 5: must be less than below = 4"),
    ('point = "T_chw", value', "value", "step 1 'Warmer': expect 1: point is missing"),
    ('fault = "bias T_chw"', 'fault = "bias T_cw"', r"step 2 'Step 2': fault = 'bias T_cw': no \[\[fault\]\] of that name; did you mean"),
    ("wait = 60", "wait = inf", r"step 2 'Step 2': wait = inf: must be a finite number"),
    ("size = -2.0", "size = -2.0\nfrom = 5", r"fault 1.from: steps begin and end"),
    ("[[step]]", "[step]", "step must be an array of tables|script.toml"),
    ('title = "Two steps"', "title = 3", "title = 3: must be a text"),
    ('title = "Two steps"', "sample = 0", "sample = 0 s: must be above 0"),
    ('title = "Two steps"', '[[precondition]]\npoint = "T_chw"\nbelow = 9\nwithin = 3', "precondition 1: holds at the begin or not at all"),
])  # fmt: skip
def test_what_is_wrong_is_named(before: str, after: str, message: str, tmp_path: Path) -> None:
    assert before in GOOD
    with pytest.raises(ScriptError, match=message):
        load_script(written(tmp_path, GOOD.replace(before, after, 1)))


@pytest.mark.parametrize(("before", "after", "message"), [
    ('"T_chw_set.cmd" = 9.5', '"T_chw_set.cmd" = 99', "step 1 'Warmer': set: T_chw_set.cmd = 99 degC: must lie between"),
    ('"T_chw_set.cmd" = 9.5', '"T_chw" = 9.5', "step 1 'Warmer': set: T_chw is a sensor and cannot be written"),
    ('"T_chw_set.cmd" = 9.5', '"T_chv_set.cmd" = 9.5', "step 1 'Warmer': set: no point 'T_chv_set.cmd'; did you mean"),
    ('point = "T_chw", value', 'point = "T_chv", value', "step 1 'Warmer': expect 1.point = 'T_chv': no such point; did you mean"),
    ('where = "T_chw"', 'where = "T_chv"', r"fault 1.where = 'T_chv': this plant has no bias there"),
    ('title = "Two steps"', 'plot = ["T_nowhere"]', "plot = 'T_nowhere': no such point"),
])  # fmt: skip
def test_what_does_not_fit_the_site_is_named(before: str, after: str, message: str, tmp_path: Path) -> None:
    text = GOOD.replace('fault = "bias T_chw"', 'fault = "f"').replace('what = "bias"', 'name = "f"\nwhat = "bias"')
    assert before in text
    script = load_script(written(tmp_path, text.replace(before, after, 1)))
    with pytest.raises(ScriptError, match=message):
        check_script(script, points(), plant())


@pytest.mark.parametrize("text", ["", "[[", "title = 'x'"])
def test_files_that_are_no_script(text: str, tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"script\.toml"):
        load_script(written(tmp_path, text))
    with pytest.raises(ScriptError, match="nowhere"):
        load_script(tmp_path / "nowhere.toml")


def test_nothing_that_is_no_number_is_as_wanted() -> None:
    for e in (Expectation(point="x", value=1.0, tolerance=1e9), Expectation(point="x", below=1.0)):
        assert not e.met(float("nan"))
    assert Expectation(point="x", below=1.0).met(0.99) and not Expectation(point="x", below=1.0).met(1.0)
