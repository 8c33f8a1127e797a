"""The last word: properties over arbitrary requests, and the fault cases that concern it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from models_halls import hall

from lowlift.controllers.audit import Kind
from lowlift.controllers.envelope import SafetyEnvelope

PLANT = hall("gb200_hall")
TABLE = SafetyEnvelope(PLANT, 15.0).table
DEW = np.full((1, 1), 285.15)
UNITS = {"T_supply": "K"}


def fresh(start: np.ndarray | None = None) -> SafetyEnvelope:
    envelope = SafetyEnvelope(PLANT, 15.0)
    envelope.reset((0.5 * (TABLE.low + TABLE.high))[None] if start is None else start)
    return envelope


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(float, (6, TABLE.size), elements=st.floats(-1e6, 1e6) | st.just(float("nan")) | st.just(float("inf"))),
    st.floats(270.0, 300.0),
)
def test_whatever_is_asked_for_limits_rates_and_dew_point_hold(requests: np.ndarray, dew: float) -> None:
    envelope = fresh()
    before, T_dew = envelope.setpoints, np.array([[dew]])
    part = TABLE.slices["T_supply_set"]
    for k, request in enumerate(requests):
        envelope.decided(15.0 * k, 0)
        now = envelope.allow(15.0 * k, request[None], T_dew)
        assert np.all(np.isfinite(now))
        assert np.all(now >= TABLE.low - 1e-9)
        dry = np.full(TABLE.size, False)
        dry[part] = True
        assert np.all((now <= TABLE.high + 1e-9) | dry)
        step = np.abs(now - before)[0] - TABLE.rate * 15.0
        assert np.all((step <= 1e-9) | dry)
        assert np.all(now[:, part] >= dew + PLANT.site.limits.dew_point_margin - 1e-9)
        before = now


def test_F30_dew_point_lifts_the_supply_within_one_step() -> None:
    envelope = fresh()
    request = envelope.setpoints.copy()
    request[:, TABLE.slices["T_supply_set"]] = 293.15
    envelope.decided(0.0, 0)
    now = envelope.allow(0.0, request, np.array([[295.15]]))
    assert np.all(now[:, TABLE.slices["T_supply_set"]] >= 297.15)
    assert any(r.reason == "dew point plus margin" for r in envelope.records)


def test_F18_one_missing_sample_is_held_and_recorded() -> None:
    envelope = fresh()
    good = {"T_supply": np.full((1, 8), 305.0)}
    envelope.repair(0.0, good, UNITS)
    bad = {"T_supply": good["T_supply"].copy()}
    bad["T_supply"][0, 3] = np.nan
    held = envelope.repair(15.0, bad, UNITS)
    assert np.all(held["T_supply"] == 305.0)
    assert envelope.records[0].reason == "reading held"
    envelope.decided(15.0, 0)
    asked = envelope.setpoints.copy()
    np.testing.assert_allclose(envelope.allow(15.0, asked, DEW), asked)


def test_F22_spike_is_rejected() -> None:
    envelope = fresh()
    envelope.repair(0.0, {"T_supply": np.full((1, 8), 305.0)}, UNITS)
    assert np.all(envelope.repair(15.0, {"T_supply": np.full((1, 8), 345.0)}, UNITS)["T_supply"] == 305.0)


def test_F19_lost_readings_lead_to_fail_safe_and_back() -> None:
    envelope = fresh()
    asked = envelope.setpoints.copy()
    good, bad = {"T_supply": np.full((1, 8), 305.0)}, {"T_supply": np.full((1, 8), np.nan)}
    envelope.repair(0.0, good, UNITS)
    flow = TABLE.slices["V_sec_set"]
    seen = []
    for k in range(1, 70):
        t = 15.0 * k
        envelope.repair(t, bad if k <= 6 else good, UNITS)
        envelope.decided(t, 0)
        seen.append(envelope.allow(t, asked, DEW)[0, flow].max())
    assert seen[2] == pytest.approx(asked[0, flow].max())
    assert max(seen) > asked[0, flow].max() * 1.2
    assert seen[-1] == pytest.approx(asked[0, flow].max(), rel=1e-6)
    assert any("readings lost" in r.reason for r in envelope.records)


def test_silent_controller_leads_to_fail_safe() -> None:
    envelope = fresh()
    asked = envelope.setpoints.copy()
    envelope.decided(0.0, 0)
    before = envelope.allow(880.0, asked, DEW)
    np.testing.assert_allclose(before, asked)
    after = envelope.allow(915.0, asked, DEW)
    assert np.any(np.abs(after - asked) > 0.0)
    assert any("silent" in r.reason for r in envelope.records)


def test_no_chiller_without_water_flow() -> None:
    envelope = fresh()
    a = PLANT.actuators
    u = ((a.low + a.high) / 2)[None]
    u[:, a.slices["n_chillers"]] = 1.0
    u[:, a.slices["y_chw"]] = 0.0
    safe = envelope.interlock(0.0, u, {"y_chw": np.zeros((1, 1))})
    assert safe[0, a.slices["n_chillers"]] == 0.0
    assert u[0, a.slices["n_chillers"]] == 1.0


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
    envelope.allow(4000.0, asked, DEW)
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
