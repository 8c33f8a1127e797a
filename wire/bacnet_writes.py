"""*WriteProperty* and *WritePropertyMultiple*, checked before an object sees them, and put on record (ASHRAE 135, 15.9 and 15.10).

Whatever is refused, and whatever is written beside commands, which the point image remembers itself, is an event of the image with the
client's address.

bacpypes3 (0.0.110) takes a priority of 17 for an index of the priority array, has no error for a property that it does not know, and leaves
a client whose *WritePropertyMultiple* has failed without an answer.
"""

import contextlib
import contextvars
from collections.abc import Iterator
from typing import Any

from bacpypes3.apdu import RejectReason, SimpleAckPDU, WritePropertyMultipleError, WritePropertyMultipleRequest, WritePropertyRequest
from bacpypes3.basetypes import ErrorCode, ErrorType, ObjectPropertyReference
from bacpypes3.constructeddata import AnyAtomic, Array
from bacpypes3.errors import ExecutionError, ParameterOutOfRange, RejectException
from bacpypes3.local.cmd import Commandable
from bacpypes3.primitivedata import Unsigned

from lowlift.wire.image import PointImage

CLIENT: contextvars.ContextVar[str] = contextvars.ContextVar("CLIENT", default="bacnet")
"""Who writes: the client of the request at hand, or a schedule."""
PRIORITIES = range(1, 17)
MINIMUM_ON_OFF = 6
"""Priority of minimum times on and off, for which nothing else may be commanded (19.2.3)."""
WRITTEN = (
    "presentValue", "recipientList", "weeklySchedule", "exceptionSchedule", "effectivePeriod", "scheduleDefault", "priorityForWriting",
)  # fmt: skip
"""Properties that some object lets be written; of others the type does not matter."""
SHOWN_MAX = 60
"""Characters of a value on record: anybody may write long ones."""


class RecordedError(ExecutionError):  # type: ignore[misc]
    """A refusal that the point image has on record already."""


def check_command(index: int | None, priority: int | None) -> None:
    """Check where a present value is written.

    Args:
        index: of an array, which a present value is not.
        priority: of the command, from 1 to 16.

    Raises:
        ExecutionError: an index, or the priority of minimum times.
    """
    if index is not None:
        raise ExecutionError(errorClass="property", errorCode="propertyIsNotAnArray")
    if priority == MINIMUM_ON_OFF:
        raise ExecutionError(errorClass="property", errorCode="writeAccessDenied")


class WriteServices:
    """The library's services for writing, with these checks; for an ``Application`` to inherit from first."""

    image: PointImage
    """Where writes are put on record."""

    async def do_WritePropertyRequest(self, apdu: WritePropertyRequest) -> None:
        """Write one property.

        Raises:
            ExecutionError: no such object or property, or it refuses.
            RejectException: a priority that is none, or a value of the wrong type.
        """
        with self._recording(apdu.objectIdentifier, apdu.propertyIdentifier):
            _check_priority(apdu.priority)
            await self._write(apdu.objectIdentifier, apdu.propertyIdentifier, apdu.propertyArrayIndex, apdu.priority, apdu.propertyValue)
        await self._answer(SimpleAckPDU(context=apdu))

    async def do_WritePropertyMultipleRequest(self, apdu: WritePropertyMultipleRequest) -> None:
        """Write properties in turn, up to the first one that is refused, which the answer names.

        Raises:
            RejectException: a priority that is none; nothing has been written.
        """
        asked = [(spec.objectIdentifier, value) for spec in apdu.listOfWriteAccessSpecs for value in spec.listOfProperties]
        for where, value in asked:
            with self._recording(where, value.propertyIdentifier):
                _check_priority(value.priority)
        for where, value in asked:
            try:
                with self._recording(where, value.propertyIdentifier):
                    await self._write(where, value.propertyIdentifier, value.propertyArrayIndex, value.priority, value.value)
            except (ExecutionError, RejectException) as error:
                group, code = (error.errorClass, error.errorCode) if isinstance(error, ExecutionError) else ("property", "invalidDataType")
                failed = ObjectPropertyReference(objectIdentifier=where, propertyIdentifier=value.propertyIdentifier)
                if value.propertyArrayIndex is not None:
                    failed.propertyArrayIndex = value.propertyArrayIndex
                await self._answer(WritePropertyMultipleError(
                    errorType=ErrorType(errorClass=group, errorCode=code), firstFailedWriteAttempt=failed, context=apdu,
                ))  # fmt: skip
                return
        await self._answer(SimpleAckPDU(context=apdu))

    async def _answer(self, apdu: Any) -> None:
        await self.response(apdu)  # type: ignore[attr-defined]

    async def _write(self, where: Any, prop: Any, index: int | None, priority: int | None, said: Any) -> None:
        target = self.get_object_id(where)  # type: ignore[attr-defined]
        if target is None:
            raise ExecutionError(errorClass="object", errorCode="unknownObject")
        kind = target.get_property_type(prop)
        if kind is None or await _missing(target, prop):
            raise ExecutionError(errorClass="property", errorCode="unknownProperty")
        if issubclass(kind, Array):
            kind = kind if index is None else Unsigned if index == 0 else kind._subtype
        elif index is not None:
            raise ExecutionError(errorClass="property", errorCode="propertyIsNotAnArray")
        # A command is relinquished by Null, at the lowest priority where none is given.
        try:
            value = said.cast_out(kind, null=isinstance(target, Commandable))
        except RejectException:
            if prop.attr in WRITTEN:
                raise
            raise ExecutionError(errorClass="property", errorCode="writeAccessDenied") from None
        await target.write_property(prop, value, index, priority)
        if not isinstance(target, Commandable):
            self.image.note("write", _name(target, where), f"{_place(where, prop)}: {_shown(value)}", CLIENT.get())

    @contextlib.contextmanager
    def _recording(self, where: Any, prop: Any) -> Iterator[None]:
        """Around a write: whatever it is refused for is on record."""
        try:
            yield
        except RecordedError:
            raise
        except Exception as error:
            target = self.get_object_id(where)  # type: ignore[attr-defined]
            self.image.refused(CLIENT.get(), _name(target, where), f"{_place(where, prop)}: {_why(error)}")
            raise


def _name(target: Any, where: Any) -> str:
    """What an event is about: the point of an object, or the object."""
    point = getattr(target, "_point", None)
    return str(point.name if point is not None else target.objectName if target is not None else _place(where))


def _place(where: Any, prop: Any = "") -> str:
    return f"{where[0]},{where[1]} {prop}".rstrip()


def _why(error: Exception) -> str:
    if isinstance(error, ExecutionError):
        return str(ErrorCode(error.errorCode))
    if isinstance(error, RejectException):
        return f"{RejectReason(error.rejectReason)}, {error}"
    return f"{type(error).__name__}: {error}"


def _shown(value: Any) -> str:
    """A value as it is put on record: itself where it is one, how many where it is a list."""
    value = value.get_value() if isinstance(value, AnyAtomic) else value
    if isinstance(value, list):
        return f"{len(value)} written"
    return str(value)[:SHOWN_MAX] if isinstance(value, str | int | float) else "Null" if isinstance(value, tuple) else "written"


def _check_priority(priority: int | None) -> None:
    if priority is not None and priority not in PRIORITIES:
        raise ParameterOutOfRange(f"priority {priority}: must be from 1 to 16")


async def _missing(target: Any, prop: Any) -> bool:
    """Whether an object lacks a property that its type has."""
    try:
        return await target.read_property(prop) is None
    except ExecutionError:
        return False
