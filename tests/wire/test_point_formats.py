"""Exports for integrators: complete, parsable by somebody else's rules, equal on every run."""

import csv
import io
import json
import re

import pytest
from wire_plants import PLANTS, points, served

from lowlift.wire.bacnet_extras import logged, reports
from lowlift.wire.bacnet_server import BacnetServer
from lowlift.wire.ede import COLUMNS, OBJECT_CODES, ede_text, state_texts
from lowlift.wire.haystack import MARKERS, VALUES
from lowlift.wire.point import Kind
from lowlift.wire.point_formats import FORMATS, FormatError, point_text


@pytest.mark.parametrize("name", PLANTS)
def test_json_is_exactly_one_list(name: str) -> None:
    records = json.loads(point_text(points(name), "json"))
    assert isinstance(records, list) and [r["name"] for r in records] == list(points(name).index)
    for r in records:
        assert {"name", "description", "kind", "role", "unit", "low", "high", "writable", "modbus", "bacnet", "opcua"} <= set(r)
        assert r["modbus"]["unit_id"] == 1
        assert r["modbus"]["word_order"] == (None if r["kind"] == "binary" else "high first")


def test_csv_has_a_row_for_each_point() -> None:
    rows = list(csv.DictReader(io.StringIO(point_text(points(), "csv"))))
    assert [r["name"] for r in rows] == list(points().index)
    assert {r["modbus_table"] for r in rows} == {"input register", "holding register", "coil", "discrete input"}


def test_ede_rows_have_codes_of_the_standard() -> None:
    rows = list(csv.reader(io.StringIO(point_text(points(), "ede"), newline=""), delimiter=";"))
    assert rows[7] == list(COLUMNS)
    data = {r[2]: r for r in rows[10:]}
    beside = {f"{p.name}.log" for p in points().points if logged(p)} | {"alarms"}
    assert set(data) == set(points().index) | beside and {len(r) for r in rows[8:]} == {len(COLUMNS)}
    assert [r[3] for r in rows[8:10]] == ["8", "56"] and data["alarms"][3:5] == ["15", "1"] and data["alarms"][16] == "1"
    assert data["T_chw"][3:5] == ["0", "1"] and data["T_chw"][14] == "62" and data["T_chw"][9] == "N"
    assert data["T_chw_set.cmd"][3] == "2" and data["T_chw_set.cmd"][6:10] == ["9", "5.5", "10", "Y"]
    texts = {r[0]: [t for t in r[1:] if t] for r in csv.reader(io.StringIO(state_texts(points())), delimiter=";")}
    assert texts[data["y_chw.mode"][13]] == ["hand", "off", "auto"]


@pytest.mark.parametrize("name", PLANTS)
def test_ede_rows_have_the_limits_that_objects_report_against(name: str) -> None:
    rows = list(csv.DictReader(io.StringIO(point_text(points(name), "ede"), newline="").readlines()[7:], delimiter=";"))
    data, alarmed = {r["object-name"]: r for r in rows}, 0
    for p in points(name).points:
        limits = [p.alarm_high, p.alarm_low] if reports(p) else [None, None]
        assert [float(v) if v else None for v in (data[p.name]["hi-limit"], data[p.name]["low-limit"])] == limits, p.name
        assert data[p.name]["notification-class"] == ("1" if reports(p) else "")
        alarmed += limits != [None, None]
    assert alarmed > 0


@pytest.mark.parametrize("schedules", [False, True])
def test_ede_lists_the_objects_that_are_served(schedules: bool) -> None:
    plant = served()
    server = BacnetServer(plant.image, "127.0.0.1/32:0", schedules=schedules)
    server.start()
    try:
        assert server._app is not None
        made = {(str(kind), number, str(one.objectName)) for (kind, number), one in server._app.objectIdentifier.items()}
    finally:
        server.stop()
    kinds = {code: kind for kind, code in OBJECT_CODES.items()}
    rows = list(csv.DictReader(io.StringIO(ede_text(points(), schedules=schedules), newline="").readlines()[7:], delimiter=";"))
    settable = {r["# keyname"] for r in rows if r["settable"] == "Y"}
    assert settable == {f"chiller_plant.{p.name}" for p in points().points if p.writable}, "of a schedule the present value is not"
    keys = [r["# keyname"] for r in rows]
    assert len(set(keys)) == len(keys), "keynames are unique"
    assert {(kinds[int(r["object-type"])], int(r["object-instance"]), r["object-name"]) for r in rows} == made


def test_haystack_rows_have_a_cell_for_each_column() -> None:
    lines = point_text(points(), "haystack").splitlines()
    assert lines[0] == 'ver:"3.0"' and lines[1].split(",") == [*VALUES, *MARKERS]
    rows = [next(csv.reader([line])) for line in lines[2:]]
    assert {len(r) for r in rows} == {len(VALUES) + len(MARKERS)} and len(rows) == len(points()) + 2
    ids = [r[0] for r in rows]
    assert len(set(ids)) == len(ids) and all(re.fullmatch(r"@[A-Za-z0-9_:.~-]+", i) for i in ids)


def test_brick_names_each_point_once() -> None:
    text = point_text(points("gb200_hall"), "brick")
    subjects = re.findall(r"^(site:\S+) a ", text, flags=re.MULTILINE)
    assert len(set(subjects)) == len(subjects) == len(points("gb200_hall")) + 3
    assert text.count("brick:hasUnit") == sum(p.kind is Kind.ANALOG for p in points("gb200_hall").points)
    assert text.count("[") - text.count("]") == 0


@pytest.mark.parametrize("form", FORMATS)
def test_equal_on_every_run(form: str) -> None:
    assert point_text(points(), form) == point_text(points(), form)


def test_unknown_formats_name_near_ones() -> None:
    with pytest.raises(FormatError, match="did you mean json"):
        point_text(points(), "jsn")
