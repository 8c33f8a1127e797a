"""Write a finished comparison to a folder: KPIs, report, pictures, schedules and trajectories."""

import json
from pathlib import Path
from typing import Any

from lowlift.sim.compare import Comparison
from lowlift.sim.files import write_text
from lowlift.sim.leading import leading
from lowlift.sim.plot_style import save_png
from lowlift.sim.schedule import schedule_from


def write_outputs(comparison: Comparison, out: Path, notes: tuple[str, ...] = ()) -> list[Path]:
    """Write ``kpis.json``, ``report.html``, PNGs, ``setpoints.csv`` and ``.json``, ``trajectory.parquet`` into ``out``."""
    from lowlift.sim import plots
    from lowlift.sim.report import Published, ReportInput, report

    out.mkdir(parents=True, exist_ok=True)
    runs = comparison.runs
    best = runs[leading(runs)]
    written = [write_kpis(comparison.rows, out / "kpis.json")]
    schedule = schedule_from(best)
    written += [schedule.export(out / "setpoints.csv"), schedule.export(out / "setpoints.json")]
    written.append(best.to_parquet(out / "trajectory.parquet"))
    figures = {
        "energy": plots.energy_bars(runs),
        "temperatures": plots.temperatures(runs),
        "setpoints": plots.setpoints(runs),
        "power": plots.power_over_time(best),
        "heat": plots.heat_flow(best),
    }
    if plots.has_plans(best):
        figures["plan"] = plots.plan_against_actual(best)
    written += [save_png(figure, out / f"{name}.png") for name, figure in figures.items()]
    import matplotlib.pyplot as plt

    plt.close("all")
    told = comparison.published
    published = None
    if told:
        shifted = {k: v for k, v in told["savings"].items() if k != "as declared"}
        published = Published(saving=told["savings"]["as declared"], sensitivity=shifted, note=told["conditions"])
    page = ReportInput(
        title=best.site.title, trajectories=runs, table=comparison.figures, proof=comparison.proof,
        notes=[*best.notes, *notes], published=published,
    )  # fmt: skip
    report(page, out / "report.html")
    return [*written, out / "report.html"]


def write_kpis(rows: list[dict[str, Any]], path: Path) -> Path:
    """KPI records as a JSON list."""
    return write_text(path, json.dumps(rows, indent=2, allow_nan=False) + "\n")
