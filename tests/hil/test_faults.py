"""Faults of the served plant: what is read, what is moved, what is lost; cases of the catalogue of faults by their number."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire_plants import plant, points, served

from lowlift.hil.fault import Fault, FaultError, What
from lowlift.hil.fault_points import with_fault_points
from lowlift.hil.fouling import equipment, fouled
from lowlift.hil.sensor_faults import SensorFaults
from lowlift.hil.served_plant import ServedPlant
from lowlift.hil.snapshot import restore, save
from lowlift.hil.station import STOPPED
from lowlift.wire.points import FAIL_SAFE

BATCH = np.array([[280.0], [281.0]])


def run(one: ServedPlant, seconds: float) -> ServedPlant:
    for _ in range(round(seconds / one.step_size)):
        one.step()
    return one


def shown(one: ServedPlant, name: str) -> float:
    return float(one.image.read().values[one.image.points.position(name)])


def true(one: ServedPlant, name: str) -> float:
    return float(one.true[0, plant(one.plant.site.name).site.sheet.measurements.names.index(name)])


def read(one: ServedPlant, name: str) -> float:
    return float(one.read[0, plant(one.plant.site.name).site.sheet.measurements.names.index(name)])


def hook(**options: object) -> SensorFaults:
    return SensorFaults(plant(), [Fault(where="T_chw", **options)], points())  # type: ignore[arg-type]


def seen(faults: SensorFaults, t: float, T_chw: np.ndarray = BATCH) -> np.ndarray:
    readings = {s.name: np.full((2, s.size), 1.0) for s in plant().site.sheet.measurements.signals} | {"T_chw": T_chw}
    return faults(t, readings)["T_chw"]


# -- sensors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("what", "size", "at", "expected"), [
    (What.BIAS, -2.0, 150.0, BATCH - 2.0), (What.BIAS, -2.0, 99.0, BATCH), (What.BIAS, -2.0, 200.0, BATCH),
    (What.DRIFT, 0.5, 100.0, BATCH), (What.STUCK, 7.0, 150.0, np.full((2, 1), 280.15)),
    (What.DROPOUT, None, 150.0, np.full((2, 1), np.nan)),
])  # fmt: skip
def test_what_a_sensor_shows(what: What, size: float | None, at: float, expected: np.ndarray) -> None:
    np.testing.assert_allclose(seen(hook(what=what, size=size, begin=100.0, end=200.0), at), expected)


def test_drift_grows_by_the_hour() -> None:
    faults = hook(what=What.DRIFT, size=0.5, begin=100.0)
    np.testing.assert_allclose(seen(faults, 100.0 + 7200.0), BATCH + 1.0)


def test_a_stuck_sensor_stays_where_it_was_and_lets_go() -> None:
    faults = hook(what=What.STUCK, begin=100.0, end=200.0)
    for t in (90.0, 100.0, 110.0, 190.0):
        last = seen(faults, t, BATCH + t)
    np.testing.assert_array_equal(last, BATCH + 100.0)
    np.testing.assert_array_equal(seen(faults, 200.0, BATCH), BATCH)


@pytest.mark.parametrize(("every", "wanted"), [(None, [100.0]), (20.0, [100.0, 120.0, 140.0])])
def test_F22_a_spike_is_one_sample(every: float | None, wanted: list[float]) -> None:
    faults = hook(what=What.SPIKE, size=40.0, begin=100.0, end=150.0, every=every)
    hit = [t for t in np.arange(0.0, 200.0, 5.0) if not np.array_equal(seen(faults, t), BATCH)]
    assert hit == wanted


@given(seed=st.integers(0, 2**32), t=st.floats(0.0, 1e7))
@settings(max_examples=25)
def test_random_faults_depend_on_seed_and_time_alone(seed: int, t: float) -> None:
    noise = [seen(hook(what=What.NOISE, size=0.1, seed=s), t) for s in (seed, seed, seed + 1)]
    assert np.array_equal(noise[0], noise[1]) and not np.array_equal(noise[0], noise[2])
    assert np.abs(noise[0] - BATCH).max() < 1.0


def test_F22_a_spike_moves_no_actuator() -> None:
    one, other = served("hybrid_hall"), served("hybrid_hall", faults=[Fault(what=What.SPIKE, where="T_warm", begin=50.0, size=40.0)])
    apart = []
    for _ in range(20):
        one.step(), other.step()
        apart.append(np.abs(other.u - one.u).max())
    assert [e.point for e in other.image.events() if e.kind == "repair"] == ["T_warm"]
    assert 0.0 < max(apart) < 0.01


def test_noise_has_its_size_and_dropouts_their_share() -> None:
    noise, lost = hook(what=What.NOISE, size=0.2), hook(what=What.DROPOUT, size=0.25)
    times = np.arange(1500.0)
    assert np.std([seen(noise, t) - BATCH for t in times]) == pytest.approx(0.2, rel=0.05)
    assert np.mean([np.isnan(seen(lost, t)) for t in times]) == pytest.approx(0.25, abs=0.03)


def test_F23_swapped_sensors_show_each_others_readings() -> None:
    faults = SensorFaults(plant(), [Fault(what=What.SWAPPED, where="T_chw", other="T_return")], points())
    readings = {s.name: np.full((1, s.size), float(k)) for k, s in enumerate(plant().site.sheet.measurements.signals)}
    after = faults(0.0, readings)
    assert after["T_chw"] == readings["T_return"] and after["T_return"] == readings["T_chw"]


def test_a_biased_sensor_misleads_the_loop_and_the_truth_is_kept_beside_it() -> None:
    bias = Fault(what=What.BIAS, where="T_warm", begin=50.0, size=-2.0)
    clean, biased = run(served("hybrid_hall"), 300.0), run(served("hybrid_hall", faults=[bias]), 300.0)
    assert read(biased, "T_warm") == pytest.approx(true(biased, "T_warm") - 2.0)
    assert true(biased, "T_warm") > true(clean, "T_warm") + 0.5, "it reads cold, so that the fans are turned down"
    assert shown(biased, "T_warm") == pytest.approx(read(biased, "T_warm") - 273.15)
    assert [e.text for e in biased.image.events() if e.kind == "fault"] == ["bias T_warm: begins, bias of T_warm -2"]


def test_F19_a_lost_reading_leads_to_fail_safe_and_back() -> None:
    one = served(faults=[Fault(what=What.DROPOUT, where="T_return", begin=50.0, end=150.0)])
    run(one, 75.0)
    assert np.isnan(shown(one, "T_return")) and shown(one, "alarm.fail_safe") == 0.0 and shown(one, "alarm.readings") == 1.0
    run(one, 50.0)
    assert shown(one, "alarm.fail_safe") == 1.0
    run(one, 700.0)
    assert shown(one, "alarm.fail_safe") == shown(one, "alarm.readings") == 0.0


# -- actuators ---------------------------------------------------------------------------------------------------------


def test_F24_a_failed_pump_stops_the_chiller_and_comes_back_at_its_ramp() -> None:
    one = run(served(faults=[Fault(what=What.FAIL, where="y_chw", begin=50.0, end=150.0)]), 60.0)
    assert shown(one, "y_chw") == STOPPED and one.u[0, plant().actuators.slices["y_chw"]] > 0.4, "the command stands"
    run(one, 40.0)
    assert shown(one, "n_chillers") == 0.0, "no chiller without flow"
    run(one, 50.0)
    one.step()
    reach = plant().actuators.rate[plant().actuators.slices["y_chw"]][0] * one.step_size
    assert STOPPED < shown(one, "y_chw") <= STOPPED + reach + 1e-9
    run(one, 300.0)
    assert shown(one, "y_chw") == pytest.approx(one.u[0, plant().actuators.slices["y_chw"]][0])


def test_F25_a_stuck_fan_stays_where_it_is_stuck() -> None:
    one = run(served("hybrid_hall", faults=[Fault(what=What.STUCK, where="y_cold_fan", begin=5.0, size=0.3)]), 250.0)
    assert shown(one, "y_cold_fan") == pytest.approx(0.3)
    run(one, 50.0)
    assert shown(one, "y_cold_fan") == pytest.approx(0.3)


def test_stuck_without_a_size_is_where_it_was() -> None:
    one = run(served(), 20.0)
    before = shown(one, "y_chw")
    one.faults.begin(Fault(what=What.STUCK, where="y_chw"))
    one.image.write({"y_chw.mode": 1.0, "y_chw.hand": 1.0}, "test")
    assert shown(run(one, 60.0), "y_chw") == before
    one.faults.end("stuck y_chw")
    assert shown(run(one, 200.0), "y_chw") == pytest.approx(1.0)


def test_F26_a_dead_time_shifts_what_is_done() -> None:
    one, other = served(faults=[Fault(what=What.DELAY, where="y_chw", size=60.0)]), served()
    moved = []
    for _ in range(40):
        for each in (one, other):
            each.image.write({"y_chw.mode": 1.0, "y_chw.hand": 0.6}, "test")
            each.step()
        moved.append((shown(one, "y_chw"), shown(other, "y_chw")))
    late, prompt = np.array(moved).T
    np.testing.assert_allclose(late[13:], prompt[1:-12], atol=1e-12)
    assert (late[:12] == late[0]).all() and prompt[11] < prompt[0]


def test_a_slow_actuator_keeps_its_share_of_the_rate() -> None:
    one = served(faults=[Fault(what=What.SLOW, where="y_chw", size=0.25)])
    one.image.write({"y_chw.mode": 1.0, "y_chw.hand": 0.5}, "test")
    before = shown(one, "y_chw")
    one.step()
    rate = plant().actuators.rate[plant().actuators.slices["y_chw"]][0]
    assert before - shown(one, "y_chw") == pytest.approx(0.25 * rate * one.step_size)


def test_machines_lost_leave_the_others() -> None:
    one = run(served("hybrid_hall"), 20.0)
    assert shown(one, "n_chillers") >= 0.0
    one.faults.begin(Fault(what=What.FAIL, where="n_chillers", size=2.0))
    assert shown(run(one, 10.0), "n_chillers") == 0.0


# -- equipment, power, gateway -----------------------------------------------------------------------------------------


def test_F27_fouling_raises_the_chip_at_the_same_flow() -> None:
    one, other = served("hybrid_hall"), served("hybrid_hall")
    one.faults.begin(Fault(what=What.FOULING, where="cold_plate", size=0.3))
    run(one, 300.0), run(other, 300.0)
    assert shown(one, "T_chip[1]") > shown(other, "T_chip[1]") + 1.0
    assert one.plant is plant("hybrid_hall"), "control and limits know nothing of it"
    one.faults.end("fouling cold_plate")
    one.step()
    assert one.faults.physics is one.plant


@pytest.mark.parametrize(("name", "part"), [("hybrid_hall", p) for p in ("cdu", "economiser", "dry_cooler_cold")] + [
    ("gb200_hall", p) for p in ("cdu", "economiser", "tower_fill")])  # fmt: skip
def test_fouled_equipment_has_that_much_less_conductance(name: str, part: str) -> None:
    clean, dirty = plant(name), fouled(plant(name), {part: 0.3})
    component, same = (_component(p.site, equipment(p.site)[part]) for p in (clean, dirty))
    assert same.fouling == pytest.approx(0.7 * component.fouling)
    assert dirty.states.names == clean.states.names and fouled(clean, {}) is clean


def _component(site: object, path: str) -> object:
    for name in path.split("."):
        site = getattr(site, name)
    return site


def test_a_power_cut_stops_machines_keeps_valves_and_ends_in_a_restart() -> None:
    one = served("hybrid_hall", faults=[Fault(what=What.POWER, where="site", begin=60.0, end=90.0, size=0.5)])
    run(one, 60.0)
    valve, heat, chip = shown(one, "v_warm"), shown(one, "q_cdu[1]"), shown(one, "T_chip[1]")
    run(one, 15.0)
    assert shown(one, "y_cdu[1]") == shown(one, "y_warm") == STOPPED and shown(one, "n_chillers") == 0.0
    assert shown(one, "v_warm") == pytest.approx(valve) and shown(one, "q_cdu[1]") < 0.7 * heat
    assert shown(one, "V_sec[1]") < 0.1 and shown(one, "T_chip[1]") > chip
    run(one, 300.0)
    assert shown(one, "y_cdu[1]") > 0.2 and np.isfinite(one.image.read().values).all()


@pytest.mark.parametrize("name", ["air_hall", "frontier", "gb200_hall"])
def test_every_plant_lives_through_a_power_cut(name: str) -> None:
    one = run(served(name, faults=[Fault(what=What.POWER, where="site", begin=10.0, end=40.0)]), 35.0)
    machines = [k for k, n in enumerate(one.plant.actuators.names) if n.startswith(("y_cdu", "y_fan", "y_fws", "n_"))]
    assert (one.faults.position[0, machines] <= STOPPED).all()
    run(one, 60.0)
    assert np.isfinite(one.true).all() and (one.faults.position[0, machines] > STOPPED).any()


def test_F46_a_gateway_that_is_cut_off_freezes_what_is_shown_and_lets_the_plant_go_to_fail_safe() -> None:
    one = served(heartbeat=60.0, faults=[Fault(what=What.COMMS, where="gateway", begin=100.0, end=700.0)])
    for beat in range(1, 40):
        one.image.write({"heartbeat.cmd": beat, "T_chw_set.cmd": 10.0}, "supervisor")
        run(one, 30.0)
        if one.t == 420.0:
            assert shown(one, "elapsed") < 100.0 and one.supervision.state == FAIL_SAFE and bool(one.envelope.in_fail_safe[0])
    assert shown(one, "elapsed") == one.t and shown(one, "supervision.fbk") == 2.0
    assert [e.text for e in one.image.events() if e.kind == "fault"] == [
        "comms gateway: begins, comms of gateway", "comms gateway: is over"
    ]  # fmt: skip


# -- switching ---------------------------------------------------------------------------------------------------------


def test_no_fault_changes_no_bit() -> None:
    """A plant with a schedule that never comes is the plant without one."""
    never = [Fault(what=What.FAIL, where="y_chw", begin=1e6), Fault(what=What.NOISE, where="T_chw", size=1.0, begin=1e6)]
    one, other = served(), served(faults=never)
    run(one, 200.0), run(other, 200.0)
    assert np.array_equal(one.x, other.x) and np.array_equal(one.image.read().values, other.image.read().values)


def test_a_live_fault_lasts_as_long_as_it_says() -> None:
    one = run(served(), 20.0)
    one.faults.begin(Fault(what=What.BIAS, where="T_chw", size=1.0, end=30.0, name="short"))
    assert not one.faults.in_force(one.t)
    lies = []
    for _ in range(10):
        one.step()
        lies.append(read(one, "T_chw") != true(one, "T_chw"))
    assert lies == [True] * 6 + [False] * 4
    with pytest.raises(FaultError, match=r"no fault 'shrt'; .*short"):
        one.faults.end("shrt")


def test_a_fault_can_be_pressed_through_its_point() -> None:
    library = [Fault(what=What.BIAS, where="T_chw", size=1.0, by_hand=True, name="T_chw reads high")]
    listed = with_fault_points(points(), library)
    assert listed.addresses[: len(points())] == points().addresses
    one = run(served(points=listed, faults=library), 20.0)
    assert read(one, "T_chw") == true(one, "T_chw")
    for pressed in (1.0, 0.0):
        one.image.write({"fault.t_chw_reads_high": pressed}, "rig")
        run(one, 10.0)
        assert (read(one, "T_chw") - true(one, "T_chw")) == pytest.approx(pressed)


def test_a_snapshot_keeps_faults_in_mid_stride(tmp_path: Path) -> None:
    schedule = [
        Fault(what=What.STUCK, where="T_chw", begin=20.0, end=90.0), Fault(what=What.NOISE, where="T_return", size=0.1, seed=4),
        Fault(what=What.DELAY, where="y_chw", begin=30.0, end=80.0, size=20.0), Fault(what=What.SLOW, where="T_tower_set", size=0.5),
    ]  # fmt: skip
    one, other = run(served(faults=schedule), 50.0), served()
    one.faults.begin(Fault(what=What.BIAS, where="T_cw", size=1.0))
    run(one, 10.0)
    restore(other, save(one, tmp_path / "s.json"))
    run(one, 100.0), run(other, 100.0)
    assert np.array_equal(one.x, other.x) and np.array_equal(one.read, other.read)
    assert [f.title for f in other.faults.known] == [f.title for f in one.faults.known]
