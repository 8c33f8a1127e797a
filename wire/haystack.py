"""Project Haystack 3: the site, one equipment and its points as a Zinc grid."""

import json
import re

from lowlift.wire.point import Kind, Point, Role
from lowlift.wire.point_list import PointList
from lowlift.wire.units import codes

QUANTITIES = {"degC": ("temp",), "kPa": ("pressure",), "Pa": ("pressure",), "L/s": ("flow",), "kg/s": ("flow",), "kW": ("power",)}
"""Marker tags by unit."""
MARKERS = ("site", "equip", "point", "sensor", "cmd", "sp", "writable", "temp", "pressure", "flow", "power", "elec", "alarm")
KINDS = {Kind.ANALOG: "Number", Kind.BINARY: "Bool", Kind.MULTISTATE: "Str"}
SHORT = {"analog-input": "AI", "analog-output": "AO", "analog-value": "AV", "binary-input": "BI", "binary-output": "BO",
         "binary-value": "BV", "multi-state-input": "MSI", "multi-state-output": "MSO", "multi-state-value": "MSV"}  # fmt: skip
VALUES = ("id", "dis", "navName", "siteRef", "equipRef", "kind", "unit", "enum", "minVal", "maxVal", "bacnetCur")


def haystack_text(points: PointList) -> str:
    """The grid: first the site, then the plant as equipment, then every point."""
    site, plant = ref(points.site), ref(f"{points.site}.plant")
    rows: list[tuple[dict[str, str], set[str]]] = [
        ({"id": site, "dis": _text(points.title)}, {"site"}),
        ({"id": plant, "dis": _text(f"{points.title}: cooling plant"), "siteRef": site}, {"equip"}),
    ]
    for p, a in zip(points.points, points.addresses, strict=True):
        values = {
            "id": ref(f"{points.site}.{p.name}"), "dis": _text(f"{a.label}: {p.description}"), "navName": _text(a.label), "siteRef": site,
            "equipRef": plant, "kind": _text(KINDS[p.kind]),
            "bacnetCur": _text(f"{SHORT[a.bacnet.object_type]}{a.bacnet.instance}"),
        }  # fmt: skip
        if p.kind is Kind.ANALOG:
            unit = codes(p.unit).haystack
            values |= {"unit": _text(unit)} if unit else {}
            values |= {"minVal": f"{p.low!r}{unit}"} if p.low is not None else {}
            values |= {"maxVal": f"{p.high!r}{unit}"} if p.high is not None else {}
        elif p.states:
            values["enum"] = _text(",".join(p.states))
        rows.append((values, tags(p)))
    columns = [*VALUES, *MARKERS]
    lines = ['ver:"3.0"', ",".join(columns)]
    lines += [",".join([*(values.get(c, "") for c in VALUES), *("M" if m in markers else "" for m in MARKERS)]) for values, markers in rows]
    return "\n".join(lines) + "\n"


def tags(point: Point) -> set[str]:
    """Marker tags of a point."""
    result = {"point", *QUANTITIES.get(point.unit, ())}
    if point.role is Role.SENSOR or (point.role is Role.FEEDBACK and not point.name.endswith(".fbk")):
        result.add("sensor")
    elif point.name.endswith((".fbk", ".cmd")) and "_set" in point.name:
        result.add("sp")
    elif point.role in (Role.COMMAND, Role.MODE):
        result.add("cmd")
    else:
        result.add("sensor")
    if point.writable:
        result.add("writable")
    if point.name.startswith("P_"):
        result.add("elec")
    if point.name.startswith("alarm."):
        result.add("alarm")
    return result


def ref(name: str) -> str:
    """A name as a reference: brackets are not allowed there.

    >>> ref("gb200_hall.T_supply[1]")
    '@gb200_hall.T_supply-1'
    """
    return "@" + re.sub(r"[^A-Za-z0-9_:.~-]", "", name.replace("[", "-"))


def _text(words: str) -> str:
    return json.dumps(words, ensure_ascii=False).replace("$", "\\$")
