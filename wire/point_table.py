"""Points as plain data: nested, as JSON shows them, and flat, as CSV does."""

from collections.abc import Mapping
from typing import Any

from lowlift.wire.addresses import Address
from lowlift.wire.point import Point
from lowlift.wire.point_list import PointList


def entry(points: PointList, point: Point, at: Address) -> dict[str, Any]:
    """One point as plain data; ``address`` counts from 0, null where nothing is known or nothing applies."""
    return {
        "name": point.name, "label": at.label, "description": point.description, "kind": point.kind.value, "role": point.role.value,
        "unit": point.unit, "low": point.low, "high": point.high, "alarm_low": point.alarm_low, "alarm_high": point.alarm_high,
        "rate_per_min": point.rate_per_min, "default": point.default, "fallback": point.fallback,
        "writable": point.writable, "whole": point.whole, "states": list(point.states), "feedback": point.feedback or None,
        "modbus": {
            "unit_id": points.unit_id, "table": at.modbus.table.value, "address": at.modbus.address,
            "count": at.modbus.encoding.registers, "encoding": at.modbus.encoding.value, "scale": at.modbus.scale,
            "word_order": points.word_order.value if at.modbus.encoding.registers > 1 else None,
        },
        "bacnet": {"device_instance": points.device_instance, "object_type": at.bacnet.object_type, "instance": at.bacnet.instance},
        "opcua": {"node": at.opcua.node, "path": list(at.opcua.path)},
    }  # fmt: skip


def entries(points: PointList) -> list[dict[str, Any]]:
    """All points as plain data."""
    return [entry(points, p, a) for p, a in zip(points.points, points.addresses, strict=True)]


def flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """One point as a row of a table; columns of addresses carry their protocol, states and paths are joined by ``|``."""
    row: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, Mapping):
            row |= {f"{key}_{inner}": v for inner, v in value.items()}
        else:
            row[key] = value
    return {k: "|".join(v) if isinstance(v, list) else _cell(v) for k, v in row.items()}


def _cell(value: Any) -> Any:
    return ("yes" if value else "no") if isinstance(value, bool) else value
