"""What people hand in: names, headers, broken rows and files."""

import pytest
from validation_tables import NAMES, copy, outputs, read, write

from lowlift.data.errors import DataError
from lowlift.sim.validation.command import validate
from lowlift.sim.validation.plants import hour_of_year
from lowlift.sim.validation.reading import number, read_sheet
from lowlift.sim.validation.recognise import named, recognise
from lowlift.sim.validation.registry import TABLES
from lowlift.sim.validation.run import filled_text
from lowlift.sim.validation.spec import Refusal, ValidationError

TWINS = {"tower_merkel_vs_energyplus", "tower_yorkcalc_energyplus"}
"""Tables with the same columns."""


@pytest.mark.parametrize("name", [n for n in NAMES if n not in TWINS])
def test_recognised_by_header_alone(tmp_path, name: str) -> None:
    sheet = read_sheet(copy(name, tmp_path, rows=1, stem="mystery"))
    assert recognise(sheet.path, sheet.header, TABLES).name == name
    bare = read_sheet(copy(name, tmp_path, rows=1, stem="bare", drop=outputs(name)))
    assert recognise(bare.path, bare.header, TABLES).name == name


def test_twins_are_ambiguous_by_header_and_told_apart_by_name(tmp_path) -> None:
    with pytest.raises(ValidationError, match=r"fit tower_merkel_vs_energyplus and tower_yorkcalc_energyplus; give the file a name"):
        validate([copy("tower_yorkcalc_energyplus", tmp_path, rows=3, stem="towers")])
    for stem in ("tower_yorkcalc_energyplus_other", "Tower-YorkCalc-EnergyPlus (2)", "more_tower_yorkcalc_energyplus"):
        (r,) = validate([copy("tower_yorkcalc_energyplus", tmp_path, rows=3, stem=stem)])
        assert r.spec.name == "tower_yorkcalc_energyplus" and r.inside == 1.0


def test_longest_name_counts() -> None:
    assert named("hx_eps_ntu_b", ["hx", "hx_eps_ntu"]) == "hx_eps_ntu"
    assert named("hxx", ["hx"]) is None


def test_unknown_tables_get_near_matches(tmp_path) -> None:
    path = write(tmp_path / "psychrometric.csv", ["t_db_C", "rh"], [["20", "0.5"]])
    with pytest.raises(ValidationError, match=r"unknown table: did you mean psychrometrics.*nearest to psychrometrics, but without"):
        validate([path])


def test_name_and_header_must_agree(tmp_path) -> None:
    path = write(tmp_path / "psychrometrics.csv", ["t_db", "rh_frac", "p_Pa"], [["20", "0.5", "101325"]])
    with pytest.raises(ValidationError, match=r"is called psychrometrics but lacks its input column t_db_C \(t_db\?\)"):
        validate([path])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("t_db_C,rh_frac,p_Pa\n", "has a header but no rows"),
        ("t_db_C;rh_frac;p_Pa\n20;0,5;101325\n", "has no commas"),
        ("t_db_C,t_db_C,rh_frac,p_Pa\n1,1,1,1\n", "'t_db_C' stands more than once"),
    ],
)
def test_unusable_files(tmp_path, text: str, said: str) -> None:
    path = tmp_path / "psychrometrics.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValidationError, match=said):
        validate([path])


def test_unreadable_files(tmp_path) -> None:
    (tmp_path / "psychrometrics.csv").write_bytes("t_db_C,Wärme\n".encode("latin-1"))
    for path in (tmp_path / "psychrometrics.csv", tmp_path / "nowhere.csv", tmp_path):
        with pytest.raises(DataError):
            validate([path])


def test_malformed_rows_are_named_and_the_others_computed(tmp_path) -> None:
    bad = {1: ("t_db_C", "", "t_db_C = '': is empty"), 2: ("rh_frac", "wet", "rh_frac = 'wet': is not a number"),
           4: ("rh_frac", "1.5", "must be between 1e-06 and 1"), 5: ("p_Pa", "inf", "is not finite"),
           7: ("p_Pa", "1_000_00", "not a number"), 8: ("p_Pa", "nan", "is not finite")}  # fmt: skip
    header, rows = read(copy("psychrometrics", tmp_path, rows=12))
    for i, (column, value, _) in bad.items():
        rows[i][header.index(column)] = value
    rows[10] = rows[10][:4]
    path = write(tmp_path / "psychrometrics.csv", header, rows)
    (r,) = validate([path])
    assert sorted(r.problems) == [1, 2, 4, 5, 7, 8, 10]
    for i, (_, _, said) in bad.items():
        assert said in r.problems[i]
    assert "4 cells for" in r.problems[10]
    assert r.computed == r.compared == 5 and r.inside == 1.0
    lines = filled_text(r).splitlines()
    assert len(lines) == 13 and lines[2].split(",")[header.index("t_wb_C")] == ""
    assert r.sheet.label(1) == "row 2 (line 3)"


def test_quoted_cells_and_blank_lines_keep_their_line_numbers(tmp_path) -> None:
    path = tmp_path / "hx_eps_ntu.csv"
    path.write_text(
        'config,NTU,Cr,C_min_W_per_K,t_hot_in_C,t_cold_in_C\n\n"crossflow, mixed Cmin",1,0.5,1000,50,20\nzigzag,1,0.5,1000,50,20\n',
        encoding="utf-8",
    )
    (r,) = validate([path])
    assert r.computed == 1 and r.values["q_W"][0] > 0.0
    assert r.sheet.label(1) == "row 2 (line 4)"
    assert "config = zigzag: no such arrangement" in r.problems[1]
    assert '"crossflow, mixed Cmin"' in filled_text(r)


@pytest.mark.parametrize(
    ("name", "column", "value", "said"),
    [
        ("coolant_properties", "fluid", "PG99_mass", "no such coolant"),
        ("coolant_properties", "t_C", "120", "outside"),
        ("evap_direct_celdek_energyplus", "pad_depth_m", "3", "CelDekPad.depth = 3.0 m: must be at most 0.6"),
        ("tower_yorkcalc_energyplus", "t_wb_C", "45", "t_wb_C = 45: above t_db_C"),
        ("evap_indirect_wetcoil_energyplus", "t_wb_in_C", "40", "above t_db_in_C"),
        ("fan_pump_partload_curves", "c3", "9", "PartLoadCurve"),
        ("plant_hourly_energyplus", "stamp", "02/30  01:00:00", "no such day"),
        ("plant_hourly_energyplus", "weather", "../secret", "not the beginning of a file name"),
        ("plant_annual_energyplus", "weather", "Atlantis", "no Atlantis*.epw"),
    ],
)
def test_impossible_machines_and_places_refuse_their_rows_only(tmp_path, name: str, column: str, value: str, said: str) -> None:
    header, rows = read(copy(name, tmp_path, rows=3))
    rows[1][header.index(column)] = value
    (r,) = validate([write(tmp_path / f"{name}.csv", header, rows)])
    assert list(r.problems) == [1] and said in r.problems[1]
    assert r.computed == r.compared == 2 and r.outside == 0
    assert r.lost == 1 and r.inside == pytest.approx(2 / 3) and not r.passed


def test_stamps() -> None:
    assert hour_of_year("12/31  24:00:00") == 8759
    for stamp in ("1 January", "01/01  00:00:00", "01/01  02:30:00", "13/01  01:00:00"):
        with pytest.raises(Refusal, match=stamp):
            hour_of_year(stamp)


def test_numbers() -> None:
    assert number("1e3") == 1000.0
    assert number("1_0") != number("1_0")  # nan


def test_unusable_coefficients(tmp_path) -> None:
    path = copy("chiller_eir_energyplus", tmp_path, rows=3)
    file = tmp_path / "mine.json"
    for text, said in (("{", "is not JSON"), ("[]", "no chiller coefficients"), ('{"A": {"b": 1}}', "no chiller coefficients")):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(ValidationError, match=said):
            validate([path], [file])
    file.write_text('{"CH0": {"chiller": {}}}', encoding="utf-8")
    (r,) = validate([path], [file])
    assert r.computed == 0 and "mine.json: CH0: lacks 'cooling_capacity" in r.problems[0]
