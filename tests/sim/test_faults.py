"""Faults in the closed loop: of sensors, of controllers; what reaches the plant, the record and the key figures."""

import logging

import numpy as np
import pytest
from models_halls import hall

from lowlift.controllers.audit import Kind
from lowlift.controllers.fixed import FixedSetpoint
from lowlift.controllers.forecast import Persistence
from lowlift.controllers.guideline36 import Guideline36
from lowlift.controllers.interface import Decision, Forecast, Measurement, Status, setpoint_table
from lowlift.controllers.staging import MIN_OFF
from lowlift.sim.closed_loop import Run, simulate
from lowlift.sim.kpis import kpis
from lowlift.sim.scenario import Scenario, build_scenario
from lowlift.sim.trajectory import Trajectory

PLANT = hall("gb200_hall")


def scenario(hours: float = 0.5, warm_up: float = 0.0, **options: object) -> Scenario:
    return build_scenario(PLANT, days=hours / 24.0, warm_up=warm_up, workload="llm_training", **options)  # type: ignore[arg-type]


def run(controller: object, hours: float = 0.5, **options: object) -> Trajectory:
    return simulate(PLANT, scenario(hours), [Run(controller)], **options)[0]  # type: ignore[arg-type]


def kinds(trajectory: Trajectory) -> set[Kind]:
    return {i.kind for i in trajectory.interventions} - {Kind.RATE}


class Scripted(FixedSetpoint):
    """Constant setpoints, but something else at chosen decisions: NaN, or an exception."""

    def __init__(self, faults: dict[int, object]) -> None:
        super().__init__(PLANT.site, "Scripted")
        self.faults, self.count = faults, -1

    def decide(self, measurement: Measurement, forecast: Forecast | None) -> Decision:
        self.count += 1
        fault = self.faults.get(self.count)
        if isinstance(fault, Exception):
            raise fault
        good = super().decide(measurement, forecast)
        return good if fault is None else Decision(setpoints=fault * good.setpoints, status=Status.RULE)  # type: ignore[operator]


def test_a_first_decision_of_nan_never_reaches_the_plant() -> None:
    nan = run(Scripted({0: np.nan}))
    assert np.isfinite(nan.frame.to_numpy(float)).all()
    begun = [i for i in nan.interventions if i.t == 0.0 and i.kind is Kind.CLAMP]
    assert {i.reason for i in begun} == {"not a number: last setpoint kept"}
    assert len(begun) == setpoint_table(PLANT.site).size
    # Until the next decision the plant is cooled at any price, then it does what it is told.
    flow = nan.components("V_sec_set")[:, 0]
    assert flow[0] == flow[19] == setpoint_table(PLANT.site).high[setpoint_table(PLANT.site).slices["V_sec_set"]][0]
    assert flow[-1] == pytest.approx(run(Scripted({})).components("V_sec_set")[-1, 0])


def test_a_controller_that_goes_on_saying_nan_is_silent() -> None:
    nan = run(Scripted(dict.fromkeys(range(1, 9), np.nan)))
    assert any(i.reason == "controller silent: fail-safe" and i.t == pytest.approx(915.0) for i in nan.interventions)


def test_an_exception_does_not_end_the_run(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL):
        faulty = run(Scripted({1: ZeroDivisionError("no flow"), 2: KeyError("T_chip")}))
    t, decision = faulty.decisions[1]
    assert (t, decision.status) == (300.0, Status.FALLBACK)
    assert decision.message == "controller failed, last setpoints kept: ZeroDivisionError: no flow"
    np.testing.assert_array_equal(faulty.components("V_sec_set")[21:39], faulty.components("V_sec_set")[20:38])
    assert [i.reason for i in faulty.interventions if i.name == "controller"] == [faulty.decisions[n][1].message for n in (1, 2)]
    assert kpis(faulty).fallbacks == 2
    assert len(faulty.decisions) == 6
    assert Kind.FAIL_SAFE in kinds(faulty)
    assert "all setpoints" not in {i.name for i in faulty.interventions}  # back within the heartbeat


def test_the_failure_is_logged_with_its_text(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        run(Scripted({1: ZeroDivisionError("no flow")}), hours=0.1)
    assert "Scripted failed at" in caplog.text
    assert "no flow" in caplog.text


def test_a_controller_that_is_dead_leads_to_fail_safe(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL):
        dead = run(Scripted(dict.fromkeys(range(1, 9), RuntimeError("gone"))))
    assert any(i.reason == "controller silent: fail-safe" and i.t == pytest.approx(915.0) for i in dead.interventions)
    assert dead.components("V_sec_set")[-1, 0] == PLANT.site.cdu.pump.V_dot_nominal


def test_a_controller_that_is_slow_by_design_is_not_silent() -> None:
    slow = Scripted({})
    slow.period = 2000.0
    trajectory = run(slow, hours=1.2)
    assert [t for t, _ in trajectory.decisions] == [0.0, 2010.0, 4020.0]
    assert not kinds(trajectory)


def test_setpoints_of_a_wrong_shape_and_failing_forecasts_are_failures(caplog: pytest.LogCaptureFixture) -> None:
    class Wide(FixedSetpoint):
        def decide(self, measurement: Measurement, forecast: Forecast | None) -> Decision:
            return Decision(setpoints=np.zeros((1, 3)), status=Status.RULE)

    class Blind(Persistence):
        def predict(self, history: object, horizon: float) -> Forecast:
            raise ValueError("no view")

    runs = [Run(Wide(PLANT.site)), Run(FixedSetpoint(PLANT.site, "Fixed"), Blind())]
    with caplog.at_level(logging.CRITICAL):
        wide, blind = simulate(PLANT, scenario(0.1), runs)
    assert "setpoints of shape (1, 3), (1, 12) is expected" in wide.decisions[0][1].message
    assert "ValueError: no view" in blind.decisions[0][1].message


def test_readings_silent_from_the_start_do_not_reach_the_plant() -> None:
    def silent(t: float, readings: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: np.full_like(v, np.nan) for name, v in readings.items()} if t < 60.0 else readings

    faulty = run(Guideline36(PLANT.site), disturb=silent)
    assert np.isfinite(faulty.frame.to_numpy(float)).all()
    assert any(i.reason == "readings lost: fail-safe" and i.t == 0.0 for i in faulty.interventions)


def test_F18_missing_samples_are_seen_repaired_and_the_record_is_true() -> None:
    def drop(t: float, readings: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return readings | {"T_supply": np.full_like(readings["T_supply"], np.nan)} if t in (600.0, 1200.0) else readings

    clean, faulty = (run(Guideline36(PLANT.site), disturb=hook) for hook in (None, drop))
    assert kinds(faulty) == {Kind.REPAIR}
    assert kpis(faulty).interventions == 2 * PLANT.site.n_cdu
    assert kpis(faulty).energy_cooling_kWh == pytest.approx(kpis(clean).energy_cooling_kWh, rel=0.02)
    assert not [c for c in clean.frame.columns if c.startswith("seen.")]
    held, true = faulty.components("seen.T_supply"), faulty.components("T_supply")
    np.testing.assert_array_equal(held[40], true[39])
    assert (held != true).any(axis=1).sum() == 2


def test_a_sensor_that_reads_too_low_hides_no_violation() -> None:
    limits = PLANT.site.limits

    def bias(t: float, readings: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return readings | {"T_inlet": readings["T_inlet"] - 4.0}

    def hot(controller: FixedSetpoint) -> FixedSetpoint:
        controller._setpoints[:, controller.table.slices["T_air_set"]] = 301.15
        return controller

    clean, biased = (run(hot(FixedSetpoint(PLANT.site)), hours=1.0, disturb=hook) for hook in (None, bias))
    seen = biased.components("seen.T_inlet")
    assert limits.T_inlet_max is not None
    assert seen.max() < limits.T_inlet_max
    by_name = {x.name: x for x in kpis(biased).limits}
    assert by_name["server inlet air"].max_violation_K > 0.2
    assert by_name["server inlet air"].violation_Kh >= {x.name: x for x in kpis(clean).limits}["server inlet air"].violation_Kh - 1e-6


def test_F20_a_stuck_supply_sensor_leads_to_fail_safe_within_the_hour() -> None:
    since = 900.0
    kept: list[np.ndarray] = []

    def stick(t: float, readings: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        if t < since:
            return readings
        if not kept:
            kept.append(readings["T_supply"][:, 2].copy())
        stuck = readings["T_supply"].copy()
        stuck[:, 2] = kept[0]
        return readings | {"T_supply": stuck}

    clean, faulty = (run(Guideline36(PLANT.site), hours=1.25, disturb=hook) for hook in (None, stick))
    assert not kinds(clean)
    stuck = [i for i in faulty.interventions if i.kind is Kind.REPAIR]
    assert {i.name for i in stuck} == {"T_supply[3]"}
    assert stuck[0].t <= since + 3600.0
    assert any(i.reason == "readings lost: fail-safe" for i in faulty.interventions)


@pytest.mark.parametrize("resolution", [0.1, 0.5])
def test_coarse_readings_are_not_taken_for_stuck(resolution: float) -> None:
    def coarse(t: float, readings: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: np.round(v / resolution) * resolution if name.startswith("T_") else v for name, v in readings.items()}

    runs = [Run(FixedSetpoint(PLANT.site)), Run(Guideline36(PLANT.site))]
    for trajectory in simulate(PLANT, scenario(4.0), runs, disturb=coarse):
        assert not kinds(trajectory)


def test_a_chilled_water_pump_that_fails_stops_the_chillers_and_they_wait() -> None:
    def trip(t: float, readings: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return readings | {"m_chw": np.zeros_like(readings["m_chw"])} if 300.0 <= t < 400.0 else readings

    faulty = run(FixedSetpoint(PLANT.site), hours=0.75, disturb=trip)
    n = faulty.components("n_chillers")[:, 0]
    assert n[20] >= 1.0
    off = np.flatnonzero(n[21:] == 0.0) + 21
    assert off[0] == 21
    assert np.all(n[21 : 21 + round(MIN_OFF / 15.0)] <= PLANT.site.chilled.n_chillers - n[20])  # type: ignore[union-attr]
    assert any(i.reason == "no chiller without chilled water flow" and i.t == 300.0 for i in faulty.interventions)
    assert faulty.components("y_chw")[22, 0] > 0.2  # commanded all the while
