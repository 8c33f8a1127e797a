"""What a report states beside its sentences: ranges of the setpoints, broken limits, method and assumptions."""

import pandas as pd

from lowlift.controllers.interface import setpoint_table
from lowlift.models.plant import SiteRecord
from lowlift.models.site import ZERO_C
from lowlift.sim.kpis import Kpis, Limit
from lowlift.sim.looks import look_of
from lowlift.sim.run_words import site_unit
from lowlift.sim.trajectory import Trajectory


def alarms(figures: Kpis, other: Kpis | None = None) -> list[dict[str, str]]:
    """List the broken limits, the longest outside first: peak, limit, time of the peak, duration; and the same of a reference."""
    theirs = {} if other is None else {limit.name: limit for limit in other.limits}
    broken = sorted((limit for limit in figures.limits if limit.violation_Kh > 0.0), key=lambda limit: -limit.violation_Kh)
    rows = []
    for limit in broken:
        side = "above" if limit.upper else "below"
        row = {
            "what": limit.worst,
            "peak": _degC(limit.peak),
            "limit": f"{limit.limit - ZERO_C:.4g} °C",
            "time": f"{duration(limit.hours)} {side}",
            "at": moment(limit.peak_at),
            "reference": "" if other is None or limit.name not in theirs else f"{other.controller}: {_short(theirs[limit.name])}",
        }
        row["text"] = f"{row['what']} {row['peak']}, limit {row['limit']}, {row['time']}, peak {row['at']}"
        rows.append(row)
    return rows


def _short(limit: Limit) -> str:
    if limit.violation_Kh == 0.0:
        return "kept"
    return f"{_degC(limit.peak)}, {duration(limit.hours)}, peak {moment(limit.peak_at)}"


def _degC(T: float) -> str:
    return f"{T - ZERO_C:.1f} °C"


def duration(hours: float) -> str:
    """Words for a time: minutes up to two hours."""
    minutes = 60.0 * hours
    if 0.0 < minutes < 1.0:
        return "less than a minute"
    return f"{minutes:.0f} min" if minutes < 120.0 else f"{hours:.1f} h"


def moment(at: pd.Timestamp) -> str:
    """Day and time as one says it: ``4 July 07:35``."""
    return f"{at.day} {at:%B %H:%M}"


def setpoint_ranges(run: Trajectory, reference: Trajectory) -> list[dict[str, str]]:
    """Range and mean of each setpoint over the scored period, for both runs, in site units."""
    rows = []
    for s in setpoint_table(run.site).signals:
        _, unit, factor, offset = site_unit(s.unit, s.high)
        row = {"name": s.doc[0].upper() + s.doc[1:], "unit": unit}
        for key, r in (("run", run), ("reference", reference)):
            if r.has(s.name):
                v = r.components(s.name) * factor - offset
                row[key] = f"{v.min():.4g} to {v.max():.4g}, mean {v.mean():.4g}"
        rows.append(row)
    return rows


def method(site: SiteRecord) -> list[str]:
    """State what is inside the figures and what is assumed, for one site."""
    fans = [use.words for use in site.sheet.end_uses if use.counts_as_it]
    apart = (
        f" Energy of {', '.join(fans)} is part of IT energy in PUE and WUE, but shown as cooling energy, because it moves heat."
        if fans
        else ""
    )
    return [
        "Energy is the integral of power over the scored period; every ratio is a ratio of such energies. "
        "The warm-up before it does not count.",
        "PUE: facility energy over IT energy. IT energy is the heat of the IT equipment (metered at its "
        f"input, category 3); facility adds distribution losses and all cooling.{apart} Lights, offices and generators are outside. "
        "Less than a year gives an interim PUE.",
        "Violation: for each limit the excess of its worst component, integrated; limits are added up.",
        "Heat left in the plant at the end is charged, and heat taken out in advance credited, at the "
        "run's own cooling energy per heat removed; gaps to the oracle use energies so corrected.",
        *look_of(site).method(site),
    ]
