"""Which readings are believed: missing, spikes, real steps, stuck sensors, false alarms; all at values that occur."""

import numpy as np
import pytest
from models_halls import hall
from readings_at_rest import at_rest, changed

from lowlift.controllers.audit import AuditLog, Kind
from lowlift.controllers.liquid_readings import fastest_changes, rated_readings
from lowlift.controllers.plausible import drivers, plausible
from lowlift.controllers.readings import FELT, STUCK, ReadingCheck

SITE = hall("gb200_hall").site
TABLE, REST = at_rest("gb200_hall")
STEP, HOLD = 15.0, 45.0


def started() -> tuple[ReadingCheck, AuditLog]:
    check, audit = ReadingCheck(SITE, STEP, HOLD), AuditLog(STEP)
    check.reset(1)
    assert check.repair(0.0, REST, audit) is REST
    return check, audit


@pytest.mark.parametrize("name", ["gb200_hall", "frontier"])
def test_tables_fit_the_measurements(name: str) -> None:
    table, rest = at_rest(name)
    site = hall(name).site
    assert set(rated_readings(site)) == {s.name for s in table.signals}
    assert set(fastest_changes(site)) <= set(table.slices)
    bounds, w = plausible(site), drivers(site)
    assert np.all((rest >= bounds.low) & (rest <= bounds.high))
    assert len(w.watched) == len(w.driver) == len(w.scale) == len(set(w.watched.tolist()))


def test_F18_a_missing_sample_is_held_and_named() -> None:
    check, audit = started()
    held = check.repair(STEP, changed(TABLE, REST, T_supply=(3, np.nan)), audit)
    np.testing.assert_array_equal(held, REST)
    (record,) = audit.records
    value = REST[0, TABLE.slices["T_supply"]][3] - 273.15
    assert (record.kind, record.name, record.reason) == (Kind.REPAIR, "T_supply[4]", f"reading missing, {value:.2f} °C used")
    assert check.faulty[0]
    assert not check.failed[0]
    for k in range(2, 6):
        check.repair(k * STEP, changed(TABLE, REST, T_supply=(3, np.nan)), audit)
    assert check.failed[0]
    assert len(audit.records) == 1


@pytest.mark.parametrize("name", ["T_supply", "T_fws", "T_tower", "T_chw", "T_wb"])
def test_F22_spike_of_a_slow_signal_is_rejected(name: str) -> None:
    check, audit = started()
    spike = changed(TABLE, REST, **{name: (0, REST[0, TABLE.slices[name]][0] + 40.0)})
    np.testing.assert_array_equal(check.repair(STEP, spike, audit), REST)
    assert check.repair(2 * STEP, REST, audit) is REST
    value = REST[0, TABLE.slices[name]][0] - 273.15
    assert audit.records[0].reason == f"reading of {value + 40.0:.2f} °C not believed, {value:.2f} °C used"


@pytest.mark.parametrize("name", ["T_chip", "T_return_hot"])
@pytest.mark.parametrize("change", [31.0, -31.0])
def test_steps_of_chips_and_rack_outlets_are_real(name: str, change: float) -> None:
    check, audit = started()
    step = changed(TABLE, REST, **{name: (0, REST[0, TABLE.slices[name]][0] + change)})
    assert check.repair(STEP, step, audit) is step
    assert not audit.records


def test_a_rising_dew_point_is_believed_at_once() -> None:
    check, audit = started()
    damp = changed(TABLE, REST, T_dew_hall=(0, 298.15))
    assert check.repair(STEP, damp, audit) is damp


def test_a_broken_wire_reads_beyond_the_range() -> None:
    check, audit = started()
    assert np.array_equal(check.repair(STEP, changed(TABLE, REST, T_chip=(0, 1123.15)), audit), REST)


def test_a_sensor_that_was_away_may_come_back_farther_away() -> None:
    check, audit = started()
    there = REST[0, TABLE.slices["T_fws"]][0]
    for k in range(1, 3):
        check.repair(k * STEP, changed(TABLE, REST, T_fws=(0, np.nan)), audit)
    rate = fastest_changes(SITE)["T_fws"]
    back = changed(TABLE, REST, T_fws=(0, there + 2.9 * STEP * rate))
    assert check.repair(3 * STEP, back, audit) is back


def test_a_sensor_silent_from_the_start_gives_way_to_rated_values_until_it_speaks() -> None:
    check, audit = ReadingCheck(SITE, STEP, HOLD), AuditLog(STEP)
    check.reset(1)
    first = check.repair(0.0, np.full_like(REST, np.nan), audit)
    assert np.isfinite(first).all()
    assert check.failed[0]
    assert first[0, TABLE.slices["T_chip"]] == pytest.approx(SITE.limits.T_chip_max)
    assert first[0, TABLE.slices["m_chw"]] == 0.0
    assert check.repair(STEP, REST, audit) is REST
    assert not check.failed[0]


def moving(k: int, load: float) -> np.ndarray:
    """All loads at ``load`` times those at rest, and temperatures that follow them a little."""
    heat = {name: REST[:, TABLE.slices[name]] * load for name in ("q_cdu", "q_rack", "q_air")}
    warm = {s.name: REST[:, TABLE.slices[s.name]] + 0.01 * k for s in TABLE.signals if s.unit == "K"}
    values = TABLE.unpack(REST) | warm | heat
    return np.asarray(TABLE.pack(values))


def test_F20_a_stuck_reading_is_lost_while_its_load_moves() -> None:
    check, audit = started()
    stuck = REST[0, TABLE.slices["T_supply"]][2]
    for k in range(1, 120):
        check.repair(k * STEP, changed(TABLE, moving(k, 0.3), T_supply=(2, stuck)), audit)
    (record,) = audit.records
    assert (record.kind, record.name) == (Kind.REPAIR, "T_supply[3]")
    assert record.reason.startswith(f"reading of {stuck - 273.15:.2f} °C has not moved for 15 min")
    assert STUCK < record.t < STUCK + FELT  # the mean has to move as well
    assert check.failed[0]
    check.repair(120 * STEP, moving(120, 0.3), audit)
    assert not check.faulty[0]


def test_swings_that_even_out_need_move_nothing() -> None:
    check, audit = started()
    tower = REST[:, TABLE.slices["T_tower"]]
    for k in range(1, 400):
        values = TABLE.unpack(moving(k, 0.65 if k % 4 < 2 else 1.35)) | {"T_tower": tower}
        check.repair(k * STEP, np.asarray(TABLE.pack(values)), audit)
    assert not audit.records


def test_a_flow_that_has_followed_its_pump_at_once_need_not_go_on_moving() -> None:
    check, audit = started()
    slow = {"y_cdu": 0.4 + 0.0 * REST[:, TABLE.slices["y_cdu"]], "V_sec": 0.5 * REST[:, TABLE.slices["V_sec"]]}
    for k in range(1, 200):
        check.repair(k * STEP, np.asarray(TABLE.pack(TABLE.unpack(REST) | slow)), audit)
    assert not audit.records


def test_what_stands_still_with_its_driver_is_not_stuck() -> None:
    check, audit = started()
    for k in range(1, 3 * round(STUCK / STEP)):
        assert check.repair(k * STEP, REST.copy(), audit) is not None
    assert not audit.records  # constant load, constant speeds
    # A pump at constant speed keeps its flow while heat comes and goes.
    for k in range(1, 3 * round(STUCK / STEP)):
        check.repair(k * STEP, moving(k, 0.6), audit)
    assert not audit.records


def test_a_load_step_after_long_rest_alarms_nobody() -> None:
    check, audit = started()
    rest = 2 * round(STUCK / STEP)
    for k in range(1, rest):
        check.repair(k * STEP, REST, audit)
    for k in range(1, 20):  # towers feel it minutes later only
        values = TABLE.unpack(moving(k, 0.5)) | {"T_tower": REST[:, TABLE.slices["T_tower"]]}
        check.repair((rest + k) * STEP, np.asarray(TABLE.pack(values)), audit)
    assert not audit.records


def test_lost_meters_of_heat_neither_alarm_nor_blind_the_check() -> None:
    check, audit = started()
    stuck = REST[0, TABLE.slices["T_return"]][0]
    for k in range(1, 200):
        heat = {"q_cdu": (0, np.nan)} if k % 20 == 0 else {}
        check.repair(k * STEP, changed(TABLE, moving(k, 0.3), T_return=(0, stuck), **heat), audit)
    assert {r.name for r in audit.records} == {"q_cdu[1]", "T_return[1]"}
