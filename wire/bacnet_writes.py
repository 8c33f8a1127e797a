"""*WriteProperty* and *WritePropertyMultiple*, checked before an object sees them (ASHRAE 135, 15.9 and 15.10).

bacpypes3 (0.0.110) takes a priority of 17 for an index of the priority array, has no error for a property that it does not know, and leaves
a client whose *WritePropertyMultiple* has failed without an answer.
"""

import contextvars
from typing import Any

from bacpypes3.apdu import SimpleAckPDU, WritePropertyMultipleError, WritePropertyMultipleRequest, WritePropertyRequest
from bacpypes3.basetypes import ErrorType, ObjectPropertyReference
from bacpypes3.constructeddata import Array
from bacpypes3.errors import ExecutionError, ParameterOutOfRange, RejectException
from bacpypes3.local.cmd import Commandable
from bacpypes3.primitivedata import Unsigned

CLIENT: contextvars.ContextVar[str] = contextvars.ContextVar("CLIENT", default="bacnet")
"""Who writes: the client of the request at hand, or a schedule."""
PRIORITIES = range(1, 17)
MINIMUM_ON_OFF = 6
"""Priority of minimum times on and off, for which nothing else may be commanded (19.2.3)."""
WRITTEN = (
    "presentValue", "recipientList", "weeklySchedule", "exceptionSchedule", "effectivePeriod", "scheduleDefault", "priorityForWriting",
)  # fmt: skip
"""Properties that some object lets be written; of others the type does not matter."""


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

    async def do_WritePropertyRequest(self, apdu: WritePropertyRequest) -> None:
        """Write one property.

        Raises:
            ExecutionError: no such object or property, or it refuses.
            RejectException: a priority that is none, or a value of the wrong type.
        """
        _check_priority(apdu.priority)
        await self._write(apdu.objectIdentifier, apdu.propertyIdentifier, apdu.propertyArrayIndex, apdu.priority, apdu.propertyValue)
        await self._answer(SimpleAckPDU(context=apdu))

    async def do_WritePropertyMultipleRequest(self, apdu: WritePropertyMultipleRequest) -> None:
        """Write properties in turn, up to the first one that is refused, which the answer names.

        Raises:
            RejectException: a priority that is none; nothing has been written.
        """
        asked = [(spec.objectIdentifier, value) for spec in apdu.listOfWriteAccessSpecs for value in spec.listOfProperties]
        for _, value in asked:
            _check_priority(value.priority)
        for where, value in asked:
            try:
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


def _check_priority(priority: int | None) -> None:
    if priority is not None and priority not in PRIORITIES:
        raise ParameterOutOfRange(f"priority {priority}: must be from 1 to 16")


async def _missing(target: Any, prop: Any) -> bool:
    """Whether an object lacks a property that its type has."""
    try:
        return await target.read_property(prop) is None
    except ExecutionError:
        return False
