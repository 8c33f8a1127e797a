"""What clients of others are asked to do with a served plant, and what must come of it; see ``independent_clients``."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from lowlift.hil.served_plant import ServedPlant
from lowlift.wire.point import Kind, Point
from lowlift.wire.units import codes

REFUSED = {
    "modbus": {"range": "Illegal data value", "nan": "Illegal data value", "read-only": "Illegal data address",
               "unknown": "Illegal data address"},
    "bacnet": {"range": "VALUE_OUT_OF_RANGE", "nan": "VALUE_OUT_OF_RANGE", "read-only": "WRITE_ACCESS_DENIED", "unknown": "UNKNOWN_OBJECT",
               "type": "Reason:4"},
    "opcua": {"range": "BadOutOfRange", "nan": "BadOutOfRange", "read-only": "BadNotWritable", "unknown": "BadNodeIdUnknown",
              "type": "BadTypeMismatch"},
}  # fmt: skip
"""What each protocol answers to a write that must be refused; reason 4 of a BACnet reject is *invalid-tag*."""


def plan(listed: Sequence[dict[str, Any]], protocol: str) -> list[dict[str, Any]]:
    """Writes: every command and mode once within its range, then what must be refused."""
    by_name = {p["name"]: p for p in listed}
    writes: list[dict[str, Any]] = []
    for p in listed:
        if p["writable"] and p["name"] != "heartbeat.cmd":
            writes.append({"point": p, "value": inside(p), "expect": "good"})
    setpoint = next(p for p in listed if p["name"].endswith(".cmd") and p["kind"] == "analog")
    mode = next(p for p in listed if p["kind"] == "multistate" and p["writable"])
    unknown = setpoint | {
        "bacnet": setpoint["bacnet"] | {"instance": 4000}, "opcua": {"node": "nobody/knows"},
        "modbus": setpoint["modbus"] | {"address": 9000},
    }  # fmt: skip
    beyond = setpoint["high"] + (setpoint["high"] - setpoint["low"])
    writes += [
        {"point": setpoint, "value": beyond, "expect": "range"}, {"point": setpoint, "value": "nan", "expect": "nan"},
        {"point": mode, "value": 9, "expect": "range"}, {"point": by_name["elapsed"], "value": 1.0, "expect": "read-only"},
        {"point": unknown, "value": setpoint["default"], "expect": "unknown"},
    ]  # fmt: skip
    if protocol != "modbus":
        writes.append({"point": setpoint, "value": "warm", "type": "string", "expect": "type"})
    return writes


def inside(p: dict[str, Any]) -> float:
    """A value that a point takes, another one than its default where it can be."""
    if p["kind"] == "binary":
        return 1 - int(p["default"] or 0) if p["name"] != "remote_enable.cmd" else 1
    if p["kind"] == "multistate":
        return 3 if p["default"] == 1 else 1
    value = p["low"] + 0.375 * (p["high"] - p["low"])
    return round(value) if p["whole"] else float(np.float32(value))


def judged(protocol: str, plant: ServedPlant, got: dict[str, Any], writes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Compare what a client got with what it should; everything that differs is listed."""
    points, wrong = plant.image.points, []
    for k, (p, at) in enumerate(zip(points.points, points.addresses, strict=True)):
        seen = got["read"].get(p.name)
        if seen is None:
            wrong.append(f"{p.name}: not read")
            continue
        true = float(got["values"][k])
        if not np.isclose(float(seen["value"]), true, rtol=2e-5 if protocol == "modbus" else 2e-7, atol=1e-9):
            wrong.append(f"{p.name}: read {seen['value']}, is {true}")
        wrong += [f"{p.name}: {text}" for text in CHECKS[protocol](p, at.label, seen)]
    taken = refused = 0
    for step, answer in zip(writes, got["written"], strict=True):
        name, expect = step["point"]["name"], step["expect"]
        if expect == "good":
            ok = answer["answer"].lower() == "good" and np.isclose(float(answer["after"]), float(step["value"]), rtol=2e-5, atol=1e-9)
            taken += int(ok)
        else:
            ok = REFUSED[protocol][expect] in answer["answer"]
            refused += int(ok)
        if not ok:
            wrong.append(f"{name} = {step['value']}: {answer}, expected {expect}")
    return {
        "plant": points.site, "protocol": protocol, "points": len(points), "read": len(got["read"]), "taken": taken, "refused": refused,
        "writes": len(writes), "wrong": wrong, **got.get("also", {}),
    }  # fmt: skip


def _modbus(p: Point, label: str, seen: dict[str, Any]) -> Iterator[str]:
    return iter(())


def _bacnet(p: Point, label: str, seen: dict[str, Any]) -> Iterator[str]:
    if seen["label"] != label:
        yield f"name {seen['label']!r}, is {label!r}"
    if p.kind is Kind.ANALOG and seen["unit"] != codes(p.unit).bacnet_code:
        yield f"unit {seen['unit']}, is {codes(p.unit).bacnet_code}"
    states = [seen.get("inactive"), seen.get("active")] if p.kind is Kind.BINARY else seen.get("states", [])
    if p.kind is not Kind.ANALOG and list(states) != list(p.states):
        yield f"states {states}, are {p.states}"


def _opcua(p: Point, label: str, seen: dict[str, Any]) -> Iterator[str]:
    if p.kind is Kind.ANALOG and seen.get("unit") != codes(p.unit).opcua_id:
        yield f"unit {seen.get('unit')}, is {codes(p.unit).opcua_id}"
    span = None if p.kind is not Kind.ANALOG or p.low is None or p.high is None else [p.low, p.high]
    if seen.get("range") != span:
        yield f"range {seen.get('range')}, is {span}"
    states = [seen.get("FalseState"), seen.get("TrueState")] if p.kind is Kind.BINARY else seen.get("states", [])
    if p.kind is not Kind.ANALOG and list(states) != list(p.states):
        yield f"states {states}, are {p.states}"


CHECKS: dict[str, Callable[[Point, str, dict[str, Any]], Iterator[str]]] = {"modbus": _modbus, "bacnet": _bacnet, "opcua": _opcua}
