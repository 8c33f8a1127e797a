"""Frontier's saving beside the published ones, and in what the two differ."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from lowlift.controllers.liquid_operation import AS_OPERATED_VARIANTS
from lowlift.controllers.registry import AS_OPERATED
from lowlift.models.site import ZERO_C
from lowlift.sim.run_words import days, period
from lowlift.sim.scenario import Scenario
from lowlift.sim.trajectory import Trajectory

PUBLISHED = {"with ramp limits": 0.278, "with optimised flow fractions": 0.353}
"""Savings of cooling energy against as-operated Frontier, one year at 10 min with a surrogate and perfect knowledge (arXiv 2603.01198 and
2605.15516)."""
DECLARED = "as declared"
UNDELIVERABLE = "not deliverable: pumps at full flow"


def beside_published(runs: Mapping[str, Trajectory], remarks: Mapping[str, str], scenario: Scenario) -> dict[str, Any]:
    """Saving of liquid cooling energy by MPC against as-operated and its variants; empty where one of the two did not run.

    Args:
        runs: all runs by controller.
        remarks: what controllers say of themselves; an as-operated run that does is one whose flow the pumps cannot deliver.
        scenario: their scenario.
    """
    if AS_OPERATED not in runs or "MPC" not in runs:
        return {}
    own = _liquid(runs["MPC"])
    names = {AS_OPERATED: DECLARED} | {name: name.removeprefix(f"{AS_OPERATED}, ") for name in AS_OPERATED_VARIANTS}
    savings = {}
    for name, label in names.items():
        if name in runs:
            # The declared run's own remark stands beside its figure.
            marked = f"{label}, {UNDELIVERABLE}" if remarks.get(name) and label != DECLARED else label
            savings[marked] = 1.0 - own / _liquid(runs[name])
    return {"savings": savings, "published": PUBLISHED, "conditions": conditions(scenario), "note": remarks.get(AS_OPERATED, "")}


def conditions(scenario: Scenario) -> str:
    """In what the published figures and ours differ."""
    scored = slice(round(scenario.warm_up / scenario.step), None)
    index = scenario.index[scored]
    T_wb = float(scenario.T_wb[scored].mean()) - ZERO_C
    return (
        "the published figures are for one year at 10-minute steps, with a surrogate model, perfect knowledge and unpublished limits; "
        f"ours are for {days(scenario.days)} ({period(pd.DatetimeIndex(index))}) at a mean wet bulb of {T_wb:.1f} °C, with forecasts from "
        "the past only and the limits of the site file; in our model the three subloops share one water temperature; as operated, "
        "facility flow is scaled with the CDU flow, and tower water is constant at what the highest heat needs"
    )


def in_words(told: Mapping[str, Any]) -> list[str]:
    """The same in two lines; none for an empty record."""
    if not told:
        return []
    own, theirs = ("; ".join(f"{100 * v:.1f} % ({k})" for k, v in told[key].items()) for key in ("savings", "published"))
    note = f"; as declared: {told['note']}" if told["note"] else ""
    return [f"liquid cooling energy saved against as-operated: {own}{note}", f"published: {theirs}; {told['conditions']}"]


def _liquid(run: Trajectory) -> float:
    return float(run.power().sum() - run.power("P_air_path").sum())
