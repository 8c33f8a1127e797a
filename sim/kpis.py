"""Exact key figures of a run: energies are integrals of power, every ratio is a ratio of integrals.

Definitions, with sums over the steps of the scored period (warm-up excluded), powers being means over a step
``h``:

- ``E = sum(P) h``; facility = IT + losses + cooling. Fans inside servers, where a plant has them apart, move heat and count as cooling
  here, but belong to ``E_IT`` in every ratio, because they are metered with the IT equipment.
- ``PUE = E_facility / E_IT`` (ISO/IEC 30134-2), never a mean of PUEs.
- ``WUE = V_makeup / E_IT`` with make-up = evaporation + drift + blowdown (ISO/IEC 30134-9).
- ``CER = Q_removed / E_cooling`` (ISO/IEC 30134-7), heat being what left over towers and air boundary.
- ``violation_Kh``: for each declared limit the excess of its worst component, integrated; limits are summed.
- ``energy_balance_residual = |Q_in + W_in - Q_out - dU| / E_IT``, and that of moisture likewise, over the water moved or held.
- ``energy_facility_corrected``: heat that a run has left in its loops must still be removed, heat that it has
  taken out beforehand need not; so ``E + dU E_cooling / Q_removed``, the run's own cooling energy per heat.
"""

import collections
import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from lowlift.controllers.audit import Kind
from lowlift.controllers.interface import Status
from lowlift.models.sheet import Balance, Group
from lowlift.sim.trajectory import Trajectory
from lowlift.thermal.fluids import WATER

J_PER_KWH = 3.6e6
T_MAKEUP = 288.15
"""Temperature at which make-up water is metered [K]."""
PEAK_WINDOW = 900.0
"""Averaging time of peak power [s]."""
GAP_MIN = 0.02
"""Smallest gap, as a share of the reference's cooling energy, of which a closed fraction means anything."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limit:
    """How one declared temperature limit was kept."""

    name: str
    worst: str
    """The component that breaks it first, in words."""
    signal: str
    """Measurement it applies to."""
    limit: float
    """[K]; time mean where it follows the dew point."""
    upper: bool
    """Whether it is a maximum."""
    violation_Kh: float
    max_violation_K: float
    hours: float
    """Time outside [h]."""
    margin_K: float
    """Smallest distance to the limit; negative where it was broken."""
    peak: float
    """Temperature of the worst component at the worst moment [K]."""
    peak_at: pd.Timestamp
    """That moment."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kpis:
    """Key figures of one run."""

    controller: str
    scenario: str
    days: float
    energy_it_kWh: float
    energy_facility_kWh: float
    energy_cooling_kWh: float
    energy_facility_corrected_kWh: float
    stored_change_kWh: float
    """Heat stored at the end minus at the start of the scored period."""
    end_uses_kWh: Mapping[str, float]
    """By power, ``it`` to ``air_path``."""
    pue: float
    wue_l_per_kWh: float
    water_l: float
    cer: float
    peak_kW: float
    violation_Kh: float
    max_violation_K: float
    limits: Sequence[Limit]
    energy_balance_residual: float
    moisture_balance_residual: float | None
    """Nothing where a plant exchanges no air."""
    travel: Mapping[str, float]
    """Sum of absolute movements over all components, by actuator [full strokes]."""
    starts: Mapping[str, float]
    solve_ms_median: float
    """NaN where nothing was solved."""
    solve_ms_p99: float
    fallbacks: int
    suboptimal: int
    interventions: int
    """Of the safety envelope, ordinary ramps (kind ``rate``) excepted."""
    interventions_by_kind: Mapping[str, int]
    """All of them, by kind."""


def kpis(trajectory: Trajectory) -> Kpis:
    """All key figures of one run.

    Raises:
        ValueError: there is no IT energy to relate to.
    """
    t, h, sheet = trajectory, trajectory.step, trajectory.sheet
    energy = {use.name: float(t.scored[use.column].sum()) * h for use in sheet.end_uses}
    E_facility = sum(energy.values())
    E_it = sum(energy[use.name] for use in sheet.end_uses if use.group is Group.IT or use.counts_as_it)
    if not E_it > 0.0:
        raise ValueError(f"{t.controller}: no IT energy in the scored period, ratios to it are undefined")
    E_cooling = E_facility - sum(energy[use.name] for use in sheet.end_uses if use.group is Group.IT) - energy["losses"]
    change = t.stored_end - t.stored_start
    brought = sum(float(t.scored[name].sum()) * h for name in sheet.energy.entering(1))
    removed = sum(float(t.scored[name].sum()) * h for name in sheet.energy.entering(-1))
    later = change * E_cooling / removed if removed else 0.0
    water = sum(float(t.scored[name].sum()) * h for name in sheet.waters) / float(WATER.rho(T_MAKEUP)) * 1e3
    limits = limit_breakdown(t)
    decisions = [d for _, d in t.scored_decisions()]
    solved = [d.solve_ms for d in decisions if d.solve_ms > 0.0]
    begin = t.warmup.total_seconds()
    acted = collections.Counter(i.kind for i in t.interventions if i.until >= begin)
    by_kind = {kind.value: acted[kind] for kind in Kind}
    return Kpis(
        controller=t.controller,
        scenario=t.scenario,
        days=t.days,
        energy_it_kWh=E_it / J_PER_KWH,
        energy_facility_kWh=E_facility / J_PER_KWH,
        energy_cooling_kWh=E_cooling / J_PER_KWH,
        energy_facility_corrected_kWh=(E_facility + later) / J_PER_KWH,
        stored_change_kWh=change / J_PER_KWH,
        end_uses_kWh={name: e / J_PER_KWH for name, e in energy.items()},
        pue=E_facility / E_it,
        wue_l_per_kWh=water / (E_it / J_PER_KWH),
        water_l=water,
        cer=removed / E_cooling if E_cooling else math.nan,
        peak_kW=_peak(t.power(*sheet.powers), h) / 1e3,
        violation_Kh=sum(limit.violation_Kh for limit in limits),
        max_violation_K=max((limit.max_violation_K for limit in limits), default=0.0),
        limits=limits,
        energy_balance_residual=abs(brought - removed - change) / E_it,
        moisture_balance_residual=None if sheet.moisture is None else _residual(t, sheet.moisture),
        travel=_travel(t),
        starts=_starts(t),
        solve_ms_median=float(np.median(solved)) if solved else math.nan,
        solve_ms_p99=float(np.percentile(solved, 99)) if solved else math.nan,
        fallbacks=sum(d.status is Status.FALLBACK for d in decisions),
        suboptimal=sum(d.status is Status.SUBOPTIMAL for d in decisions),
        interventions=len(t.alarms),
        interventions_by_kind=by_kind,
    )


def limit_breakdown(trajectory: Trajectory) -> list[Limit]:
    """Every declared temperature limit whose signal was recorded, on true readings."""
    t, n = trajectory, len(trajectory.scored)
    rows = []
    for limit in t.sheet.limits:
        follows = limit.bound if isinstance(limit.bound, str) else None
        if not t.has(limit.signal) or (follows is not None and not t.has(follows)):
            continue
        bound = limit.bound if follows is None else t.components(follows)[:, 0] + limit.margin
        upper = limit.upper
        values, level = t.components(limit.signal), np.broadcast_to(np.asarray(bound, dtype=float), (n,))
        worst = values.max(axis=1) if upper else values.min(axis=1)
        beyond = worst - level if upper else level - worst
        k = int(beyond.argmax())
        excess = np.maximum(beyond, 0.0)
        rows.append(
            Limit(
                name=limit.name,
                worst=limit.worst,
                signal=limit.signal,
                limit=float(level.mean()),
                upper=upper,
                violation_Kh=float(excess.sum()) * t.step / 3600.0,
                max_violation_K=float(excess.max()),
                hours=float((excess > 0.0).sum()) * t.step / 3600.0,
                margin_K=float(-beyond.max()),
                peak=float(worst[k]),
                peak_at=pd.Timestamp(t.scored.index[k]),
            )
        )
    return rows


def gap_closed(e: float, e_reference: float, e_oracle: float, cooling: float) -> float:
    """Fraction of the gap to the oracle that ``e`` closes, NaN where the gap is too small to tell.

    ``(e_reference - e) / (e_reference - e_oracle)``

    Args:
        e: energy of the run.
        e_reference: energy of the reference controller.
        e_oracle: energy of the bound.
        cooling: cooling energy of the reference; all four in one unit.

    >>> gap_closed(90.0, 100.0, 80.0, 50.0)
    0.5
    >>> gap_closed(99.9, 100.0, 99.8, 50.0)
    nan
    """
    gap = e_reference - e_oracle
    if not gap >= GAP_MIN * cooling:
        return math.nan
    return (e_reference - e) / gap


KEYS = (
    "scenario", "controller", "days", "energy_it_kWh", "energy_facility_kWh", "energy_cooling_kWh", "pue",
    "wue_l_per_kWh", "violation_Kh", "max_violation_K", "gap_closed", "gap_closed_g36",
    "energy_balance_residual", "solve_ms_median", "solve_ms_p99", "fallbacks",
)  # fmt: skip
"""Keys that every record has, in this order; others follow."""


def table(runs: Iterable[Trajectory | Kpis]) -> pd.DataFrame:
    """Tabulate runs, one row each.

    ``gap_closed`` is against SiteTuned and ``gap_closed_g36`` against Guideline36 of the same scenario; both
    use the energies corrected for stored heat.
    """
    figures = [run if isinstance(run, Kpis) else kpis(run) for run in runs]
    by_name = {(k.scenario, k.controller): k for k in figures}
    rows = []
    for k in figures:
        oracle = by_name.get((k.scenario, "Oracle"))
        row: dict[str, Any] = {f.name: getattr(k, f.name) for f in dataclasses.fields(k)}
        for key, name in (("gap_closed", "SiteTuned"), ("gap_closed_g36", "Guideline36")):
            row[key] = math.nan
            reference = by_name.get((k.scenario, name))
            if reference is not None and oracle is not None:
                row[key] = gap_closed(
                    k.energy_facility_corrected_kWh,
                    reference.energy_facility_corrected_kWh,
                    oracle.energy_facility_corrected_kWh,
                    reference.energy_cooling_kWh,
                )
        if row["moisture_balance_residual"] is None:
            del row["moisture_balance_residual"]
        row |= {f"energy_{name}_kWh": e for name, e in row.pop("end_uses_kWh").items() if name != "it"}
        row |= {f"interventions_{kind}": n for kind, n in row.pop("interventions_by_kind").items()}
        row |= {f"travel_{name}": value for name, value in row.pop("travel").items()}
        row |= {f"starts_{name.removeprefix('n_')}": value for name, value in row.pop("starts").items()}
        for limit in row.pop("limits"):
            row[f"violation_{limit.signal}_{'max' if limit.upper else 'min'}_Kh"] = limit.violation_Kh
        rows.append({key: row[key] for key in KEYS} | {key: v for key, v in row.items() if key not in KEYS})
    return pd.DataFrame(rows)


def records(runs: Iterable[Trajectory | Kpis] | pd.DataFrame) -> list[dict[str, Any]]:
    """Turn runs or their table into records for JSON, with ``None`` where a figure does not exist."""
    frame = runs if isinstance(runs, pd.DataFrame) else table(runs)
    return [{str(k): _plain(v) for k, v in row.items()} for row in frame.to_dict(orient="records")]


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _residual(t: Trajectory, balance: Balance) -> float:
    """What a balance leaves open over the scored period, as a share of the largest of what has entered, left or been held."""
    entered, left = (sum(float(t.scored[name].sum()) for name in balance.entering(sign)) * t.step for sign in (1, -1))
    stored = t.frame[balance.stored].iloc[max(t.n_warmup - 1, 0) :]
    # Without a warm-up the first row is where the record begins.
    first = 0.0 if t.n_warmup else sum(float(t.scored[f.name].iloc[0]) * f.sign for f in balance.flows) * t.step
    return abs(entered - left - first - float(stored.iloc[-1] - stored.iloc[0])) / max(abs(entered), abs(left), float(stored.abs().max()))


def _peak(power: np.ndarray, h: float) -> float:
    """Largest mean over whole windows from the start [W]; over everything if shorter than one."""
    k = max(round(PEAK_WINDOW / h), 1)
    n = len(power) // k
    return float(power.mean() if n == 0 else power[: n * k].reshape(n, k).mean(axis=1).max())


def _starts(t: Trajectory) -> dict[str, float]:
    rises = {name: np.maximum(np.diff(t.components(name), axis=0), 0.0) for name in t.sheet.counts if t.has(name)}
    return {name: float(rise.sum()) for name, rise in rises.items()}


def _travel(t: Trajectory) -> dict[str, float]:
    names = dict.fromkeys(c.split("[")[0] for c in t.scored.columns if c.startswith(("y_", "v_")))
    return {name: float(np.abs(np.diff(t.components(name), axis=0)).sum()) for name in names}
