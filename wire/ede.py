"""BACnet Engineering Data Exchange, layout 2.3 of the BACnet Interest Group Europe: a table of objects, and one of state texts."""

import csv
import io

from lowlift.wire.point import Kind
from lowlift.wire.point_list import PointList
from lowlift.wire.units import codes

OBJECT_CODES = {
    "analog-input": 0, "analog-output": 1, "analog-value": 2, "binary-input": 3, "binary-output": 4, "binary-value": 5, "device": 8,
    "multi-state-input": 13, "multi-state-output": 14, "multi-state-value": 19,
}  # fmt: skip
"""BACnetObjectType (ASHRAE 135, clause 21)."""
COLUMNS = (
    "# keyname", "device obj.-instance", "object-name", "object-type", "object-instance", "description", "present-value-default",
    "min-present-value", "max-present-value", "settable", "supports COV", "hi-limit", "low-limit", "state-text-reference", "unit-code",
    "vendor-specific-address",
)  # fmt: skip
MANDATORY = 5


def ede_text(points: PointList) -> str:
    """The table of objects, the device first."""
    texts = _states(points)
    rows: list[list[object]] = [
        ["# Engineering-Data-Exchange - B.I.G.-EU"], ["PROJECT_NAME", points.site], ["VERSION_OF_REFERENCEFILE", 1],
        ["TIMESTAMP_OF_LAST_CHANGE", ""], ["AUTHOR_OF_LAST_CHANGE", "lowlift"], ["VERSION_OF_LAYOUT", "2.3"],
        ["#mandatory", *["mandatory"] * (MANDATORY - 1), *["optional"] * (len(COLUMNS) - MANDATORY)], list(COLUMNS),
        [points.site, points.device_instance, points.site, OBJECT_CODES["device"], points.device_instance, points.title,
         *[""] * 3, "N", "N", *[""] * 5],
    ]  # fmt: skip
    for p, a in zip(points.points, points.addresses, strict=True):
        analog = p.kind is Kind.ANALOG
        rows.append(
            [
                f"{points.site}.{p.name}",
                points.device_instance,
                a.label,
                OBJECT_CODES[a.bacnet.object_type],
                a.bacnet.instance,
                p.description,
                _shown(p.default),
                _shown(p.low) if analog else "",
                _shown(p.high) if analog else "",
                "Y" if p.writable else "N",
                "Y",
                *["", ""],
                texts[p.states] if p.states else "",
                codes(p.unit).bacnet_code if analog else "",
                "",
            ]
        )
    return _written(rows)


def state_texts(points: PointList) -> str:
    """The table of state texts, by reference number."""
    texts = _states(points)
    widest = max((len(states) for states in texts), default=0)
    head = ["# Reference Number", "Text 1 or Inactive-Text", "Text 2 or Active-Text", *(f"Text {k}" for k in range(3, widest + 1))]
    rows: list[list[object]] = [["#State Text Reference"], list(head)]
    rows += [[number, *states, *[""] * (widest - len(states))] for states, number in texts.items()]
    return _written(rows)


def _states(points: PointList) -> dict[tuple[str, ...], int]:
    distinct = dict.fromkeys(p.states for p in points.points if p.states)
    return {states: number for number, states in enumerate(distinct, 1)}


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if value == round(value, 3) else repr(value)


def _written(rows: list[list[object]]) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerows(rows)
    return out.getvalue()
