"""What happened in one run: the record that KPIs, plots, reports and schedules are made from."""

import dataclasses
import functools
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lowlift.controllers.audit import Intervention, Kind
from lowlift.controllers.interface import Decision, Status
from lowlift.models.plant import SiteRecord
from lowlift.models.sheet import PlantSheet
from lowlift.models.site import load_site
from lowlift.sim.files import atomic
from lowlift.sim.setting import Setting

if TYPE_CHECKING:
    from lowlift.sim.schedule import Schedule

SEEN = "seen."
"""Prefix of readings as controllers saw them, kept where sensor faults or repairs made them differ from the true ones."""
NO_TIME = pd.Timedelta(0)
SCHEMA = "lowlift-trajectory/1"


class TrajectoryError(ValueError):
    """A trajectory is incomplete, inconsistent or not one of ours; the message names what is wrong."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Trajectory:
    """One run of one controller, SI units throughout.

    The rows of ``frame`` are steps, indexed by their start. Powers, heat rates and water are means over the
    step, ``stored_heat`` is its value at the end of the step, measurements are true readings at its start
    (``seen.T_chip[1]`` what controllers saw instead, where that ever differed), setpoints what the safety envelope
    let through. Vector signals are flattened as their tables name them (``T_chip[1]``, ``T_chip[2]``, …).
    """

    controller: str
    scenario: str
    """For example ``frontier 2024-04-07``."""
    site: Any
    """Record of its site, a :class:`lowlift.models.plant.SiteRecord`."""
    step: float
    """Length of a step [s]."""
    frame: pd.DataFrame
    warmup: pd.Timedelta = NO_TIME
    """Time at the beginning that no KPI counts."""
    stored_initial: float = float("nan")
    """Heat stored before the first row [J]; needed only where there is no warm-up."""
    decisions: list[tuple[float, Decision]] = dataclasses.field(default_factory=list)
    """Decisions with their time, seconds since the first row."""
    interventions: list[Intervention] = dataclasses.field(default_factory=list)
    """All records of the safety envelope, ordinary ramps included."""
    measured: bool = False
    """Whether the load is a measured one."""
    notes: list[str] = dataclasses.field(default_factory=list)
    setting: Setting | None = None
    """Place, clock, weather and load of the scenario, where the run knows them."""

    def __post_init__(self) -> None:
        check_frame(self.frame, self.step, self.sheet)

    @property
    def sheet(self) -> PlantSheet:
        """What its plant shows and is told."""
        sheet: PlantSheet = self.site.sheet
        return sheet

    @property
    def start(self) -> pd.Timestamp:
        """Begin of the first step."""
        return pd.Timestamp(self.frame.index[0])

    @property
    def n_warmup(self) -> int:
        """Steps that no KPI counts."""
        return round(self.warmup.total_seconds() / self.step)

    @functools.cached_property
    def scored(self) -> pd.DataFrame:
        """The rows that count."""
        return self.frame.iloc[self.n_warmup :]

    @property
    def days(self) -> float:
        """Length of the scored period."""
        return len(self.scored) * self.step / 86400.0

    @property
    def stored_start(self) -> float:
        """Heat stored when the scored period begins [J]."""
        if self.n_warmup == 0:
            return self.stored_initial
        return float(self.frame[self.sheet.energy.stored].iloc[self.n_warmup - 1])

    @property
    def stored_end(self) -> float:
        """Heat stored when the run ends [J]."""
        return float(self.frame[self.sheet.energy.stored].iloc[-1])

    def time(self, t: float) -> pd.Timestamp:
        """Wall-clock time of ``t`` seconds since the first row."""
        return self.start + pd.Timedelta(seconds=t)

    def scored_decisions(self) -> list[tuple[float, Decision]]:
        """Decisions taken within the scored period."""
        begin = self.warmup.total_seconds()
        return [(t, decision) for t, decision in self.decisions if t >= begin - 1e-6]

    @property
    def alarms(self) -> list[Intervention]:
        """Interventions within the scored period, ordinary ramps excepted."""
        return [i for i in self.interventions if i.kind is not Kind.RATE and i.until >= self.warmup.total_seconds()]

    def components(self, name: str, *, scored: bool = True) -> np.ndarray:
        """All components of a signal, shape ``(n, size)``: ``components("T_chip")`` joins ``T_chip[1]``, ….

        Raises:
            KeyError: the run has no such signal.
        """
        frame = self.scored if scored else self.frame
        columns = [c for c in frame.columns if c == name or c.startswith(f"{name}[")]
        if not columns:
            raise KeyError(f"{self.controller}: no signal {name!r} in this trajectory")
        values: np.ndarray = frame[columns].to_numpy(dtype=float)
        return values

    def has(self, name: str) -> bool:
        """Whether the run recorded a signal."""
        return any(c == name or c.startswith(f"{name}[") for c in self.frame.columns)

    def power(self, *names: str) -> np.ndarray:
        """Sum of scored powers [W], all cooling if none is named."""
        total: np.ndarray = self.scored[list(names or self.sheet.cooling)].to_numpy(dtype=float).sum(axis=1)
        return total

    def schedule(self) -> "Schedule":
        """The setpoints of the scored period as a schedule; ``.export("setpoints.csv")`` or ``.json`` writes it.

        Raises:
            ScheduleError: the run holds no decisions.
        """
        from lowlift.sim.schedule import schedule_from

        return schedule_from(self)

    def to_parquet(self, path: str | Path) -> Path:
        """Write the run with units, scenario and controller in the file's metadata; whole or not at all.

        Plans of predictive controllers are not kept: they belong to the report.

        Raises:
            WriteError: no room, no permission.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.Table.from_pandas(self.frame)
        known = units(self.site)
        fields = [f.with_metadata({"unit": known[f.name]}) if f.name in known else f for f in table.schema]
        head = {
            "schema": SCHEMA,
            "controller": self.controller,
            "scenario": self.scenario,
            "site": self.site.name,
            "site_fingerprint": fingerprint(self.site),
            "step_s": self.step,
            "warmup_s": self.warmup.total_seconds(),
            "stored_initial_J": self.stored_initial,
            "measured": self.measured,
            "setting": None if self.setting is None else dataclasses.asdict(self.setting),
            "notes": self.notes,
            "decisions": [_decision_record(t, d) for t, d in self.decisions],
            "interventions": [dataclasses.asdict(i) for i in self.interventions],
        }
        metadata = dict(table.schema.metadata or {}) | {b"lowlift": json.dumps(head).encode()}
        table = table.cast(pa.schema(fields)).replace_schema_metadata(metadata)
        with atomic(path) as file:
            pq.write_table(table, file, compression="zstd")
        return Path(path)


def read_parquet(path: str | Path, site: SiteRecord | None = None) -> Trajectory:
    """Read a run written by :meth:`Trajectory.to_parquet`.

    Args:
        path: the file.
        site: its site; without it, the packaged site of that name, if it is still the one of the run.

    Raises:
        TrajectoryError: unreadable, not a trajectory, or of another edition of its site.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise TrajectoryError(f"{path}: not a readable Parquet file: {error}") from error
    text = (table.schema.metadata or {}).get(b"lowlift")
    head: dict[str, Any] = {} if text is None else json.loads(text)
    if head.get("schema") != SCHEMA:
        raise TrajectoryError(f"{path}: not a trajectory of this version ({SCHEMA})")
    if site is None:
        site = load_site(head["site"])
        if fingerprint(site) != head["site_fingerprint"]:
            message = f"{path}: plant {head['site']!r} has changed since this run; pass the run's own site"
            raise TrajectoryError(message)
    frame = table.to_pandas()
    frame.index.freq = None
    return Trajectory(
        controller=head["controller"],
        scenario=head["scenario"],
        site=site,
        step=head["step_s"],
        frame=frame,
        warmup=pd.Timedelta(seconds=head["warmup_s"]),
        stored_initial=head["stored_initial_J"],
        decisions=[_read_decision(d) for d in head["decisions"]],
        interventions=[Intervention(**i | {"kind": Kind(i["kind"])}) for i in head["interventions"]],
        measured=head["measured"],
        notes=head["notes"],
        setting=Setting(**head["setting"]) if head.get("setting") else None,
    )


def check_frame(frame: pd.DataFrame, step: float, sheet: PlantSheet) -> None:
    """Check index and mandatory columns.

    Raises:
        TrajectoryError: naming what is missing.
    """
    index = frame.index
    if not isinstance(index, pd.DatetimeIndex) or index.tz is None:
        raise TrajectoryError("frame.index: must be zone-aware time stamps")
    if len(index) == 0:
        raise TrajectoryError("frame: has no rows")
    gaps = np.diff(index.as_unit("ns").asi8) * 1e-9
    if not np.allclose(gaps, step, rtol=0.0, atol=1e-6):
        raise TrajectoryError(f"frame.index: rows must follow every {step:g} s without gaps")
    missing = [c for c in sheet.units if c not in frame.columns]
    if missing:
        raise TrajectoryError(f"frame: columns missing: {', '.join(missing)}")
    twice = sorted(set(frame.columns[frame.columns.duplicated()]))
    if twice:
        cure = "where a reading has the name of a step mean, keep the step mean"
        raise TrajectoryError(f"frame: columns twice: {', '.join(twice)}; {cure}")


def units(site: SiteRecord) -> dict[str, str]:
    """SI unit of every column that a trajectory of this site may have."""
    sheet = site.sheet
    known = dict(sheet.units)
    for table in (sheet.setpoints, sheet.measurements):
        known |= {c: s.unit for s in table.signals for c in s.components()}
    known |= {SEEN + c: s.unit for s in sheet.measurements.signals for c in s.components()}
    return known


def fingerprint(site: Any) -> str:
    """SHA-256 over all numbers of a site, to ten digits: whether a run belongs to this edition of it."""
    return hashlib.sha256(_canonical(dataclasses.asdict(site)).encode()).hexdigest()


def _canonical(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{k}:{_canonical(v)}" for k, v in sorted(value.items())) + "}"
    if isinstance(value, np.ndarray | list | tuple):
        return "[" + ",".join(_canonical(v) for v in value) + "]"
    if isinstance(value, float | np.floating):
        return f"{float(value):.10g}"
    return str(value)


def _decision_record(t: float, decision: Decision) -> dict[str, Any]:
    return {
        "t": t, "setpoints": decision.setpoints.tolist(), "status": decision.status.value,
        "message": decision.message, "solve_ms": decision.solve_ms, "kkt_error": decision.kkt_error,
    }  # fmt: skip


def _read_decision(record: dict[str, Any]) -> tuple[float, Decision]:
    return record["t"], Decision(
        setpoints=np.asarray(record["setpoints"]), status=Status(record["status"]), message=record["message"],
        solve_ms=record["solve_ms"], kkt_error=record["kkt_error"],
    )  # fmt: skip
