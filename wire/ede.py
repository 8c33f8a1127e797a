"""BACnet Engineering Data Exchange, layout 2.3 of the BACnet Interest Group Europe: a table of objects, and one of state texts.

Limits are those against which an object reports events. What an object does not have is left empty.
"""

import csv
import io
from collections.abc import Mapping

from lowlift.wire.bacnet_extras import (
    NOTIFICATION_CLASS,
    NOTIFICATION_CLASS_NAME,
    NOTIFICATION_CLASS_TEXT,
    PORT,
    PORT_NAME,
    check_names,
    log_instances,
    log_name,
    log_text,
    reports,
    schedule_instances,
    schedule_name,
)  # fmt: skip
from lowlift.wire.point import Kind
from lowlift.wire.point_list import PointList
from lowlift.wire.units import codes

OBJECT_CODES = {
    "analog-input": 0, "analog-output": 1, "analog-value": 2, "binary-input": 3, "binary-output": 4, "binary-value": 5, "device": 8,
    "multi-state-input": 13, "multi-state-output": 14, "notification-class": 15, "schedule": 17, "multi-state-value": 19,
    "trend-log": 20, "network-port": 56,
}  # fmt: skip
"""BACnetObjectType (ASHRAE 135, clause 21)."""
COLUMNS = (
    "# keyname", "device obj.-instance", "object-name", "object-type", "object-instance", "description", "present-value-default",
    "min-present-value", "max-present-value", "settable", "supports COV", "hi-limit", "low-limit", "state-text-reference", "unit-code",
    "vendor-specific-address", "notification-class",
)  # fmt: skip
MANDATORY = 5


def ede_text(points: PointList, *, schedules: bool = False) -> str:
    """The table of objects, the device first; with the Schedule objects that a device has on demand.

    Raises:
        ServeError: a point is called like a Schedule object.
    """
    if schedules:
        check_names(points)
    texts = _states(points)
    rows: list[list[object]] = [
        ["# Engineering-Data-Exchange - B.I.G.-EU"], ["PROJECT_NAME", points.site], ["VERSION_OF_REFERENCEFILE", 1],
        ["TIMESTAMP_OF_LAST_CHANGE", ""], ["AUTHOR_OF_LAST_CHANGE", "lowlift"], ["VERSION_OF_LAYOUT", "2.3"],
        ["#mandatory", *["mandatory"] * (MANDATORY - 1), *["optional"] * (len(COLUMNS) - MANDATORY)], list(COLUMNS),
    ]  # fmt: skip
    rows.append(_row(points, "", points.site, "device", points.device_instance, points.title))
    rows.append(_row(points, f".{PORT_NAME}", PORT_NAME, "network-port", PORT, ""))
    for p, a in zip(points.points, points.addresses, strict=True):
        analog, alarmed = p.kind is Kind.ANALOG, reports(p)
        own: dict[str, object] = {
            "present-value-default": _shown(p.default), "settable": "Y" if p.writable else "N", "supports COV": "Y",
            "min-present-value": _shown(p.low) if analog else "", "max-present-value": _shown(p.high) if analog else "",
            "hi-limit": _shown(p.alarm_high) if alarmed else "", "low-limit": _shown(p.alarm_low) if alarmed else "",
            "state-text-reference": texts[p.states] if p.states else "", "unit-code": codes(p.unit).bacnet_code if analog else "",
            "notification-class": NOTIFICATION_CLASS if alarmed else "",
        }  # fmt: skip
        rows.append(_row(points, f".{p.name}", a.label, a.bacnet.object_type, a.bacnet.instance, p.description, own))
    name, own = NOTIFICATION_CLASS_NAME, {"notification-class": NOTIFICATION_CLASS}
    rows.append(_row(points, f".{name}", name, "notification-class", NOTIFICATION_CLASS, NOTIFICATION_CLASS_TEXT, own))
    for k, instance in log_instances(points.points).items():
        p, a = points.points[k], points.addresses[k]
        rows.append(_row(points, f".{log_name(p.name)}", log_name(a.label), "trend-log", instance, log_text(p)))
    for k, instance in schedule_instances(points.points).items() if schedules else ():
        name = schedule_name(points.points[k])
        rows.append(_row(points, f".{name}.schedule", name, "schedule", instance, ""))
    return _written(rows)


def _row(
    points: PointList, key: str, label: str, kind: str, instance: int, text: str, own: Mapping[str, object] | None = None,
) -> list[object]:  # fmt: skip
    """One object: what all have, and what only this one has, by column."""
    cells: dict[str, object] = dict.fromkeys(COLUMNS, "") | {"settable": "N", "supports COV": "N"} | dict(own or {})
    first = [f"{points.site}{key}", points.device_instance, label, OBJECT_CODES[kind], instance, text]
    return [*first, *list(cells.values())[len(first) :]]


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
