"""Intrinsic reporting in BACnet: which objects report events, and what is told of them.

bacpypes3 finds the transitions: *out-of-range* of readings against the limits of the site, *change-of-state* of alarm points,
*change-of-reliability* of readings that are lost and of alarms that these may hide. Telling is done here, since the library (0.0.110) takes
the priority and acknowledgement of another transition, looks at one day of the week only, and neither regards what an object enables nor
remembers what is to be acknowledged (ASHRAE 135, 13.2). Who is told is in :mod:`lowlift.wire.bacnet_recipients`.
"""

from typing import Any

from bacpypes3.basetypes import DateTime, EventState, EventType, NotifyType, Reliability, TimeStamp
from bacpypes3.local.event import ChangeOfStateEventAlgorithm, OutOfRangeEventAlgorithm
from bacpypes3.primitivedata import Time

from lowlift.wire.bacnet_extras import NOTIFICATION_CLASS, reports
from lowlift.wire.point import Kind, Point

DEADBAND = 0.2
"""How far a reading must come back from a limit before it is normal again (guess) [unit of the point]."""


def group_of(state: Any) -> int:
    """Index of an event state in arrays of transitions: 0 off-normal, 1 fault, 2 normal."""
    return {EventState.normal: 2, EventState.fault: 1}.get(state, 0)


def event_settings(point: Point) -> dict[str, Any]:
    """Properties of the object of a point that reports events; none for others."""
    if not reports(point):
        return {}
    never = [TimeStamp(time=Time((255, 255, 255, 255))) for _ in range(3)]
    settings: dict[str, Any] = {
        "notificationClass": NOTIFICATION_CLASS, "eventEnable": [1, 1, 1], "ackedTransitions": [1, 1, 1], "notifyType": "alarm",
        "eventTimeStamps": never, "eventDetectionEnable": True, "timeDelay": 0,
    }  # fmt: skip
    if point.kind is Kind.BINARY:
        return settings | {"alarmValue": "active"}
    low, high = point.alarm_low, point.alarm_high
    # The limit that is not enabled needs a value all the same.
    return settings | {
        "lowLimit": low if low is not None else point.low or 0.0, "highLimit": high if high is not None else point.high or 0.0,
        "limitEnable": [int(low is not None), int(high is not None)], "deadband": DEADBAND,
    }  # fmt: skip


def watch(made: Any, point: Point) -> None:
    """Let the object of a point report its events."""
    if reports(point):
        made._event_algorithm = (_ChangeOfState if point.kind is Kind.BINARY else _OutOfRange)(None, made)


def look(made: Any) -> None:
    """Evaluate an object that reports once, for what has been so from the beginning."""
    if made._event_algorithm is not None:
        made._event_algorithm._execute()


class _Telling:
    """Told by the library of a transition that has happened; see the head of this file."""

    monitored_object: Any
    _seen: Any = Reliability.noFaultDetected

    def _execute(self) -> None:
        """Evaluate; the library overlooks that a reading is lost where something else has changed just before."""
        now = self.monitored_object.reliability
        if now != self._seen:
            self._what_changed["pCurrentReliability"] = (self._seen, now)  # type: ignore[attr-defined]
        self._seen = now
        super()._execute()  # type: ignore[misc]

    async def send_notifications(self, notification_parameters: dict[str, Any]) -> None:
        """Stamp, remember what is to be acknowledged, and tell who wants to know."""
        made = self.monitored_object
        group, many = group_of(notification_parameters["toState"]), made._notification_class_object
        stamp = TimeStamp(dateTime=DateTime.now())
        must = bool(many.ackRequired[group])
        made.eventTimeStamps[group] = stamp
        made.ackedTransitions[group] = int(not must)
        if not made.eventEnable[group]:
            return
        told = notification_parameters | {
            "timeStamp": stamp, "priority": many.priority[group], "ackRequired": must, "messageText": _text(made),
        }  # fmt: skip
        made._app.tell(many, group, told)


class _OutOfRange(_Telling, OutOfRangeEventAlgorithm):  # type: ignore[misc]
    _what_changed: dict[str, Any]

    def _execute(self) -> None:
        """Evaluate, unless a healthy reading has moved between its limits: the library takes 0.3 ms to find that nothing has happened."""
        now = vars(self.monitored_object)
        if (
            now["eventState"] == EventState.normal and now["reliability"] == self._seen == Reliability.noFaultDetected
            and self._what_changed.keys() <= {"pMonitoredValue"} and self._between(now["presentValue"])
        ):  # fmt: skip
            self._execute_handle, self._what_changed = None, {}
            return
        super()._execute()

    def _between(self, value: float) -> bool:
        point: Point = self.monitored_object._point
        return (point.alarm_low is None or value >= point.alarm_low) and (point.alarm_high is None or value <= point.alarm_high)


class _ChangeOfState(_Telling, ChangeOfStateEventAlgorithm):  # type: ignore[misc]
    pass


def _text(made: Any) -> str:
    point: Point = made._point
    value = point.states[int(made.presentValue)] if point.kind is Kind.BINARY else f"{made.presentValue:.6g} {point.unit}"
    lost = " (lost)" if str(made.reliability) != "no-fault-detected" else ""
    return f"{point.name}: {value}{lost}, {point.description}"


def acknowledgement(made: Any, group: int, state: Any) -> dict[str, Any]:
    """Parameters of the notification that an event has been acknowledged (ASHRAE 135, 13.5)."""
    many = made._notification_class_object
    return {
        "initiatingDeviceIdentifier": made._app.device_object.objectIdentifier, "eventObjectIdentifier": made.objectIdentifier,
        "timeStamp": TimeStamp(dateTime=DateTime.now()), "notificationClass": made.notificationClass, "priority": many.priority[group],
        "eventType": EventType.changeOfReliability if group == 1 else made._event_algorithm.event_type,
        "notifyType": NotifyType.ackNotification, "toState": state,
    }  # fmt: skip
