"""The last word: properties over arbitrary requests, and the fault cases that concern it."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from models_halls import hall, point
from readings_at_rest import at_rest, changed

from lowlift.controllers.audit import Kind
from lowlift.controllers.envelope import OverrideError, SafetyEnvelope, chilled_water_is_dry
from lowlift.models.liquid_hall import LiquidHall

PLANT = hall("gb200_hall")
LIMITS = PLANT.site.limits
TABLE = SafetyEnvelope(PLANT, 15.0).table
READINGS, REST = at_rest("gb200_hall")
DEW = np.full((1, 1), 285.15)
DRY = ("T_supply_set", "T_tower_set", "T_chw_set")
MIDDLE = (0.5 * (TABLE.low + TABLE.high))[None]


def fresh(batch: int = 1) -> SafetyEnvelope:
    """An envelope in whose run everything has settled at the middle of all ranges."""
    envelope = SafetyEnvelope(PLANT, 15.0)
    envelope.reset(batch)
    envelope.setpoints = np.repeat(MIDDLE, batch, axis=0)
    return envelope


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(float, (6, TABLE.size), elements=st.floats(-1e6, 1e6) | st.just(float("nan")) | st.just(float("inf"))),
    st.floats(270.0, 300.0),
)
def test_whatever_is_asked_for_limits_rates_and_dew_point_hold(requests: np.ndarray, dew: float) -> None:
    envelope = fresh()
    before, T_dew = envelope.setpoints, np.array([[dew]])
    wet = np.concatenate([np.arange(TABLE.size)[TABLE.slices[name]] for name in DRY])
    free = np.isin(np.arange(TABLE.size), wet)
    for k, request in enumerate(requests):
        envelope.decided(15.0 * k, 0)
        now = envelope.allow(15.0 * k, request[None], T_dew)
        assert np.all(np.isfinite(now))
        assert np.all(now >= TABLE.low - 1e-9)
        assert np.all((now <= TABLE.high + 1e-9) | free)
        step = np.abs(now - before)[0] - TABLE.rate * 15.0
        assert np.all((step <= 1e-9) | free)
        assert np.all(now[:, wet] >= dew + LIMITS.dew_point_margin - 1e-9)
        before = now


@pytest.mark.parametrize("name", DRY)
def test_F30_dew_point_lifts_every_water_temperature_within_one_step(name: str) -> None:
    envelope = fresh()
    request = envelope.setpoints.copy()
    request[:, TABLE.slices[name]] = 290.15
    envelope.decided(0.0, 0)
    now = envelope.allow(0.0, request, np.array([[297.15]]))
    assert np.all(now[:, TABLE.slices[name]] >= 299.15)
    assert any(r.reason == "dew point plus margin" and r.name.startswith(name) for r in envelope.records)


def test_F30_the_chillers_own_setpoint_does_not_wait_for_its_ramp() -> None:
    envelope = fresh()
    u = point(PLANT)[0]
    readings = READINGS.unpack(changed(READINGS, REST, T_dew_hall=(0, 293.15)))
    safe = PLANT.actuators.unpack(envelope.interlock(0.0, u, readings))
    assert PLANT.actuators.unpack(u)["T_chw_set"] < 295.15
    assert safe["T_chw_set"] == pytest.approx(295.15)


def test_a_site_whose_chilled_water_range_begins_below_the_dew_point_means_it() -> None:
    assert chilled_water_is_dry(PLANT.site)
    cold = dataclasses.replace(PLANT.site.chilled, T_chw_min=280.15)  # type: ignore[type-var]
    plant = LiquidHall(dataclasses.replace(PLANT.site, chilled=cold))
    envelope = SafetyEnvelope(plant, 15.0)
    low = envelope.table.low[envelope.table.slices["T_chw_set"]]
    assert envelope.fail_safe(DEW)[0, envelope.table.slices["T_chw_set"]] == low
    assert not chilled_water_is_dry(plant.site)
    assert not chilled_water_is_dry(hall("frontier").site)


def test_a_run_starts_from_fail_safe_and_a_first_request_of_nan_changes_nothing() -> None:
    envelope = SafetyEnvelope(PLANT, 15.0)
    envelope.reset(2)
    requested = np.full((2, TABLE.size), np.nan)
    now = envelope.allow(0.0, requested, np.repeat(DEW, 2, axis=0))
    np.testing.assert_allclose(now, np.repeat(envelope.fail_safe(DEW), 2, axis=0))
    assert np.all(now[:, TABLE.slices["V_sec_set"]] == TABLE.high[TABLE.slices["V_sec_set"]])
    assert {(r.t, r.reason) for r in envelope.records} == {(0.0, "not a number: last setpoint kept")}
    assert len(envelope.records) == 2 * TABLE.size
    requested = np.repeat(MIDDLE, 2, axis=0)
    later = envelope.allow(15.0, requested, np.repeat(DEW, 2, axis=0))
    assert np.all(np.abs(later - now) <= TABLE.rate * 15.0 + 1e-9)


def flow_while(lost: Callable[[int], bool], steps: int, batch: int = 1) -> tuple[np.ndarray, SafetyEnvelope]:
    """Highest secondary flow setpoint step by step while the controller asks for the middle of all ranges."""
    envelope, asked, seen = fresh(batch), np.repeat(MIDDLE, batch, axis=0), []
    readings = np.repeat(REST, batch, axis=0)
    bad = readings.copy()
    bad[0, READINGS.slices["T_supply"]] = np.nan
    for k in range(steps):
        envelope.repair(15.0 * k, bad if lost(k) else readings)
        for row in range(batch):
            envelope.decided(15.0 * k, row)
        seen.append(envelope.allow(15.0 * k, asked, np.repeat(DEW, batch, axis=0))[:, TABLE.slices["V_sec_set"]].max(axis=1))
    return np.array(seen), envelope


def test_F19_lost_readings_lead_to_fail_safe_and_back() -> None:
    flow, envelope = flow_while(lambda k: 1 <= k <= 6, 80, batch=2)
    middle, high = MIDDLE[0, TABLE.slices["V_sec_set"]][0], TABLE.high[TABLE.slices["V_sec_set"]][0]
    np.testing.assert_allclose(flow[:, 1], middle)  # a batch mate does not notice
    np.testing.assert_allclose(flow[:4, 0], middle)
    assert flow[4, 0] > middle
    np.testing.assert_allclose(flow[20:46, 0], high)  # kept for ten minutes after the last bad reading
    assert flow[47, 0] < high
    assert flow[-1, 0] == pytest.approx(middle)
    alarms = [(r.kind, r.reason) for r in envelope.records if r.kind is not Kind.RATE]
    assert alarms[-2:] == [(Kind.FAIL_SAFE, "readings lost: fail-safe"), (Kind.FAIL_SAFE, "kept for 10 min: fail-safe")]


def test_one_lost_sample_changes_no_setpoint() -> None:
    flow, envelope = flow_while(lambda k: k == 3, 10)
    assert np.ptp(flow) == 0.0
    assert {r.kind for r in envelope.records} == {Kind.REPAIR}


def test_silent_controller_leads_to_fail_safe_and_back_after_ten_minutes() -> None:
    envelope = fresh()
    envelope.decided(0.0, 0)
    np.testing.assert_allclose(envelope.allow(900.0, MIDDLE, DEW), MIDDLE)
    after = envelope.allow(915.0, MIDDLE, DEW)
    assert np.any(np.abs(after - MIDDLE) > 0.0)
    assert any(r.reason == "controller silent: fail-safe" for r in envelope.records)
    away = []
    for k in range(62, 110):
        envelope.decided(15.0 * k, 0)
        envelope.allow(15.0 * k, MIDDLE, DEW)
        away.append(any(r.kind is Kind.FAIL_SAFE and r.until == 15.0 * k for r in envelope.records))
    assert away == [True] * 39 + [False] * 9


def test_a_human_wins_over_the_controller_and_over_fail_safe_but_not_over_limits() -> None:
    envelope = fresh()
    part, one = TABLE.slices["V_sec_set"], TABLE.slices["dp_set"].start + 1
    envelope.override("V_sec_set", float(TABLE.low[part][0]), until=1200.0)
    envelope.override("dp_set[2]", 1e9, until=1200.0)
    envelope.override("T_supply_set", 280.0, until=1200.0)
    for k in range(79):
        now = envelope.allow(15.0 * k, MIDDLE, DEW)  # the controller falls silent after 15 min
    assert any(r.reason.startswith("controller silent") for r in envelope.records)
    np.testing.assert_allclose(now[0, part], TABLE.low[part])
    assert now[0, one] == TABLE.high[one]
    assert now[0, TABLE.slices["T_supply_set"]] == pytest.approx(LIMITS.T_supply_min)
    damp = envelope.allow(1190.0, MIDDLE, np.full((1, 1), 290.15))
    assert damp[0, TABLE.slices["T_supply_set"]] == pytest.approx(292.15)
    kinds = {(r.kind, r.name) for r in envelope.records}
    assert {(Kind.OVERRIDE, "V_sec_set[1]"), (Kind.OVERRIDE, "dp_set[2]"), (Kind.CLAMP, "dp_set[2]")} <= kinds
    assert (Kind.OVERRIDE, "dp_set[1]") not in kinds
    envelope.decided(1200.0, 0)
    for k in range(80, 200):
        envelope.decided(15.0 * k, 0)
        now = envelope.allow(15.0 * k, MIDDLE, DEW)
    np.testing.assert_allclose(now, MIDDLE)  # back by itself, at its own rate


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("T_suply_set", 300.0, "did you mean T_supply_set"),
        ("V_sec_set[9]", 0.01, "no setpoint"),
        ("dp_set", float("nan"), "must be numbers"),
    ],
)
def test_overrides_that_say_nothing_are_refused(name: str, value: float, message: str) -> None:
    with pytest.raises(OverrideError, match=message):
        fresh().override(name, value, until=60.0)


def test_a_ramp_is_one_record_of_kind_rate_for_each_setpoint_it_slows() -> None:
    envelope = fresh()
    asked = envelope.setpoints.copy()
    part = TABLE.slices["T_tower_set"]
    asked[:, part] += 6.0
    for k in range(40):
        envelope.decided(15.0 * k, 0)
        envelope.allow(15.0 * k, asked, DEW)
    (ramp,) = envelope.records
    assert (ramp.kind, ramp.name, ramp.reason, ramp.t) == (Kind.RATE, "T_tower_set", "rate limit", 0.0)
    needed = 6.0 / TABLE.rate[part][0]
    assert needed - 30.0 < ramp.until <= needed - 15.0  # the last step that was cut short
    asked[:, part] -= 6.0
    envelope.allow(700.0, asked, DEW)
    assert len(envelope.records) == 2  # another episode


def test_kinds_of_clamps() -> None:
    envelope = fresh()
    asked = envelope.setpoints.copy()
    asked[:, TABLE.slices["dp_set"]] = [[np.nan, 1e9]]
    envelope.decided(0.0, 0)
    envelope.allow(0.0, asked, DEW)
    found = {(r.kind, r.name, r.reason) for r in envelope.records}
    assert found == {
        (Kind.CLAMP, "dp_set[1]", "not a number: last setpoint kept"),
        (Kind.CLAMP, "dp_set[2]", "outside limits"),
        (Kind.RATE, "dp_set[2]", "rate limit"),
    }
