"""Intrinsic reporting in BACnet: which objects report events, the notification class, and who is told.

bacpypes3 finds the transitions: *out-of-range* of readings against the limits of the site, *change-of-state* of alarm points,
*change-of-reliability* of readings that are lost. Telling is done here, since the library (0.0.110) takes the priority and acknowledgement
of another transition, looks at one day of the week only, and neither regards what an object enables nor remembers what is to be
acknowledged (ASHRAE 135, 13.2).
"""

import datetime
import functools
import logging
from typing import Any

from bacpypes3.apdu import ConfirmedEventNotificationRequest, ErrorRejectAbortNack, UnconfirmedEventNotificationRequest
from bacpypes3.basetypes import DateTime, Destination, DeviceAddress, EventState, EventType, NotifyType, Recipient, Reliability, TimeStamp
from bacpypes3.errors import ExecutionError
from bacpypes3.local.event import ChangeOfStateEventAlgorithm, OutOfRangeEventAlgorithm
from bacpypes3.local.object import Object
from bacpypes3.object import NotificationClassObject
from bacpypes3.pdu import Address, GlobalBroadcast, LocalBroadcast, LocalStation, RemoteBroadcast, RemoteStation
from bacpypes3.primitivedata import Time, Unsigned

from lowlift.wire.bacnet_extras import NOTIFICATION_CLASS, NOTIFICATION_CLASS_NAME, NOTIFICATION_CLASS_TEXT, reports
from lowlift.wire.point import Kind, Point

logger = logging.getLogger(__name__)

DEADBAND = 0.2
"""How far a reading must come back from a limit before it is normal again (guess) [unit of the point]."""
PRIORITIES = (64, 128, 192)
"""To off-normal, to fault, to normal: of the groups of ASHRAE 135, annex M, urgent and normal ones."""
RECIPIENTS_MAX = 32
"""Longest recipient list: anybody may write it."""


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
        await tell(made, group, told)


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


async def tell(made: Any, group: int, parameters: dict[str, Any]) -> None:
    """Tell all recipients that want transitions of a group.

    Args:
        made: the object whose event it is.
        group: see :func:`group_of`.
        parameters: of the notification.
    """
    app, many, now = made._app, made._notification_class_object, datetime.datetime.now()
    for to in list(many.recipientList):
        if not (wanted(to, now) and to.transitions[group]):
            continue
        place = await _place(app, to.recipient)
        if place is None:
            logger.warning("bacnet: recipient %s of an event is not there", to.recipient.device)
            continue
        kind = ConfirmedEventNotificationRequest if to.issueConfirmedNotifications else UnconfirmedEventNotificationRequest
        request = kind(processIdentifier=to.processIdentifier, **parameters)
        request.pduDestination = place
        app.request(request).add_done_callback(functools.partial(_answered, place))


def wanted(to: Any, now: datetime.datetime) -> bool:
    """Whether a destination is valid at a time of its days and hours."""
    start, end = (datetime.time(t[0], t[1], t[2], min(t[3] * 10_000, 999_999)) for t in (to.fromTime, to.toTime))
    return bool(to.validDays[now.weekday()]) and start <= now.time() <= end


def _answered(place: Any, answer: Any) -> None:
    if not answer.cancelled() and isinstance(answer.exception(), ErrorRejectAbortNack):
        logger.warning("bacnet: %s does not take an event: %s", place, answer.exception())


async def _place(app: Any, recipient: Any) -> Any:
    if recipient.device:
        known = await app.device_info_cache.get_device_info(recipient.device[1])
        return known.address if known else None
    net, mac = recipient.address.networkNumber, recipient.address.macAddress
    if net == 0:
        return LocalStation(mac) if mac else LocalBroadcast()
    if net == 0xFFFF:
        return GlobalBroadcast()
    return RemoteStation(net, mac) if mac else RemoteBroadcast(net)


class NotificationClass(Object, NotificationClassObject):  # type: ignore[misc]
    """The one notification class; its recipient list is all of it that can be written."""

    async def write_property(self, attr: Any, value: Any, index: int | None = None, priority: int | None = None) -> None:
        """Replace the recipient list."""
        name = attr if isinstance(attr, str) else self._property_identifier_class(attr).attr
        if name != "recipientList" or index is not None:
            raise ExecutionError(errorClass="property", errorCode="writeAccessDenied")
        if len(value) > RECIPIENTS_MAX:
            raise ExecutionError(errorClass="resources", errorCode="noSpaceToWriteProperty")
        if any(r.recipient.device is None and r.recipient.address is None for r in value):
            raise ExecutionError(errorClass="property", errorCode="valueOutOfRange")
        await super().write_property("recipientList", value, index, priority)


def notification_class(recipients: list[str]) -> NotificationClass:
    """The notification class.

    Args:
        recipients: told from the beginning, unconfirmed: ``host:port``, or ``*`` for a local broadcast.

    Raises:
        ValueError: no address.
    """
    return NotificationClass(
        objectIdentifier=("notification-class", NOTIFICATION_CLASS), objectName=NOTIFICATION_CLASS_NAME,
        description=NOTIFICATION_CLASS_TEXT,
        notificationClass=NOTIFICATION_CLASS, priority=[Unsigned(p) for p in PRIORITIES], ackRequired=[1, 1, 0],
        recipientList=[destination(r) for r in recipients],
    )  # fmt: skip


def destination(where: str, *, process: int = 0, confirmed: bool = False) -> Destination:
    """An entry of a recipient list, for all transitions at all times.

    Args:
        where: ``host:port``, or ``*`` for a local broadcast.
        process: process identifier, which the recipient gets back.
        confirmed: whether it has to confirm.

    Raises:
        ValueError: no address.
    """
    address = DeviceAddress(networkNumber=0, macAddress=b"") if where == "*" else DeviceAddress(Address(where))
    return Destination(
        validDays=[1] * 7, fromTime=Time((0, 0, 0, 0)), toTime=Time((23, 59, 59, 99)), recipient=Recipient(address=address),
        processIdentifier=process, issueConfirmedNotifications=confirmed, transitions=[1, 1, 1],
    )  # fmt: skip


def acknowledgement(made: Any, group: int, state: Any) -> dict[str, Any]:
    """Parameters of the notification that an event has been acknowledged (ASHRAE 135, 13.5)."""
    many = made._notification_class_object
    return {
        "initiatingDeviceIdentifier": made._app.device_object.objectIdentifier, "eventObjectIdentifier": made.objectIdentifier,
        "timeStamp": TimeStamp(dateTime=DateTime.now()), "notificationClass": made.notificationClass, "priority": many.priority[group],
        "eventType": EventType.changeOfReliability if group == 1 else made._event_algorithm.event_type,
        "notifyType": NotifyType.ackNotification, "toState": state,
    }  # fmt: skip
