"""A link over BACnet/IP, on bacpypes3: ReadPropertyMultiple of many objects at once, writes with a priority of one's own.

The client needs a UDP port of its own, also on a machine that serves BACnet itself: the library's server does not answer a client that
shares its port on another address.
"""

import asyncio
import contextlib
import ipaddress
import math
import socket
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from bacpypes3.apdu import AbortPDU, ErrorPDU, ErrorRejectAbortNack, ReadPropertyMultipleRequest, RejectPDU
from bacpypes3.app import Application
from bacpypes3.basetypes import PropertyIdentifier, PropertyReference, ReadAccessSpecification
from bacpypes3.pdu import Address, IPv4Address
from bacpypes3.primitivedata import Null, ObjectIdentifier
from bacpypes3.vendor import get_vendor_info

from lowlift.wire.async_link import AsyncLink
from lowlift.wire.bacnet_address import parse_bacnet_address
from lowlift.wire.bacnet_device import ClientDevice, ClientServices, NetworkPort
from lowlift.wire.bacnet_types import native, number
from lowlift.wire.bacnet_writes import MINIMUM_ON_OFF
from lowlift.wire.link import LinkError, LinkTimeoutError, SetupError, UnknownPointError
from lowlift.wire.point import Refusal, RefusedError
from lowlift.wire.point_list import PointList

INSTANCE = 4_190_001
"""Device instance of the client: high, out of the way of a site's own."""
PRIORITY = 13
"""Below operators (8) and above the lowest (16), which everybody writes who names none."""
AT_ONCE = 32
"""Objects of one request: value and flags of so many fit an APDU of 1476 octets."""
VALUE, FLAGS = PropertyIdentifier("present-value"), PropertyIdentifier("status-flags")
NUMBERS = ("real", "enumerated", "unsigned", "boolean", "integer", "double")
"""What a slot of a priority array may hold."""
FAULT = 1
"""Position among the status flags."""
REFUSALS = {
    "unknown-object": Refusal.UNKNOWN_POINT, "unknown-property": Refusal.UNKNOWN_POINT, "write-access-denied": Refusal.READ_ONLY,
    "value-out-of-range": Refusal.OUT_OF_RANGE, "invalid-data-type": Refusal.WRONG_TYPE, "datatype-not-supported": Refusal.WRONG_TYPE,
    "invalid-parameter-datatype": Refusal.WRONG_TYPE, "operational-problem": Refusal.OUT_OF_SERVICE,
}  # fmt: skip
TOO_LARGE = ("segmentation-not-supported", "buffer-overflow", "apdu-too-long", "out-of-resources")
SILENT = ("tsm-timeout", "no-response", "65")


class BacnetLink(AsyncLink):
    """See :class:`lowlift.wire.link.Link`.

    Args:
        points: what is where on the other side.
        host: its address.
        port: its UDP port.
        client_address: of the client itself, with mask and port; port 0 takes a free one.
        priority: of what is written, 1 to 16.
        timeout: longest wait for an answer [s]; asked again once within it.
        instance: device instance of the client.

    Raises:
        ValueError: no such address or priority.
    """

    priorities = True

    def __init__(
        self, points: PointList, host: str, port: int = 47808, *, client_address: str = "127.0.0.1/32:0", priority: int = PRIORITY,
        timeout: float = 3.0, instance: int = INSTANCE,
    ) -> None:  # fmt: skip
        super().__init__(points, timeout=timeout)
        if not 1 <= priority <= 16 or priority == MINIMUM_ON_OFF:
            raise ValueError(f"priority = {priority}: must be from 1 to 16, and not {MINIMUM_ON_OFF}, which is kept for minimum times")
        self._bound = parse_bacnet_address(client_address, "--client-address", port=0)
        self.host, self.port, self.priority, self.instance = host, port, priority, instance
        self._objects = [ObjectIdentifier(a.bacnet.text) for a in points.addresses]
        self._position = {(str(o[0]), int(o[1])): k for k, o in enumerate(self._objects)}
        self._vendor = get_vendor_info(0)
        self._at_once = AT_ONCE
        self._app: Application | None = None

    @property
    def url(self) -> str:
        """``bacnet://host:port``."""
        return f"bacnet://{self.host}:{self.port}"

    def release(self, names: Collection[str]) -> None:
        """Relinquish at our priority.

        Raises:
            RefusedError: the other side refuses some of them, all of which it names; the others have been relinquished.
            LinkError: no answer; some may have been relinquished.
        """
        self._call(self._release([self.points.position(name) for name in names]))

    def overridden(self, names: Collection[str]) -> dict[str, int]:
        """Commands that a priority above ours holds.

        Raises:
            LinkError: no answer, or nonsense.
        """
        return self._call(self._above([self.points.position(name) for name in names]))

    def own(self, names: Collection[str]) -> dict[str, float]:
        """What stands at our priority, SI.

        Raises:
            LinkError: no answer, or nonsense.
        """
        return self._call(self._at_own([self.points.position(name) for name in names]))

    async def _open(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            # The library shares ports; ours must be ours alone, or answers go to somebody else.
            try:
                probe.bind((self._bound.host, self._bound.port))
            except OSError as error:
                what = f"--client-address {self._bound.text}: {error.strerror or error}"
                raise SetupError(f"{self.url}: {what}; it must be an address of this machine, with a port that is free") from error
            port = probe.getsockname()[1]
        self._target = Address(f"{await _resolved(self.host)}:{self.port}")
        device = ClientDevice(
            objectIdentifier=("device", self.instance), objectName=f"lowlift control {self.instance}", vendorName="lowlift",
            vendorIdentifier=999, maxApduLengthAccepted=1476, segmentationSupported="segmentedBoth",
            apduTimeout=round(500.0 * self.timeout), numberOfApduRetries=1,
        )  # fmt: skip
        own = NetworkPort(
            IPv4Address(f"{self._bound.network.with_prefixlen}:{port}"), objectIdentifier=("network-port", 1), objectName="IP"
        )
        self._app = _Application.from_object_list([device, own])
        for layer in self._app.link_layers.values():
            for task in layer.server._transport_tasks:
                await task
        # UDP has no connections: whether somebody is there is found out by asking.
        await self._read([0])

    async def _close(self) -> None:
        app, self._app = self._app, None
        if app is not None:
            app.close()
            await asyncio.sleep(0.0)

    async def _read(self, positions: list[int]) -> dict[str, float]:
        result: dict[str, float] = {}
        left = list(positions)
        while left:
            some, left = left[: self._at_once], left[self._at_once :]
            try:
                result |= await self._some(some)
            except _TooLargeError:
                # An older device, or one behind a slow segment.
                self._at_once, left = max(len(some) // 2, 1), some + left
        return result

    async def _some(self, positions: list[int]) -> dict[str, float]:
        names = ", ".join(self.points.points[k].name for k in positions[:3])
        wanted = [self._wanted(k) for k in positions]
        try:
            answer = await self._ask(
                lambda app: app.request(ReadPropertyMultipleRequest(listOfReadAccessSpecs=wanted, destination=self._target)),
                names, len(positions) > 1,
            )  # fmt: skip
        except RefusedError as error:
            raise (UnknownPointError if error.refusal is Refusal.UNKNOWN_POINT else LinkError)(f"{self.url}: {error}") from error
        with self._sense(names):
            results = [(r.objectIdentifier, element) for r in answer.listOfReadAccessResults for element in r.listOfResults]
        values: dict[int, float] = {}
        lost: set[int] = set()
        for identifier, element in results:
            k = self._position.get((str(identifier[0]), int(identifier[1])), -1)
            name = self.points.points[k].name if k >= 0 else str(identifier)
            with self._sense(f"{name} ({identifier[0]},{identifier[1]})"):
                said, prop, failed = element.readResult, element.propertyIdentifier, element.readResult.propertyAccessError
                if failed:
                    kind = UnknownPointError if REFUSALS.get(str(failed.errorCode)) is Refusal.UNKNOWN_POINT else LinkError
                    raise kind(f"{self.url}: {name} ({identifier[0]},{identifier[1]}): {failed.errorClass}: {failed.errorCode}")
                if k < 0 or prop not in (VALUE, FLAGS):
                    continue
                value = said.propertyValue.cast_out(self._vendor.get_object_class(identifier[0]).get_property_type(prop))
                if prop == VALUE:
                    values[k] = number(self.points.points[k], value)
                elif value[FAULT]:
                    lost.add(k)
        missing = [self.points.points[k].name for k in positions if k not in values]
        if missing:
            raise LinkError(f"{self.url}: answers nothing for {', '.join(missing[:3])}")
        return {(p := self.points.points[k]).name: math.nan if k in lost else p.to_si(values[k]) for k in positions}

    def _wanted(self, k: int) -> ReadAccessSpecification:
        properties = [VALUE] if self.points.points[k].writable else [VALUE, FLAGS]
        return ReadAccessSpecification(
            objectIdentifier=self._objects[k], listOfPropertyReferences=[PropertyReference(propertyIdentifier=p) for p in properties]
        )

    async def _write(self, values: Mapping[int, float]) -> None:
        for k, value in values.items():
            await self._put(k, native(self.points.points[k], value))

    async def _release(self, positions: list[int]) -> None:
        refused: list[RefusedError] = []
        for k in positions:
            # One that refuses must not leave the others commanded.
            try:
                await self._put(k, Null(()))
            except RefusedError as error:
                refused.append(error)
        if refused:
            reasons = {error.refusal for error in refused}
            raise RefusedError(reasons.pop() if len(reasons) == 1 else Refusal.DENIED, "; ".join(str(error) for error in refused))

    async def _put(self, k: int, value: Any) -> None:
        await self._ask(
            lambda app: app.write_property(self._target, self._objects[k], VALUE, value, None, self.priority), self.points.points[k].name
        )

    async def _above(self, positions: list[int]) -> dict[str, int]:
        result = {}
        for k in positions:
            slots, name = await self._slots(k), self.points.points[k].name
            with self._sense(name):
                above = [priority for priority, slot in enumerate(slots[: self.priority - 1], 1) if slot.null is None]
            if above:
                result[name] = above[0]
        return result

    async def _at_own(self, positions: list[int]) -> dict[str, float]:
        result = {}
        for k in positions:
            slots, point = await self._slots(k), self.points.points[k]
            with self._sense(point.name):
                for slot in slots[self.priority - 1 : self.priority]:
                    for value in (v for name in NUMBERS if (v := getattr(slot, name)) is not None):
                        result[point.name] = point.to_si(number(point, value))
        return result

    async def _slots(self, k: int) -> list[Any]:
        slots: Collection[Any] | None = await self._ask(
            lambda app: app.read_property(self._target, self._objects[k], PropertyIdentifier("priority-array")), self.points.points[k].name
        )
        return list(slots or ())

    async def _ask(self, request: Any, names: str, many: bool = False) -> Any:
        """One request, its answer, and the protocol's errors as ours."""
        if self._app is None:
            raise LinkError(f"{self.url}: not connected")
        try:
            with self._sense(names):
                return await asyncio.wait_for(request(self._app), self.timeout + 1.0)
        except ErrorRejectAbortNack as nack:
            reason = str(nack.reason)
            if isinstance(nack, AbortPDU | RejectPDU) and many and (reason in TOO_LARGE or reason == "unrecognized-service"):
                raise _TooLargeError from nack
            if isinstance(nack, AbortPDU):
                silent = reason in SILENT
                raise (LinkTimeoutError if silent else LinkError)(f"{self.url}: {names}: no answer ({reason})") from nack
            said = f"{nack.errorClass}: {reason}" if isinstance(nack, ErrorPDU) else f"rejected: {reason}"
            refusal = REFUSALS.get(reason, Refusal.DENIED)
            raise RefusedError(refusal, f"{names}: the other side refuses, BACnet {said}") from nack

    @contextlib.contextmanager
    def _sense(self, names: str) -> Iterator[None]:
        """Around decoding: whatever an answer makes the library raise, it is nonsense, which a link may answer."""
        try:
            yield
        except OSError:
            # Ours, and what the network does.
            raise
        except Exception as error:
            raise LinkError(f"{self.url}: {names}: the answer makes no sense ({type(error).__name__}: {error})") from error


class _Application(ClientServices, Application):  # type: ignore[misc]
    """The library's application as a client's."""


class _TooLargeError(Exception):
    """So much at once is too much for the other side."""


async def _resolved(host: str) -> str:
    try:
        return str(ipaddress.IPv4Address(host))
    except ValueError:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, family=socket.AF_INET)
        return str(found[0][4][0])
