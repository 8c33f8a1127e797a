"""Maps of existing sites: what they say holds, what they leave out stays or follows, what is wrong is named."""

import csv
import io
from pathlib import Path

import pytest
from typer.testing import CliRunner
from wire_plants import PLANTS, points, served

from lowlift.cli import app
from lowlift.hil.served_plant import ServedPlant
from lowlift.wire.addresses import Encoding, Table, WordOrder
from lowlift.wire.modbus_client import ModbusLink
from lowlift.wire.modbus_server import ModbusServer
from lowlift.wire.point_formats import point_text
from lowlift.wire.site_map import MapError, apply_map, collisions

GOOD = """
unit_id = 7
word_order = "low first"
device_instance = 4001

[points."T_chw"]
label = "CH01 LeavingTemp"
modbus = { table = "holding register", address = 100, encoding = "int16", scale = 10 }
bacnet = { object_type = "analog-value", instance = 500 }

[points."T_chw_set.cmd"]
label = "CH01 Setpoint"
modbus = { address = 40 }
opcua = { node = "CH01.Setpoint" }
"""


def chilled(plant: ServedPlant) -> float:
    """Temperature of chilled water as it is [K]."""
    return float(plant.true[0, plant.plant.site.sheet.measurements.names.index("T_chw")])


def written(folder: Path, text: str, name: str = "map.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_what_a_map_says_holds_and_nobody_is_in_the_way(tmp_path: Path) -> None:
    mapped = apply_map(points(), written(tmp_path, GOOD))
    assert (mapped.unit_id, mapped.word_order, mapped.device_instance) == (7, WordOrder.LOW_FIRST, 4001)
    first = mapped.addresses[mapped.position("T_chw")]
    assert first.label == "CH01 LeavingTemp" and first.bacnet.text == "analog-value,500"
    assert (first.modbus.table, first.modbus.address, first.modbus.encoding) == (Table.HOLDING, 100, Encoding.INT16)
    second = mapped.addresses[mapped.position("T_chw_set.cmd")]
    assert second.modbus.address == 40 and second.opcua.node == "CH01.Setpoint" and second.opcua.path[-1] == "CH01 Setpoint"
    assert mapped.addresses[mapped.position("T_tower_set.cmd")].modbus.address == 101, "others follow behind the last placed"
    untouched = [k for k, a in enumerate(points().addresses) if a.modbus.table is Table.DISCRETE]
    assert all(mapped.addresses[k].modbus == points().addresses[k].modbus for k in untouched)
    assert collisions(mapped) == []


def test_a_mapped_plant_is_served_under_its_map(tmp_path: Path) -> None:
    mapped = apply_map(points(), written(tmp_path, GOOD))
    plant = served(points=mapped)
    server = ModbusServer(plant.image, port=0)
    server.start()
    try:
        with ModbusLink(mapped, "127.0.0.1", server.port) as link:
            assert link.read()["T_chw"] == pytest.approx(chilled(plant), abs=0.051)
            link.write({"T_chw_set.cmd": 280.15})
            assert link.read()["T_chw_set.cmd"] == pytest.approx(280.15, abs=1e-4)
    finally:
        server.stop()


def test_csv(tmp_path: Path) -> None:
    text = "point,label,table,address,encoding,scale\nT_chw,A1,input register,300,int16,100\nT_return,A2,,,,\n"
    mapped = apply_map(points(), written(tmp_path, text, "map.csv"))
    first = mapped.addresses[mapped.position("T_chw")].modbus
    assert (first.address, first.encoding, first.scale) == (300, Encoding.INT16, 100.0)
    assert mapped.addresses[mapped.position("T_return")].label == "A2"


def edited(text: str, **cells: dict[str, str]) -> str:
    """A table with cells of some rows replaced: as somebody would in a spreadsheet."""
    rows = list(csv.DictReader(io.StringIO(text)))
    for row in rows:
        row |= cells.get(row["name"], {})
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize("name", PLANTS)
def test_the_exported_table_is_a_map_that_changes_nothing(tmp_path: Path, name: str) -> None:
    text = point_text(points(name), "csv")
    assert apply_map(points(name), written(tmp_path, text, "map.csv")) == points(name)


def test_a_mapped_list_exported_and_given_back_is_the_same(tmp_path: Path) -> None:
    mapped = apply_map(points(), written(tmp_path, GOOD))
    assert apply_map(points(), written(tmp_path, point_text(mapped, "csv"), "map.csv")) == mapped


def test_the_exported_table_edited_is_served(tmp_path: Path) -> None:
    exported = tmp_path / "map.csv"
    assert CliRunner().invoke(app, ["points", "chiller_plant", "--format", "csv", "--out", str(exported)]).exit_code == 0
    change = {"T_chw": {"label": "CH01 LeavingTemp", "modbus_address": "400"}}
    exported.write_text(edited(exported.read_text(encoding="utf-8"), **change), encoding="utf-8-sig")
    mapped = apply_map(points(), exported)
    moved = mapped.addresses[mapped.position("T_chw")]
    assert (moved.label, moved.modbus.address, moved.opcua.path[-1]) == ("CH01 LeavingTemp", 400, "CH01 LeavingTemp")
    others = [k for k, p in enumerate(points().points) if p.name != "T_chw"]
    assert [mapped.addresses[k] for k in others] == [points().addresses[k] for k in others]
    plant = served(points=mapped)
    server = ModbusServer(plant.image, port=0)
    server.start()
    try:
        with ModbusLink(mapped, "127.0.0.1", server.port) as link:
            assert link.read()["T_chw"] == pytest.approx(chilled(plant), abs=1e-3)
    finally:
        server.stop()
    again = CliRunner().invoke(app, ["points", "chiller_plant", "--format", "csv", "--map", str(exported)])
    assert again.exit_code == 0 and "CH01 LeavingTemp" in again.stdout


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("[points.T_chwx]\nlabel='a'", "unknown point 'T_chwx'; did you mean T_chw"),
        ("[points.T_chw]\nlable='a'", "T_chw: unknown key 'lable'; did you mean label"),
        ("[points.T_chw]\nlabel=''", "label = ''"),
        ("[points.T_chw]\nmodbus={adress=1}", r"unknown key modbus\.adress; did you mean address"),
        ("[points.T_chw]\nmodbus={address=-1}", "address = -1: must be a whole number from 0 to 65535"),
        ("[points.T_chw]\nmodbus={address=65535}", "lies beyond 65535"),
        ("[points.T_chw]\nmodbus={address='4'}", "address = '4'"),
        ("[points.T_chw]\nmodbus={table='coil'}", "a point of kind analog cannot be a coil"),
        ("[points.n_chillers]\nmodbus={table='input register'}", "a point of kind binary cannot be a input register"),
        ("[points.'T_chw_set.cmd']\nmodbus={table='input register'}", "a command must be written"),
        ("[points.T_chw]\nmodbus={encoding='int16', scale=1000}", "does not fit int16"),
        ("[points.T_chw]\nmodbus={encoding='uint16'}", "-50 degC times modbus.scale = 1 does not fit uint16"),
        ("[points.T_chw]\nmodbus={encoding='float64'}", "must be one of bit, float32"),
        ("[points.T_chw]\nmodbus={scale=10}", "float32 is not scaled"),
        ("[points.T_chw]\nmodbus={encoding='int16', scale=0}", r"modbus\.scale = 0: must be a number above 0"),
        ("[points.T_chw]\nmodbus={address=10}\n[points.T_return]\nmodbus={address=11}", "T_return: input register 11 is taken by T_chw"),
        ("[points.T_chw]\nbacnet={instance=9}\n[points.T_return]\nbacnet={instance=9}", "'analog-input,9' is given to T_chw, T_return"),
        ("[points.T_chw]\nbacnet={object_type='binary-input'}", "is one of analog-input, analog-value"),
        ("[points.T_chw]\nlabel='same'\n[points.T_return]\nlabel='same'", "label 'same' is given to T_chw, T_return"),
        ("word_order='abcd'", "word_order = 'abcd': must be one of 'high first', 'low first'"),
        ("unit_id=300", "unit_id = 300: must be a whole number from 0 to 247"),
        ("unit=3", "unknown key 'unit'"),
        ("points=3", "points must be tables"),
        ("[points", "map.toml"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(MapError, match=match):
        apply_map(points(), written(tmp_path, text))


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(MapError, match=r"unknown point 'nix'.*T_chw: label"):
        apply_map(points(), written(tmp_path, "[points.nix]\n[points.T_chw]\nlabel=3\n"))


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("nom,label\nT_chw,a\n", "has no column 'point', nor 'name'"),
        ("name,lable\nT_chw,a\n", "unknown column 'lable'; did you mean label"),
        ("name,label\nT_chwx,a\n", "unknown point 'T_chwx'; did you mean T_chw"),
        ("name,high\nT_chw,99\n", "line 2: T_chw: high = '99': a map cannot change it from"),
        ("name,modbus_unit_id\nT_chw,3\nT_return,4\n", "line 3: modbus_unit_id = 4: is 3 in a line above"),
        ("name,modbus_address\nT_chw,ten\n", "address = 'ten'"),
        ("point,lable\nT_chw,a\n", "unknown column 'lable'; did you mean table, label"),
        ("point,label\nT_chw\n", "line 2: has another number of fields"),
        ("point,label\nT_chw,a\nT_chw,b\n", "T_chw: named twice"),
        ("point,address\nT_chw,ten\n", "address = 'ten'"),
    ],
)
def test_csv_faults(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(MapError, match=match):
        apply_map(points(), written(tmp_path, text, "map.csv"))


def test_files_that_are_no_maps(tmp_path: Path) -> None:
    for name in ("none.toml", "map.yaml"):
        with pytest.raises(MapError):
            apply_map(points(), tmp_path / name)
