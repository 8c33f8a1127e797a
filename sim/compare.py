"""Comparison: several controllers, the oracle and its proof, on one scenario."""

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from lowlift.data.hints import hint
from lowlift.models.plant import Plant
from lowlift.sim.closed_loop import simulate
from lowlift.sim.entrants import (
    HALVED,
    ControllerError,
    DuplicateControllerError,
    Entrant,
    UnavailableControllerError,
    UnknownControllerError,
    check_names,
    default_controllers,
    enter,
    make_run,
    name_of,
    proof_names,
)
from lowlift.sim.kpis import records, table
from lowlift.sim.proof import prove
from lowlift.sim.published import beside_published, in_words
from lowlift.sim.scenario import Scenario
from lowlift.sim.trajectory import Trajectory

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "HALVED", "Comparison", "ControllerError", "DuplicateControllerError", "UnavailableControllerError", "UnknownControllerError",
    "compare", "default_controllers", "make_run", "proof_names",
]  # fmt: skip


@dataclasses.dataclass
class Comparison:
    """Runs of several controllers on one scenario: ``comparison["MPC"]`` is what happened under MPC."""

    plant: Plant
    scenario: Scenario
    runs: dict[str, Trajectory]
    """By controller; the oracle last."""
    proof_runs: dict[str, Trajectory]
    """Runs that only prove the oracle."""
    remarks: dict[str, str] = dataclasses.field(default_factory=dict)
    """What controllers say of themselves (their ``note``), for example that pumps cannot deliver a flow."""

    def __getitem__(self, name: str) -> Trajectory:
        everything = self.runs | self.proof_runs
        if name not in everything:
            raise KeyError(f"no run of {name!r}; {hint(name, everything)}")
        return everything[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.runs)

    def __len__(self) -> int:
        return len(self.runs)

    def kpis(self) -> pd.DataFrame:
        """The comparison table, one row a controller: energies, PUE, WUE, violations, share of the oracle's gap closed, and more."""
        return self._table.copy()

    @functools.cached_property
    def _table(self) -> pd.DataFrame:
        return table(self.runs.values())

    def plot(self) -> "dict[str, Figure]":
        """Figures by name: ``energy``, ``temperatures``, ``setpoints``, ``power``, ``heat`` and, where a controller plans, ``plan``."""
        from lowlift.sim.outputs import figures

        return figures(self)

    def report(self, path: str | Path) -> Path:
        """Write one self-contained HTML page.

        Raises:
            WriteError: no room, no permission.
        """
        from lowlift.sim.outputs import page
        from lowlift.sim.report import report

        return report(page(self), path)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """KPI records of the controllers, for ``kpis.json``."""
        return records(self._table)

    @functools.cached_property
    def published(self) -> dict[str, Any]:
        """Frontier only: saving of liquid cooling energy against as-operated beside the published figures; else empty."""
        return beside_published(self.runs | self.proof_runs, self.remarks, self.scenario)

    @property
    def published_lines(self) -> list[str]:
        """The same in words."""
        return in_words(self.published)

    @functools.cached_property
    def proof(self) -> dict[str, Any]:
        """The oracle's self-proof, see :func:`lowlift.sim.proof.prove`; empty without an oracle."""
        if "Oracle" not in self.runs:
            return {}
        rows = records([*self.runs.values(), *self.proof_runs.values()])
        return prove(rows[: len(self.runs)], rows[len(self.runs) :])


def compare(
    plant: Plant,
    scenario: Scenario,
    controllers: Sequence[Entrant] | None = None,
    *,
    model: Plant | None = None,
    oracle: bool = False,
    proof: bool | Sequence[str] = False,
    progress: Callable[[float], None] | None = None,
) -> Comparison:
    """Run controllers in lockstep on one scenario, each on its own copy of the plant.

    Args:
        plant: the plant.
        scenario: disturbances.
        controllers: names, plain controllers (any object with ``name``, ``period``, ``reset`` and ``decide``; it is given forecasts from
            the past only) or a :class:`Run` with another forecaster; all named ones if none are given.
        model: what controllers by name are made from, where the plant's own equations are not known (an FMU); the plant if not given.
        oracle: add the oracle.
        proof: with the oracle, add the runs that prove it (see :func:`proof_names`), or those named.
        progress: called with the share done.

    Raises:
        UnknownControllerError: a name that does not exist.
        UnavailableControllerError: a controller that does not exist for this kind of plant.
        DuplicateControllerError: a name comes twice.
        ControllerError: nobody takes part, something is no controller, or a bound is asked for that the model cannot give.
    """
    if model is not None and (oracle or proof or "Oracle" in map(name_of, controllers or ())):
        raise ControllerError(
            f"no oracle for {plant.site.name}: it plans with the equations of the site's own model, and so is no bound for another plant"
        )
    known = plant if model is None else model
    entrants: list[Entrant] = [*(default_controllers(known) if controllers is None else controllers)]
    added = ["Oracle"] if oracle else []
    n_scored = len(entrants) + len(added)
    if oracle and proof:
        added += proof_names([name_of(e) for e in entrants]) if isinstance(proof, bool) else proof
    check_names(entrants, added, default_controllers(known))
    runs = [enter(e, known, scenario) for e in [*entrants, *added]]
    done = simulate(plant, scenario, runs, progress=progress)
    finished = {r.controller: r for r in done}
    scored = dict(list(finished.items())[:n_scored])
    remarks = {run.controller.name: note for run in runs if (note := getattr(run.controller, "note", ""))}
    return Comparison(plant, scenario, scored, {k: v for k, v in finished.items() if k not in scored}, remarks)
