"""Subscriptions to changes of value: as many as a plant needs and no more, and none for clients that are gone (ASHRAE 135, 13.14).

bacpypes3 (0.0.110) takes any number, keeps those of a client that does not answer any more, and sends every change at once: the 257th
confirmed notification that waits for one client would find no free number for itself, and look for ever.

Nobody can tell whether a client with unconfirmed notifications is still there. A subscription of that kind that has no lifetime either
stays while there is room: where the table is full, the one begun or renewed longest ago makes room for a new subscription of any kind.
Clients that want to keep theirs give it a lifetime and renew it, or renew it now and then without.
"""

import asyncio
import functools
import logging
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from bacpypes3.apdu import AbortPDU, AbortReason, ErrorRejectAbortNack, SimpleAckPDU, SubscribeCOVRequest
from bacpypes3.basetypes import COVSubscription, DeviceAddress, ObjectPropertyReference, PropertyIdentifier, Recipient, RecipientProcess
from bacpypes3.constructeddata import ListOf
from bacpypes3.errors import ExecutionError, MissingRequiredParameter

logger = logging.getLogger(__name__)

SUBSCRIPTIONS_MAX = 1000
CLIENT_MAX = 500
"""Of one client, by address and port: every point of a large plant."""
AT_ONCE = 32
"""Confirmed notifications on the way to one client."""
FAILURES_MAX = 3
"""Notifications of one subscription that fail in a row, before it is dropped."""


class CovServices:
    """The library's service with these bounds; for an ``Application`` to inherit from first."""

    _cov_detections: dict[Any, Any]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._waiting: defaultdict[Any, dict[Any, Any]] = defaultdict(dict)
        """By client and subscription: the latest change, not yet sent."""
        self._sent: defaultdict[Any, set[Any]] = defaultdict(set)
        self._failures: defaultdict[Any, Counter[Any]] = defaultdict(Counter)
        """By client and subscription: not answered, since the client last answered any."""
        self._refused: Counter[Any] = Counter()
        """By subscription: answered with an error, in a row."""
        self._endless: dict[Any, None] = {}
        """Unconfirmed and without lifetime, the one that was begun or renewed first in front."""

    def subscriptions(self) -> Iterator[Any]:
        """All of them."""
        for detection in self._cov_detections.values():
            yield from detection.cov_subscriptions

    def get_active_cov_subscriptions(self) -> Any:
        """What *active-cov-subscriptions* of the device shows."""
        return ListOf(COVSubscription)([_shown(s) for s in self.subscriptions()])

    async def do_SubscribeCOVRequest(self, apdu: SubscribeCOVRequest) -> None:
        """Begin, renew or end a subscription.

        Raises:
            ExecutionError: no such object, one that reports no changes, or no room for another subscription.
            RejectException: a lifetime that does not say whether notifications are confirmed.
        """
        confirmed, client, where = apdu.issueConfirmedNotifications, apdu.pduSource, apdu.monitoredObjectIdentifier
        if confirmed is None and apdu.lifetime is not None:
            raise MissingRequiredParameter("issueConfirmedNotifications")
        known = self._found(apdu)
        if confirmed is None and known is None:
            # The library would begin to watch the object.
            await self.response(SimpleAckPDU(context=apdu))  # type: ignore[attr-defined]
            return
        if confirmed is not None and apdu.lifetime is None:
            apdu.lifetime = 0
        if known is None and hasattr(self.get_object_id(where), "_cov_criteria"):  # type: ignore[attr-defined]
            self._make_room(client)
        elif known is not None and confirmed is not None:
            known.confirmed = confirmed
        await super().do_SubscribeCOVRequest(apdu)  # type: ignore[misc]
        made = self._found(apdu)
        if made is not None:
            self._endless.pop(made, None)
            if not made.confirmed and made.lifetime == 0:
                self._endless[made] = None

    def close(self) -> None:
        """Close, and tell nobody of anything any more."""
        for table in (self._waiting, self._sent, self._failures):
            table.clear()
        super().close()  # type: ignore[misc]

    def _found(self, apdu: SubscribeCOVRequest) -> Any:
        """The subscription that a request means; none where there is none."""
        detection = self._cov_detections.get(apdu.monitoredObjectIdentifier)
        who = (apdu.pduSource, apdu.subscriberProcessIdentifier)
        return next((s for s in (detection.cov_subscriptions if detection else ()) if (s.client_addr, s.proc_id) == who), None)

    def _make_room(self, client: Any) -> None:
        holders = [s.client_addr for s in self.subscriptions()]
        if holders.count(client) < CLIENT_MAX and len(holders) < SUBSCRIPTIONS_MAX:
            return
        # The oldest of who holds most: one that takes all places does not drive others out.
        oldest = max(self._endless, key=lambda made: holders.count(made.client_addr), default=None)
        if oldest is None or holders.count(client) >= CLIENT_MAX:
            raise ExecutionError(errorClass="resources", errorCode="noSpaceToAddListElement")
        logger.info("bacnet: a subscription of %s without lifetime has made room", oldest.client_addr)
        self.cancel_subscription(oldest)

    def cancel_subscription(self, subscription: Any) -> None:
        """End one, unless it has ended."""
        if subscription.obj_ref is None:
            return
        client = subscription.client_addr
        super().cancel_subscription(subscription)  # type: ignore[misc]
        self._waiting[client].pop(subscription, None)
        self._failures[client].pop(subscription, None)
        self._refused.pop(subscription, None)
        self._endless.pop(subscription, None)
        if all(s.client_addr != client for s in self.subscriptions()):
            for table in (self._waiting, self._sent, self._failures):
                table.pop(client, None)

    def cov_notification(self, subscription: Any, apdu: Any) -> None:
        """Tell a change; of those that a client has yet to confirm, only the latest of each subscription."""
        if not subscription.confirmed:
            self.request(apdu)  # type: ignore[attr-defined]
            return
        self._waiting[subscription.client_addr][subscription] = apdu
        self._send(subscription.client_addr)

    def _send(self, client: Any) -> None:
        waiting, sent = self._waiting[client], self._sent[client]
        for subscription in [s for s in waiting if s not in sent][: max(AT_ONCE - len(sent), 0)]:
            sent.add(subscription)
            answer = self.request(waiting.pop(subscription))  # type: ignore[attr-defined]
            answer.add_done_callback(functools.partial(self._answered, subscription))

    def _answered(self, subscription: Any, answer: Any) -> None:
        client = subscription.client_addr
        if client not in self._sent:
            # All of its subscriptions have ended meanwhile.
            return
        self._sent[client].discard(subscription)
        error = None if answer.cancelled() else answer.exception()
        if subscription.obj_ref is not None:
            self._judge(subscription, error)
        if client in self._waiting:
            self._send(client)

    def _judge(self, subscription: Any, error: BaseException | None) -> None:
        silent = isinstance(error, AbortPDU) and error.apduAbortRejectReason == AbortReason.noResponse
        failures = self._failures[subscription.client_addr]
        if silent:
            failures[subscription] += 1
        else:
            failures.clear()
            self._refused[subscription] = self._refused[subscription] + 1 if isinstance(error, ErrorRejectAbortNack) else 0
        if max(failures[subscription], self._refused[subscription]) >= FAILURES_MAX:
            self._drop(subscription, gone=silent)

    def _drop(self, subscription: Any, *, gone: bool) -> None:
        """End a subscription, and with a client that is gone all of its others."""
        client = subscription.client_addr
        dropped = [s for s in self.subscriptions() if s.client_addr == client] if gone else [subscription]
        logger.warning("bacnet: %s does not take changes of value: %d subscriptions dropped", client, len(dropped))
        for one in dropped:
            self.cancel_subscription(one)


def _shown(subscription: Any) -> COVSubscription:
    handle, of = subscription.cancel_handle, subscription.obj_ref
    left = 0 if handle is None else max(int(handle.when() - asyncio.get_running_loop().time()), 1)
    increment = of.covIncrement if hasattr(of, "covIncrement") else None
    shown = COVSubscription(
        recipient=RecipientProcess(
            recipient=Recipient(address=DeviceAddress(subscription.client_addr)), processIdentifier=subscription.proc_id,
        ),
        monitoredPropertyReference=ObjectPropertyReference(
            objectIdentifier=subscription.obj_id, propertyIdentifier=PropertyIdentifier("present-value"),
        ),
        issueConfirmedNotifications=bool(subscription.confirmed), timeRemaining=left,
    )  # fmt: skip
    if increment is not None:
        shown.covIncrement = increment
    return shown
