"""The oracle's self-proof from KPI records: whether its energy is a bound, and for whom.

A bound must hold at equal or less violation of limits: that nobody uses less energy says nothing about a controller that keeps the limits
better than the oracle does. Both are therefore reported.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from lowlift.controllers.registry import HALVED, PERFECT

ORACLE = "Oracle"
EQUAL = 1e-9
"""Violations that differ by less are equal [K h]."""
NEGLIGIBLE = 0.05
"""A controller keeps limits better than the oracle only where it violates them by this much less: three minutes at one kelvin [K h]."""
GAPS = ("gap_closed", "gap_closed_g36")


def prove(scored: Iterable[Mapping[str, Any]], only_proof: Iterable[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Findings as numbers, for ``lowlift.sim.proof_words``; empty without an oracle.

    Args:
        scored: KPI records of the compared controllers, the oracle among them.
        only_proof: records of runs that only prove it.

    Returns:
        ``below``: who uses less energy than the oracle, or closes more than the whole gap, at equal or less violation; ``nobody_below``;
        ``oracle_violation_Kh`` and ``violation_Kh`` by controller; ``keeps_better``: who keeps limits better than the oracle, which is no
        bound for them; with the halved grid ``grid_halving_change`` as a share of cooling energy; with perfect forecasts
        ``perfect_mpc_gap_closed`` and ``perfect_mpc_gap_closed_g36``.
    """
    compared = {r["controller"]: r for r in scored}
    rows = compared | {r["controller"]: r for r in only_proof}
    if ORACLE not in compared:
        return {}
    oracle = rows[ORACLE]
    others = {name: r for name, r in rows.items() if name not in (ORACLE, HALVED)}
    below = [name for name, r in others.items() if r["violation_Kh"] <= oracle["violation_Kh"] + EQUAL and _less(r, oracle)]
    listed = {name: float(r["violation_Kh"]) for name, r in others.items() if name in compared or name == PERFECT}
    result: dict[str, Any] = {
        "nobody_below": not below,
        "below": below,
        "oracle_violation_Kh": float(oracle["violation_Kh"]),
        "violation_Kh": listed,
        "keeps_better": [name for name, violation in listed.items() if violation < oracle["violation_Kh"] - NEGLIGIBLE],
    }
    if HALVED in rows:
        change = rows[HALVED]["energy_facility_corrected_kWh"] - oracle["energy_facility_corrected_kWh"]
        result["grid_halving_change"] = change / oracle["energy_cooling_kWh"]
    if PERFECT in rows:
        result |= {f"perfect_mpc_{key}": rows[PERFECT][key] for key in GAPS}
    return result


def _less(row: Mapping[str, Any], oracle: Mapping[str, Any]) -> bool:
    """Less energy than the oracle, or more than its whole gap closed."""
    gaps = [row[key] for key in GAPS if row.get(key) is not None]
    return bool(row["energy_facility_corrected_kWh"] < oracle["energy_facility_corrected_kWh"] or any(gap > 1.0 for gap in gaps))
