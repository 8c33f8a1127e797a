"""The served plant is the plant of the closed loop, driven from outside."""

import numpy as np
import pytest
from wire_plants import PLANTS, plant, points, scenario, served

from lowlift.controllers.envelope import fail_safe
from lowlift.controllers.interface import Measurement
from lowlift.controllers.operation import operation_of
from lowlift.hil.fault import Fault, What
from lowlift.hil.served_plant import ServedPlant
from lowlift.hil.station import STOPPED
from lowlift.sim.closed_loop import Run, simulate
from lowlift.sim.scenario import ScenarioError
from lowlift.wire.points import ALONE, AUTO, FAIL_SAFE, HAND, OFF, SUPERVISED
from lowlift.wire.priorities import OPERATOR


def shown(one: ServedPlant, name: str) -> float:
    return float(one.image.read().values[one.image.points.position(name)])


def run(one: ServedPlant, seconds: float) -> None:
    for _ in range(round(seconds / one.step_size)):
        one.step()


@pytest.mark.parametrize("name", PLANTS)
def test_every_plant_runs_alone_and_shows_finite_values(name: str) -> None:
    one = served(name) if name != "frontier" else served(name, heartbeat=60.0)
    run(one, 100.0)
    snapshot = one.image.read()
    assert np.isfinite(snapshot.values).all()
    assert snapshot.t == 100.0 and snapshot.step == 20 and shown(one, "elapsed") == 100.0
    for name_ in plant(name).site.sheet.setpoints.names:
        p = points(name)[f"{name_}.cmd"]
        assert shown(one, f"{name_}.fbk") == pytest.approx(p.default, rel=1e-5)


def test_a_client_that_decides_what_a_controller_decides_gets_the_same_trajectory() -> None:
    """In lockstep with the closed loop: same readings in, same setpoints out, same temperatures to the float32 of the record."""
    hall = plant()
    make = operation_of(hall.site).controllers(hall.site)["Guideline36"].make
    (trajectory,) = simulate(hall, scenario(), [Run(make(hall, lambda: None))])
    controller, one = make(hall, lambda: None), served(step=15.0)
    table = hall.site.sheet.setpoints
    rules = operation_of(hall.site).safety(hall.site)
    one.envelope.setpoints = fail_safe(table, rules, np.full((1, 1), rules.T_dew))
    controller.reset(1)
    compared = []
    for k in range(240):
        if k % 20 == 0:
            values = {s.name: np.array([[points()[c].to_si(shown(one, c)) for c in s.components()]])
                      for s in hall.site.sheet.measurements.signals}  # fmt: skip
            decision = controller.decide(Measurement(t=one.t, time=scenario().index[k], values=values), None)
            commands = zip(table.names, decision.setpoints[0], strict=True)
            one.image.write({f"{n}.cmd": points()[f"{n}.cmd"].from_si(v) for n, v in commands}, "test")
        compared.append(points()["T_chw"].to_si(shown(one, "T_chw")))
        one.step()
    assert np.array(compared) == pytest.approx(trajectory.frame["T_chw"].to_numpy()[:240], abs=4e-5)


def test_setpoints_move_at_their_rate_and_commands_show_what_was_asked() -> None:
    one = served()
    run(one, 10.0)
    one.image.write({"T_chw_set.cmd": 6.0}, "test")
    run(one, 60.0)
    rate = points()["T_chw_set.cmd"].rate_per_min
    assert shown(one, "T_chw_set.cmd") == 6.0
    assert shown(one, "T_chw_set.fbk") == pytest.approx(9.0 - rate, abs=1e-3)
    run(one, 1800.0)
    assert shown(one, "T_chw_set.fbk") == pytest.approx(6.0)
    assert shown(one, "T_chw") == pytest.approx(6.0, abs=0.3)


def test_hand_off_and_auto() -> None:
    one = served()
    one.image.write({"y_chw.mode": HAND, "y_chw.hand": 0.6}, "test")
    run(one, 120.0)
    assert shown(one, "y_chw") == pytest.approx(0.6) and shown(one, "alarm.not_auto") == 1.0
    one.image.write({"y_chw.mode": OFF}, "test")
    run(one, 120.0)
    assert shown(one, "y_chw") == pytest.approx(STOPPED)
    assert np.isfinite(one.image.read().values).all()
    assert shown(one, "n_chillers") == 0.0, "no chiller without flow"
    one.image.write({"y_chw.mode": AUTO}, "test")
    before = shown(one, "y_chw")
    one.step()
    reach = plant().actuators.rate[plant().actuators.slices["y_chw"]][0] * one.step_size
    assert 0.0 < shown(one, "y_chw") - before <= reach + 1e-9, "bumpless: from where it is, at its rate"
    assert shown(one, "alarm.not_auto") == 0.0


@pytest.mark.parametrize("name", PLANTS)
def test_any_actuator_can_be_switched_off(name: str) -> None:
    one = served(name)
    for mode in plant(name).actuators.names[:: max(1, len(plant(name).actuators.names) // 12)]:
        one.image.write({f"{mode}.mode": OFF}, "test")
    run(one, 150.0)
    assert np.isfinite(one.image.read().values).all()


def test_silence_of_a_supervisor_leads_to_fail_safe_and_back() -> None:
    """A link pulled and plugged in again: the plant looks after itself, obeys again, and the gap is on record."""
    one = served(heartbeat=60.0)
    run(one, 300.0)
    assert shown(one, "supervision.fbk") == ALONE, "nobody has ever beaten: nothing is stale"
    for beat in range(1, 6):
        one.image.write({"heartbeat.cmd": beat, "T_chw_set.cmd": 10.0}, "supervisor")
        run(one, 30.0)
    assert shown(one, "supervision.fbk") == SUPERVISED and shown(one, "heartbeat.fbk") == 5.0
    run(one, 60.0)
    assert shown(one, "supervision.fbk") == FAIL_SAFE and shown(one, "alarm.fail_safe") == 1.0
    run(one, 1500.0)
    fallback = points()["T_chw_set.cmd"].fallback
    assert shown(one, "T_chw_set.fbk") == pytest.approx(fallback) and shown(one, "T_chw_set.cmd") == 10.0
    for beat in range(6, 46):
        one.image.write({"heartbeat.cmd": beat}, "supervisor")
        run(one, 30.0)
    assert shown(one, "supervision.fbk") == SUPERVISED and shown(one, "alarm.fail_safe") == 0.0
    assert shown(one, "T_chw_set.fbk") > fallback
    texts = [e.text for e in one.image.events() if e.kind == "supervision"]
    assert texts == ["alone -> supervised", "supervised -> fail-safe", "fail-safe -> supervised"]
    assert any(e.kind == "fail-safe" for e in one.image.events())


def test_a_counter_that_stands_still_is_no_heartbeat() -> None:
    one = served(heartbeat=60.0)
    for _ in range(6):
        one.image.write({"heartbeat.cmd": 7.0}, "hung program")
        run(one, 20.0)
    assert shown(one, "supervision.fbk") == FAIL_SAFE


def test_handing_back_takes_commands_back() -> None:
    one = served(heartbeat=60.0)
    one.image.write({"heartbeat.cmd": 1.0, "T_chw_set.cmd": 7.0}, "supervisor")
    run(one, 10.0)
    one.image.write({"heartbeat.cmd": 0.0}, "supervisor")
    run(one, 600.0)
    assert shown(one, "supervision.fbk") == ALONE and shown(one, "T_chw_set.cmd") == points()["T_chw_set.cmd"].default
    assert shown(one, "alarm.fail_safe") == 0.0


def test_handing_back_leaves_what_others_have_written() -> None:
    """A human's setpoint stands when the controller goes, whether he has a priority or only wrote last."""
    one = served(heartbeat=60.0)
    one.image.write({"heartbeat.cmd": 1.0, "T_chw_set.cmd": 7.0, "T_tower_set.cmd": 24.0, "V_chw_set.cmd": 30.0}, "MPC")
    one.image.write({"T_chw_set.cmd": 8.0}, "human")
    one.image.write({"T_tower_set.cmd": 25.0}, "MPC", OPERATOR)
    run(one, 10.0)
    one.image.write({"heartbeat.cmd": 0.0}, "MPC")
    run(one, 10.0)
    assert shown(one, "supervision.fbk") == ALONE and shown(one, "T_chw_set.cmd") == 8.0
    assert shown(one, "T_tower_set.cmd") == 25.0, "what stands at an operator's priority is no supervisor's"
    assert shown(one, "V_chw_set.cmd") == points()["V_chw_set.cmd"].default
    assert any(e.text == "2 commands of the supervisor are taken back" for e in one.image.events())


def test_a_humans_setpoint_is_obeyed_while_the_supervisor_is_silent() -> None:
    one = served(heartbeat=60.0)
    one.image.write({"heartbeat.cmd": 1.0, "T_chw_set.cmd": 7.0, "T_tower_set.cmd": 24.0, "V_chw_set.cmd": 30.0}, "MPC")
    one.image.write({"T_chw_set.cmd": 9.5}, "operator", OPERATOR)
    one.image.write({"T_tower_set.cmd": 26.0}, "mbpoll")
    run(one, 1500.0)
    assert shown(one, "supervision.fbk") == FAIL_SAFE and shown(one, "alarm.fail_safe") == 1.0
    assert shown(one, "T_chw_set.fbk") == pytest.approx(9.5) and shown(one, "T_tower_set.fbk") == pytest.approx(26.0)
    assert shown(one, "V_chw_set.fbk") == pytest.approx(points()["V_chw_set.cmd"].fallback)
    one.image.relinquish(["T_chw_set.cmd"], "operator", OPERATOR)
    run(one, 1800.0)
    assert shown(one, "T_chw_set.fbk") == pytest.approx(points()["T_chw_set.cmd"].fallback)
    assert shown(one, "T_chw_set.cmd") == 7.0, "nobody has relinquished: it stands, and is not obeyed"


def test_in_fail_safe_a_silent_supervisors_slot_hides_nobody_beneath_it() -> None:
    one = served(heartbeat=60.0)
    one.image.write({"heartbeat.cmd": 1.0, "T_chw_set.cmd": 7.0, "T_tower_set.cmd": 24.0}, "MPC", 13)
    run(one, 90.0)
    one.image.write({"T_chw_set.cmd": 8.5}, "operator over OPC UA")
    run(one, 1500.0)
    assert shown(one, "supervision.fbk") == FAIL_SAFE
    assert shown(one, "T_chw_set.fbk") == pytest.approx(8.5) and shown(one, "T_chw_set.cmd") == 7.0
    assert shown(one, "T_tower_set.fbk") == pytest.approx(points()["T_tower_set.cmd"].fallback)
    one.faults.begin(Fault(what=What.COMMS, where="gateway"))
    run(one, 600.0)
    assert one.envelope.setpoints[0, 0] == pytest.approx(273.15 + 8.5), "nor when the gateway is cut off then"
    one.faults.end(one.faults.known[-1].title)
    run(one, 10.0)
    one.image.write({"heartbeat.cmd": 2.0, "T_chw_set.cmd": 7.5}, "MPC", 13)
    for beat in range(3, 30):
        one.image.write({"heartbeat.cmd": float(beat)}, "MPC", 13)
        run(one, 59.0)
    assert shown(one, "supervision.fbk") == SUPERVISED and shown(one, "T_chw_set.fbk") == pytest.approx(7.5)


def test_local_means_that_commands_are_not_obeyed() -> None:
    one = served()
    one.image.write({"remote_enable.cmd": 0, "T_chw_set.cmd": 6.0}, "test")
    run(one, 300.0)
    assert shown(one, "T_chw_set.fbk") == pytest.approx(9.0)


def test_broken_sensors_are_shown_and_lead_to_fail_safe() -> None:
    def broken(t: float, readings: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return readings | ({"T_return": np.full((1, 1), np.nan)} if t > 60.0 else {})

    one = served(disturb=broken)
    run(one, 90.0)
    assert np.isnan(shown(one, "T_return")) and shown(one, "alarm.readings") == 1.0 and shown(one, "alarm.fail_safe") == 0.0
    run(one, 60.0)
    assert shown(one, "alarm.fail_safe") == 1.0


def test_the_scenario_begins_again_at_its_end() -> None:
    one = served(step=15.0)
    run(one, 15.0 * scenario().n)
    assert [e.text for e in one.image.events() if e.kind == "run"] == ["the scenario begins again"]
    one.step()


@pytest.mark.parametrize("step", [0.0, -1.0, 4.0, 30.0])
def test_steps_that_do_not_divide_the_scenarios(step: float) -> None:
    with pytest.raises(ScenarioError, match="must divide"):
        served(step=step)
