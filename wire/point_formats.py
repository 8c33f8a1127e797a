"""Point lists for integrators: JSON, CSV, BACnet EDE, Project Haystack (Zinc), Brick (Turtle)."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

from lowlift.data.hints import hint
from lowlift.wire.addresses import Address
from lowlift.wire.brick import brick_text
from lowlift.wire.ede import ede_text
from lowlift.wire.haystack import haystack_text
from lowlift.wire.point import Point
from lowlift.wire.point_list import PointList


class FormatError(ValueError):
    """An unknown format; the message lists near ones."""


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


def json_text(points: PointList) -> str:
    """Exactly one list."""
    return json.dumps(entries(points), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def csv_text(points: PointList) -> str:
    """One row a point; columns of addresses carry their protocol, states are joined by ``|``."""
    rows = []
    for record in entries(points):
        flat: dict[str, Any] = {}
        for key, value in record.items():
            if isinstance(value, Mapping):
                flat |= {f"{key}_{inner}": v for inner, v in value.items()}
            else:
                flat[key] = value
        rows.append({k: "|".join(v) if isinstance(v, list) else _cell(v) for k, v in flat.items()})
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _cell(value: Any) -> Any:
    return ("yes" if value else "no") if isinstance(value, bool) else value


FORMATS: dict[str, Callable[[PointList], str]] = {
    "json": json_text, "csv": csv_text, "ede": ede_text, "haystack": haystack_text, "brick": brick_text,
}  # fmt: skip


def point_text(points: PointList, form: str) -> str:
    """A point list in one of :data:`FORMATS`.

    Raises:
        FormatError: there is none of that name.
    """
    if form not in FORMATS:
        raise FormatError(f"unknown format {form!r}; {hint(form, FORMATS)}")
    return FORMATS[form](points)
