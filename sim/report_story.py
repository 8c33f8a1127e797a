"""The report's sentences: what a controller did, when, and why it saved, derived from the runs alone."""

import numpy as np
import pandas as pd

from lowlift.sim.kpis import J_PER_KWH, Kpis
from lowlift.sim.looks import Signal, cooling_uses, look_of
from lowlift.sim.plot_style import scored_index
from lowlift.sim.trajectory import Trajectory

CAUSES_TOLD = 3
"""Most end uses that get a sentence of their own."""
SMALL = 0.03
"""Share of all that is saved and paid below which an end use is passed over."""
EVEN = 0.35
"""Share of a quarter of the day below which a saving counts as spread evenly."""
QUARTERS = {
    0: "at night, 0 to 6 h",
    6: "in the morning, 6 to 12 h",
    12: "in the afternoon, 12 to 18 h",
    18: "in the evening, 18 to 24 h",
}


def story(run: Trajectory, reference: Trajectory, figures: Kpis, other: Kpis) -> list[str]:
    """Three to five sentences on ``run`` against ``reference``: the total, its main causes, the limits."""
    changed = {use: other.end_uses_kWh[use] - figures.end_uses_kWh[use] for use in look_of(run.site).causes}
    weight = sum(abs(v) for v in changed.values())
    largest = sorted(changed, key=lambda use: -abs(changed[use]))[:CAUSES_TOLD]
    told = [_because(run, reference, use, changed[use]) for use in largest if abs(changed[use]) > max(SMALL * weight, 0.5)]
    return [_total(run, reference, figures, other), *told, _limits(figures, other)]


def _total(run: Trajectory, reference: Trajectory, k: Kpis, other: Kpis) -> str:
    saved = other.energy_cooling_kWh - k.energy_cooling_kWh
    share = 100.0 * saved / other.energy_cooling_kWh if other.energy_cooling_kWh else 0.0
    more = "less" if saved >= 0.0 else "more"
    when = _when(run, reference, run.sheet.cooling)
    return (
        f"{k.controller} used {abs(saved):,.0f} kWh {more} for cooling than {other.controller} over "
        f"{24.0 * k.days:.3g} h ({abs(share):.1f} % of cooling energy{', ' + when if when else ''}); "
        f"PUE went from {other.pue:.4f} to {k.pue:.4f}."
    )


def _because(run: Trajectory, reference: Trajectory, use: str, saved: float) -> str:
    """One end use: what was done, when, its physical effect, and the energy."""
    label, cause = cooling_uses(run.site)[use][0], look_of(run.site).causes[use]
    verb = "saved" if saved > 0.0 else "used"
    tail = f"against {reference.controller}" if saved > 0.0 else f"more than under {reference.controller}"
    when = _when(run, reference, (f"P_{use}",))
    energy = f"{label[0].upper()}{label[1:]} {verb} {abs(saved):,.0f} kWh {tail}{f' ({when})' if when else ''}"
    lever = _compared(run, reference, cause.lever)
    if lever is None:
        return f"{energy}."
    a, b = lever
    turned = (
        f"{cause.lever.words} was {'lower' if a < b else 'higher'}, {cause.lever.show(a)} instead of {b:.{cause.lever.digits}f} on average"
    )
    if (a < b) != (saved > 0.0):
        # The lever moved the other way: say both and claim no cause.
        return f"{energy}, although {turned}."
    effect = _compared(run, reference, cause.effect)
    shift = "" if effect is None else (
        f"; {cause.effect.words} was {abs(effect[0] - effect[1]):.1f} K {'warmer' if effect[0] > effect[1] else 'colder'} "
        f"({cause.effect.show(effect[0])})"
    )  # fmt: skip
    return f"{energy}, because {turned}, and {cause.law}{shift}."


def _compared(run: Trajectory, reference: Trajectory, signal: Signal) -> tuple[float, float] | None:
    """Means of both runs; nothing where they read the same."""
    if not (run.has(signal.name) and reference.has(signal.name)):
        return None
    a, b = signal.mean(run), signal.mean(reference)
    return None if signal.show(a) == signal.show(b) else (a, b)


def _when(run: Trajectory, reference: Trajectory, powers: tuple[str, ...]) -> str:
    """In which quarter of the local day the difference arose; nothing for less than a day."""
    if len(run.scored) != len(reference.scored) or run.days < 1.0:
        return ""
    saved = pd.Series((reference.power(*powers) - run.power(*powers)) * run.step / J_PER_KWH)
    total = float(saved.sum())
    hours = (saved * np.sign(total)).groupby(scored_index(run).hour).sum().reindex(range(24), fill_value=0.0)
    quarter = {begin: float(hours.loc[begin : begin + 5].sum()) for begin in QUARTERS}
    best = max(quarter, key=lambda q: quarter[q])
    if abs(total) < 0.5:
        return ""
    if quarter[best] > abs(total):
        return f"most of it {QUARTERS[best]} and the other way round at other times"
    share = quarter[best] / abs(total)
    return "spread evenly over the day" if share < EVEN else f"{100 * share:.0f} % of it {QUARTERS[best]}"


def _limits(k: Kpis, other: Kpis) -> str:
    closest = min(k.limits, key=lambda limit: limit.margin_K)
    if k.violation_Kh == 0.0:
        kept = "All temperature limits were kept throughout"
        return f"{kept}; the tightest was {closest.name}, {closest.margin_K:.2f} K away."
    ratio = k.violation_Kh / other.violation_Kh if other.violation_Kh > 0.0 else np.inf
    comparison = "as much as" if abs(ratio - 1.0) < SMALL else "more than" if ratio > 1.0 else "less than"
    return (
        f"Limits were exceeded by {k.violation_Kh:.3g} K·h in all, at most by {k.max_violation_K:.2f} K "
        f"({closest.name}); that is {comparison} under {other.controller} ({other.violation_Kh:.3g} K·h)."
    )
