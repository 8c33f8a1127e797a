"""Who is told of events in BACnet: the notification class with its recipient list, days and hours, and devices that are looked for.

A recipient is an address, or the instance of a device, whose address its *I-Am* says. One that is not known is asked for by *Who-Is*, not
more often than twice a minute, and told once it has answered (ASHRAE 135, 12.21 and 13.4). bacpypes3 (0.0.110) knows only devices that have
answered a *Who-Is* of its own.
"""

import asyncio
import collections
import datetime
import functools
import logging
from typing import Any

from bacpypes3.apdu import (
    AbortPDU,
    AbortReason,
    ConfirmedEventNotificationRequest,
    ErrorRejectAbortNack,
    UnconfirmedEventNotificationRequest,
    WhoIsRequest,
)
from bacpypes3.basetypes import Destination, DeviceAddress, Recipient
from bacpypes3.errors import ExecutionError
from bacpypes3.local.object import Object
from bacpypes3.object import NotificationClassObject
from bacpypes3.pdu import Address, GlobalBroadcast, LocalBroadcast, LocalStation, RemoteBroadcast, RemoteStation
from bacpypes3.primitivedata import ObjectIdentifier, ObjectType, Time, Unsigned

from lowlift.wire.bacnet_dates import first_moment, is_time, last_moment
from lowlift.wire.bacnet_extras import NOTIFICATION_CLASS, NOTIFICATION_CLASS_NAME, NOTIFICATION_CLASS_TEXT

logger = logging.getLogger(__name__)

PRIORITIES = (64, 128, 192)
"""To off-normal, to fault, to normal: of the groups of ASHRAE 135, annex M, urgent and normal ones."""
RECIPIENTS_MAX = 32
"""Longest recipient list: anybody may write it."""
ASK_EVERY = 30.0
"""Least time between two *Who-Is* for one device [s]."""
UNTOLD_MAX = 100
"""Events that wait for one device; the oldest are dropped."""
IP_OCTETS = 6
"""Of an address on this network: IPv4 address and port."""


class RecipientServices:
    """Telling, and learning where devices are; for an ``Application`` to inherit from first."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._places: dict[int, Any] = {}
        """Where devices of the recipient list are, by instance."""
        self._untold: dict[int, collections.deque[tuple[Any, dict[str, Any]]]] = {}
        """What those of them that are not known are to be told."""
        self._warned: set[int] = set()
        self._asked: dict[int, asyncio.TimerHandle] = {}
        """Asked for, and when that may be done again."""

    def tell(self, many: Any, group: int, parameters: dict[str, Any]) -> None:
        """Tell all recipients that want transitions of a group.

        Args:
            many: the notification class.
            group: see :func:`lowlift.wire.bacnet_events.group_of`.
            parameters: of the notification.
        """
        now = datetime.datetime.now()
        self._forget_devices(_instances(many))
        for to in list(many.recipientList):
            # One that cannot be told must not silence the others.
            try:
                if wanted(to, now) and to.transitions[group]:
                    self._tell_one(to, parameters)
            except Exception:
                logger.exception("bacnet: recipient %s %s of an event cannot be told", to.recipient.device, to.recipient.address)

    async def do_IAmRequest(self, apdu: Any) -> None:
        """Learn where a device of the recipient list is, and tell it what has waited for it."""
        await super().do_IAmRequest(apdu)  # type: ignore[misc]
        kind, instance = apdu.iAmDeviceIdentifier
        many = self.get_object_id(ObjectIdentifier(("notification-class", NOTIFICATION_CLASS)))  # type: ignore[attr-defined]
        if kind != ObjectType.device or many is None or instance not in _instances(many):
            return
        self._places[instance] = apdu.pduSource
        for to, parameters in self._untold.pop(instance, ()):
            self._send_event(apdu.pduSource, to, parameters)

    def close(self) -> None:
        """Close, and ask for nobody any more."""
        for handle in self._asked.values():
            handle.cancel()
        for table in (self._places, self._untold, self._asked):
            table.clear()
        super().close()  # type: ignore[misc]

    def _forget_devices(self, named: set[int]) -> None:
        self._warned &= named
        for table in (self._places, self._untold):
            for instance in [known for known in table if known not in named]:
                del table[instance]

    def _tell_one(self, to: Any, parameters: dict[str, Any]) -> None:
        instance = None if to.recipient.device is None else int(to.recipient.device[1])
        place = _place(to.recipient.address) if instance is None else self._places.get(instance)
        if place is None and instance is not None:
            self._untold.setdefault(instance, collections.deque(maxlen=UNTOLD_MAX)).append((to, parameters))
            self._look_for(instance)
        else:
            self._send_event(place, to, parameters)

    def _look_for(self, instance: int) -> None:
        if instance in self._asked:
            return
        if instance not in self._warned:
            self._warned.add(instance)
            logger.warning("bacnet: recipient device,%d of an event is not known: asked for until it answers", instance)
        self._asked[instance] = asyncio.get_running_loop().call_later(ASK_EVERY, self._look_again, instance)
        self.request(WhoIsRequest(  # type: ignore[attr-defined]
            deviceInstanceRangeLowLimit=instance, deviceInstanceRangeHighLimit=instance, destination=GlobalBroadcast(),
        ))  # fmt: skip

    def _look_again(self, instance: int) -> None:
        del self._asked[instance]
        if instance in self._untold:
            self._look_for(instance)

    def _send_event(self, place: Any, to: Any, parameters: dict[str, Any]) -> None:
        kind = ConfirmedEventNotificationRequest if to.issueConfirmedNotifications else UnconfirmedEventNotificationRequest
        request = kind(processIdentifier=to.processIdentifier, **parameters)
        request.pduDestination = place
        self.request(request).add_done_callback(functools.partial(self._event_answered, place))  # type: ignore[attr-defined]

    def _event_answered(self, place: Any, answer: Any) -> None:
        error = None if answer.cancelled() else answer.exception()
        if not isinstance(error, ErrorRejectAbortNack):
            return
        logger.warning("bacnet: %s does not take an event: %s", place, error)
        if isinstance(error, AbortPDU) and error.apduAbortRejectReason == AbortReason.noResponse:
            # A device may have moved: it is looked for when the next event comes.
            self._places = {instance: known for instance, known in self._places.items() if known != place}


def wanted(to: Any, now: datetime.datetime) -> bool:
    """Whether a destination is valid at a time of its days and hours; a field of the hours that is left open bounds nothing."""
    clock = (now.hour, now.minute, now.second, now.microsecond // 10_000)
    return bool(to.validDays[now.weekday()]) and first_moment(to.fromTime) <= clock <= last_moment(to.toTime)


def _instances(many: Any) -> set[int]:
    return {int(to.recipient.device[1]) for to in many.recipientList if to.recipient.device is not None}


def _place(address: Any) -> Any:
    net, mac = address.networkNumber, address.macAddress
    if net == 0:
        return LocalStation(mac) if mac else LocalBroadcast()
    if net == 0xFFFF:
        return GlobalBroadcast()
    return RemoteStation(net, mac) if mac else RemoteBroadcast(net)


class NotificationClass(Object, NotificationClassObject):  # type: ignore[misc]
    """The one notification class; its recipient list is all of it that can be written."""

    async def write_property(self, attr: Any, value: Any, index: int | None = None, priority: int | None = None) -> None:
        """Replace the recipient list.

        Raises:
            ExecutionError: another property, too many recipients, or one that is nobody at any time.
        """
        name = attr if isinstance(attr, str) else self._property_identifier_class(attr).attr
        if name != "recipientList" or index is not None:
            raise ExecutionError(errorClass="property", errorCode="writeAccessDenied")
        if len(value) > RECIPIENTS_MAX:
            raise ExecutionError(errorClass="resources", errorCode="noSpaceToWriteProperty")
        if not all(_is_somebody(to.recipient) and _is_sometime(to) for to in value):
            raise ExecutionError(errorClass="property", errorCode="valueOutOfRange")
        await super().write_property("recipientList", value, index, priority)


def _is_somebody(recipient: Any) -> bool:
    if recipient.device is not None:
        return bool(recipient.device[0] == ObjectType.device)
    address = recipient.address
    return address is not None and (address.networkNumber != 0 or len(address.macAddress) in (0, IP_OCTETS))


def _is_sometime(to: Any) -> bool:
    return all(is_time(t, wild=True) for t in (to.fromTime, to.toTime))


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
