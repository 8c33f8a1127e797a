"""Scenarios of served plants: the plant's own day, or what is said of it."""

from pathlib import Path

import pytest
from wire_plants import plant

from lowlift.hil.default_scenario import scenario_of
from lowlift.sim.scenario import ScenarioError


def test_without_a_word_it_is_a_summer_day_of_the_plants_own() -> None:
    one = scenario_of(plant())
    assert one.days == 1.0 and one.warm_up == 0.0 and f"{one.start:%m-%d}" == "07-04"
    assert one.workload == plant().site.workload


def test_pairs_and_files_say_the_same(tmp_path: Path) -> None:
    path = tmp_path / "hot.toml"
    path.write_text('weather = "tucson"\nworkload = "llm_training"\nstart = "07-05"\ndays = 0.25\nseed = 3\n', encoding="utf-8")
    from_file = scenario_of(plant(), str(path))
    from_pairs = scenario_of(plant(), "weather=tucson, workload=llm_training, start=07-05, days=0.25, seed=3")
    assert from_file.days == 0.25
    assert (from_file.disturbances(plant()) == from_pairs.disturbances(plant())).all()


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ("wether=tucson", "unknown key 'wether'; did you mean weather"),
        ("tucson", "is no key=value"),
        ("days=long", "days = 'long': must be a number"),
        ("none.toml", "none.toml"),
    ],
)
def test_what_cannot_be_is_named(said: str, match: str) -> None:
    with pytest.raises(ScenarioError, match=match):
        scenario_of(plant(), said)


def test_files_have_types(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    for text, match in (("seed = 1.5", "seed = 1.5: must be of type int"), ("weather = 3", "must be of type str"), ("days", "bad.toml")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ScenarioError, match=match):
            scenario_of(plant(), str(path))
