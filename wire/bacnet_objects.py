"""BACnet objects of points, on bacpypes3: who may write what, engineering units, ranges, alarms.

Points that can be written have a priority array, which a value that the point table forbids never enters. Everything else answers
*write-access-denied*. Readings with a limit of the site, and alarm points, report events by themselves; see
:mod:`lowlift.wire.bacnet_events`.
"""

import math
from typing import Any

from bacpypes3.basetypes import BinaryPV, PriorityValue
from bacpypes3.errors import ExecutionError
from bacpypes3.local.analog import AnalogInputObject, AnalogOutputObject, AnalogValueObject, AnalogValueObjectCmd
from bacpypes3.local.binary import BinaryInputObject, BinaryOutputObject, BinaryValueObject
from bacpypes3.local.cmd import Commandable
from bacpypes3.local.cov import GenericCriteria
from bacpypes3.local.multistate import MultiStateInputObject, MultiStateOutputObject, MultiStateValueObject
from bacpypes3.primitivedata import Null, Real, Unsigned

from lowlift.wire.addresses import Address
from lowlift.wire.bacnet_events import event_settings, watch
from lowlift.wire.bacnet_writes import check_command
from lowlift.wire.image import PointImage
from lowlift.wire.point import Kind, Point, Refusal, RefusedError
from lowlift.wire.units import codes

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
        check_command(index, priority)
        if not isinstance(value, Null | tuple):
            try:
                self._point.accept(number(self._point, value))
            except RefusedError as error:
                self._image.refused("bacnet", self._point.name, str(error))
                raise ExecutionError(errorClass="property", errorCode=CODES[error.refusal]) from error
        await super().write_property("presentValue", value, index, priority)  # type: ignore[misc]
        now = number(self._point, self.presentValue)  # type: ignore[attr-defined]
        self._image.write({self._point.name: self._point.accept(now)}, f"bacnet priority {LOWEST if priority is None else priority}")


def _class(*bases: Any, **attributes: Any) -> Any:
    """A class of these bases alone; bacpypes3 has a metaclass, which asks in which module the class is."""
    return type(bases[-1])(f"{bases[0].__name__}{bases[-1].__name__}", bases, {"__module__": __name__} | attributes)


UNITLESS = {"_cov_criteria": GenericCriteria}
"""Multi-state objects tell every change; the library (0.0.110) asks them for an increment, which they do not have."""


CLASSES: dict[tuple[str, bool], Any] = {
    ("analog-input", False): _class(_Shown, AnalogInputObject),
    ("analog-value", False): _class(_Shown, AnalogValueObject),
    ("analog-output", True): _class(_Told, AnalogOutputObject),
    ("analog-value", True): _class(_Told, AnalogValueObjectCmd),
    ("binary-input", False): _class(_Shown, BinaryInputObject),
    ("binary-value", False): _class(_Shown, BinaryValueObject),
    ("binary-output", True): _class(_Told, BinaryOutputObject),
    ("binary-value", True): _class(_Told, Commandable, BinaryValueObject),
    ("multi-state-input", False): _class(_Shown, MultiStateInputObject, **UNITLESS),
    ("multi-state-value", False): _class(_Shown, MultiStateValueObject, **UNITLESS),
    ("multi-state-output", True): _class(_Told, MultiStateOutputObject, **UNITLESS),
    ("multi-state-value", True): _class(_Told, Commandable, MultiStateValueObject, **UNITLESS),
}
"""By object type and whether it can be written."""


def object_of(image: PointImage, point: Point, at: Address, value: float) -> Any:
    """The BACnet object of a point.

    Args:
        image: what it shows and writes to.
        point: the point.
        at: its address.
        value: its value now.
    """
    settings: dict[str, Any] = {
        "objectIdentifier": (at.bacnet.object_type, at.bacnet.instance), "objectName": at.label, "description": point.description,
        "presentValue": native(point, value), "statusFlags": [0, 0, 0, 0], "eventState": "normal", "outOfService": False,
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
        settings["relinquishDefault"] = native(point, point.default or 0.0)
    settings |= event_settings(point)
    made = CLASSES[at.bacnet.object_type, point.writable](**settings)
    made._image, made._point = image, point
    if point.writable and value != point.default:
        made.priorityArray[LOWEST - 1] = PriorityValue(native(point, value))
    watch(made, point)
    return made


def show(point: Point, target: Any, value: float, was_lost: bool) -> None:
    """Show a new reading; one that is no number leaves the last value with a fault."""
    if not math.isfinite(value):
        target.statusFlags, target.reliability = [0, 1, 0, 0], "noSensor"
        return
    target.presentValue = native(point, value)
    if was_lost:
        target.statusFlags, target.reliability = [0, 0, 0, 0], "noFaultDetected"


def native(point: Point, value: float) -> Any:
    """A value in the type of its object."""
    if point.kind is Kind.BINARY:
        return BinaryPV("active" if value > 0.5 else "inactive")
    if point.kind is Kind.MULTISTATE:
        return Unsigned(max(round(value), 1))
    return Real(value)


def number(point: Point, value: Any) -> float:
    """The value of an object as a number."""
    return float(int(value)) if point.kind is Kind.BINARY else float(value)
