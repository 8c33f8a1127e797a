"""The report's sentences: what a controller did, when, and why it saved, derived from the runs alone."""

from lowlift.controllers.interface import setpoint_table
from lowlift.models.site import ZERO_C, Site
from lowlift.sim.kpis import Kpis
from lowlift.sim.plot_energy import saved_by_hour
from lowlift.sim.plot_style import END_USES
from lowlift.sim.schedule_rows import SITE_UNITS
from lowlift.sim.trajectory import Trajectory

SAME = 0.02
"""Relative difference below which two speeds or flows count as equal."""
QUARTERS = {
    0: "at night (0 to 6 h)",
    6: "in the morning (6 to 12 h)",
    12: "in the afternoon (12 to 18 h)",
    18: "in the evening (18 to 24 h)",
}
MOVERS = (
    ("tower fans", "y_fan"),
    ("tower pumps", "y_cw"),
    ("facility pumps", "y_fws"),
    ("CDU pumps", "y_cdu"),
    ("chilled-water pumps", "y_chw"),
)

LEVELS = (
    ("Secondary supply", "T_supply", ("warmer", "colder")),
    ("Tower water", "T_tower", ("warmer", "colder")),
    ("Server inlet air", "T_inlet", ("warmer", "colder")),
    ("Secondary flow", "V_sec", ("higher", "lower")),
    ("Tower water flow", "m_cw", ("higher", "lower")),
)


def story(run: Trajectory, reference: Trajectory, figures: Kpis, other: Kpis) -> list[str]:
    """Sentences on ``run`` against ``reference``, most important first."""
    name = reference.controller
    sentences = [_total(figures, other), *_by_use(figures, other), _when(run, reference)]
    same_length = len(run.scored) == len(reference.scored)
    if same_length:
        sentences += [s for label, signal in MOVERS if (s := _mover(run, reference, label, signal))]
        sentences += [s for label, signal, how in LEVELS if (s := _level(run, reference, label, signal, how))]
    if (cold := _chillers(run, reference)) is not None:
        sentences.append(cold)
    sentences.append(_limits(figures, name, other))
    return [s for s in sentences if s]


def setpoint_ranges(run: Trajectory, reference: Trajectory) -> list[dict[str, str]]:
    """Range and mean of each setpoint over the scored period, for both runs, in site units."""
    rows = []
    for s in setpoint_table(run.site).signals:
        unit, factor, offset = SITE_UNITS.get(s.unit, (s.unit, 1.0, 0.0))
        row = {"name": s.doc[0].upper() + s.doc[1:], "unit": unit.replace("degC", "°C")}
        for key, r in (("run", run), ("reference", reference)):
            if r.has(s.name):
                v = r.components(s.name) * factor - offset
                row[key] = f"{v.min():.4g} to {v.max():.4g}, mean {v.mean():.4g}"
        rows.append(row)
    return rows


def method(site: Site) -> list[str]:
    """State what is inside the figures and what is assumed, for one site."""
    notes = [
        "Energy is the integral of power over the scored period; every ratio is a ratio of such energies. "
        "The warm-up before it does not count.",
        "PUE: facility energy over IT energy. IT energy is the heat of the IT equipment (metered at its "
        f"input, category 3); facility adds distribution losses ({100 * site.loss_fraction:.3g} % of it) "
        "and all cooling. Lights, offices and generators are outside. Less than a year gives an interim PUE.",
        "Water: make-up is evaporation, drift and blowdown of the towers.",
        "Violation: for each limit the excess of its worst component, integrated; limits are added up.",
        "Heat left in the water loops at the end is charged, and heat taken out in advance credited, at the "
        "run's own cooling energy per heat removed; gaps to the oracle use energies so corrected.",
    ]
    if site.air_path_COP is not None:
        notes.append(
            f"Heat to air leaves through the building's own chilled water and is charged at 1 kWh per "
            f"{site.air_path_COP:g} kWh of heat, the same for every controller (assumed)."
        )
    else:
        notes.append("Heat to air is taken up by CRAHs on chilled water, all of which is inside the figures.")
    dew = site.T_dew_hall - ZERO_C
    notes.append(f"The dew point in the hall is held at {dew:.3g} °C (assumed).")
    return notes


def _total(k: Kpis, other: Kpis) -> str:
    saved = other.energy_cooling_kWh - k.energy_cooling_kWh
    share = 100.0 * saved / other.energy_cooling_kWh if other.energy_cooling_kWh else 0.0
    more = "less" if saved >= 0.0 else "more"
    return (
        f"{k.controller} used {abs(saved):,.0f} kWh {more} for cooling than {other.controller} over "
        f"{24.0 * k.days:.3g} h ({abs(share):.1f} % of cooling energy); "
        f"PUE went from {other.pue:.4f} to {k.pue:.4f}."
    )


def _by_use(k: Kpis, other: Kpis) -> list[str]:
    saved = {label: other.end_uses_kWh[use] - k.end_uses_kWh[use] for use, (label, _) in END_USES.items()}
    most, least = max(saved, key=lambda u: saved[u]), min(saved, key=lambda u: saved[u])
    sentences = []
    if saved[most] > 0.5:
        sentences.append(f"The largest saving came from the {most}: {saved[most]:,.0f} kWh.")
    if saved[least] < -0.5:
        price = f"the {least} used {-saved[least]:,.0f} kWh more"
        sentences.append(f"It paid for this elsewhere: {price}." if saved[most] > 0.5 else f"Above all, {price}.")
    return sentences


def _when(run: Trajectory, reference: Trajectory) -> str:
    if len(run.scored) != len(reference.scored) or run.days < 1.0:
        return ""
    hours = saved_by_hour(run, reference)
    total = float(hours.sum())
    if total <= 0.0:
        return ""
    quarter = {begin: float(hours.loc[begin : begin + 5].sum()) for begin in QUARTERS}
    best = max(quarter, key=lambda q: quarter[q])
    if quarter[best] > total:
        return f"It saved most {QUARTERS[best]}, {quarter[best]:,.0f} kWh, and gave some back at other times."
    return f"It saved most {QUARTERS[best]}: {100 * quarter[best] / total:.0f} % of the saving."


def _mover(run: Trajectory, reference: Trajectory, label: str, signal: str) -> str:
    if not (run.has(signal) and reference.has(signal)):
        return ""
    a, b = run.components(signal).mean(axis=1), reference.components(signal).mean(axis=1)
    slower, faster = (a < b * (1.0 - SAME)), (a > b * (1.0 + SAME))
    hours = run.step / 3600.0
    which, count = ("slower", slower.sum()) if slower.sum() >= faster.sum() else ("faster", faster.sum())
    if count < 0.05 * len(a):
        return ""
    return (
        f"The {label} ran {which} than under {reference.controller} in {count * hours:.1f} of "
        f"{len(a) * hours:.0f} h: mean speed {100 * a.mean():.0f} % against {100 * b.mean():.0f} %."
    )


def _level(run: Trajectory, reference: Trajectory, label: str, signal: str, how: tuple[str, str]) -> str:
    """How far a temperature or flow lay from the reference's, on average; nothing where they are equal."""
    if not (run.has(signal) and reference.has(signal)):
        return ""
    a, b = float(run.components(signal).mean()), float(reference.components(signal).mean())
    word = how[0] if a > b else how[1]
    if signal.startswith("T_"):
        return "" if abs(a - b) < 0.1 else f"{label} was {abs(a - b):.1f} K {word} on average ({a - ZERO_C:.1f} °C)."
    return "" if abs(a - b) < SAME * b else f"{label} was {100 * abs(a / b - 1.0):.0f} % {word} on average."


def _chillers(run: Trajectory, reference: Trajectory) -> str | None:
    if not (run.has("n_chillers") and reference.has("n_chillers")):
        return None
    a, b = (float((r.components("n_chillers") > 0.5).any(axis=1).sum()) * r.step / 3600.0 for r in (run, reference))
    heat = [float(r.scored["Q_chiller"].sum() * r.step) / 3.6e9 for r in (run, reference)]
    if max(a, b) < 0.1:
        return "No chiller ran under either controller: towers alone carried the heat."
    return f"A chiller ran for {a:.1f} h and took {heat[0]:.1f} MWh of heat; under {reference.controller} {b:.1f} h and {heat[1]:.1f} MWh."


def _limits(k: Kpis, name: str, other: Kpis) -> str:
    closest = min(k.limits, key=lambda limit: limit.margin_K)
    if k.violation_Kh == 0.0:
        kept = "All temperature limits were kept throughout"
        return f"{kept}; the tightest was {closest.name}, {closest.margin_K:.2f} K away."
    comparison = "more" if k.violation_Kh > other.violation_Kh * (1.0 + 1e-9) else "no more"
    return (
        f"Limits were exceeded by {k.violation_Kh:.3g} K·h in all, at most by {k.max_violation_K:.2f} K "
        f"({closest.name}); that is {comparison} than under {name} ({other.violation_Kh:.3g} K·h)."
    )
