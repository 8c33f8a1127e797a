"""Write a finished comparison to a folder: KPIs, report, pictures, schedules and trajectories."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lowlift.sim.files import write_text
from lowlift.sim.leading import in_focus, leading
from lowlift.sim.plot_style import save_png
from lowlift.sim.published import DECLARED
from lowlift.sim.schedule import schedule_from

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lowlift.sim.compare import Comparison
    from lowlift.sim.report import Published, ReportInput


def write_outputs(comparison: "Comparison", out: Path, see_also: Mapping[str, str] = MappingProxyType({})) -> list[Path]:
    """Write ``kpis.json``, ``report.html``, PNGs, ``setpoints.csv`` and ``.json``, ``trajectory.parquet`` into ``out``.

    ``see_also`` names other reports and their addresses, relative to this one.
    """
    from lowlift.sim.report import report

    out.mkdir(parents=True, exist_ok=True)
    best = comparison.runs[leading(comparison.runs)]
    written = [write_kpis(comparison.rows, out / "kpis.json")]
    schedule = schedule_from(best)
    written += [schedule.export(out / "setpoints.csv"), schedule.export(out / "setpoints.json")]
    written.append(best.to_parquet(out / "trajectory.parquet"))
    written += [save_png(figure, out / f"{name}.png") for name, figure in figures(comparison).items()]
    return [*written, report(page(comparison, see_also), out / "report.html")]


def figures(comparison: "Comparison") -> "dict[str, Figure]":
    """Charts of a comparison by name, about its leading run."""
    from lowlift.sim import plots

    runs = comparison.runs
    name = leading(runs)
    best, focus = runs[name], in_focus(runs, name)
    drawn = {
        "energy": plots.energy_bars(runs),
        "temperatures": plots.temperatures(focus),
        "setpoints": plots.setpoints(focus),
        "power": plots.power_over_time(best),
        "heat": plots.heat_flow(best),
    }
    return drawn | ({"plan": plots.plan_against_actual(best)} if plots.has_plans(best) else {})


def page(comparison: "Comparison", see_also: Mapping[str, str] = MappingProxyType({})) -> "ReportInput":
    """What the report of a comparison shows."""
    from lowlift.sim.report import ReportInput

    best = comparison.runs[leading(comparison.runs)]
    return ReportInput(
        title=best.site.title, trajectories=comparison.runs, table=comparison.kpis(), proof=comparison.proof,
        notes=best.notes, see_also=see_also, published=published(comparison),
    )  # fmt: skip


def published(comparison: "Comparison") -> "Published | None":
    """Frontier's saving beside the published ones, with the assumptions of both; nothing elsewhere."""
    from lowlift.sim.report import Published

    told = comparison.published
    if not told:
        return None
    savings = dict(told["savings"])
    return Published(saving=savings.pop(DECLARED), sensitivity=savings, conditions=told["conditions"], note=told["note"])


def write_kpis(rows: list[dict[str, Any]], path: Path) -> Path:
    """KPI records as a JSON list."""
    return write_text(path, json.dumps(rows, indent=2, allow_nan=False) + "\n")
