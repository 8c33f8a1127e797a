"""Brick 1.4: the site, its plant and its points in Turtle, with BACnet references."""

import json
import re

from lowlift.wire.point import Kind, Point, Role
from lowlift.wire.point_list import PointList
from lowlift.wire.units import codes

PREFIXES = {
    "bacnet": "http://data.ashrae.org/bacnet/2020#", "brick": "https://brickschema.org/schema/Brick#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#", "ref": "https://brickschema.org/schema/Brick/ref#",
    "unit": "http://qudt.org/vocab/unit/",
}  # fmt: skip
QUANTITIES = {"degC": "Temperature", "kPa": "Pressure", "Pa": "Pressure", "L/s": "Flow", "kg/s": "Flow", "kW": "Power"}
"""First word of a class by unit."""


def brick_text(points: PointList) -> str:
    """The graph; names below a namespace of the site's own."""
    lines = [f"@prefix {name}: <{address}> ." for name, address in PREFIXES.items()]
    lines += [f"@prefix site: <urn:lowlift:{points.site}#> .", ""]
    lines += [f"site:site a brick:Site ;\n    rdfs:label {_text(points.title)} .", ""]
    lines += [f"site:plant a brick:HVAC_Equipment ;\n    rdfs:label {_text('cooling plant')} ;\n    brick:hasLocation site:site .", ""]
    lines += [f"site:device a bacnet:BACnetDevice ;\n    bacnet:device-instance {points.device_instance} .", ""]
    for p, a in zip(points.points, points.addresses, strict=True):
        facts = [f"a brick:{brick_class(p)}", f"rdfs:label {_text(a.label)}", f"rdfs:comment {_text(p.description)}",
                 "brick:isPointOf site:plant"]  # fmt: skip
        if p.kind is Kind.ANALOG:
            facts.append(f"brick:hasUnit unit:{codes(p.unit).qudt}")
        facts.append(
            f"ref:hasExternalReference [ a ref:BACnetReference ; bacnet:object-identifier {_text(a.bacnet.text)} ; "
            f"bacnet:object-name {_text(a.label)} ; bacnet:objectOf site:device ]"
        )
        lines += [f"site:{local(p.name)} " + " ;\n    ".join(facts) + " .", ""]
    return "\n".join(lines)


def brick_class(point: Point) -> str:
    """The class of a point."""
    quantity = QUANTITIES.get(point.unit, "")
    if point.name.startswith("alarm."):
        return "Alarm"
    if point.role is Role.MODE:
        return "Mode_Command"
    if "_set" in point.name and point.name.endswith((".cmd", ".fbk")):
        return f"{quantity}_Setpoint" if quantity else "Setpoint"
    if point.role is Role.COMMAND:
        return "On_Off_Command" if point.kind is Kind.BINARY else "Command"
    if point.kind is not Kind.ANALOG:
        return "On_Off_Status" if point.kind is Kind.BINARY else "Status"
    if point.name.startswith("P_"):
        return "Electric_Power_Sensor"
    return f"{quantity}_Sensor" if quantity else "Sensor"


def local(name: str) -> str:
    """A name as the local part of an address.

    >>> local("T_supply_set[1].cmd")
    'T_supply_set-1-cmd'
    """
    return re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-")


def _text(words: str) -> str:
    return json.dumps(words, ensure_ascii=False)
