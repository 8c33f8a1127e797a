"""The closed loop: several controllers, each on its own copy of the plant, stepped in lockstep as one batch.

Order of events in a step, the same for everybody, the oracle included: read the sensors, repair the readings, let those
controllers decide whose period is up, pass their setpoints through the safety envelope, let the regulatory layer move the
actuators, step the plant, record.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from lowlift.controllers.audit import Intervention
from lowlift.controllers.envelope import SafetyEnvelope
from lowlift.controllers.forecast import Forecaster, History
from lowlift.controllers.interface import Controller, Decision, Measurement, measurement_table, setpoint_table
from lowlift.controllers.regulatory import RegulatoryLayer
from lowlift.models.hydraulics import Flows
from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.measure import measure
from lowlift.models.step import FLUXES, Integrator
from lowlift.sim.scenario import Scenario
from lowlift.sim.trajectory import HEATS, POWERS, STORED, WATERS, Trajectory

HORIZON = 24 * 3600.0
"""Length of the forecasts handed to controllers [s]."""


@dataclasses.dataclass(frozen=True)
class Run:
    """One controller and what it may know of the future."""

    controller: Controller
    forecaster: Forecaster | None = None


def initial_state(plant: LiquidHall, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A steady start for disturbances ``d`` (nd,): the same for all controllers. Returns ``x`` (nx,) and ``u`` (nu,)."""
    s = plant.site
    values: dict[str, Any] = {
        "y_cdu": 0.8, "v_cdu": 0.7, "y_fws": 0.8, "n_fws": float(s.pumps_per_group), "y_cw": 0.85,
        "n_cw": float(s.n_tower_pumps), "y_fan": 0.5, "n_cells": float(s.n_cells),
    }  # fmt: skip
    if s.chilled is not None:
        values |= {
            "split": 0.0,
            "T_chw_set": s.chilled.T_chw_min + 4.0,
            "n_chillers": 1.0,
            "y_chw": 0.8,
            "y_crah": 0.9,
        }
    u = np.asarray(plant.actuators.pack(values))[None]
    return plant.steady(u, d[None])[0], u[0]


def simulate(
    plant: LiquidHall,
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
        disturb: hook on the readings (faults, noise) before the envelope sees them.
    """
    b, n, step = len(runs), scenario.n, scenario.step
    d = scenario.disturbances(plant)
    q_cdu, q_hottest = scenario.q_cdu(plant), scenario.q_hottest(plant)
    units = {s.name: s.unit for s in measurement_table(plant.site).signals}
    past = scenario.weather_past
    day_before = None if past is None else past[["T_wb", "T_db"]].to_numpy()
    x1, u1 = initial_state(plant, d[0])
    x, u = np.tile(x1, (b, 1)), np.tile(u1, (b, 1))
    integrator, layer, envelope = (
        Integrator(plant, step),
        RegulatoryLayer(plant, step),
        SafetyEnvelope(plant, step),
    )
    layer.reset(b)
    for run in runs:
        run.controller.reset(1)
    flux = np.asarray(_fluxes_now(plant, x, u, np.tile(d[0], (b, 1))))
    flows = plant.flows(u)
    override = np.zeros((b, plant.site.n_cdu))
    recorder = _Recorder(plant, scenario, runs, plant.stored_heat(x)[:, 0])
    requested = np.zeros((b, layer.setpoints.size))
    due = np.zeros(b)
    for k in range(n):
        t = k * step
        readings = measure(plant, x, u, np.tile(d[max(k - 1, 0)], (b, 1)), flux, override, flows)
        if disturb is not None:
            readings = disturb(t, readings)
        if k == 0:
            envelope.reset(np.zeros((b, layer.setpoints.size)))
        readings = envelope.repair(t, readings, units)
        for j, run in enumerate(runs):
            if t < due[j] - 1e-6:
                continue
            due[j] = t + run.controller.period
            seen = Measurement(t=t, time=scenario.index[k], values={name: v[j : j + 1] for name, v in readings.items()})
            forecast = None
            if run.forecaster is not None:
                upto = max(k, 1)
                history = History(step, t, q_cdu[:upto], q_hottest[:upto], scenario.q_air[:upto], scenario.T_wb[:upto],
                                  scenario.T_db[:upto], day_before)  # fmt: skip
                forecast = run.forecaster.predict(history, HORIZON)
            decision = run.controller.decide(seen, forecast)
            requested[j] = decision.setpoints[0]
            recorder.decisions[j].append((t, decision))
            envelope.decided(t, j)
        if k == 0:
            envelope.reset(requested)
        setpoints = envelope.allow(t, requested, readings["T_dew_hall"])
        u, override = layer.act(readings, setpoints, u)
        u = envelope.interlock(t, u, readings)
        flows = plant.flows(u)
        now = np.tile(d[k], (b, 1))
        x, flux = integrator.step(x, u, now)
        recorder.record(k, readings, setpoints, flows, now, x, flux)
        if progress is not None and k % 40 == 0:
            progress((k + 1) / n)
    return recorder.finish(envelope.records)


def _fluxes_now(plant: LiquidHall, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> np.ndarray:
    f = plant.fluxes(x, u, d)
    return np.concatenate([np.broadcast_to(getattr(f, name), (len(x), 1)) for name in FLUXES], axis=-1)


class _Recorder:
    """Preallocated arrays for all runs, turned into trajectories at the end."""

    def __init__(self, plant: LiquidHall, scenario: Scenario, runs: Sequence[Run], stored: np.ndarray) -> None:
        self.plant, self.scenario, self.runs = plant, scenario, runs
        n, b = scenario.n, len(runs)
        self.table, self.set_table = measurement_table(plant.site), setpoint_table(plant.site)
        self.readings = np.empty((n, b, self.table.size), dtype=np.float32)
        """Single precision: a sensor has fewer digits, and a day of a large hall is a gigabyte in double."""
        self.setpoints = np.empty((n, b, self.set_table.size))
        self.sums = np.empty((n, b, len(POWERS) + len(HEATS) + len(WATERS) + 1))
        self.stored_initial = stored
        self.decisions: list[list[tuple[float, Decision]]] = [[] for _ in runs]

    def record(
        self, k: int, readings: dict[str, np.ndarray], setpoints: np.ndarray, f: Flows, d: np.ndarray, x: np.ndarray,
        flux: np.ndarray,
    ) -> None:  # fmt: skip
        """Keep one step."""
        b = len(self.runs)
        self.setpoints[k] = setpoints
        self.readings[k] = self.table.pack(readings)
        by_name = {name: flux[:, i] for i, name in enumerate(FLUXES)}
        powers = self.plant.powers(f, d, by_name["P_chiller"][:, None])
        disturbance = self.plant.disturbances.unpack(d)
        q_air = disturbance["q_air"][:, 0]
        outside = q_air if self.plant.site.chilled is None else 0.0 * q_air
        work = f.Q_pump_cdu.sum(axis=-1) + (f.Q_pump_fws + f.Q_pump_cw + f.P_crah)[:, 0] + by_name["P_chiller"]
        values = {
            **{f"P_{field.name}": getattr(powers, field.name) for field in dataclasses.fields(powers)},
            "Q_liquid": disturbance["q_liquid"].sum(axis=-1), "Q_air": q_air, "Q_work": work, "Q_boundary": outside,
            STORED: self.plant.stored_heat(x)[:, 0],
            **by_name,
        }  # fmt: skip
        for j, name in enumerate((*POWERS, *HEATS, *WATERS, STORED)):
            self.sums[k, :, j] = np.broadcast_to(np.asarray(values[name]).reshape(-1), (b,))

    def finish(self, interventions: list[Intervention]) -> list[Trajectory]:
        """One trajectory a run."""
        index = self.scenario.index
        columns = [*POWERS, *HEATS, *WATERS, STORED]
        result = []
        for j, run in enumerate(self.runs):
            parts = [
                pd.DataFrame(self.sums[:, j], index, columns),
                pd.DataFrame(self.readings[:, j], index, self.table.names),
                pd.DataFrame(self.setpoints[:, j], index, self.set_table.names),
            ]
            note = getattr(run.controller, "note", "")
            # A reading of the name of a flux would be the flux of the step before: the flux stands.
            frame = pd.concat([parts[0], parts[1].drop(columns=columns, errors="ignore"), parts[2]], axis=1)
            result.append(
                Trajectory(
                    controller=run.controller.name,
                    scenario=self.scenario.name,
                    site=self.plant.site,
                    step=self.scenario.step,
                    frame=frame,
                    warmup=pd.Timedelta(seconds=self.scenario.warm_up),
                    stored_initial=float(self.stored_initial[j]),
                    decisions=self.decisions[j],
                    interventions=[i for i in interventions if i.row == j],
                    measured=self.scenario.measured,
                    notes=[*self.scenario.provenance, *([note] if note else [])],
                )
            )
        return result
