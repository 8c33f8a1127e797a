"""BACnet/IP server of a point image, on bacpypes3.

One device with one object a point; see :mod:`lowlift.wire.addresses` for types and instances. Analog objects have their engineering units
and a COV increment. What can be written has a priority array: a value that the point table forbids is refused with *value-out-of-range* and
never enters the array; relinquishing falls back to the next priority, at last to the default of the point list. Everything else answers
*write-access-denied*. A reading that is no number has the reliability *no-sensor* and its fault flag.

Other protocols know no priorities: what they write counts as priority 16, and gives way to a BACnet command above it, as an operator's at
priority 8.
"""

import ipaddress
import math
import socket
from typing import Any, ClassVar

import numpy as np
from bacpypes3.app import Application
from bacpypes3.basetypes import BinaryPV, PriorityValue
from bacpypes3.errors import ExecutionError
from bacpypes3.local.analog import AnalogInputObject, AnalogOutputObject, AnalogValueObject, AnalogValueObjectCmd
from bacpypes3.local.binary import BinaryInputObject, BinaryOutputObject, BinaryValueObject
from bacpypes3.local.cmd import Commandable
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.multistate import MultiStateInputObject, MultiStateOutputObject, MultiStateValueObject
from bacpypes3.local.networkport import NetworkPortObject
from bacpypes3.pdu import IPv4Address
from bacpypes3.primitivedata import Null, Real, Unsigned

from lowlift.wire.adapter import Adapter, ServeError
from lowlift.wire.image import PointImage, Snapshot
from lowlift.wire.point import Kind, Point, Refusal, RefusedError
from lowlift.wire.units import codes

VENDOR = 999
"""Vendor identifier of examples; lowlift has none of its own."""
COV_SHARE, COV_LEAST = 5e-4, 1e-3
"""COV increment over the range of an analog point, and where no range is known [unit]."""
LOWEST = 16
CODES = {
    Refusal.NOT_A_NUMBER: "valueOutOfRange", Refusal.OUT_OF_RANGE: "valueOutOfRange", Refusal.WRONG_TYPE: "valueOutOfRange",
    Refusal.READ_ONLY: "writeAccessDenied", Refusal.UNKNOWN_POINT: "unknownObject",
}  # fmt: skip


class _Shown:
    """An object that nobody can write."""

    _image: PointImage
    _point: Point

    async def write_property(self, attr: Any, value: Any, index: int | None = None, priority: int | None = None) -> None:
        """Refused, whatever it is."""
        self._image.refused("bacnet", self._point.name, f"{self._point.name}: {attr} cannot be written")
        raise ExecutionError(errorClass="property", errorCode="writeAccessDenied")


class _Told:
    """An object whose present value is commanded through its priority array."""

    _image: PointImage
    _point: Point

    async def write_property(self, attr: Any, value: Any, index: int | None = None, priority: int | None = None) -> None:
        """Check a command before it enters the array, and pass on what comes out of it."""
        name = attr if isinstance(attr, str) else self._property_identifier_class(attr).attr  # type: ignore[attr-defined]
        if name != "presentValue":
            self._image.refused("bacnet", self._point.name, f"{self._point.name}: {name} cannot be written")
            raise ExecutionError(errorClass="property", errorCode="writeAccessDenied")
        if not isinstance(value, Null | tuple):
            try:
                self._point.accept(_number(self._point, value))
            except RefusedError as error:
                self._image.refused("bacnet", self._point.name, str(error))
                raise ExecutionError(errorClass="property", errorCode=CODES[error.refusal]) from error
        await super().write_property("presentValue", value, index, priority)  # type: ignore[misc]
        now = _number(self._point, self.presentValue)  # type: ignore[attr-defined]
        self._image.write({self._point.name: self._point.accept(now)}, f"bacnet priority {LOWEST if priority is None else priority}")


class _AnalogInput(_Shown, AnalogInputObject):  # type: ignore[misc]
    pass


class _AnalogShown(_Shown, AnalogValueObject):  # type: ignore[misc]
    pass


class _AnalogOutput(_Told, AnalogOutputObject):  # type: ignore[misc]
    pass


class _AnalogValue(_Told, AnalogValueObjectCmd):  # type: ignore[misc]
    pass


class _BinaryInput(_Shown, BinaryInputObject):  # type: ignore[misc]
    pass


class _BinaryShown(_Shown, BinaryValueObject):  # type: ignore[misc]
    pass


class _BinaryOutput(_Told, BinaryOutputObject):  # type: ignore[misc]
    pass


class _BinaryValue(_Told, Commandable, BinaryValueObject):  # type: ignore[misc]
    pass


class _MultiStateInput(_Shown, MultiStateInputObject):  # type: ignore[misc]
    pass


class _MultiStateShown(_Shown, MultiStateValueObject):  # type: ignore[misc]
    pass


class _MultiStateOutput(_Told, MultiStateOutputObject):  # type: ignore[misc]
    pass


class _MultiStateValue(_Told, Commandable, MultiStateValueObject):  # type: ignore[misc]
    pass


CLASSES: dict[tuple[str, bool], Any] = {
    ("analog-input", False): _AnalogInput, ("analog-value", False): _AnalogShown, ("analog-output", True): _AnalogOutput,
    ("analog-value", True): _AnalogValue, ("binary-input", False): _BinaryInput, ("binary-value", False): _BinaryShown,
    ("binary-output", True): _BinaryOutput, ("binary-value", True): _BinaryValue, ("multi-state-input", False): _MultiStateInput,
    ("multi-state-value", False): _MultiStateShown, ("multi-state-output", True): _MultiStateOutput,
    ("multi-state-value", True): _MultiStateValue,
}  # fmt: skip
"""By object type and whether it can be written."""


class BacnetServer(Adapter):
    """Serves an image over BACnet/IP.

    Args:
        image: what it shows.
        address: to bind, like ``192.0.2.10/24:47808``; the mask says where broadcasts go, port 0 takes a free one. Loopback unless told
            otherwise, since BACnet/IP knows no users.

    Raises:
        ServeError: no such address.
    """

    protocol: ClassVar[str] = "bacnet"
    pushes: ClassVar[bool] = True

    def __init__(self, image: PointImage, address: str = "127.0.0.1/32:47808") -> None:
        super().__init__(image)
        try:
            host, _, port = address.partition(":")
            self.network = ipaddress.IPv4Interface(host)
            self.port = int(port or 47808)
        except ValueError as error:
            raise ServeError(f"bacnet: address {address!r}: must be like 192.0.2.10/24:47808") from error
        self._app: Application | None = None
        self._objects: list[Any] = []
        self._shown = np.zeros(0)

    @property
    def url(self) -> str:
        """``bacnet://host:port``."""
        return f"bacnet://{self.network.ip}:{self.port}"

    async def open(self) -> None:
        """Bind and serve.

        Raises:
            OSError: the port is taken or the address is not ours.
        """
        # The library shares ports and retries for ever: whether this one is ours alone is found out here.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((str(self.network.ip), self.port))
            self.port = probe.getsockname()[1]
        points = self.image.points
        device = DeviceObject(
            objectIdentifier=("device", points.device_instance), objectName=points.site, description=points.title, vendorName="lowlift",
            vendorIdentifier=VENDOR, modelName="lowlift", maxApduLengthAccepted=1476, segmentationSupported="segmentedBoth",
        )  # fmt: skip
        port = NetworkPortObject(
            IPv4Address(f"{self.network.with_prefixlen}:{self.port}"), objectIdentifier=("network-port", 1), objectName="BACnet/IP",
        )  # fmt: skip
        self._shown = self.image.values()
        self._objects = [self._object(k, float(value)) for k, value in enumerate(self._shown)]
        self._app = Application.from_object_list([device, port, *self._objects])
        for layer in self._app.link_layers.values():
            for task in layer.server._transport_tasks:
                await task

    async def close(self) -> None:
        """Let go of the port."""
        if self._app is not None:
            self._app.close()
            self._app = None

    async def refresh(self, snapshot: Snapshot) -> None:
        """Show what has changed; COV subscribers are told by the objects."""
        values = self.image.values()
        changed = np.flatnonzero(~((values == self._shown) | (np.isnan(values) & np.isnan(self._shown))))
        for k in changed:
            point, target, value = self.image.points.points[k], self._objects[k], float(values[k])
            if point.writable:
                self._commanded_elsewhere(point, target, value)
            else:
                _show(point, target, value, math.isnan(self._shown[k]))
        self._shown = values

    def _commanded_elsewhere(self, point: Point, target: Any, value: float) -> None:
        now = _number(point, target.presentValue)
        if math.isclose(now, value, rel_tol=1e-6, abs_tol=1e-9):
            return
        active = target.currentCommandPriority.unsigned
        if active is not None and active < LOWEST:
            self.image.write({point.name: point.accept(now)}, f"bacnet priority {active}")
        else:
            target.priorityArray[LOWEST - 1] = PriorityValue(_native(point, value))

    def _object(self, position: int, value: float) -> Any:
        point, at = self.image.points.points[position], self.image.points.addresses[position]
        settings: dict[str, Any] = {
            "objectIdentifier": (at.bacnet.object_type, at.bacnet.instance), "objectName": at.label, "description": point.description,
            "presentValue": _native(point, value), "statusFlags": [0, 0, 0, 0], "eventState": "normal", "outOfService": False,
            "reliability": "noFaultDetected",
        }  # fmt: skip
        if point.kind is Kind.ANALOG:
            known = point.low is not None and point.high is not None
            span = point.high - point.low if point.high is not None and point.low is not None else 0.0
            settings |= {"units": codes(point.unit).bacnet, "covIncrement": Real(COV_SHARE * span if known else COV_LEAST)}
            settings |= {"minPresValue": point.low, "maxPresValue": point.high} if known else {}
        elif point.kind is Kind.BINARY:
            settings |= {"inactiveText": point.states[0], "activeText": point.states[1]}
            settings |= {"polarity": "normal"} if not at.bacnet.object_type.endswith("value") else {}
        else:
            settings |= {"numberOfStates": len(point.states), "stateText": list(point.states)}
        if point.writable:
            settings["relinquishDefault"] = _native(point, point.default or 0.0)
        made = CLASSES[at.bacnet.object_type, point.writable](**settings)
        made._image, made._point = self.image, point
        if point.writable and value != point.default:
            made.priorityArray[LOWEST - 1] = PriorityValue(_native(point, value))
        return made


def _show(point: Point, target: Any, value: float, was_lost: bool) -> None:
    if not math.isfinite(value):
        target.statusFlags, target.reliability = [0, 1, 0, 0], "noSensor"
        return
    target.presentValue = _native(point, value)
    if was_lost:
        target.statusFlags, target.reliability = [0, 0, 0, 0], "noFaultDetected"


def _native(point: Point, value: float) -> Any:
    if point.kind is Kind.BINARY:
        return BinaryPV("active" if value > 0.5 else "inactive")
    if point.kind is Kind.MULTISTATE:
        return Unsigned(max(round(value), 1))
    return Real(value)


def _number(point: Point, value: Any) -> float:
    return float(int(value)) if point.kind is Kind.BINARY else float(value)
