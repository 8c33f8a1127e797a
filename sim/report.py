"""One self-contained HTML page for a plant manager: what was saved, how, when, why and within which limits.

Inline style and inline SVG only: the page needs no network and follows the reader's light or dark mode.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from lowlift.controllers.envelope import Intervention
from lowlift.sim.files import write_text
from lowlift.sim.kpis import Kpis, kpis
from lowlift.sim.leading import leading, references
from lowlift.sim.proof_words import findings
from lowlift.sim.report_charts import charts
from lowlift.sim.report_method import alarms, method, setpoint_ranges
from lowlift.sim.report_story import story
from lowlift.sim.run_words import days, lead, signal_words, site_unit
from lowlift.sim.trajectory import Trajectory

if TYPE_CHECKING:
    pass

INTERVENTIONS_SHOWN = 30


@dataclasses.dataclass(frozen=True, kw_only=True)
class Published:
    """A run on Frontier beside what has been published on it: liquid-loop cooling energy saved against as-operated."""

    saving: float
    """Share of liquid-loop cooling energy saved against ``as_operated`` [1]."""
    sensitivity: Mapping[str, float] = dataclasses.field(default_factory=dict)
    """The same with other limits, by their shift, for example ``{"limits -5 K": 0.31, "limits +5 K": 0.24}``."""
    conditions: str = ""
    """In what the published figures and ours differ."""
    note: str = ""
    """What the as-operated run assumed."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReportInput:
    """One scenario of a report."""

    title: str
    trajectories: Mapping[str, Trajectory]
    """Runs by controller name, in the order of the tables."""
    table: pd.DataFrame
    """From :func:`lowlift.sim.kpis.table`."""
    proof: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """The oracle's self-proof, from :attr:`lowlift.sim.compare.Comparison.proof`."""
    notes: Sequence[str] = ()
    """Further notes on method and assumptions."""
    published: Published | None = None
    see_also: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Other reports: title to address, relative to this one."""
    extras: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Further blocks: heading to text or list of texts."""


def report(comparison: ReportInput | Sequence[ReportInput], path: str | Path, *, title: str = "") -> Path:
    """Write the page; several scenarios become chapters of one page.

    Raises:
        WriteError: no room, no permission.
        ValueError: no runs to report.
    """
    inputs = [comparison] if isinstance(comparison, ReportInput) else list(comparison)
    if not inputs or any(not i.trajectories for i in inputs):
        raise ValueError("nothing to report: no runs")
    return write_text(path, render(inputs, title or (inputs[0].title if len(inputs) == 1 else "Cooling comparison")))


def render(inputs: Sequence[ReportInput], title: str) -> str:
    """Return the page as text."""
    import jinja2

    def source(name: str) -> str:
        return (resources.files("lowlift.sim") / "templates" / name).read_text(encoding="utf-8")

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(source), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    environment.filters |= {"num": _number, "pct": _percent, "days": days}
    page = environment.get_template("report.html.j2")
    return page.render(title=title, chapters=[chapter(i, k) for k, i in enumerate(inputs, 1)], version=_version())


def chapter(data: ReportInput, number: int) -> dict[str, Any]:
    """Everything that the template shows of one scenario."""
    runs = data.trajectories
    figures = {name: kpis(run) for name, run in runs.items()}
    name = leading(runs)
    others = references(runs, name)
    reference = others[0] if others else name
    hero, other = runs[name], runs[reference]
    site = hero.site
    stepped_in = hero.alarms
    return {
        "id": f"c{number}",
        "title": data.title,
        "lead": lead(hero),
        "see_also": data.see_also,
        "site": site.title,
        "days": hero.days,
        "hero": name,
        "reference": reference,
        "cards": _cards(figures, name, others, data.table),
        "story": story(hero, other, figures[name], figures[reference]) if name != reference else [],
        "alarms": alarms(figures[name], figures[reference] if name != reference else None),
        "ranges": setpoint_ranges(hero, other),
        "rows": _rows(figures, data.table),
        "limits": _limits(figures, name, reference),
        "charts": charts(runs, data.table, name, reference, f"c{number}"),
        "interventions": _interventions(hero, stepped_in),
        "n_interventions": len(stepped_in),
        "decisions": figures[name],
        "n_decisions": len(hero.scored_decisions()),
        "proof": [(f.text, f.verdict, {True: "good", False: "bad", None: ""}[f.holds]) for f in findings(data.proof)],
        "published": data.published,
        "method": method(site),
        "notes": _notes(data),
        "extras": {k: [v] if isinstance(v, str) else list(v) for k, v in data.extras.items()},
    }


def _notes(data: ReportInput) -> list[str]:
    """Notes of the scenario and its runs, each once; what stands beside the published figures is not said again."""
    told = data.published.note if data.published else ""
    notes = dict.fromkeys([*data.notes, *(n for run in data.trajectories.values() for n in run.notes)])
    return [note for note in notes if note != told]


def _cards(figures: Mapping[str, Kpis], name: str, others: Sequence[str], table: pd.DataFrame) -> list[dict[str, str]]:
    k = figures[name]
    cards = []
    for n in others[:3]:
        e = figures[n].energy_cooling_kWh
        saved = e - k.energy_cooling_kWh
        sign = "less" if saved >= 0.0 else "more"
        cards.append({"value": f"{abs(100 * saved / e):.1f} % {sign}", "label": f"cooling energy than {n}",
                      "detail": f"{abs(saved):,.0f} kWh in {days(k.days)}"})  # fmt: skip
    first = figures[others[0]] if others else k
    cards.append({"value": f"{k.pue:.4f}", "label": "PUE", "detail": f"{first.pue:.4f} under {first.controller}"})
    cards.append({"value": f"{k.violation_Kh:.3g} K·h", "label": "outside temperature limits",
                  "detail": f"{first.violation_Kh:.3g} K·h under {first.controller}"})  # fmt: skip
    row = table[table["controller"] == name]
    closed = float(row["gap_closed"].iloc[0]) if len(row) else math.nan
    g36 = float(row["gap_closed_g36"].iloc[0]) if len(row) else math.nan
    cards.append({"value": _percent(closed), "label": "of the possible saving over SiteTuned",
                  "detail": f"{_percent(g36)} of that over Guideline36"})  # fmt: skip
    cards.append({"value": f"{k.wue_l_per_kWh:.3f} L/kWh", "label": "water per IT energy",
                  "detail": f"{first.wue_l_per_kWh:.3f} under {first.controller}"})  # fmt: skip
    return cards


def _rows(figures: Mapping[str, Kpis], table: pd.DataFrame) -> list[dict[str, Any]]:
    rows = table.set_index("controller").to_dict(orient="index")
    return [
        dataclasses.asdict(k) | {key: rows.get(name, {}).get(key, math.nan) for key in ("gap_closed", "gap_closed_g36")}
        for name, k in figures.items()
    ]


def _limits(figures: Mapping[str, Kpis], name: str, reference: str) -> list[dict[str, Any]]:
    by_name = {limit.name: limit for limit in figures[reference].limits}
    rows = []
    for limit in figures[name].limits:
        bound = f"{'below' if limit.upper else 'above'} {limit.limit - 273.15:.4g} °C"
        rows.append({"name": limit.name, "limit": bound, "run": limit, "reference": by_name.get(limit.name)})
    return rows


def _interventions(run: Trajectory, interventions: Sequence[Intervention]) -> list[dict[str, str]]:
    rows = []
    for i in interventions[:INTERVENTIONS_SHOWN]:
        what, unit = signal_words(run.site, i.name)
        rows.append(
            {
                "time": f"{run.time(i.t):%Y-%m-%d %H:%M:%S}",
                "minutes": f"{(i.until - i.t + run.step) / 60.0:.1f}",
                "name": what,
                "reason": i.reason,
                "change": _change(i.from_value, i.to_value, unit),
            }
        )
    return rows


def _change(before: float, after: float, unit: str) -> str:
    if not math.isfinite(after):
        return "to fail-safe"
    _, shown, factor, offset = site_unit(unit, max(abs(before), abs(after)))
    return f"{before * factor - offset:.4g} to {after * factor - offset:.4g} {shown}"


def _number(value: Any, digits: int = 3) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "n/a"
    return f"{value:,.{digits}f}" if abs(value) >= 1000 else f"{value:.{max(digits, 1)}g}"


def _percent(value: float, digits: int = 1) -> str:
    return "n/a" if value is None or not math.isfinite(value) else f"{100 * value:.{digits}f} %"


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("lowlift")
    except PackageNotFoundError:
        return ""
