"""The memory of a closed loop: preallocated arrays for the record of all runs, and the past that forecasters may know."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from lowlift.controllers.audit import Intervention
from lowlift.controllers.forecast import History
from lowlift.controllers.interface import Controller, Decision
from lowlift.models.plant import LOADS, WEATHER, Plant
from lowlift.models.signals import SignalVector
from lowlift.sim.scenario import Scenario
from lowlift.sim.trajectory import SEEN, Trajectory


class Past:
    """Repaired readings of loads and weather, run by run: what a forecaster is handed.

    Args:
        table: the measurement table.
        step: between two readings [s].
        rows: most readings kept.
        wanted: which runs have a forecaster; nothing is kept for others.
        weather: of the day before, hourly, which is public; see :attr:`lowlift.sim.scenario.Scenario.weather_past`.
    """

    def __init__(self, table: SignalVector, step: float, rows: int, wanted: Sequence[bool], weather: pd.DataFrame | None = None) -> None:
        position = np.arange(table.size)
        parts = [position[table.slices[name]] if name in table else position[:0] for name in (*LOADS, *WEATHER)]
        edges = np.cumsum([0, *(len(part) for part in parts)])
        self._columns = np.concatenate(parts)
        self._slices = [slice(int(a), int(b)) for a, b in itertools.pairwise(edges)]
        self._runs = np.flatnonzero(wanted)
        self._kept = np.empty((len(self._runs), rows, len(self._columns)))
        self._place = {int(j): i for i, j in enumerate(self._runs)}
        self._known = self._forgotten = 0
        self.step = step
        self._day_before = None if weather is None else weather[list(WEATHER)].to_numpy()

    def forget(self, rows: int) -> None:
        """Drop the oldest readings, to make room."""
        kept = self._known - rows
        self._kept[:, :kept] = self._kept[:, rows : self._known].copy()
        self._known, self._forgotten = kept, self._forgotten + rows

    def see(self, k: int, seen: np.ndarray) -> None:
        """Keep the readings at the start of step ``k``: they belong to the step that has just ended (at the start, to the first)."""
        self._known = max(k - self._forgotten, 1)
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

    def __init__(self, plant: Plant, scenario: Scenario, controllers: Sequence[Controller], stored: np.ndarray) -> None:
        self.plant, self.scenario, self.controllers = plant, scenario, controllers
        n, b = scenario.n, len(controllers)
        sheet = plant.site.sheet
        self.table, self.set_table, self.columns = sheet.measurements, sheet.setpoints, list(sheet.units)
        self.readings = np.empty((n, b, self.table.size), dtype=np.float32)
        """Single precision: a sensor has fewer digits, and a day of a large hall is a gigabyte in double."""
        self.seen: np.ndarray | None = None
        """What controllers saw; allocated when it first differs."""
        self.setpoints = np.empty((n, b, self.set_table.size))
        self.sums = np.empty((n, b, len(self.columns)))
        self.stored_initial = stored
        self.decisions: list[list[tuple[float, Decision]]] = [[] for _ in controllers]

    def record(
        self, k: int, truth: np.ndarray, seen: np.ndarray, setpoints: np.ndarray, ledger: Mapping[str, np.ndarray]
    ) -> None:  # fmt: skip
        """Keep one step: true readings, those that controllers saw, setpoints, and what the plant did, by column ``(b, 1)``."""
        self.setpoints[k] = setpoints
        self.readings[k] = truth
        if seen is not truth and self.seen is None:
            self.seen = self.readings.copy()
        if self.seen is not None:
            self.seen[k] = seen
        np.concatenate([ledger[name] for name in self.columns], axis=-1, out=self.sums[k])

    def finish(self, interventions: list[Intervention]) -> list[Trajectory]:
        """One trajectory a run."""
        index = self.scenario.index
        columns = self.columns
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
