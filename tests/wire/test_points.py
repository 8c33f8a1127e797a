"""Points come from the signal tables: complete, unique, in site units, and refusing what they must."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_plants import PLANTS, plant, points

from lowlift.sim.schedule_rows import unit_on_site
from lowlift.wire.addresses import Table
from lowlift.wire.point import Kind, Refusal, RefusedError, Role
from lowlift.wire.site_map import collisions
from lowlift.wire.units import UNITS, codes


@pytest.mark.parametrize("name", PLANTS)
def test_every_signal_component_has_its_points(name: str) -> None:
    listed, sheet, actuators = points(name), plant(name).site.sheet, plant(name).actuators
    expected = {*sheet.measurements.names, *sheet.powers, *sheet.waters}
    expected |= {f"{c}.{end}" for c in sheet.setpoints.names for end in ("cmd", "fbk")}
    expected |= {f"{c}.{end}" for c in actuators.names for end in ("mode", "hand")}
    expected |= {f"{c}.out" for s in actuators.signals if s.name not in sheet.measurements for c in s.components()}
    extra = {p for p in listed.index if p.startswith("alarm.")}
    extra |= {"supervision.fbk", "heartbeat.fbk", "heartbeat.cmd", "elapsed", "remote_enable.cmd"}
    assert set(listed.index) == expected | extra
    assert len(listed.index) == len(listed)
    assert len([p for p in extra if p.startswith("alarm.limit")]) == len(sheet.limits)


@pytest.mark.parametrize("name", PLANTS)
def test_every_command_has_bounds_a_default_inside_and_a_feedback_of_its_own(name: str) -> None:
    listed = points(name)
    for p in listed.points:
        assert p.writable == (p.role in (Role.COMMAND, Role.MODE))
        assert p.unit in UNITS and p.description
        if p.writable:
            assert p.low is not None and p.high is not None and p.default is not None
            assert p.low < p.high and p.accept(p.default) == p.default
            assert not listed[p.feedback].writable
        if p.kind is not Kind.ANALOG:
            assert len(p.states) >= 2


@pytest.mark.parametrize("name", PLANTS)
def test_units_are_those_of_schedules_and_bounds_those_of_the_tables(name: str) -> None:
    listed = points(name)
    for s in plant(name).site.sheet.setpoints.signals:
        unit, factor, offset = unit_on_site(s.unit, s.high)
        for component in s.components():
            p = listed[f"{component}.cmd"]
            assert p.unit == unit
            assert p.low == pytest.approx(s.low * factor - offset, rel=1e-5)
            assert p.to_si(p.high) == pytest.approx(s.high, rel=1e-5)
            assert p.rate_per_min == pytest.approx(s.rate * factor * 60.0, rel=1e-5)


@pytest.mark.parametrize("name", PLANTS)
def test_addresses_are_dense_from_zero_and_nobody_shares_one(name: str) -> None:
    listed = points(name)
    assert collisions(listed) == []
    for table in Table:
        at = [a.modbus for a in listed.addresses if a.modbus.table is table]
        ends = [0, *(a.end for a in at)]
        assert [a.address for a in at] == ends[:-1]
    for kind in {a.bacnet.object_type for a in listed.addresses}:
        instances = [a.bacnet.instance for a in listed.addresses if a.bacnet.object_type == kind]
        assert instances == list(range(1, len(instances) + 1))


def test_first_addresses_are_what_the_documentation_says() -> None:
    listed = points("gb200_hall")
    first = listed.addresses[listed.position("T_supply[1]")]
    assert (first.modbus.table, first.modbus.address, first.bacnet.text) == (Table.INPUT, 0, "analog-input,1")
    assert first.opcua.node == "gb200_hall/T_supply[1]"
    command = listed.addresses[listed.position("T_supply_set[1].cmd")]
    assert (command.modbus.table, command.modbus.address, command.bacnet.text) == (Table.HOLDING, 0, "analog-value,1")


@pytest.mark.parametrize(
    ("name", "value", "refusal"),
    [
        ("T_chw_set.cmd", math.nan, Refusal.NOT_A_NUMBER),
        ("T_chw_set.cmd", math.inf, Refusal.NOT_A_NUMBER),
        ("T_chw_set.cmd", 10.1, Refusal.OUT_OF_RANGE),
        ("T_chw_set.cmd", 5.4, Refusal.OUT_OF_RANGE),
        ("T_chw_set.cmd", 10**400, Refusal.OUT_OF_RANGE),
        ("T_chw_set.cmd", "9", Refusal.WRONG_TYPE),
        ("T_chw_set.cmd", None, Refusal.WRONG_TYPE),
        ("T_chw_set.mode", 1.5, Refusal.WRONG_TYPE),
        ("T_chw_set.mode", 0, Refusal.OUT_OF_RANGE),
        ("T_chw_set.mode", 4, Refusal.OUT_OF_RANGE),
        ("n_chillers.hand", 2, Refusal.OUT_OF_RANGE),
        ("T_chw", 9.0, Refusal.READ_ONLY),
        ("T_chw_set.fbk", 9.0, Refusal.READ_ONLY),
    ],
)
def test_refused_values(name: str, value, refusal: Refusal) -> None:
    with pytest.raises(RefusedError, match=name.replace(".", r"\.")) as caught:
        points()[name].accept(value)
    assert caught.value.refusal is refusal


def test_unknown_points_and_units_name_near_ones() -> None:
    with pytest.raises(RefusedError, match="did you mean T_chw_set"):
        _ = points()["T_chw_sett.cmd"]
    with pytest.raises(ValueError, match="kPa"):
        codes("kpa")


@given(value=st.floats(min_value=5.5, max_value=10.0, width=32))
def test_float32_inside_the_bounds_is_taken_as_it_is(value: float) -> None:
    assert points()["T_chw_set.cmd"].accept(value) == value


def test_rounding_of_float32_at_a_bound_is_the_bound_itself() -> None:
    p = points()["T_chw_set.cmd"]
    assert p.accept(math.nextafter(10.0, 11.0)) == 10.0
    assert p.accept(5.4999999) == 5.5


@given(value=st.floats(min_value=-50.0, max_value=500.0))
def test_site_units_and_si_are_inverse(value: float) -> None:
    for name in ("T_chw", "V_chw", "P_it", "p"):
        p = points()[name]
        assert p.from_si(p.to_si(value)) == pytest.approx(value, abs=1e-9)
    assert points()["T_chw"].to_si(0.0) == 273.15
    assert points()["V_chw"].to_si(1.0) == pytest.approx(1e-3)
    assert points()["P_it"].to_si(1.0) == pytest.approx(1e3)


def test_f45_an_unknown_name_of_hundreds_is_answered_in_a_line() -> None:
    listed = points("gb200_hall")
    for name, near in (("T_supply_set[9].cmd", "T_supply_set[1].cmd"), ("T_suply[1]", "T_supply[1]"), ("qqqq", "")):
        with pytest.raises(RefusedError) as caught:
            listed[name]
        text = str(caught.value)
        assert near in text and f"{len(listed)} names" in text and text.endswith("lowlift points gb200_hall lists them" + ")" * bool(near))
        assert len(text) < 200
