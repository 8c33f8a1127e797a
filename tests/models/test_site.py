"""Site files: every contradiction, wrong type and impossible rating is refused with file, line, key, value and bound."""

import re
import tomllib
from importlib import resources
from pathlib import Path

import pytest

from lowlift.models.liquid_schema import LiquidFile
from lowlift.models.schema import SiteError, SiteValueError
from lowlift.models.site import load_site
from lowlift.models.site_build import build_site

TEXT = {name: (resources.files("lowlift.models.sites") / f"{name}.toml").read_text(encoding="utf-8") for name in ("gb200_hall", "frontier")}


def changed(tmp_path: Path, section: str, site: str = "gb200_hall", **values: str) -> Path:
    """A site file with some values of one section replaced."""
    lines, here = TEXT[site].splitlines(), ""
    for i, line in enumerate(lines):
        if line.startswith("["):
            here = line.strip("[]")
        key = line.split("=")[0].strip()
        if here == section and key in values:
            lines[i] = f"{key} = {values.pop(key)}"
    assert not values
    path = tmp_path / "site.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def refused(path: Path, said: str) -> None:
    """The file is refused in these words, and the line named is that of the key named."""
    with pytest.raises(SiteError, match=re.escape(said)) as caught:
        load_site(path)
    place = re.match(rf"{re.escape(str(path))}:(\d+): (\w+)\.(\w+)", str(caught.value))
    assert place is not None, str(caught.value)
    lines = path.read_text(encoding="utf-8").splitlines()[: int(place[1])]
    assert re.match(rf"{place[3]}\s*=", lines[-1])
    assert [line for line in lines if line.startswith("[")][-1] == f"[{place[2]}]"


CONTRADICTIONS = [
    ("limits", {"T_supply_min_degC": "45.0"}, "limits.T_supply_min_degC = 45.0 degC: must be below limits.T_supply_max_degC = 42"),
    ("limits", {"dew_point_margin_K": "10.0", "T_supply_max_degC": "22.0"}, "limits.T_supply_max_degC = 22"),
    ("limits", {"T_supply_max_degC": "60.0"}, "must be below limits.T_return_max_degC = 58"),
    ("limits", {"T_return_max_degC": "90.0"}, "must be below limits.T_chip_max_degC = 85"),
    ("limits", {"T_basin_min_degC": "28.5"}, "cdu.T_fws_nominal_degC - economiser.approach_K = 28"),
    ("limits", {"T_inlet_max_degC": "23.0"}, "chilled.T_air_supply_nominal_degC = 24.0 degC: must be below limits.T_inlet_max_degC = 23"),
    ("site", {"T_wb_design_degC": "41.0"}, "site.T_wb_design_degC = 41.0 degC: must be at most site.T_db_design_degC = 40"),
    ("site", {"T_dew_hall_degC": "40.0"}, "the supply must stay above 42 degC, and below"),
    ("site", {"groups": "[4, 5]"}, "site.groups = [4, 5]: counts 9 CDUs, racks.per_cdu lists 8"),
    ("cdu", {"T_fws_nominal_degC": "44.2"}, "cdu.T_fws_nominal_degC = 44.2 degC: must be below cdu.T_return_nominal_degC = 44.2"),
    ("tower", {"dp_static_kPa": "230.0"}, "tower.dp_static_kPa = 230.0 kPa: must be below tower.dp_nominal_kPa = 230"),
    ("chilled", {"T_air_return_nominal_degC": "24.0"}, "must be below chilled.T_air_return_nominal_degC = 24"),
    ("chilled", {"T_chw_nominal_degC": "25.0"}, "must be below chilled.T_air_supply_nominal_degC = 24"),
    ("racks", {"liquid_share": "1.0"}, "racks.liquid_share = 1.0: leaves no heat to air for [chilled]"),
]


@pytest.mark.parametrize(("section", "values", "said"), CONTRADICTIONS)
def test_contradictions(tmp_path, section: str, values: dict[str, str], said: str) -> None:
    refused(changed(tmp_path, section, **values), said)


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("racks", "power_kW", "true"),
        ("racks", "power_kW", '"125"'),
        ("racks", "plates", "108.0"),
        ("racks", "plates", "true"),
        ("site", "groups", "[4, true, 3]"),
        ("limits", "T_supply_min_degC", "nan"),
        ("limits", "T_supply_min_degC", "[17.0]"),
        ("site", "name", "12"),
    ],
)
def test_wrong_types(tmp_path, section: str, key: str, value: str) -> None:
    refused(changed(tmp_path, section, **{key: value}), "Input should be a")


def test_whole_numbers_do_where_decimals_are_expected(tmp_path) -> None:
    assert load_site(changed(tmp_path, "racks", power_kW="125")).rack_power == 125e3


def test_coolant_names_file_line_and_near_match(tmp_path) -> None:
    refused(changed(tmp_path, "cdu", coolant='"PG52"'), "cdu.coolant = 'PG52': unknown coolant; did you mean PG50, PG25")


IMPOSSIBLE = [
    ("cdu", {"Q_nominal_kW": "5000.0"}, "cdu.Q_nominal_kW = 5000.0 kW: PlateHeatExchanger.Q_dot_nominal"),
    ("tower", {"range_K": "8.4"}, "tower.range_K = 8.4 K: PlateHeatExchanger.Q_dot_nominal"),
    ("tower", {"approach_K": "0.4"}, "tower.approach_K = 0.4 K: CoolingTowerCell.approach_nominal"),
    ("tower", {"range_K": "0.5"}, "tower.range_K = 0.5 K: CoolingTowerCell.range_nominal"),
    ("chilled", {"COP_nominal": "20.0"}, "chilled.COP_nominal = 20.0: CarnotChiller.COP_nominal"),
    ("chilled", {"T_cw_nominal_degC": "60.0"}, "chilled.T_cw_nominal_degC = 60.0 degC: CarnotChiller.T_cw_in_nominal"),
    ("chilled", {"air_flow_m3_s": "30.0"}, "chilled.air_flow_m3_s = 30.0 m3/s: FinnedCoil.Q_dot_nominal"),
    ("chilled", {"flow_condenser_kg_s": "380.0"}, "chilled.flow_condenser_kg_s = 380.0 kg/s: PlateHeatExchanger.m_cold_nominal"),
]


@pytest.mark.parametrize(("section", "values", "said"), IMPOSSIBLE)
def test_what_a_component_refuses_is_told_by_its_key(tmp_path, section: str, values: dict[str, str], said: str) -> None:
    refused(changed(tmp_path, section, **values), said)


def test_without_a_file_the_key_is_named_too() -> None:
    data = tomllib.loads(TEXT["gb200_hall"])
    data["tower"]["approach_K"] = 0.4
    with pytest.raises(SiteValueError, match=r"^tower\.approach_K: CoolingTowerCell\.approach_nominal, here 0\.4 K, must be above 0\.5$"):
        build_site(LiquidFile.model_validate(data))


@pytest.mark.parametrize(("name", "key"), [("gb200_hall", "T_inlet_max_degC"), ("frontier", "power_kW")])
def test_a_missing_key_names_its_section_line(tmp_path, name: str, key: str) -> None:
    path = tmp_path / "site.toml"
    text = "\n".join(line for line in TEXT[name].splitlines() if not line.startswith(f"{key} ="))
    path.write_text(text, encoding="utf-8")
    section = "limits" if key.startswith("T_inlet") else "racks"
    line = text.splitlines().index(f"[{section}]") + 1
    with pytest.raises(SiteError, match=rf"site\.toml:{line}: {section}"):
        load_site(path)


def test_heat_to_air_goes_exactly_one_way(tmp_path) -> None:
    path = tmp_path / "site.TOML"
    path.write_text(TEXT["gb200_hall"] + "\n[air_path]\nCOP = 5.0\n", encoding="utf-8")
    with pytest.raises(SiteError, match=r"exactly one of \[chilled\] and \[air_path\]"):
        load_site(path)


def test_not_toml(tmp_path) -> None:
    path = tmp_path / "site.toml"
    path.write_text("[site\n", encoding="utf-8")
    with pytest.raises(SiteError, match=r"not valid TOML"):
        load_site(path)
    path.write_bytes("[site]\n# Zürich\n".encode("latin-1"))
    with pytest.raises(SiteError, match=r"line 2 \(byte 10\) is not UTF-8"):
        load_site(path)


@pytest.mark.parametrize("name", TEXT)
def test_every_value_says_where_it_comes_from(name: str) -> None:
    """A guess, a choice, a published fact, or the arithmetic that gives it."""
    for line in TEXT[name].splitlines():
        if re.match(r"(?!name|title)\w+ =", line):
            assert re.search(r"# .{3,}", line), line
