"""Services that bacpypes3 (0.0.110) leaves to its users: *ReadRange*, *AcknowledgeAlarm*, *GetEventInformation*.

Writing is in :mod:`lowlift.wire.bacnet_writes`, subscribing in :mod:`lowlift.wire.bacnet_cov`, telling of events in
:mod:`lowlift.wire.bacnet_recipients`.
"""

import asyncio
import logging
from typing import Any

from bacpypes3.apdu import (
    AbortPDU,
    AbortReason,
    ConfirmedRequestPDU,
    GetEventInformationACK,
    GetEventInformationRequest,
    ReadPropertyMultipleRequest,
    ReadPropertyRequest,
    ReadRangeACK,
    ReadRangeRequest,
    SimpleAckPDU,
    decode_max_apdu_length_accepted,
)
from bacpypes3.app import Application
from bacpypes3.basetypes import EventState, GetEventInformationEventSummary, LogRecord, ResultFlags
from bacpypes3.constructeddata import Any as AnyValue
from bacpypes3.constructeddata import List, SequenceOf
from bacpypes3.errors import ExecutionError
from bacpypes3.primitivedata import ObjectIdentifier

from lowlift.wire.bacnet_cov import CovServices
from lowlift.wire.bacnet_events import acknowledgement, group_of
from lowlift.wire.bacnet_recipients import RecipientServices
from lowlift.wire.bacnet_trends import RECORD_BYTES, REPLY_BYTES, TrendLog, span
from lowlift.wire.bacnet_writes import CLIENT, WriteServices

logger = logging.getLogger(__name__)

ITEM_BYTES = 72
"""Most that one item of a list takes: of active subscriptions 56, of recipients 50, with addresses of six bytes."""
SUMMARY_BYTES = 72
"""Most that one event summary takes: identifier 5, state 2, bits 6, time stamps 40, type 2, priorities 11."""
OURS = 1476
"""Longest APDU of BACnet/IP."""
ANY_DEVICE = ObjectIdentifier(("device", 4_194_303))
"""Whoever does not know the instance of a device asks for this one (ASHRAE 135, 15.5.2)."""
UNANSWERED_MAX = 200
"""Requests on the way to one client; there are 256 numbers for them."""


def room(apdu: Any, each: int) -> int:
    """How many items of ``each`` bytes the client takes in one unsegmented answer; at least one."""
    longest = min(decode_max_apdu_length_accepted(apdu.apduMaxResp), OURS)
    return max((longest - REPLY_BYTES) // each, 1)


class PlantApplication(WriteServices, CovServices, RecipientServices, Application):  # type: ignore[misc]
    """The library's application with these services, and without those of clients, which nothing here is."""

    do_ConfirmedCOVNotificationRequest = do_UnconfirmedCOVNotificationRequest = None

    def request(self, apdu: Any) -> Any:
        """Send a request, unless too many wait for an answer of this client: the library would look for a free number for ever."""
        if isinstance(apdu, ConfirmedRequestPDU) and len(self._requests.get(apdu.pduDestination, ())) >= UNANSWERED_MAX:
            full: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            full.set_exception(AbortPDU(reason=AbortReason.outOfResources))
            return full
        return super().request(apdu)

    async def do_ReadPropertyRequest(self, apdu: ReadPropertyRequest) -> None:
        """Read one property; of instance 4194303 that of the device, whichever it is, which the library overlooks."""
        apdu.objectIdentifier = self._meant(apdu.objectIdentifier)
        await super().do_ReadPropertyRequest(apdu)

    async def do_ReadPropertyMultipleRequest(self, apdu: ReadPropertyMultipleRequest) -> None:
        """Read properties of several objects likewise."""
        for spec in apdu.listOfReadAccessSpecs:
            spec.objectIdentifier = self._meant(spec.objectIdentifier)
        await super().do_ReadPropertyMultipleRequest(apdu)

    def _meant(self, asked: Any) -> Any:
        return self.device_object.objectIdentifier if asked == ANY_DEVICE else asked

    async def indication(self, apdu: Any) -> None:
        """Answer a request; whatever it writes is held by who has sent it."""
        CLIENT.set(f"bacnet {apdu.pduSource}")
        await super().indication(apdu)

    async def do_ReadRangeRequest(self, apdu: ReadRangeRequest) -> None:
        """Answer with as many records of a trend log, or items of a list, as fit.

        Raises:
            ExecutionError: no such object or property, not a list, or a range that is none.
        """
        made, prop = self.get_object_id(apdu.objectIdentifier), apdu.propertyIdentifier
        if made is None:
            raise ExecutionError(errorClass="object", errorCode="unknownObject")
        if isinstance(made, TrendLog) and str(prop) == "log-buffer":
            if apdu.propertyArrayIndex is not None:
                raise ExecutionError(errorClass="property", errorCode="propertyIsNotAnArray")
            records, flags, first = made.select(apdu.range, room(apdu, RECORD_BYTES))
            items: Any = SequenceOf(LogRecord)(records)
        else:
            items, flags = await _part(made, prop, apdu)
            first = None
        answer = ReadRangeACK(
            objectIdentifier=apdu.objectIdentifier, propertyIdentifier=prop, resultFlags=flags, itemCount=len(items),
            itemData=AnyValue(items), firstSequenceNumber=first, context=apdu,
        )  # fmt: skip
        await self.response(answer)

    async def do_GetEventInformationRequest(self, apdu: GetEventInformationRequest) -> None:
        """List objects that are not normal, or that wait to be acknowledged."""
        found = [o for o in self.objectIdentifier.values() if o._event_algorithm is not None and _matters(o)]
        last = apdu.lastReceivedObjectIdentifier
        if last is not None:
            known = [o.objectIdentifier for o in found]
            found = found[known.index(last) + 1 :] if last in known else found
        most = room(apdu, SUMMARY_BYTES)
        answer = GetEventInformationACK(
            listOfEventSummaries=[_summary(o) for o in found[:most]], moreEvents=len(found) > most, context=apdu,
        )  # fmt: skip
        await self.response(answer)

    async def do_AcknowledgeAlarmRequest(self, apdu: Any) -> None:
        """Take the acknowledgement of a transition, and tell who was told of it.

        Raises:
            ExecutionError: no such object, no alarms, or not its latest transition to that state.
        """
        made = self.get_object_id(apdu.eventObjectIdentifier)
        if made is None:
            raise ExecutionError(errorClass="object", errorCode="unknownObject")
        if made._event_algorithm is None:
            raise ExecutionError(errorClass="object", errorCode="noAlarmConfigured")
        group = group_of(apdu.eventStateAcknowledged)
        if _moment(apdu.timeStamp) != _moment(made.eventTimeStamps[group]):
            raise ExecutionError(errorClass="services", errorCode="invalidTimeStamp")
        made.ackedTransitions[group] = 1
        logger.info("bacnet: %s acknowledged by %s", made.objectName, apdu.acknowledgmentSource)
        await self.response(SimpleAckPDU(context=apdu))
        self.tell(made._notification_class_object, group, acknowledgement(made, group, apdu.eventStateAcknowledged))


async def _part(made: Any, prop: Any, apdu: ReadRangeRequest) -> tuple[Any, ResultFlags]:
    """Items of a property that is a list, by position, and whether they hold the first and the last one and more were asked for."""
    kind = made.get_property_type(prop)
    value = None if kind is None else await made.read_property(prop)
    if value is None:
        raise ExecutionError(errorClass="property", errorCode="unknownProperty")
    if not issubclass(kind, List) or apdu.propertyArrayIndex is not None:
        raise ExecutionError(errorClass="services", errorCode="propertyIsNotAList")
    asked, n = apdu.range, len(value)
    first, last = 1, n
    if asked is not None and asked._choice is not None:
        if asked._choice != "byPosition":
            raise ExecutionError(
                errorClass="services", errorCode="listItemNotNumbered" if "Seq" in asked._choice else "listItemNotTimestamped"
            )
        first, last = span(asked.byPosition.referenceIndex, asked.byPosition.count, n)
    end = min(last, first + room(apdu, ITEM_BYTES) - 1)
    items = SequenceOf(kind._subtype)(list(value)[first - 1 : end])
    return items, ResultFlags([int(bool(items) and first == 1), int(bool(items) and end == n), int(end < last)])


def _moment(stamp: Any) -> tuple[Any, ...]:
    whole = stamp.dateTime
    return stamp.time, stamp.sequenceNumber, whole and tuple(whole.date), whole and tuple(whole.time)


def _matters(made: Any) -> bool:
    return made.eventState != EventState.normal or not all(made.ackedTransitions)


def _summary(made: Any) -> GetEventInformationEventSummary:
    return GetEventInformationEventSummary(
        objectIdentifier=made.objectIdentifier, eventState=made.eventState, acknowledgedTransitions=made.ackedTransitions,
        eventTimeStamps=list(made.eventTimeStamps), notifyType=made.notifyType, eventEnable=made.eventEnable,
        eventPriorities=list(made._notification_class_object.priority),
    )  # fmt: skip
