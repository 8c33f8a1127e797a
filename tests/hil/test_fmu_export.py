"""Exported FMUs: valid, equal to the plant in this process, strict about their interface, the same file every time."""

import subprocess
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import fmpy
import numpy as np
import pytest
from fmu_here import exported, needs_fmu, plant_of

from lowlift.controllers.operation import regulator_of
from lowlift.hil.fmu_build import FLAGS
from lowlift.hil.fmu_errors import FmuBuildError
from lowlift.hil.fmu_export import compiled_files, export_fmu, packed
from lowlift.hil.fmu_layout import layout, outputs_of, start_point
from lowlift.hil.fmu_source import fmu_source
from lowlift.hil.fmu_xml import UNITS, description
from lowlift.models import site_names
from lowlift.models.kernel_build import find_compiler

KINDS = [("gb200_hall", 3), ("chiller_plant", 2)]
"""Both steps (vector kernel, implicit stage) and both versions of the standard, the two that compile fastest."""
ALL = [(name, fmi) for name in ("frontier", "gb200_hall", "chiller_plant", "air_hall", "hybrid_hall") for fmi in (2, 3)]
STEP = 15.0


class Instance:
    """An FMU driven through FMPy, by variable names."""

    def __init__(self, path: Path, start: float = 0.0, stop: float | None = None) -> None:
        from fmpy.fmi2 import FMU2Slave
        from fmpy.fmi3 import FMU3Slave

        d = fmpy.read_model_description(str(path))
        self.reference = {v.name: v.valueReference for v in d.modelVariables}
        self.said: list[str] = []
        self.fmi = int(d.fmiVersion[0])
        made, token = (FMU3Slave, d.instantiationToken) if self.fmi == 3 else (FMU2Slave, d.guid)
        folder = str(fmpy.extract(str(path), tempfile.mkdtemp(dir=path.parent)))
        self.fmu = made(guid=token, unzipDirectory=folder, modelIdentifier=d.coSimulation.modelIdentifier, instanceName="a")
        self.fmu.instantiate(**({"logMessage": self._log} if self.fmi == 3 else {}))
        self.start, self.stop = start, stop
        if self.fmi == 2:
            self.fmu.setupExperiment(startTime=start, stopTime=stop)

    def _log(self, environment: Any, status: int, category: bytes, message: bytes) -> None:
        self.said.append(message.decode())

    def enter(self) -> None:
        self.fmu.enterInitializationMode(**({"startTime": self.start, "stopTime": self.stop} if self.fmi == 3 else {}))

    def run(self) -> "Instance":
        self.enter()
        self.fmu.exitInitializationMode()
        return self

    def set(self, names: list[str], values: Any) -> None:
        (self.fmu.setFloat64 if self.fmi == 3 else self.fmu.setReal)([self.reference[n] for n in names], [float(v) for v in values])

    def get(self, names: list[str]) -> np.ndarray:
        return np.array((self.fmu.getFloat64 if self.fmi == 3 else self.fmu.getReal)([self.reference[n] for n in names]))


def names_of(plant: Any) -> tuple[list[str], list[str], list[str]]:
    """Inputs, states and outputs of its FMU."""
    inputs = [f"actuators.{n}" for n in plant.actuators.names] + [f"disturbances.{n}" for n in plant.disturbances.names]
    return inputs, [f"states.{n}" for n in plant.states.names], outputs_of(plant).table.names


def moving(plant: Any, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Actuators that jump every eight steps and disturbances that move at every one, (n, nu) and (n, nd)."""
    _, u, d = start_point(plant)
    rng, a = np.random.default_rng(1), plant.actuators
    jumps = np.repeat(rng.uniform(-0.1, 0.1, (-(-n // 8), u.size)), 8, axis=0)[:n]
    swing = np.where(d > 400.0, 0.1, 0.01) * np.sin(np.arange(n)[:, None] / 20.0 + rng.uniform(0.0, 6.0, d.size))
    return np.clip(u + jumps * (a.high - a.low), a.low, a.high), d * (1.0 + swing)


def readings(plant: Any, x: np.ndarray, u: np.ndarray, d: np.ndarray, fluxes: np.ndarray) -> np.ndarray:
    """Outputs as the closed loop gets them."""
    flows = plant.flows(u)
    read, ledger = plant.measure(x, u, d, fluxes, regulator_of(plant, STEP).idle(1), flows), plant.ledger(x, d, fluxes, flows)
    found = {f"measurements.{k}": v for k, v in read.items()} | {f"ledger.{k}": v for k, v in ledger.items()}
    return np.concatenate([np.broadcast_to(found[s.name], (1, s.size))[0] for s in outputs_of(plant).table.signals])


def check_equal(name: str, fmi: int, folder: Path, hours: float) -> None:
    plant, path = plant_of(name), exported(folder, name, fmi)
    inputs, states, outputs = names_of(plant)
    n = round(hours * 3600.0 / STEP)
    u, d = moving(plant, n)
    x0 = start_point(plant)[0]
    x, stepper, fmu = x0[None], plant.integrator(STEP), Instance(path)
    fmu.enter()
    fmu.set(inputs, [*u[0], *d[0]])
    np.testing.assert_allclose(fmu.get(outputs), readings(plant, x, u[:1], d[:1], plant.flux_vector(x, u[:1], d[:1])), rtol=1e-9, atol=1e-9)
    fmu.fmu.exitInitializationMode()
    travelled = 0.0
    for k in range(n):
        fmu.set(inputs, [*u[k], *d[k]])
        fmu.fmu.doStep(k * STEP, STEP)
        x, fluxes = stepper.step(x, u[k : k + 1], d[k : k + 1])
        np.testing.assert_allclose(fmu.get(states), x[0], rtol=0.0, atol=1e-6)
        np.testing.assert_allclose(fmu.get(outputs), readings(plant, x, u[k : k + 1], d[k : k + 1], fluxes), rtol=1e-6, atol=1e-6)
        travelled = max(travelled, float(np.abs(x[0] - x0).max()))
    assert travelled > 0.2
    fmu.fmu.terminate()
    fmu.fmu.freeInstance()


@needs_fmu
@pytest.mark.parametrize(("name", "fmi"), KINDS)
def test_fmpy_finds_nothing_wrong(name: str, fmi: int, fmus: Path) -> None:
    from fmpy.validation import validate_fmu

    assert validate_fmu(str(exported(fmus, name, fmi))) == []


@needs_fmu
@pytest.mark.parametrize(("name", "fmi"), KINDS)
def test_trajectory_is_that_of_the_plant(name: str, fmi: int, fmus: Path) -> None:
    check_equal(name, fmi, fmus, hours=2.0)


@needs_fmu
@pytest.mark.slow
@pytest.mark.parametrize(("name", "fmi"), [pair for pair in ALL if pair not in KINDS])
def test_trajectory_of_every_plant(name: str, fmi: int, fmus: Path) -> None:
    from fmpy.validation import validate_fmu

    check_equal(name, fmi, fmus, hours=6.0)
    assert validate_fmu(str(exported(fmus, name, fmi))) == []


@needs_fmu
def test_simulated_by_fmpy_with_its_own_master(fmus: Path) -> None:
    plant, path = plant_of("gb200_hall"), exported(fmus, "gb200_hall", 3)
    u, d = moving(plant, 1)
    inputs, states, _ = names_of(plant)
    start = dict(zip(inputs, [*u[0], *d[0]], strict=True))
    done = fmpy.simulate_fmu(str(path), stop_time=3600.0, step_size=STEP, output_interval=STEP, start_values=start, output=states[-3:])
    x, stepper = start_point(plant)[0][None], plant.integrator(STEP)
    for _ in range(240):
        x = stepper.step(x, u, d)[0]
    np.testing.assert_allclose([done[-1][s] for s in states[-3:]], x[0, -3:], rtol=0.0, atol=1e-6)


@needs_fmu
@pytest.mark.parametrize(("name", "fmi"), KINDS)
def test_long_steps_are_cut_and_fluxes_averaged(name: str, fmi: int, fmus: Path) -> None:
    plant, path = plant_of(name), exported(fmus, name, fmi)
    inputs, states, outputs = names_of(plant)
    u, d = moving(plant, 1)
    powers = [n for n in outputs if n.startswith("ledger.P_")]
    whole, cut = Instance(path).run(), Instance(path).run()
    for fmu in (whole, cut):
        fmu.set(inputs, [*u[0], *d[0] * 0.99])
    whole.fmu.doStep(0.0, 60.0)
    seen = []
    for k in range(4):
        cut.fmu.doStep(k * STEP, STEP)
        seen.append(cut.get(powers))
    np.testing.assert_allclose(whole.get(states), cut.get(states), rtol=0.0, atol=1e-9)
    np.testing.assert_allclose(whole.get(powers), np.mean(seen, axis=0), rtol=1e-9)


@needs_fmu
@pytest.mark.parametrize(("name", "fmi"), KINDS)
def test_snapshots_and_reset(name: str, fmi: int, fmus: Path) -> None:
    plant, fmu = plant_of(name), Instance(exported(fmus, name, fmi)).run()
    inputs, states, outputs = names_of(plant)
    f, everything = fmu.fmu, states + outputs
    u, d = moving(plant, 2)
    calls = ["getFMUState", "setFMUState", "serializeFMUState", "deserializeFMUState", "freeFMUState"]
    if fmi == 2:
        calls = [name.replace("State", "state").replace("deserialize", "deSerialize") for name in calls]
    get, put, serial, back, free = (getattr(f, name) for name in calls)
    fmu.set(inputs, [*u[0], *d[0]])
    f.doStep(0.0, STEP)
    snapshot = get()
    data, there = serial(snapshot), fmu.get(everything)
    fmu.set(inputs, [*u[1], *d[1] * 0.9])
    f.doStep(STEP, STEP)
    after = fmu.get(everything)
    for kept in (snapshot, back(data)):
        put(kept)
        np.testing.assert_array_equal(fmu.get(everything), there)
        fmu.set(inputs, [*u[1], *d[1] * 0.9])
        f.doStep(STEP, STEP)
        np.testing.assert_array_equal(fmu.get(everything), after)
        free(kept)
    with pytest.raises(Exception, match="status 3"):
        back(b"x" + data[1:])
    f.reset()
    if fmi == 2:
        f.setupExperiment(startTime=0.0)
    fmu.run()
    np.testing.assert_array_equal(fmu.get(states), start_point(plant)[0])


@needs_fmu
def test_start_states_can_be_set(fmus: Path) -> None:
    plant, fmu = plant_of("gb200_hall"), Instance(exported(fmus, "gb200_hall", 3), start=3600.0)
    inputs, states, outputs = names_of(plant)
    (u, d), x = moving(plant, 1), start_point(plant)[0] + 2.0
    fmu.set([*states, *inputs], [*x, *u[0], *d[0]])
    fmu.run()
    np.testing.assert_allclose(fmu.get(outputs), readings(plant, x[None], u, d, plant.flux_vector(x[None], u, d)), rtol=1e-9, atol=1e-9)
    fmu.fmu.doStep(3600.0, STEP)
    np.testing.assert_allclose(fmu.get(states), plant.integrator(STEP).step(x[None], u, d)[0][0], rtol=0.0, atol=1e-6)
    assert fmu.get(["time"]) == 3615.0


@needs_fmu
def test_misuse_is_refused_with_the_reason(fmus: Path) -> None:
    path = exported(fmus, "gb200_hall", 3)
    fmu = Instance(path, stop=100.0)

    def refused(words: str, call: Any, *args: Any) -> None:
        with pytest.raises(Exception, match="status 3"):
            call(*args)
        assert words in fmu.said[-1]

    refused("not allowed in instantiated mode", fmu.fmu.doStep, 0.0, STEP)
    refused("must be above 0", fmu.set, ["step_max"], [0.0])
    fmu.run()
    refused("is an output", fmu.set, ["ledger.P_it"], [1.0])
    refused("is time", fmu.set, ["time"], [1.0])
    refused("before and during initialisation only", fmu.set, ["states.T_basin"], [300.0])
    refused("before and during initialisation only", fmu.set, ["step_max"], [5.0])
    refused("must be finite", fmu.set, ["actuators.y_fan"], [np.nan])
    refused("value reference 99999", fmu.fmu.getFloat64, [99999])
    refused("the last step ended at 0 s", fmu.fmu.doStep, 15.0, STEP)
    refused("must be above 0", fmu.fmu.doStep, 0.0, -1.0)
    refused("ends after the stop time", fmu.fmu.doStep, 0.0, 101.0)
    refused("no Int32 variables", fmu.fmu.getInt32, [0])
    refused("not supported", fmu.fmu.enterEventMode)
    before = fmu.get(["states.T_basin"])
    fmu.set(["disturbances.q_air"], [1e300])
    with pytest.raises(Exception, match="status 2"):
        fmu.fmu.doStep(0.0, STEP)
    assert "leaves the range" in fmu.said[-1]
    np.testing.assert_array_equal(fmu.get(["states.T_basin"]), before)
    with pytest.raises(Exception, match="Failed to instantiate"):
        fmu.fmu.guid = "other"
        fmu.fmu.instantiate(logMessage=fmu._log)
    assert "do not belong together" in fmu.said[-1]


@needs_fmu
def test_same_plant_same_file(fmus: Path) -> None:
    plant, path = plant_of("gb200_hall"), exported(fmus, "gb200_hall", 3)
    assert packed(compiled_files(plant, 3)) == path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        assert [n for n in archive.namelist() if n.startswith("sources/")] == ["sources/buildDescription.xml", "sources/plant.c"]
        assert archive.read("documentation/licenses/license.txt") == (Path(__file__).parents[2] / "LICENSE").read_bytes()


@needs_fmu
@pytest.mark.parametrize("fmi", [2, 3])
def test_source_is_clean(fmi: int, tmp_path: Path) -> None:
    file = tmp_path / "plant.c"
    file.write_text(fmu_source(plant_of("gb200_hall"), fmi)[0])
    strict = ["-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas", "-Wno-unused-parameter", "-Wno-unused-function", "-fsyntax-only"]
    done = subprocess.run([*find_compiler(), *FLAGS, *strict, str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_without_compiler_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(FmuBuildError, match=r"no-such-compiler not found.*install gcc.*--form python"):
        export_fmu(plant_of("gb200_hall"), tmp_path / "x.fmu")
    assert not list(tmp_path.iterdir())


def test_compiler_that_fails_is_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CC", "false")
    with pytest.raises(FmuBuildError, match="false does not compile the FMU"):
        export_fmu(plant_of("gb200_hall"), tmp_path / "x.fmu")


def test_platforms_without_a_name_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(FmuBuildError, match=r"FMI 2\.0 has no name"):
        export_fmu(plant_of("gb200_hall"), tmp_path / "x.fmu", fmi=2)
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(FmuBuildError, match="no FMU is compiled on linux riscv64"):
        export_fmu(plant_of("gb200_hall"), tmp_path / "x.fmu")


@pytest.mark.parametrize("name", site_names())
def test_outputs_and_units_of_every_plant(name: str) -> None:
    plant = plant_of(name)
    out = outputs_of(plant)
    own = {s.name for s in plant.site.sheet.measurements.signals} - {s.name.partition(".")[2] for s in out.table.signals}
    assert own == {"override" if "override" in plant.site.sheet.measurements else "boost"}
    for table in (plant.actuators, plant.disturbances, plant.states, out.table):
        assert {s.unit for s in table.signals} <= set(UNITS)
    assert out.function.numel_out(0) == out.table.size


def test_every_variable_is_described() -> None:
    plant = plant_of("chiller_plant")
    variables = layout(plant)
    assert [v.reference for v in variables] == list(range(len(variables)))
    assert all(v.doc and v.unit for v in variables)
    for fmi in (2, 3):
        text = description(plant, variables, fmi, "{x}")
        assert text.count('causality="input"') == plant.actuators.size + plant.disturbances.size
        assert 'name="degC"' in text and 'stepSize="15"' in text
