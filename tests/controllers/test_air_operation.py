"""The air hall operated: sequence, protection, interlocks, rules, the static optimum."""

import numpy as np
import pandas as pd
import pytest
from models_air import ZERO_C, air_hall, weather

from lowlift.controllers.air_operation import controllers, missing
from lowlift.controllers.air_protection import MIN_OFF, AirInterlocks
from lowlift.controllers.air_regulator import AirRegulator
from lowlift.controllers.air_rules import AirFixedSetpoint, AirGuideline36
from lowlift.controllers.air_static import AirStaticOptimal, Margins, Now, RestSearch
from lowlift.controllers.audit import AuditLog, Kind
from lowlift.controllers.interface import Measurement, Status

PLANT = air_hall()
SITE, TABLE = PLANT.site, PLANT.site.sheet.setpoints
STEP = 15.0
START = pd.Timestamp("2023-07-04", tz="Etc/GMT+7")


def read(**values: float) -> dict[str, np.ndarray]:
    """Readings of a hall at work, some of them changed."""
    usual = {
        "T_supply": 295.15, "T_inlet": 295.65, "T_hot": 312.0, "T_return": 311.0, "T_mixed": 311.0, "T_evaporative": 298.0,
        "T_dew_hall": 283.15, "dp_aisle": 6.0, "m_air": 160.0, "q_air": 2.0e6, "q_fans": 8e4, "Q_evaporator": 0.0, "y_fan": 0.7,
        "y_damper": SITE.x_min, "y_iec": 0.0, "v_spray": 0.0, "v_pad": 0.0, "n_dx": 0.0, "y_dx": 0.0, "boost": 0.0, "T_wb": 288.15,
        "T_db": 300.15, "p": SITE.p,
    }  # fmt: skip
    return {name: np.array([[value]]) for name, value in (usual | values).items()}


def measurement(t: float = 0.0, **values: float) -> Measurement:
    return Measurement(t=t, time=START, values=read(**values))


def setpoints(**values: float) -> np.ndarray:
    usual = {"T_supply_set": 295.15, "dp_set": 6.0, "oa_min": SITE.x_min, "oa_max": 1.0, "iec_max": 1.0, "pad_max": 1.0}
    return np.asarray(TABLE.pack({name: np.array([[value]]) for name, value in (usual | values).items()}))


def positions(**values: float) -> np.ndarray:
    usual = dict.fromkeys(PLANT.actuators.slices, 0.0) | {"y_fan": 0.7, "y_damper": SITE.x_min}
    return np.asarray(PLANT.actuators.pack({name: np.array([[value]]) for name, value in (usual | values).items()}))


def run(n: int, sp: np.ndarray, u: np.ndarray, **values: float) -> tuple[dict[str, float], np.ndarray]:
    """Actuators after ``n`` steps of constant readings, which see what the layer moves."""
    layer = AirRegulator(PLANT, STEP)
    layer.reset(1)
    own = layer.idle(1)
    for _ in range(n):
        moved = {k: float(v[0, 0]) for k, v in PLANT.actuators.unpack(u).items()}
        before = u
        u, own = layer.act(read(**moved | values), sp, u)
        assert (np.abs(u - before) <= PLANT.actuators.rate * STEP + 1e-9).all()
        assert ((u >= PLANT.actuators.low - 1e-12) & (u <= PLANT.actuators.high + 1e-12)).all()
    return {k: float(v[0, 0]) for k, v in PLANT.actuators.unpack(u).items()}, own


def test_cooling_is_given_to_the_stages_in_order_and_taken_back_in_reverse() -> None:
    hot = {"T_supply": 298.15}
    u, moved = positions(), []
    layer = AirRegulator(PLANT, STEP)
    layer.reset(1)
    for _ in range(400):
        state = {k: float(v[0, 0]) for k, v in PLANT.actuators.unpack(u).items()}
        u, _ = layer.act(read(**state | hot), setpoints(), u)
        moved.append({k: float(v[0, 0]) for k, v in PLANT.actuators.unpack(u).items()})
    first = [next(k for k, m in enumerate(moved) if m[name] > low) for name, low in
             (("y_damper", 0.1), ("v_pad", 0.1), ("y_iec", 0.1), ("n_dx", 0.5))]  # fmt: skip
    assert first == sorted(first)
    assert len(set(first)) == 4
    assert moved[-1]["v_spray"] == 1.0
    assert moved[-1]["y_dx"] > 0.5
    cold = {"T_supply": 292.15}
    back = []
    for _ in range(400):
        state = {k: float(v[0, 0]) for k, v in PLANT.actuators.unpack(u).items()}
        u, _ = layer.act(read(**state | cold), setpoints(), u)
        back.append({k: float(v[0, 0]) for k, v in PLANT.actuators.unpack(u).items()})
    gone = [next(k for k, m in enumerate(back) if m[name] < low) for name, low in
            (("y_dx", 0.05), ("y_iec", 0.05), ("v_pad", 0.05), ("y_damper", 0.05))]  # fmt: skip
    assert gone == sorted(gone)


def test_outdoor_air_that_is_no_cooler_is_left_out_unless_it_is_commanded() -> None:
    warm = {"T_db": 313.15, "T_return": 311.0, "T_supply": 297.15}
    assert run(60, setpoints(), positions(), **warm)[0]["y_damper"] == pytest.approx(SITE.x_min)
    assert run(60, setpoints(oa_min=1.0), positions(), **warm)[0]["y_damper"] == pytest.approx(1.0)


def test_outdoor_air_that_is_too_humid_is_kept_out_whatever_is_commanded() -> None:
    damp = {"T_db": 299.15, "T_wb": 297.65, "T_supply": 297.15}
    assert run(60, setpoints(oa_min=1.0), positions(y_damper=1.0), **damp)[0]["y_damper"] == pytest.approx(SITE.x_min)


def test_pads_dry_up_before_the_dew_point_reaches_its_limit() -> None:
    near = SITE.limits.T_dew_max
    wet = {"T_supply": 299.15, "T_dew_hall": near - 3.0}
    assert run(80, setpoints(oa_min=1.0), positions(y_damper=1.0), **wet)[0]["v_pad"] == pytest.approx(1.0)
    assert run(80, setpoints(oa_min=1.0), positions(y_damper=1.0, v_pad=1.0), **wet | {"T_dew_hall": near})[0]["v_pad"] == 0.0


def test_hot_inlets_lower_the_supply_and_call_dx_within_a_minute() -> None:
    limit = SITE.limits.T_inlet_max
    hot = {"T_inlet": limit - 0.1, "T_supply": 295.15, "T_evaporative": 299.0}
    moved, own = run(4, setpoints(), positions(y_damper=1.0, v_pad=1.0, y_iec=1.0), **hot)
    assert own[0, 0] > 0.0
    assert moved["n_dx"] >= 1.0
    _, kept = run(4, setpoints(), positions(), T_inlet=limit - 3.0)
    assert kept[0, 0] == 0.0


def test_fans_hold_the_pressure_and_run_ahead_of_the_load() -> None:
    assert run(1, setpoints(), positions(), dp_aisle=1.0)[0]["y_fan"] > 0.7
    assert run(1, setpoints(), positions(), dp_aisle=20.0)[0]["y_fan"] < 0.7
    layer = AirRegulator(PLANT, STEP)
    layer.reset(1)
    u, _ = layer.act(read(), setpoints(), positions())
    steady = PLANT.actuators.unpack(layer.act(read(), setpoints(), u)[0])["y_fan"]
    assert (PLANT.actuators.unpack(layer.act(read(q_air=2.6e6), setpoints(), u)[0])["y_fan"] > steady + 0.02).all()


class TestInterlocks:
    def bench(self) -> tuple[AirInterlocks, AuditLog]:
        return AirInterlocks(PLANT), AuditLog(STEP)

    def named(self, u: np.ndarray) -> dict[str, float]:
        return {k: float(v[0, 0]) for k, v in PLANT.actuators.unpack(u).items()}

    def test_no_water_in_frost(self) -> None:
        locks, audit = self.bench()
        u = self.named(locks.apply(0.0, positions(v_spray=1.0, v_pad=1.0), read(T_db=272.0, T_wb=271.0, T_mixed=290.0), audit))
        assert (u["v_spray"], u["v_pad"]) == (0.0, 1.0)
        assert [r.kind for r in audit.records] == [Kind.INTERLOCK]
        assert self.named(locks.apply(15.0, positions(v_pad=1.0), read(T_mixed=274.0), audit))["v_pad"] == 0.0

    @pytest.mark.parametrize("m_air", [0.0, 5.0, np.nan])
    def test_no_dx_without_measured_air_and_none_back_at_once(self, m_air: float) -> None:
        locks, audit = self.bench()
        assert self.named(locks.apply(0.0, positions(n_dx=4.0), read(), audit))["n_dx"] == 4.0
        assert self.named(locks.apply(15.0, positions(n_dx=4.0), read(m_air=m_air), audit))["n_dx"] == 0.0
        assert self.named(locks.apply(30.0, positions(n_dx=4.0), read(), audit))["n_dx"] == 0.0
        assert self.named(locks.apply(15.0 + MIN_OFF, positions(n_dx=4.0), read(), audit))["n_dx"] == 4.0
        assert {r.reason for r in audit.records} == {"no DX without air", "no DX unit restarts within 5 min"}

    def test_dampers_close_on_a_freezing_hall(self) -> None:
        locks, audit = self.bench()
        u = self.named(locks.apply(0.0, positions(y_damper=0.8, y_iec=0.5), read(T_supply=275.0), audit))
        assert (u["y_damper"], u["y_iec"]) == (SITE.x_min, 0.0)


class TestRules:
    def decided(self, controller: AirGuideline36 | AirFixedSetpoint, n: int = 1, **values: float) -> dict[str, float]:
        controller.reset(1)
        for k in range(n):
            decision = controller.decide(measurement(300.0 * k, **values), None)
        assert decision.status is Status.RULE
        return {name: float(v[0, 0]) for name, v in TABLE.unpack(decision.setpoints).items()}

    def test_fixed_setpoints_know_no_outdoor_air(self) -> None:
        sp = self.decided(AirFixedSetpoint(SITE), T_db=283.15)
        assert (sp["oa_max"], sp["pad_max"], sp["iec_max"]) == (SITE.x_min, 0.0, 1.0)

    def test_rules_run_many_plants_at_once(self) -> None:
        rule = AirGuideline36(SITE)
        rule.reset(3)
        many = {name: np.repeat(v, 3, axis=0) for name, v in read().items()}
        assert rule.decide(Measurement(t=0.0, time=START, values=many), None).setpoints.shape == (3, TABLE.size)

    @pytest.mark.parametrize(
        ("outdoor", "expected"),
        [
            ({"T_db": 283.15, "T_wb": 279.15}, (SITE.x_min, 1.0)),  # cold and dry: the damper modulates
            ({"T_db": 305.15, "T_wb": 290.15}, (1.0, 1.0)),  # warm and dry: all outdoor air
            ({"T_db": 299.15, "T_wb": 296.15}, (SITE.x_min, SITE.x_min)),  # humid: kept out
            ({"T_db": 315.15, "T_wb": 293.15}, (SITE.x_min, SITE.x_min)),  # warmer than return air
            ({"T_db": 258.15, "T_wb": 256.15}, (SITE.x_min, SITE.x_min)),  # too dry
        ],
    )
    def test_economiser_follows_changeover_and_dew_points(self, outdoor: dict[str, float], expected: tuple[float, float]) -> None:
        sp = self.decided(AirGuideline36(SITE), **outdoor)
        assert (sp["oa_min"], sp["oa_max"]) == pytest.approx(expected)

    def test_supply_is_reset_by_requests(self) -> None:
        cool = self.decided(AirGuideline36(SITE), n=12, T_inlet=SITE.limits.T_inlet_max - 4.0)
        hot = self.decided(AirGuideline36(SITE), n=12, T_inlet=SITE.limits.T_inlet_max - 0.2)
        damp = self.decided(AirGuideline36(SITE), n=12, T_dew_hall=SITE.limits.T_dew_max - 0.2)
        assert cool["T_supply_set"] > 22.5 + ZERO_C > 21.0 + ZERO_C > hot["T_supply_set"]
        assert damp["T_supply_set"] < cool["T_supply_set"]


class TestStaticOptimal:
    search = RestSearch(PLANT, Margins())

    @pytest.mark.parametrize(("T_wb", "T_db", "share"), [(15.0, 36.0, 0.7), (8.0, 10.0, 0.4), (23.3, 27.6, 0.7), (-3.0, -1.0, 0.9)])
    def test_no_random_choice_is_better(self, T_wb: float, T_db: float, share: float) -> None:
        now = Now(share * SITE.P_it_nominal, T_wb + ZERO_C, T_db + ZERO_C, SITE.p)
        found = self.search.solve(now)
        assert found.gain < 1e-4
        others = self.search.cost(self.search.rest(np.random.default_rng(0).uniform(0.0, 1.0, (400, 4)), now))
        assert found.cost <= others.min() * (1.0 + 1e-4)

    def test_it_says_how_it_was_found_and_refuses_what_is_no_number(self) -> None:
        optimal = AirStaticOptimal(PLANT)
        decision = optimal.decide(measurement(), None)
        assert decision.status in (Status.OPTIMAL, Status.SUBOPTIMAL)
        assert "pattern search" in decision.message
        assert decision.solve_ms > 0.0
        again = optimal.decide(measurement(300.0), None)
        np.testing.assert_allclose(again.setpoints, decision.setpoints, atol=0.3)
        refused = optimal.decide(measurement(600.0, T_wb=np.nan), None)
        assert refused.status is Status.FALLBACK
        assert "not a number" in refused.message
        with pytest.raises(ValueError, match="one plant at a time"):
            optimal.reset(2)

    def test_warm_dry_air_is_humidified_rather_than_compressed(self) -> None:
        found = self.search.solve(Now(2e6, 15.0 + ZERO_C, 36.0 + ZERO_C, SITE.p))
        damper, _, pad, dx = found.v
        assert damper > 0.95
        assert pad > 0.5
        assert dx < 0.02


def test_names_are_either_there_or_said_to_be_missing() -> None:
    assert list(controllers(SITE)) == ["FixedSetpoint", "Guideline36", "SiteTuned", "StaticOptimal"]
    reasons = missing(SITE)
    assert {"MPC", "Oracle", "AsOperated"} <= set(reasons)
    assert all("air_hall" in reason for reason in reasons.values())
    assert weather().shape == (1, PLANT.disturbances.size)
