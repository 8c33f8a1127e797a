"""BACnet objects of points, on bacpypes3: who may write what, engineering units, ranges, alarms.

Points that can be written have a priority array, which a value that the point table forbids never enters. It is a picture of the slots of
the point image, where alone is decided who wins; slots that other protocols fill are seen in it. Everything else answers
*write-access-denied*. Readings with a limit of the site, and alarm points, report events by themselves; see
:mod:`lowlift.wire.bacnet_events`.
"""

import math
from collections.abc import Sequence
from typing import Any

from bacpypes3.basetypes import PriorityArray, PriorityValue
from bacpypes3.errors import ExecutionError
from bacpypes3.local.analog import AnalogInputObject, AnalogOutputObject, AnalogValueObject, AnalogValueObjectCmd
from bacpypes3.local.binary import BinaryInputObject, BinaryOutputObject, BinaryValueObject
from bacpypes3.local.cmd import Commandable
from bacpypes3.local.cov import GenericCriteria
from bacpypes3.local.multistate import MultiStateInputObject, MultiStateOutputObject, MultiStateValueObject
from bacpypes3.primitivedata import Null, Real

from lowlift.wire.addresses import Address
from lowlift.wire.bacnet_device import Fixed
from lowlift.wire.bacnet_events import event_settings, watch
from lowlift.wire.bacnet_types import native, number
from lowlift.wire.bacnet_writes import CLIENT, RecordedError, check_command
from lowlift.wire.image import PointImage
from lowlift.wire.point import Kind, Point, Refusal, RefusedError
from lowlift.wire.priorities import LOWEST, Slot
from lowlift.wire.units import codes

COV_SHARE, COV_LEAST = 5e-4, 1e-3
"""COV increment over the range of an analog point, and where no range is known [unit]."""
CODES = {
    Refusal.NOT_A_NUMBER: "valueOutOfRange", Refusal.OUT_OF_RANGE: "valueOutOfRange", Refusal.WRONG_TYPE: "valueOutOfRange",
    Refusal.READ_ONLY: "writeAccessDenied", Refusal.UNKNOWN_POINT: "unknownObject", Refusal.PRIORITY: "parameterOutOfRange",
    Refusal.OUT_OF_SERVICE: "operationalProblem",
}  # fmt: skip
CLASSES_OF = {Refusal.PRIORITY: "services", Refusal.OUT_OF_SERVICE: "device"}
"""Error class, where it is not *property*."""


class _Told:
    """An object whose present value is commanded through its priority array."""

    _image: PointImage
    _point: Point
    _position: int
    _slots: dict[int, float]

    async def write_property(self, attr: Any, value: Any, index: int | None = None, priority: int | None = None) -> None:
        """Fill or empty a slot of the image, and show what has come of it."""
        name = attr if isinstance(attr, str) else self._property_identifier_class(attr).attr  # type: ignore[attr-defined]
        point, slot = self._point, LOWEST if priority is None else priority
        if name != "presentValue":
            raise ExecutionError(errorClass="property", errorCode="writeAccessDenied")
        check_command(index, priority)
        try:
            if isinstance(value, Null | tuple):
                self._image.relinquish([point.name], CLIENT.get(), slot)
            else:
                self._image.write({point.name: number(point, value)}, CLIENT.get(), slot)
        except RefusedError as error:
            raise RecordedError(errorClass=CLASSES_OF.get(error.refusal, "property"), errorCode=CODES[error.refusal]) from error
        show_slots(self)


def _class(*bases: Any, **attributes: Any) -> Any:
    """A class of these bases alone; bacpypes3 has a metaclass, which asks in which module the class is."""
    return type(bases[-1])(f"{bases[0].__name__}{bases[-1].__name__}", bases, {"__module__": __name__} | attributes)


UNITLESS = {"_cov_criteria": GenericCriteria}
"""Multi-state objects tell every change; the library (0.0.110) asks them for an increment, which they do not have."""


CLASSES: dict[tuple[str, bool], Any] = {
    ("analog-input", False): _class(Fixed, AnalogInputObject),
    ("analog-value", False): _class(Fixed, AnalogValueObject),
    ("analog-output", True): _class(_Told, AnalogOutputObject),
    ("analog-value", True): _class(_Told, AnalogValueObjectCmd),
    ("binary-input", False): _class(Fixed, BinaryInputObject),
    ("binary-value", False): _class(Fixed, BinaryValueObject),
    ("binary-output", True): _class(_Told, BinaryOutputObject),
    ("binary-value", True): _class(_Told, Commandable, BinaryValueObject),
    ("multi-state-input", False): _class(Fixed, MultiStateInputObject, **UNITLESS),
    ("multi-state-value", False): _class(Fixed, MultiStateValueObject, **UNITLESS),
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
        value: its value now; one that is lost shows its least value, with a fault.
    """
    lost = not math.isfinite(value)
    shown = (point.low or 0.0) if lost else value
    settings: dict[str, Any] = {
        "objectIdentifier": (at.bacnet.object_type, at.bacnet.instance), "objectName": at.label, "description": point.description,
        "presentValue": native(point, shown), "statusFlags": [0, 0, 0, 0], "eventState": "normal", "outOfService": False,
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
    if point.writable:
        made._position, made._slots = image.points.position(point.name), {}
        show_slots(made)
    elif lost:
        show(point, made, value, was_lost=True)
    watch(made, point)
    return made


def show_slots(target: Any) -> None:
    """Show the slots of a command as the image has them now, and find out once what is in force: nobody is told of what lies between."""
    slots: Sequence[Slot] = target._image.slots(target._position)
    told = {slot.priority: slot.value for slot in slots}
    for priority in [p for p in {*told, *target._slots} if told.get(p) != target._slots.get(p)]:
        value = PriorityValue(native(target._point, told[priority])) if priority in told else PriorityValue(null=())
        # The array's own way to set an item looks for the highest after each.
        PriorityArray.__setitem__(target.priorityArray, priority - 1, value)
    target._slots = told
    target.recalculating()


def show(point: Point, target: Any, value: float, was_lost: bool) -> None:
    """Show a new reading; one that is no number leaves the last value with a fault."""
    if not math.isfinite(value):
        target.statusFlags, target.reliability = [0, 1, 0, 0], "noSensor"
        return
    target.presentValue = native(point, value)
    if was_lost:
        target.statusFlags, target.reliability = [0, 0, 0, 0], "noFaultDetected"
