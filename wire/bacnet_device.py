"""The Device and Network Port objects of a served plant, and of a client: nobody writes them, and what they say of the device is so.

bacpypes3 (0.0.110) lets every client write both, takes unconfirmed services for the confirmed ones of the same number, and names no object
types at all (ASHRAE 135, 12.11 and 12.56).
"""

import time
from collections.abc import Collection
from typing import Any

from bacpypes3.basetypes import ObjectTypesSupported, ServicesSupported
from bacpypes3.errors import ExecutionError
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject
from bacpypes3.primitivedata import Boolean, Integer

SERVICES = {
    "acknowledge-alarm": "AcknowledgeAlarm", "subscribe-cov": "SubscribeCOV", "read-property": "ReadProperty",
    "read-property-multiple": "ReadPropertyMultiple", "write-property": "WriteProperty", "write-property-multiple": "WritePropertyMultiple",
    "i-am": "IAm", "who-has": "WhoHas", "who-is": "WhoIs", "read-range": "ReadRange", "get-event-information": "GetEventInformation",
}  # fmt: skip
"""Services that the device executes, as bits of *protocol-services-supported* and as requests."""
CLIENT_SERVICES = ("read-property", "read-property-multiple", "i-am", "who-has", "who-is")
"""The same of a client."""


class Fixed:
    """An object that nobody can write."""

    async def write_property(self, attr: Any, value: Any, index: int | None = None, priority: int | None = None) -> None:
        """Refused, whatever it is."""
        raise ExecutionError(errorClass="property", errorCode="writeAccessDenied")


class Device(Fixed, DeviceObject):  # type: ignore[misc]
    """The device; its clock is that of the host."""

    _services: Collection[str] = tuple(SERVICES)

    @property
    def protocolServicesSupported(self) -> ServicesSupported:
        """Services that it executes."""
        return ServicesSupported(list(self._services))

    @protocolServicesSupported.setter
    def protocolServicesSupported(self, value: Any) -> None:
        """Ignored: the library initialises all properties."""

    @property
    def protocolObjectTypesSupported(self) -> ObjectTypesSupported:
        """Types of the objects that it has."""
        made = self._app.objectIdentifier if self._app else (self.objectIdentifier,)
        return ObjectTypesSupported(sorted({str(kind) for kind, _ in made}))

    @protocolObjectTypesSupported.setter
    def protocolObjectTypesSupported(self, value: Any) -> None:
        """Ignored likewise."""

    @property
    def utcOffset(self) -> Integer:
        """Minutes by which standard time is behind UTC: positive in the west (12.11.25)."""
        return Integer(time.timezone // 60)

    @utcOffset.setter
    def utcOffset(self, value: Any) -> None:
        """Ignored likewise."""

    @property
    def daylightSavingsStatus(self) -> Boolean:
        """Whether local time is summer time now."""
        return Boolean(time.localtime().tm_isdst > 0)

    @daylightSavingsStatus.setter
    def daylightSavingsStatus(self, value: Any) -> None:
        """Ignored likewise."""


class ClientDevice(Device):
    """The device of a client, whose time limits are nobody else's to change."""

    _services: Collection[str] = CLIENT_SERVICES


class ClientServices:
    """For the ``Application`` of a client to inherit from first: others find it and read it, and that is all."""

    do_WritePropertyRequest = do_WritePropertyMultipleRequest = do_ReadRangeRequest = do_SubscribeCOVRequest = None
    do_ConfirmedCOVNotificationRequest = do_UnconfirmedCOVNotificationRequest = None


class NetworkPort(Fixed, NetworkPortObject):  # type: ignore[misc]
    """The port that the device is reached by."""
