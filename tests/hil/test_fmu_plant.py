"""FMUs as plants: our own in closed loop, a vendor's by mapping, and every fault with a clear word."""

import gc
import importlib.util
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fmu_here import HERE, exported, needs_fmu, plant_of, vendor

from lowlift.hil.fmu_errors import FmuCallError, FmuFileError, FmuMappingError, FmuStateError
from lowlift.hil.fmu_layout import start_point
from lowlift.hil.fmu_mapping import mapping_of, read_mapping
from lowlift.hil.fmu_plant import FmuPlant
from lowlift.models.plant import SteadyStateError
from lowlift.sim.closed_loop import simulate
from lowlift.sim.entrants import make_run
from lowlift.sim.kpis import kpis
from lowlift.sim.scenario import build_scenario

MAPPING = HERE / "vendor_plant.toml"
STEP = 15.0


def run(plant: Any, model: Any, controllers: list[str], days: float) -> list[Any]:
    scenario = build_scenario(model, start="07-04", days=days, warm_up=900.0)
    return simulate(plant, scenario, [make_run(name, model, scenario) for name in controllers])


def changed(**sections: dict[str, Any]) -> Any:
    """The vendor's mapping with entries replaced, or removed where None."""
    import tomllib

    data = tomllib.loads(MAPPING.read_text())
    for section, entries in sections.items():
        data[section] = {k: v for k, v in (data.get(section, {}) | entries).items() if v is not None}
    return mapping_of(data, "changed.toml")


@needs_fmu
@pytest.mark.parametrize(("name", "fmi"), [("gb200_hall", 3), ("chiller_plant", 2)])
def test_our_own_fmu_under_controllers_uses_the_same_energy(name: str, fmi: int, fmus: Path) -> None:
    model = plant_of(name)
    with FmuPlant(exported(fmus, name, fmi), site=name) as plant:
        pair = [run(p, model, ["Guideline36", "SiteTuned"], days=0.5 / 24.0) for p in (model, plant)]
    for here, there in zip(*pair, strict=True):
        a, b = kpis(here), kpis(there)
        assert a.energy_cooling_kWh > 0.0
        assert b.energy_cooling_kWh == pytest.approx(a.energy_cooling_kWh, rel=1e-6)
        np.testing.assert_allclose(there.frame.to_numpy(float), here.frame.to_numpy(float), rtol=1e-5, atol=1e-5)


@needs_fmu
def test_any_state_can_be_asked_of_our_own(fmus: Path) -> None:
    model = plant_of("gb200_hall")
    x, u, d = start_point(model)
    with FmuPlant(exported(fmus, "gb200_hall", 3), site="gb200_hall") as plant:
        z, n = plant.steady(u, d), x.size
        np.testing.assert_allclose(z[0, 1 : 1 + n], x, rtol=0.0, atol=1e-6)
        both, cooler = np.repeat(z, 2, axis=0), np.repeat(d[None], 2, axis=0)
        cooler[1, -3] -= 4.0
        stepper, same = plant.integrator(STEP), model.integrator(STEP)
        first, _ = stepper.step(both, np.repeat(u[None], 2, axis=0), cooler)
        assert not np.array_equal(first[0], first[1])
        again, _ = stepper.step(both, np.repeat(u[None], 2, axis=0), cooler)
        np.testing.assert_allclose(again[:, 1 : 1 + n], first[:, 1 : 1 + n], rtol=0.0, atol=1e-9)
        np.testing.assert_allclose(again[:, 1 : 1 + n], same.step(np.tile(x, (2, 1)), np.tile(u, (2, 1)), cooler)[0], rtol=0.0, atol=1e-6)


@needs_fmu
def test_a_vendors_plant_is_controlled(fmus: Path) -> None:
    model = plant_of("chiller_plant")
    with FmuPlant(vendor(fmus), mapping=MAPPING) as plant:
        (there,) = run(plant, model, ["Guideline36"], days=4.0 / 24.0)
    found = kpis(there)
    assert found.energy_cooling_kWh > 0.0
    # Its own books, in kW and kJ, close in ours.
    assert abs(found.energy_balance_residual) < 1e-9
    T = there.components("T_chw")
    limits = model.site.limits
    assert limits.T_chw_set_min - 1.0 < T.min() and T.max() < limits.T_chw_max + 1.0
    # Its supply follows what the controller decides.
    asked = there.components("T_chw_set")[:, 0]
    assert np.abs(T[-240:, 0] - asked[-240:]).max() < 0.5


@needs_fmu
def test_units_and_types_are_converted(fmus: Path) -> None:
    model = plant_of("chiller_plant")
    u = np.asarray(model.actuators.pack({"T_chw_set": 283.15, "T_tower_set": 295.15, "y_chw": 0.5, "n_chillers": 1.0}))
    d = np.asarray(model.disturbances.pack({"q_it": 4e5, "T_wb": 288.15, "T_db": 293.15, "p": 1e5}))
    with FmuPlant(vendor(fmus), mapping=MAPPING) as plant:
        x = plant.steady(u, d)
        read = plant.measure(x, u[None], d[None], plant.flux_vector(x, u, d), np.zeros((1, 1)), None)
        ledger = plant.ledger(x, d[None], plant.flux_vector(x, u, d), None)
        assert read["T_chw"][0, 0] == pytest.approx(283.15, abs=1e-6)
        assert read["V_chw"][0, 0] == pytest.approx(0.0225)
        assert read["Q_chiller"][0, 0] == pytest.approx(4e5, rel=1e-6)
        assert ledger["P_chillers"][0, 0] == pytest.approx(4e5 / 5.5, rel=1e-6)
        assert ledger["Q_tower"][0, 0] == pytest.approx(4e5 * 6.5 / 5.5, rel=1e-6)
        assert read["q_air"][0, 0] == 4e5 and read["y_chw"][0, 0] == 0.5 and read["boost"][0, 0] == 0.0
        # The enable signal is boolean: without it nothing is cooled, and the plant never comes to rest.
        u[-1] = 0.0
        after, _ = plant.integrator(STEP).step(x, u, d)
        assert plant.ledger(after, d[None], plant.flux_vector(after, u, d), None)["P_chillers"][0, 0] == 0.0
        with pytest.raises(SteadyStateError, match=r"after 10 days .* still moves"):
            plant.steady(u, d)


@needs_fmu
def test_a_history_goes_one_way(fmus: Path) -> None:
    _, u, d = start_point(plant_of("chiller_plant"))
    with FmuPlant(vendor(fmus), mapping=MAPPING) as plant:
        stepper, x = plant.integrator(STEP), plant.steady(u, d)
        first, _ = stepper.step(x, u, d * [1.2, 1.0, 1.0, 1.0])
        second, _ = stepper.step(first, u, d)
        # Rest can be come to again; what lies between cannot.
        np.testing.assert_array_equal(stepper.step(x, u, d * [1.2, 1.0, 1.0, 1.0])[0], first)
        stepper.step(first, u, d)
        with pytest.raises(FmuStateError, match=r"goes on from where it stands"):
            stepper.step(first + 1e-3, u, d)
        assert stepper.step(np.repeat(second, 2, axis=0)[:1], u, d)[0][0, 0] == second[0, 0] + STEP


@needs_fmu
@pytest.mark.parametrize(("status", "words"), [(2, "discard"), (3, "error"), (4, "fatal")])
def test_failures_quote_the_fmu(status: int, words: str, fmus: Path) -> None:
    _, u, d = start_point(plant_of("chiller_plant"))
    with FmuPlant(vendor(fmus), mapping=changed(parameters={"FailAt": 100.0, "FailStatus": status})) as plant:
        x, stepper = plant.begin(u, d), plant.integrator(STEP)
        for _ in range(6):
            x, _ = stepper.step(x, u, d)
        with pytest.raises(FmuCallError, match=rf"a step of 15 s at 90 s failed with status {words}: compressor 2 tripped") as caught:
            stepper.step(x, u, d)
        assert caught.value.status == words
        with pytest.raises(FmuStateError):
            stepper.step(x, u, d)
        with pytest.raises(ValueError, match=r"disturbances.q_it = nan: must be finite"):
            stepper.step(plant.begin(u, d), u, d * [np.nan, 1.0, 1.0, 1.0])


@needs_fmu
def test_each_instance_is_quoted_for_itself(fmus: Path) -> None:
    _, u, d = start_point(plant_of("chiller_plant"))
    mapping = changed(parameters={"FailAt": 10.0})
    with FmuPlant(vendor(fmus), mapping=mapping) as first:
        x = first.begin(u, d)
        with FmuPlant(vendor(fmus), mapping=mapping) as second, pytest.raises(FmuCallError, match="compressor 2 tripped"):
            second.integrator(STEP).step(second.begin(u, d), u, d)
        del second
        gc.collect()
        with pytest.raises(FmuCallError, match=r"status error: compressor 2 tripped$"):
            first.integrator(STEP).step(x, u, d)


@needs_fmu
def test_steps_that_are_not_taken(fmus: Path) -> None:
    _, u, d = start_point(plant_of("chiller_plant"))
    with FmuPlant(vendor(fmus, step='canHandleVariableCommunicationStepSize="false"'), mapping=MAPPING) as plant:
        plant.steady(u, d)
        assert plant.integrator(60.0)
        with pytest.raises(FmuFileError, match=r"h = 15 s: it cannot change its step.*settle_step = 15"):
            plant.integrator(STEP)
        with pytest.raises(ValueError, match="must be above 0"):
            plant.integrator(0.0)
    with FmuPlant(vendor(fmus, once='modelIdentifier="vendor" canBeInstantiatedOnlyOncePerProcess="true"'), mapping=MAPPING) as plant:
        x = plant.begin(u, d)
        with pytest.raises(FmuStateError, match="only once in a process"):
            plant.integrator(STEP).step(np.repeat(x, 2, axis=0), np.tile(u, (2, 1)), np.tile(d, (2, 1)))


@needs_fmu
@pytest.mark.parametrize(("sections", "words"), [
    ({"measurements": {"T_chw": "ChilledWater.Suply"}}, r"measurements\.T_chw: .*Suply'; did you mean ChilledWater\.Supply"),
    ({"measurements": {"T_chw": None}}, r"measurements\.T_chw: .* no variable 'measurements\.T_chw'"),
    ({"disturbances": {"q_it": "Chiller.Heat"}}, r"disturbances\.q_it: Chiller\.Heat of .* has causality output; input is needed"),
    ({"disturbances": {"q_it": {"value": 1.0}}}, r"disturbances\.q_it: an input has no value of its own"),
    ({"disturbances": {"T_wb": "Load"}}, r"disturbances\.T_wb: Load of the FMU is in 'kW', which is no unit of what is in 'K'"),
    ({"disturbances": {"T_db": "WetBulb"}}, r"WetBulb of .* is written by more than one signal"),
    ({"measurements": {"V_chw": {"variable": "Tower.Fan"}}}, r"measurements\.V_chw: Tower\.Fan of the FMU has no unit; 'm3/s' is needed"),
    ({"measurements": {"T_chw": {"variable": "Tower.Fan", "unit": "kW"}}}, r"unit 'kW' is no unit of what is in 'K'"),
    ({"measurements": {"T_chw": {"variable": "Tower.Fan", "unit": "grad"}}}, r"unknown unit 'grad'"),
    ({"measurements": {"T_chw": {"unused": True}}}, r"measurements\.T_chw: is needed"),
    ({"measurements": {"T_chw": {"model": True}}}, r"measurements\.T_chw: follows from states too"),
    ({"measurements": {"T_chiller": "Tower.Fan"}}, r"measurements\.T_chiller: no such signal; did you mean"),
    ({"parameters": {"Nothing": 1.0}}, r"parameters: .* no variable 'Nothing'"),
])  # fmt: skip
def test_mappings_that_do_not_fit_are_refused(sections: dict[str, Any], words: str, fmus: Path) -> None:
    with pytest.raises(FmuMappingError, match=rf"changed\.toml: {words}" if words[0] not in "WuN" else words):
        FmuPlant(vendor(fmus), mapping=changed(**sections))


@needs_fmu
def test_all_that_is_missing_is_named_at_once(fmus: Path) -> None:
    with pytest.raises(FmuMappingError, match=r"(?s)actuators\.T_chw_set.*actuators\.T_tower_set.*\.\.\. and \d+ more"):
        FmuPlant(vendor(fmus), site="chiller_plant")


@pytest.mark.parametrize(("text", "words"), [
    ("site = 3", r"site: Input should be a valid string \(is 3\)"),
    ("sites = 'x'", r"sites: Extra inputs"),
    ("[actuators]\ny = { variable = 'a', value = 1.0 }", r"actuators\.y: .*variable and value given; one of"),
    ("[actuators]\ny = { value = 1.0, unit = 'K' }", r"unit and combine belong to variables"),
    ("[ledger]\ny = { value = nan }", r"ledger\.y\.value"),
    ("settle_step = 0.0", r"settle_step: .*greater than 0"),
    ("a = [", r"not valid TOML"),
])  # fmt: skip
def test_mapping_files_are_checked(text: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "m.toml"
    file.write_text(text)
    with pytest.raises(FmuMappingError, match=words):
        read_mapping(file)
    with pytest.raises(FmuMappingError, match="cannot be read"):
        read_mapping(tmp_path / "none.toml")


@needs_fmu
def test_files_that_are_no_plant(fmus: Path, tmp_path: Path) -> None:
    file = tmp_path / "x.fmu"
    file.write_text("no zip")
    for path in (file, tmp_path / "none.fmu"):
        with pytest.raises(FmuFileError, match="no FMU"):
            FmuPlant(path)
    with pytest.raises(FmuFileError, match="not for co-simulation"):
        FmuPlant(vendor(fmus, binaries="ModelExchange "))


@needs_fmu
def test_an_fmu_that_stands_for_itself(fmus: Path) -> None:
    with FmuPlant(vendor(fmus), mapping=mapping_of({"disturbances": {"heat": "Load", "T_wb": "WetBulb"}})) as plant:
        assert plant.actuators.names == ["Setpoint.ChilledWater", "Setpoint.Tower", "Pump.Speed", "Chiller.Enable"]
        assert [s.unit for s in plant.disturbances.signals] == ["W", "K"]
        u, d = plant.initial_actuators(), plant.initial_disturbances()
        np.testing.assert_allclose(u, [280.15, 295.15, 100.0, 1.0])
        np.testing.assert_allclose(d, [5e5, 288.15])
        x = plant.steady(u, d)
        read = plant.measure(x, u, d, plant.flux_vector(x, u, d), np.zeros((1, 0)), None)
        assert read["ChilledWater.Supply"][0, 0] == pytest.approx(280.15)
        for call in (lambda: plant.margins(1.0), lambda: plant.derivatives(x, u, d), lambda: plant.linearize(x, u, d)):
            with pytest.raises(NotImplementedError):
                call()


MODELICA = importlib.util.find_spec("gemseo_fmu")


@pytest.mark.skipif(MODELICA is None, reason="FMUs made by OpenModelica come with gemseo-fmu, which is not installed")
def test_a_modelica_fmu_moves_as_its_equations_say() -> None:
    assert MODELICA is not None and MODELICA.origin is not None
    path = Path(MODELICA.origin).parent / "problems" / "fmu_files" / "linux" / "MassSpringSystem.fmu"
    h, A = 0.01, np.array([[0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0], [-2.0, 1.0, 0.0, 0.0], [1.0, -2.0, 0.0, 0.0]])
    z = np.array([0.0, 1.0, 1.0, 0.0])
    with FmuPlant(path) as plant:
        u, d = plant.initial_actuators(), plant.initial_disturbances()
        x, stepper = plant.begin(u, d), plant.integrator(h)
        for _, _ in itertools.product(range(2), range(100)):
            x, _ = stepper.step(x, u, d)
            z = z + h * A @ z  # its own solver is Euler's
        at = plant.states.slices
        np.testing.assert_allclose([x[0, at[f"measurements.{k}"]][0] for k in ("x1", "x2", "v1", "v2")], z, rtol=0.0, atol=1e-9)
