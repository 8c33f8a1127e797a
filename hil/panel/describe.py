"""What a page is told once: title, columns, limits, controls, faults; nothing of it changes while the plant runs."""

from typing import Any

import pandas as pd

from lowlift.hil.fmu_plant import FmuPlant
from lowlift.hil.panel.shown import Shown
from lowlift.hil.served_plant import ServedPlant
from lowlift.models.plant import Plant
from lowlift.wire.plan_courses import COOLING, PUE
from lowlift.wire.points import slug


def described(served: ServedPlant, shown: Shown, *, login: bool, speed_max: float) -> dict[str, Any]:
    """The plant as plain data."""
    sheet, site, points = served.plant.site.sheet, served.plant.site, served.image.points
    setpoints = [{"signal": s.name, "words": s.doc, "points": [f"{name}.cmd" for name in s.components()]} for s in sheet.setpoints.signals]
    actuators = [{"signal": s.name, "words": s.doc, "names": s.components()} for s in served.plant.actuators.signals]
    return {
        "site": site.name, "title": title(served.plant), "kind": site.kind, "scenario": served.scenario.name, "step": served.step_size,
        "begin": (served.scenario.start - pd.Timedelta(seconds=served.scenario.warm_up)).isoformat(),
        "span": served.scenario.n * served.scenario.step,
        "columns": [c.record for c in shown.columns], "limits": limits(served), "setpoints": setpoints, "actuators": actuators,
        "alarms": [{"point": p.name, "words": p.description} for p in points.points if p.name.startswith("alarm.")],
        "supervisor": [p.name for p in points.points if p.signal in ("heartbeat", "remote_enable") and p.writable],
        "headline": [name for name in ("P_it", COOLING, PUE) if name in shown.index],
        "trends": _first_trends(served, shown), "login": login, "speed_max": speed_max,
    }  # fmt: skip


def title(plant: Plant) -> str:
    """What the site is, and what its physics are where they are not ours."""
    return f"{plant.site.title}; physics by {plant.file.path.name}" if isinstance(plant, FmuPlant) else plant.site.title


def limits(served: ServedPlant) -> list[dict[str, Any]]:
    """Temperature limits in site units: a fixed bound, or a point that it follows and a margin."""
    points = served.image.points
    result = []
    for limit in served.plant.site.sheet.limits:
        names = next(s for s in served.plant.site.sheet.measurements.signals if s.name == limit.signal).components()
        point = points[names[0]]
        fixed = isinstance(limit.bound, float)
        result.append({
            "name": limit.name, "points": names, "upper": limit.upper, "alarm": f"alarm.limit_{slug(limit.name)}",
            "bound": point.from_si(limit.bound) if isinstance(limit.bound, float) else None,
            "follows": None if fixed else limit.bound, "margin": 0.0 if fixed else limit.margin * point.factor,
        })  # fmt: skip
    return result


def _first_trends(served: ServedPlant, shown: Shown) -> list[str]:
    """What the trends show before anybody chooses: the first reading under each upper limit, at most three, and cooling power."""
    sheet = served.plant.site.sheet
    names = dict.fromkeys(limit.signal for limit in sheet.limits if limit.upper)
    first = [next(s for s in sheet.measurements.signals if s.name == name).components()[0] for name in names][:3]
    return [name for name in (*first, COOLING) if name in shown.index]
