"""What the panel commands: it is an operator's, and writes and releases the slot of one (*manual operator*, priority 8)."""

from collections.abc import Collection
from typing import Any

from lowlift.wire.image import HEARTBEAT, PointImage
from lowlift.wire.priorities import OPERATOR, Slot


def overruled(image: PointImage, names: Collection[str]) -> dict[str, Slot]:
    """Which of these commands are not as the panel has written them, since something above it is in force; and what that is."""
    top = {name: image.in_force(image.points.position(name)) for name in names}
    return {name: slot for name, slot in top.items() if slot is not None and slot.priority < OPERATOR}


def written(image: PointImage, names: Collection[str]) -> dict[str, Any]:
    """The answer to a write that has been taken: also who is in force where that is somebody else."""
    above = overruled(image, names)
    if not above:
        return {"ok": True}
    words = "; ".join(f"{name} waits: {slot.held} has {slot.value:.7g}" for name, slot in above.items())
    return {"ok": True, "overruled": {name: _record(slot) for name, slot in above.items()}, "words": words}


def released(image: PointImage, names: Collection[str]) -> dict[str, Any]:
    """The answer to a release: what is in force now; no holder where it is the default."""
    positions = {name: image.points.position(name) for name in names}
    return {"ok": True, "in_force": {
        name: _record(slot) if (slot := image.in_force(k)) is not None else {"value": image.value(k), "priority": None, "source": None}
        for name, k in positions.items()
    }}  # fmt: skip


def holders(image: PointImage) -> dict[str, list[dict[str, Any]]]:
    """Filled slots of every command that has some, the one in force first; the heartbeat is nobody's command."""
    points = image.points
    named = {points.points[int(k)].name: image.slots(int(k)) for k in points.writable if points.points[int(k)].signal != HEARTBEAT}
    return {name: [_record(slot) for slot in slots] for name, slots in named.items() if slots}


def _record(slot: Slot) -> dict[str, Any]:
    return {"value": slot.value, "priority": slot.priority, "source": slot.source}
