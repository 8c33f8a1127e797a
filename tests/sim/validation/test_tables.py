"""Every shipped table is recomputed inside tolerance, also without its outputs; other machines and points work the same way."""

import json

import numpy as np
import pytest
from validation_tables import NAMES, REFERENCE, copy, outputs, read

from lowlift.sim.validation.command import validate
from lowlift.sim.validation.context import MACHINES_FILE
from lowlift.sim.validation.run import Result, filled_header

LARGE = {"plant_annual_energyplus": 4, "plant_hourly_energyplus": 40}
"""Rows to repeat where all of them would take long."""


@pytest.fixture(scope="module")
def shipped() -> dict[str, Result]:
    return {r.spec.name: r for r in validate([REFERENCE / f"{n}.csv" for n in NAMES])}


def test_every_shipped_table_is_known(shipped: dict[str, Result]) -> None:
    assert {p.stem for p in REFERENCE.glob("*.csv")} == set(shipped) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_rows_are_inside_tolerance_and_break_no_law(shipped: dict[str, Result], name: str) -> None:
    r = shipped[name]
    assert r.passed and not r.broken and r.complaint is None
    assert r.inside == 1.0
    if name == "published_points":
        assert r.compared == r.computed == 2 and len(r.problems) == 60
    else:
        assert r.compared == r.computed == len(r.sheet.cells) and not r.problems
    assert set(filled_header(r)) == set(r.sheet.header) | {o.name for o in r.outputs}
    assert {c.tol for c in r.columns} >= {h for h in r.sheet.header if h.startswith("tol_") and h != "tol_suggest"}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dropped", [False, True])
def test_without_outputs_the_same_values(shipped: dict[str, Result], tmp_path, name: str, dropped: bool) -> None:
    def blank(record: dict[str, str]) -> None:
        record.update(dict.fromkeys(outputs(name), ""))

    known, rows = shipped[name], LARGE.get(name)
    path = copy(name, tmp_path, rows=rows, change=blank, drop=outputs(name) if dropped else ())
    (tmp_path / MACHINES_FILE).write_bytes((REFERENCE / MACHINES_FILE).read_bytes())
    (r,) = validate([path])
    assert r.passed and r.inside is None and not r.columns and not r.broken
    for column, values in r.values.items():
        np.testing.assert_allclose(values, known.values[column][:rows], rtol=1e-9, atol=1e-12)
    extra = [c for c in outputs(name) if c not in read(REFERENCE / f"{name}.csv")[0]]
    assert [h for h in filled_header(r) if h not in extra] == read(REFERENCE / f"{name}.csv")[0]


def test_a_wrong_reference_is_noticed(tmp_path) -> None:
    def spoil(record: dict[str, str]) -> None:
        if float(record["t_db_C"]) > 20.0:
            record["t_wb_C"] = str(float(record["t_wb_C"]) + 1.0)

    (r,) = validate([copy("psychrometrics", tmp_path, change=spoil)])
    assert not r.passed
    assert r.inside is not None and 0.2 < r.inside < 0.8
    assert r.worst[0].column == "t_wb_C" and r.worst[0].share == pytest.approx(20.0, rel=0.02)


def test_tolerances_come_from_the_rows(tmp_path) -> None:
    (r,) = validate([copy("dry_cooler_energyplus", tmp_path, change=lambda record: record.update(tol_q_rel="1e-5"))])
    assert not r.passed
    (r,) = validate([copy("dry_cooler_energyplus", tmp_path, drop=("tol_q_rel", "tol_t_out_K"))])
    assert r.passed and r.inside == 1.0


def other_machine() -> dict[str, dict[str, dict[str, object]]]:
    """A machine of twice the capacity and another COP, under a name that no packaged file has."""
    machine = json.loads((REFERENCE / MACHINES_FILE).read_text(encoding="utf-8"))["CH0"]
    machine["chiller"]["reference_capacity"] *= 2.0
    machine["chiller"]["reference_cop"] = 5.0
    return {"OTHER": machine}


@pytest.mark.parametrize("beside", [False, True])
def test_other_chillers_by_file(shipped: dict[str, Result], tmp_path, beside: bool) -> None:
    def double(record: dict[str, str]) -> None:
        record["chiller_id"] = "OTHER"
        record.update(q_evap_W=str(2.0 * float(record["q_evap_W"])), m_cw_kg_s=str(2.0 * float(record["m_cw_kg_s"])))

    rows = int(np.count_nonzero([c[0] == "CH0" for c in shipped["chiller_eir_energyplus"].sheet.cells]))
    path = copy("chiller_eir_energyplus", tmp_path, rows=rows, change=double, drop=outputs("chiller_eir_energyplus"))
    file = tmp_path / (MACHINES_FILE if beside else "mine.json")
    file.write_text(json.dumps(other_machine()), encoding="utf-8")
    (r,) = validate([path], [] if beside else [file])
    assert r.computed == rows > 0
    base = shipped["chiller_eir_energyplus"].values["p_elec_W"][:rows]
    np.testing.assert_allclose(r.values["p_elec_W"] / base, 2.0 * 5.89 / 5.0, rtol=1e-6)


def test_chillers_without_coefficients_are_named(tmp_path) -> None:
    path = copy("chiller_eir_energyplus", tmp_path, change=lambda record: record.update(chiller_id="CH99"))
    (r,) = validate([path])
    assert not r.passed and r.computed == 0
    assert "chiller_id = CH99: no coefficients of 'CH99'" in r.problems[0] and "--coefficients" in r.problems[0]


def test_weather_of_the_folder_comes_first(shipped: dict[str, Result], tmp_path) -> None:
    from importlib import resources

    folder = tmp_path / "weather"
    folder.mkdir()
    with resources.as_file(resources.files("lowlift.data") / "weather") as packaged:
        tucson = next(packaged.glob("USA_AZ*"))
        (folder / "Elsewhere_TMY3.epw.gz").write_bytes(tucson.read_bytes())
    path = copy("climate_free_cooling_hours", tmp_path, rows=2, change=lambda record: record.update(weather="Elsewhere"),
                drop=outputs("climate_free_cooling_hours"))  # fmt: skip
    (r,) = validate([path], weather=folder)
    assert r.computed == 2 and r.values["t_db_max_C"][0] > 40.0
    (r,) = validate([path])
    assert r.computed == 0 and "Elsewhere" in r.problems[0] and "--weather" in r.problems[0]


def test_other_limits_are_counted(tmp_path) -> None:
    path = tmp_path / "climate_free_cooling_hours.csv"
    path.write_text("weather,h_wb_le_14,h_wb_le_16.5\nUSA_CA_San.Francisco,,\n", encoding="utf-8")
    (r,) = validate([path])
    assert r.values["h_wb_le_14"][0] < r.values["h_wb_le_16.5"][0] < 8760


def test_rows_outside_the_curves_are_reported(tmp_path) -> None:
    path = copy("chiller_eir_energyplus", tmp_path, rows=3, change=lambda record: record.update(t_chw_out_C="18"))
    (r,) = validate([path])
    assert r.beyond == {"outside the curves": [0, 1, 2]}
    path = copy("plant_annual_energyplus", tmp_path, rows=1, change=lambda record: record.update(t_chw_set_C="14"))
    (years,) = validate([path])
    assert years.beyond == {"chilled-water setpoint outside the chiller's curves": [0]}
    assert r.computed == 3
