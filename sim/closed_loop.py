"""The closed loop: several controllers, each on its own copy of the plant, stepped in lockstep as one batch.

Order of events in a step, the same for everybody, the oracle included: read the sensors, repair the readings, let those
controllers decide whose period is up, pass their setpoints through the safety envelope, let the regulatory layer move the
actuators, interlock them, step the plant, record.

Controllers, their forecasts included, see repaired readings only; the record, and with it every key figure, holds the true ones.
"""

import dataclasses
import logging
from collections.abc import Callable, Sequence

import numpy as np

from lowlift.controllers.audit import Kind
from lowlift.controllers.envelope import HEARTBEAT, SafetyEnvelope
from lowlift.controllers.forecast import Forecaster, History
from lowlift.controllers.interface import Controller, Decision, Measurement, Status
from lowlift.controllers.operation import regulator_of
from lowlift.models.plant import Plant
from lowlift.sim.recorder import Past, Recorder
from lowlift.sim.scenario import Scenario
from lowlift.sim.trajectory import Trajectory

logger = logging.getLogger(__name__)

HORIZON = 24 * 3600.0
"""Length of the forecasts handed to controllers [s]."""


@dataclasses.dataclass(frozen=True)
class Run:
    """One controller and what it may know of the future."""

    controller: Controller
    forecaster: Forecaster | None = None


def initial_state(plant: Plant, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A steady start for disturbances ``d`` (nd,): the same for all controllers. Returns ``x`` (nx,) and ``u`` (nu,)."""
    u = plant.initial_actuators()[None]
    return plant.steady(u, d[None])[0], u[0]


def simulate(
    plant: Plant,
    scenario: Scenario,
    runs: Sequence[Run],
    *,
    progress: Callable[[float], None] | None = None,
    disturb: Callable[[float, dict[str, np.ndarray]], dict[str, np.ndarray]] | None = None,
) -> list[Trajectory]:
    """Run all controllers over the scenario.

    Args:
        plant: the plant; every run gets the same initial state.
        scenario: disturbances, warm-up included.
        runs: controllers with their forecasters.
        progress: called with the share done, now and then.
        disturb: hook on the readings (faults, noise) before the envelope sees them; the record keeps the true ones.
    """
    b, n, step = len(runs), scenario.n, scenario.step
    d = scenario.disturbances(plant)
    x1, u1 = initial_state(plant, d[0])
    x, u = np.tile(x1, (b, 1)), np.tile(u1, (b, 1))
    # A controller may be slow by design: it is silent when it has missed its own period.
    heartbeat = np.array([max(HEARTBEAT, run.controller.period + step) for run in runs])
    integrator, layer = plant.integrator(step), regulator_of(plant, step)
    envelope = SafetyEnvelope(plant, step, heartbeat=heartbeat)
    table = plant.site.sheet.measurements
    layer.reset(b)
    envelope.reset(b)
    for run in runs:
        run.controller.reset(1)
    flux = plant.flux_vector(x, u, np.tile(d[0], (b, 1)))
    flows = plant.flows(u)
    own = layer.idle(b)
    recorder = Recorder(plant, scenario, [run.controller for run in runs], plant.stored_heat(x)[:, 0])
    past = Past(table, step, n, [run.forecaster is not None for run in runs], scenario.weather_past)
    requested = envelope.setpoints.copy()
    due = np.zeros(b)
    for k in range(n):
        t = k * step
        true = plant.measure(x, u, np.tile(d[max(k - 1, 0)], (b, 1)), flux, own, flows)
        truth = table.pack(true)
        seen = envelope.repair(t, truth if disturb is None else table.pack(disturb(t, true)))
        readings = table.unpack(seen)
        past.see(k, seen)
        for j, run in enumerate(runs):
            if t < due[j] - 1e-6:
                continue
            due[j] = t + run.controller.period
            one = Measurement(t=t, time=scenario.index[k], values={name: v[j : j + 1] for name, v in readings.items()})
            decision, failure = decide(run, one, past.history(j, t), envelope.setpoints[j : j + 1])
            recorder.decisions[j].append((t, decision))
            requested[j] = decision.setpoints[0]
            if failure is not None:
                envelope.audit.note(t, j, "controller", Kind.FAIL_SAFE, failure)
            elif np.isfinite(requested[j]).all():
                envelope.decided(t, j)
        setpoints = envelope.allow(t, requested, envelope.dew_point(readings))
        u, own = layer.act(readings, setpoints, u)
        u = envelope.interlock(t, u, readings)
        flows = plant.flows(u)
        now = np.tile(d[k], (b, 1))
        x, flux = integrator.step(x, u, now)
        recorder.record(k, truth, seen, setpoints, plant.ledger(x, now, flux, flows))
        if progress is not None and k % 40 == 0:
            progress((k + 1) / n)
    return recorder.finish(envelope.records)


def decide(run: Run, seen: Measurement, history: History | None, in_force: np.ndarray) -> tuple[Decision, str | None]:
    """What the controller says and no failure; where it fails, the setpoints in force with status FALLBACK and the failure's text.

    A controller is somebody else's code: whatever it raises, the plant must go on.
    """
    try:
        forecast = None
        if run.forecaster is not None and history is not None:
            forecast = run.forecaster.predict(history, HORIZON)
        decision = run.controller.decide(seen, forecast)
        shape = np.shape(decision.setpoints)
        if shape != in_force.shape:
            raise ValueError(f"setpoints of shape {shape}, {in_force.shape} is expected")
        return decision, None
    except Exception as error:
        logger.exception("%s failed at %s", run.controller.name, seen.time)
        message = f"controller failed, last setpoints kept: {type(error).__name__}: {error}"
        return Decision(setpoints=in_force.copy(), status=Status.FALLBACK, message=message), message
