"""The signals of a packaged plant: what is decided, moved, met and measured."""

import math
from collections.abc import Sequence

from _ext.datasheet import number, pretty
from lowlift.controllers import measurement_table, setpoint_table
from lowlift.models import SignalInfo, load


def signal_tables(plant: str) -> str:
    """Every signal table of a plant as Markdown, in SI units."""
    hall = load(plant, check=False)
    tables = {
        "Setpoints": setpoint_table(hall.site), "Actuators": hall.actuators, "Disturbances": hall.disturbances,
        "Measurements": measurement_table(hall.site), "States": hall.states,
    }  # fmt: skip
    return "\n\n".join(f"### {title}\n\n{table(vector.signals)}" for title, vector in tables.items())


def table(signals: Sequence[SignalInfo]) -> str:
    """One table; columns that no signal fills are left out."""
    columns = {
        "signal": [f"`{s.name}`" for s in signals],
        "one per": [f"{s.per} ({s.size})" if s.size > 1 else s.per for s in signals],
        "unit": [pretty(s.unit) for s in signals],
        "from": [_finite(s.low) for s in signals],
        "to": [_finite(s.high) for s in signals],
        "largest change [1/s]": [_finite(s.rate) for s in signals],
        "meaning": [s.doc for s in signals],
    }
    kept = {title: cells for title, cells in columns.items() if any(cells)}
    lines = ["```{table}", ":class: sheet", "", f"| {' | '.join(kept)} |", f"| {' | '.join('---' for _ in kept)} |"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in zip(*kept.values(), strict=True)] + ["```"])


def _finite(value: float) -> str:
    return number(float(f"{value:.4g}")) if math.isfinite(value) else ""
