"""What a report states beside its sentences: ranges of the setpoints, broken limits, method and assumptions."""

import pandas as pd

from lowlift.controllers.interface import setpoint_table
from lowlift.models.site import ZERO_C, Site
from lowlift.sim.kpis import Kpis, Limit
from lowlift.sim.run_words import site_unit
from lowlift.sim.trajectory import Trajectory

WORST = {
    "hottest chip": "hottest chip",
    "rack return": "hottest rack return",
    "secondary supply, highest": "hottest secondary supply",
    "supply above dew point": "coldest secondary supply",
    "server inlet air": "hottest server air",
    "basin, lowest": "coldest tower water",
}
"""What a limit is about, at its worst."""


def alarms(figures: Kpis, other: Kpis | None = None) -> list[dict[str, str]]:
    """List the broken limits, the longest outside first: peak, limit, time of the peak, duration; and the same of a reference."""
    theirs = {} if other is None else {limit.name: limit for limit in other.limits}
    broken = sorted((limit for limit in figures.limits if limit.violation_Kh > 0.0), key=lambda limit: -limit.violation_Kh)
    rows = []
    for limit in broken:
        side = "above" if limit.upper else "below"
        row = {
            "what": WORST[limit.name],
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
        _, unit, factor, offset = site_unit(s.unit)
        row = {"name": s.doc[0].upper() + s.doc[1:], "unit": unit}
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
