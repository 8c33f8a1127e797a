"""Report of measured savings: Markdown or one self-contained HTML page, with a picture."""

import html
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lowlift.bms.baseline import design
from lowlift.bms.meter import TEMPERATURES, Meter
from lowlift.bms.savings import NMBE_LIMIT, Savings, cv_limit
from lowlift.sim.files import write_text
from lowlift.sim.plot_style import INK, MUTED, style, svg
from lowlift.sim.schedule_rows import ScheduleError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KWH = 3.6e6
BEFORE, AFTER = "#0072B2", "#D55E00"


def write_report(result: Savings, path: str | Path) -> list[Path]:
    """Write ``.html``, or ``.md`` with its picture as ``.svg`` beside it.

    Raises:
        ScheduleError: another suffix.
        WriteError: no room, no permission.
    """
    path = Path(path)
    drawing = svg(chart(result), "Savings")
    if path.suffix.lower() == ".html":
        return [write_text(path, _page(result, drawing))]
    if path.suffix.lower() == ".md":
        picture = write_text(path.with_suffix(".svg"), drawing)
        return [write_text(path, markdown(result) + f"\n![{_headline(result)}]({picture.name})\n"), picture]
    raise ScheduleError(f"{path}: reports are written as .html or .md")


def markdown(result: Savings) -> str:
    """The report's text."""
    lines = [f"# Measured savings: {result.reporting.name}", ""]
    lines += [f"> **NOT GOOD ENOUGH: {p}.**" for p in result.problems] + ([""] if result.problems else [])
    lines += [f"**{_headline(result)}**", ""]
    for title, rows in _tables(result).items():
        lines += [f"## {title}", "", "| | |", "| --- | --- |", *(f"| {_cell(name)} | {_cell(value)} |" for name, value in rows), ""]
    if result.warnings:
        lines += ["## To know besides", "", *(f"- {w}" for w in result.warnings), ""]
    lines += ["## Method", "", *(f"{p}\n" for p in _method(result))]
    return "\n".join(lines)


def chart(result: Savings) -> "Figure":
    """Power over temperature with the model; metered and predicted power; avoided energy adding up."""
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=(9.6, 9.0), layout="constrained")
        a, b, c = figure.subplots(3, 1)
        model, before, after = result.model, result.baseline.frame, result.reporting.frame
        # A model without a temperature is drawn over one that both periods have, if there is one.
        mine = [name for name in TEMPERATURES if name in before]
        t = model.temperature or next((name for name in mine if name in after), mine[0])
        for frame, color, mark, label in ((before, BEFORE, "o", "baseline period"), (after, AFTER, "^", "reporting period")):
            if t not in frame:
                a.plot([], [], mark, color=color, label=f"{label}: without this temperature", linewidth=0)
                continue
            a.plot(frame[t] - 273.15, frame["P"] / 1e3, mark, color=color, markersize=3, alpha=0.55, label=label, linewidth=0)
        grid = np.linspace(before[t].min(), before[t].max(), 80)
        line = before.iloc[[0] * 80].assign(**{t: grid} | ({"P_it": before["P_it"].mean()} if model.with_it else {}))
        P = design(model, Meter(name="", frequency=result.baseline.frequency, frame=line)) @ model.beta
        a.plot(grid - 273.15, P / 1e3, color=INK, label="model, mean load" if model.with_it else "model")
        a.set_title("Metered power over outdoor temperature")
        a.set_xlabel(f"{TEMPERATURES[t]} [°C]")
        a.set_ylabel("[kW]")
        a.legend(loc="upper left")
        times = [at.to_pydatetime(warn=False) for at in after.index]
        b.plot(times, result.predicted / 1e3, color=MUTED, linestyle=(0, (4, 2)), label="as before (model)")
        b.plot(times, after["P"] / 1e3, color=AFTER, linewidth=1.1, label="metered")
        b.set_title("Reporting period")
        b.set_ylabel("[kW]")
        b.legend(loc="upper left", ncols=2)
        # Non-routine adjustments have no course of their own; they are in the sum that is stated.
        saved = np.cumsum((result.predicted - after["P"].to_numpy()) * after["hours"].to_numpy()) / 1e3
        # Errors of neighbouring intervals are alike, so the band grows with the square root of their number.
        band = result.uncertainty / KWH * np.sqrt(np.arange(1, len(saved) + 1) / len(saved))
        c.fill_between(times, saved - band, saved + band, color=BEFORE, alpha=0.18, linewidth=0, label=f"{100 * result.confidence:g} %")
        c.plot(times, saved, color=BEFORE, label="avoided energy")
        c.axhline(0.0, color=MUTED, linewidth=0.8)
        c.set_title("Avoided energy, added up")
        c.set_ylabel("[kWh]")
        c.legend(loc="upper left", ncols=2)
    return figure


def _headline(result: Savings) -> str:
    low, high = (v / KWH for v in result.interval)
    size = f"{result.avoided / KWH:,.0f} kWh avoided ({100 * result.share:.1f} % of what would have been used)"
    between = f"with {100 * result.confidence:g} % confidence between {low:,.0f} and {high:,.0f} kWh"
    return f"{size}, {between}{'' if result.significant else ': not distinguishable from nothing'}"


def _tables(result: Savings) -> dict[str, list[tuple[str, str]]]:
    model, m = result.model, result.reporting
    fsu = "none saved" if np.isinf(result.fsu_68) else f"{100 * result.fsu_68:.0f} % (must be below 50 %)"
    period = [(name, f"{_date(x.span[0])} to {_date(x.span[1])}, {len(x.frame)} {x.frequency} values, {x.energy / KWH:,.0f} kWh")
              for name, x in (("baseline period", result.baseline), ("reporting period", m))]  # fmt: skip
    sums = [
        ("baseline model for the weather" + (" and IT load" if model.with_it else "") + " of the reporting period (routine adjustments)",
         f"{result.predicted_energy / KWH:,.0f} kWh"),
        *((f"non-routine adjustment: {a.what}", f"{a.energy / KWH:+,.0f} ± {a.uncertainty / KWH:,.0f} kWh (standard uncertainty)")
          for a in result.adjustments),
        *(() if result.adjustments else (("non-routine adjustments", "none stated"),)),
        ("adjusted baseline", f"{result.adjusted_baseline / KWH:,.0f} kWh"),
        ("metered in the reporting period", f"{m.energy / KWH:,.0f} kWh"),
        ("avoided", f"{result.avoided / KWH:,.0f} ± {result.uncertainty / KWH:,.0f} kWh"),
        ("uncertainty by ASHRAE Guideline 14", f"± {result.uncertainty_guideline / KWH:,.0f} kWh"),
        ("uncertainty by the regression's covariance", f"± {result.uncertainty_regression / KWH:,.0f} kWh"),
        ("fractional savings uncertainty at 68 %", fsu),
    ]  # fmt: skip
    limit = 100 * cv_limit(result.reporting)
    goodness = [
        ("model", f"{model.form}: {model.equation()}"),
        ("CV(RMSE)", f"{100 * result.cv_rmse:.1f} % (at most {limit:g} %)"),
        ("NMBE", f"{100 * result.nmbe:.5f} % (within {100 * NMBE_LIMIT:g} %)"),
        ("R²", f"{model.r2:.3f}"),
        ("autocorrelation of residuals", f"{model.rho:.2f}: {model.n} values are worth {model.n_independent:.0f}"),
    ]
    return {"Periods": period, "Energy": sums, "Baseline model": goodness}


def _method(result: Savings) -> list[str]:
    return [
        "Avoided energy after IPMVP Option C: what a regression of the baseline period gives for the weather"
        + (" and IT load" if result.model.with_it else "")
        + " of the reporting period, with the non-routine adjustments that are listed, less what was metered. It says what changed, not "
        "why: whatever else changed on this meter (static factors: equipment, its use, its maintenance) and is not listed is in it.",
        "Uncertainty: the larger of ASHRAE Guideline 14's formula for autocorrelated residuals and of the covariance of the regression "
        "with AR(1) residuals. Errors of the meters themselves are not in it.",
    ]


def _page(result: Savings, drawing: str) -> str:
    css = resources.files("lowlift.sim").joinpath("templates/report.css.j2").read_text(encoding="utf-8")
    e = html.escape
    parts = [f'<section class="card alarm"><p class="bad">NOT GOOD ENOUGH: {e(p)}.</p></section>' for p in result.problems]
    parts.append(f'<section><p class="value"><strong>{e(_headline(result))}</strong></p></section>')
    parts.append(f'<section><figure class="plot">{drawing}</figure></section>')
    for title, rows in _tables(result).items():
        body = "".join(f"<tr><th>{e(name)}</th><td>{e(value)}</td></tr>" for name, value in rows)
        parts.append(f'<section><h3>{e(title)}</h3><div class="scroll"><table>{body}</table></div></section>')
    if result.warnings:
        parts.append("<section><h3>To know besides</h3><ul>" + "".join(f"<li>{e(w)}</li>" for w in result.warnings) + "</ul></section>")
    parts.append("<section><h3>Method</h3>" + "".join(f"<p>{e(p)}</p>" for p in _method(result)) + "</section>")
    title = e(f"Measured savings: {result.reporting.name}")
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head>{head}<title>{title}</title><style>{css}</style></head>\n<body><header class="top">'
        f'<p class="brand">lowlift</p><h1>{title}</h1></header><main>{"".join(parts)}</main></body></html>\n'
    )


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _date(at: object) -> str:
    return f"{at:%d %b %Y}"
