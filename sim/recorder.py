"""The memory of a closed loop: preallocated arrays for the record of all runs, and the past that forecasters may know."""

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from lowlift.controllers.audit import Intervention
from lowlift.controllers.forecast import History
from lowlift.controllers.interface import Controller, Decision, measurement_table, setpoint_table
from lowlift.models.hydraulics import Flows
from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.signals import SignalVector
from lowlift.models.step import FLUXES
from lowlift.sim.scenario import Scenario
from lowlift.sim.trajectory import HEATS, POWERS, SEEN, STORED, WATERS, Trajectory

REMEMBERED = ("q_cdu", "q_rack", "q_air", "T_wb", "T_db")
"""Readings of which forecasts are made."""


class Past:
    """Repaired readings of loads and weather, run by run: what a forecaster is handed.

    Args:
        table: the measurement table.
        scenario: its grid and the weather of the day before, which is public.
        wanted: which runs have a forecaster; nothing is kept for others.
    """

    def __init__(self, table: SignalVector, scenario: Scenario, wanted: Sequence[bool]) -> None:
        position = np.arange(table.size)
        parts = [position[table.slices[name]] for name in REMEMBERED]
        edges = np.cumsum([0, *(len(part) for part in parts)])
        self._columns = np.concatenate(parts)
        self._slices = [slice(int(a), int(b)) for a, b in itertools.pairwise(edges)]
        self._runs = np.flatnonzero(wanted)
        self._kept = np.empty((len(self._runs), scenario.n, len(self._columns)))
        self._place = {int(j): i for i, j in enumerate(self._runs)}
        self._known = 0
        self.step = scenario.step
        before = scenario.weather_past
        self._day_before = None if before is None else before[["T_wb", "T_db"]].to_numpy()

    def see(self, k: int, seen: np.ndarray) -> None:
        """Keep the readings at the start of step ``k``: they belong to the step that has just ended (at the start, to the first)."""
        self._known = max(k, 1)
        self._kept[:, self._known - 1] = seen[self._runs[:, None], self._columns]

    def history(self, j: int, t: float) -> History | None:
        """What run ``j`` knows at time ``t``: views, not copies; nothing where it has no forecaster."""
        if j not in self._place:
            return None
        kept = self._kept[self._place[j], : self._known]
        q_cdu, q_rack, q_air, T_wb, T_db = (kept[:, part] for part in self._slices)
        return History(self.step, t, q_cdu, q_rack, q_air[:, 0], T_wb[:, 0], T_db[:, 0], self._day_before)


class Recorder:
    """Preallocated arrays for all runs, turned into trajectories at the end."""

    def __init__(self, plant: LiquidHall, scenario: Scenario, controllers: Sequence[Controller], stored: np.ndarray) -> None:
        self.plant, self.scenario, self.controllers = plant, scenario, controllers
        n, b = scenario.n, len(controllers)
        self.table, self.set_table = measurement_table(plant.site), setpoint_table(plant.site)
        self.readings = np.empty((n, b, self.table.size), dtype=np.float32)
        """Single precision: a sensor has fewer digits, and a day of a large hall is a gigabyte in double."""
        self.seen: np.ndarray | None = None
        """What controllers saw; allocated when it first differs."""
        self.setpoints = np.empty((n, b, self.set_table.size))
        self.sums = np.empty((n, b, len(POWERS) + len(HEATS) + len(WATERS) + 1))
        self.stored_initial = stored
        self.decisions: list[list[tuple[float, Decision]]] = [[] for _ in controllers]

    def record(
        self, k: int, truth: np.ndarray, seen: np.ndarray, setpoints: np.ndarray, f: Flows, d: np.ndarray, x: np.ndarray,
        flux: np.ndarray,
    ) -> None:  # fmt: skip
        """Keep one step: true readings, those that controllers saw, setpoints, and what the plant did."""
        self.setpoints[k] = setpoints
        self.readings[k] = truth
        if seen is not truth and self.seen is None:
            self.seen = self.readings.copy()
        if self.seen is not None:
            self.seen[k] = seen
        of = {name: flux[:, i : i + 1] for i, name in enumerate(FLUXES)}
        powers = self.plant.powers(f, d, of["P_chiller"])
        disturbance = self.plant.disturbances.unpack(d)
        q_air = disturbance["q_air"]
        outside = q_air if self.plant.site.chilled is None else 0.0 * q_air
        work = f.Q_pump_cdu.sum(axis=-1, keepdims=True) + f.Q_pump_fws + f.Q_pump_cw + f.P_crah + of["P_chiller"]
        values = {
            **{f"P_{field.name}": getattr(powers, field.name) for field in dataclasses.fields(powers)},
            "Q_liquid": disturbance["q_liquid"].sum(axis=-1, keepdims=True), "Q_air": q_air, "Q_work": work, "Q_boundary": outside,
            STORED: self.plant.stored_heat(x),
            **of,
        }  # fmt: skip
        np.concatenate([values[name] for name in (*POWERS, *HEATS, *WATERS, STORED)], axis=-1, out=self.sums[k])

    def finish(self, interventions: list[Intervention]) -> list[Trajectory]:
        """One trajectory a run."""
        index = self.scenario.index
        columns = [*POWERS, *HEATS, *WATERS, STORED]
        result = []
        for j, controller in enumerate(self.controllers):
            parts = [
                pd.DataFrame(self.sums[:, j], index, columns),
                pd.DataFrame(self.readings[:, j], index, self.table.names),
                pd.DataFrame(self.setpoints[:, j], index, self.set_table.names),
                self._seen_otherwise(j),
            ]
            note = getattr(controller, "note", "")
            # A reading of the name of a flux would be the flux of the step before: the flux stands.
            frame = pd.concat([parts[0], parts[1].drop(columns=columns, errors="ignore"), *parts[2:]], axis=1)
            result.append(
                Trajectory(
                    controller=controller.name,
                    scenario=self.scenario.name,
                    site=self.plant.site,
                    step=self.scenario.step,
                    frame=frame,
                    warmup=pd.Timedelta(seconds=self.scenario.warm_up),
                    stored_initial=float(self.stored_initial[j]),
                    decisions=self.decisions[j],
                    interventions=[i for i in interventions if i.row == j],
                    measured=self.scenario.measured,
                    setting=self.scenario.setting,
                    notes=[*self.scenario.provenance, *([note] if note else [])],
                )
            )
        return result

    def _seen_otherwise(self, j: int) -> pd.DataFrame:
        """Readings of run ``j`` as controllers saw them, for those signals that ever differed from the truth."""
        if self.seen is None:
            return pd.DataFrame(index=self.scenario.index)
        seen = self.seen[:, j]
        differ = np.flatnonzero((seen != self.readings[:, j]).any(axis=0))
        return pd.DataFrame(seen[:, differ], self.scenario.index, [SEEN + self.table.names[c] for c in differ])
